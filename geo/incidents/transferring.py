# SPDX-License-Identifier: Apache-2.0
"""Departments, and handing incidents to them."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import insert, select
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from geo.accounts.rules import SYSTEM_ACTOR, Actor, may
from geo.columns import Origin
from geo.errors import IdReused
from geo.ids import DepartmentId, DistrictCode
from geo.incidents import queries
from geo.incidents.asking import allow, lock, tell_incident
from geo.incidents.department_queries import department_of, transfers_of
from geo.incidents.departments import (
    Department,
    DepartmentAdded,
    DepartmentChanged,
    DepartmentNamed,
    DepartmentNotFound,
)
from geo.incidents.rules import Incident, IncidentClosed, IncidentStatus
from geo.incidents.tables import DepartmentRow, IncidentRow, TransferRow
from geo.outbox import history_of, record


def add_department(
    session: Session, *, actor: Actor, added: Department, at: datetime
) -> tuple[Department, bool]:
    """Give the district another department; True when it is new.

    Raises: NotAllowed, DepartmentNamed (another one has the name), IdReused.
    Records: DepartmentAdded.
    """
    may(actor, "departments.write", area=added.district)
    if _add(session, added, by=actor.signature, origin=actor.origin, at=at):
        return added, True
    row = session.get(DepartmentRow, (added.district, added.id))
    if row is None:
        raise DepartmentNamed(name=added.name)
    # What was said at first: it may have another name by now.
    first = history_of(session, added.district, added.id)[0]
    if (first.body, first.actor) != (added.body, actor.signature):
        raise IdReused(id=added.id)
    return department_of(row), False


def change_department(
    session: Session,
    *,
    actor: Actor,
    department: DepartmentId,
    at: datetime,
    name: str | None = None,
    phone: str | None = None,
) -> Department:
    """Give a department another name or telephone number; None keeps.

    Open incidents that lie with it follow its name; what was handed over and what is closed keep
    the name of their day.

    Raises: NotAllowed, DepartmentNotFound, DepartmentNamed (another one has the name).
    Records: DepartmentChanged, IncidentChanged.
    """
    may(actor, "departments.write", area=actor.district)
    row = _held(session, actor.district, department, read=False)
    before = department_of(row)
    after = replace(before, name=name or before.name, phone=phone or before.phone)
    if after == before:
        return before
    try:
        with session.begin_nested():
            row.name, row.phone = after.name, after.phone
    except IntegrityError as error:
        raise DepartmentNamed(name=after.name) from error
    record(
        session,
        DepartmentChanged(
            id=after.id,
            district=after.district,
            at=at,
            actor=actor.signature,
            origin=Origin(row.origin),
            body=after.body,
        ),
    )
    if after.name != before.name:
        _follow_name(session, before, after, by=actor.signature, at=at)
    return after


def install_departments(
    session: Session, departments: Iterable[Department], *, at: datetime, origin: Origin
) -> None:
    """Give a district departments; those that it has already stay. Records: DepartmentAdded."""
    for one in departments:
        _add(session, one, by=SYSTEM_ACTOR, origin=origin, at=at)


def transfer_incident(
    session: Session,
    *,
    actor: Actor,
    incident: UUID,
    to: DepartmentId,
    text: str | None,
    at: datetime,
) -> Incident:
    """Hand an incident to a department. Its linkup goes on: who is on the way is still needed.

    Again to the department it lies with, with the same words, changes nothing.

    Raises: NotAllowed, IncidentNotFound, IncidentClosed, DepartmentNotFound.
    Records: IncidentChanged.
    """
    # Before the incident, as renaming does: nobody waits crosswise.
    office = department_of(_held(session, actor.district, to, read=True))
    subject = lock(session, actor.district, incident)
    allow(actor, subject)
    if subject.status is IncidentStatus.CLOSED:
        raise IncidentClosed(incident=str(incident))
    before = transfers_of(session, actor.district, incident)
    if before and (before[-1].department, before[-1].text) == (to, text):
        return subject
    session.execute(
        insert(TransferRow).values(
            district=actor.district,
            id=uuid4(),
            incident=incident,
            department=to,
            name=office.name,
            text=text,
            at=at,
            actor=actor.signature,
            origin=subject.origin.value,
        )
    )
    session.get_one(IncidentRow, (actor.district, incident)).department = office.name
    session.flush()
    tell_incident(session, actor.signature, subject, at)
    return queries.incident(session, actor.district, incident)


def _held(session: Session, district: DistrictCode, id: UUID, *, read: bool) -> DepartmentRow:
    """A department's row, locked: with `read` nobody renames it meanwhile.

    Raises: DepartmentNotFound.
    """
    row = session.get(
        DepartmentRow, (district, id), with_for_update={"read": read}, populate_existing=True
    )
    if row is None:
        raise DepartmentNotFound(department=str(id))
    return row


def _follow_name(
    session: Session, before: Department, after: Department, *, by: str, at: datetime
) -> None:
    """Open incidents that lie with a department say its new name."""
    ids = session.scalars(
        select(IncidentRow.id)
        .where(
            IncidentRow.district == before.district,
            IncidentRow.department == before.name,
            IncidentRow.status != IncidentStatus.CLOSED.value,
        )
        # As whoever holds several: what is real before drills.
        .order_by(IncidentRow.origin == Origin.DRILL.value, IncidentRow.id)
    ).all()
    for id in ids:
        subject = lock(session, before.district, id)
        if subject.status is IncidentStatus.CLOSED or subject.department != before.name:
            continue
        session.get_one(IncidentRow, (before.district, id)).department = after.name
        session.flush()
        tell_incident(session, by, subject, at)


def _add(session: Session, added: Department, *, by: str, origin: Origin, at: datetime) -> bool:
    made = session.execute(
        pg_insert(DepartmentRow)
        .values(
            district=added.district,
            id=added.id,
            name=added.name,
            phone=added.phone,
            added_at=at,
            actor=by,
            origin=origin.value,
        )
        .on_conflict_do_nothing()
        .returning(DepartmentRow.id)
    ).one_or_none()
    if made is None:
        return False
    record(
        session,
        DepartmentAdded(
            id=added.id,
            district=added.district,
            at=at,
            actor=by,
            origin=origin,
            body=added.body,
        ),
    )
    return True
