# SPDX-License-Identifier: Apache-2.0
"""Edits of a division: what each does to the town, and what it refuses."""

import pytest
import shapely

from geo.plans.edits import (
    Declare,
    Edit,
    Edited,
    Found,
    Lock,
    Merge,
    Reassign,
    Redraw,
    Rename,
    Split,
    Transfer,
    apply,
)
from geo.plans.lattice import area_m2
from geo.plans.problems import problems
from geo.plans.rules import (
    AreaUnknown,
    CellLocked,
    Division,
    DoesNotCut,
    EditRefused,
    NothingMoves,
    NotNeighbours,
    NotOneCommunity,
    ShapeWrong,
    WouldPart,
    WouldPartArea,
    WouldVanish,
)
from tests import drawing, town

GROUND = drawing.standing()


def edit(edit: Edit, division: Division | None = None) -> Edited:
    return apply(division or drawing.division(), GROUND, edit)


def size(division: Division, code: str) -> float:
    """Square metres of a cell, to a hundred: a line meets the outer border up to 0.3 m off."""
    return round(area_m2(division.cell(code).shape, town.SRID), -2)


def test_a_transfer_takes_exactly_the_area_from_the_neighbours() -> None:
    # A strip of 10 m along the border, over both cells to the east.
    area = drawing.region((100, 200), (110, 200), (110, 300), (100, 300))
    done = edit(Transfer(area, town.N1))
    assert size(done.division, town.N1) == 11_000
    assert size(done.division, town.N2) == 9_000
    assert done.changed == (town.N1, town.N2, town.M2)
    assert done.asked_m2 == pytest.approx(1000, abs=20)
    assert done.moved_m2 == pytest.approx(1000, abs=20)


def test_a_neighbour_of_both_gets_the_new_corner() -> None:
    area = drawing.region((100, 200), (110, 200), (110, 300), (100, 300))
    done = edit(Transfer(area, town.N1)).division
    assert shapely.coverage_is_valid([cell.shape for cell in done.cells.values()])
    corners = shapely.get_num_coordinates(done.cell(town.M2).shape)
    assert corners == shapely.get_num_coordinates(drawing.division().cell(town.M2).shape) + 1


def test_a_border_goes_round_a_building_with_more_of_it_outside() -> None:
    # The building of N2 stands from 130 to 170 m; the area asked for ends at 140.
    area = drawing.region((100, 200), (140, 200), (140, 300), (100, 300))
    done = edit(Transfer(area, town.N1))
    assert done.asked_m2 == pytest.approx(4000, abs=20)
    assert done.moved_m2 == pytest.approx(4000 - 10.3 * 12.6, abs=20)
    foot = GROUND.houses[f"{town.N2}0001"].footprint
    assert done.division.cell(town.N2).shape.covers(foot)
    assert done.division.cell(town.N2).buildings == (f"{town.N2}0001",)


def test_a_building_goes_over_with_most_of_it_and_gets_a_new_group() -> None:
    area = drawing.region((100, 200), (160, 200), (160, 300), (100, 300))
    done = edit(Transfer(area, town.N1)).division
    assert done.cell(town.N2).groups == ()
    own, new = done.cell(town.N1).groups
    assert own.code == f"{town.N1}001"
    assert (new.code, new.buildings) == (f"{town.N1}D01", (f"{town.N2}0001",))
    assert new.came_from == (f"{town.N2}001",)


def test_a_building_is_cut_where_that_is_asked_for() -> None:
    area = drawing.region((100, 200), (140, 200), (140, 300), (100, 300))
    done = edit(Transfer(area, town.N1, whole=False))
    assert done.moved_m2 == pytest.approx(4000, abs=20)
    assert done.division.cell(town.N2).buildings == (f"{town.N2}0001",)


def test_what_would_lie_in_two_parts_is_refused_with_the_place() -> None:
    # A band through the middle of N2 leaves its west and its east.
    area = drawing.region((140, 150), (160, 150), (160, 300), (140, 300))
    with pytest.raises(WouldPart) as refused:
        edit(Transfer(area, town.M2, whole=False))
    assert refused.value.fields["cell"] == town.N2
    assert refused.value.fields["parts_m2"] == pytest.approx([4000, 4000], abs=20)
    assert abs(refused.value.fields["lon"] - town.point(120, 250)[0]) < 0.01


