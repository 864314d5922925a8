# SPDX-License-Identifier: Apache-2.0
"""Repairs: each is reported with what, how large and where; what no rule may mend is refused."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry.base import BaseGeometry

from geo.crs import geometry_to_degrees, geometry_to_metres, on_grid
from geo.hierarchy.rules import Area
from geo.ids import AreaCode, Level, parent_of
from geo.interchange.bring import areas_of, fitted
from geo.interchange.clean import edge_matched, sound
from geo.interchange.rules import (
    FieldMissing,
    GeometryWrong,
    Layer,
    ParentMissing,
    Unrepairable,
    ValueBad,
)
from geo.units import Metres
from tests import town

TOLERANCE = Metres(0.2)


def layer(shapes: list[BaseGeometry], **columns: list[object]) -> Layer:
    columns = columns or {"name": [f"区域{place}" for place in range(len(shapes))]}
    rows = [
        dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)
    ]
    numbers = list(range(1, len(shapes) + 1))
    return Layer("cells", tuple(columns), rows, shapes, numbers, 4326, "utf-8")


def area_m2(shape: BaseGeometry) -> float:
    return float(geometry_to_metres(shape, town.SRID).area)


def exact(west: float, south: float, east: float, north: float) -> BaseGeometry:
    """A rectangle in metres of the town, its corners where arithmetic puts them."""
    zero = geometry_to_metres(shapely.Point(town.point(0, 0)), town.SRID)
    box = shapely.box(zero.x + west, zero.y + south, zero.x + east, zero.y + north)
    return geometry_to_degrees(box, town.SRID)


def test_what_is_sound_is_left_alone() -> None:
    shapes = [town.box(0, 0, 100, 100), town.box(100, 0, 200, 100)]
    found, repairs = sound(layer(shapes))
    assert repairs == []
    matched, repairs = edge_matched(found, ["1", "2"], "cells", TOLERANCE)
    assert repairs == []
    assert all(shapely.equals_exact(shapes, matched, tolerance=0))


def test_a_self_crossing_polygon_is_mended_and_reported_with_its_place() -> None:
    corners = [town.point(*xy) for xy in ((0, 0), (100, 100), (100, 0), (0, 100), (0, 0))]
    found, repairs = sound(layer([shapely.Polygon(corners)]))
    assert found[0].is_valid
    assert area_m2(found[0]) == pytest.approx(5000, abs=1)
    (repair,) = [one for one in repairs if one.code == "repair.invalid"]
    assert (repair.feature, repair.label) == (1, "区域0")
    assert repair.size_m2 is not None
    assert (repair.lon, repair.lat) == pytest.approx(town.point(50, 50), abs=1e-6)


def test_a_polygon_of_no_area_is_refused_with_its_place() -> None:
    corners = [(123.76, 41.3), (123.77, 41.3), (123.765, 41.3), (123.76, 41.3)]
    with pytest.raises(Unrepairable) as refused:
        sound(layer([shapely.Polygon(corners)]))
    assert refused.value.fields["kind"] == "invalid"
    assert refused.value.fields["lon"] == 123.76


def test_doubled_vertices_are_counted() -> None:
    corners = list(town.box(0, 0, 100, 100).exterior.coords)  # type: ignore[attr-defined]
    found, repairs = sound(layer([shapely.Polygon([corners[0], corners[0], *corners])]))
    assert [(one.code, one.count) for one in repairs] == [("repair.doubled_vertex", 2)]
    assert shapely.get_num_coordinates(found[0]) == 5


def test_points_off_the_grid_are_counted_and_put_on_it() -> None:
    found, repairs = sound(layer([exact(1, 1, 100, 100)]))
    assert [(one.code, one.count) for one in repairs] == [("repair.grid", 5)]
    assert shapely.equals_exact(found[0], on_grid(found[0]), tolerance=0)


def test_a_ring_that_runs_the_wrong_way_is_turned() -> None:
    wrong = shapely.orient_polygons(town.box(0, 0, 100, 100), exterior_cw=False)
    one = layer([wrong])
    from_shapefile = Layer(**{**vars(one), "clockwise": True})
    found, repairs = sound(from_shapefile)
    assert [one.code for one in repairs] == ["repair.orientation"]
    assert not found[0].exterior.is_ccw  # type: ignore[attr-defined]


def test_wrong_types_are_refused() -> None:
    with pytest.raises(GeometryWrong):
        sound(layer([shapely.Point(123.7, 41.3)]))


@pytest.mark.parametrize(("by", "code"), [(0.1, "repair.gap"), (-0.1, "repair.overlap")])
def test_slivers_are_closed_and_reported(by: float, code: str) -> None:
    shapes = [town.box(0, 0, 100, 100), town.box(100 + by, 0, 200, 100)]
    matched, repairs = edge_matched(shapes, ["甲", "乙"], "cells", TOLERANCE)
    assert repairs[0].code == code
    assert repairs[-1].code == "repair.matched"
    # Moving a corner by a hand lays the edges beside it anew: nothing larger than a sheet of paper.
    assert all((one.size_m2 or 0) < 0.1 for one in repairs[1:])
    assert repairs[0].size_m2 == pytest.approx(10, abs=1.5)
    assert repairs[0].lon == pytest.approx(town.point(100, 50)[0], abs=2e-6)
    assert shapely.coverage_is_valid(matched)
    assert shapely.union_all(matched).geom_type == "Polygon"
    assert sum(area_m2(one) for one in matched) == pytest.approx(20_000, abs=2)


def test_a_vertex_that_the_neighbour_lacks_is_added() -> None:
    left = [town.box(0, 0, 100, 100), town.box(0, 100, 100, 200)]
    right = town.box(100, 0, 200, 200)
    matched, repairs = edge_matched([*left, right], ["1", "2", "3"], "cells", TOLERANCE)
    assert shapely.coverage_is_valid(matched)
    assert {one.code for one in repairs} <= {"repair.matched", "repair.gap", "repair.overlap"}
    assert repairs


def test_an_overlap_that_is_wide_is_refused_with_place_and_size() -> None:
    shapes = [town.box(0, 0, 100, 100), town.box(90, 0, 200, 100)]
    with pytest.raises(Unrepairable) as refused:
        edge_matched(shapes, ["甲", "乙"], "cells", TOLERANCE)
    said = refused.value.fields
    assert (said["kind"], said["label"]) == ("overlap", "甲 / 乙")
    assert said["size_m2"] == pytest.approx(1000, abs=2)
    assert (said["lon"], said["lat"]) == pytest.approx(town.point(95, 50), abs=2e-4)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(-0.08, 0.08), min_size=16, max_size=16), st.integers(0, 2**31))
def test_nine_cells_with_shaken_corners_become_a_coverage(shifts: list[float], seed: int) -> None:
    """Every cell of three by three is drawn by itself, a few centimetres off."""
    chance = np.random.default_rng(seed)
    shapes = []
    for place in range(9):
        west, south = place % 3 * 100, place // 3 * 100
        off = chance.choice(shifts, size=4)
        shapes.append(
            on_grid(exact(west + off[0], south + off[1], west + 100 + off[2], south + 100 + off[3]))
        )
    matched, _ = edge_matched(shapes, [str(place) for place in range(9)], "cells", TOLERANCE)
    assert shapely.coverage_is_valid(matched)
    whole = shapely.union_all(matched)
    assert whole.geom_type == "Polygon"
    assert len(whole.interiors) == 0
    for old, new in zip(shapes, matched, strict=True):
        assert abs(area_m2(old) - area_m2(new)) < 100
        assert shapely.equals_exact(new, on_grid(new), tolerance=0)


def area(code: str, shape: BaseGeometry) -> Area:
    level = {6: Level.DISTRICT, 9: Level.SUBDISTRICT, 12: Level.COMMUNITY, 15: Level.CELL}
    parent = parent_of(AreaCode(code))
    return Area(AreaCode(code), code, level[len(code)], parent, 0, (), shape)


def test_upper_levels_become_the_union_of_the_lower_by_slivers_only() -> None:
    parts = [area(f"21050300{number}", town.box(number * 100 - 100, 0, number * 100, 100))
             for number in (1, 2)]  # fmt: skip
    rough = area("210503", town.box(0, 0, 200.1, 100))
    found, repairs = fitted([rough, *parts], Level.SUBDISTRICT, "x", TOLERANCE)
    assert found[0].boundary is not None
    assert found[0].boundary.equals(shapely.union_all([one.boundary for one in parts]))
    assert [one.code for one in repairs] == ["repair.edge"]
    for east, kind in ((230, "gap"), (170, "spill")):
        with pytest.raises(Unrepairable) as refused:
            fitted([area("210503", town.box(0, 0, east, 100)), *parts],
                   Level.SUBDISTRICT, "x", TOLERANCE)  # fmt: skip
        assert refused.value.fields["kind"] == kind
        assert refused.value.fields["size_m2"] == pytest.approx(3000, abs=5)


def test_areas_without_codes_are_numbered_west_to_east_then_south() -> None:
    parents = [area("210503001", town.box(0, 0, 200, 200))]
    boxes = [(100, 0, 200, 100), (0, 0, 100, 100), (100, 100, 200, 200), (0, 100, 100, 200)]
    shapes = [town.box(*corners) for corners in boxes]
    found = areas_of(
        layer(shapes, name=["东南", "西南", "东北", "西北"]),
        shapes, Level.COMMUNITY, {"name": "name"}, parents=parents, issued=["210503001004"],
    )  # fmt: skip
    assert [(one.code[-3:], one.name) for one in found] == [
        ("005", "西北"),
        ("006", "东北"),
        ("007", "西南"),
        ("008", "东南"),
    ]


def test_a_code_that_is_not_where_it_says_is_refused() -> None:
    parents = [area("210503001", town.box(0, 0, 100, 100)),
               area("210503002", town.box(100, 0, 200, 100))]  # fmt: skip
    shapes = [town.box(0, 0, 100, 100)]
    fields = {"name": "name", "code": "code"}
    wrong = layer(shapes, name=["甲"], code=["210503002001"])
    with pytest.raises(ParentMissing) as refused:
        areas_of(wrong, shapes, Level.COMMUNITY, fields, parents=parents)
    assert "210503001" in refused.value.fields["label"]
    outside = [town.box(500, 0, 600, 100)]
    with pytest.raises(ParentMissing):
        areas_of(layer(outside, name=["甲"]), outside, Level.COMMUNITY, {"name": "name"},
                 parents=parents)  # fmt: skip


@pytest.mark.parametrize("code", ["2105", "21050300a", "２１０５０３００１", "", "210503001001"])
def test_a_code_of_another_shape_is_refused(code: str) -> None:
    shapes = [town.box(0, 0, 100, 100)]
    with pytest.raises(ValueBad):
        areas_of(layer(shapes, name=["甲"], code=[code]), shapes, Level.SUBDISTRICT,
                 {"name": "name", "code": "code"}, parents=[area("210503", shapes[0])])  # fmt: skip


def test_statistics_codes_with_zeros_behind_are_understood() -> None:
    shapes = [town.box(0, 0, 100, 100)]
    found = areas_of(layer(shapes, name=["甲"], code=[210503001000]), shapes, Level.SUBDISTRICT,
                     {"name": "name", "code": "code"},
                     parents=[area("210503", shapes[0])])  # fmt: skip
    assert found[0].code == "210503001"


@pytest.mark.parametrize("name", ["", "x" * 101, "a\x00b", "a\nb"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    shapes = [town.box(0, 0, 100, 100)]
    with pytest.raises(ValueBad):
        areas_of(layer(shapes, name=[name], code=["210503"]), shapes, Level.DISTRICT,
                 {"name": "name", "code": "code"})  # fmt: skip
    with pytest.raises(FieldMissing):
        areas_of(layer(shapes, code=["210503"]), shapes, Level.DISTRICT, {"code": "code"})
