# SPDX-License-Identifier: Apache-2.0
"""A durable installation for measurements: private cluster, database, service processes."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import httpx2
from sqlalchemy import text

from api.demo import DISTRICT
from api.doors import open_doors
from geo.accounts.rules import Actor, Role
from geo.cluster import Cluster
from geo.db import Database, engine, migrate
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
    """The service as `wangge up` runs it: processes on one port. Answers its address."""
    settings = Settings(database_url=url)
    with on_doors("api.serve", settings.environment(), processes) as address:
        await_answer(f"{address}/healthz")
        yield address


@contextmanager
def serving_noop(*, processes: int = 2) -> Iterator[str]:
    """The no-op ceiling with as many processes, the same loop and parser, doors and cores."""
    with on_doors("tests.bench.noop", {}, processes) as address:
        await_answer(f"{address}/nothing")
        yield address


@contextmanager
def on_doors(module: str, more: dict[str, str], processes: int) -> Iterator[str]:
    """Processes of a module that are told their number and the sockets of all; their address."""
    with ExitStack() as stack:
        bound = socket.socket()
        bound.bind(("127.0.0.1", 0))
        doors = [stack.enter_context(door) for door in open_doors(bound, processes)]
        descriptors = tuple(door.fileno() for door in doors)
        commands = [
            [sys.executable, "-m", module, str(number), *map(str, descriptors)]
            for number in range(processes)
        ]
        stack.enter_context(running(commands, more, descriptors))
        yield f"http://127.0.0.1:{doors[0].getsockname()[1]}"


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


def settle(url: str) -> None:
    """Leave a database as it is a minute after a load, when autovacuum has been there.

    Otherwise it comes in the midst of what is measured.
    """
    patient = engine(url, statement_timeout_s=600)
    with patient.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("vacuum (analyze)"))
    patient.dispose()


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
