# SPDX-License-Identifier: Apache-2.0
"""A drawing as cells of a division: its borders straightened, led round houses, cut exactly.

Regions are drawn in metres and only say where borders should run. The cut itself is the one of
every edit (`geo.plans.cutting.recut`), so there is no gap and no overlap whatever they are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geo.crs import geometry_to_degrees
from geo.plans.cutting import SNAP, Recut, TooTight, recut
from geo.plans.houses import housed, regrouped, round_houses
from geo.plans.lattice import Floats, Shapes, to_units
from geo.plans.rules import Cell, Division, Ground

# Borders midway between houses zigzag; they are straightened to about so many metres, less where
# that would part a cell.
_STRAIGHT_M = (5.0, 1.5, 0.0)
# A cell that parted by the cut is mended so often before the borders are taken as they were drawn.
_MENDS = 4
# A cell inherits from one of which it has a building, or so much of the land of either.
_INHERITS = 0.05


def placed(
    division: Division,
    ground: Ground,
    old: Sequence[Cell],
    regions: Mapping[str, BaseGeometry],
    names: Mapping[str, str],
) -> Division | None:
    """The division with the regions, Polygons in metres by code, in the place of old cells.

    A code that an old cell has keeps that cell: its name, its aliases, its past. Others are new
    cells with the names given. None where the land is too narrow to be cut so.
    """
    for straight in _STRAIGHT_M:
        result = _cut(division, ground, old, regions, straight)
        if result is not None:
            return _settled(division, ground, old, result, names)
    return None


def _cut(
    division: Division,
    ground: Ground,
    old: Sequence[Cell],
    regions: Mapping[str, BaseGeometry],
    straight: float,
) -> Recut | None:
    codes = list(regions)
    drawn = np.array([regions[code] for code in codes], dtype=object)
    if straight and len(drawn) > 1:
        drawn = shapely.coverage_simplify(drawn, straight, simplify_boundary=False)
    gridded = [to_units(geometry_to_degrees(shape, ground.srid)) for shape in drawn]
    bases = np.array([shapely.make_valid(shape) for shape in gridded], dtype=object)
    around = np.array([round_houses(shape, ground) for shape in bases], dtype=object)
    shapes = [cell.shape for cell in old]
    lands = shapely.get_parts(shapely.coverage_union_all(shapes))
    gone = {cell.code for cell in old}
    near = {code: division.cells[code].shape for code in division.near(*shapes) if code not in gone}
    among = {f"land {number}": land for number, land in enumerate(lands)}
    edges = shapely.union_all([shapely.boundary(land) for land in lands])
    lines = shapely.union_all(shapely.boundary(around)).difference(edges.buffer(0.8 * SNAP))
    mended: list[tuple[BaseGeometry, int]] = []

    def owner(points: Floats, _before: Sequence[str]) -> list[str]:
        return [codes[at] for at in _whose(points, around, bases, mended)]

    for _ in range(_MENDS):
        try:
            result = recut({**among, **near}, list(among), lines, owner)
        except TooTight:
            return None
        if len(codes) == len(lands) and not result.shapes.keys() & set(codes):
            # No line runs through the land: each part of it is a cell as it is.
            points = shapely.get_coordinates(shapely.point_on_surface(lands))
            result = Recut(dict(zip(owner(points, ()), lands, strict=True)), ())
        if not set(codes) <= result.shapes.keys():
            return None
        parted = {code: result.shapes[code] for code in codes}
        scraps = _scraps(parted, ground, old)
        if not scraps:
            return result
        mended += [(part, codes.index(to)) for part, to in scraps]
    return None


def _whose(
    points: Floats, around: Shapes, bases: Shapes, mended: Sequence[tuple[BaseGeometry, int]]
) -> list[int]:
    """The region of each point: the one it lies in, or that is nearest."""
    places = np.asarray(shapely.points(points), dtype=object)
    _, nearest = shapely.STRtree(bases).query_nearest(places, all_matches=False)
    out = nearest.copy()
    for at in range(len(around) - 1, -1, -1):
        out[shapely.intersects(around[at], places)] = at
    for part, to in mended:
        out[shapely.intersects(part, places)] = to
    whose: list[int] = out.tolist()
    return whose


def _scraps(
    shapes: Mapping[str, BaseGeometry], ground: Ground, old: Sequence[Cell]
) -> list[tuple[BaseGeometry, str]]:
    """What lies apart from the most of its cell, with the cell that it borders most."""
    found = []
    for code, shape in shapes.items():
        parts = shapely.get_parts(shape)
        if len(parts) < 2:
            continue
        houses = [ground.houses[id].footprint for cell in old for id in cell.buildings]
        feet = shapely.point_on_surface(np.array(houses, dtype=object))
        built = [int(shapely.intersects(part, feet).sum()) for part in parts]
        size = shapely.area(parts)
        order = sorted(range(len(parts)), key=lambda at: (built[at], size[at]))
        for at in order[:-1]:
            shared = {
                other: float(parts[at].intersection(neighbour).length)
                for other, neighbour in shapes.items()
                if other != code
            }
            found.append((parts[at], max(sorted(shared), key=lambda other: shared[other])))
    return found


def _settled(
    division: Division,
    ground: Ground,
    old: Sequence[Cell],
    result: Recut,
    names: Mapping[str, str],
) -> Division:
    before = {cell.code: cell for cell in old}
    own = {code: shape for code, shape in result.shapes.items() if code not in division.cells}
    own.update({code: result.shapes[code] for code in result.shapes.keys() & before.keys()})
    bent = [
        replace(division.cells[code], shape=shape)
        for code, shape in result.shapes.items()
        if code not in own
    ]
    houses = [building for cell in old for building in cell.buildings]
    held = housed(houses, own, ground) if houses else {}
    inherited = _inherited(old, own, held)
    cells = [
        replace(before[code], shape=shape, groups=())
        if code in before
        else Cell(code, names[code], shape, came_from=inherited[code])
        for code, shape in sorted(own.items())
    ]
    groups = [group for cell in old for group in cell.groups]
    cells, division = regrouped(division, cells, groups, held)
    removed = [code for code in before if code not in own]
    return division.with_cells(changed=[*cells, *bent], removed=removed)


def _inherited(
    old: Sequence[Cell], own: Mapping[str, BaseGeometry], held: Mapping[str, str]
) -> dict[str, tuple[str, ...]]:
    """The published codes that each new cell descends from."""
    found: dict[str, set[str]] = {code: set() for code in own}
    for cell in old:
        housing = {held[building] for building in cell.buildings}
        for code, shape in own.items():
            if code in housing:
                found[code].update(cell.came_from)
                continue
            least = _INHERITS * min(cell.shape.area, shape.area)
            if shape.intersects(cell.shape) and shape.intersection(cell.shape).area > least:
                found[code].update(cell.came_from)
    return {code: tuple(sorted(codes)) for code, codes in found.items()}
