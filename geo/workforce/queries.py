# SPDX-License-Identifier: Apache-2.0
"""Workers, the cells they are assigned to, and who is on duty."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from geo.columns import Origin
from geo.ids import DistrictCode, WorkerId
from geo.workforce.rules import WorkerNotFound
from geo.workforce.tables import AssignmentRow, DutyRow, WorkerRow


def cells_of(
    session: Session, district: DistrictCode, worker: WorkerId, *, at: datetime
) -> list[str]:
    """Codes of the cells a worker is assigned to at an instant, in any role; sorted."""
    return list(
        session.scalars(
            select(AssignmentRow.cell)
            .where(
                AssignmentRow.district == district,
                AssignmentRow.worker == worker,
                AssignmentRow.during.contains(at),
            )
            .order_by(AssignmentRow.cell)
        )
    )


def assigned_workers(
    session: Session, district: DistrictCode, *, at: datetime
) -> dict[str, list[str]]:
    """Ids of the workers assigned at an instant, by cell code."""
    rows = session.execute(
        select(AssignmentRow.cell, AssignmentRow.worker)
        .where(AssignmentRow.district == district, AssignmentRow.during.contains(at))
        .order_by(AssignmentRow.cell, AssignmentRow.role, AssignmentRow.worker)
    )
    by_cell: dict[str, list[str]] = {}
    for cell, worker in rows:
        by_cell.setdefault(cell, []).append(str(worker))
    return by_cell


def area_of_worker(
    session: Session, district: DistrictCode, worker: WorkerId, *, at: datetime
) -> tuple[str, Origin]:
    """The area a worker belongs to, and the origin of his record.

    The narrowest area that holds all the cells he is assigned to; the district while he has none.

    Raises: WorkerNotFound.
    """
    row = session.get(WorkerRow, (district, worker))
    if row is None:
        raise WorkerNotFound(worker=str(worker))
    cells = cells_of(session, district, worker, at=at)
    shared = ({cell[:length] for cell in cells} for length in (15, 12, 9))
    area = next((prefixes.pop() for prefixes in shared if len(prefixes) == 1), str(district))
    return area, Origin(row.origin)


def count_on_duty(session: Session, district: DistrictCode) -> int:
    """How many workers are on duty now."""
    return (
        session.scalar(
            select(func.count())
            .select_from(DutyRow)
            .where(DutyRow.district == district, func.upper_inf(DutyRow.during))
        )
        or 0
    )
