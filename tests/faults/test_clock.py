# SPDX-License-Identifier: Apache-2.0
"""kill -9 of what keeps the answer clocks: they are rows, and go on without it."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from geo.accounts.rules import Role
from geo.db import Database
from geo.ids import CellCode, IncidentId, LinkupId
from geo.incidents.actions import close_incident, report_incident
from geo.incidents.policies import LinkupPolicy
from geo.incidents.queries import linkup, linkups_of
from geo.incidents.rules import Linkup, Report, SaidPlace, Severity
from geo.incidents.setting import change_linkup_policy
from geo.reactions import REACTIONS
from geo.settings import Settings
from tests import town
from tests.faults.conftest import ROOT, Installation
from tests.people import AT_HOME, stand

ALLOWED = timedelta(seconds=2)
WITHIN_S = 2.5
DESK = town.actor(Role.DISPATCHER)


@pytest.fixture
def asking(installation: Installation) -> Iterator[Database]:
    """A town of today whose linkups ask one worker after another, for a few seconds each."""
    database = Database(installation.url, reactions=REACTIONS)
    now = datetime.now(UTC)
    with database.transaction() as session:
        stand(session, AT_HOME, at=now)
        change_linkup_policy(
            session,
            district=town.DISTRICT,
            policy=LinkupPolicy(answer_within_s=WITHIN_S, ring_size=1),
            since=now - timedelta(hours=1),
            at=now - timedelta(hours=2),
        )
    yield database
    database.close()


class Clocks:
    """The processes that keep the clocks, as `wangge up` starts them."""

    def __init__(self, url: str) -> None:
        settings = Settings(database_url=url)
        self._environment = {**os.environ, **settings.environment(), "PYTHONPATH": str(ROOT)}
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self, arguments: Sequence[str]) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "api.clockwork", *arguments]
        process = subprocess.Popen(command, env=self._environment, stdout=subprocess.DEVNULL)
        self.processes.append(process)
        return process

    def kill(self) -> None:
        """kill -9 of all that run."""
        for process in self.processes:
            process.kill()
            process.wait()
        self.processes.clear()


@contextmanager
def clocks(url: str) -> Iterator[Clocks]:
    made = Clocks(url)
    try:
        yield made
    finally:
        made.kill()


def emergency(database: Database) -> Linkup:
    report = Report(
        id=IncidentId(uuid4()),
        title="枯树倾斜",
        category="突发事件",
        severity=Severity.EMERGENCY,
        place=SaidPlace(cell=CellCode(town.M2)),
    )
    with database.transaction() as session:
        report_incident(session, actor=DESK, report=report, at=datetime.now(UTC))
    with database.snapshot() as session:
        return linkups_of(session, town.DISTRICT, [report.id])[report.id]


def ring(database: Database, id: LinkupId, number: int) -> Linkup:
    """Wait until a ring is asked."""
    deadline = time.monotonic() + 60
    while True:
        with database.snapshot() as session:
            found = linkup(session, town.DISTRICT, id)
        if found.ring >= number:
            return found
        assert time.monotonic() < deadline
        time.sleep(0.05)


def late(found: Linkup) -> timedelta:
    """How long after the first clock ran out the second ring was asked."""
    first, second = found.asked[:2]
    return second.asked_at - first.answer_by


def test_one_of_two_is_killed_and_the_clock_is_not_late(
    installation: Installation, asking: Database, deep: bool
) -> None:
    worst = timedelta()
    with clocks(installation.url) as keepers:
        keepers.start([])
        keepers.start(["answers"])
        ring(asking, emergency(asking).id, 2)
        for _ in range(20 if deep else 1):
            for number, arguments in enumerate(([], ["answers"])):
                begun = emergency(asking)
                time.sleep(WITHIN_S - 0.5)
                victim = keepers.processes[number]
                victim.kill()
                victim.wait()
                found = ring(asking, begun.id, 2)
                worst = max(worst, late(found))
                keepers.processes.remove(victim)
                keepers.start(arguments)
                keepers.processes.insert(number, keepers.processes.pop())
                # Both are there again before the next one goes.
                ring(asking, begun.id, 3)
                time.sleep(4)
                with asking.transaction() as session:
                    close_incident(
                        session,
                        actor=DESK,
                        incident=begun.incident,
                        outcome="完",
                        at=datetime.now(UTC),
                    )
    print(f"\nlate by at most {worst.total_seconds():.2f} s")
    assert worst <= ALLOWED


def test_what_fell_due_while_nothing_ran_happens_at_once(
    installation: Installation, asking: Database
) -> None:
    begun = emergency(asking)
    time.sleep(WITHIN_S + 0.5)
    with clocks(installation.url) as keepers:
        keepers.start(["answers"])
        found = ring(asking, begun.id, 2)
        # The second ring's clock is a row as well, and runs out in time.
        later = ring(asking, begun.id, 3)
    second, third = later.asked[1:3]
    assert found.asked[0].state.value == "timed_out"
    assert third.asked_at - second.answer_by <= ALLOWED
