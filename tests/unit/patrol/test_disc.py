# SPDX-License-Identifier: Apache-2.0
"""The share of an error disc inside a polygon, against known shapes and against a count."""

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry.base import BaseGeometry

from geo.patrol.disc import edges_of, shares_inside

CELL = shapely.box(0, 0, 100, 100)
HOLED = CELL.difference(shapely.box(40, 40, 60, 60))
NECKED = shapely.union_all(
    [shapely.box(0, 0, 45, 100), shapely.box(55, 0, 100, 100), shapely.box(40, 48, 60, 52)]
)
PARTED = shapely.union_all([shapely.box(0, 0, 30, 30), shapely.box(60, 60, 100, 100)])


def share(area: BaseGeometry, east: float, north: float, radius: float) -> float:
    edges = edges_of(area)
    of = np.zeros(len(edges), dtype=np.int64)
    return float(
        shares_inside(edges, of, np.array([east]), np.array([north]), np.array([radius]))[0]
    )


def counted(area: BaseGeometry, east: float, north: float, radius: float) -> float:
    """The same by a fine polar integration: midpoints of rings of equal area."""
    rings, spokes = 220, 720
    reach = radius * np.sqrt((np.arange(rings) + 0.5) / rings)
    angle = (np.arange(spokes) + 0.5) * 2 * math.pi / spokes
    x = east + np.outer(reach, np.cos(angle)).ravel()
    y = north + np.outer(reach, np.sin(angle)).ravel()
    shapely.prepare(area)
    return float(shapely.contains_xy(area, x, y).mean())


@pytest.mark.parametrize(
    ("east", "north", "radius", "expected"),
    [
        (50, 50, 10, 1.0),
        (50, 0, 10, 0.5),
        (0, 0, 10, 0.25),
        (-20, 50, 10, 0.0),
        (50, 50, 1000, 10_000 / (math.pi * 1e6)),
        (50, 50, 50, 1.0),
    ],
)
def test_shares_known_by_heart(east: float, north: float, radius: float, expected: float) -> None:
    assert share(CELL, east, north, radius) == pytest.approx(expected, abs=1e-9)


def test_a_hole_takes_its_part_away() -> None:
    assert share(HOLED, 50, 50, 40) == pytest.approx(1 - 400 / (math.pi * 1600), abs=1e-9)
    assert share(HOLED, 50, 50, 9) == pytest.approx(0.0, abs=1e-12)


@settings(deadline=None)
@given(
    st.sampled_from([CELL, HOLED, NECKED, PARTED]),
    st.floats(-40, 140),
    st.floats(-40, 140),
    st.floats(3, 80),
)
def test_it_agrees_with_a_count(
    area: BaseGeometry, east: float, north: float, radius: float
) -> None:
    assert share(area, east, north, radius) == pytest.approx(
        counted(area, east, north, radius), abs=2e-3
    )


@settings(deadline=None)
@given(
    st.sampled_from([CELL, HOLED, NECKED, PARTED]),
    st.floats(-40, 140),
    st.floats(-40, 140),
    st.floats(3, 80),
)
def test_it_is_exact_to_a_thousandth(
    area: BaseGeometry, east: float, north: float, radius: float
) -> None:
    # A disc of 4,096 corners lacks 4e-7 of its area.
    disc = shapely.Point(east, north).buffer(radius, quad_segs=1024)
    assert share(area, east, north, radius) == pytest.approx(
        disc.intersection(area).area / (math.pi * radius**2), abs=1e-5
    )


def test_many_discs_are_each_as_one() -> None:
    random = np.random.default_rng(5)
    areas = [[CELL, HOLED, NECKED, PARTED][i % 4] for i in range(40)]
    east, north, radius = random.uniform(-40, 140, (3, 40))
    radius = np.abs(radius) + 3
    edges = [edges_of(area) for area in areas]
    of = np.repeat(np.arange(40), [len(part) for part in edges])
    together = shares_inside(np.vstack(edges), of, east, north, radius)
    apart = [share(*one) for one in zip(areas, east, north, radius, strict=True)]
    assert together == pytest.approx(apart, abs=1e-12)


@settings(deadline=None)
@given(st.floats(-40, 140), st.floats(-40, 140), st.floats(3, 80))
def test_neighbours_share_the_disc_between_them(east: float, north: float, radius: float) -> None:
    left, right = shapely.box(-500, -500, 37, 600), shapely.box(37, -500, 600, 600)
    total = share(left, east, north, radius) + share(right, east, north, radius)
    assert total == pytest.approx(1.0, abs=1e-9)


@settings(deadline=None)
@given(st.integers(3, 40), st.floats(5, 60), st.integers(0, 10_000))
def test_any_star_agrees_with_a_count(corners: int, radius: float, seed: int) -> None:
    random = np.random.default_rng(seed)
    angle = np.sort(random.uniform(0, 2 * math.pi, corners))
    reach = random.uniform(10, 100, corners)
    star = shapely.make_valid(
        shapely.Polygon(np.column_stack([reach * np.cos(angle), reach * np.sin(angle)]))
    )
    if star.area < 1:
        return
    polygonal = shapely.union_all([p for p in shapely.get_parts(star) if p.area > 0])
    assert share(polygonal, 5, -3, radius) == pytest.approx(
        counted(polygonal, 5, -3, radius), abs=4e-3
    )
