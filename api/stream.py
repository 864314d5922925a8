# SPDX-License-Identifier: Apache-2.0
"""One screen's stream: first what it missed, then what happens, for as long as it may look."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson
import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.feed import Feed, Happening, Position, Screen, Sent
from api.sight import Sight
from geo.accounts.rules import Actor

log = structlog.get_logger()

MEDIA_TYPE = "text/event-stream"
HELLO = "hello"
RELOAD = "reload"
POSITION = "position"
_BEAT = b": alive\n\n"


@dataclass(frozen=True)
class Start:
    """Where a stream begins. `reload` says why it cannot go on from where its reader was."""

    after: int
    newest: int
    epoch: UUID
    reload: str | None = None


def start_of(
    after: int | None, known_epoch: UUID | None, *, oldest: int | None, newest: int, epoch: UUID
) -> Start:
    """Where to begin for a reader who has seen everything up to `after`.

    A number before the oldest kept one, or beyond the newest, or of another epoch than the
    district's, cannot be continued: what happened in between is not known here.
    """
    reason = None
    if known_epoch is not None and known_epoch != epoch:
        reason = "epoch"
    elif after is not None and after > newest:
        reason = "ahead"
    elif after is not None and oldest is not None and after < oldest - 1:
        reason = "too_old"
    return Start(newest if after is None else after, newest, epoch, reason)


class Stream(Response):
    """Server-Sent Events to one screen. Holds no database session."""

    media_type = MEDIA_TYPE

    def __init__(
        self,
        feed: Feed,
        screen: Screen,
        *,
        actor: Actor,
        who: Callable[[], Actor | None],
        start: Start,
        kinds: frozenset[str],
        now: Callable[[], datetime],
    ) -> None:
        super().__init__(headers={"cache-control": "no-store", "x-accel-buffering": "no"})
        # A stream has no length.
        self.raw_headers = [pair for pair in self.raw_headers if pair[0] != b"content-length"]
        self._feed = feed
        self._screen = screen
        self._actor = actor
        self._sight = Sight.of(actor)
        self._who = who
        self._start = start
        self._kinds = kinds
        self._now = now
        self._last = start.after

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the reader leaves, falls behind, or may look no more."""
        writing = asyncio.create_task(self._write(send))
        leaving = asyncio.create_task(_left(receive))
        try:
            await asyncio.wait({writing, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._feed.leave(self._screen)
            for task in (writing, leaving):
                task.cancel()
            ended = await asyncio.gather(writing, leaving, return_exceptions=True)
        for problem in ended:
            if isinstance(problem, Exception) and not isinstance(problem, OSError | TimeoutError):
                raise problem

    async def _write(self, send: Send) -> None:
        await send(
            {"type": "http.response.start", "status": 200, "headers": self.raw_headers},
        )
        say = _Sender(send, self._feed.limits.send_timeout_s)
        start = self._start
        await say(_message(HELLO, {"epoch": start.epoch, "seq": start.newest, "at": self._now()}))
        if start.reload is not None:
            await say(_message(RELOAD, {"reason": start.reload}), last=True)
            return
        while found := await self._feed.read(self._screen.district, self._last):
            await say(self._fit(Happening(recorded) for recorded in found))
        await self._follow(say)
        await say(b"", last=True)

    async def _follow(self, say: "_Sender") -> None:
        """Send what is queued, a comment when nothing is; return when the stream must end."""
        loop = asyncio.get_running_loop()
        beat = self._feed.limits.heartbeat_s
        due = loop.time() + beat
        while not self._screen.dropped:
            taken = await self._screen.take(max(0.0, due - loop.time()))
            if loop.time() >= due or self._screen.suspect:
                self._screen.suspect = False
                if not await self._still_allowed(say):
                    return
                if loop.time() >= due:
                    await say(_BEAT)
                    due = loop.time() + beat
            if messages := self._fit(taken):
                await say(messages)

    async def _still_allowed(self, say: "_Sender") -> bool:
        try:
            actor = await asyncio.to_thread(self._who)
        except (DBAPIError, PoolTimeout) as error:
            # The database is away: it also has nothing new to show.
            log.warning("cannot check a screen's session", error=type(error).__name__)
            return True
        if actor is None:
            return False
        if Sight.of(actor) != self._sight:
            # He sees another part now: what his page holds is not what it would be born with.
            self._sight = Sight.of(actor)
            await say(_message(RELOAD, {"reason": "scope"}))
            return False
        return True

    def _fit(self, things: Iterable[Sent]) -> bytes:
        """The messages of what this screen may see, wants, and has not seen."""
        messages = []
        for thing in things:
            if isinstance(thing, Happening):
                if thing.recorded.seq <= self._last:
                    continue
                self._last = thing.recorded.seq
                if self._wants(thing.recorded.kind):
                    messages.append(thing.message(self._sight))
            elif self._shows(thing):
                messages.append(thing.message())
        return b"".join(message for message in messages if message is not None)

    def _shows(self, position: Position) -> bool:
        sight = self._sight
        seen = sight.people and sight.holds(position.area, (position.worker,))
        return seen and self._wants(POSITION)

    def _wants(self, kind: str) -> bool:
        return not self._kinds or kind in self._kinds


class _Sender:
    """Sends with a deadline: a reader that takes nothing is let go."""

    def __init__(self, send: Send, timeout_s: float) -> None:
        self._send = send
        self._timeout_s = timeout_s

    async def __call__(self, body: bytes, *, last: bool = False) -> None:
        if body or last:
            async with asyncio.timeout(self._timeout_s):
                await self._send(
                    {"type": "http.response.body", "body": body, "more_body": not last}
                )


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _message(event: str, data: dict[str, object]) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (event.encode(), orjson.dumps(data))
