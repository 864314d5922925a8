# SPDX-License-Identifier: Apache-2.0
"""What cells are like, measured in the town; and measuring on from an edit."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.plans.compactness import polsby_popper, reock
from geo.plans.edits import Lock, Merge, Reassign, Rename, Split, Transfer, apply
from geo.plans.metrics import Metrics, change, measured
from geo.plans.rules import EditRefused
from geo.plans.survey import Barrier, Survey
from geo.plans.touring import round_m
from geo.walking.network import StreetNet
from tests import drawing, town

TOWN, GROUND = drawing.division(), drawing.standing()
STREETS = [street.line for street in town.streets()]
STOPS = [(site.lon, site.lat) for site in town.checkpoints()]
RAILWAY = drawing.line((50, -10), (50, 310))


def survey(
    *,
    incidents: Sequence[tuple[float, float]] = (),
    barriers: Sequence[Barrier] = (),
    streets: Sequence[shapely.Geometry] = STREETS,
    checkpoints: Sequence[tuple[float, float]] = STOPS,
) -> Survey:
    net = StreetNet(list(streets), srid=town.SRID)
    return Survey(GROUND, incidents=incidents, checkpoints=checkpoints, barriers=barriers, net=net)


PLAIN = survey(incidents=[town.point(20, 220), town.point(30, 230), town.point(150, 150)])


def test_a_cell_of_the_town() -> None:
    metrics = measured(TOWN, GROUND, PLAIN)
    cell = metrics.cells[town.N1]
    assert (cell.households, cell.buildings, cell.building_groups) == (10, 1, 1)
    assert cell.area_m2 == pytest.approx(10_000, abs=5)
    assert (cell.incidents, cell.checkpoints, cell.patrol_m) == (2, 1, 0.0)
    # A square: a circle of its perimeter is 4 / pi as large, the one round it pi / 2.
    assert cell.polsby_popper == pytest.approx(math.pi / 4, abs=1e-3)
    assert cell.reock == pytest.approx(2 / math.pi, abs=1e-3)
    assert (cell.barriers, cell.cut_off) == ((), 0)
    assert metrics.deviation(town.N1) == 0.0


def test_all_cells_together() -> None:
    overall = measured(TOWN, GROUND, PLAIN).overall
    assert (overall.cells, overall.households, overall.incidents) == (9, 90, 3)
    assert overall.area_m2 == pytest.approx(90_000, abs=20)
    assert (overall.households_per_cell, overall.largest_deviation) == (10, 0)


def test_a_merged_cell_has_the_round_of_both_and_deviates() -> None:
    before = measured(TOWN, GROUND, PLAIN)
    edited = apply(TOWN, GROUND, Merge((town.N1, town.N2)))
    after = measured(edited.division, GROUND, PLAIN, before)
    (code,) = (code for code in after.cells if code not in before.cells)
    # Both stand on one street, 100 m apart: there and back.
    assert after.cells[code].patrol_m == pytest.approx(200, abs=0.5)
    assert after.cells[code].households == 20
    assert after.deviation(code) == pytest.approx(20 / (90 / 8) - 1, abs=1e-4)
    assert after.overall.largest_deviation == after.deviation(code)


def test_walks_go_along_the_streets_and_straight_where_there_are_none() -> None:
    merged = apply(TOWN, GROUND, Merge((town.N1, town.N2))).division
    stops = [town.point(5, 295), town.point(195, 295)]
    lane = drawing.line((5, 295), (5, 215), (195, 215), (195, 295))
    for streets, metres in (([lane], 80 + 190 + 80), ([], 190)):
        metrics = measured(merged, GROUND, survey(streets=streets, checkpoints=stops))
        assert max(cell.patrol_m for cell in metrics.cells.values()) == pytest.approx(
            2 * metres, abs=1
        )


def test_a_barrier_counts_where_it_parts_buildings() -> None:
    # The only building of each cell stands at 30 to 70 m: nobody is parted.
    lines = [
        Barrier("railway", "沈丹铁路", RAILWAY),
        Barrier("river", "小河", town.box(0, 98, 300, 102)),
    ]
    place = survey(barriers=lines)
    assert all(cell.barriers == () for cell in measured(TOWN, GROUND, place).cells.values())
    merged = apply(TOWN, GROUND, Merge((town.M1, town.M2))).division
    east = drawing.line((90, -10), (90, 310))
    short = drawing.line((90, -10), (90, 150))
    for line, said in ((east, ("railway:沈丹铁路",)), (short, ())):
        metrics = measured(merged, GROUND, survey(barriers=[Barrier("railway", "沈丹铁路", line)]))
        (cell,) = (cell for cell in metrics.cells.values() if cell.buildings == 2)
        assert cell.barriers == said
        assert metrics.overall.barriers_crossed == len(said)


def test_a_cell_is_contiguous_over_streets_that_join_inside_it() -> None:
    merged = apply(TOWN, GROUND, Merge((town.N1, town.N2))).division
    west, east = drawing.line((50, 250), (95, 250)), drawing.line((105, 250), (150, 250))
    # From one lane to the other one has to go round, 60 m south of the cell.
    outside = drawing.line((50, 250), (50, 140), (150, 140), (150, 250))
    along = drawing.line((50, 250), (50, 190), (150, 190), (150, 250))
    for way, cut in ((outside, 1), (along, 0)):
        metrics = measured(merged, GROUND, survey(streets=[west, east, way]))
        (cell,) = (cell for cell in metrics.cells.values() if cell.buildings == 2)
        assert cell.cut_off == cut
        assert metrics.overall.not_contiguous == cut


def test_a_place_on_a_border_counts_once() -> None:
    corner = [town.point(100, 200), town.point(100, 250), town.point(200, 100)]
    metrics = measured(TOWN, GROUND, survey(incidents=corner))
    assert sum(cell.incidents for cell in metrics.cells.values()) == 3


def same(one: Metrics, other: Metrics) -> bool:
    return (
        dict(one.cells) == dict(other.cells)
        and one.overall == other.overall
        and dict(one.spread) == dict(other.spread)
    )


@settings(max_examples=25, deadline=None, database=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.floats(20, 280), st.floats(20, 280)), max_size=6))
def test_metrics_that_follow_edits_are_those_measured_anew(
    acts: list[tuple[int, float, float]],
) -> None:
    division, metrics = TOWN, measured(TOWN, GROUND, PLAIN)
    for kind, east, north in acts:
        codes = list(division.cells)
        code = codes[int(east + north) % len(codes)]
        (lon, lat) = town.point(east, north)
        edit = [
            Transfer(shapely.Point(lon, lat).buffer(0.0003), code),
            Split(code, parts=2),
            Merge((code, codes[int(north) % len(codes)])),
            Reassign((code,), "210503101002"),
            Rename(code, "新网格"),
        ][kind]
        try:
            division = apply(division, GROUND, edit).division
        except EditRefused:
            continue
        metrics = measured(division, GROUND, PLAIN, metrics)
    assert same(metrics, measured(division, GROUND, PLAIN))


def test_only_what_differs_is_measured_and_told() -> None:
    before = measured(TOWN, GROUND, PLAIN)
    edited = apply(
        TOWN,
        GROUND,
        Transfer(drawing.region((90, 200), (150, 200), (150, 300), (90, 300)), town.N1),
    )
    after = measured(edited.division, GROUND, PLAIN, before)
    assert after.cells[town.S3] is before.cells[town.S3]
    told = change(before, after)
    assert {town.N1, town.N2} <= set(told["cells"]) <= set(edited.changed)
    assert told["cells"][town.N1]["after"]["area_m2"] > told["cells"][town.N1]["before"]["area_m2"]
    locked = apply(edited.division, GROUND, Lock((town.N1,), True)).division
    assert change(after, measured(locked, GROUND, PLAIN, after))["cells"] == {}


def test_a_new_cell_has_nothing_before_and_one_that_is_gone_nothing_after() -> None:
    before = measured(TOWN, GROUND, PLAIN)
    edited = apply(TOWN, GROUND, Merge((town.N1, town.N2)))
    told = change(before, measured(edited.division, GROUND, PLAIN, before))["cells"]
    assert told[town.N1]["after"] is None
    assert [code for code, cell in told.items() if cell["before"] is None] == list(
        set(edited.changed) - set(TOWN.cells)
    )


def test_compactness_of_shapes_that_one_knows() -> None:
    circle, thread = shapely.Point(0, 0).buffer(10, quad_segs=64), shapely.box(0, 0, 100, 1)
    shapes = np.array([circle, thread], dtype=object)
    assert polsby_popper(shapes) == pytest.approx([1.0, 0.0308], abs=1e-3)
    assert reock(shapes) == pytest.approx([1.0, 0.0127], abs=1e-3)


def test_a_round_does_not_cross_itself() -> None:
    # In order, the corners of a square are walked by its diagonals.
    spots = np.array([[0, 0], [10, 10], [10, 0], [0, 10]])
    metres = np.hypot(*(spots[:, None] - spots[None]).transpose(2, 0, 1))
    assert round_m(metres) == pytest.approx(40)
    assert round_m(metres[:1, :1]) == 0
