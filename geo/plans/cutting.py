# SPDX-License-Identifier: Apache-2.0
"""The one way in which borders move: lines cut some cells, and each piece is given an owner.

A coverage stays exact because its borders are cut, never computed twice. Every straight piece of
border that a new line meets is replaced by the same chain of lattice points in both cells that
share it, the pieces between all chains are found once (polygonize), and a cell becomes the pieces
that it owns. What the lines may bend is bounded: a border meets a new corner at the nearest lattice
point, half a grid unit (about 0.5 cm) away at most, and the outer border at the lattice point that
is nearest to it within `SNAP`, with another corner that makes up for the bend, so that the district
keeps its outline and all its land.

All coordinates here are grid units (`geo.plans.lattice`).
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geo.plans.lattice import (
    Flags,
    Floats,
    lines_of,
    rings_of,
    segments_of,
    square_units,
    undirected,
    units,
)
from geo.units import Metres, SquareMetres

# A new line that comes this near to a corner or a border goes through it.
SNAP = units(Metres(0.3))
# A piece smaller than this that came off its cell goes to a neighbour instead of refusing the edit.
SPECK = SquareMetres(2.0)
# A lattice point this near to a piece of border lies on it. Half the diagonal of a grid square, and
# a little: whatever two lines that cross are rounded to must lie on both.
_ON = 0.75
# How far along the outer border a lattice point that all but lies on it is looked for, and how far
# from its corners that point keeps where there is room.
_REACH, _CLEAR = int(SNAP), 4
# Images of corners of the outer border come upon few others, and these upon none.
_ROUNDS = 4

Point = tuple[float, float]
Chain = tuple[Point, ...]
# Its ends, the lesser first.
Piece = tuple[float, float, float, float]
# Who is to own the pieces at these points, (n, 2), that so far belong to those cells.
Owner = Callable[[Floats, Sequence[str]], Sequence[str]]


class TooTight(Exception):
    """The cells do not tile, or the lines run through land too narrow for the lattice."""

    def __init__(self, where: BaseGeometry) -> None:
        super().__init__()
        self.where = where


@dataclass(frozen=True)
class Recut:
    """What the cut cells are now, by code; neighbours whose border gained a corner among them.

    A shape that is no Polygon lies in several parts: for the caller to refuse. A cell whose every
    piece went to others is absent from `shapes` and named in `vanished`.
    """

    shapes: dict[str, BaseGeometry]
    vanished: tuple[str, ...]


def recut(
    near: Mapping[str, BaseGeometry], among: Collection[str], lines: BaseGeometry, owner: Owner
) -> Recut:
    """Cut the cells `among` along `lines` and give each piece to the cell that `owner` names.

    `near` holds those cells and every neighbour of theirs. Lines outside of them do nothing.

    Raises: TooTight.
    """
    land = shapely.coverage_union_all([near[code] for code in among])
    borders = undirected(segments_of([near[code] for code in near]))
    borders, owners = np.unique(borders, axis=0, return_counts=True)
    # The far side of a neighbour is not known to be the district's border.
    cut_cells = undirected(segments_of([near[code] for code in among]))
    known = set(map(tuple, cut_cells.tolist()))
    outer = (owners == 1) & np.array([tuple(piece) in known for piece in borders.tolist()])
    paths = _paths(lines, land, borders, outer=outer)
    chains, pieces = _noded(borders, paths, outer=outer)
    noded = {code: rethreaded(shape, chains) for code, shape in near.items()}
    if not pieces:
        return Recut({}, ())
    walls = {
        pair_of(a, b)
        for code in among
        for ring in rings_of(noded[code])
        for a, b in pairwise(map(tuple, ring.tolist()))
    }
    faces, before = _faces(walls | pieces, {code: noded[code] for code in among})
    points = shapely.get_coordinates(shapely.point_on_surface(faces))
    after = _without_specks(faces, owner(points, before))
    shapes: dict[str, BaseGeometry] = {}
    for code in dict.fromkeys(after):
        own = [face for face, now in zip(faces, after, strict=True) if now == code]
        shapes[code] = shapely.coverage_union_all(own) if len(own) > 1 else own[0]
    _same_land([noded[code] for code in among], list(shapes.values()))
    for code, shape in noded.items():
        if code not in among and shape is not near[code]:
            if not shape.is_valid:
                raise TooTight(shape)
            shapes[code] = shape
    return Recut(shapes, tuple(code for code in among if code not in shapes))


def _paths(
    lines: BaseGeometry, land: BaseGeometry, borders: Floats, *, outer: Flags
) -> list[Floats]:
    """The lines inside the land as chains of lattice points, drawn to corners and borders near."""
    corners = np.unique(borders.reshape(-1, 2), axis=0)
    west, south, east, north = lines.bounds
    here = (
        (corners[:, 0] >= west - SNAP)
        & (corners[:, 0] <= east + SNAP)
        & (corners[:, 1] >= south - SNAP)
        & (corners[:, 1] <= north + SNAP)
    )
    drawn = shapely.snap(lines, shapely.multipoints(corners[here]), SNAP)
    inside = shapely.difference(shapely.intersection(drawn, land), shapely.boundary(land))
    kept = [part for part in shapely.get_parts(inside) if part.geom_type == "LineString"]
    walls = shapely.STRtree(lines_of(borders))
    paths = []
    for part in shapely.get_parts(shapely.line_merge(shapely.multilinestrings(kept))):
        path = shapely.get_coordinates(part)
        points = np.asarray(shapely.points(path), dtype=object)
        place, wall = walls.query_nearest(points, max_distance=SNAP, all_matches=False)
        path = np.rint(path)
        for at, on in zip(place, wall, strict=True):
            path[at] = _foot(shapely.get_coordinates(points[at])[0], borders[on], outer[on])
        path = path[np.r_[True, (np.diff(path, axis=0) != 0).any(axis=1)]]
        if len(path) > 1:
            paths.append(path)
    return paths


def _foot(point: Floats, border: Floats, outer: bool) -> Floats:
    """The lattice point at which a line that ends near a piece of border meets it."""
    start, end = border[:2], border[2:]
    along = end - start
    for corner in (start, end):
        if np.hypot(*(point - corner)) <= SNAP:
            return corner
    share = np.clip(np.dot(point - start, along) / np.dot(along, along), 0.0, 1.0)
    foot: Floats = np.rint(start + share * along)
    if not outer:
        return foot
    # Along the longer axis every whole number has one lattice point next to the line; of those in
    # reach take the one that lies nearest to it.
    axis = int(abs(along[1]) > abs(along[0]))
    low, high = sorted((start[axis], end[axis]))
    first, last = max(low + _CLEAR, foot[axis] - _REACH), min(high - _CLEAR, foot[axis] + _REACH)
    steps = np.arange(first, last + 1)
    if not len(steps):
        return foot
    there = np.empty((len(steps), 2))
    there[:, axis] = steps
    other = 1 - axis
    there[:, other] = np.rint(start[other] + (steps - start[axis]) * along[other] / along[axis])
    off = np.abs((there[:, 0] - start[0]) * along[1] - (there[:, 1] - start[1]) * along[0])
    best: Floats = there[int(np.argmin(off))]
    return best


def _noded(
    borders: Floats, paths: Sequence[Floats], *, outer: Flags
) -> tuple[dict[tuple[Point, Point], Chain], set[tuple[Point, Point]]]:
    """Where paths and borders meet: chains for the borders that are met, pieces for the paths."""
    steps = np.concatenate([np.hstack([p[:-1], p[1:]]) for p in paths] or [np.empty((0, 4))])
    walls, ways = lines_of(borders), lines_of(steps)
    tree = shapely.STRtree(walls)
    way, wall = tree.query(ways, predicate="dwithin", distance=_ON)
    one, other = shapely.STRtree(ways).query(ways, predicate="intersects")
    met = np.concatenate(
        [
            _crossings(steps[way], borders[wall]),
            _crossings(steps[one[one < other]], steps[other[one < other]]),
        ]
    )
    fresh = np.unique(np.concatenate([met, steps.reshape(-1, 2)]), axis=0)
    touched = np.unique(wall)
    for _ in range(_ROUNDS):
        found = [(touched[at], chain) for at, chain in chained(borders[touched], fresh)]
        images = [spot for at, chain in found if outer[at] for spot in _images(chain)]
        if not images:
            break
        # Whatever else they come upon bends to them as to any other corner.
        fresh = np.unique(np.concatenate([fresh, np.array(images)]), axis=0)
        _, met_by = tree.query(shapely.points(images), predicate="dwithin", distance=_ON)
        touched = np.union1d(touched, met_by)
    else:
        raise TooTight(shapely.multipoints(images))
    chains = {}
    for at, chain in found:
        start, end = borders[at].reshape(2, 2).tolist()
        chains[(tuple(start), tuple(end))] = chain
    corners = np.unique(np.concatenate([fresh, borders[touched].reshape(-1, 2)]), axis=0)
    pieces = {pair_of(a, b) for _, chain in chained(steps, corners) for a, b in pairwise(chain)}
    return chains, pieces


def _images(chain: Chain) -> list[Point]:
    """The mirror images about the middle of a piece of border that its corners lack.

    A chain that is its own image bends to one side as much as to the other, and the image of a
    lattice point is one: so the outer border may gain corners, and the district no land.
    """
    (x1, y1), (x2, y2) = chain[0], chain[-1]
    corners = set(chain[1:-1])
    return [spot for x, y in corners if (spot := (x1 + x2 - x, y1 + y2 - y)) not in corners]


def _crossings(one: Floats, other: Floats) -> Floats:
    """The lattice points nearest to where the n pairs of pieces cross, (m, 2); m <= n."""
    d1, d2 = one[:, 2:] - one[:, :2], other[:, 2:] - other[:, :2]
    gap = other[:, :2] - one[:, :2]
    turn = d1[:, 0] * d2[:, 1] - d1[:, 1] * d2[:, 0]
    cross = turn != 0
    turn = np.where(cross, turn, 1.0)
    s = (gap[:, 0] * d2[:, 1] - gap[:, 1] * d2[:, 0]) / turn
    t = (gap[:, 0] * d1[:, 1] - gap[:, 1] * d1[:, 0]) / turn
    cross &= (s > 0) & (s < 1) & (t > 0) & (t < 1)
    met: Floats = np.rint(one[cross, :2] + s[cross, None] * d1[cross])
    return met


def chained(segments: Floats, corners: Floats) -> list[tuple[int, Chain]]:
    """Each segment as the lattice points on its way, its own ends first and last."""
    if not len(segments):
        return []
    places = np.asarray(shapely.points(corners), dtype=object)
    on, at = shapely.STRtree(places).query(lines_of(segments), predicate="dwithin", distance=_ON)
    out = []
    for number, (x1, y1, x2, y2) in enumerate(segments):
        way = corners[at[on == number]]
        ends = ((way == (x1, y1)) | (way == (x2, y2))).all(axis=1)
        share = (way - (x1, y1)) @ np.array([x2 - x1, y2 - y1])
        way = way[np.argsort(share)][~ends[np.argsort(share)]]
        out.append((number, ((x1, y1), *map(tuple, way.tolist()), (x2, y2))))
    return out


def rethreaded(shape: BaseGeometry, chains: Mapping[tuple[Point, Point], Chain]) -> BaseGeometry:
    """The shape with its met borders replaced by their chains; itself where none is met."""
    parts = shapely.get_parts(shape)
    if len(parts) > 1:
        threaded: Any = [rethreaded(part, chains) for part in parts]
        same = all(new is old for new, old in zip(threaded, parts, strict=True))
        return shape if same else shapely.MultiPolygon(threaded)
    rings, met = [], False
    for ring in rings_of(shape):
        thread: list[Point] = []
        for a, b in pairwise(map(tuple, ring.tolist())):
            chain = chains.get(pair_of(a, b), (a, b))
            met |= len(chain) > 2
            thread += chain[:-1] if chain[0] == a else chain[:0:-1]
        rings.append([*thread, thread[0]])
    return shapely.Polygon(rings[0], rings[1:]) if met else shape


def _faces(
    pieces: Collection[tuple[Point, Point]], before: Mapping[str, BaseGeometry]
) -> tuple[list[BaseGeometry], list[str]]:
    """The pieces of land between all lines, and which cell each belongs to so far."""
    lines = lines_of(np.array(list(pieces), dtype=np.float64))
    found = shapely.get_parts(shapely.polygonize(lines))
    codes = list(before)
    tree = shapely.STRtree([before[code] for code in codes])
    face, cell = tree.query(shapely.point_on_surface(found), predicate="intersects")
    # What lies in a hole of the land is somebody else's.
    held = dict(zip(face.tolist(), cell.tolist(), strict=True))
    return list(found[list(held)]), [codes[cell] for cell in held.values()]


def _without_specks(faces: Sequence[BaseGeometry], after: Sequence[str]) -> list[str]:
    """Owners again, with specks that came off their cell given to the owner they border most."""
    by_code: dict[str, list[int]] = {}
    for place, code in enumerate(after):
        by_code.setdefault(code, []).append(place)
    limit = square_units(SPECK, faces[0].bounds[1])
    out = list(after)
    beside: Mapping[Piece, list[int]] | None = None
    for code, places in by_code.items():
        if len(places) < 2:
            continue
        parts = shapely.get_parts(shapely.coverage_union_all([faces[at] for at in places]))
        middles = shapely.point_on_surface([faces[at] for at in places])
        for part in sorted(parts, key=lambda part: part.area)[:-1]:
            if part.area < limit:
                beside = beside or _beside(faces)
                for at in np.array(places)[shapely.intersects(part, middles)].tolist():
                    out[at] = _bordering(beside, faces[at], out, code)
    return out


def _beside(faces: Sequence[BaseGeometry]) -> Mapping[Piece, list[int]]:
    """The faces on either side of each straight piece of their borders."""
    found: dict[Piece, list[int]] = defaultdict(list)
    for place, face in enumerate(faces):
        for piece in map(tuple, undirected(segments_of([face])).tolist()):
            found[piece].append(place)
    return found


def _bordering(
    beside: Mapping[Piece, list[int]], face: BaseGeometry, owners: Sequence[str], code: str
) -> str:
    """The owner, other than `code`, with whom a piece shares most of its border."""
    shared: dict[str, float] = defaultdict(float)
    for x1, y1, x2, y2 in undirected(segments_of([face])).tolist():
        for at in beside[x1, y1, x2, y2]:
            if owners[at] != code:
                shared[owners[at]] += float(np.hypot(x2 - x1, y2 - y1))
    return max(shared, key=lambda owner: (shared[owner], owner)) if shared else code


def _same_land(before: Sequence[BaseGeometry], after: Sequence[BaseGeometry]) -> None:
    """Raises TooTight unless the shapes tile exactly the land that was there."""
    bad = [shape for shape in after if not shape.is_valid]
    if bad:
        raise TooTight(bad[0])
    try:
        old, new = (shapely.normalize(shapely.coverage_union_all(list(s))) for s in (before, after))
    except shapely.GEOSException:
        raise TooTight(after[0]) from None
    whole = sum(shape.area for shape in after)
    if not (old.equals_exact(new, 0.0) and abs(whole - old.area) < 1.0):
        differing = shapely.symmetric_difference(old, new)
        # Land may be the same and its corners not.
        raise TooTight(after[0] if differing.is_empty else differing)


def pair_of(a: Point, b: Point) -> tuple[Point, Point]:
    """The ends of a piece of border, the lesser first."""
    return (a, b) if a <= b else (b, a)
