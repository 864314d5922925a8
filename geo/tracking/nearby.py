# SPDX-License-Identifier: Apache-2.0
"""Who on duty was seen nearest to a point, in a straight line."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from math import cos, radians
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from geo import prepared
from geo.columns import STORAGE_SRID
from geo.ids import DistrictCode, WorkerId
from geo.tracking.rules import ABOUT_DEGREES
from geo.units import Metres

# A degree of latitude is nowhere shorter (WGS-84, at the equator); of longitude, times cosine.
_SHORTEST_DEGREE_M = 110_500.0
# Boxes are widened by this, so that what lies on their edge is inside in spite of rounding.
_SLACK = 1.01
_EVER = (datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC))
_FARTHEST = Metres(21_000_000.0)

_HERE = f"ST_SetSRID(ST_MakePoint(%(lon)s::float8, %(lat)s::float8), {STORAGE_SRID})"
_DISTANCE = f"ST_Distance(point::geography, {_HERE}::geography)"
_COLUMNS = f"""worker, ST_X(point) as lon, ST_Y(point) as lat, accuracy_m, observed_at,
  {_DISTANCE} as m"""
_WANTED = """district = %(district)s and on_duty
  and observed_at >= %(since)s and observed_at < %(before)s
  and worker <> all(%(without)s::uuid[])"""
# The partial index on positions in duty knows about where they are, and answers in the order of
# degrees: k that are near, not always the nearest. A box that is sure to hold the k nearest by
# metres is then measured exactly.
_AROUND = f"{{reach}} + {ABOUT_DEGREES / 2 * _SLACK}"
_EAST = (
    "least(north / greatest(cos(radians(abs(%(lat)s::float8) + north)), 0.01), %(east)s::float8)"
)
_NORTH = "least(north, %(north)s::float8)"
_NEAREST = f"""
with by_degrees as materialized (
  select point from latest_position
  where {_WANTED} and about && ST_Expand({_HERE}, {_AROUND.format(reach="%(east)s::float8")},
    {_AROUND.format(reach="%(north)s::float8")})
  order by about <-> {_HERE}
  limit %(k)s::int
), reach as materialized (
  select max({_DISTANCE}) * {_SLACK / _SHORTEST_DEGREE_M} as north from by_degrees
)
select {_COLUMNS}
from reach, latest_position
where {_WANTED} and about && ST_Expand({_HERE}, {_AROUND.format(reach=_EAST)},
  {_AROUND.format(reach=_NORTH)})
order by m, worker
limit %(k)s::int
"""  # noqa: S608
_OF_SOME = f"""
select {_COLUMNS} from latest_position
where district = %(district)s and on_duty and worker = any(%(workers)s::uuid[])
  and observed_at >= %(since)s and observed_at < %(before)s
order by m, worker
limit %(k)s::int
"""  # noqa: S608


@dataclass(frozen=True)
class Seen:
    """Where a worker on duty was last seen: WGS-84, metres away on the ellipsoid, and when."""

    worker: WorkerId
    lon: float
    lat: float
    accuracy_m: Metres
    distance_m: Metres
    observed_at: datetime


def nearest_on_duty(
    session: Session,
    district: DistrictCode,
    lon: float,
    lat: float,
    *,
    k: int,
    within: Metres = _FARTHEST,
    since: datetime | None = None,
    before: datetime | None = None,
    without: Collection[UUID] = (),
) -> list[Seen]:
    """The `k` workers on duty whose latest position is nearest to a WGS-84 point, nearest first.

    Only those seen at or after `since`, and before `before`; `without` leaves some out. Nobody
    within so many metres is missed; a few beyond may be among them.
    """
    if k < 1:
        return []
    north = within * _SLACK / _SHORTEST_DEGREE_M
    rows = prepared.rows(
        session,
        _NEAREST,
        district=district,
        lon=lon,
        lat=lat,
        k=k,
        since=since or _EVER[0],
        before=before or _EVER[1],
        without=list(without),
        north=north,
        east=north / max(cos(radians(min(abs(lat) + north, 90.0))), 0.01),
    )
    return [_seen(row) for row in rows]


def nearest_of(
    session: Session,
    district: DistrictCode,
    lon: float,
    lat: float,
    workers: Collection[UUID],
    *,
    k: int | None = None,
    since: datetime | None = None,
    before: datetime | None = None,
) -> list[Seen]:
    """Of these workers those on duty who were seen, in that time: the `k` nearest, or all."""
    if not workers:
        return []
    rows = prepared.rows(
        session,
        _OF_SOME,
        district=district,
        lon=lon,
        lat=lat,
        workers=list(workers),
        k=len(workers) if k is None else k,
        since=since or _EVER[0],
        before=before or _EVER[1],
    )
    return [_seen(row) for row in rows]


def last_seen(
    session: Session, district: DistrictCode, lon: float, lat: float, workers: Collection[UUID]
) -> dict[UUID, Seen]:
    """Where these workers were last seen, in duty, from a WGS-84 point."""
    return {seen.worker: seen for seen in nearest_of(session, district, lon, lat, workers)}


def _seen(row: Any) -> Seen:
    return Seen(
        worker=WorkerId(row.worker),
        lon=row.lon,
        lat=row.lat,
        accuracy_m=Metres(row.accuracy_m),
        distance_m=Metres(round(row.m, 1)),
        observed_at=row.observed_at,
    )
