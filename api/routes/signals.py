# SPDX-License-Identifier: Apache-2.0
"""The signalling of a call: a WebSocket by which its two ends find their way to each other.

Both sides send `{"kind": "signal", "body": {...}}` and get the other's as `{"kind": "signal",
"number", "body"}`; what is in it is the browsers' own affair. `{"kind": "alive"}` every few seconds
says that an end is there, and is answered. `?after=NUMBER` goes on after what was read before.
"""

import asyncio
import json
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlsplit
from uuid import UUID

import orjson
import structlog
from fastapi import APIRouter, Query, WebSocket, WebSocketDisconnect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from api.deps import COOKIE, Credentials, Service, actors
from api.errors import database_away
from api.switchboard import Seat, Switchboard, ice_servers
from geo.accounts.rules import Actor
from geo.calls.calling import note_seen
from geo.calls.queries import joined, signals_after
from geo.calls.rules import Call, Side, Signal
from geo.calls.signalling import send_signal
from geo.errors import GeoError

log = structlog.get_logger()

router = APIRouter()

# Whoever says nothing for so long is not there.
SILENT_S = 15.0
SIGN_IN_S = 5.0
# A call begins with a burst of a few dozen; afterwards there is little to say.
BURST, PER_SECOND = 60, 5.0
_NOT_TEXT, _POLICY, _LATER = 1003, 1008, 1013


class NotThere(Exception):
    """This end of the call is not the caller's, or the call is over."""


class TooFast(Exception):
    """More signals than two browsers need."""


class NotText(Exception):
    """Something else than text came: no page of ours sends that."""


class Pace:
    """How many messages an end may send: a bucket that fills again by itself."""

    def __init__(self) -> None:
        self._left = float(BURST)
        self._at = asyncio.get_running_loop().time()

    def spend(self) -> None:
        """One more. Raises: TooFast."""
        now = asyncio.get_running_loop().time()
        self._left = min(BURST, self._left + (now - self._at) * PER_SECOND)
        self._at = now
        if self._left < 1:
            raise TooFast
        self._left -= 1


