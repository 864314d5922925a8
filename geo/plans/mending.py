# SPDX-License-Identifier: Apache-2.0
"""Mending the land of cells that do not fit: one arrangement of all borders, each piece an owner.

All borders are put together and met at grid points (snap rounding), so that every piece of land
between them is found once. A cell is the pieces it covers; a repair is a change of who covers
which. What comes out shares every corner, whatever went in. Shapes are in grid units.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.plans.cutting import Chain, Point, chained, pair_of, rethreaded
from geo.plans.faults import is_thin
from geo.plans.lattice import Floats, Shapes, lines_of, segments_of, undirected

# Land between borders that lie closer than this is none: they are one border.
HAIR = 3.0


@dataclass
class Faces:
    """The pieces of land between all borders and, for each, the cells that cover it."""

    shapes: Shapes
    points: Shapes
    covers: list[set[str]]
    segments: frozenset[tuple[Point, Point]]

    def within(self, where: BaseGeometry) -> list[int]:
        """Places of the pieces that lie in some land, as it was before borders met."""
        area = where.buffer(1.0)
        shapely.prepare(area)
        return [int(at) for at in np.flatnonzero(shapely.intersects(area, self.points))]

    def touching(self, at: int) -> dict[str, float]:
        """How much border a piece shares with each cell."""
        edges = {pair_of(a, b) for a, b in _walk(self.shapes[at])}
        near = shapely.intersects(shapely.box(*self.shapes[at].bounds), self.shapes)
        lengths: dict[str, float] = {}
        for other in np.flatnonzero(near).tolist():
            if other == at:
                continue
            shared = sum(
                float(np.hypot(b[0] - a[0], b[1] - a[1]))
                for a, b in _walk(self.shapes[other])
                if pair_of(a, b) in edges
            )
            for code in self.covers[other]:
                lengths[code] = lengths.get(code, 0.0) + shared
        return {code: length for code, length in lengths.items() if length > 0}

    def is_hair(self, at: int) -> bool:
        """Whether a piece is only the space between two borders that are one."""
        return is_thin(self.shapes[at], HAIR)

    def cell(self, code: str) -> BaseGeometry:
        """The land of a cell; empty where it covers nothing."""
        own = [shape for shape, held in zip(self.shapes, self.covers, strict=True) if code in held]
        whole: BaseGeometry = shapely.coverage_union_all(own) if own else shapely.Polygon()
        return whole


def arranged(shapes: Mapping[str, BaseGeometry], rim: Floats) -> Faces:
    """The pieces between the borders of some cells and the straight pieces `rim`, (n, 4)."""
    borders = np.concatenate([segments_of(_polygons(shapes.values())), rim])
    lines = lines_of(np.unique(undirected(borders), axis=0))
    noded = shapely.get_parts(shapely.union_all(lines, grid_size=1.0))
    faces = np.asarray(shapely.get_parts(shapely.polygonize(noded)), dtype=object)
    points = np.asarray(shapely.point_on_surface(faces), dtype=object)
    codes = list(shapes)
    tree = shapely.STRtree([shapes[code] for code in codes])
    covers: list[set[str]] = [set() for _ in faces]
    face, cell = tree.query(points, predicate="intersects")
    for at, by in zip(face.tolist(), cell.tolist(), strict=True):
        covers[at].add(codes[by])
    segments = {pair_of(a, b) for line in noded for a, b in _walk(line)}
    return Faces(faces, points, covers, frozenset(segments))


def without_hairs(faces: Faces, taken: Callable[[BaseGeometry], bool]) -> None:
    """Give each hair that no cell covers to the cell along it; `taken`: by a cell further off."""
    for at in range(len(faces.shapes)):
        if not faces.covers[at] and faces.is_hair(at) and not taken(faces.points[at]):
            beside = faces.touching(at)
            if beside:
                faces.covers[at] = {max(beside, key=lambda code: (beside[code], code))}


def fitted(
    beside: Mapping[str, BaseGeometry], before: Sequence[BaseGeometry], faces: Faces
) -> dict[str, BaseGeometry]:
    """Cells beside those arranged, with the corners that their common borders gained."""
    old = np.unique(undirected(segments_of(_polygons(before))), axis=0)
    there = {pair_of(a, b) for shape in beside.values() for a, b in _walk(shape)}
    common = np.array([row for row in old.tolist() if _ends(row) in there]).reshape(-1, 4)
    corners = np.unique(np.array([point for pair in faces.segments for point in pair]), axis=0)
    fresh = corners[~np.isin(_packed(corners), _packed(old.reshape(-1, 2)))]
    if not len(common) or not len(fresh):
        return {}
    chains: dict[tuple[Point, Point], Chain] = {}
    for at, chain in chained(common, fresh):
        pairs = [pair_of(a, b) for a, b in pairwise(chain)]
        if len(pairs) > 1 and faces.segments.issuperset(pairs):
            chains[_ends(common[at].tolist())] = chain
    bent = {code: rethreaded(shape, chains) for code, shape in beside.items()}
    return {code: shape for code, shape in bent.items() if shape is not beside[code]}


def _walk(shape: BaseGeometry) -> list[tuple[Point, Point]]:
    line = shape.geom_type == "LineString"
    lines = [shape] if line else list(shapely.get_rings(shapely.get_parts(shape)))
    return [
        (a, b)
        for line in lines
        for a, b in pairwise(map(tuple, shapely.get_coordinates(line).tolist()))
    ]


def _polygons(shapes: Iterable[BaseGeometry]) -> list[BaseGeometry]:
    return [part for shape in shapes for part in shapely.get_parts(shape)]


def _ends(row: Sequence[float]) -> tuple[Point, Point]:
    return (row[0], row[1]), (row[2], row[3])


def _packed(points: Floats) -> NDArray[np.int64]:
    """Each grid point as one number: x up to 1.8e9 and y up to 9e8 are exact together in 2^61."""
    whole = points.astype(np.int64)
    packed: NDArray[np.int64] = (whole[:, 0] << 31) + whole[:, 1]
    return packed
