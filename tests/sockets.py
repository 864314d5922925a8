# SPDX-License-Identifier: Apache-2.0
"""A WebSocket client of its own: it shares no code with the server it talks to."""

import base64
import json
import os
import socket
import struct
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

PATIENCE_S = 10.0


class Socket:
    """One open WebSocket, or the status it was refused with."""

    def __init__(self, port: int, path: str, headers: Mapping[str, str] | None = None) -> None:
        self._line = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
        key = base64.b64encode(os.urandom(16)).decode()
        said = {
            "Host": f"127.0.0.1:{port}",
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": key,
            **(headers or {}),
        }
        lines = "".join(f"{name}: {value}\r\n" for name, value in said.items())
        self._line.sendall(f"GET {path} HTTP/1.1\r\n{lines}\r\n".encode())
        self._held = b""
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self._line.recv(1)
        self.status = int(head.split()[1])
        self.close_code: int | None = None

    def __enter__(self) -> "Socket":
        return self

    def __exit__(self, *_: object) -> None:
        self._line.close()

    def send(self, said: Any) -> None:
        """A JSON message."""
        self.frame(0x1, json.dumps(said).encode())

    def frame(self, opcode: int, payload: bytes, *, last: bool = True, mask: bool = True) -> None:
        """One frame, right or wrong."""
        key = os.urandom(4) if mask else b""
        size = len(payload)
        bit = 0x80 if mask else 0
        if size < 126:
            head = struct.pack("!BB", (0x80 if last else 0) | opcode, bit | size)
        elif size < 0x10000:
            head = struct.pack("!BBH", (0x80 if last else 0) | opcode, bit | 126, size)
        else:
            head = struct.pack("!BBQ", (0x80 if last else 0) | opcode, bit | 127, size)
        body = bytes(byte ^ key[n % 4] for n, byte in enumerate(payload)) if mask else payload
        self._line.sendall(head + key + body)

    def read(self) -> tuple[int, bytes] | None:
        """The next frame of the server; None when the line has ended."""
        head = self._take(2)
        if head is None:
            return None
        size = head[1] & 0x7F
        if size == 126:
            size = struct.unpack("!H", self._take(2) or b"")[0]
        elif size == 127:
            size = struct.unpack("!Q", self._take(8) or b"")[0]
        payload = self._take(size) or b""
        if head[0] & 0x0F == 0x8:
            self.close_code = struct.unpack("!H", payload[:2])[0] if payload else None
            # Who is told goodbye says it, too: else the other end waits for it.
            with suppress(OSError):
                self.frame(0x8, payload)
        return head[0] & 0x0F, payload

    def hear(self, kind: str) -> Any:
        """The next message of a kind; others before it are passed over."""
        while (found := self.read()) is not None:
            opcode, payload = found
            said = json.loads(payload) if opcode == 0x1 else {}
            if said.get("kind") == kind:
                return said
        raise AssertionError(f"the line ended ({self.close_code}) before {kind}")

    def ended(self) -> int | None:
        """Read to the end of the line; the code it was closed with."""
        while self.read() is not None:
            pass
        return self.close_code

    def _take(self, size: int) -> bytes | None:
        while len(self._held) < size:
            try:
                more = self._line.recv(65536)
            except ConnectionResetError:
                more = b""
            if not more:
                return None
            self._held += more
        taken, self._held = self._held[:size], self._held[size:]
        return taken
