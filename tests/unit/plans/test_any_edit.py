# SPDX-License-Identifier: Apache-2.0
"""Whatever is drawn: the cells tile the town to the last grid unit, and no building is lost."""

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.plans.edits import Edit, Merge, Redraw, Split, Transfer, apply
from geo.plans.lattice import area_m2, to_units
from geo.plans.problems import Detail, Problem, problems, rechecked
from geo.plans.rules import Division, EditRefused, ShapeWrong
from tests import drawing, town

GROUND = drawing.standing()
TOWN = drawing.division()
LAND = shapely.coverage_union_all([cell.shape for cell in TOWN.cells.values()])
# Three grid units, some 3 cm, on either side of the outer border.
EDGE = shapely.boundary(LAND).buffer(3.0)
BUILDINGS = sorted(GROUND.houses)

# Anywhere in town and a little outside of it, to ten centimetres.
metres = st.integers(-300, 3300).map(lambda tenth: tenth / 10)
which = st.integers(0, 10_000)
Act = tuple[str, float, float, float, float, int, bool]


@st.composite
def acts(draw: st.DrawFn) -> Act:
    """A kind of edit, a place, a size in metres, a direction, which cell, whole buildings."""
    kind = draw(st.sampled_from(["transfer", "transfer", "split", "merge", "redraw", "parts"]))
    size, turn = draw(st.integers(20, 900)) / 10, draw(st.integers(0, 359))
    return (
        kind,
        draw(metres),
        draw(metres),
        size,
        math.radians(turn),
        draw(which),
        draw(st.booleans()),
    )


def edit_of(division: Division, act: Act) -> Edit:
    kind, x, y, size, turn, number, whole = act
    here = to_units(shapely.Point(town.point(x, y)))
    near = division.near(here, margin=2000.0) or sorted(division.cells)
    one, other = near[number % len(near)], near[(number // 7) % len(near)]
    along = (size * math.cos(turn), size * math.sin(turn))
    if kind == "transfer":
        corners = [
            (x + r * math.cos(turn + a), y + r * math.sin(turn + a))
            for a, r in ((0.0, size), (1.5, size / 2), (2.5, size), (4.0, size / 3), (5.0, size))
        ]
        return Transfer(drawing.region(*corners), one, whole)
    if kind == "split":
        bend = (x + along[1] / 9, y - along[0] / 9)
        ends = [(x + sign * 5 * along[0], y + sign * 5 * along[1]) for sign in (-1, 1)]
        return Split(one, line=drawing.line(ends[0], bend, ends[1]), whole=whole)
    if kind == "parts":
        return Split(one, parts=2 + number % 3, whole=whole)
    if kind == "merge":
        return Merge((one, other))
    ends = [(x + sign * 9 * along[0], y + sign * 9 * along[1]) for sign in (-1, 1)]
    return Redraw((one, other), drawing.line(ends[0], (x, y), ends[1]), whole)


def check(division: Division) -> None:
    shapes = [cell.shape for cell in division.cells.values()]
    assert {shape.geom_type for shape in shapes} == {"Polygon"}
    assert all(shape.is_valid for shape in shapes)
    assert (np.rint(shapely.get_coordinates(shapes)) == shapely.get_coordinates(shapes)).all()
    assert shapely.coverage_is_valid(shapes)
    # A coverage with a hole is called valid: its union must also be the town, whose outer border
    # may gain corners at the nearest lattice point and nothing else.
    union = shapely.coverage_union_all(shapes)
    assert union.geom_type == "Polygon"
    assert not union.interiors
    assert union.symmetric_difference(LAND).difference(EDGE).is_empty
    held = [building for cell in division.cells.values() for building in cell.buildings]
    assert sorted(held) == BUILDINGS
    for cell in division.cells.values():
        assert all(group.code.startswith(cell.code) for group in cell.groups)
        assert all(group.buildings for group in cell.groups)


def test_any_edits_in_any_order_leave_a_sound_division(deep: bool) -> None:
    done = 0

    @settings(max_examples=2000 if deep else 60, deadline=None, database=None)
    @given(st.lists(acts(), min_size=4, max_size=12))
    def play(drawn: list[Act]) -> None:
        nonlocal done
        division = TOWN
        known: list[Problem] = []
        for act in drawn:
            try:
                edited = apply(division, GROUND, edit_of(division, act))
            except (EditRefused, ShapeWrong):
                continue
            division = edited.division
            codes = [*edited.changed, *edited.removed]
            known = rechecked(known, division, GROUND, codes=codes)
            done += 1
        check(division)
        # Not a square unit is won or lost, however often a line ended on the outer border.
        union = shapely.coverage_union_all([cell.shape for cell in division.cells.values()])
        assert drawing.twice_the_area(union) == drawing.twice_the_area(LAND)
        found = problems(division, GROUND)
        # A transfer between communities may leave one in two parts: that is for the planner.
        assert {problem.detail for problem in found} <= {Detail.AREA_IN_PARTS}
        assert {problem.id for problem in known} == {problem.id for problem in found}

    play()
    # Not everything that is drawn is refused.
    assert done > 20


@pytest.mark.parametrize("east_m", [30.0, 50.0, 70.0])
def test_a_split_and_a_merge_give_the_land_back(east_m: float) -> None:
    split = apply(TOWN, GROUND, Split(town.N1, drawing.line((east_m, 190), (east_m, 310))))
    halves = [code for code in split.changed if code.startswith("210503101001D")]
    merged = apply(split.division, GROUND, Merge(tuple(halves))).division
    (back,) = (cell for cell in merged.cells.values() if "D" in cell.code)
    assert back.came_from == (town.N1,)
    assert area_m2(back.shape.symmetric_difference(TOWN.cell(town.N1).shape), town.SRID) < 0.3
    assert back.buildings == TOWN.cell(town.N1).buildings
    check(merged)
