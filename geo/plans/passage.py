# SPDX-License-Identifier: Apache-2.0
"""Whether one gets about in a cell: barriers between its buildings, streets that join them."""

from collections.abc import Hashable

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geo.plans.rules import Cell
from geo.plans.survey import Survey
from geo.walking.network import Spur

# Streets along the border are the cell's own: so far beyond it they are still walked.
_LEEWAY_M = 20.0
# A house hangs on a piece of street that passes this near to the foot of its way.
_FOOT_M = 0.5


def crossed(cell: Cell, land: BaseGeometry, survey: Survey) -> tuple[str, ...]:
    """The barriers, `kind:name`, on both sides of which the cell has buildings.

    `land` is the shape of the cell in metres. A barrier that ends within it does not part it.
    """
    if len(cell.buildings) < 2:
        return ()
    found, edge = [], shapely.boundary(land)
    for number, pieces in survey.barriers_in(land).items():
        noded = shapely.union_all([edge, *pieces])
        sides = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
        if len(sides) < 2:
            continue
        places = shapely.points(survey.places(cell.buildings))
        _, side = shapely.STRtree(sides).query_nearest(places, all_matches=False)
        if len(np.unique(side)) > 1:
            found.append(":".join(survey.barriers[number]))
    return tuple(sorted(set(found)))


def cut_off(cell: Cell, land: BaseGeometry, survey: Survey) -> int:
    """The buildings that one does not reach from most others without leaving the cell.

    Each building hangs on the street from which one walks to it, on its side of water and
    railways. Streets join where they meet; those of the cell are the stretches within it and up to
    20 m beyond its border, so that a street on the border belongs to both sides. Buildings that
    such streets join are together, and all but the most numerous together are cut off.
    """
    if len(cell.buildings) < 2:
        return 0
    streets = _Streets(land, survey)
    joined: dict[Hashable, int] = {}
    for id, spur in zip(cell.buildings, survey.spurs(cell.buildings), strict=True):
        root = streets.root(id, spur)
        joined[root] = joined.get(root, 0) + 1
    return len(cell.buildings) - max(joined.values())


class _Streets:
    """The streets of a cell, and which of them join."""

    def __init__(self, land: BaseGeometry, survey: Survey) -> None:
        net, self._into = survey.net, dict[Hashable, Hashable]()
        self._net = net
        room = shapely.buffer(land, _LEEWAY_M, quad_segs=2)
        shapely.prepare(room)
        near = np.sort(survey.streets.query(room, predicate="intersects"))
        inside = shapely.contains_properly(room, net.stretches[near])
        self._whole = set(near[inside].tolist())
        for stretch in self._whole:
            self._join(*net.ends[stretch])
        self._pieces: dict[int, list[BaseGeometry]] = {}
        cut = near[~inside]
        for stretch, left in zip(
            cut.tolist(), shapely.intersection(net.stretches[cut], room), strict=True
        ):
            self._cut(stretch, shapely.get_parts(left).tolist())

    def root(self, id: str, spur: Spur | None) -> Hashable:
        """What joins a building that hangs so with others."""
        if spur is None:
            return ("no street", id)
        stretch = spur.stretch
        if stretch in self._whole:
            return self._root(self._net.ends[stretch][0])
        for number, piece in enumerate(self._pieces.get(stretch, ())):
            foot = shapely.line_interpolate_point(self._net.stretches[stretch], spur.along_m)
            if piece.distance(foot) < _FOOT_M:
                return self._root((stretch, number))
        return ("elsewhere", stretch)

    def _cut(self, stretch: int, pieces: list[BaseGeometry]) -> None:
        """Pieces of a stretch that leaves the cell, each joined to the ends that it has."""
        self._pieces[stretch] = pieces
        tips = [shapely.get_point(self._net.stretches[stretch], at) for at in (0, -1)]
        for number, piece in enumerate(pieces):
            for tip, end in zip(tips, self._net.ends[stretch], strict=True):
                if piece.distance(tip) == 0.0:
                    self._join((stretch, number), end)

    def _root(self, key: Hashable) -> Hashable:
        while key in self._into:
            key = self._into[key]
        return key

    def _join(self, one: Hashable, other: Hashable) -> None:
        a, b = self._root(one), self._root(other)
        if a != b:
            self._into[a] = b
