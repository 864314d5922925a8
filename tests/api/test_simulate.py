# SPDX-License-Identifier: Apache-2.0
"""A simulated day through the real API, in process, by a clock of its own."""

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.clockwork import chores, do
from api.main import build
from api.play.cast import Cast, read_cast
from api.play.door import Door
from api.play.player import Player, play_in_process
from geo.accounts.rules import Role
from geo.clock import SetClock
from geo.db import Database
from geo.service_user import SetUpError
from geo.settings import Settings
from geo.sim.day import BUSY, Day, Rhythm
from geo.sim.phone import Phone
from geo.sim.town import Town
from tests import town
from tests.conftest import SignIn
from tests.play import cast_roles, playground, set_spots

MINUTES, MINUTES_DEEP = 9, 60
RHYTHM = replace(
    BUSY, incident_every_s=45.0, check_in_every_s=(54.0, 90.0), log_every_s=360.0,
    break_every_s=None,
)  # fmt: skip
GCJ02_WORKER = town.WORKERS["M2"]
# Refusals that belong to the game: two answer at once, or nobody is left to be asked.
EXPECTED = {
    ("accept", 409), ("decline", 409), ("arrive", 409), ("linkup", 409), ("close", 409),
}  # fmt: skip


def seed_with_one_wrong_phone() -> int:
    """A seed by which one phone alone, that of M2, speaks GCJ-02."""
    for seed in count():
        wrong = {
            worker
            for worker in town.WORKERS.values()
            if Phone.of(seed, worker, town.SRID, town.MORNING).gcj02
        }
        if wrong == {GCJ02_WORKER}:
            return seed
    raise AssertionError


@dataclass
class Stage:
    """The service over the town, who plays in it, and an administrator to look with."""

    app: FastAPI
    database: Database
    clock: SetClock
    cast: Cast
    ground: Town
    client: TestClient
    admin: dict[str, str]

    def play(self, seed: int, minutes: int = MINUTES, rhythm: Rhythm = RHYTHM) -> Player:
        """Play, with the timers of the clockwork running."""
        start = self.clock.now()
        timers = next(chore for chore in chores(Settings()) if chore.name == "linkup asks time out")

        async def tick(_: datetime) -> None:
            await asyncio.to_thread(do, self.database, self.clock, timers)

        async def whole() -> Player:
            transport = httpx2.ASGITransport(app=self.app)
            async with httpx2.AsyncClient(
                transport=transport, base_url="http://127.0.0.1"
            ) as client:
                day = Day(self.ground, self.cast.crew, seed=seed, start=start, rhythm=rhythm)
                player = Player(Door(client), day, self.cast)
                await player.officer.sign_in()
                await play_in_process(
                    player,
                    self.clock,
                    until=start + timedelta(minutes=minutes),
                    on_time=tick,
                    every=timedelta(seconds=2),
                )
                return player

        return asyncio.run(whole())

    def items(self, path: str) -> list[dict[str, Any]]:
        """Every item of a list of the API."""
        found: list[dict[str, Any]] = []
        cursor = ""
        while True:
            answer = self.client.get(f"/api/v1{path}{cursor}", headers=self.admin)
            assert answer.status_code == 200, answer.text
            found += answer.json()["items"]
            if answer.json()["next"] is None:
                return found
            cursor = f"&cursor={answer.json()['next']}"


@pytest.fixture
def stage(database: Database, clock: SetClock, sign_in: SignIn) -> Iterator[Stage]:
    """The town with everybody who plays in it."""
    app = build(Settings(), database, clock)
    with TestClient(app, base_url="http://127.0.0.1") as client:
        admin = sign_in(Role.ADMIN)
        ground = playground(set_spots(client, admin))
        yield Stage(app, database, clock, cast_roles(database, clock), ground, client, admin)


