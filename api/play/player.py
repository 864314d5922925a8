# SPDX-License-Identifier: Apache-2.0
"""Plays a day: each act through the API at its time, in real time or by a clock of its own."""

import asyncio
import heapq
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import structlog

from api.play.cast import Cast
from api.play.door import Door
from api.play.officer import Officer
from geo.clock import Clock, SetClock
from geo.crs import Fix
from geo.sim.acts import Act, CheckIn, GoOffDuty, GoOnDuty, Position, WorkerAct, WriteLog
from geo.sim.day import Day

log = structlog.get_logger()

# A phone without network keeps this many fixes; older ones go.
KEPT_FIXES = 100
# The machine slept, or could not keep up: the day is begun anew.
TOO_FAR_BEHIND = timedelta(seconds=120)
_TICK_S = 0.05
LOOK_AROUND_EVERY = timedelta(seconds=5)
REPORT_EVERY = timedelta(minutes=10)


class Behind(Exception):
    """The day has run away from the clock."""


class Player:
    """Performs acts through the API; what follows from the answers joins what is still to come."""

    def __init__(self, door: Door, day: Day, cast: Cast) -> None:
        self.door = door
        self._cast = cast
        self._own = day.acts()
        self._next: Act = next(self._own)
        self._planned: list[tuple[datetime, int, Act]] = []
        self._serial = count()
        self.officer = Officer(door, day, cast, self.plan)

    def plan(self, act: Act) -> None:
        """Something to be done at its time, besides what the day brings."""
        heapq.heappush(self._planned, (act.at, next(self._serial), act))

    @property
    def next_at(self) -> datetime:
        """When the next act is due."""
        return min(self._next.at, self._planned[0][0]) if self._planned else self._next.at

    def due(self, now: datetime) -> Iterator[Act]:
        """The acts due by now, in order of time."""
        while self.next_at <= now:
            if self._planned and self._planned[0][0] <= self._next.at:
                yield heapq.heappop(self._planned)[2]
            else:
                act, self._next = self._next, next(self._own)
                yield act

    async def perform(self, act: Act, now: datetime) -> None:
        """Do one act."""
        match act:
            case GoOnDuty() | GoOffDuty():
                body: dict[str, Any] = {
                    "on": isinstance(act, GoOnDuty),
                    "at": min(act.at, now).isoformat(),
                }
                await self._by_phone("duty", act, f"/workers/{act.worker}/duty", body)
            case Position():
                items = [{"worker": str(act.worker), "fix": _fix(fix)} for fix in act.fixes]
                await self._by_phone("positions", act, "/positions", {"items": items})
            case CheckIn():
                body = {
                    "id": str(act.id),
                    "worker": str(act.worker),
                    "checkpoint": act.checkpoint,
                    "fix": _fix(act.fix),
                }
                await self._by_phone("check-in", act, "/check-ins", body)
            case WriteLog():
                body = {
                    "id": str(act.id),
                    "worker": str(act.worker),
                    "on": act.on.isoformat(),
                    "text": act.text,
                }
                await self._by_phone("work log", act, "/work-logs", body)
            case _:
                await self.officer.perform(act, now)

    async def finish(self, now: datetime) -> None:
        """The end of a day that has one: incidents are closed, everybody goes home."""
        await self.officer.clear_up(now)
        for worker in self._cast.tokens:
            await self.perform(GoOffDuty(at=now, worker=worker), now)

    async def _by_phone(self, what: str, act: WorkerAct, path: str, body: dict[str, Any]) -> None:
        await self.door.ask(what, "POST", path, token=self._cast.tokens[act.worker], body=body)


