# SPDX-License-Identifier: Apache-2.0
"""The switchboard of one process: wakes whoever waits for a signal of the other end of his call.

The two ends of a call may be on different processes of the service. What one of them says is a row;
a notification names its call and sender, and whoever waits here for it reads on from the last
number he has. He looks every other second anyway: a lost notification loses no signal.
"""

import asyncio
import base64
import hashlib
import hmac
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import structlog

from geo.calls.rules import NOTIFY_CHANNEL, Side
from geo.db import Database
from geo.settings import Settings

log = structlog.get_logger()

# As many calls as officers and workers may have open at once on one process.
MOST_SEATS = 200
LOOK_S = 2.0
# Longer than any call; a shared secret makes passwords that end by themselves.
_TURN_LIFE = timedelta(hours=2)


@dataclass(eq=False)
class Seat:
    """One end of a call that waits here for what the other says."""

    call: UUID
    side: Side
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def wait(self) -> None:
        """Until there may be something new."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_S):
                await self.news.wait()
        self.news.clear()


class Switchboard:
    """Listens while anybody waits. Bound to the running event loop."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._seats: set[Seat] = set()
        self._listening: asyncio.Task[None] | None = None

    @property
    def full(self) -> bool:
        """Whether nobody else may wait here."""
        return len(self._seats) >= MOST_SEATS

    def take(self, call: UUID, side: Side) -> Seat:
        """A seat at one end of a call."""
        seat = Seat(call, side)
        self._seats.add(seat)
        if self._listening is None:
            self._listening = asyncio.create_task(self._run())
        return seat

    def leave(self, seat: Seat) -> None:
        """Give a seat back; when nobody waits any more, nobody listens."""
        self._seats.discard(seat)
        if not self._seats and self._listening is not None:
            self._listening.cancel()
            self._listening = None

    async def close(self) -> None:
        """Stop listening."""
        listening, self._listening = self._listening, None
        if listening is not None:
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening

    async def _run(self) -> None:
        while True:
            try:
                await self._listen()
            except (psycopg.Error, OSError) as error:
                log.warning("switchboard listens no more", error=type(error).__name__)
            await asyncio.sleep(LOOK_S)

    async def _listen(self) -> None:
        address = self._database.url.replace("+psycopg", "", 1)
        async with await psycopg.AsyncConnection.connect(
            address, autocommit=True, connect_timeout=5, application_name="wangge calls"
        ) as connection:
            await connection.execute(f"listen {NOTIFY_CHANNEL}")
            # What was said before anybody listened is read by those who wait.
            for seat in self._seats:
                seat.news.set()
            async for note in connection.notifies():
                _, call, sender, _ = note.payload.split()
                for seat in self._seats:
                    if str(seat.call) == call and seat.side.value != sender:
                        seat.news.set()


def ice_servers(settings: Settings, who: str, at: datetime) -> list[dict[str, Any]]:
    """What a browser in a call is told of servers that help it find its way: by default none.

    With a secret and no user the TURN server shares the secret (coturn's `use-auth-secret`), and
    the password ends by itself.
    """
    if not settings.turn_url:
        return []
    user, password = settings.turn_user, settings.turn_secret
    if not user and password:
        user = f"{int((at + _TURN_LIFE).timestamp())}:{who}"
        made = hmac.new(password.encode(), user.encode(), hashlib.sha1).digest()
        password = base64.b64encode(made).decode()
    server: dict[str, Any] = {"urls": [settings.turn_url]}
    if user:
        server |= {"username": user, "credential": password}
    return [server]
