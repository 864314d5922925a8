# SPDX-License-Identifier: Apache-2.0
"""Who on duty was seen nearest to a point."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from geoalchemy2 import Geography
from sqlalchemy import (
    Boolean,
    DateTime,
    Double,
    Integer,
    Select,
    Uuid,
    all_,
    any_,
    bindparam,
    cast,
    func,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from geo.columns import STORAGE_SRID
from geo.ids import DistrictCode, WorkerId
from geo.tracking.tables import LatestPositionRow
from geo.units import Metres

# A degree of latitude is nowhere shorter (WGS-84, at the equator); of longitude, times cosine.
_SHORTEST_DEGREE_M = 110_500.0
# Boxes are widened by this, so that what lies on their edge is inside in spite of rounding.
_SLACK = 1.01


@dataclass(frozen=True)
class Seen:
    """Where a worker on duty was last seen, as a distance (metres on the ellipsoid) and a time."""

    worker: WorkerId
    distance_m: Metres
    observed_at: datetime


def nearest_on_duty(
    session: Session,
    district: DistrictCode,
    lon: float,
    lat: float,
    *,
    k: int,
    since: datetime | None = None,
    before: datetime | None = None,
    without: Collection[UUID] = (),
    among: Collection[UUID] | None = None,
) -> list[Seen]:
    """The `k` workers on duty whose latest position is nearest to a WGS-84 point, nearest first.

    Only those seen at or after `since`, or before `before`; `without` leaves some out, `among`
    asks for some alone. The partial index on positions in duty answers in degrees; a box that is
    sure to hold the `k` nearest by metres is then measured exactly.
    """
    if k < 1 or (among is not None and not among):
        return []
    rows = session.execute(
        _NEAREST,
        {
            "district": district,
            "lon": lon,
            "lat": lat,
            "k": k,
            "since": since or _EVER[0],
            "before": before or _EVER[1],
            "without": list(without),
            "everybody": among is None,
            "among": list(among or ()),
        },
    )
    return [Seen(WorkerId(row.worker), Metres(round(row.m, 1)), row.observed_at) for row in rows]


def last_seen(
    session: Session,
    district: DistrictCode,
    lon: float,
    lat: float,
    workers: Collection[UUID],
) -> dict[UUID, Seen]:
    """Where these workers were last seen, in duty, from a WGS-84 point."""
    found = nearest_on_duty(session, district, lon, lat, k=len(workers), among=workers)
    return {seen.worker: seen for seen in found}


def _metres(point: Any, here: Any) -> Any:
    return func.ST_Distance(cast(point, Geography), cast(here, Geography))


def _statement() -> Select[Any]:
    row = LatestPositionRow
    lat = bindparam("lat", type_=Double)
    here = func.ST_SetSRID(func.ST_MakePoint(bindparam("lon", type_=Double), lat), STORAGE_SRID)
    wanted = (
        row.district == bindparam("district", type_=row.district.type),
        row.on_duty,
        row.observed_at >= bindparam("since", type_=DateTime(timezone=True)),
        row.observed_at < bindparam("before", type_=DateTime(timezone=True)),
        row.worker != all_(bindparam("without", type_=ARRAY(Uuid))),
        or_(
            bindparam("everybody", type_=Boolean),
            row.worker == any_(bindparam("among", type_=ARRAY(Uuid))),
        ),
    )
    limit: Any = bindparam("k", type_=Integer)
    by_degrees = (
        select(row.point).where(*wanted).order_by(row.point.op("<->")(here)).limit(limit).subquery()
    )
    reach = select(func.max(_metres(by_degrees.c.point, here)).label("m")).subquery()
    north = reach.c.m * _SLACK / _SHORTEST_DEGREE_M
    east = north / func.greatest(func.cos(func.radians(func.abs(lat) + north)), 0.01)
    distance = _metres(row.point, here)
    return (
        select(row.worker, distance.label("m"), row.observed_at)
        .join(reach, true())
        .where(*wanted, row.point.op("&&")(func.ST_Expand(here, east, north)))
        .order_by(distance, row.worker)
        .limit(limit)
    )


# Built once: making a statement costs more than PostgreSQL takes to answer it.
_NEAREST = _statement()
_EVER = (datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC))
