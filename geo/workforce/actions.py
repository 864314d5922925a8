# SPDX-License-Identifier: Apache-2.0
"""Taking workers in, giving them cells, and their duty."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from geo.accounts.rules import SYSTEM_ACTOR, Actor, may
from geo.clock import civil_date, rfc3339
from geo.columns import Origin
from geo.digests import digest
from geo.errors import IdReused
from geo.hierarchy import queries as hierarchy
from geo.hierarchy.rules import CellNotFound
from geo.ids import AssignmentId, CellCode, DistrictCode, Level, WorkerId
from geo.outbox import record
from geo.workforce import queries
from geo.workforce.duty import duty_event, duty_values, locked, set_duty, switch_duty
from geo.workforce.rules import (
    AlreadyAssigned,
    Assignment,
    AssignmentEmpty,
    AssignmentNotFound,
    AssignmentRole,
    CellHeld,
    NewWorker,
    Worker,
    WorkerChanged,
    WorkerLeft,
    shared_area,
)
from geo.workforce.tables import AssignmentRow, DutyRow, WorkerRow

__all__ = [
    "assign",
    "create_worker",
    "end_assignment",
    "install_workers",
    "set_duty",
    "update_worker",
]


def create_worker(
    session: Session,
    *,
    actor: Actor,
    new: NewWorker,
    at: datetime,
    origin: Origin = Origin.REAL,
) -> tuple[Worker, bool]:
    """Take a worker in, with the cells he gets from now on; True when he is new.

    The same id with the same content by the same actor answers the worker as he is now.

    Raises: NotAllowed, NotFound, IdReused, CellNotFound, CellHeld.  Records: WorkerChanged.
    """
    may(
        actor,
        "workers.write",
        area=shared_area(actor.district, [held.cell for held in new.cells]),
    )
    content = digest(name=new.name, phone=new.phone, cells=new.cells)
    made = session.execute(
        pg_insert(WorkerRow)
        .values(
            district=actor.district,
            id=new.id,
            name=new.name,
            phone=new.phone,
            created_at=at,
            digest=content,
            actor=actor.signature,
            origin=origin.value,
        )
        .on_conflict_do_nothing()
        .returning(WorkerRow.id)
    ).one_or_none()
    if made is None:
        same = session.execute(
            select(WorkerRow.digest, WorkerRow.actor).where(
                WorkerRow.district == actor.district, WorkerRow.id == new.id
            )
        ).one()
        if (same.digest, same.actor) != (content, actor.signature):
            raise IdReused(id=new.id)
        return queries.worker(session, actor.district, new.id, at=at), False
    for held in new.cells:
        _check_cell(session, actor.district, held.cell, at)
        _insert_assignment(session, actor.district, new.id, held.cell, held.role, at, None, origin)
    return _changed(session, actor, new.id, at), True


def update_worker(
    session: Session,
    *,
    actor: Actor,
    worker: WorkerId,
    at: datetime,
    name: str | None = None,
    phone: str | None = None,
    left: bool = False,
) -> Worker:
    """Change a worker's name or phone (None keeps), or note that he has left.

    Leaving ends his duty and his assignments.

    Raises: NotAllowed, NotFound, WorkerLeft.  Records: WorkerChanged, DutyChanged.
    """
    area, _ = queries.area_of_worker(session, actor.district, worker, at=at)
    may(actor, "workers.write", area=area, worker=worker)
    row = locked(session, actor.district, worker)
    if left and row.left_at is not None:
        raise WorkerLeft(worker=str(worker))
    row.name = row.name if name is None else name
    row.phone = row.phone if phone is None else phone
    session.flush()
    if left:
        switch_duty(session, row, on=False, at=at)
        of_worker = (AssignmentRow.district == actor.district, AssignmentRow.worker == worker)
        session.execute(
            delete(AssignmentRow).where(*of_worker, func.lower(AssignmentRow.during) >= at)
        )
        session.execute(
            update(AssignmentRow)
            .where(*of_worker, AssignmentRow.during.contains(at))
            .values(during=func.tstzrange(func.lower(AssignmentRow.during), at, "[)"))
            .execution_options(synchronize_session=False)
        )
        row.left_at = at
        session.flush()
        duty = duty_event(session, actor, worker, area, at)
        record(session, duty)
    return _changed(session, actor, worker, at, area=area if left else None)


def assign(
    session: Session,
    *,
    actor: Actor,
    worker: WorkerId,
    cell: CellCode,
    role: AssignmentRole,
    begins_at: datetime,
    ends_at: datetime | None,
    at: datetime,
) -> Assignment:
    """Assign a worker to a cell of the plan in force when it begins.

    Raises: NotAllowed, NotFound, CellNotFound, AssignmentEmpty, CellHeld (holder or stand-in in
    that time), AlreadyAssigned, WorkerLeft.  Records: WorkerChanged.
    """
    may(actor, "workers.write", area=cell)
    area, origin = queries.area_of_worker(session, actor.district, worker, at=at)
    if area != actor.district:
        may(actor, "workers.write", area=area, worker=worker)
    if ends_at is not None and ends_at <= begins_at:
        raise AssignmentEmpty(begins_at=rfc3339(begins_at), ends_at=rfc3339(ends_at))
    row = locked(session, actor.district, worker)
    if row.left_at is not None:
        raise WorkerLeft(worker=str(worker))
    _check_cell(session, actor.district, cell, begins_at)
    made = _insert_assignment(
        session, actor.district, worker, cell, role, begins_at, ends_at, origin
    )
    _changed(session, actor, worker, at)
    return made


def end_assignment(
    session: Session,
    *,
    actor: Actor,
    worker: WorkerId,
    assignment: AssignmentId,
    ends_at: datetime,
    at: datetime,
) -> Assignment:
    """Shorten an assignment to end at an instant within it.

    Raises: NotAllowed, AssignmentNotFound, AssignmentEmpty.  Records: WorkerChanged.
    """
    found = queries.assignments(session, actor.district, worker, id=assignment)
    if not found:
        raise AssignmentNotFound(assignment=str(assignment))
    may(actor, "workers.write", area=found[0].cell)
    shortened = session.execute(
        update(AssignmentRow)
        .where(
            AssignmentRow.district == actor.district,
            AssignmentRow.id == assignment,
            func.lower(AssignmentRow.during) < ends_at,
            func.upper_inf(AssignmentRow.during) | (func.upper(AssignmentRow.during) >= ends_at),
        )
        .values(during=func.tstzrange(func.lower(AssignmentRow.during), ends_at, "[)"))
        .returning(AssignmentRow)
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if shortened is None:
        raise AssignmentEmpty(begins_at=rfc3339(found[0].begins_at), ends_at=rfc3339(ends_at))
    _changed(session, actor, worker, at)
    return queries.assignment_of(shortened)


def install_workers(
    session: Session,
    *,
    district: DistrictCode,
    workers: Sequence[NewWorker],
    at: datetime,
    assigned_since: datetime | None = None,
    on_duty_since: datetime | None = None,
    by: str = SYSTEM_ACTOR,
    origin: Origin = Origin.REAL,
) -> None:
    """Bring many workers in, with their cells and those on duty, in a few statements.

    They are assigned and on duty from `at` on when no other instants are said.

    Raises: CellHeld, AlreadyAssigned.  Records: WorkerChanged for each.
    """
    if not workers:
        return
    assigned_since, on_duty_since = assigned_since or at, on_duty_since or at
    rows = [
        {
            "district": district,
            "id": new.id,
            "name": new.name,
            "phone": new.phone,
            "created_at": assigned_since,
            "digest": digest(name=new.name, phone=new.phone, cells=new.cells),
            "actor": by,
            "origin": origin.value,
        }
        for new in workers
    ]
    held = [
        _assignment_values(district, new.id, held.cell, held.role, assigned_since, None, origin)
        for new in workers
        for held in new.cells
    ]
    duty = [duty_values(district, new.id, on_duty_since, origin) for new in workers if new.on_duty]
    session.execute(insert(WorkerRow), rows)
    if held:
        _insert_assignments(session, held)
    if duty:
        session.execute(insert(DutyRow), duty)
    for made in queries.workers(
        session, district, areas=(district,), ids=[new.id for new in workers], at=at
    ):
        record(
            session,
            WorkerChanged(
                id=made.id,
                district=district,
                at=at,
                actor=by,
                origin=origin,
                area=shared_area(district, [held.cell for held in made.cells]),
                workers=(made.id,),
                body=made.live_row,
            ),
        )


def _check_cell(session: Session, district: DistrictCode, cell: str, at: datetime) -> None:
    zone = hierarchy.district(session, district).time_zone
    on = civil_date(at, zone)
    plan = hierarchy.plan_in_force(session, district, on)
    if not hierarchy.has_area(session, district, plan.id, cell, level=Level.CELL):
        raise CellNotFound(cell=cell, on=on.isoformat())


def _insert_assignment(
    session: Session,
    district: DistrictCode,
    worker: WorkerId,
    cell: CellCode,
    role: AssignmentRole,
    begins_at: datetime,
    ends_at: datetime | None,
    origin: Origin,
) -> Assignment:
    values = _assignment_values(district, worker, cell, role, begins_at, ends_at, origin)
    _insert_assignments(session, [values])
    return Assignment(values["id"], worker, cell, role, begins_at, ends_at, origin)


def _insert_assignments(session: Session, rows: list[dict[str, Any]]) -> None:
    try:
        with session.begin_nested():
            session.execute(insert(AssignmentRow), rows)
    except IntegrityError as error:
        broken = _constraint(error)
        said = {"cell": rows[0]["cell"], "role": rows[0]["role"]} if len(rows) == 1 else {}
        if broken == "ex_assignment_one_at_a_time":
            raise CellHeld(**said) from error
        if broken == "ex_assignment_one_role_a_worker":
            raise AlreadyAssigned(**said) from error
        raise


def _constraint(error: IntegrityError) -> str | None:
    diagnostics = getattr(error.orig, "diag", None)
    return getattr(diagnostics, "constraint_name", None)


def _assignment_values(
    district: DistrictCode,
    worker: UUID,
    cell: str,
    role: AssignmentRole,
    begins_at: datetime,
    ends_at: datetime | None,
    origin: Origin,
) -> dict[str, Any]:
    return {
        "district": district,
        "id": AssignmentId(uuid4()),
        "worker": worker,
        "cell": cell,
        "role": role.value,
        "during": Range(begins_at, ends_at, bounds="[)"),
        "origin": origin.value,
    }


def _changed(
    session: Session, actor: Actor, worker: WorkerId, at: datetime, *, area: str | None = None
) -> Worker:
    now = queries.worker(session, actor.district, worker, at=at)
    record(
        session,
        WorkerChanged(
            id=worker,
            district=actor.district,
            at=at,
            actor=actor.signature,
            origin=now.origin,
            area=area or shared_area(actor.district, [held.cell for held in now.cells]),
            workers=(worker,),
            body=now.live_row,
        ),
    )
    return now
