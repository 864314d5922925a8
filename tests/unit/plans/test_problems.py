# SPDX-License-Identifier: Apache-2.0
"""What the doctor finds in a town with one fault, and that it finds nothing in a sound one."""

from dataclasses import replace

import pytest
import shapely
from shapely.geometry.base import BaseGeometry

from geo.plans.edits import Merge, Split, Transfer, apply
from geo.plans.lattice import to_units
from geo.plans.problems import Detail, Kind, Problem, problems, rechecked
from geo.plans.rules import Cell, Division
from tests import drawing, town

GROUND = drawing.standing()
TOWN = drawing.division()


def box(west: float, south: float, east: float, north: float) -> BaseGeometry:
    """A rectangle in metres of the town, in grid units."""
    return to_units(town.box(west, south, east, north))


def reshaped(*pairs: tuple[str, BaseGeometry], division: Division = TOWN) -> Division:
    return division.with_cells(
        changed=[replace(division.cell(code), shape=shape) for code, shape in pairs]
    )


def faults(division: Division) -> list[Problem]:
    """Without corners out of place: a box in metres meets a straight border near a grid point."""
    return [one for one in problems(division, GROUND) if one.detail is not Detail.UNMATCHED]


def only(division: Division) -> Problem:
    (found,) = faults(division)
    return found


def test_a_sound_town_has_no_problem() -> None:
    assert problems(TOWN, GROUND) == []


def test_a_hole_is_a_gap_that_the_neighbour_with_most_border_gets() -> None:
    # A strip of 20 m in the west of N2: 80 m of N1's border and little of M2's.
    division = reshaped((town.N2, box(120, 200, 200, 300)))
    found = only(division)
    assert (found.kind, found.detail, found.sliver) == (Kind.GAP, Detail.HOLE, False)
    assert found.size_m2 == pytest.approx(2000, rel=0.01)
    assert set(found.areas) == {town.N1, town.N2, town.M1, town.M2}
    assert found.repair in (f"give_gap_to:{town.N1}", f"give_gap_to:{town.N2}")
    assert found.repair_m2 == found.size_m2
    assert abs(found.where.centroid.x - town.point(110, 250)[0]) < 1e-5


def test_an_enclosed_hole_is_found_though_the_coverage_is_valid() -> None:
    hole = box(140, 230, 160, 250)
    division = reshaped((town.N2, TOWN.cell(town.N2).shape.difference(hole)))
    assert shapely.coverage_is_valid([cell.shape for cell in division.cells.values()])
    found = only(division)
    assert (found.kind, found.repair) == (Kind.GAP, f"give_gap_to:{town.N2}")
    assert found.areas == (town.N2,)


def test_a_thin_gap_is_a_sliver() -> None:
    found = only(reshaped((town.N2, box(100.3, 200, 200, 300))))
    assert (found.kind, found.sliver) == (Kind.GAP, True)
    assert found.size_m2 == pytest.approx(30, rel=0.05)


def test_shared_land_is_an_overlap_for_the_cell_whose_house_stands_there() -> None:
    # The house of N2 begins 130 m east.
    division = reshaped((town.N1, box(0, 200, 175, 300)))
    found = only(division)
    assert (found.kind, found.detail) == (Kind.OVERLAP, Detail.SHARED)
    assert found.areas == (town.N1, town.N2)
    assert found.repair == f"give_overlap_to:{town.N2}"
    assert found.size_m2 == pytest.approx(7500, rel=0.01)


def test_a_cell_inside_another_keeps_its_land() -> None:
    inner = Cell("210503101001D01", "新网格", box(140, 230, 160, 250))
    found = only(TOWN.with_cells(changed=[inner]))
    assert found.repair == f"give_overlap_to:{inner.code}"


def test_a_cell_told_twice_is_a_duplicate() -> None:
    again = Cell("210503101001D01", "第2网格", TOWN.cell(town.N2).shape)
    found = only(TOWN.with_cells(changed=[again]))
    assert (found.kind, found.detail) == (Kind.OVERLAP, Detail.DUPLICATE)
    assert found.areas == (town.N2, again.code)
    assert found.repair == f"drop_cell:{again.code}"


def test_a_cell_in_two_parts_gives_the_lesser_to_the_neighbour() -> None:
    split = apply(TOWN, GROUND, Split(town.N1, drawing.line((50, 190), (50, 310)))).division
    halves = [cell for cell in split.cells.values() if "D" in cell.code]
    west, east = sorted(halves, key=lambda cell: cell.shape.bounds)
    # The north of the east half is the west's, cut off by a strip.
    north = box(80, 250, 100, 300)
    division = reshaped(
        (west.code, shapely.MultiPolygon([west.shape, north])),
        (east.code, east.shape.difference(north)),
        division=split,
    )
    found = faults(division)
    part = next(problem for problem in found if problem.kind is Kind.PART)
    assert (part.detail, part.areas) == (Detail.CELL_IN_PARTS, (west.code,))
    assert part.repair == f"drop_part_to:{east.code}"
    assert part.size_m2 == pytest.approx(1000, rel=0.02)


