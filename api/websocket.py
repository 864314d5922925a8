# SPDX-License-Identifier: Apache-2.0
"""WebSockets (RFC 6455) for uvicorn, as much of them as the signalling of calls needs.

uvicorn hands a connection that asks for an upgrade to the class named by its `ws` setting. The ones
it knows belong to libraries that nothing else here needs; this is text in small messages, no
extensions, no subprotocols. What a browser must not send ends the connection with the code that the
RFC names for it.
"""

import asyncio
import base64
import hashlib
import struct
from contextlib import suppress
from typing import Any, cast
from urllib.parse import unquote

import structlog
from uvicorn import Config
from uvicorn.protocols.utils import ClientDisconnected, get_local_addr, get_remote_addr, is_ssl
from uvicorn.server import ServerState

log = structlog.get_logger()

# Larger than any signal of a call; whoever sends more is no page of ours.
MOST_BYTES = 64 * 1024
# So many messages wait for the app before nothing more is read from the connection.
MOST_WAITING = 32
CLOSE_WITHIN_S = 2.0

_KEY = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_CONTINUATION, _TEXT, _CLOSE, _PING, _PONG = 0x0, 0x1, 0x8, 0x9, 0xA
_NORMAL, _PROTOCOL_ERROR, _UNSUPPORTED, _NOT_TEXT, _TOO_BIG = 1000, 1002, 1003, 1007, 1009
_GONE, _RESTART = 1006, 1012


