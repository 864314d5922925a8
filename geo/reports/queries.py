# SPDX-License-Identifier: Apache-2.0
"""The linkups of a time and an area, as the reports count them."""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.accounts.rules import Actor, may
from geo.columns import Origin
from geo.hierarchy import queries as hierarchy
from geo.incidents.climbs import ClimbLevel
from geo.reports.rules import (
    LONGEST,
    LinkupReport,
    RangeWrong,
    Timeline,
    by_area,
    by_hour,
    measures,
)

_TIMELINES = text("""
select incident.cell, incident.heard_at, incident.reported_at, linkup.accepted_at,
  asks.asked_at, asks.timeouts, talks.connected_at, steps.levels
from incident
join linkup on linkup.district = incident.district and linkup.incident = incident.id
cross join lateral (
  select min(asked_at) as asked_at,
    count(*) filter (where state in ('timed_out', 'late')) as timeouts
  from ask where ask.district = linkup.district and ask.linkup = linkup.id
) as asks
cross join lateral (
  select min(answered_at) as connected_at
  from call where call.district = linkup.district and call.linkup = linkup.id
) as talks
cross join lateral (
  select array_agg(level order by step) as levels
  from climb where climb.district = linkup.district and climb.linkup = linkup.id
) as steps
where incident.district = :district and incident.origin = :origin
  and incident.reported_at >= :begins_at and incident.reported_at < :ends_at
  and starts_with(incident.cell, :within)
order by incident.reported_at, linkup.id
""")


def linkup_report(
    session: Session,
    actor: Actor,
    *,
    begins_at: datetime,
    ends_at: datetime,
    within: str | None = None,
    origin: Origin = Origin.REAL,
) -> LinkupReport:
    """From alarm to connected, of one origin alone; the actor's own area when none is said.

    Raises: RoleNotAllowed, OutOfScope, RangeWrong.
    """
    area = within or next(iter(actor.areas), actor.district)
    may(actor, "reports.read", area=area)
    if not begins_at < ends_at <= begins_at + LONGEST:
        raise RangeWrong(days=LONGEST.days)
    rows = session.execute(
        _TIMELINES,
        {
            "district": actor.district,
            "origin": origin.value,
            "begins_at": begins_at,
            "ends_at": ends_at,
            "within": area,
        },
    )
    those = [
        Timeline(
            cell=row.cell,
            heard_at=row.heard_at,
            reported_at=row.reported_at,
            asked_at=row.asked_at,
            accepted_at=row.accepted_at,
            connected_at=row.connected_at,
            timeouts=row.timeouts,
            climbed_to=ClimbLevel(row.levels[-1]) if row.levels else None,
        )
        for row in rows
    ]
    zone = hierarchy.district(session, actor.district).time_zone
    return LinkupReport(
        within=area,
        begins_at=begins_at,
        ends_at=ends_at,
        origin=origin,
        total=measures(area, those),
        by_hour=by_hour(those, zone),
        by_area=by_area(those, area),
    )