class End:
    """One end of a call over one connection."""

    def __init__(self, socket: WebSocket, call: UUID, shown: Credentials, after: int) -> None:
        self._socket = socket
        self._service: Service = socket.app.state.service
        self._call = call
        self._shown = shown
        self._after = after

    def admit(self) -> tuple[Actor, Call, Side]:
        """Who it is, and which end is his; noted as seen. Raises: NotThere."""
        at = self._service.clock.now()
        with self._service.database.transaction() as session:
            actor, found, side = self._place(session, at)
            if not note_seen(session, actor.district, found.id, side, at=at):
                raise NotThere
        return actor, found, side

    def _place(self, session: Session, at: datetime) -> tuple[Actor, Call, Side]:
        """Who it is as things stand, and which end is his. Raises: NotThere."""
        actor = actors(session, [self._shown], at).get(self._shown)
        if actor is None:
            raise NotThere
        try:
            found, side = joined(session, actor, self._call)
        except GeoError as error:
            raise NotThere from error
        return actor, found, side

    async def talk(self, actor: Actor, side: Side, seat: Seat) -> None:
        """Until the connection or the call ends."""
        settings, at = self._service.settings, self._service.clock.now()
        servers = ice_servers(settings, actor.signature, at)
        await self._say({"kind": "hello", "side": side.value, "ice_servers": servers})
        reading = asyncio.create_task(self._read())
        writing = asyncio.create_task(self._write(seat))
        try:
            await asyncio.wait({reading, writing}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (reading, writing):
                task.cancel()
            ended = await asyncio.gather(reading, writing, return_exceptions=True)
        for problem in ended:
            if isinstance(problem, Exception):
                raise problem

    async def _read(self) -> None:
        pace = Pace()
        while True:
            async with asyncio.timeout(SILENT_S):
                said = await _heard(self._socket)
            pace.spend()
            kind = said.get("kind")
            if kind == "alive":
                await asyncio.to_thread(self.admit)
                await self._say({"kind": "alive"})
            elif kind == "signal" and isinstance(said.get("body"), dict):
                try:
                    await asyncio.to_thread(self._tell, said["body"])
                except GeoError as refused:
                    # Nothing of it is kept; the call may go on without it.
                    await self._say({"kind": "problem", "code": refused.code, **refused.fields})

    def _tell(self, body: dict[str, Any]) -> None:
        at = self._service.clock.now()
        with self._service.database.transaction() as session:
            _, found, side = self._place(session, at)
            send_signal(session, found, side, body, at=at)

    async def _write(self, seat: Seat) -> None:
        while True:
            for signal in await asyncio.to_thread(self._news):
                self._after = signal.number
                await self._say({"kind": "signal", "number": signal.number, "body": signal.body})
            await seat.wait()

    def _news(self) -> Sequence[Signal]:
        """What the other end said meanwhile, for who still has a place here. Raises: NotThere."""
        at = self._service.clock.now()
        with self._service.database.snapshot() as session:
            actor, _, side = self._place(session, at)
            return signals_after(session, actor.district, self._call, side.other, self._after)

    async def _say(self, said: dict[str, Any]) -> None:
        # Not orjson: what the database gives back may hold whole numbers longer than it takes.
        await self._socket.send_text(json.dumps(said, ensure_ascii=False, default=str))


@router.websocket("/calls/{call}/signals")
async def signals(
    socket: WebSocket, call: UUID, after: Annotated[int, Query(ge=0, lt=2**63)] = 0
) -> None:
    """One end of a call. By cookie from a page of ours, else by a bearer token in the header or in
    a first message `{"kind": "sign_in", "token": ...}`."""
    board: Switchboard = socket.app.state.switchboard
    if board.full:
        await socket.close(_LATER)
        return
    shown = _credentials(socket)
    if shown is None and COOKIE in socket.cookies:
        # A page of somebody else's, with our reader's cookie.
        await socket.close(_POLICY)
        return
    accepted = shown is None
    code = _POLICY
    try:
        if accepted:
            await socket.accept()
            shown = await _signed_in(socket)
        if shown is None:
            raise NotThere
        end = End(socket, call, shown, after)
        actor, found, side = await asyncio.to_thread(end.admit)
        if not accepted:
            await socket.accept()
        accepted = True
        seat = board.take(found.id, side)
        try:
            await end.talk(actor, side, seat)
        finally:
            board.leave(seat)
    except NotThere:
        if accepted:
            # Whoever left meanwhile need not be told.
            with suppress(WebSocketDisconnect):
                await socket.send_text('{"kind":"over"}')
    except TooFast:
        log.warning("a call says too much", call=str(call))
    except NotText:
        code = _NOT_TEXT
    except TimeoutError:
        code = 1000
    except WebSocketDisconnect:
        return
    except (DBAPIError, PoolTimeout) as error:
        if isinstance(error, DBAPIError) and not database_away(error):
            raise
        # The database is away: the page comes back by itself.
        log.warning("signalling cannot go on", error=type(error).__name__)
        code = _LATER
    with suppress(WebSocketDisconnect):
        await socket.close(code)


def _credentials(socket: WebSocket) -> Credentials | None:
    """What the connection shows of who opened it: a cookie counts on our own pages alone."""
    scheme, _, token = socket.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return Credentials(token, False)
    token = socket.cookies.get(COOKIE, "")
    origin = urlsplit(socket.headers.get("origin", ""))
    secure = {"http": "ws", "https": "wss"}.get(origin.scheme)
    own = origin.netloc == socket.headers.get("host") and secure == socket.url.scheme
    return Credentials(token, True) if token and own else None


async def _signed_in(socket: WebSocket) -> Credentials | None:
    try:
        async with asyncio.timeout(SIGN_IN_S):
            said = await _heard(socket)
    except TimeoutError:
        return None
    token = said.get("token")
    signing_in = said.get("kind") == "sign_in" and isinstance(token, str)
    return Credentials(str(token), False) if signing_in else None


async def _heard(socket: WebSocket) -> dict[str, Any]:
    """The next message; what is none is an empty one. Raises: WebSocketDisconnect, NotText."""
    message = await socket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message["code"])
    text = message.get("text")
    if text is None:
        raise NotText
    try:
        said = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}
    return said if isinstance(said, dict) else {}
