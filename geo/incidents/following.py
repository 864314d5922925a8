# SPDX-License-Identifier: Apache-2.0
"""Open incidents when another plan takes effect: each lies in the cell that now holds its place."""

from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from geo.accounts.rules import SYSTEM_ACTOR
from geo.gazetteer.queries import cells_at
from geo.ids import CellCode, DistrictCode, IncidentId, PlanId
from geo.incidents import queries
from geo.incidents.asking import lock, tell_incident
from geo.incidents.rules import IncidentStatus
from geo.incidents.tables import IncidentRow


def moving_incidents(
    session: Session, district: DistrictCode, plan: PlanId
) -> dict[IncidentId, tuple[CellCode | None, CellCode | None]]:
    """Open incidents that a plan puts into another cell: the one they are in, the one to come."""
    rows = session.execute(
        select(
            IncidentRow.id,
            IncidentRow.cell,
            func.ST_X(IncidentRow.point).label("lon"),
            func.ST_Y(IncidentRow.point).label("lat"),
        )
        .where(
            IncidentRow.district == district,
            IncidentRow.status != IncidentStatus.CLOSED.value,
            IncidentRow.point.is_not(None),
        )
        .order_by(IncidentRow.id)
    ).all()
    if not rows:
        return {}
    found = cells_at(session, district, plan, [(row.lon, row.lat) for row in rows])
    return {
        IncidentId(row.id): (row.cell, None if to is None else CellCode(to))
        for row, to in zip(rows, found, strict=True)
        if to != row.cell
    }


def follow_plan(session: Session, *, district: DistrictCode, plan: PlanId, at: datetime) -> int:
    """Give the open incidents to the cells of a plan that has taken effect.

    Who has been asked stays asked. Records: IncidentChanged for each, in both cells.
    """
    moving = moving_incidents(session, district, plan)
    for id, (left, to) in moving.items():
        if to is None:
            continue
        lock(session, district, id)
        session.execute(
            update(IncidentRow)
            .where(IncidentRow.district == district, IncidentRow.id == id)
            .values(cell=to)
        )
        session.expire_all()
        now = queries.incident(session, district, id)
        tell_incident(session, SYSTEM_ACTOR, now, at, also_in=left)
    return len(moving)
