# SPDX-License-Identifier: Apache-2.0
"""A sound division made into what comes out of a hurried day in an editor."""

from collections.abc import Callable
from dataclasses import replace
from random import Random

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geo.plans.lattice import to_degrees, to_units, units
from geo.plans.rules import Cell, Division
from geo.units import Metres

ONE_M = units(Metres(1.0))
Mess = Callable[[BaseGeometry, Random], BaseGeometry]


def messed(division: Division, seed: int, *, share: float = 0.2) -> Division:
    """Some cells with shifted or lost corners, slivers, holes, bow-ties, parts, or told twice.

    Every shape stays on the grid, as an import leaves it.
    """
    rng = Random(seed)
    out = division
    codes = sorted(division.cells)
    for code in rng.sample(codes, max(1, round(share * len(codes)))):
        cell = division.cells[code]
        kind = rng.randrange(len(_SHAPES) + 2)
        if kind < len(_SHAPES):
            out = out.with_cells(
                changed=[replace(cell, shape=_grid(_SHAPES[kind](cell.shape, rng)))]
            )
        elif kind == len(_SHAPES):
            again, out = out.issue(cell.community)
            shape = _grid(shapely.affinity.translate(cell.shape, rng.choice((0, 1)) * ONE_M / 2))
            out = out.with_cells(changed=[Cell(again, cell.name, shape)])
        else:
            # A yard of a neighbour's, told as a part of this cell.
            other = rng.choice([near for near in division.near(cell.shape) if near != code])
            middle = shapely.point_on_surface(division.cells[other].shape)
            yard = middle.buffer(rng.uniform(1, 12) * ONE_M)
            shape = _grid(shapely.union(cell.shape, yard))
            out = out.with_cells(changed=[replace(cell, shape=shape)])
    return out


def _grid(shape: BaseGeometry) -> BaseGeometry:
    return to_units(to_degrees(shape))


def _shifted(shape: BaseGeometry, rng: Random) -> BaseGeometry:
    ring = shapely.get_coordinates(shape.exterior)[:-1]
    for at in rng.sample(range(len(ring)), min(3, len(ring))):
        ring[at] += [rng.uniform(-8, 8) * ONE_M, rng.uniform(-8, 8) * ONE_M]
    return shapely.Polygon(ring)


def _fewer(shape: BaseGeometry, rng: Random) -> BaseGeometry:
    return shapely.simplify(shape, rng.uniform(0.2, 4) * ONE_M, preserve_topology=True)


def _thinner(shape: BaseGeometry, rng: Random) -> BaseGeometry:
    smaller = shape.buffer(-rng.uniform(0.02, 0.4) * ONE_M, join_style="mitre")
    return max(shapely.get_parts(smaller), key=lambda part: part.area)


def _wider(shape: BaseGeometry, rng: Random) -> BaseGeometry:
    return shape.buffer(rng.uniform(0.02, 0.4) * ONE_M, join_style="mitre")


def _moved(shape: BaseGeometry, rng: Random) -> BaseGeometry:
    return shapely.affinity.translate(shape, rng.uniform(-2, 2) * ONE_M, rng.uniform(-2, 2) * ONE_M)


def _holed(shape: BaseGeometry, rng: Random) -> BaseGeometry:
    return shape.difference(shapely.point_on_surface(shape).buffer(rng.uniform(0.3, 10) * ONE_M))


def _crossed(shape: BaseGeometry, rng: Random) -> BaseGeometry:
    ring = shapely.get_coordinates(shape.exterior)[:-1]
    at = rng.randrange(len(ring))
    ring[[at, (at + 1) % len(ring)]] = ring[[(at + 1) % len(ring), at]]
    return shapely.Polygon(ring)


def _doubled(shape: BaseGeometry, rng: Random) -> BaseGeometry:
    """More corners than the neighbours have, each where the line passes nearest."""
    return shapely.segmentize(shape, float(np.sqrt(shape.area)) / rng.randrange(3, 9))


_SHAPES: list[Mess] = [_shifted, _fewer, _thinner, _wider, _moved, _holed, _crossed, _doubled]
