# SPDX-License-Identifier: Apache-2.0
"""A past for the demo: the days before it was made, as its people would have left them behind.

Made in process, a transaction a day, and judged by the engine that judges the present. What is
there already stays: a day on which anybody checked in is left alone, and whoever was on duty gets
no second duty. So it can be ended at any moment and begun again, and a day that nobody played is
made up for later.
"""

import os
from collections.abc import Callable
from datetime import date, datetime, timedelta
from uuid import UUID, uuid5

from sqlalchemy import text
from sqlalchemy.orm import Session

from api.demo import DISTRICT, FOLDER
from api.simulate import DEFAULT_SEED
from geo.accounts.rules import Actor, Role
from geo.clock import civil_date, civil_day
from geo.columns import Origin
from geo.crs import Point
from geo.db import Database
from geo.hierarchy import queries as hierarchy
from geo.hierarchy.rules import District
from geo.ids import CheckInId, CheckpointId, IncidentId, WorkerId, WorkLogId
from geo.impact.queries import LOOKED_BACK
from geo.incidents.installing import PastIncident, install_incidents
from geo.incidents.rules import Report, SaidPlace, Severity
from geo.patrol import queries as patrol
from geo.patrol.installing import PastLog, install_check_ins, install_work_logs
from geo.patrol.records import Claim
from geo.patrol.verdict_queries import days_with_check_ins
from geo.service_user import SetUpError
from geo.sim.acts import CheckIn
from geo.sim.day import Hand
from geo.sim.past import Closed, past_day
from geo.sim.town import Town, read_town
from geo.workforce import queries as workforce
from geo.workforce.duty import install_duty
from geo.workforce.rules import AssignmentRole

DAYS = LOOKED_BACK.days
_PEOPLE = UUID("b7f5a2c4-6d1e-5f3a-9c80-210503000001")
_CHRONICLER = Actor(
    id=uuid5(_PEOPLE, "history"),
    district=DISTRICT,
    name="history",
    role=Role.ADMIN,
    scope=DISTRICT,
    origin=Origin.SIMULATED,
)
_LOCK = text("select pg_advisory_xact_lock(hashtextextended('history of the demo', 0))")
Told = Callable[[int, int], None]


def make_history(
    database: Database, *, at: datetime, days: int = DAYS, told: Told = lambda done, total: None
) -> int:
    """Make up the days before the day of an instant that nothing is known of; answers how many.

    `told` is called with how many of how many days have been looked after.

    Raises: SetUpError when there is no demo.
    """
    with database.snapshot() as session:
        home = next((one for one in hierarchy.districts(session) if one.code == DISTRICT), None)
        if home is None or not home.demo:
            raise SetUpError("There is no demo district here: a past is made up for that alone.")
        today = civil_date(at, home.time_zone)
        known = days_with_check_ins(session, DISTRICT, today - timedelta(days=days), today)
    missing = [
        day for number in range(days, 0, -1) if (day := today - timedelta(days=number)) not in known
    ]
    if not missing:
        return 0
    town = read_town(FOLDER)
    made = 0
    for done, day in enumerate(missing, start=1):
        with database.transaction() as session:
            made += _make(session, home, town, day)
        told(done, len(missing))
    return made


def give_way() -> None:
    """Let everything else on this machine go first."""
    os.nice(19)


def _make(session: Session, home: District, town: Town, on: date) -> bool:
    """Make up a day, if nobody else has meanwhile and there is anybody to live it."""
    session.execute(_LOCK)
    if days_with_check_ins(session, DISTRICT, on, on + timedelta(days=1)):
        return False
    begins, ends = civil_day(on, home.time_zone)
    crew = _crew(session, begins, ends)
    if not crew:
        return False
    day = past_day(town, crew, seed=DEFAULT_SEED, on=on, time_zone=home.time_zone)
    install_duty(
        session,
        district=DISTRICT,
        stretches=[(WorkerId(one.worker), one.begins_at, one.ends_at) for one in day.shifts],
        origin=Origin.SIMULATED,
    )
    install_check_ins(
        session, actor=_CHRONICLER, received=[(_claim(one), one.at) for one in day.check_ins]
    )
    install_work_logs(
        session,
        actor=_CHRONICLER,
        logs=[
            PastLog(WorkLogId(one.id), WorkerId(one.worker), one.on, one.text, one.at)
            for one in day.logs
        ],
    )
    plan = hierarchy.plan_in_force(session, DISTRICT, on)
    grid = patrol.grid_of(session, DISTRICT, plan.id)
    install_incidents(
        session,
        actor=_CHRONICLER,
        incidents=[_incident(one, grid.cell_at(*one.report.true_place)) for one in day.incidents],
    )
    return True


def _crew(session: Session, begins: datetime, ends: datetime) -> list[Hand]:
    """The simulated holders of that day who have no duty of their own in it."""
    busy = workforce.on_duty_during(session, DISTRICT, begins, ends)
    return [
        Hand(one.worker, one.cell)
        for one in workforce.assigned_during(session, DISTRICT, begins, ends)
        if one.role is AssignmentRole.HOLDER
        and one.origin is Origin.SIMULATED
        and one.worker not in busy
    ]


def _claim(act: CheckIn) -> Claim:
    return Claim(
        id=CheckInId(act.id),
        worker=WorkerId(act.worker),
        checkpoint=None if act.checkpoint is None else CheckpointId(UUID(act.checkpoint)),
        fix=act.fix,
    )


def _incident(over: Closed, cell: str | None) -> PastIncident:
    said = over.report
    lon, lat = said.true_place
    point = None if said.point is None else Point(*said.point)
    return PastIncident(
        report=Report(
            id=IncidentId(said.id),
            title=said.title,
            category=said.category,
            severity=Severity(said.severity),
            place=SaidPlace(address=said.address, point=point),
            reporter=said.caller,
        ),
        label=said.address,
        lon=lon,
        lat=lat,
        cell=cell,
        reported_at=said.at,
        closed_at=over.closed_at,
        outcome=said.outcome,
    )
