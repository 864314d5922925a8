# SPDX-License-Identifier: Apache-2.0
"""`wangge up` as a process: order, one at a time, restarts, and nothing left after a kill."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest

from geo.cluster import Cluster
from geo.service_user import service_user
from tests.places import open_directory

ROOT = Path(__file__).parents[2]

SERVICE = """
import os, socket, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        body = f"{os.getpid()} {os.getuid()}".encode()
        if self.path == "/die":
            os._exit(3)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
server = HTTPServer(("127.0.0.1", 0), Answer, bind_and_activate=False)
server.socket.close()
number, *descriptors = map(int, sys.argv[1:])
server.socket = socket.socket(fileno=descriptors[number])
server.server_name, server.server_port = "standin", 0
server.serve_forever()
"""
WAITING = """
import time
while True:
    time.sleep(60)
"""

pytestmark = pytest.mark.skipif(
    not service_user().can_read(Path(sys.executable)),
    reason="the service's user cannot run this Python; ./wangge test chooses one that it can",
)


@pytest.fixture
def home() -> Iterator[Path]:
    with open_directory() as place:
        yield place / "home"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Code with the stand-ins in it, in a directory that is closed to the service's user."""
    place = tmp_path / "checkout"
    ignore = shutil.ignore_patterns("__pycache__", "static")
    for part in ("api", "geo", "maps"):
        shutil.copytree(ROOT / part, place / part, ignore=ignore)
    (place / "api/standin_service.py").write_text(SERVICE)
    (place / "api/standin_clockwork.py").write_text(WAITING)
    (place / "api/standin_simulation.py").write_text("")
    return place


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Running:
    """One `up`, with everything it said so far."""

    def __init__(self, home: Path, port: int, checkout: Path, *more: str) -> None:
        self.said = home.parent / f"said-{time.monotonic_ns()}"
        command = [sys.executable, "-m", "tests.up_with_standins", str(home), str(port)]
        with self.said.open("wb") as said:
            self.process = subprocess.Popen(
                [*command, str(checkout), *more], cwd=ROOT, stdout=said, stderr=said
            )

    def await_text(self, text: str) -> str:
        deadline = time.monotonic() + 40
        while text not in self.said.read_text():
            ended = self.process.poll() is not None
            assert not ended or text in self.said.read_text(), self.said.read_text()
            assert time.monotonic() < deadline, self.said.read_text()
            time.sleep(0.05)
        return self.said.read_text()


@pytest.fixture
def start(home: Path, port: int, checkout: Path) -> Iterator[Callable[..., Running]]:
    begun: list[Running] = []

    def begin(*more: str) -> Running:
        begun.append(Running(home, port, checkout, *more))
        return begun[-1]

    yield begin
    for running in begun:
        if running.process.poll() is None:
            running.process.terminate()
        running.process.wait(30)
    leftover = Cluster(home / "cluster")
    if leftover.running:
        leftover.start()
        leftover.stop()


def get(port: int, path: str = "/readyz") -> str:
    return httpx2.get(f"http://127.0.0.1:{port}{path}", trust_env=False).text


def children_of(process: int) -> list[int]:
    listed = Path(f"/proc/{process}/task/{process}/children").read_text()
    return [int(child) for child in listed.split()]


def test_up_serves_keeps_alive_and_stops_in_order(
    start: Callable[..., Running], home: Path, port: int
) -> None:
    running = start()
    said = running.await_text("wangge is ready")
    assert f"http://127.0.0.1:{port}/wall" in said
    assert str(home / "demo.json") in said
    assert "secret of the demo" not in said
    # Nothing that decodes a stranger's input runs as root.
    first, user = get(port).split()
    assert int(user) == service_user().uid
    assert (home / "demo.json").stat().st_uid == service_user().uid

    with pytest.raises(httpx2.TransportError):
        get(port, "/die")
    running.await_text("starting it again")
    assert get(port)

    second = start()
    assert second.process.wait(30) == 1
    assert "already runs" in second.said.read_text()
    assert f"process {running.process.pid}" in second.said.read_text()

    os.kill(int(first), 0) if Path(f"/proc/{first}").exists() else None
    running.process.send_signal(signal.SIGINT)
    assert running.process.wait(30) == 0
    said = running.said.read_text()
    stops = [line.strip() for line in said.splitlines() if line.startswith("  stopping")]
    assert stops[-5:] == [
        "stopping answer clock",
        "stopping clockwork",
        "stopping service 2",
        "stopping service 1",
        "stopping the database",
    ]
    assert not Cluster(home / "cluster").running


def test_a_killed_up_leaves_nothing_that_hinders_the_next(
    start: Callable[..., Running], home: Path, port: int
) -> None:
    running = start()
    running.await_text("wangge is ready")
    children = children_of(running.process.pid)
    assert len(children) >= 3
    running.process.kill()
    running.process.wait()
    deadline = time.monotonic() + 10
    while any(Path(f"/proc/{child}/cwd").exists() for child in children):
        assert time.monotonic() < deadline, "children outlive their parent"
        time.sleep(0.05)
    database = Cluster(home / "cluster").postmaster
    assert database is not None

    began = time.monotonic()
    again = start("--without-demo")
    again.await_text("wangge is ready")
    assert time.monotonic() - began < 20
    assert Cluster(home / "cluster").postmaster == database
    again.process.terminate()
    assert again.process.wait(30) == 0
    assert not Cluster(home / "cluster").running


def test_a_taken_port_is_named_with_the_way_out(start: Callable[..., Running], port: int) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        running = start()
        assert running.process.wait(30) == 1
    assert f"port {port} of 127.0.0.1" in running.said.read_text()
    assert "--port" in running.said.read_text()
