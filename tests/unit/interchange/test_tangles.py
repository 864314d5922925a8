# SPDX-License-Identifier: Apache-2.0
"""Shapes that would keep whoever mends or lists them busy for hours."""

import time

import numpy as np
import pytest
import shapely
from shapely.geometry import Polygon

from geo.interchange.tangles import piled, shredded, tangled

BOWTIE = Polygon([(0, 0), (1000, 1000), (1000, 0), (0, 1000)])


def star(points: int, *, east: float = 0.0) -> list[tuple[float, float]]:
    """Every line crosses nearly every other one."""
    turn = 2 * np.pi * (points // 2 - 1) / points
    return [(1e6 * np.cos(i * turn) + east, 1e6 * np.sin(i * turn)) for i in range(points)]


def row(stars: int) -> Polygon:
    corners = [point for number in range(stars) for point in star(7, east=3e6 * number)]
    return Polygon([*corners, (stars * 3e6, -9e6), (0, -9e6)])


def lawn(rows: int, across: int) -> Polygon:
    """Up and down, not valid: one line lies upon another."""
    corners = []
    for y in range(0, rows, 2):
        corners += [(x, y) for x in range(across)]
        corners += [(x, y + 1) for x in reversed(range(1, across))]
    return Polygon([*corners, (0, rows), (0, 0)])


@pytest.mark.parametrize("shape", [Polygon(star(301)), Polygon(star(10_001)), row(10_000)])
def test_what_crosses_itself_all_over_is_found_at_once(shape: Polygon) -> None:
    begun = time.monotonic()
    assert tangled(shape)
    assert time.monotonic() - begun < 10


@pytest.mark.parametrize("shape", [BOWTIE, row(50), lawn(200, 500), shapely.MultiPolygon([BOWTIE])])
def test_what_a_hand_that_slipped_leaves_is_mended(shape: Polygon) -> None:
    assert not shape.is_valid
    assert not tangled(shape)


def test_one_cell_many_times_is_a_heap_and_a_district_is_none() -> None:
    cells = [shapely.box(x, y, x + 1, y + 1) for x in range(60) for y in range(60)]
    assert not piled(cells)
    assert not piled([cells[0]] * 20)
    begun = time.monotonic()
    assert piled([cells[0]] * 100_000)
    assert time.monotonic() - begun < 10


def comb(teeth: int) -> Polygon:
    """Teeth that reach from the south over the border at y = 0, and gaps as wide between them."""
    corners = [
        (x + east, y)
        for x in range(0, 2 * teeth, 2)
        for east, y in ((0, -10), (0, 10), (1, 10), (1, -10))
    ]
    return Polygon([*corners, (2 * teeth, -20), (0, -20)])


def test_cells_in_shreds_are_told_from_such_as_need_a_hand() -> None:
    land = shapely.box(0, -20, 2000, 20)
    north = shapely.box(0, 0, 2000, 20)
    assert shredded([comb(600), north], land)
    assert not shredded([comb(100), north], land)
    # Nobody overlaps, and there are more holes than cells could have.
    holes = shapely.union_all([shapely.box(x, 0, x + 1, 1) for x in range(0, 2000, 2)])
    wide = shapely.box(0, -20, 8000, 20)
    assert shredded([wide.difference(shapely.MultiPolygon([*holes.geoms, *more(8)]))], wide)
    assert not shredded([wide.difference(holes)], wide)


def more(rows: int) -> list[Polygon]:
    return [shapely.box(x, y, x + 1, y + 1) for y in range(2, rows, 2) for x in range(0, 2000, 2)]
