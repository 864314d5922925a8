# SPDX-License-Identifier: Apache-2.0
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.children import Child
from geo.service_user import ServiceUser

ME = ServiceUser("me", os.geteuid(), os.getegid())


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "patient.py").write_text(
        "import signal, time\nprint('here', flush=True)\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('deaf', flush=True)\n"
        "while True: time.sleep(60)\n"
    )
    (tmp_path / "brief.py").write_text("")
    (tmp_path / "broken.py").write_text("raise SystemExit(7)\n")
    root = Path(__file__).parents[2]
    return {"PYTHONPATH": f"{root}:{tmp_path}", "PATH": os.environ["PATH"]}


def child(tmp_path: Path, module: str, *, needed: bool = True) -> Child:
    return Child(module, module, [], tmp_path / f"{module}.log", needed=needed)


def wait_for(condition: object, seconds: float = 10) -> Iterator[None]:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        yield
        time.sleep(0.02)
    raise AssertionError("it did not happen in time")


def ended(subject: Child) -> None:
    assert subject.process is not None
    subject.process.wait(10)


def test_a_dead_child_is_started_again_and_again_ever_later(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    told: list[str] = []
    subject = child(tmp_path, "broken")
    subject.start(ME, environment)
    ended(subject)
    subject.watch(ME, environment, told.append)
    assert "status 7" in told[0]
    assert str(subject.log) in told[0]
    ended(subject)
    subject.watch(ME, environment, told.append)
    assert subject.process is None
    assert "in 1 s" in told[1]
    subject.stop(1)


def test_what_may_end_is_let_go(tmp_path: Path, environment: dict[str, str]) -> None:
    told: list[str] = []
    subject = child(tmp_path, "brief", needed=False)
    subject.start(ME, environment)
    ended(subject)
    for _ in range(3):
        subject.watch(ME, environment, told.append)
    assert told == ["brief has finished."]


def test_a_deaf_child_is_ended_in_the_end(tmp_path: Path, environment: dict[str, str]) -> None:
    subject = child(tmp_path, "patient")
    subject.start(ME, environment)
    process = subject.process
    assert process is not None
    for _ in wait_for("deaf"):
        if "deaf" in subject.last_lines():
            break
    subject.stop(0.2)
    assert process.returncode == -signal.SIGKILL


def test_a_child_of_nobody_does_not_begin(tmp_path: Path, environment: dict[str, str]) -> None:
    import subprocess
    import sys

    done = subprocess.run(
        [sys.executable, "-P", "-m", "api.leash", "1", "patient"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )
    assert done.returncode == 1
    assert "is gone" in done.stderr