class Lanes:
    """What one person does happens one after the other; different people do not wait.

    Positions that pile up while the service is away leave together.
    """

    def __init__(self, player: Player, clock: Clock) -> None:
        self._player, self._clock = player, clock
        self._waiting: dict[object, deque[Act]] = {}
        self._running: set[asyncio.Task[None]] = set()

    def put(self, act: Act) -> None:
        """Do an act as soon as what the same person does before it is done."""
        key = lane_of(act)
        waiting = self._waiting.get(key)
        if waiting is not None:
            waiting.append(act)
            return
        self._waiting[key] = deque([act])
        task = asyncio.get_running_loop().create_task(self._drain(key))
        self._running.add(task)
        task.add_done_callback(self._finished)

    async def idle(self) -> None:
        """Wait until everything put is done."""
        while self._running:
            await asyncio.gather(*self._running)

    def stop(self) -> None:
        """Drop what is not done."""
        for task in self._running:
            task.cancel()

    async def _drain(self, key: object) -> None:
        waiting = self._waiting[key]
        try:
            while waiting:
                act = waiting.popleft()
                if isinstance(act, Position):
                    act = _together(act, waiting)
                await self._player.perform(act, self._clock.now())
        finally:
            del self._waiting[key]

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            # A surprise in one act must not end the others' day; it is a defect and is told as one.
            log.error("act failed", exc_info=error)


def lane_of(act: Act) -> object:
    """Whose doing it is: the worker's; of the officer, the incident's."""
    if isinstance(act, WorkerAct):
        return act.worker
    incident: UUID | None = getattr(act, "incident", None) or getattr(act, "id", None)
    return incident


async def play_live(
    player: Player, clock: Clock, stopping: asyncio.Event, *, until: datetime | None = None
) -> None:
    """Play in real time until told to stop, or until an instant. Raises: Behind."""
    lanes = Lanes(player, clock)
    look_around = report = clock.now()
    looking: asyncio.Task[None] | None = None
    ended = False
    try:
        while not stopping.is_set():
            now = clock.now()
            if until is not None and now >= until:
                ended = True
                break
            if now - player.next_at > TOO_FAR_BEHIND:
                raise Behind
            for act in player.due(now):
                lanes.put(act)
            if now >= look_around and (looking is None or looking.done()):
                look_around = now + LOOK_AROUND_EVERY
                looking = asyncio.get_running_loop().create_task(player.officer.look_around(now))
            if now >= report:
                report = now + REPORT_EVERY
                _tell(player)
            wait = (player.next_at - clock.now()).total_seconds()
            await asyncio.sleep(min(1.0, max(_TICK_S, wait)))
    finally:
        if looking is not None:
            looking.cancel()
        lanes.stop()
    if ended:
        await player.finish(clock.now())
        _tell(player)


async def play_in_process(
    player: Player,
    clock: SetClock,
    *,
    until: datetime,
    on_time: Callable[[datetime], Awaitable[None]] | None = None,
    every: timedelta = timedelta(seconds=1),
) -> None:
    """Play as fast as it goes: the clock is set to each act's time, one act after the other.

    `on_time` is called at least once in every `every` of the played time: what time itself brings.
    """
    ticked = clock.now()
    while (at := player.next_at) < until:
        while on_time is not None and ticked + every <= at:
            ticked += every
            clock.set(ticked)
            await on_time(ticked)
        clock.set(max(at, clock.now()))
        for act in player.due(at):
            await player.perform(act, clock.now())
    clock.set(until)


def _together(act: Position, waiting: deque[Act]) -> Position:
    fixes = list(act.fixes)
    while waiting and isinstance(waiting[0], Position):
        following = waiting.popleft()
        assert isinstance(following, Position)
        fixes.extend(following.fixes)
    return replace(act, fixes=tuple(fixes[-KEPT_FIXES:]))


def _fix(fix: Fix) -> dict[str, Any]:
    said: dict[str, Any] = {
        "lon": fix.lon,
        "lat": fix.lat,
        "system": fix.system.value,
        "accuracy_m": fix.accuracy_m,
        "observed_at": fix.observed_at.isoformat(),
    }
    optional = {
        "mock": fix.mock or None,
        "source": fix.source,
        "speed_mps": fix.speed_mps,
        "bearing_deg": fix.bearing_deg,
    }
    return said | {name: value for name, value in optional.items() if value is not None}


def _tell(player: Player) -> None:
    log.info(
        "playing",
        sent=dict(player.door.sent),
        refused={" ".join(map(str, kind)): n for kind, n in player.door.refused.items()},
        interrupted=player.door.interrupted,
        open_incidents=len(player.officer.cases),
        accepted=player.officer.accepted,
        closed=player.officer.closed,
    )
