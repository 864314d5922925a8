# SPDX-License-Identifier: Apache-2.0
"""A linkup in town, for tests of what happens to it: its incident, its answers, its clock."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy.dialects.postgresql import Range

from geo.accounts.actions import create_account
from geo.accounts.rules import Actor, Role
from geo.columns import Origin
from geo.db import Database
from geo.errors import GeoError
from geo.ids import CellCode, IncidentId, LinkupId, WorkerId
from geo.incidents.actions import close_incident, report_incident
from geo.incidents.linkups import accept_linkup, decline_linkup, time_out_due
from geo.incidents.queries import linkup, linkups_of
from geo.incidents.rules import AskState, Linkup, Report, SaidPlace, Severity
from geo.workforce.duty import set_duty
from geo.workforce.rules import AssignmentRole
from geo.workforce.tables import AssignmentRow
from tests import town

AT = town.MORNING
DESK = town.actor(Role.DISPATCHER)
NAMES = {id: name for name, id in town.WORKERS.items()}
PASSWORD = "a town password 1"
# Kept, that a race costs no new threads.
_ACTORS = ThreadPoolExecutor(8)


def report(
    severity: Severity = Severity.EMERGENCY, cell: str = town.N1, *, drill: bool = False
) -> Report:
    """An incident somewhere in a cell."""
    return Report(
        id=IncidentId(uuid4()),
        title="枯树倾斜",
        category="突发事件",
        severity=severity,
        place=SaidPlace(cell=CellCode(cell)),
        drill=drill,
    )


def emergency(
    database: Database, cell: str = town.N1, *, at: datetime = AT, drill: bool = False
) -> Linkup:
    """An emergency and the linkup that began with it."""
    said = report(cell=cell, drill=drill)
    with database.transaction() as session:
        report_incident(session, actor=DESK, report=said, at=at)
    with database.snapshot() as session:
        return linkups_of(session, town.DISTRICT, [said.id])[said.id]


def read(database: Database, id: LinkupId) -> Linkup:
    """A linkup as it stands."""
    with database.snapshot() as session:
        return linkup(session, town.DISTRICT, id)


def states(found: Linkup) -> dict[str, AskState]:
    """Where each ask stands, by the name of the worker's cell."""
    return {NAMES[ask.worker]: ask.state for ask in found.asked}


def run_clock(database: Database, at: datetime) -> int:
    """What the clockwork does at a moment; how many clocks ran out."""
    total = 0
    while True:
        with database.transaction() as session:
            done = time_out_due(session, at=at)
        if not done:
            return total
        total += done


def run_out(database: Database, id: LinkupId) -> datetime:
    """Let every clock that runs for a linkup run out; answers when the last one has."""
    found = read(database, id)
    ends = [ask.answer_by for ask in found.asked if ask.state is AskState.ASKED]
    ends += [step.answer_by for step in found.climb if step.ticks and step.answer_by]
    at = max(ends) + timedelta(milliseconds=1)
    run_clock(database, at)
    return at


def worker(name: str) -> Actor:
    """A worker as an actor, by the name of his cell."""
    return town.actor(Role.WORKER, worker=town.WORKERS[name])


def accept(database: Database, name: str, id: LinkupId, *, at: datetime = AT) -> Linkup:
    """Somebody says yes."""
    with database.transaction() as session:
        return accept_linkup(session, actor=worker(name), linkup=id, at=at)


def decline(database: Database, name: str, id: LinkupId, *, at: datetime = AT) -> Linkup:
    """Somebody says no."""
    with database.transaction() as session:
        return decline_linkup(session, actor=worker(name), linkup=id, at=at, reason="走不开")


def close(database: Database, of: Linkup, *, at: datetime = AT) -> None:
    """The incident of a linkup ends."""
    with database.transaction() as session:
        close_incident(session, actor=DESK, incident=of.incident, outcome="完", at=at)


def duty(database: Database, name: str, on: bool, *, at: datetime = AT) -> None:
    """Somebody goes on or off duty."""
    with database.transaction() as session:
        set_duty(session, actor=worker(name), worker=town.WORKERS[name], on=on, duty_at=at, at=at)


def assign(database: Database, name: str, cell: str, role: AssignmentRole) -> None:
    """Give somebody a further cell, since long ago."""
    with database.transaction() as session:
        session.add(
            AssignmentRow(
                district=town.DISTRICT,
                id=uuid4(),
                worker=WorkerId(town.WORKERS[name]),
                cell=cell,
                role=role.value,
                during=Range(town.ASSIGNED_SINCE, None, bounds="[)"),
                origin=Origin.REAL.value,
            )
        )


def account(
    database: Database, role: Role, scope: str, name: str, *, origin: Origin = Origin.REAL
) -> Actor:
    """An account that holds a post, as an actor."""
    with database.transaction() as session:
        id = create_account(
            session,
            district=town.DISTRICT,
            username=f"{role}-{name}",
            password=PASSWORD,
            role=role,
            name=name,
            scope=scope,
            worker=None,
            at=town.ASSIGNED_SINCE,
            origin=origin,
        )
    return replace(town.actor(role, scope=scope), id=id, name=name)


def at_once(*acts: Callable[[], object]) -> list[str]:
    """Start all acts at the same moment; answers what each came to."""
    barrier = threading.Barrier(len(acts))

    def run(act: Callable[[], object]) -> str:
        barrier.wait()
        try:
            act()
        except GeoError as error:
            return error.code
        return "done"

    return list(_ACTORS.map(run, acts))
