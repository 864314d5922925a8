# SPDX-License-Identifier: Apache-2.0
"""The live feed of one process: what is committed reaches every open screen, in order.

One connection listens for all screens. A notification only says that there is something to read;
what is sent is read from the outbox by number, and read each second anyway, so a lost notification
costs a second and no event. Each screen has a bounded queue: one that cannot keep up is dropped and
comes back with its last number; an event is never left out.
"""

import asyncio
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import orjson
import psycopg
import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from api.metrics import SCREENS
from api.sight import Sight
from geo.db import Database
from geo.errors import Busy
from geo.ids import DistrictCode
from geo.outbox import KINDS, NOTIFY_CHANNEL, Recorded, events_after, latest_seq
from geo.tracking.rules import NOTIFY_CHANNEL as POSITIONS_CHANNEL

log = structlog.get_logger()

_BATCH = 500


@dataclass(frozen=True)
class FeedLimits:
    """How much one process gives to its screens; seconds, unless named otherwise."""

    screens: int = 300
    queue: int = 2000
    heartbeat_s: float = 15.0
    send_timeout_s: float = 20.0
    poll_s: float = 1.0


class TooManyScreens(Busy):
    """This process serves as many screens as it may."""

    code = "live.too_many_screens"


@dataclass(frozen=True)
class Position:
    """Where a worker of an area was just seen, WGS-84; not a fact, so it has no number."""

    worker: str
    lon: float
    lat: float
    accuracy_m: float
    observed_at: str
    area: str | None

    def message(self) -> bytes:
        """As the feed sends it: the row of the snapshot."""
        row = {name: value for name, value in vars(self).items() if name != "area"}
        return b"event: position\ndata: %s\n\n" % orjson.dumps(row)


@dataclass(eq=False)
class Happening:
    """A recorded event on its way; equal sights share its bytes."""

    recorded: Recorded
    _messages: dict[Sight, bytes | None] = field(default_factory=dict)

    def message(self, sight: Sight) -> bytes | None:
        """As the feed sends it to one sight; None: it is not for these eyes."""
        if sight not in self._messages:
            body = sight.event(self.recorded)
            self._messages[sight] = None if body is None else self._encode(body)
        return self._messages[sight]

    def _encode(self, body: dict[str, Any]) -> bytes:
        recorded = self.recorded
        kind = KINDS.get(recorded.kind)
        collection = kind.collection if kind else None
        said = {
            "seq": recorded.seq,
            "kind": recorded.kind,
            "collection": collection,
            "id": recorded.subject,
            "area": recorded.area,
            "at": recorded.at,
            "origin": recorded.origin,
            "body": body,
        }
        return b"id: %d\nevent: %s\ndata: %s\n\n" % (
            recorded.seq,
            recorded.kind.encode(),
            orjson.dumps(said, option=orjson.OPT_UTC_Z),
        )


Sent = Happening | Position


class Screen:
    """One open stream: a bounded queue, and whether it was dropped."""

    def __init__(self, district: DistrictCode, limit: int) -> None:
        self.district = district
        self.dropped = False
        # Whoever reads must ask again who he is: an account or a device has changed.
        self.suspect = False
        self._queue: asyncio.Queue[Sent | None] = asyncio.Queue(limit)

    def offer(self, sent: Sent) -> None:
        """Queue something; a full queue forgets a position, and drops the screen for an event."""
        if self.dropped:
            return
        try:
            self._queue.put_nowait(sent)
        except asyncio.QueueFull:
            if isinstance(sent, Happening):
                self.drop()

    def drop(self) -> None:
        """End this stream; what waits in its queue is read again from the outbox by number."""
        self.dropped = True
        while not self._queue.empty():
            self._queue.get_nowait()
        self._queue.put_nowait(None)

    async def take(self, timeout: float) -> list[Sent]:
        """What waits, at least one thing unless `timeout` seconds pass or the screen is dropped."""
        taken: list[Sent] = []
        try:
            async with asyncio.timeout(timeout):
                first = await self._queue.get()
        except TimeoutError:
            return taken
        while first is not None:
            taken.append(first)
            if len(taken) >= _BATCH or self._queue.empty():
                break
            first = self._queue.get_nowait()
        return taken


