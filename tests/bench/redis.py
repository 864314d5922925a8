# SPDX-License-Identifier: Apache-2.0
"""A Redis of the measurement's own, in memory, on a socket, and what is needed of its protocol."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

KEY = "workers"
_AT_ONCE = 1_000


class Redis:
    """One connection (RESP 2 over a UNIX socket)."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(path))
        self._read = self._socket.makefile("rb")

    def command(self, *words: str) -> Any:
        """Send a command; its answer."""
        spelled = [word.encode() for word in words]
        parts = [b"*%d\r\n" % len(spelled)]
        parts += [b"$%d\r\n%b\r\n" % (len(word), word) for word in spelled]
        self._socket.sendall(b"".join(parts))
        return self._answer()

    def add(self, members: Sequence[tuple[str, float, float]]) -> None:
        """GEOADD of (member, lon, lat)."""
        for begins in range(0, len(members), _AT_ONCE):
            words: list[str] = []
            for member, lon, lat in members[begins : begins + _AT_ONCE]:
                words += [f"{lon:.7f}", f"{lat:.7f}", member]
            self.command("GEOADD", KEY, *words)

    def nearest(self, lon: float, lat: float, *, k: int, within_m: int) -> list[Any]:
        """GEOSEARCH by radius, nearest first, with distances."""
        found: list[Any] = self.command(
            "GEOSEARCH", KEY, "FROMLONLAT", f"{lon:.7f}", f"{lat:.7f}",
            "BYRADIUS", str(within_m), "m", "ASC", "COUNT", str(k), "WITHDIST",
        )  # fmt: skip
        return found

    def _answer(self) -> Any:
        line = self._read.readline()
        kind, rest = line[:1], line[1:-2]
        if kind == b"*":
            return [self._answer() for _ in range(int(rest))]
        if kind == b"$":
            return None if rest == b"-1" else self._read.read(int(rest) + 2)[:-2]
        if kind == b"-":
            raise RuntimeError(rest.decode())
        return int(rest) if kind == b":" else rest


@contextmanager
def redis() -> Iterator[Path | None]:
    """The socket of a fresh Redis; None, with a word about it, where none is installed."""
    if shutil.which("redis-server") is None:
        print("no redis-server here (apt-get install redis-server): measured without it")
        yield None
        return
    with TemporaryDirectory(prefix="wangge-redis-") as home:
        path = Path(home) / "redis.sock"
        command = ["redis-server", "--port", "0", "--unixsocket", str(path), "--dir", home]
        child = subprocess.Popen(
            [*command, "--save", "", "--appendonly", "no"], stdout=subprocess.DEVNULL
        )
        try:
            deadline = time.monotonic() + 20
            while not path.exists():
                if time.monotonic() > deadline:
                    raise TimeoutError("redis-server does not come up")
                time.sleep(0.05)
            yield path
        finally:
            child.terminate()
            child.wait()
