# SPDX-License-Identifier: Apache-2.0
"""What the tables themselves refuse, whoever writes."""

from datetime import date
from uuid import uuid4

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from geo.db import Database
from geo.hierarchy.actions import install_district
from geo.hierarchy.rules import DistrictExists, PlanUnsound
from geo.hierarchy.tables import AreaCodeRow, AreaRow, PlacementRow, PlanRow
from tests import town


def area(session: Session, **changed: object) -> dict[str, object]:
    plan = session.scalar(select(PlanRow.id))
    code = changed.get("code", "210503101001009")
    session.execute(
        insert(AreaCodeRow).values(district="210503", code=code, issued_on=date(2026, 1, 1))
    )
    return {
        "district": "210503",
        "plan": plan,
        "code": code,
        "level": "cell",
        "parent": "210503101001",
        "name": "新网格",
        "aliases": [],
        "households": 0,
        "boundary": town.box(0, 0, 10, 10),
        **changed,
    }


@pytest.mark.parametrize(
    ("changed", "constraint"),
    [
        ({"parent": "210503101002"}, "nested"),
        ({"level": "community"}, "level_of_code"),
        ({"code": "21050310100100"}, "ck_area_code_code"),
        ({"households": -1}, "households"),
        ({"boundary": town.box(0, 0, 10, 10).centroid}, "polygonal"),
    ],
)
def test_areas_nest(database: Database, changed: dict[str, object], constraint: str) -> None:
    with (
        pytest.raises(IntegrityError, match=constraint),
        database.transaction() as session,
    ):
        session.execute(insert(AreaRow).values(**area(session, **changed)))


@pytest.mark.parametrize(
    "wkt",
    [
        "POLYGON((0 0, 1 1, 1 0, 0 1, 0 0))",  # crosses itself
        "POLYGON((0 0, 0 100, 1 1, 0 0))",  # off the Earth
        "POLYGON((0 0, 1e400 0, 1 1, 0 0))",
        "POLYGON EMPTY",
    ],
)
def test_geometry_is_valid_finite_and_in_range(database: Database, wkt: str) -> None:
    with database.transaction() as session:
        plan = session.scalar(select(PlanRow.id))
    with pytest.raises(DBAPIError, match="boundary_sound"), database.transaction() as session:
        session.execute(
            text(
                "update area set boundary = ST_GeomFromText(:wkt, 4326)"
                " where plan = :plan and code = :code"
            ),
            {"wkt": wkt, "plan": plan, "code": town.N1},
        )


def test_one_plan_is_in_force_on_a_day(database: Database) -> None:
    with (
        pytest.raises(IntegrityError, match="ex_plan_one_in_force"),
        database.transaction() as session,
    ):
        session.execute(
            insert(PlanRow).values(
                district="210503",
                id=uuid4(),
                name="另一方案",
                status="published",
                in_force_during=Range(date(2026, 1, 1), None, bounds="[)"),
                created_at=town.MORNING,
                origin="real",
            )
        )


def test_a_building_group_lies_in_its_cell(database: Database) -> None:
    with pytest.raises(IntegrityError, match="nested"), database.transaction() as session:
        session.execute(
            update(PlacementRow)
            .where(PlacementRow.cell == town.N1)
            .values(building_group=f"{town.N2}001")
        )


def test_a_district_is_brought_in_once(database: Database) -> None:
    with pytest.raises(DistrictExists), database.transaction() as session:
        install_district(
            session,
            areas=town.areas(),
            buildings=town.buildings(),
            in_force_from=town.IN_FORCE_FROM,
            at=town.MORNING,
            plan_name="重复",
        )


def test_an_unsound_district_is_refused_with_the_place(database: Database) -> None:
    areas = [area for area in town.areas() if area.code != town.M2]
    with pytest.raises(PlanUnsound) as refused, database.transaction() as session:
        install_district(
            session,
            areas=areas,
            buildings=[],
            in_force_from=town.IN_FORCE_FROM,
            at=town.MORNING,
            plan_name="有洞",
        )
    problems = refused.value.fields["problems"]
    assert {"kind": "nesting", "areas": [f"{town.M2}001", town.M2], "box": None} in problems
