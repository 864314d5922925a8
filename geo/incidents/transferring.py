# SPDX-License-Identifier: Apache-2.0
"""Adding departments, and handing incidents to them."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import insert, select
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.orm import Session

from geo.accounts.rules import SYSTEM_ACTOR, Actor, may
from geo.columns import Origin
from geo.errors import IdReused
from geo.ids import DepartmentId
from geo.incidents import queries
from geo.incidents.asking import allow, lock, tell_incident
from geo.incidents.department_queries import department, department_of, transfers_of
from geo.incidents.departments import Department, DepartmentAdded, DepartmentNamed
from geo.incidents.rules import Incident, IncidentClosed, IncidentStatus
from geo.incidents.tables import DepartmentRow, IncidentRow, TransferRow
from geo.outbox import record


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
    row = session.scalar(
        select(DepartmentRow).where(
            DepartmentRow.district == added.district, DepartmentRow.id == added.id
        )
    )
    if row is None:
        raise DepartmentNamed(name=added.name)
    if (department_of(row), row.actor) != (added, actor.signature):
        raise IdReused(id=added.id)
    return added, False


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
    subject = lock(session, actor.district, incident)
    allow(actor, subject)
    if subject.status is IncidentStatus.CLOSED:
        raise IncidentClosed(incident=str(incident))
    office = department(session, actor.district, to)
    before = transfers_of(session, actor.district, incident)
    if before and (before[-1].department, before[-1].text) == (to, text):
        return subject
    session.execute(
        insert(TransferRow).values(
            district=actor.district,
            id=uuid4(),
            incident=incident,
            department=to,
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
            body={"id": str(added.id), "name": added.name, "phone": added.phone},
        ),
    )
    return True
