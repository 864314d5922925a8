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
import shapely
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.clockwork import chores, do
from api.main import build
from api.play.cast import Cast, cast_of, read_cast
from api.play.door import Door
from api.play.player import Player, play_in_process
from geo.accounts.actions import create_account, pair_devices
from geo.accounts.rules import Role
from geo.clock import SetClock
from geo.columns import Origin
from geo.db import Database
from geo.service_user import SetUpError
from geo.settings import Settings
from geo.sim.day import BUSY, Day
from geo.sim.phone import Phone
from geo.sim.town import House, Mark, Town, town_of
from tests import town
from tests.conftest import PASSWORD, SignIn

MINUTES = 15
RHYTHM = replace(
    BUSY, incident_every_s=75.0, check_in_every_s=(90.0, 150.0), log_every_s=600.0,
    break_every_s=None,
)  # fmt: skip
GCJ02_WORKER = town.WORKERS["M2"]
# Refusals that belong to the game: two answer at once, or nobody is left to be asked.
EXPECTED = {
    ("accept", 409), ("decline", 409), ("arrive", 409), ("linkup", 409), ("close", 409),
}  # fmt: skip


def playground(spots: dict[str, list[dict[str, Any]]]) -> Town:
    """The town as the simulation knows it."""
    houses = [
        (
            House(
                building.street, building.number, building.estate, building.units,
                building.floors, building.kind, building.cell, 0.0, 0.0,
            ),
            building.footprint,
        )
        for building in town.buildings()
    ]  # fmt: skip
    return town_of(
        cells={area.code: area.boundary for area in town.areas() if area.code in CELLS},
        streets=[street.line for street in town.streets()],
        spots={
            cell: [(one["id"], one["name"], shapely.Point(one["lon"], one["lat"])) for one in made]
            for cell, made in spots.items()
        },
        houses=houses,
        marks=[
            (Mark(mark.name, mark.kind, mark.cell, 0.0, 0.0), shapely.Point(mark.lon, mark.lat))
            for mark in town.landmarks()
        ],
        names=town.NAMES,
    )


CELLS = frozenset(town.CELLS.values())


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

    def play(self, seed: int, minutes: int = MINUTES) -> Player:
        """Play, with the timers of the clockwork running."""
        start = self.clock.now()
        timers = next(chore for chore in chores() if chore.name == "linkup asks time out")

        async def tick(_: datetime) -> None:
            await asyncio.to_thread(do, self.database, self.clock, timers)

        async def whole() -> Player:
            transport = httpx2.ASGITransport(app=self.app)
            async with httpx2.AsyncClient(
                transport=transport, base_url="http://127.0.0.1"
            ) as client:
                day = Day(self.ground, self.cast.crew, seed=seed, start=start, rhythm=RHYTHM)
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
    """Checkpoints in every cell, a paired phone for every worker, a duty officer."""
    app = build(Settings(), database, clock)
    with TestClient(app, base_url="http://127.0.0.1") as client:
        admin = sign_in(Role.ADMIN)
        spots: dict[str, list[dict[str, Any]]] = {}
        for name, cell in town.CELLS.items():
            west, south = (int(name[1]) - 1) * 100, town.ROWS[name[0]][1]
            for number, (east, north) in enumerate([(30, 42), (50, 58), (70, 44)], start=1):
                lon, lat = town.point(west + east, south + north)
                body = {
                    "cell": cell,
                    "name": f"{name} 点位{number}",
                    "point": {"lon": lon, "lat": lat},
                    "radius_m": 30,
                }
                made = client.post("/api/v1/checkpoints", json=body, headers=admin)
                assert made.status_code == 201, made.text
                spot = {"id": made.json()["id"], "name": body["name"], "lon": lon, "lat": lat}
                spots.setdefault(cell, []).append(spot)
        with database.transaction() as session:
            tokens = pair_devices(
                session,
                district=town.DISTRICT,
                workers=list(town.WORKERS.values()),
                name="simulation",
                profile={},
                at=clock.now(),
                origin=Origin.SIMULATED,
            )
            create_account(
                session,
                district=town.DISTRICT,
                username="simulation",
                password=PASSWORD,
                role=Role.DISPATCHER,
                name="值班员",
                scope=town.DISTRICT,
                at=clock.now(),
                origin=Origin.SIMULATED,
            )
        phones = [
            {"worker": str(id), "name": name, "cell": town.CELLS[name], "token": tokens[id]}
            for name, id in town.WORKERS.items()
        ]
        cast = cast_of(
            {
                "url": "http://127.0.0.1",
                "district": town.DISTRICT,
                "phones": phones,
                "dispatcher": {"username": "simulation", "password": PASSWORD},
            }
        )
        yield Stage(app, database, clock, cast, playground(spots), client, admin)


def test_twenty_minutes_of_town(stage: Stage) -> None:
    player = stage.play(seed_with_one_wrong_phone())
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
    seed, start = 3, stage.clock.now()
    stage.play(seed, minutes=6)
    first = {one["id"] for one in stage.items("/check-ins?limit=500")}
    assert first
    stage.clock.set(start)
    stage.play(seed, minutes=6)
    assert {one["id"] for one in stage.items("/check-ins?limit=500")} == first
    stage.play(seed, minutes=6)
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
