# SPDX-License-Identifier: Apache-2.0
"""What a map's ground is drawn from: outlines of areas and footprints of buildings as Features.

The geometry is written by PostGIS, WGS-84 with six decimals (about 0.1 m): enough to draw with.
Boundaries to compute with come from `queries`.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from geo.hierarchy.tables import AreaRow, BuildingRow, DistrictRow, PlacementRow
from geo.ids import DistrictCode, Level, PlanId

DECIMALS = 6


def epoch(session: Session, district: DistrictCode) -> UUID:
    """The epoch of a district's live feed: it changes when a backup is restored."""
    return session.execute(
        select(DistrictRow.epoch).where(DistrictRow.code == district)
    ).scalar_one()


def outlines(
    session: Session, district: DistrictCode, plan: PlanId, level: Level, within: Sequence[str]
) -> list[dict[str, Any]]:
    """Areas of one level below any of the `within` codes; `label` is a point well inside."""
    rows = session.execute(
        select(
            AreaRow.code,
            AreaRow.name,
            AreaRow.households,
            func.ST_AsGeoJSON(AreaRow.boundary, DECIMALS).label("shape"),
            func.ST_X(func.ST_PointOnSurface(AreaRow.boundary)).label("lon"),
            func.ST_Y(func.ST_PointOnSurface(AreaRow.boundary)).label("lat"),
        )
        .where(
            AreaRow.district == district,
            AreaRow.plan == plan,
            AreaRow.level == level.value,
            or_(*(AreaRow.code.startswith(code, autoescape=True) for code in within)),
        )
        .order_by(AreaRow.code)
    )
    return [
        {
            "type": "Feature",
            "geometry": orjson.Fragment(row.shape),
            "properties": {
                "code": row.code,
                "name": row.name,
                "households": row.households,
                "label": [round(row.lon, DECIMALS), round(row.lat, DECIMALS)],
            },
        }
        for row in rows
    ]


def footprints(
    session: Session, district: DistrictCode, plan: PlanId, within: Sequence[str]
) -> list[dict[str, Any]]:
    """Buildings placed in cells below any of the `within` codes."""
    rows = session.execute(
        select(
            BuildingRow.kind,
            BuildingRow.name,
            func.ST_AsGeoJSON(BuildingRow.footprint, DECIMALS).label("shape"),
        )
        .join(
            PlacementRow,
            (PlacementRow.district == BuildingRow.district)
            & (PlacementRow.building == BuildingRow.id),
        )
        .where(
            PlacementRow.district == district,
            PlacementRow.plan == plan,
            or_(*(PlacementRow.cell.startswith(code, autoescape=True) for code in within)),
        )
        .order_by(BuildingRow.id)
    )
    return [
        {
            "type": "Feature",
            "geometry": orjson.Fragment(row.shape),
            "properties": {"kind": row.kind, "name": row.name},
        }
        for row in rows
    ]


def focus(
    session: Session, district: DistrictCode, plan: PlanId, within: Sequence[str]
) -> tuple[float, float, float, float]:
    """Where most people live: west, south, east, north of the densely built subdistricts.

    Denser, in households an area, than the part of the district that `within` names as a whole. A
    scope below a subdistrict is taken as it is.
    """
    level = Level.SUBDISTRICT if min(len(code) for code in within) < 9 else None
    query = select(
        AreaRow.households / func.ST_Area(AreaRow.boundary),
        func.ST_XMin(AreaRow.boundary),
        func.ST_YMin(AreaRow.boundary),
        func.ST_XMax(AreaRow.boundary),
        func.ST_YMax(AreaRow.boundary),
        AreaRow.households,
        func.ST_Area(AreaRow.boundary),
    ).where(AreaRow.district == district, AreaRow.plan == plan)
    if level is None:
        query = query.where(AreaRow.code.in_(within))
    else:
        query = query.where(AreaRow.level == level.value)
    rows = session.execute(query).all()
    mean = sum(row[5] for row in rows) / sum(row[6] for row in rows)
    dense = [row for row in rows if row[0] >= mean] or list(rows)
    return (
        min(row[1] for row in dense),
        min(row[2] for row in dense),
        max(row[3] for row in dense),
        max(row[4] for row in dense),
    )
