# SPDX-License-Identifier: Apache-2.0
"""Which plan is in force, which areas it holds, and which of them hold a point."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import shapely
from geoalchemy2 import Geography
from sqlalchemy import Select, cast, func, or_, select
from sqlalchemy.orm import Session

from geo.columns import STORAGE_SRID
from geo.hierarchy.rules import (
    Area,
    AreaNotFound,
    Building,
    District,
    DistrictNotFound,
    Located,
    NoPlanInForce,
    Plan,
    PlanStatus,
)
from geo.hierarchy.tables import (
    AreaCodeRow,
    AreaRow,
    BuildingRow,
    DistrictRow,
    PlacementRow,
    PlanRow,
)
from geo.ids import CODE_LENGTH, AreaCode, DistrictCode, Level, PlanId
from geo.units import Metres

# A point this near to a building of its cell belongs to that building's group.
GROUP_REACH = Metres(50.0)
_OF_A_BUILDING = (
    "id",
    "name",
    "street",
    "number",
    "estate",
    "units",
    "floors",
    "households",
    "kind",
)


def districts(session: Session) -> list[District]:
    """The districts this installation serves, by code."""
    return [
        _district(row) for row in session.scalars(select(DistrictRow).order_by(DistrictRow.code))
    ]


def district(session: Session, code: DistrictCode) -> District:
    """One district. Raises: DistrictNotFound."""
    row = session.get(DistrictRow, code)
    if row is None:
        raise DistrictNotFound(district=code)
    return _district(row)


def plan_in_force(session: Session, district: DistrictCode, on: date) -> Plan:
    """The published plan whose range holds this civil date. Raises: NoPlanInForce."""
    row = session.execute(
        select(PlanRow).where(
            PlanRow.district == district,
            PlanRow.status == PlanStatus.PUBLISHED.value,
            PlanRow.in_force_during.contains(on),
        )
    ).scalar_one_or_none()
    if row is None:
        raise NoPlanInForce(district=district, on=on.isoformat())
    return _plan(row)


def plan(session: Session, district: DistrictCode, id: PlanId) -> Plan:
    """A plan that is known to be there, in force or not."""
    return _plan(
        session.execute(
            select(PlanRow).where(PlanRow.district == district, PlanRow.id == id)
        ).scalar_one()
    )


def areas(
    session: Session,
    district: DistrictCode,
    plan: PlanId,
    *,
    level: Level | None = None,
    within: Sequence[str] = (),
    geometry: bool = True,
) -> list[Area]:
    """Areas of a plan by code; of one level and below any of the `within` codes when given."""
    query = _area_columns(geometry).where(AreaRow.district == district, AreaRow.plan == plan)
    if level is not None:
        query = query.where(AreaRow.level == level.value)
    if within:
        query = query.where(
            or_(*(AreaRow.code.startswith(code, autoescape=True) for code in within))
        )
    return [_area(row) for row in session.execute(query.order_by(AreaRow.code))]


def area(session: Session, district: DistrictCode, plan: PlanId, code: AreaCode) -> Area:
    """One area of a plan with its boundary. Raises: AreaNotFound."""
    row = session.execute(
        _area_columns(True).where(
            AreaRow.district == district, AreaRow.plan == plan, AreaRow.code == code
        )
    ).one_or_none()
    if row is None:
        raise AreaNotFound(area=code)
    return _area(row)


def has_area(
    session: Session, district: DistrictCode, plan: PlanId, code: str, *, level: Level
) -> bool:
    """Whether a plan has an area of this code on this level."""
    return (
        session.scalar(
            select(AreaRow.code).where(
                AreaRow.district == district,
                AreaRow.plan == plan,
                AreaRow.code == code,
                AreaRow.level == level.value,
            )
        )
        is not None
    )


def issued_codes(session: Session, district: DistrictCode, level: Level) -> list[AreaCode]:
    """Every code of a level that this district ever issued; none of them is given again."""
    codes = session.scalars(
        select(AreaCodeRow.code).where(
            AreaCodeRow.district == district,
            func.length(AreaCodeRow.code) == CODE_LENGTH[level],
        )
    )
    return [AreaCode(code) for code in codes]


def all_codes(session: Session, district: DistrictCode) -> list[AreaCode]:
    """Every code that this district ever issued, on any level below it."""
    codes = session.scalars(
        select(AreaCodeRow.code).where(
            AreaCodeRow.district == district, AreaCodeRow.code != district
        )
    )
    return [AreaCode(code) for code in codes]


def buildings(session: Session, district: DistrictCode, plan: PlanId) -> list[Building]:
    """The buildings of a plan with their cell and building group, by id."""
    rows = session.execute(
        select(
            *(getattr(BuildingRow, name) for name in _OF_A_BUILDING),
            PlacementRow.cell,
            PlacementRow.building_group,
            func.ST_AsBinary(BuildingRow.footprint).label("footprint"),
        )
        .join(
            PlacementRow,
            (PlacementRow.district == BuildingRow.district)
            & (PlacementRow.building == BuildingRow.id),
        )
        .where(PlacementRow.district == district, PlacementRow.plan == plan)
        .order_by(BuildingRow.id)
    ).all()
    # All at once: one by one, thousands of outlines take longer than everything else here.
    footprints = shapely.from_wkb([bytes(row.footprint) for row in rows])
    return [
        Building(
            **dict(zip(_OF_A_BUILDING, row, strict=False)),
            cell=AreaCode(row.cell),
            group=AreaCode(row.building_group),
            footprint=footprint,
        )
        for row, footprint in zip(rows, footprints, strict=True)
    ]


def placements(session: Session, district: DistrictCode, plan: PlanId) -> dict[str, AreaCode]:
    """The building group of every building of a plan, by building id."""
    rows = session.execute(
        select(PlacementRow.building, PlacementRow.building_group)
        .where(PlacementRow.district == district, PlacementRow.plan == plan)
        .order_by(PlacementRow.building)
    )
    return {building: AreaCode(group) for building, group in rows}


def extent(
    session: Session, district: DistrictCode, plan: PlanId
) -> tuple[float, float, float, float]:
    """West, south, east and north of the district in WGS-84 degrees. Raises: AreaNotFound."""
    row = session.execute(
        select(
            func.ST_XMin(AreaRow.boundary),
            func.ST_YMin(AreaRow.boundary),
            func.ST_XMax(AreaRow.boundary),
            func.ST_YMax(AreaRow.boundary),
        ).where(AreaRow.district == district, AreaRow.plan == plan, AreaRow.code == district)
    ).one_or_none()
    if row is None:
        raise AreaNotFound(area=district)
    west, south, east, north = row
    return west, south, east, north


def locate(session: Session, district: District, plan: PlanId, lon: float, lat: float) -> Located:
    """Which areas of a plan hold a WGS-84 point.

    On a shared border the cell with the lower code answers, so that a point has one cell always.
    The building group is that of the nearest building of the cell within `GROUP_REACH`.
    """
    point = func.ST_SetSRID(func.ST_MakePoint(lon, lat), STORAGE_SRID)
    here = (AreaRow.district == district.code, AreaRow.plan == plan)
    cell = session.scalar(
        select(AreaRow.code)
        .where(*here, AreaRow.level == Level.CELL.value, func.ST_Covers(AreaRow.boundary, point))
        .order_by(AreaRow.code)
        .limit(1)
    )
    if cell is None:
        return Located(None, None, None, None, None, None)
    # Asked for by itself: the far side of the Earth cannot be brought into the metric CRS, and
    # PostgreSQL would try for any point, before it looks which cell holds it.
    border = session.scalar(
        select(
            func.ST_Distance(
                func.ST_Transform(func.ST_Boundary(AreaRow.boundary), district.metric_srid),
                func.ST_Transform(point, district.metric_srid),
            )
        ).where(*here, AreaRow.code == cell)
    )
    group = session.scalar(
        select(PlacementRow.building_group)
        .join(
            BuildingRow,
            (BuildingRow.district == PlacementRow.district)
            & (BuildingRow.id == PlacementRow.building),
        )
        .where(
            PlacementRow.district == district.code,
            PlacementRow.plan == plan,
            PlacementRow.cell == cell,
            func.ST_DWithin(
                cast(BuildingRow.footprint, Geography), cast(point, Geography), GROUP_REACH
            ),
        )
        .order_by(func.ST_Distance(BuildingRow.footprint, point))
        .limit(1)
    )
    return Located(cell[:6], cell[:9], cell[:12], cell, group, Metres(round(border or 0.0, 2)))


def _area_columns(geometry: bool) -> Select[Any]:
    columns: list[Any] = [
        AreaRow.code,
        AreaRow.name,
        AreaRow.level,
        AreaRow.parent,
        AreaRow.households,
        AreaRow.aliases,
    ]
    if geometry:
        columns.append(AreaRow.boundary)
    return select(*columns)


def _area(row: Any) -> Area:
    return Area(
        code=AreaCode(row.code),
        name=row.name,
        level=Level(row.level),
        parent=None if row.parent is None else AreaCode(row.parent),
        households=row.households,
        aliases=tuple(row.aliases),
        boundary=getattr(row, "boundary", None),
    )


def _plan(row: PlanRow) -> Plan:
    during = row.in_force_during
    return Plan(
        id=PlanId(row.id),
        name=row.name,
        status=PlanStatus(row.status),
        begins_on=during.lower if during else None,
        ends_on=during.upper if during else None,
    )


def _district(row: DistrictRow) -> District:
    return District(
        code=DistrictCode(row.code),
        name=row.name,
        time_zone=row.time_zone,
        metric_srid=row.metric_srid,
        demo=row.demo,
    )
