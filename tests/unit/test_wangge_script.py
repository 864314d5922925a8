# SPDX-License-Identifier: Apache-2.0
"""The shell script `wangge`, under the shell that a bare Debian has."""

import hashlib
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from geo.service_user import service_user
from tests.places import open_directory

ROOT = Path(__file__).parents[2]
SHELL = shutil.which("dash") or "/bin/sh"


@pytest.fixture
def place() -> Iterator[Path]:
    """A checkout with the script and its locks, and room for the user's files."""
    user = service_user()
    with open_directory() as directory:
        checkout = directory / "checkout"
        shutil.copytree(ROOT / "locks", checkout / "locks")
        shutil.copy(ROOT / "wangge", checkout / "wangge")
        (directory / "files").mkdir()
        for path in (checkout, checkout / "locks", directory / "files"):
            path.chmod(0o755)
        os.chown(directory / "files", user.uid, user.gid)
        yield directory


def run(place: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """As a plain user: root has one fixed place for its environments."""
    return subprocess.run(
        [SHELL, str(place / "checkout/wangge"), *arguments],
        cwd="/",
        env={"PATH": "/usr/bin:/bin", "XDG_DATA_HOME": str(place / "files"), **more},
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
        **service_user().privileges,
    )


def first_line(place: Path, *arguments: str) -> str:
    """What is said first; it is not let go on."""
    with subprocess.Popen(
        [SHELL, str(place / "checkout/wangge"), *arguments],
        cwd="/",
        env={"PATH": "/usr/bin:/bin", "XDG_DATA_HOME": str(place / "files"), "PIP_NO_INDEX": "1"},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        **service_user().privileges,
    ) as running:
        assert running.stderr is not None
        said = running.stderr.readline()
        os.killpg(running.pid, signal.SIGKILL)
    return said


def environment(place: Path, lock: str) -> Path:
    digest = hashlib.sha256((place / "checkout/locks" / lock).read_bytes()).hexdigest()[:16]
    return place / "files/wangge/python" / digest


def made(place: Path, lock: str) -> None:
    """An environment as the script leaves it, whose python tells what it is asked."""
    folder = environment(place, lock)
    (folder / "bin").mkdir(parents=True)
    python = folder / "bin/python"
    python.write_text(f'#!/bin/sh\necho "{lock}: $* in $PYTHONPATH"\n')
    python.chmod(0o755)
    (folder / ".complete").touch()


def test_a_made_environment_is_used_at_once(place: Path) -> None:
    made(place, "requirements.txt")
    made(place, "requirements-test.txt")
    checkout = place / "checkout"
    told = run(place, "up", "--home", "/a b")
    assert told.stdout == f"requirements.txt: -P -m api up --home /a b in {checkout}\n"
    assert told.stderr == ""
    told = run(place, "test", "-k", "one or two")
    assert told.stdout == f"requirements-test.txt: -P -m api test -k one or two in {checkout}\n"


def test_it_may_be_called_through_a_link(place: Path) -> None:
    made(place, "requirements.txt")
    (place / "link").symlink_to(place / "checkout/wangge")
    told = subprocess.run(
        [SHELL, str(place / "link"), "version"],
        env={"PATH": "/usr/bin:/bin", "XDG_DATA_HOME": str(place / "files")},
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        **service_user().privileges,
    )
    assert f"in {place / 'checkout'}\n" in told.stdout


def test_what_fails_half_way_is_named_and_never_used(place: Path) -> None:
    unfinished = environment(place, "requirements.txt")
    told = run(place, "version", PIP_NO_INDEX="1", PIP_FIND_LINKS=str(place), HOME=str(place))
    assert told.returncode == 1
    assert "Python packages could not be installed" in told.stderr
    assert not (unfinished / ".complete").exists()
    assert "making the Python environment" in first_line(place, "version")


def test_without_a_home_it_asks_for_one(place: Path) -> None:
    told = run(place, "version", XDG_DATA_HOME="")
    assert told.returncode == 1
    assert "HOME is not set" in told.stderr
