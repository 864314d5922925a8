# SPDX-License-Identifier: Apache-2.0
"""What makes areas a plan: nesting codes and an exact tiling at every level."""

from dataclasses import replace

import pytest

from geo.hierarchy.rules import Area, coverage_problems, nesting_problems
from geo.ids import AreaCode, CodeMalformed, Level, area_code, level_of, parent_of
from tests import town


def with_boundary(code: str, west: float, south: float, east: float, north: float) -> list[Area]:
    return [
        replace(area, boundary=town.box(west, south, east, north)) if area.code == code else area
        for area in town.areas()
    ]


def kinds(areas: list[Area]) -> set[str]:
    return {problem.kind for problem in coverage_problems(areas)}


def test_the_town_is_sound() -> None:
    assert nesting_problems(town.areas()) == []
    assert coverage_problems(town.areas()) == []


def test_a_cell_too_small_leaves_a_gap() -> None:
    assert "gap" in kinds(with_boundary(town.M2, 100, 100, 190, 200))


def test_an_enclosed_hole_is_found() -> None:
    """`coverage_is_valid` alone calls this one valid: nothing touches the missing piece."""
    hole = town.box(140, 140, 160, 160)
    areas = [
        replace(area, boundary=area.boundary.difference(hole))
        if area.code == town.M2 and area.boundary is not None
        else area
        for area in town.areas()
    ]
    assert kinds(areas) == {"gap"}


def test_a_cell_too_large_overlaps_its_neighbour() -> None:
    assert "overlap" in kinds(with_boundary(town.M2, 100, 100, 210, 200))


def test_a_cell_beyond_its_parent_is_told() -> None:
    assert "nesting" in kinds(with_boundary(town.N1, 0, 200, 100, 320))


def test_duplicate_and_orphaned_codes_are_found() -> None:
    areas = town.areas()
    assert nesting_problems([*areas, areas[-1]])[0].kind == "duplicate"
    orphan = [area for area in areas if area.code != "210503102001"]
    assert {problem.areas[-1] for problem in nesting_problems(orphan)} == {"210503102001"}


@pytest.mark.parametrize(
    ("code", "level", "parent"),
    [
        ("210503", Level.DISTRICT, None),
        ("210503009", Level.SUBDISTRICT, "210503"),
        ("210503009010001", Level.CELL, "210503009010"),
        ("210503009010001002", Level.BUILDING_GROUP, "210503009010001"),
    ],
)
def test_a_code_says_its_level_and_its_parent(code: str, level: Level, parent: str | None) -> None:
    assert level_of(code) is level
    assert parent_of(AreaCode(code)) == parent


@pytest.mark.parametrize("text", ["", "21050", "21050a", "２１０５０３", "2105030"])
def test_other_texts_are_no_codes(text: str) -> None:
    with pytest.raises(CodeMalformed):
        area_code(text)
