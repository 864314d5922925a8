# SPDX-License-Identifier: Apache-2.0
"""Cells drawn by themselves, in the town with 24 buildings in each community."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import pytest
import shapely
from shapely.geometry.base import BaseGeometry

from geo.plans.autodraw import HOUSEHOLDS, DrawingCancelled, Drawn, draw, workload
from geo.plans.autodraw.rules import AllLocked, TooFewCells, TooManyCells
from geo.plans.autodraw.sharing import shares
from geo.plans.edits import Lock, apply
from geo.plans.houses import cut_houses
from geo.plans.rules import AreaUnknown, Division
from tests import drawing, town

TOWN, GROUND = drawing.estate()
NORTH = "210503101001"
STREETS = [street.line for street in town.streets()]
# A border may gain corners, each at the lattice point that is nearest to it.
BEND = 1.0
LAND = shapely.coverage_union_all([cell.shape for cell in TOWN.cells.values()])


def drawn(division: Division = TOWN, **asked: Any) -> tuple[Drawn, Drawn, Drawn]:
    given: dict[str, Any] = {
        "within": NORTH,
        "cells": 3,
        "balance": HOUSEHOLDS,
        "tolerance": 0.05,
        "seed": 1,
        "keep": False,
        "streets": STREETS,
        "barriers": [],
        "report": lambda _: None,
        "cancelled": lambda: False,
    }
    return draw(division, GROUND, **{**given, **asked})


def same_land(one: BaseGeometry, other: BaseGeometry) -> bool:
    edge = shapely.boundary(other).buffer(BEND)
    return bool(one.symmetric_difference(other).difference(edge).is_empty)


@cache
def plain(*, keep: bool = False) -> tuple[Drawn, Drawn, Drawn]:
    return drawn(keep=keep)


def households(division: Division, within: str = NORTH) -> list[int]:
    return sorted(GROUND.households(cell.buildings) for cell in division.below(within))


def check(division: Division) -> None:
    shapes = [cell.shape for cell in division.cells.values()]
    assert all(shape.geom_type == "Polygon" and shape.is_valid for shape in shapes)
    assert shapely.coverage_is_valid(shapes)
    union = shapely.coverage_union_all(shapes)
    assert union.geom_type == "Polygon"
    assert not union.interiors
    assert same_land(union, LAND)
    held = [building for cell in division.cells.values() for building in cell.buildings]
    assert sorted(held) == sorted(GROUND.houses)
    own = {cell.code: cell.shape for cell in division.cells.values()}
    assert cut_houses(own, list(GROUND.houses), GROUND) == []
    for cell in division.cells.values():
        assert all(group.code.startswith(cell.code) for group in cell.groups)


@pytest.mark.parametrize("keep", [False, True])
def test_three_answers_of_sound_and_even_cells(keep: bool) -> None:
    answers = plain(keep=keep)
    styles = [answer.summary["style"] for answer in answers]
    assert styles == (["near", "even", "compact"] if keep else ["even", "compact", "streets"])
    for answer in answers:
        check(answer.division)
        # 300 households: the largest building has 30, so 100 give or take 15.
        assert all(85 <= number <= 115 for number in households(answer.division))
        assert answer.summary["cells"] == 3
        assert answer.summary["beyond_tolerance"] == []
        assert answer.summary["undrawn"] == []
    assert households(TOWN) == [60, 90, 150] or max(households(TOWN)) > 115


def test_an_answer_says_which_one_it_repeats() -> None:
    assert [answer.summary["same_as"] for answer in plain()] == [None, None, 1]
    first, second, third = (answer.division.cells for answer in plain())
    assert all(same_land(cell.shape, third[code].shape) for code, cell in first.items())
    assert not all(same_land(cell.shape, second[code].shape) for code, cell in first.items())
    # Of one cell there is one drawing; then it is there already.
    answers = drawn(cells=1, keep=True)
    assert [answer.summary["same_as"] for answer in answers] == [None, 1, 1]
    again = drawn(answers[0].division, cells=1, keep=True)
    assert [answer.summary["same_as"] for answer in again] == [0, 0, 0]


def test_what_is_told_is_what_was_drawn() -> None:
    for answer in plain():
        found = households(answer.division)
        off = max(abs(number / 100 - 1) for number in found)
        assert answer.summary["largest_deviation"] == pytest.approx(off)
        assert 0 < answer.summary["compactness"] < 1
        assert 0 <= answer.summary["along_streets"] <= 1


def test_the_same_seed_gives_the_same_answer() -> None:
    def outlines(answers: Sequence[Drawn]) -> list[list[bytes]]:
        return [[cell.shape.wkb for cell in a.division.cells.values()] for a in answers]

    assert outlines(drawn()) == outlines(plain())


def test_other_communities_stay_but_for_corners_in_their_borders() -> None:
    for answer in plain():
        for code, cell in TOWN.cells.items():
            if not code.startswith(NORTH):
                assert same_land(answer.division.cells[code].shape, cell.shape)


def test_new_cells_have_provisional_codes_and_say_where_they_come_from() -> None:
    division = plain()[0].division
    new = division.below(NORTH)
    assert [cell.code[12:] for cell in new] == ["D01", "D02", "D03"]
    assert {code for cell in new for code in cell.came_from} == {town.N1, town.N2, town.N3}
    assert sorted(cell.name for cell in new) == [f"北社区第{n}网格" for n in (1, 2, 3)]


def test_close_to_today_keeps_codes_and_moves_fewer() -> None:
    near = plain(keep=True)[0]
    assert [cell.code for cell in near.division.below(NORTH)] == [town.N1, town.N2, town.N3]
    moved = sum(
        GROUND.houses[id].households
        for cell in TOWN.below(NORTH)
        for id in cell.buildings
        if id not in near.division.cells[cell.code].buildings
    )
    assert near.summary["households_moved"] == moved
    assert moved <= min(other.summary["households_moved"] for other in plain())


@pytest.mark.parametrize("cells", [2, 4])
def test_a_code_that_is_kept_stays_with_the_most_of_its_cell(cells: int) -> None:
    for answer in drawn(cells=cells, keep=True):
        kept = [cell for cell in answer.division.below(NORTH) if cell.code in TOWN.cells]
        assert len(kept) == min(cells, 3)
        for cell in kept:
            before = set(TOWN.cells[cell.code].buildings)
            assert GROUND.households(before & set(cell.buildings)) >= (
                GROUND.households(before) / 2
            )


@pytest.mark.parametrize("cells", [1, 2, 5])
@pytest.mark.parametrize("keep", [False, True])
def test_another_number_of_cells(cells: int, keep: bool) -> None:
    for answer in drawn(cells=cells, keep=keep):
        check(answer.division)
        assert len(answer.division.below(NORTH)) == cells


def test_a_district_gives_each_community_its_share() -> None:
    for answer in drawn(within="210503", cells=7):
        check(answer.division)
        count = [len(answer.division.below(community)) for community, _ in town.ROWS.values()]
        assert sorted(count) == [2, 2, 3]


def test_locked_cells_stay_as_they_are() -> None:
    locked = apply(TOWN, GROUND, Lock((town.N1,), True)).division
    for answer in drawn(locked):
        check(answer.division)
        after = answer.division.cells[town.N1]
        assert same_land(after.shape, locked.cells[town.N1].shape)
        assert after.buildings == locked.cells[town.N1].buildings
        assert len(answer.division.below(NORTH)) == 3


def test_cells_lie_on_one_side_of_a_barrier() -> None:
    # The railway leaves 20 % of the households in the north: with the tolerance wide they get a
    # cell of their own, and the border runs along it.
    railway = drawing.line((-10, 270), (310, 270))
    for answer in drawn(cells=3, barriers=[railway], tolerance=0.3):
        check(answer.division)
        assert answer.summary["over_barriers"] == []


def test_a_barrier_that_would_unbalance_is_crossed_and_told() -> None:
    # West of it stands a single building: no cell can have that alone.
    railway = drawing.line((30, 280), (30, 310))
    fence = drawing.line((-10, 280), (30, 280))
    for answer in drawn(barriers=[shapely.union_all([railway, fence])], tolerance=0.05):
        assert len(answer.summary["over_barriers"]) == 1
        assert answer.summary["over_barriers"][0] in answer.division.cells


def test_workload_counts_incidents_where_they_lie() -> None:
    places = np.array([town.point(256, 262)] * 60)
    answer = drawn(balance=workload(places), cells=2)[0]
    check(answer.division)
    # 300 households, 24 buildings, 60 incidents: 648 in all, and 300 of them in one place.
    east = next(
        cell
        for cell in answer.division.below(NORTH)
        if shapely.intersects_xy(cell.shape, *(places[0] * 1e7))
    )
    assert GROUND.households(east.buildings) < 100


def test_progress_rises_to_one() -> None:
    told: list[float] = []
    drawn(report=told.append)
    assert told == sorted(told)
    assert (told[0], told[-1]) == (0.0, 1.0)


def test_a_cancelled_drawing_ends() -> None:
    with pytest.raises(DrawingCancelled):
        drawn(cancelled=lambda: True)


def test_what_cannot_be_drawn_says_why() -> None:
    with pytest.raises(AreaUnknown):
        drawn(within="210503999")
    with pytest.raises(AreaUnknown):
        drawn(within=town.N1)
    with pytest.raises(TooFewCells) as few:
        drawn(within="210503", cells=2)
    assert few.value.fields["at_least"] == 3
    with pytest.raises(TooManyCells) as many:
        drawn(cells=40)
    assert many.value.fields["at_most"] == 24
    locked = apply(TOWN, GROUND, Lock((town.N1, town.N2, town.N3), True)).division
    with pytest.raises(AllLocked):
        drawn(locked)


def test_shares_are_as_near_as_whole_numbers_are() -> None:
    weights = {"a": 100.0, "b": 310.0, "c": 0.0}
    assert shares(weights, 5, dict.fromkeys(weights, 1)) == {"a": 1, "b": 3, "c": 1}