class Broken(Exception):
    """What came breaks the protocol, or is more than is taken; `code` says which."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Frames:
    """Bytes of a client to whole messages: (opcode, payload). Pure: knows no connection."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        self._most = most
        self._bytes = bytearray()
        self._parts: list[bytes] | None = None

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        """What is whole by now, control frames included. Raises: Broken."""
        self._bytes += data
        found = []
        while (frame := self._next()) is not None:
            last, opcode, payload = frame
            if opcode >= _CLOSE:
                found.append((opcode, payload))
                continue
            if (opcode == _CONTINUATION) != (self._parts is not None):
                raise Broken(_PROTOCOL_ERROR)
            self._parts = [*(self._parts or []), payload]
            if sum(map(len, self._parts)) > self._most:
                raise Broken(_TOO_BIG)
            if last:
                found.append((_TEXT, b"".join(self._parts)))
                self._parts = None
        return found

    def _next(self) -> tuple[bool, int, bytes] | None:
        held = self._bytes
        if len(held) < 2:
            return None
        first, second = held[0], held[1]
        last, opcode, size = bool(first & 0x80), first & 0x0F, second & 0x7F
        # No extension was agreed on, and a client always masks.
        if first & 0x70 or not second & 0x80:
            raise Broken(_PROTOCOL_ERROR)
        if opcode not in (_CONTINUATION, _TEXT, _CLOSE, _PING, _PONG):
            raise Broken(_UNSUPPORTED if opcode == 0x2 else _PROTOCOL_ERROR)
        if opcode >= _CLOSE and (size > 125 or not last):
            raise Broken(_PROTOCOL_ERROR)
        begin = 2
        if size >= 126:
            form, width = ("!H", 2) if size == 126 else ("!Q", 8)
            if len(held) < begin + width:
                return None
            (size,) = struct.unpack_from(form, held, begin)
            begin += width
        if size > self._most:
            raise Broken(_TOO_BIG)
        if len(held) < begin + 4 + size:
            return None
        mask = bytes(held[begin : begin + 4])
        masked = bytes(held[begin + 4 : begin + 4 + size])
        del held[: begin + 4 + size]
        key = (mask * (size // 4 + 1))[:size]
        plain = int.from_bytes(masked, "big") ^ int.from_bytes(key, "big")
        return last, opcode, plain.to_bytes(size, "big")


def frame(opcode: int, payload: bytes) -> bytes:
    """A whole message as a server sends it."""
    size = len(payload)
    if size < 126:
        head = struct.pack("!BB", 0x80 | opcode, size)
    elif size < 0x10000:
        head = struct.pack("!BBH", 0x80 | opcode, 126, size)
    else:
        head = struct.pack("!BBQ", 0x80 | opcode, 127, size)
    return head + payload


class WebSocket(asyncio.Protocol):
    """One connection: an ASGI app on the one side, frames on the other."""

    def __init__(
        self, config: Config, server_state: ServerState, app_state: dict[str, Any]
    ) -> None:
        self._app: Any = config.loaded_app
        self._root_path = config.root_path
        self._state = server_state
        self._app_state = app_state
        self._head: bytes | None = b""
        self._frames = Frames()
        self._incoming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._writable = asyncio.Event()
        self._writable.set()
        self._accepted = self._closed = self._lost = self._paused = False
        self._transport: asyncio.Transport
        self._key = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """uvicorn hands the connection over."""
        # uvloop's transports are none of asyncio's classes.
        self._transport = cast(asyncio.Transport, transport)
        self._state.connections.add(self)  # type: ignore[arg-type]

    def connection_lost(self, exc: Exception | None) -> None:
        """The line is gone."""
        self._state.connections.discard(self)
        self._lost = True
        self._writable.set()
        self._over(_GONE)

    def pause_writing(self) -> None:
        """The reader does not keep up."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """He does again."""
        self._writable.set()

    def shutdown(self) -> None:
        """The service stops."""
        self._end(_RESTART)

    def data_received(self, data: bytes) -> None:
        """First the head of the request, whole, as uvicorn read it; then frames."""
        if self._head is not None:
            self._head = None
            self._begin(data)
            return
        if self._closed:
            return
        try:
            for opcode, payload in self._frames.feed(data):
                self._take(opcode, payload)
        except Broken as broken:
            self._end(broken.code)

    def _begin(self, head: bytes) -> None:
        first, *lines = head.split(b"\r\n")
        target = first.split(b" ")[1]
        headers = [
            (name.lower(), value)
            for name, _, value in (line.partition(b": ") for line in lines if line)
        ]
        said = dict(headers)
        self._key = said.get(b"sec-websocket-key", b"")
        if said.get(b"sec-websocket-version") != b"13" or not _is_key(self._key):
            more = b"sec-websocket-version: 13\r\n"
            self._transport.write(_answer(b"426 Upgrade Required", more))
            self._transport.close()
            return
        path, _, query = target.partition(b"?")
        scope = {
            "type": "websocket",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "scheme": "wss" if is_ssl(self._transport) else "ws",
            "server": get_local_addr(self._transport),
            "client": get_remote_addr(self._transport),
            "root_path": self._root_path,
            "path": unquote(path.decode("ascii")),
            "raw_path": path,
            "query_string": query,
            "headers": headers,
            "subprotocols": [],
            "state": self._app_state.copy(),
        }
        self._incoming.put_nowait({"type": "websocket.connect"})
        task = asyncio.get_running_loop().create_task(self._run(scope))
        self._state.tasks.add(task)
        task.add_done_callback(self._state.tasks.discard)

    def _take(self, opcode: int, payload: bytes) -> None:
        if opcode == _PING:
            self._write(frame(_PONG, payload))
        elif opcode == _CLOSE:
            self._over(struct.unpack("!H", payload[:2])[0] if len(payload) >= 2 else 1005)
            self._end(_NORMAL)
        elif opcode == _TEXT and self._accepted:
            try:
                text = payload.decode()
            except UnicodeDecodeError:
                raise Broken(_NOT_TEXT) from None
            self._incoming.put_nowait({"type": "websocket.receive", "text": text})
            if self._incoming.qsize() >= MOST_WAITING and not self._paused:
                self._paused = True
                self._transport.pause_reading()

    async def _run(self, scope: dict[str, Any]) -> None:
        try:
            await self._app(scope, self._receive, self._send)
        except ClientDisconnected:
            pass
        except Exception as error:
            log.error("websocket failed", path=scope["path"], exc_info=error)
        if not self._accepted and not self._closed:
            self._refuse()
        self._end(_NORMAL)

    async def _receive(self) -> dict[str, Any]:
        message = await self._incoming.get()
        if self._paused and self._incoming.qsize() < MOST_WAITING // 2 and not self._lost:
            self._paused = False
            self._transport.resume_reading()
        return message

    async def _send(self, message: dict[str, Any]) -> None:
        await self._writable.wait()
        if self._lost:
            raise ClientDisconnected
        kind = message["type"]
        if kind == "websocket.accept":
            digest = base64.b64encode(
                hashlib.sha1(self._key + _KEY, usedforsecurity=False).digest()
            )
            more = b"upgrade: websocket\r\nsec-websocket-accept: " + digest + b"\r\n"
            self._accepted = True
            self._write(_answer(b"101 Switching Protocols", more, b"upgrade"))
        elif kind == "websocket.send":
            self._write(frame(_TEXT, str(message["text"]).encode()))
        elif kind == "websocket.close" and self._accepted:
            self._end(message.get("code", _NORMAL))
        elif kind == "websocket.close":
            self._refuse()

    def _refuse(self) -> None:
        """Before it is accepted a connection is refused as a request is."""
        self._closed = True
        self._write(_answer(b"403 Forbidden", b""), whatever=True)
        self._transport.close()
        self._over(_GONE)

    def _end(self, code: int) -> None:
        """Say goodbye once; the line is cut when the other end takes its time."""
        if self._closed or self._lost:
            return
        self._closed = True
        if self._accepted:
            self._write(frame(_CLOSE, struct.pack("!H", code)), whatever=True)
        self._over(code)
        # What was written is flushed first; a reader who takes nothing is cut off.
        self._transport.close()
        asyncio.get_running_loop().call_later(CLOSE_WITHIN_S, self._cut)

    def _cut(self) -> None:
        if not self._lost:
            self._transport.abort()

    def _over(self, code: int) -> None:
        self._incoming.put_nowait({"type": "websocket.disconnect", "code": code})

    def _write(self, data: bytes, *, whatever: bool = False) -> None:
        if not self._lost and (whatever or not self._closed):
            self._transport.write(data)


def _answer(status: bytes, more: bytes, connection: bytes = b"close") -> bytes:
    empty = b"" if connection == b"upgrade" else b"content-length: 0\r\n"
    return b"HTTP/1.1 %s\r\n%s%sconnection: %s\r\n\r\n" % (status, more, empty, connection)


def _is_key(key: bytes) -> bool:
    with suppress(ValueError):
        return len(base64.b64decode(key, validate=True)) == 16
    return False
