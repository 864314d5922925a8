# SPDX-License-Identifier: Apache-2.0
"""Repairs: what each does to the town, and that a town in a mess is whole again after all."""

from dataclasses import replace

import pytest
import shapely

from geo.plans.edits import Edited, Lock, Repair, apply
from geo.plans.lattice import area_m2
from geo.plans.problems import Detail, Problem, problems
from geo.plans.rules import Cell, CellLocked, Division, NeedsHand, RepairUnknown
from tests import drawing, town
from tests.mess import messed
from tests.unit.plans.test_any_edit import check
from tests.unit.plans.test_problems import box, reshaped

GROUND = drawing.standing()
TOWN = drawing.division()
LAND = shapely.coverage_union_all([cell.shape for cell in TOWN.cells.values()])


def size(division: Division, code: str) -> float:
    return round(area_m2(division.cell(code).shape, town.SRID), -1)


def mend(division: Division, *details: Detail) -> Edited:
    found = [one for one in problems(division, GROUND) if not details or one.detail in details]
    return apply(division, GROUND, Repair(tuple(one.id for one in found)))


def repair_of(division: Division, detail: Detail) -> Problem:
    return next(one for one in problems(division, GROUND) if one.detail is detail)


def test_a_gap_goes_to_the_cell_that_the_repair_names() -> None:
    faulty = reshaped((town.N2, box(120, 200, 200, 300)))
    (to,) = {one.repair for one in problems(faulty, GROUND) if one.detail is Detail.HOLE}
    done = mend(faulty)
    assert to is not None
    assert size(done.division, to.partition(":")[2]) in (10_000, 12_000)
    assert done.asked_m2 == pytest.approx(2000, rel=0.01)
    assert done.moved_m2 == pytest.approx(2000, rel=0.01)
    assert set(done.changed) <= {town.N1, town.N2, town.N3, town.M1, town.M2}
    assert problems(done.division, GROUND) == []
    check(done.division)


def test_an_overlap_is_left_to_one_of_the_two() -> None:
    done = mend(reshaped((town.N1, box(0, 200, 175, 300))))
    assert (size(done.division, town.N1), size(done.division, town.N2)) == (10_000, 10_000)
    check(done.division)


def test_one_repair_leaves_the_other_faults_alone() -> None:
    faulty = reshaped((town.N2, box(120, 200, 200, 300)), (town.S3, box(180, 0, 300, 100)))
    done = mend(faulty, Detail.HOLE)
    left = problems(done.division, GROUND)
    assert Detail.SHARED in {one.detail for one in left}
    assert Detail.HOLE not in {one.detail for one in left}
    # Asked for another time, that fault is there no more.
    with pytest.raises(RepairUnknown):
        apply(done.division, GROUND, Repair((repair_of(faulty, Detail.HOLE).id,)))
    assert problems(mend(done.division).division, GROUND) == []


def test_a_cell_told_twice_is_dropped_and_its_buildings_stay() -> None:
    cell = TOWN.cell(town.N2)
    again = Cell("210503101001D01", cell.name, cell.shape, groups=cell.groups)
    faulty = TOWN.with_cells(changed=[again, replace(cell, groups=())])
    done = mend(faulty)
    assert done.removed == (again.code,)
    assert done.division.cell(town.N2).buildings == cell.buildings
    check(done.division)


def test_land_outside_is_cut_off() -> None:
    done = mend(reshaped((town.N1, box(-10, 200, 100, 300))))
    assert size(done.division, town.N1) == 10_000
    check(done.division)


def test_a_part_in_a_neighbour_is_dropped() -> None:
    yard = box(230, 130, 250, 150)
    faulty = reshaped((town.N1, shapely.union(TOWN.cell(town.N1).shape, yard)))
    done = mend(faulty)
    assert (size(done.division, town.N1), size(done.division, town.M3)) == (10_000, 10_000)
    check(done.division)


def test_a_building_goes_where_it_stands_under_a_group_of_that_cell() -> None:
    one, other = TOWN.cell(town.N1), TOWN.cell(town.N2)
    faulty = TOWN.with_cells(
        changed=[replace(one, groups=()), replace(other, groups=(*one.groups, *other.groups))]
    )
    done = mend(faulty)
    assert done.division.cell(town.N1).groups == one.groups
    assert done.division.cell(town.N2).groups == other.groups
    homeless = TOWN.with_cells(changed=[replace(one, groups=())])
    (group,) = mend(homeless).division.cell(town.N1).groups
    assert (group.code, group.buildings) == (f"{town.N1}D01", one.buildings)


def test_a_community_in_parts_is_joined_by_giving_the_lesser_part_away() -> None:
    done = mend(drawing.parted())
    assert problems(done.division, GROUND) == []
    assert len(done.division.cells) == 9


def test_a_cell_of_a_community_that_is_not_there_gets_one() -> None:
    lost = replace(TOWN.cell(town.S1), code="210503102009001", groups=())
    faulty = TOWN.with_cells(changed=[lost], removed=[town.S1])
    done = mend(faulty)
    assert problems(done.division, GROUND) == []
    assert all(cell.community in done.division.uppers for cell in done.division.cells.values())


def test_a_locked_cell_is_not_mended() -> None:
    faulty = reshaped((town.N2, box(120, 200, 200, 300)))
    locked = apply(faulty, GROUND, Lock((town.N1, town.N2, town.M1, town.M2), True)).division
    with pytest.raises(CellLocked):
        mend(locked)


def test_what_only_a_person_can_tell_is_refused() -> None:
    # A cell alone: whose the land about it is, nothing says.
    alone = TOWN.with_uppers(removed=["210503102"])
    (orphan,) = problems(alone, GROUND)
    assert (orphan.detail, orphan.repair) == (Detail.NO_PARENT, None)
    with pytest.raises(NeedsHand):
        apply(alone, GROUND, Repair((orphan.id,)))


@pytest.mark.parametrize("seed", range(12))
def test_a_town_in_a_mess_is_whole_after_all_repairs(seed: int) -> None:
    faulty = messed(TOWN, seed, share=0.5)
    found = problems(faulty, GROUND)
    assert found
    ids = tuple(one.id for one in found if one.repair is not None)
    mended = apply(faulty, GROUND, Repair(ids)).division
    assert {one.detail for one in problems(mended, GROUND)} <= {Detail.AREA_IN_PARTS}
    check(mended)


def test_a_town_without_faults_has_nothing_to_repair() -> None:
    assert apply(TOWN, GROUND, Repair(())).division == TOWN