class Feed:
    """Listens once for all screens of this process. Bound to the running event loop."""

    def __init__(self, database: Database, limits: FeedLimits) -> None:
        self.limits = limits
        self._database = database
        self._screens: set[Screen] = set()
        self._cursors: dict[DistrictCode, int] = {}
        self._joining = asyncio.Lock()
        self._listening: asyncio.Task[None] | None = None
        self._closing = False
        self._read_at = 0.0

    @property
    def open_screens(self) -> Collection[Screen]:
        """The screens whose streams are open."""
        return self._screens

    async def join(self, district: DistrictCode) -> Screen:
        """Open a screen. What commits after this is queued. Raises: TooManyScreens."""
        if self._closing or len(self._screens) >= self.limits.screens:
            raise TooManyScreens(retry_after_s=5)
        screen = Screen(district, self.limits.queue)
        self._screens.add(screen)
        SCREENS.set(len(self._screens))
        try:
            async with self._joining:
                if self._listening is None:
                    listening = asyncio.Event()
                    self._listening = asyncio.create_task(self._run(listening))
                    # Without a listener the feed polls: late by a second, never wrong.
                    with suppress(TimeoutError):
                        async with asyncio.timeout(2):
                            await listening.wait()
                if district not in self._cursors:
                    self._cursors[district] = await asyncio.to_thread(self._latest, district)
        except BaseException:
            self.leave(screen)
            raise
        return screen

    def leave(self, screen: Screen) -> None:
        """Close a screen."""
        self._screens.discard(screen)
        SCREENS.set(len(self._screens))
        if all(other.district != screen.district for other in self._screens):
            self._cursors.pop(screen.district, None)

    async def close(self) -> None:
        """End every stream and stop listening."""
        self._closing = True
        for screen in self._screens:
            screen.drop()
        if self._listening is not None:
            self._listening.cancel()
            with suppress(asyncio.CancelledError):
                await self._listening

    async def read(self, district: DistrictCode, after: int) -> Sequence[Recorded]:
        """A page of recorded events after a number, oldest first; empty at the end."""
        return await asyncio.to_thread(self._read, district, after)

    async def _run(self, listening: asyncio.Event) -> None:
        while True:
            try:
                await self._listen(listening)
            except (psycopg.Error, OSError) as error:
                log.warning("feed listens no more", error=type(error).__name__)
            # Away for now: go on by number alone, then try to listen again.
            await self._catch_up()
            await asyncio.sleep(self.limits.poll_s)

    async def _listen(self, listening: asyncio.Event) -> None:
        address = self._database.url.replace("+psycopg", "", 1)
        async with await psycopg.AsyncConnection.connect(
            address, autocommit=True, connect_timeout=5, application_name="wangge feed"
        ) as connection:
            await connection.execute(f"listen {NOTIFY_CHANNEL}")
            await connection.execute(f"listen {POSITIONS_CHANNEL}")
            listening.set()
            loop = asyncio.get_running_loop()
            while True:
                heard = False
                async for note in connection.notifies(timeout=self.limits.poll_s, stop_after=1):
                    if note.channel == NOTIFY_CHANNEL:
                        heard = True
                    else:
                        self._positions(note.payload)
                # Positions may come many times a second: they do not put the reading off.
                if heard or loop.time() - self._read_at >= self.limits.poll_s:
                    await self._catch_up()

    async def _catch_up(self) -> None:
        self._read_at = asyncio.get_running_loop().time()
        for district in {screen.district for screen in self._screens}:
            try:
                await self._forward(district)
            except (DBAPIError, PoolTimeout) as error:
                log.warning("feed cannot read", error=type(error).__name__)

    async def _forward(self, district: DistrictCode) -> None:
        while district in self._cursors:
            found = await self.read(district, self._cursors[district])
            if not found:
                return
            for recorded in found:
                happening = Happening(recorded)
                for screen in self._screens:
                    if screen.district == district:
                        screen.suspect |= recorded.kind in ("account.changed", "device.changed")
                        screen.offer(happening)
            if district in self._cursors:
                self._cursors[district] = max(self._cursors[district], found[-1].seq)

    def _positions(self, payload: str) -> None:
        try:
            said = orjson.loads(payload)
            district = said["district"]
            seen = [Position(*item) for item in said["items"]]
        except (orjson.JSONDecodeError, KeyError, TypeError) as error:
            log.warning("unreadable positions", error=type(error).__name__)
            return
        for screen in self._screens:
            if screen.district == district:
                for position in seen:
                    screen.offer(position)

    def _latest(self, district: DistrictCode) -> int:
        with self._database.snapshot() as session:
            return latest_seq(session, district)

    def _read(self, district: DistrictCode, after: int) -> Sequence[Recorded]:
        with self._database.snapshot() as session:
            return events_after(session, district, after, limit=_BATCH)
