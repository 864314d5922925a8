# SPDX-License-Identifier: Apache-2.0
"""A second plan for a district, from the plan in force: rows, as a publication leaves them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from uuid import uuid4

import shapely
from sqlalchemy import insert, update
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.orm import Session

from geo.crs import on_grid
from geo.hierarchy import queries as hierarchy
from geo.hierarchy.rules import Area
from geo.hierarchy.tables import AreaCodeRow, AreaRow, PlanRow
from geo.ids import AreaCode, CellCode, DistrictCode, Level, PlanId, parent_of


def renumbered(cells: Sequence[Area], community: str, *, merge: bool) -> dict[str, Area]:
    """Cells with those of a community under new codes; by the code that each had.

    With `merge` the first two of it that share a border become one, under one new code.
    """
    inside = sorted((cell for cell in cells if cell.code.startswith(community)), key=_by_code)
    shapes = [shapely.set_precision(cell.boundary, 0) for cell in inside]
    new = {n: replace(cell, code=_numbered(cell, 501 + n)) for n, cell in enumerate(inside)}
    if merge:
        one, other = next(
            (a, b)
            for a in range(len(inside))
            for b in range(a + 1, len(inside))
            if shapely.intersection(shapes[a], shapes[b]).length > 0
        )
        both = on_grid(shapely.union(shapes[one], shapes[other]))
        new[one] = new[other] = replace(new[one], boundary=both)
    kept = {cell.code: cell for cell in cells if not cell.code.startswith(community)}
    return kept | {cell.code: new[n] for n, cell in enumerate(inside)}


def issue(session: Session, district: DistrictCode, cells: Sequence[Area], on: date) -> None:
    """Issue the codes of cells."""
    session.execute(
        pg_insert(AreaCodeRow).on_conflict_do_nothing(),
        [{"district": district, "code": cell.code, "issued_on": on} for cell in cells],
    )


def publish(session: Session, district: DistrictCode, cells: Sequence[Area], on: date) -> PlanId:
    """End the plan in force the day before, and let one with these cells hold from the day on."""
    before = hierarchy.plan_in_force(session, district, on)
    above = [
        area
        for area in hierarchy.areas(session, district, before.id)
        if area.level in (Level.DISTRICT, Level.SUBDISTRICT, Level.COMMUNITY)
    ]
    issue(session, district, cells, on)
    session.execute(
        update(PlanRow)
        .where(PlanRow.district == district, PlanRow.id == before.id)
        .values(in_force_during=Range(before.begins_on, on, bounds="[)"))
    )
    plan = PlanId(uuid4())
    session.execute(
        insert(PlanRow).values(
            district=district,
            id=plan,
            name="第二版方案",
            status="published",
            in_force_during=Range(on, None, bounds="[)"),
            created_at=datetime.fromisoformat("2026-01-01T00:00:00Z"),
            origin="real",
        )
    )
    unique = {cell.code: cell for cell in cells}
    session.execute(
        insert(AreaRow),
        [
            {
                "district": district,
                "plan": plan,
                "code": area.code,
                "level": area.level.value,
                "parent": area.parent,
                "name": area.name,
                "aliases": list(area.aliases),
                "households": area.households,
                "boundary": area.boundary,
            }
            for area in [*above, *unique.values()]
        ],
    )
    return plan


def cells_in_force(session: Session, district: DistrictCode, on: date) -> list[Area]:
    """The cells of the plan in force on a day, with their boundaries."""
    plan = hierarchy.plan_in_force(session, district, on)
    return hierarchy.areas(session, district, plan.id, level=Level.CELL)


def _by_code(cell: Area) -> str:
    return cell.code


def _numbered(cell: Area, number: int) -> AreaCode:
    code = CellCode(f"{parent_of(cell.code)}{number:03d}")
    return AreaCode(code)
