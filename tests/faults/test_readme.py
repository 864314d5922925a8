# SPDX-License-Identifier: Apache-2.0
"""The README's words, as a stranger follows them: `up`, the curl tour, a second `up`."""

import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from geo.cluster import Cluster
from geo.service_user import service_user
from tests.places import open_directory

ROOT = Path(__file__).parents[2]

pytestmark = [
    pytest.mark.skipif(
        not service_user().can_read(Path(sys.executable)),
        reason="the service's user cannot run this Python; ./wangge test chooses one that it can",
    ),
    pytest.mark.timeout(300),
]


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    with open_directory() as place:
        yield place / "home"
        leftover = Cluster(place / "home" / "cluster")
        if leftover.running:
            leftover.start()
            leftover.stop()


@contextmanager
def up(home: Path) -> Iterator[str]:
    """A running `wangge up`; answers what it said. Ends with Ctrl-C."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    said = home.parent / "said"
    command = [sys.executable, "-m", "api", "up", "--home", str(home), "--port", str(port)]
    with said.open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 180
        while "wangge is ready" not in said.read_text():
            assert process.poll() is None, said.read_text()
            assert time.monotonic() < deadline, said.read_text()
            time.sleep(0.1)
        yield said.read_text()
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)
    assert process.returncode == 0, said.read_text()


def tour() -> str:
    """The shell lines of the README's tour, in order."""
    text = (ROOT / "README.md").read_text()
    section = text.split("## A first tour by curl")[1].split("\n## ")[0]
    return "\n".join(re.findall(r"```sh\n(.*?)```", section, re.DOTALL))


def test_the_tour_works_and_a_second_start_keeps_everything(home: Path) -> None:
    with up(home) as said:
        assert "/wall" in said
        secrets = home / "demo.json"
        assert stat.S_IMODE(secrets.stat().st_mode) == 0o600
        first = json.loads(secrets.read_text())
        roles = {"admin", "dispatcher", "planner", "supervisor", "worker", "viewer"}
        assert set(first["accounts"]) == roles | {"community", "subdistrict"}
        script = f"set -eu\n{tour()}"
        followed = subprocess.run(
            ["bash", "-o", "pipefail", "-c", script],
            env={**os.environ, "WANGGE_HOME": str(home), "no_proxy": "127.0.0.1"},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert followed.returncode == 0, followed.stdout + followed.stderr
        assert "彩虹街10号楼" in followed.stdout
        assert '"status":"closed"' in followed.stdout.replace(": ", ":")
        assert "event:" in followed.stdout
    began = time.monotonic()
    with up(home):
        assert time.monotonic() - began < 60
        again = json.loads(secrets.read_text())
        assert again["accounts"] == first["accounts"]
