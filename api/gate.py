# SPDX-License-Identifier: Apache-2.0
"""What every request passes first: host, load, size; and the headers every answer carries."""

import ipaddress
import socket
from contextlib import suppress
from functools import lru_cache

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import problem_body
from geo.settings import Settings

MIB = 1024 * 1024
BODY_LIMIT = MIB
# Routes that take more, by path.
BODY_LIMITS = {"/api/v1/check-ins/batch": 8 * MIB, "/api/v1/positions": 8 * MIB}
BUSY_RETRY_S = 2
# A stream stays open: it counts against screens, not against requests in flight.
STREAMS = ("/api/v1/live", "/live")

_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "geolocation=(self), microphone=(self), camera=(self)",
}


class BodyTooLarge(Exception):
    """More bytes came than the route takes."""


class Gate:
    """Refuses foreign host names, overload and oversized bodies; sets security headers."""

    def __init__(self, app: ASGIApp, *, settings: Settings, in_flight: int = 256) -> None:
        self._app = app
        self._hosts = {"localhost", settings.host, socket.gethostname(), *settings.allowed_hosts}
        self._in_flight = in_flight
        self._now = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if not self._knows(headers.get("host", "")):
            await _refuse(send, scope, headers, 400, "host.not_allowed", {})
            return
        path: str = scope["path"]
        if path in STREAMS:
            await self._app(scope, receive, _with_headers(send))
            return
        if self._now >= self._in_flight:
            fields = {"retry_after_s": BUSY_RETRY_S}
            await _refuse(send, scope, headers, 503, "service.busy", fields)
            return
        self._now += 1
        try:
            await self._sized(scope, receive, _with_headers(send), headers)
        finally:
            self._now -= 1

    def _knows(self, host: str) -> bool:
        # A name that resolves to us may belong to somebody else's page; an address cannot.
        name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
        return name.lower() in self._hosts or _is_address(name.strip("[]"))

    async def _sized(self, scope: Scope, receive: Receive, send: Send, headers: Headers) -> None:
        limit = BODY_LIMITS.get(scope["path"], BODY_LIMIT)
        started = False
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > limit:
                raise BodyTooLarge
            return message

        async def noted(message: Message) -> None:
            nonlocal started
            # The app may answer our BodyTooLarge as a body it could not read: ours is truer.
            if seen <= limit or started:
                started = True
                await send(message)

        said = headers.get("content-length", "0")
        if said.isdigit() and int(said[:19]) > limit:
            seen = int(said[:19])
        else:
            with suppress(BodyTooLarge):
                await self._app(scope, counted, noted)
        if seen > limit and not started:
            fields = {"limit_bytes": limit}
            await _refuse(send, scope, headers, 413, "body.too_large", fields)


def _with_headers(send: Send) -> Send:
    async def sender(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault("cache-control", "no-store")
        await send(message)

    return sender


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
    headers: Headers,
    status: int,
    code: str,
    fields: dict[str, int],
) -> None:
    media_type, body, more = problem_body(scope["method"], headers, status, code, fields)
    answer = [(b"content-type", media_type.encode()), (b"content-length", str(len(body)).encode())]
    answer += [(name.encode(), value.encode()) for name, value in more.items()]
    if "retry_after_s" in fields:
        answer.append((b"retry-after", str(fields["retry_after_s"]).encode()))
    if status == 413:
        # What is still on its way would be read as the next request.
        answer.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": status, "headers": answer})
    await send({"type": "http.response.body", "body": body})
