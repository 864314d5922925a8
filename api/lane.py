# SPDX-License-Identifier: Apache-2.0
"""The lane of short requests: from the socket to a direct route and back, with nothing between.

Of a request that thousands of phones send, the server's own turns (a task's messages, two writes, a
scope for layers that pass it on) cost as much as all the rest of HTTP. What comes whole, at once,
for a direct route, and has nothing unusual about it, is therefore answered here. Everything else
takes the way through ASGI, which answers the same: slow bodies, foreign hosts, overload, whatever
follows an answer that is still being made. One read of a socket is less than the gate lets in.
"""

import asyncio

from fastapi import FastAPI
from starlette.requests import Request
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from api.direct import DirectRoutes, Found
from api.gate import Admission, headers_of

# What is told when a connection is lost; nobody here waits for more of a body.
_NOBODY_WAITS = asyncio.Event()


class _Turn:
    """A request that is being answered, as far as the server asks about it."""

    def __init__(self) -> None:
        self.response_complete = False
        self.disconnected = False
        self.keep_alive = True
        self.message_event = _NOBODY_WAITS


class Lane(HttpToolsProtocol):
    """A connection of the service. `of` makes the class for an app."""

    _served: FastAPI
    _routes: DirectRoutes
    _admission: Admission
    # What stands here has all its headers, and its body is still to come in this very read.
    _begun: Found | None = None
    _body: bytearray

    @classmethod
    def of(cls, app: FastAPI) -> type["Lane"]:
        """The protocol of an app's connections."""
        served = {
            "_served": app,
            "_routes": app.state.direct_routes,
            "_admission": app.state.admission,
        }
        return type("LaneOfApp", (cls,), served)

    def data_received(self, data: bytes) -> None:
        """Read what has come."""
        super().data_received(data)
        if self._begun is None:
            return
        self._begun, body = None, bytes(self._body)
        # The rest of it comes later, if it comes; what was malformed is answered already.
        if not self.transport.is_closing():
            super().on_headers_complete()
            if body:
                super().on_body(body)

    def on_headers_complete(self) -> None:
        """Choose the way of a request."""
        self._begun = self._found()
        self._body = bytearray()
        if self._begun is None:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Part of a body."""
        if self._begun is None:
            super().on_body(body)
        else:
            self._body += body

    def on_message_complete(self) -> None:
        """Answer a request that is whole."""
        if self._begun is None:
            super().on_message_complete()
            return
        found, self._begun = self._begun, None
        self.scope["method"], self.scope["path"] = found.method, found.path
        self.scope["raw_path"], self.scope["query_string"] = self.url, b""
        self.scope["app"] = self._served  # type: ignore[typeddict-unknown-key]
        self.cycle = turn = _Turn()  # type: ignore[assignment]
        request = Request(self.scope)  # type: ignore[arg-type]
        self._admission.enter()
        task = self.loop.create_task(self._answer(turn, found, request, bytes(self._body)))
        self.tasks.add(task)
        task.add_done_callback(self._answered)

    def _answered(self, task: asyncio.Task[None]) -> None:
        self.tasks.discard(task)
        self._admission.leave()
        if not task.cancelled() and (failure := task.exception()) is not None:
            self.logger.error("a request could not be answered", exc_info=failure)

    def _found(self) -> Found | None:
        """The direct route of a request that has nothing unusual about it."""
        found = self._routes.get((self.parser.get_method(), self.url))
        if (
            found is None
            or (self.cycle is not None and not self.cycle.response_complete)
            or self.expect_100_continue
            or self.parser.get_http_version() != "1.1"
            or not self.parser.should_keep_alive()
            or self.parser.should_upgrade()
            or not self._admission.admits(self.headers)
        ):
            return None
        return found

    async def _answer(self, turn: _Turn, found: Found, request: Request, body: bytes) -> None:
        try:
            status, headers, answer = await found.answer(request, body)
            if self.flow.write_paused:
                await self.flow.drain()
        except BaseException:
            # Whoever waits for an answer that will not come must be told so.
            self.transport.close()
            raise
        if turn.disconnected or self.transport.is_closing():
            return
        lines = [STATUS_LINE[status]]
        for name, value in (*self.server_state.default_headers, *headers_of(headers)):
            lines += (name, b": ", value, b"\r\n")
        lines += (b"\r\n" if turn.keep_alive else b"connection: close\r\n\r\n", answer)
        self.transport.write(b"".join(lines))
        turn.response_complete = True
        if not turn.keep_alive:
            self.transport.close()
        self.on_response_complete()
