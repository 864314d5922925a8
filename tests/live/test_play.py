# SPDX-License-Identifier: Apache-2.0
"""A simulated day in real time: many people at once, a network that fails, an end in order."""

import asyncio
from collections import Counter
from datetime import timedelta

import httpx2
import pytest

from api.main import build
from api.play.cast import Cast
from api.play.door import Door
from api.play.player import Behind, Player, play_live
from geo.clock import SystemClock
from geo.db import Database
from geo.settings import Settings
from geo.sim.acts import Act, GoOnDuty
from geo.sim.day import BUSY, Day, Hand
from geo.workforce.queries import workers
from tests import town
from tests.play import cast_roles, playground

SECONDS = 6


class BadNetwork(httpx2.AsyncBaseTransport):
    """Every third request is lost on its way; of the others, every fifth answer is lost."""

    def __init__(self, inner: httpx2.ASGITransport) -> None:
        self._inner = inner
        self._count = 0
        self.lost: Counter[str] = Counter()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self._count += 1
        if self._count % 3 == 0:
            self.lost["request"] += 1
            raise httpx2.ConnectError("lost on its way")
        answer = await self._inner.handle_async_request(request)
        if self._count % 5 == 0:
            self.lost["answer"] += 1
            raise httpx2.ReadError("the answer was lost")
        return answer


async def played(database: Database, seconds: float, *, begun_before_s: float = 0) -> Player:
    """Play the town for some real seconds over a bad network, until its end."""
    clock = SystemClock()
    app = build(Settings(), database, clock)
    network = BadNetwork(httpx2.ASGITransport(app=app))
    cast = cast_roles(database, clock)
    async with httpx2.AsyncClient(transport=network, base_url="http://127.0.0.1") as client:
        start = clock.now() - timedelta(seconds=begun_before_s)
        day = Day(playground({}), cast.crew, seed=1, start=start, rhythm=BUSY)
        player = Player(Door(client), day, cast)
        await player.officer.sign_in()
        until = clock.now() + timedelta(seconds=seconds)
        await play_live(player, clock, asyncio.Event(), until=until)
    assert network.lost["request"] > 0
    assert network.lost["answer"] > 0
    return player


def test_a_bad_network_loses_nothing_and_in_the_end_all_go_home(live_database: Database) -> None:
    player = asyncio.run(played(live_database, SECONDS, begun_before_s=30))
    assert player.door.refused == Counter()
    assert player.door.interrupted > 0
    assert player.door.sent["positions"] > 0
    with live_database.snapshot() as session:
        there = workers(session, town.DISTRICT, areas=(town.DISTRICT,), at=SystemClock().now())
    assert {worker.on_duty for worker in there} == {False}
    assert player.officer.cases == {}


def test_a_day_too_far_behind_is_given_up(live_database: Database) -> None:
    with pytest.raises(Behind):
        asyncio.run(played(live_database, SECONDS, begun_before_s=600))


def test_what_is_planned_comes_in_its_turn() -> None:
    clock = SystemClock()
    start = clock.now()
    hand = next(iter(town.WORKERS.values()))

    async def order() -> list[Act]:
        async with httpx2.AsyncClient(base_url="http://127.0.0.1") as client:
            cast = Cast("http://127.0.0.1", town.DISTRICT, (Hand(hand, town.N1),), {}, "", "")
            player = Player(Door(client), Day(playground({}), cast.crew, seed=1, start=start), cast)
            player.plan(GoOnDuty(at=start + timedelta(seconds=30), worker=hand))
            player.plan(GoOnDuty(at=start + timedelta(seconds=20), worker=hand))
            return list(player.due(start + timedelta(seconds=60)))

    acts = asyncio.run(order())
    assert [act.at for act in acts] == sorted(act.at for act in acts)
    assert len([act for act in acts if isinstance(act, GoOnDuty)]) >= 2
