# SPDX-License-Identifier: Apache-2.0
"""The hand-over tasks of a plan."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from geo.handover.rules import Task, TaskKind, TaskNotFound
from geo.handover.tables import TaskRow
from geo.ids import DistrictCode, PlanId


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