def test_an_area_that_does_not_touch_the_cell_is_refused() -> None:
    area = drawing.region((210, 210), (220, 210), (220, 220), (210, 220))
    with pytest.raises(WouldPart):
        edit(Transfer(area, town.N1))


def test_the_last_land_of_a_cell_is_not_transferred() -> None:
    area = drawing.region((95, 195), (205, 195), (205, 305), (95, 305))
    with pytest.raises(WouldVanish) as refused:
        edit(Transfer(area, town.N1))
    assert refused.value.fields["cells"] == [town.N2]
    with pytest.raises(WouldVanish) as refused:
        edit(Transfer(drawing.region((-50, -50), (350, -50), (350, 350), (-50, 350)), town.N1))
    assert refused.value.fields["cells"] == sorted(set(town.CELLS.values()) - {town.N1})


def test_an_area_outside_the_district_moves_nothing() -> None:
    with pytest.raises(NothingMoves):
        edit(Transfer(drawing.region((-50, 0), (-10, 0), (-10, 40)), town.S1))
    area = drawing.region((-50, 50), (50, 50), (50, 150), (-50, 150))
    done = edit(Transfer(area, town.S1))
    assert done.moved_m2 == pytest.approx(2500, abs=20)
    outside = shapely.coverage_union_all([c.shape for c in drawing.division().cells.values()])
    after = shapely.coverage_union_all([c.shape for c in done.division.cells.values()])
    # The outer border gains two corners, each within half a grid unit (0.6 cm) of where it ran.
    edge = shapely.boundary(outside).buffer(0.75)
    assert outside.symmetric_difference(after).difference(edge).is_empty
    assert area_m2(outside.symmetric_difference(after), town.SRID) < 0.5


def test_a_shape_that_crosses_itself_is_refused() -> None:
    area = drawing.region((100, 200), (120, 300), (120, 200), (100, 300))
    with pytest.raises(ShapeWrong) as refused:
        edit(Transfer(area, town.N1))
    assert "Self-intersection" in refused.value.fields["found"]
    with pytest.raises(ShapeWrong):
        edit(Transfer(drawing.line((0, 0), (1, 1)), town.N1))


def test_a_split_retires_the_cell_and_keeps_its_line_of_descent() -> None:
    done = edit(Split(town.N1, drawing.line((50, 190), (50, 310))))
    assert done.removed == (town.N1,)
    west, east = (done.division.cell(code) for code in done.changed if code != town.M1)
    assert {west.code, east.code} == {"210503101001D01", "210503101001D02"}
    assert west.came_from == east.came_from == (town.N1,)
    assert size(done.division, west.code) + size(done.division, east.code) == 10_000
    # The building stands across the line: whole in one of them, in a group of a new code.
    (group,) = [*west.groups, *east.groups]
    assert group.came_from == (f"{town.N1}001",)
    assert group.code.endswith("D01")


def test_a_line_that_ends_inside_does_not_cut() -> None:
    with pytest.raises(DoesNotCut):
        edit(Split(town.N1, drawing.line((50, 190), (50, 250))))
    with pytest.raises(DoesNotCut) as refused:
        edit(Split(town.N1, drawing.line((-5, 290), (50, 310), (105, 290), (90, 190))))
    assert refused.value.fields["parts"] == 4


def test_a_cell_divides_into_parts_of_equal_area_where_nobody_lives() -> None:
    merged = edit(Merge((town.N1, town.N2, town.N3))).division
    (code,) = (code for code in merged.cells if "D" in code)
    done = apply(merged, GROUND, Split(code, parts=3)).division
    assert len(done.cells) == 9
    assert sorted(len(cell.buildings) for cell in done.below("210503101001")) == [1, 1, 1]


def test_a_merge_retires_all_its_cells() -> None:
    done = edit(Merge((town.N1, town.N2), name="彩虹网格"))
    merged = done.division.cell("210503101001D01")
    assert (merged.name, merged.came_from) == ("彩虹网格", (town.N1, town.N2))
    assert len(merged.buildings) == len(merged.groups) == 2
    assert size(done.division, merged.code) == 20_000
    assert done.removed == (town.N1, town.N2)


def test_only_neighbours_of_one_community_merge() -> None:
    with pytest.raises(NotNeighbours):
        edit(Merge((town.N1, town.N3)))
    with pytest.raises(NotOneCommunity):
        edit(Merge((town.N1, town.M1)))
    with pytest.raises(NothingMoves):
        edit(Merge((town.N1, town.N1)))
    with pytest.raises(AreaUnknown):
        edit(Merge((town.N1, "210503101001999")))


