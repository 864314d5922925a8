# SPDX-License-Identifier: Apache-2.0
"""What every request passes first: host, load, size; and the headers every answer carries."""

import asyncio
import ipaddress
import socket
import time
from collections.abc import Iterable
from contextlib import suppress
from functools import lru_cache
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import problem_body
from geo.interchange.rules import MAX_FILE_BYTES
from geo.settings import Settings

MIB = 1024 * 1024
BODY_LIMIT = MIB
# Routes that take more, by path.
BODY_LIMITS = {
    "/api/v1/check-ins/batch": 8 * MIB,
    "/api/v1/positions": 8 * MIB,
    # A file of the largest size that is read, and the form around it.
    "/api/v1/plans/import": MAX_FILE_BYTES + MIB,
}
BUSY_RETRY_S = 2
# A body that comes slower holds a place that somebody else's check-in needs.
BODY_GRACE_S = 15.0
BODY_LEAST_BYTES_A_SECOND = 8 * 1024
# A stream stays open: it counts against screens, not against requests in flight.
STREAMS = ("/api/v1/live", "/live")
# Bodies without end: their number, their lines and their pace are bounded where they are read.
BODY_STREAMS = ("/api/v1/check-ins/stream",)

# As they are sent: this is done to every answer.
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"geolocation=(self), microphone=(self), camera=(self)"),
    (b"cache-control", b"no-store"),
)
_HEADER_NAMES = frozenset(name for name, _ in _HEADERS) | {b"connection"}


class BodyTooLarge(Exception):
    """More bytes came than the route takes."""


class BodyTooSlow(Exception):
    """The body came slower than any phone sends."""


class _Bodies:
    """The bodies that are still coming, each with the moment by which its next part must be here.

    One timer looks after all of them: a timer of its own for each costs every request more than
    all else that the gate does.
    """

    def __init__(self, look_every_s: float) -> None:
        self._look_every_s = look_every_s
        self._due: dict[asyncio.Task[Any], float] = {}
        self._given_up: set[asyncio.Task[Any]] = set()
        self._looking = False

    async def next_part(self, receive: Receive, *, by: float) -> Message:
        """Wait for the next part, until about `by` (monotonic). Raises: BodyTooSlow."""
        task = asyncio.current_task()
        assert task is not None
        self._due[task] = by
        if not self._looking:
            self._look_later()
        try:
            return await receive()
        except asyncio.CancelledError:
            if task not in self._given_up or task.uncancel() > 0:
                raise
            raise BodyTooSlow from None
        finally:
            del self._due[task]
            self._given_up.discard(task)

    def _look_later(self) -> None:
        self._looking = True
        asyncio.get_running_loop().call_later(self._look_every_s, self._look)

    def _look(self) -> None:
        now = time.monotonic()
        for task in [task for task, due in self._due.items() if due <= now]:
            if task not in self._given_up:
                self._given_up.add(task)
                task.cancel()
        self._looking = False
        if self._due:
            self._look_later()


class Admission:
    """Which host names requests may come by, and how many of them at a time."""

    def __init__(self, settings: Settings, in_flight: int = 256) -> None:
        ours = ("localhost", settings.host, socket.gethostname(), *settings.allowed_hosts)
        self._hosts = {name.lower() for name in ours}
        self._in_flight = in_flight
        self._now = 0

    def admits(self, headers: Iterable[tuple[bytes, bytes]]) -> bool:
        """Whether a request with these headers may come in now."""
        # Of a header that is there twice, the first counts: as everywhere behind.
        host = next((value for name, value in headers if name == b"host"), b"")
        return not self.full and self.knows(host)

    def knows(self, host: bytes) -> bool:
        """Whether a host, with or without a port, is one of ours."""
        # A name that resolves to us may belong to somebody else's page; an address cannot.
        name = _name_of(host)
        return name in self._hosts or _is_address(name)

    @property
    def full(self) -> bool:
        """Whether one more would be too many."""
        return self._now >= self._in_flight

    def enter(self) -> None:
        """One more is in."""
        self._now += 1

    def leave(self) -> None:
        """One less is in."""
        self._now -= 1