def test_a_ring_that_crosses_itself_is_invalid() -> None:
    square = TOWN.cell(town.M2).shape
    ring = shapely.get_coordinates(square).tolist()
    # Out to a point beyond the corner and back across the edge.
    bow = shapely.Polygon([ring[1], ring[0], *ring[2:-1], ring[1]])
    assert not bow.is_valid
    found = problems(reshaped((town.M2, bow)), GROUND)
    ring_fault = next(problem for problem in found if problem.kind is Kind.INVALID)
    assert (ring_fault.detail, ring_fault.areas) == (Detail.RING, (town.M2,))
    assert ring_fault.repair == "make_valid"


def test_land_outside_of_the_district_is_to_be_cut_off() -> None:
    found = only(reshaped((town.N1, box(-10, 200, 100, 300))))
    assert (found.kind, found.detail) == (Kind.NESTING, Detail.OUTSIDE)
    assert found.repair == f"cut_off:{town.N1}"
    assert found.size_m2 == pytest.approx(1000, rel=0.01)


def test_a_corner_that_a_neighbour_lacks_is_unmatched() -> None:
    # The border between N2 and M2 with one more corner on one side, a finger's breadth off.
    ring = shapely.get_coordinates(TOWN.cell(town.N2).shape)
    south = to_units(drawing.line((150, 200), (150, 201)))
    corner = shapely.get_coordinates(south)[0]
    place = next(
        at
        for at in range(len(ring) - 1)
        if shapely.LineString(ring[at : at + 2]).distance(shapely.Point(corner)) < 1
    )
    bent = shapely.Polygon([*ring[: place + 1], corner - (0, 1), *ring[place + 1 :]])
    found = problems(reshaped((town.N2, bent)), GROUND)
    assert [(problem.kind, problem.detail) for problem in found] == [
        (Kind.INVALID, Detail.UNMATCHED)
    ]
    assert {town.N2, town.M2} <= set(found[0].areas)
    assert found[0].repair == "match_corners"


def test_a_community_in_two_parts_unless_islands_are_declared() -> None:
    division = drawing.parted()
    found = only(division)
    assert (found.kind, found.detail) == (Kind.PART, Detail.AREA_IN_PARTS)
    assert found.areas[0] == "210503101002"
    assert found.areas[1:] in [(town.M1,), (town.M3,)]
    assert found.repair in ("reassign_to:210503101001", "reassign_to:210503102001")
    upper = division.uppers["210503101002"]
    declared = division.with_uppers(changed=[replace(upper, islands=True)])
    assert problems(declared, GROUND) == []


def test_a_cell_of_a_community_that_is_not_there() -> None:
    lost = replace(TOWN.cell(town.S1), code="210503102009001", groups=())
    division = TOWN.with_cells(changed=[lost], removed=[town.S1])
    found = problems(division, GROUND)
    assert [(problem.detail, problem.areas, problem.repair) for problem in found] == [
        (Detail.NO_PARENT, (lost.code,), "reassign_to:210503101002"),
        (Detail.BUILDING_HOMELESS, (lost.code,), f"house_in:{lost.code}"),
    ]


def test_a_building_listed_in_another_cell_than_it_stands_in() -> None:
    one, other = TOWN.cell(town.N1), TOWN.cell(town.N2)
    division = TOWN.with_cells(
        changed=[replace(one, groups=()), replace(other, groups=(*one.groups, *other.groups))]
    )
    found = only(division)
    assert (found.detail, found.building) == (Detail.BUILDING_ASTRAY, f"{town.N1}0001")
    assert found.areas == (town.N2, town.N1)
    assert found.repair == f"house_in:{town.N1}"
    twice = TOWN.with_cells(changed=[replace(other, groups=(*one.groups, *other.groups))])
    assert only(twice).detail is Detail.BUILDING_TWICE


def test_an_id_stays_while_the_fault_stays() -> None:
    faulty = reshaped((town.N2, box(120, 200, 200, 300)))
    first = only(faulty)
    edited = apply(faulty, GROUND, Merge((town.S1, town.S2)))
    assert only(edited.division).id == first.id
    wider = only(reshaped((town.N2, box(121, 200, 200, 300))))
    assert wider.id != first.id


def test_the_neighbourhood_alone_says_the_same() -> None:
    faulty = reshaped((town.N2, box(120, 200, 200, 300)), (town.S3, box(190, 0, 300, 100)))
    known = problems(faulty, GROUND)
    assert len(faults(faulty)) == 2
    area = drawing.region((0, 90), (20, 90), (20, 110), (0, 110))
    edited = apply(faulty, GROUND, Transfer(area, town.M1))
    codes = [*edited.changed, *edited.removed]
    after = rechecked(known, edited.division, GROUND, codes=codes)
    assert {one.id for one in after} == {one.id for one in problems(edited.division, GROUND)}
    # A fault of a neighbour's neighbour does not concern the cells that changed.
    assert problems(faulty, GROUND, codes=[town.S1]) == []
    assert {one.kind for one in problems(faulty, GROUND, codes=[town.S3])} >= {Kind.OVERLAP}
