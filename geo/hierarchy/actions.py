# SPDX-License-Identifier: Apache-2.0
"""Bringing a district in, with its first plan in force."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import exists, insert, select, update
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.orm import Session

from geo.accounts.rules import SYSTEM_ACTOR
from geo.bulk import copy_rows, take_stock
from geo.clock import civil_date
from geo.columns import Origin
from geo.crs import metric_srid, on_grid
from geo.hierarchy.queries import plan_in_force
from geo.hierarchy.rules import (
    Area,
    Building,
    DistrictExists,
    DistrictNotFound,
    LevelPresent,
    Plan,
    PlanPublished,
    PlanStatus,
    PlanUnsound,
    coverage_problems,
    households_by_area,
    nesting_problems,
)
from geo.hierarchy.tables import (
    AreaCodeRow,
    AreaRow,
    BuildingRow,
    DistrictRow,
    PlacementRow,
    PlanRow,
)
from geo.ids import DistrictCode, Level, PlanId
from geo.outbox import record

# Parents before children: what is inserted later may refer to what is there.
_TOP_DOWN = list(Level)


def install_district(
    session: Session,
    *,
    areas: Sequence[Area],
    buildings: Sequence[Building],
    in_force_from: date,
    at: datetime,
    plan_name: str,
    time_zone: str = "Asia/Shanghai",
    demo: bool = False,
    by: str = SYSTEM_ACTOR,
    origin: Origin = Origin.REAL,
) -> PlanId:
    """Bring in a district with its first plan, in force from a civil date on.

    Boundaries are put on the 1e-7 degree grid and must then tile exactly. Households of areas that
    have buildings are the sums over them.

    Raises: PlanUnsound (with every problem), DistrictExists.  Records: PlanPublished.
    """
    areas = [_gridded(area) for area in areas]
    problems = nesting_problems(areas) or coverage_problems(areas)
    roots = [area for area in areas if area.level is Level.DISTRICT]
    if problems or len(roots) != 1:
        raise PlanUnsound(
            problems=[problem.as_fields() for problem in problems[:100]], districts=len(roots)
        )
    root = roots[0]
    code = DistrictCode(root.code)
    assert root.boundary is not None
    made = session.execute(
        pg_insert(DistrictRow)
        .values(
            code=code,
            name=root.name,
            time_zone=time_zone,
            metric_srid=metric_srid(root.boundary.centroid.x),
            demo=demo,
            epoch=uuid4(),
        )
        .on_conflict_do_nothing()
        .returning(DistrictRow.code)
    ).one_or_none()
    if made is None:
        raise DistrictExists(district=code)
    return _publish(
        session,
        code,
        areas,
        buildings,
        in_force_from=in_force_from,
        until=None,
        at=at,
        plan_name=plan_name,
        by=by,
        origin=origin,
    )


def add_level(
    session: Session,
    *,
    district: DistrictCode,
    level: Level,
    areas: Sequence[Area],
    in_force_from: date,
    at: datetime,
    plan_name: str,
    by: str = SYSTEM_ACTOR,
    origin: Origin = Origin.REAL,
) -> PlanId:
    """Go on bringing a district in: the next plan, with a level that the plan in force lacks.

    `areas` are all of the new plan, those of the levels above included. The plan in force ends
    the day before `in_force_from`; one that would then have no day at all is withdrawn.

    Raises: DistrictNotFound, NoPlanInForce, LevelPresent, PlanUnsound.  Records: PlanPublished.
    """
    areas = [_gridded(area) for area in areas]
    problems = nesting_problems(areas) or coverage_problems(areas)
    if problems:
        raise PlanUnsound(problems=[problem.as_fields() for problem in problems[:100]], districts=1)
    # Two imports at once: the second waits here, and then finds the level there.
    found = session.scalar(
        select(DistrictRow.code).where(DistrictRow.code == district).with_for_update(key_share=True)
    )
    if found is None:
        raise DistrictNotFound(district=district)
    base = plan_in_force(session, district, in_force_from)
    there = session.scalar(
        select(
            exists().where(
                AreaRow.district == district, AreaRow.plan == base.id, AreaRow.level == level.value
            )
        )
    )
    if there:
        raise LevelPresent(district=district, level=level.value, plan=base.name)
    end_plan(session, district, base, in_force_from)
    return _publish(
        session,
        district,
        areas,
        (),
        in_force_from=in_force_from,
        until=base.ends_on,
        at=at,
        plan_name=plan_name,
        by=by,
        origin=origin,
    )


def _publish(
    session: Session,
    district: DistrictCode,
    areas: Sequence[Area],
    buildings: Sequence[Building],
    *,
    in_force_from: date,
    until: date | None,
    at: datetime,
    plan_name: str,
    by: str,
    origin: Origin,
) -> PlanId:
    plan = PlanId(uuid4())
    zone = session.execute(
        select(DistrictRow.time_zone).where(DistrictRow.code == district)
    ).scalar_one()
    session.execute(
        insert(PlanRow).values(
            district=district,
            id=plan,
            name=plan_name,
            status=PlanStatus.PUBLISHED.value,
            in_force_during=Range(in_force_from, until, bounds="[)"),
            created_at=at,
            # What holds already has nobody yet for whom anything would change.
            took_effect_at=at if in_force_from <= civil_date(at, zone) else None,
            origin=origin.value,
        )
    )
    insert_areas(session, district, plan, areas, buildings, in_force_from)
    _insert_buildings(session, district, plan, buildings)
    record(
        session,
        PlanPublished(
            id=plan,
            district=district,
            at=at,
            actor=by,
            origin=origin,
            area=district,
            body={"id": str(plan), "name": plan_name, "from": in_force_from.isoformat()},
        ),
    )
    return plan


def end_plan(session: Session, district: DistrictCode, plan: Plan, on: date) -> None:
    """A plan in force ends the day before `on`; one that would then have no day is withdrawn."""
    assert plan.begins_on is not None
    ended: dict[str, Any] = (
        {"in_force_during": Range(plan.begins_on, on, bounds="[)")}
        if plan.begins_on < on
        else {"status": PlanStatus.WITHDRAWN.value}
    )
    session.execute(
        update(PlanRow).where(PlanRow.district == district, PlanRow.id == plan.id).values(**ended)
    )


def insert_areas(
    session: Session,
    district: DistrictCode,
    plan: PlanId,
    areas: Sequence[Area],
    buildings: Sequence[Building],
    issued_on: date,
) -> None:
    """The areas of a plan, parents first; households are summed over the buildings, if any."""
    households = households_by_area(areas, buildings) if buildings else {}
    ordered = sorted(areas, key=lambda area: (_TOP_DOWN.index(area.level), area.code))
    # Codes of the levels above were issued with an earlier plan.
    session.execute(
        pg_insert(AreaCodeRow).on_conflict_do_nothing(),
        [{"district": district, "code": area.code, "issued_on": issued_on} for area in ordered],
    )
    copy_rows(
        session,
        AreaRow,
        [
            {
                "district": district,
                "plan": plan,
                "code": area.code,
                "level": area.level.value,
                "parent": area.parent,
                "name": area.name,
                "aliases": list(area.aliases),
                "households": households.get(area.code, area.households),
                "boundary": area.boundary,
            }
            for area in ordered
        ],
    )


def _insert_buildings(
    session: Session, district: DistrictCode, plan: PlanId, buildings: Sequence[Building]
) -> None:
    copy_rows(
        session,
        BuildingRow,
        [
            {
                "district": district,
                "id": building.id,
                "name": building.name,
                "street": building.street,
                "number": building.number,
                "estate": building.estate,
                "kind": building.kind,
                "units": building.units,
                "floors": building.floors,
                "households": building.households,
                "footprint": on_grid(building.footprint),
            }
            for building in buildings
        ],
    )
    take_stock(session, AreaRow, BuildingRow)
    place_buildings(session, district, plan, buildings)


def place_buildings(
    session: Session, district: DistrictCode, plan: PlanId, buildings: Sequence[Building]
) -> None:
    """Which cell and group of a plan each building belongs to."""
    copy_rows(
        session,
        PlacementRow,
        [
            {
                "district": district,
                "plan": plan,
                "building": building.id,
                "cell": building.cell,
                "building_group": building.group,
            }
            for building in buildings
        ],
    )


def _gridded(area: Area) -> Area:
    if area.boundary is None:
        raise PlanUnsound(problems=[{"kind": "invalid", "areas": [area.code], "box": None}])
    return Area(
        code=area.code,
        name=area.name,
        level=area.level,
        parent=area.parent,
        households=area.households,
        aliases=area.aliases,
        boundary=on_grid(area.boundary),
    )
