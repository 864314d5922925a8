# SPDX-License-Identifier: Apache-2.0
"""A durable installation for measurements: private cluster, database, service processes."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import httpx2

from api.cores import arguments_of
from api.demo import DISTRICT
from geo.accounts.rules import Actor, Role
from geo.cluster import Cluster
from geo.db import Database, migrate
from geo.ids import WorkerId
from geo.reactions import REACTIONS
from geo.settings import Settings, default_home
from geo.workforce.duty import set_duty

ROOT = Path(__file__).parents[2]


@contextmanager
def durable_database() -> Iterator[str]:
    """Address of an empty, migrated database on a durable cluster of its own."""
    home = default_home()
    directory = home.with_name(f"{home.name}-bench-{uuid4().hex[:8]}")
    try:
        with Cluster(directory) as cluster:
            url = cluster.create_database("bench")
            migrate(url)
            yield url
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def serving(url: str, *, processes: int = 2) -> Iterator[str]:
    """The service as `wangge up` runs it: processes on one socket. Answers its address."""
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", 0))
        listening.listen(2048)
        descriptor = listening.fileno()
        settings = Settings(database_url=url)
        commands = [
            [sys.executable, "-m", "api.serve", *arguments]
            for arguments in arguments_of(descriptor, processes)
        ]
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        with running(commands, settings.environment(), (descriptor,)):
            await_answer(f"{address}/healthz")
            yield address


@contextmanager
def serving_noop(*, processes: int = 2) -> Iterator[str]:
    """The no-op ceiling with as many processes, the same loop and parser, each on its core too."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(2048)
        descriptor = listening.fileno()
        commands = [
            [sys.executable, "-m", "tests.bench.noop", *arguments]
            for arguments in arguments_of(descriptor, processes)
        ]
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        with running(commands, {}, (descriptor,)):
            await_answer(f"{address}/nothing")
            yield address


@contextmanager
def running(
    commands: Sequence[Sequence[str]], more: dict[str, str], pass_fds: tuple[int, ...]
) -> Iterator[None]:
    """Processes that end when the block does."""
    environment = {**os.environ, **more, "PYTHONPATH": str(ROOT)}
    children = [
        subprocess.Popen(command, env=environment, pass_fds=pass_fds, cwd=ROOT)
        for command in commands
    ]
    try:
        yield
    finally:
        for child in children:
            child.terminate()
        for child in children:
            child.wait()


def await_answer(address: str) -> None:
    """Wait until something answers, whatever it says."""
    deadline = time.monotonic() + 60
    while True:
        try:
            httpx2.get(address, trust_env=False)
        except httpx2.TransportError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return


@contextmanager
def database(url: str) -> Iterator[Database]:
    """A database at an address, closed afterwards."""
    opened = Database(url, reactions=REACTIONS)
    try:
        yield opened
    finally:
        opened.close()


def begin_duty(opened: Database, workers: Iterable[WorkerId]) -> None:
    """Everybody has been on duty for an hour."""
    boss = Actor(id=uuid4(), district=DISTRICT, name="", role=Role.SUPERVISOR, scope=DISTRICT)
    now = datetime.now(UTC)
    with opened.transaction() as session:
        for worker in workers:
            set_duty(
                session,
                actor=boss,
                worker=worker,
                on=True,
                duty_at=now - timedelta(hours=1),
                at=now,
            )