class Gate:
    """Refuses foreign host names, overload, oversized and slow bodies; sets security headers."""

    def __init__(
        self, app: ASGIApp, *, admission: Admission, body_grace_s: float = BODY_GRACE_S
    ) -> None:
        self._app = app
        self._body_grace_s = body_grace_s
        self._bodies = _Bodies(look_every_s=min(1.0, body_grace_s / 4))
        self._admission = admission

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        # Of a header that is there twice, the first counts: as everywhere behind.
        headers = dict(reversed(scope.get("headers", ())))
        known = self._admission.knows(headers.get(b"host", b""))
        if scope["type"] == "websocket" and not known:
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if not known:
            await _refuse(send, scope, 400, "host.not_allowed", {})
            return
        path: str = scope["path"]
        if path in STREAMS:
            await self._app(scope, receive, _with_headers(send))
            return
        if path in BODY_STREAMS:
            # What is not read of it would be taken for the next request.
            await self._app(scope, receive, _with_headers(send, (b"connection", b"close")))
            return
        if self._admission.full:
            fields = {"retry_after_s": BUSY_RETRY_S}
            await _refuse(send, scope, 503, "service.busy", fields)
            return
        self._admission.enter()
        try:
            said = headers.get(b"content-length", b"0")
            await self._sized(scope, receive, send, int(said[:19]) if said.isdigit() else 0)
        finally:
            self._admission.leave()

    async def _sized(self, scope: Scope, receive: Receive, send: Send, announced: int) -> None:
        limit = BODY_LIMITS.get(scope["path"], BODY_LIMIT)
        started = complete = slow = False
        seen = 0
        ends = time.monotonic() + self._body_grace_s

        async def counted() -> Message:
            nonlocal seen, complete, slow
            if complete:
                return await receive()
            try:
                message = await self._bodies.next_part(
                    receive, by=ends + seen / BODY_LEAST_BYTES_A_SECOND
                )
            except BodyTooSlow:
                slow = True
                raise
            seen += len(message.get("body", b""))
            complete = not message.get("more_body", False)
            if seen > limit:
                raise BodyTooLarge
            return message

        async def noted(message: Message) -> None:
            nonlocal started
            # The app may answer what we raise as a body it could not read: ours is truer.
            if (seen <= limit and not slow) or started:
                if not started:
                    started = True
                    _add_headers(message)
                await send(message)

        if announced > limit:
            seen = announced
        else:
            with suppress(BodyTooLarge, BodyTooSlow):
                await self._app(scope, counted, noted)
        if seen > limit and not started:
            fields = {"limit_bytes": limit}
            await _refuse(send, scope, 413, "body.too_large", fields)
        elif slow and not started:
            await _refuse(send, scope, 408, "body.too_slow", {})


def _with_headers(send: Send, *more: tuple[bytes, bytes]) -> Send:
    async def sender(message: Message) -> None:
        if message["type"] == "http.response.start":
            _add_headers(message, *more)
        await send(message)

    return sender


def _add_headers(start: Message, *more: tuple[bytes, bytes]) -> None:
    start["headers"] = [*headers_of(start.get("headers", ())), *more]


def headers_of(own: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The headers of an answer: its own, and ours where it does not say them itself."""
    said = {name for name, _ in own}
    if said.isdisjoint(_HEADER_NAMES):
        return [*own, *_HEADERS]
    return [*own, *(header for header in _HEADERS if header[0] not in said)]


@lru_cache(maxsize=256)
def _name_of(host: bytes) -> str:
    said = host.decode("latin-1").lower()
    return (said if said.endswith("]") else said.rsplit(":", 1)[0]).strip("[]")


@lru_cache(maxsize=256)
def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


async def _refuse(
    send: Send,
    scope: Scope,
    status: int,
    code: str,
    fields: dict[str, int],
) -> None:
    headers = Headers(scope=scope)
    media_type, body, more = problem_body(scope["method"], headers, status, code, fields)
    answer = [(b"content-type", media_type.encode()), (b"content-length", str(len(body)).encode())]
    answer += [(name.encode(), value.encode()) for name, value in more.items()]
    if "retry_after_s" in fields:
        answer.append((b"retry-after", str(fields["retry_after_s"]).encode()))
    if status in (408, 413):
        # What is still on its way would be read as the next request.
        answer.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": status, "headers": answer})
    await send({"type": "http.response.body", "body": body})
