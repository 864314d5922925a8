# SPDX-License-Identifier: Apache-2.0
"""The state a page is born from: rows and the newest number, read in one snapshot.

Afterwards the page keeps it true by the feed alone: a row of a collection is replaced by the body
(with its place) of each event about it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from api.sight import Sight
from geo.clock import civil_date, civil_day, rfc3339
from geo.hierarchy import queries
from geo.hierarchy.drawing import epoch
from geo.ids import DistrictCode, PlanId
from geo.incidents import queries as incidents
from geo.outbox import latest_seq
from geo.patrol import queries as patrol
from geo.tracking import queries as tracking
from geo.workforce import queries as workforce

LiveRows = Callable[[Session, DistrictCode, tuple[str, ...], datetime], list[dict[str, Any]]]


def _positions(
    session: Session, district: DistrictCode, areas: tuple[str, ...], at: datetime
) -> list[dict[str, Any]]:
    """Where workers on duty were seen last, as the feed says it."""
    return [
        {
            "worker": str(seen.worker),
            "lon": round(seen.lon, 7),
            "lat": round(seen.lat, 7),
            "accuracy_m": seen.accuracy_m,
            "observed_at": rfc3339(seen.observed_at),
        }
        for seen in tracking.positions(session, district, areas, at)
    ]


# The collections of the snapshot and who reads them. Events name the same collections.
COLLECTIONS: dict[str, LiveRows] = {
    "workers": workforce.live_rows,
    "positions": _positions,
    "check_ins": patrol.live_rows,
    "incidents": incidents.live_incidents,
    "linkups": incidents.live_linkups,
}


@dataclass(frozen=True)
class State:
    """One consistent moment of a district, as one sight sees it."""

    seq: int
    epoch: UUID
    at: datetime
    on: str
    district: dict[str, Any]
    plan: PlanId
    collections: dict[str, list[dict[str, Any]]]


def state(
    session: Session, code: DistrictCode, sight: Sight, *, at: datetime, on: date | None = None
) -> State:
    """The state of a district at a moment; with `on` under the plan of a day to come.

    Then workers have the cells that they will have at its first instant.

    Raises: DistrictNotFound, NoPlanInForce.
    """
    district = queries.district(session, code)
    today = civil_date(at, district.time_zone)
    plan = queries.plan_in_force(session, code, on or today)
    begins = at if on is None or on <= today else civil_day(on, district.time_zone)[0]
    collections: dict[str, list[dict[str, Any]]] = {}
    for name, live_rows in COLLECTIONS.items():
        moment = begins if name == "workers" else at
        rows = live_rows(session, code, sight.areas, moment)
        seen = (sight.row(name, row) for row in rows)
        collections[name] = [row for row in seen if row is not None]
    return State(
        seq=latest_seq(session, code),
        epoch=epoch(session, code),
        at=at,
        on=today.isoformat(),
        district={
            "code": district.code,
            "name": district.name,
            "time_zone": district.time_zone,
            "demo": district.demo,
        },
        plan=plan.id,
        collections=collections,
    )