def test_the_border_between_two_cells_is_drawn_anew() -> None:
    line = drawing.line((90, 190), (90, 310))
    done = edit(Redraw((town.N1, town.N2), line))
    assert (size(done.division, town.N1), size(done.division, town.N2)) == (9_000, 11_000)
    assert done.asked_m2 == pytest.approx(1000, abs=20)
    with pytest.raises(NotNeighbours):
        edit(Redraw((town.N1, town.N3), line))


def test_cells_move_to_another_community_under_a_new_code() -> None:
    done = edit(Reassign((town.M1,), "210503101001"))
    moved = done.division.cell("210503101001D01")
    assert moved.came_from == (town.M1,)
    assert moved.groups[0].code == "210503101001D01D01"
    assert done.removed == (town.M1,)
    with pytest.raises(NothingMoves):
        edit(Reassign((town.N1,), "210503101001"))
    with pytest.raises(AreaUnknown):
        edit(Reassign((town.N1,), "210503101009"))


def test_a_community_moves_whole_and_an_empty_subdistrict_is_gone() -> None:
    done = edit(Reassign(("210503102001",), "210503101")).division
    assert "210503102" not in done.uppers
    assert done.uppers["210503101D01"].name == "南社区"
    assert [cell.code for cell in done.below("210503101D01")] == [
        f"210503101D01D0{number}" for number in (1, 2, 3)
    ]


def test_a_new_community_is_made_of_cells() -> None:
    done = edit(Found((town.N3, town.M3), "210503101", "东社区")).division
    assert done.uppers["210503101D01"].name == "东社区"
    assert len(done.below("210503101D01")) == 2
    again = apply(done, GROUND, Found((town.N2,), "210503101", "又一社区")).division
    assert again.uppers["210503101D02"].name == "又一社区"


def test_a_locked_cell_is_not_touched_and_says_so() -> None:
    locked = edit(Lock((town.N2,), True)).division
    area = drawing.region((100, 200), (110, 200), (110, 300), (100, 300))
    with pytest.raises(CellLocked) as refused:
        edit(Transfer(area, town.N1), locked)
    assert refused.value.fields["cells"] == [town.N2]
    free = edit(Lock((town.N2,), False), locked).division
    assert edit(Transfer(area, town.N1), free).moved_m2 == pytest.approx(1000, abs=20)


def test_an_area_gets_another_name() -> None:
    assert edit(Rename(town.N1, "第一网格")).division.cell(town.N1).name == "第一网格"
    assert edit(Rename("210503101", "新街道")).division.uppers["210503101"].name == "新街道"


def test_the_division_that_was_stays_as_it_was() -> None:
    before = drawing.division()
    shapes = {code: cell.shape.wkb for code, cell in before.cells.items()}
    edit(Split(town.N1, drawing.line((50, 190), (50, 310))), before)
    assert {code: cell.shape.wkb for code, cell in before.cells.items()} == shapes


def test_every_refusal_has_a_code_of_its_own() -> None:
    def kinds(family: type[EditRefused]) -> list[type[EditRefused]]:
        return [family, *(kind for own in family.__subclasses__() for kind in kinds(own))]

    codes = [kind.code for kind in kinds(EditRefused)]
    assert len(codes) == len(set(codes))


def test_an_area_is_not_parted_unless_islands_are_declared() -> None:
    # S2 going north would leave the southern community, and its subdistrict, in two parts.
    away = Reassign((town.S2,), "210503101002")
    with pytest.raises(WouldPartArea) as refused:
        edit(away)
    assert refused.value.fields["area"] == "210503102"
    assert refused.value.fields["parts_m2"] == pytest.approx([10_000, 10_000], abs=20)
    declared = edit(Declare("210503102", True)).division
    with pytest.raises(WouldPartArea) as refused:
        edit(away, declared)
    assert refused.value.fields["area"] == "210503102001"
    declared = edit(Declare("210503102001", True), declared).division
    parted = edit(away, declared).division
    assert problems(parted, GROUND) == []
    # Taken back, it is a fault; what is in parts may still be worked on.
    again = edit(Declare("210503102", False), parted).division
    assert [fault.areas[0] for fault in problems(again, GROUND)] == ["210503102"]
    assert edit(Rename(town.S1, "南一"), again).changed == (town.S1,)
    with pytest.raises(AreaUnknown):
        edit(Declare("210503109", True))
