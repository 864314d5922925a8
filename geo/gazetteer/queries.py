# SPDX-License-Identifier: Apache-2.0
"""From a text to the places it may mean, and from a place to what it is called."""

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from geoalchemy2 import Geography
from sqlalchemy import Double, bindparam, cast, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from geo.columns import STORAGE_SRID
from geo.gazetteer.address import read_address
from geo.gazetteer.finding import Found, numbered, unnumbered
from geo.gazetteer.lookups import cells_around, index_of
from geo.gazetteer.rules import (
    BESIDE_REACH,
    ELSEWHERE_FACTOR,
    UNSURE_SCORE,
    Candidate,
    PlaceKind,
    Street,
    Terrain,
    TerrainKind,
)
from geo.gazetteer.tables import PlaceRow, StreetRow, TerrainRow
from geo.hierarchy import queries as hierarchy
from geo.hierarchy.tables import AreaRow
from geo.ids import DistrictCode, Level, PlanId
from geo.units import Metres

_REVERSE_REACH = Metres(100.0)
# Candidates that are looked at for what else was said, before the list is cut.
_MOST = 40
_METRES_A_DEGREE = 111_320.0


def geocode(
    session: Session, district: DistrictCode, text: str, *, limit: int, on: date
) -> list[Candidate]:
    """The places a text may mean, best first; ties keep equal scores.

    `cell` is the cell of the plan in force on that day. Searches that say less are not asked once
    a better one has answered.

    Raises: NoPlanInForce.
    """
    address = read_address(text)
    if not address.said:
        return []
    plan = hierarchy.plan_in_force(session, district, on).id
    index = index_of(session, district)
    found = numbered(session, district, plan, index, address)
    if found is None:
        found = unnumbered(session, district, index, address)
    best = sorted(_distinct(found.candidates), key=_order)[:_MOST]
    if not best:
        return []
    spots = [(one.lon, one.lat) for one in best]
    cells = cells_at(session, district, plan, spots)
    placed = [replace(one, cell=cell) for one, cell in zip(best, cells, strict=True)]
    placed = _in_areas_said(placed, found)
    if address.near:
        placed = _beside(session, district, plan, placed)
    return sorted(placed, key=_order)[:limit]


def label_at(session: Session, district: DistrictCode, lon: float, lat: float) -> str | None:
    """What people would call a WGS-84 point: the nearest address or landmark within 100 m."""
    point = _point(lon, lat)
    # The nearest by degrees are a handful; metres decide among them.
    near = (
        select(PlaceRow.label, PlaceRow.point)
        .where(
            PlaceRow.district == district,
            PlaceRow.kind.in_([PlaceKind.BUILDING.value, PlaceKind.LANDMARK.value]),
        )
        .order_by(PlaceRow.point.op("<->")(point))
        .limit(8)
        .subquery()
    )
    metres = func.ST_Distance(cast(near.c.point, Geography), cast(point, Geography))
    row = session.execute(
        select(near.c.label, metres.label("m")).order_by(metres).limit(1)
    ).one_or_none()
    return None if row is None or row.m > _REVERSE_REACH else f"{row.label}附近"


def cells_at(
    session: Session, district: DistrictCode, plan: PlanId, points: Sequence[tuple[float, float]]
) -> list[str | None]:
    """The cell of a plan that holds each WGS-84 point; on a border the lower code."""
    rows = session.scalars(
        _CELLS_AT,
        {
            "district": district,
            "plan": plan,
            "lons": [lon for lon, _ in points],
            "lats": [lat for _, lat in points],
        },
    )
    return list(rows)


def _in_areas_said(candidates: list[Candidate], found: Found) -> list[Candidate]:
    """Candidates outside the areas that were said count less, unless all of them are."""
    if not found.areas:
        return candidates
    inside = [(one.cell or "").startswith(tuple(found.areas)) for one in candidates]
    if not any(inside):
        return candidates
    return [
        one if within else replace(one, score=round(one.score * ELSEWHERE_FACTOR, 3))
        for one, within in zip(candidates, inside, strict=True)
    ]


def _beside(
    session: Session, district: DistrictCode, plan: PlanId, candidates: list[Candidate]
) -> list[Candidate]:
    """What is beside a place is sure where its surroundings are of one cell."""
    high = BESIDE_REACH / _METRES_A_DEGREE
    wide = high / math.cos(math.radians(candidates[0].lat))
    spots = [(one.lon, one.lat) for one in candidates]
    counts = cells_around(session, district, plan, spots, (wide, high))
    return [
        one if count <= 1 else replace(one, score=min(one.score, UNSURE_SCORE))
        for one, count in zip(candidates, counts, strict=True)
    ]


def _distinct(candidates: Sequence[Candidate]) -> list[Candidate]:
    best: dict[tuple[str, float, float], Candidate] = {}
    for found in candidates:
        key = (found.label, found.lon, found.lat)
        if key not in best or best[key].score < found.score:
            best[key] = found
    return list(best.values())


def _order(found: Candidate) -> tuple[float, str]:
    return (-found.score, found.label)


def _point(lon: float, lat: float) -> Any:
    return func.ST_SetSRID(func.ST_MakePoint(lon, lat), STORAGE_SRID)


_DISTRICT = bindparam("district", type_=PlaceRow.district.type)
_ASKED = (
    func.unnest(bindparam("lons", type_=ARRAY(Double)), bindparam("lats", type_=ARRAY(Double)))
    .table_valued("lon", "lat", with_ordinality="place", name="asked")
    .render_derived()
)
_CELLS_AT = (
    select(
        select(AreaRow.code)
        .where(
            AreaRow.district == _DISTRICT,
            AreaRow.plan == bindparam("plan", type_=AreaRow.plan.type),
            AreaRow.level == Level.CELL.value,
            func.ST_Covers(
                AreaRow.boundary,
                func.ST_SetSRID(func.ST_MakePoint(_ASKED.c.lon, _ASKED.c.lat), STORAGE_SRID),
            ),
        )
        .order_by(AreaRow.code)
        .limit(1)
        .scalar_subquery()
    )
    .select_from(_ASKED)
    .order_by(_ASKED.c.place)
)


def streets(session: Session, district: DistrictCode) -> list[Street]:
    """The streets of a district, a stretch each."""
    rows = session.execute(
        select(StreetRow.id, StreetRow.name, StreetRow.kind, StreetRow.line)
        .where(StreetRow.district == district)
        .order_by(StreetRow.id)
    )
    return [Street(row.id, row.name, row.kind, row.line) for row in rows]


def terrain(session: Session, district: DistrictCode) -> list[Terrain]:
    """Water, green and railways of a district."""
    rows = session.execute(
        select(TerrainRow.kind, TerrainRow.name, TerrainRow.sort, TerrainRow.shape)
        .where(TerrainRow.district == district)
        .order_by(TerrainRow.id)
    )
    return [Terrain(TerrainKind(row.kind), row.name, row.sort, row.shape) for row in rows]
