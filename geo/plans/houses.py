# SPDX-License-Identifier: Apache-2.0
"""Buildings and borders: a border goes round a building, and a building has one cell.

All shapes are in grid units.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geo.plans.lattice import units
from geo.plans.rules import Cell, Division, Ground, Group
from geo.units import Metres

# A border passes this far from a wall, where the neighbouring house leaves it room.
_MARGIN = units(Metres(0.3))
# A house whose wall lies on a border may reach over it by the rounding of the border.
_TOUCH = units(Metres(0.05))


def round_houses(region: BaseGeometry, ground: Ground) -> BaseGeometry:
    """The region with no building on its border: each goes to the side that has more of it."""
    border = shapely.boundary(region)
    standing = ground.houses_on(border, within=_MARGIN)
    if not standing:
        return region
    feet = np.array([house.footprint for house in standing], dtype=object)
    inside = shapely.area(shapely.intersection(feet, region)) >= 0.5 * shapely.area(feet)
    taken, left = feet[inside], feet[~inside]
    if len(taken):
        region = region.union(shapely.union_all(shapely.buffer(taken, _MARGIN, join_style="mitre")))
    if len(left):
        room = shapely.union_all(shapely.buffer(left, _MARGIN, join_style="mitre"))
        # In a row of houses the border is the wall between two of them.
        region = region.difference(room.difference(shapely.union_all(taken)))
    whole: BaseGeometry = region
    return whole


def cut_houses(
    shapes: Mapping[str, BaseGeometry], houses: Sequence[str], ground: Ground
) -> list[str]:
    """Buildings of which more than a wall's thickness lies in each of several shapes."""
    feet = [ground.houses[id].footprint.buffer(-_TOUCH) for id in houses]
    tree = shapely.STRtree(feet)
    seen: dict[int, int] = {}
    for shape in shapes.values():
        for at in tree.query(shape, predicate="intersects").tolist():
            seen[at] = seen.get(at, 0) + 1
    return [houses[at] for at, times in sorted(seen.items()) if times > 1]


def housed(
    houses: Sequence[str], cells: Mapping[str, BaseGeometry], ground: Ground
) -> dict[str, str]:
    """The cell of each building: the one that holds most of its footprint, ties to the lesser code.

    `cells` are the shapes that may hold them, by code.
    """
    codes = sorted(cells)
    feet = np.array([ground.houses[id].footprint for id in houses], dtype=object)
    shapes = np.array([cells[code] for code in codes], dtype=object)
    tree = shapely.STRtree(shapes)
    house, cell = tree.query(feet, predicate="intersects")
    # In a plan that came from a file a building can stand in no cell at all: the nearest has it.
    lost = np.setdiff1d(np.arange(len(feet)), house)
    astray, nearest = tree.query_nearest(feet[lost], all_matches=False)
    house, cell = np.r_[house, lost[astray]], np.r_[cell, nearest]
    order = np.lexsort((cell, house))
    house, cell = house[order], cell[order]
    # Most stand in one cell, and need no measuring.
    often = np.bincount(house, minlength=len(feet))[house] > 1
    share = np.ones(len(house))
    share[often] = shapely.area(shapely.intersection(feet[house[often]], shapes[cell[often]]))
    best: dict[str, tuple[float, str]] = {}
    for at, to, size in zip(house.tolist(), cell.tolist(), share.tolist(), strict=True):
        if houses[at] not in best or size > best[houses[at]][0]:
            best[houses[at]] = (size, codes[to])
    return {id: code for id, (_, code) in best.items()}


def regrouped(
    division: Division, cells: Sequence[Cell], groups: Iterable[Group], held: Mapping[str, str]
) -> tuple[list[Cell], Division]:
    """The cells with their groups as the buildings now stand, and the division that issued them.

    `groups` are all that had buildings in these cells, `held` the cell of each building now. A
    group keeps its code while it has buildings in the cell it is named after; what stands
    elsewhere now becomes a new group there.
    """
    coming: dict[str, list[tuple[Group, list[str]]]] = {cell.code: [] for cell in cells}
    for group in groups:
        going: dict[str, list[str]] = {}
        for building in group.buildings:
            going.setdefault(held[building], []).append(building)
        for to, buildings in sorted(going.items()):
            coming[to].append((group, buildings))
    out = []
    for cell in cells:
        own = []
        for group, buildings in coming[cell.code]:
            code = group.code
            if not code.startswith(cell.code):
                code, division = division.issue(cell.code)
            own.append(replace(group, code=code, buildings=tuple(buildings)))
        out.append(replace(cell, groups=tuple(own)))
    return out, division
