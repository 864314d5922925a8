# SPDX-License-Identifier: Apache-2.0
"""Whom one may call: workers held in their duty while they are being asked, and grid leaders."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from geo.ids import CODE_LENGTH, DistrictCode, Level, WorkerId
from geo.workforce.queries import on_duty_at
from geo.workforce.rules import AssignmentRole
from geo.workforce.tables import AssignmentRow, WorkerRow


def hold_on_duty(
    session: Session, district: DistrictCode, workers: Collection[UUID], *, at: datetime
) -> set[UUID]:
    """Those of the workers who are on duty, and stay so until the transaction ends.

    Whose duty somebody is just changing is not among them: nobody waits here, so that whoever goes
    off duty may in turn wait for the acts about an incident.
    """
    held = session.scalars(
        select(WorkerRow.id)
        .where(WorkerRow.district == district, WorkerRow.id.in_(set(workers)))
        .with_for_update(read=True, skip_locked=True)
    ).all()
    # A statement of its own: it sees what was committed before the rows were held.
    serving = on_duty_at(session, district, [(worker, at) for worker in held])
    return {worker for worker, on in zip(held, serving, strict=True) if on}


def grid_leaders(
    session: Session, district: DistrictCode, cell: str, *, at: datetime
) -> list[tuple[WorkerId, str]]:
    """The grid leaders of a cell, or else of its community, with their names."""
    for area in (cell, cell[: CODE_LENGTH[Level.COMMUNITY]]):
        rows = session.execute(
            select(WorkerRow.id, WorkerRow.name)
            .distinct()
            .join(
                AssignmentRow,
                (AssignmentRow.district == WorkerRow.district)
                & (AssignmentRow.worker == WorkerRow.id),
            )
            .where(
                AssignmentRow.district == district,
                AssignmentRow.cell.startswith(area, autoescape=True),
                AssignmentRow.role == AssignmentRole.GRID_LEADER.value,
                AssignmentRow.during.contains(at),
            )
            .order_by(WorkerRow.id)
        ).all()
        if rows:
            return [(WorkerId(id), name) for id, name in rows]
    return []
