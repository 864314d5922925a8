# SPDX-License-Identifier: Apache-2.0
"""Which incidents are likely the same, and who else called about one."""

from datetime import datetime
from uuid import UUID

from geoalchemy2 import Geography
from sqlalchemy import cast, func, select
from sqlalchemy.orm import Session

from geo.accounts.rules import Actor, in_scope
from geo.columns import STORAGE_SRID, Origin
from geo.ids import DistrictCode, IncidentId
from geo.incidents.calls import SAME_PLACE, SAME_TIME, FurtherCall, Likeness
from geo.incidents.queries import incident_of
from geo.incidents.rules import Incident, IncidentStatus
from geo.incidents.tables import FurtherCallRow, IncidentRow
from geo.units import Metres


def likely_same(
    session: Session,
    actor: Actor,
    *,
    lon: float,
    lat: float,
    category: str,
    drill: bool,
    at: datetime,
) -> list[Likeness]:
    """Open incidents of a category near a point within the hour, the nearest first.

    A drill is compared with drills, everything else with what is none.
    """
    here = func.ST_SetSRID(func.ST_MakePoint(lon, lat), STORAGE_SRID)
    metres = func.ST_Distance(cast(IncidentRow.point, Geography), cast(here, Geography))
    drills = IncidentRow.origin == Origin.DRILL.value
    rows = session.execute(
        select(IncidentRow, metres)
        .where(
            IncidentRow.district == actor.district,
            IncidentRow.reported_at > at - SAME_TIME,
            IncidentRow.status != IncidentStatus.CLOSED.value,
            IncidentRow.category == category,
            drills if drill else ~drills,
            metres <= SAME_PLACE,
        )
        .order_by(metres, IncidentRow.id)
    )
    found = [Likeness(incident_of(row), Metres(round(far, 1))) for row, far in rows]
    return [one for one in found if in_scope(actor, one.incident.cell or actor.district)]


def further_calls(session: Session, district: DistrictCode, incident: UUID) -> list[FurtherCall]:
    """Who else called about an incident, in order."""
    rows = session.scalars(
        select(FurtherCallRow)
        .where(FurtherCallRow.district == district, FurtherCallRow.incident == incident)
        .order_by(FurtherCallRow.at, FurtherCallRow.id)
    )
    return [
        FurtherCall(
            id=row.id,
            incident=IncidentId(row.incident),
            text=row.text,
            reporter=row.reporter,
            at=row.at,
            actor=row.actor,
        )
        for row in rows
    ]


def merged_into(session: Session, district: DistrictCode, incident: UUID) -> list[Incident]:
    """The incidents that were closed as merged into this one, in order."""
    rows = session.scalars(
        select(IncidentRow)
        .where(IncidentRow.district == district, IncidentRow.merged_into == incident)
        .order_by(IncidentRow.closed_at, IncidentRow.id)
    )
    return [incident_of(row) for row in rows]