def test_a_while_of_town(stage: Stage, deep: bool) -> None:
    player = stage.play(seed_with_one_wrong_phone(), MINUTES_DEEP if deep else MINUTES)
    sent, refused = player.door.sent, player.door.refused
    unexpected = {kind: n for kind, n in refused.items() if (kind[0], kind[1]) not in EXPECTED}
    assert unexpected == {}
    assert player.door.interrupted == 0

    check_ins = stage.items("/check-ins?limit=500")
    assert len(check_ins) == sent["check-in"] > 30
    wrong = [one for one in check_ins if UUID(one["worker"]) == GCJ02_WORKER]
    right = [one for one in check_ins if UUID(one["worker"]) != GCJ02_WORKER]
    verdicts = Counter(one["verdict"] for one in right)
    assert verdicts["inside"] > 0.6 * len(right)
    assert {one["verdict"] for one in wrong} == {"outside"}
    suspected = [
        reason for one in wrong for reason in one["reasons"] if reason["code"] == "system.suspected"
    ]
    assert any(reason.get("hypothesis") == "gcj02" for reason in suspected)
    assert all(not one["accepted"] for one in wrong)

    incidents = stage.items("/incidents?limit=500")
    assert len(incidents) == sent["report"] >= 9
    states = Counter(one["status"] for one in incidents)
    assert states["closed"] >= 0.5 * len(incidents)
    assert player.officer.accepted >= 0.5 * len(incidents)
    assert {one["origin"] for one in incidents} == {"simulated"}
    assert sent["work log"] == len(stage.items("/work-logs?limit=500")) > 0


def test_a_second_start_repeats_no_id_and_a_rerun_of_the_same_changes_nothing(stage: Stage) -> None:
    # Nobody is called away: who is called depends on what the service knows already.
    seed, start, quiet = 3, stage.clock.now(), replace(RHYTHM, incident_every_s=None)
    stage.play(seed, 3, quiet)
    first = {one["id"] for one in stage.items("/check-ins?limit=500")}
    assert first
    stage.clock.set(start)
    again = stage.play(seed, 3, quiet)
    assert not again.door.refused
    assert {one["id"] for one in stage.items("/check-ins?limit=500")} == first
    stage.play(seed, 3, quiet)
    assert len(stage.items("/check-ins?limit=500")) > len(first)


def test_positions_move_the_workers(stage: Stage) -> None:
    stage.play(5, minutes=3)
    for worker in town.WORKERS.values():
        until = stage.clock.now()
        answer = stage.client.get(
            f"/api/v1/workers/{worker}/track",
            params={
                "from": (until - timedelta(minutes=3)).isoformat(),
                "until": until.isoformat(),
                "purpose": "看一次模拟巡查",
            },
            headers=stage.admin,
        )
        assert answer.status_code == 200, answer.text
        assert len(answer.json()["items"]) >= 4


def test_without_the_demo_there_is_nothing_to_play_in(tmp_path: Path) -> None:
    with pytest.raises(SetUpError, match="wangge up"):
        read_cast(tmp_path / "simulation.json")


@pytest.mark.parametrize("content", ["", "[]", '{"url": "http://127.0.0.1"}', "{"])
def test_a_broken_cast_is_named(tmp_path: Path, content: str) -> None:
    file = tmp_path / "simulation.json"
    file.write_text(content)
    with pytest.raises(SetUpError, match="cannot be understood"):
        read_cast(file)


def test_the_cast_is_read_as_the_demo_writes_it(tmp_path: Path) -> None:
    file = tmp_path / "simulation.json"
    worker = town.WORKERS["N1"]
    said = {
        "url": "http://127.0.0.1:8600",
        "district": town.DISTRICT,
        "phones": [{"worker": str(worker), "name": "王芳", "cell": town.N1, "token": "t"}],
        "dispatcher": {"username": "simulation", "password": "p"},
    }
    file.write_text(json.dumps(said))
    cast = read_cast(file)
    assert [(hand.worker, hand.cell) for hand in cast.crew] == [(worker, town.N1)]
    assert cast.tokens == {worker: "t"}
