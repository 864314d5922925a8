# SPDX-License-Identifier: Apache-2.0
"""The hand-over tasks of a plan."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from geo.accounts.queries import accounts
from geo.handover.rules import Subject, Task, TaskKind, TaskNotFound
from geo.handover.tables import TaskRow
from geo.ids import DistrictCode, PlanId
from geo.incidents.queries import incidents_by_id
from geo.patrol.queries import checkpoints_by_id
from geo.workforce.queries import names


def tasks(session: Session, district: DistrictCode, plan: PlanId) -> list[Task]:
    """Everything a plan hands over, by kind and area."""
    rows = session.scalars(
        select(TaskRow)
        .where(TaskRow.district == district, TaskRow.plan == plan)
        .order_by(TaskRow.kind, TaskRow.area, TaskRow.to, TaskRow.id)
    )
    return [_task(row) for row in rows]


def task(session: Session, district: DistrictCode, plan: PlanId, id: UUID) -> Task:
    """One task. Raises: TaskNotFound."""
    row = session.scalars(
        select(TaskRow).where(TaskRow.district == district, TaskRow.plan == plan, TaskRow.id == id)
    ).one_or_none()
    if row is None:
        raise TaskNotFound(task=str(id))
    return _task(row)


def subjects(
    session: Session, district: DistrictCode, tasks: Iterable[Task]
) -> dict[UUID, Subject]:
    """Whom and what some tasks are about, by the ids of these."""
    ids: dict[TaskKind, set[UUID]] = {kind: set() for kind in TaskKind}
    for task in tasks:
        if task.subject is not None:
            ids[task.kind].add(task.subject)
    doors = checkpoints_by_id(session, district, ids[TaskKind.CHECKPOINT])
    cases = incidents_by_id(session, district, ids[TaskKind.INCIDENT])
    people = dict[UUID, str](names(session, district, ids[TaskKind.ASSIGNMENT]).items())
    if ids[TaskKind.ACCOUNT]:
        people |= {actor.id: actor.name for actor, _, _ in accounts(session, district)}
    return {
        **{id: Subject(name) for id, name in people.items()},
        **{id: Subject(f"{door.name} {door.code}") for id, door in doors.items()},
        **{id: Subject(case.category, case.reported_at) for id, case in cases.items()},
    }


def _task(row: TaskRow) -> Task:
    return Task(
        id=row.id,
        plan=PlanId(row.plan),
        kind=TaskKind(row.kind),
        area=row.area,
        to=row.to,
        subject=row.subject,
        body=row.body,
        done_at=row.done_at,
        done_by=row.done_by,
    )
