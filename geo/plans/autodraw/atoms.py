# SPDX-License-Identifier: Apache-2.0
"""Land cut into atoms that a drawing puts together: a building each, with the land around it.

Streets and barriers cut the land into blocks. Inside a block each building has the land that is
nearer to it than to any other (Voronoi), so that a border between two atoms runs along a street or
midway between two houses. All shapes are in plane metres.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.plans.lattice import Floats, Shapes, lines_of, segments_of, undirected
from geo.shapes import prepared_copy

Indices = NDArray[np.int64]

# Lines are joined on a grid this fine; the cuts are put on the lattice of the plan later.
_GRID_M = 0.01
# Walls are thinned by this before the land between them is shared: those that touch have a middle.
_THIN_M = 0.3
# A corner at least each so many metres of a wall: enough for a middle line that touches no house.
_STEP_M = 6.0
# Land without buildings that is smaller goes with what it borders most.
_SCRAP_M2 = 600.0
# Two atoms touch where their border is longer; a cell is not to hang together by a corner.
_TOUCH_M = 3.0


@dataclass(frozen=True)
class Site:
    """A building on the land to be drawn: footprint in metres, what it weighs, its cell today."""

    id: str
    footprint: BaseGeometry
    weight: float
    households: int
    home: int


@dataclass(frozen=True)
class Atoms:
    """Atoms of one piece of land, by number, and the borders between them.

    `home` is the cell of today, `bank` the side of the barriers that an atom lies on. `border` has
    a row for each two that touch, `length_m` how long they do, `through_m` what of that runs
    through a block and not along a street. `outer_m` is what an atom has of the outer border,
    `largest` the weight of the largest building.
    """

    shapes: Shapes
    weight: Floats
    households: Floats
    home: Indices
    block: Indices
    bank: Indices
    border: Indices
    length_m: Floats
    through_m: Floats
    outer_m: Floats
    largest: float


def atoms_of(
    land: BaseGeometry,
    sites: Sequence[Site],
    *,
    streets: Sequence[BaseGeometry],
    barriers: Sequence[BaseGeometry],
    homes: Mapping[int, BaseGeometry],
    extra: Sequence[tuple[float, float, float]] = (),
) -> Atoms:
    """Cut a Polygon of land into atoms.

    `homes` are cells of today whose borders are to be borders of atoms as well: none where today's
    do not matter. `extra` are x, y and weight of what weighs where it lies, such as incidents.
    """
    edge = shapely.boundary(land)
    walls = [edge, *_clipped(barriers, land)]
    banks = _faces(walls)
    lines = [*walls, *_clipped(streets, land), *map(shapely.boundary, homes.values())]
    blocks = _faces(lines)
    feet = np.array([site.footprint for site in sites], dtype=object)
    spots = shapely.point_on_surface(feet) if len(feet) else feet
    block_of = _holder(blocks, spots)
    for block in np.unique(block_of):
        lines += _middles(blocks[block], feet[block_of == block])
    faces = _faces(lines)
    middle = shapely.point_on_surface(faces)
    inside = shapely.intersects(land, middle)
    faces, middle = faces[inside], middle[inside]
    face_block = _holder(blocks, middle)
    owner = _owners(middle, face_block, feet, block_of)
    group, pairs, lengths, outer = _joined(faces, face_block, owner, spots)
    count = int(group.max()) + 1
    weight, households = np.zeros(count), np.zeros(count)
    home, block, bank = (np.full(count, -1, dtype=np.int64) for _ in range(3))
    face_bank = _holder(banks, middle)
    face_home = _holder(list(homes.values()), middle) if homes else np.full(len(faces), -1)
    area = shapely.area(faces)
    for at in np.argsort(area, kind="stable"):
        # The largest face of an atom says where it lies.
        block[group[at]], bank[group[at]] = face_block[at], face_bank[at]
        home[group[at]] = list(homes)[face_home[at]] if homes else -1
    held = group[_holder(faces, spots)] if len(sites) else np.empty(0, dtype=np.int64)
    for site, at in zip(sites, held, strict=True):
        weight[at] += site.weight
        households[at] += site.households
        home[at] = site.home
    if len(extra):
        for at, more in zip(
            group[_holder(faces, shapely.points([e[:2] for e in extra]))], extra, strict=True
        ):
            weight[at] += more[2]
    shapes = np.array(
        [shapely.coverage_union_all(faces[group == number]) for number in range(count)],
        dtype=object,
    )
    outer_m = np.bincount(group, weights=outer, minlength=count).astype(float)
    border, length_m = _between(group[pairs], lengths)
    same = (block[border[:, 0]] == block[border[:, 1]]) if len(border) else np.empty(0, dtype=bool)
    return Atoms(
        shapes,
        weight,
        households,
        home,
        block,
        bank,
        border,
        length_m,
        np.where(same, length_m, 0.0),
        outer_m,
        max((site.weight for site in sites), default=0.0),
    )


def _clipped(lines: Sequence[BaseGeometry], land: BaseGeometry) -> list[BaseGeometry]:
    found = np.array(
        [shapely.boundary(x) if x.geom_type.endswith("Polygon") else x for x in lines], dtype=object
    )
    if not len(found):
        return []
    near = found[shapely.intersects(prepared_copy(land), found)]
    return [part for part in shapely.intersection(near, land) if part.length > 0]


def _faces(lines: Sequence[BaseGeometry]) -> Shapes:
    """What the lines enclose, with streets that lead nowhere left out."""
    noded = shapely.union_all(np.array(lines, dtype=object), grid_size=_GRID_M)
    faces: Shapes = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
    return faces


def _holder(shapes: Shapes | Sequence[BaseGeometry], points: Shapes) -> Indices:
    """The number of the shape that holds each point, or is nearest to it."""
    if not len(points):
        return np.empty(0, dtype=np.int64)
    point, shape = shapely.STRtree(shapes).query_nearest(points, all_matches=False)
    out = np.zeros(len(points), dtype=np.int64)
    out[point] = shape
    return out


def _middles(block: BaseGeometry, feet: Shapes) -> list[BaseGeometry]:
    """The lines midway between the buildings of a block."""
    if len(feet) < 2:
        return []
    thin = shapely.buffer(feet, -_THIN_M, join_style="mitre")
    walls = shapely.segmentize(np.where(shapely.is_empty(thin), feet, thin), _STEP_M)
    spots, of = shapely.get_coordinates(walls, return_index=True)
    spots, first = np.unique(np.round(spots, 2), axis=0, return_index=True)
    of = of[first]
    zones = shapely.get_parts(
        shapely.voronoi_polygons(shapely.multipoints(spots), extend_to=block, ordered=True)
    )
    pieces = [undirected(segments_of([zone])) for zone in zones]
    whose = np.repeat(of, [len(piece) for piece in pieces])
    single, at = np.unique(np.concatenate(pieces), axis=0, return_inverse=True)
    low, high = np.full(len(single), len(feet)), np.full(len(single), -1)
    np.minimum.at(low, at.ravel(), whose)
    np.maximum.at(high, at.ravel(), whose)
    between = lines_of(single[low != high])
    cut = shapely.intersection(shapely.multilinestrings(list(between)), block)
    return [cut] if cut.length > 0 else []


def _owners(middle: Shapes, face_block: Indices, feet: Shapes, block_of: Indices) -> Indices:
    """The building of its block that is nearest to each face; -1 where the block has none."""
    owner = np.full(len(middle), -1, dtype=np.int64)
    for block in np.unique(block_of):
        here = np.flatnonzero(block_of == block)
        faces = np.flatnonzero(face_block == block)
        owner[faces] = here[_holder(feet[here], middle[faces])]
    return owner


def _joined(
    faces: Shapes, block: Indices, owner: Indices, spots: Shapes
) -> tuple[Indices, Indices, Floats, Floats]:
    """Which atom each face is part of; which touch, how long, and the rest of their borders."""
    pieces = [undirected(segments_of([face])) for face in faces]
    whose = np.repeat(np.arange(len(faces)), [len(piece) for piece in pieces])
    _, at, count = np.unique(
        np.concatenate(pieces), axis=0, return_inverse=True, return_counts=True
    )
    every = np.concatenate(pieces)
    length = np.hypot(every[:, 2] - every[:, 0], every[:, 3] - every[:, 1])
    order = np.argsort(at.ravel(), kind="stable")
    shared = count[at.ravel()[order]] == 2
    two = order[shared].reshape(-1, 2)
    pairs, lengths = _between(whose[two], length[two[:, 0]])
    alone = order[~shared]
    outer = np.bincount(whose[alone], weights=length[alone], minlength=len(faces)).astype(float)
    group = list(range(len(faces)))

    def root(face: int) -> int:
        while group[face] != face:
            group[face] = group[group[face]]
            face = group[face]
        return face

    for one, other in pairs.tolist():
        if owner[one] == owner[other] and block[one] == block[other] and owner[one] >= 0:
            group[root(one)] = root(other)
    built = {root(int(face)) for face in _holder(faces, spots)}
    touching: dict[int, dict[int, float]] = {}
    for (one, other), metres in zip(pairs.tolist(), lengths.tolist(), strict=True):
        a, b = root(one), root(other)
        if a != b:
            # What borders inside its block is preferred by far.
            worth = metres * (10.0 if block[one] == block[other] else 1.0)
            touching.setdefault(a, {})[b] = touching.get(a, {}).get(b, 0.0) + worth
            touching.setdefault(b, {})[a] = touching.get(b, {}).get(a, 0.0) + worth
    area: dict[int, float] = {}
    for face, size in enumerate(shapely.area(faces).tolist()):
        area[root(face)] = area.get(root(face), 0.0) + size
    waiting = [(size, atom) for atom, size in area.items() if atom not in built]
    heapify(waiting)
    while waiting:
        size, atom = heappop(waiting)
        if root(atom) != atom or size < area[atom] or size >= _SCRAP_M2:
            continue
        near = touching.get(atom, {})
        if not near:
            continue
        into = max(near, key=lambda other: (near[other], -other))
        group[atom] = into
        area[into] += area[atom]
        for other, worth in touching.pop(atom).items():
            touching[other].pop(atom)
            if other != into:
                touching[into][other] = touching[into].get(other, 0.0) + worth
                touching[other][into] = touching[other].get(into, 0.0) + worth
        if into not in built:
            heappush(waiting, (area[into], into))
    roots = np.array([root(face) for face in range(len(faces))])
    group_of: Indices = np.unique(roots, return_inverse=True)[1].ravel()
    return group_of, pairs, lengths, outer


def _between(pairs: Indices, lengths: Floats) -> tuple[Indices, Floats]:
    """Each two that touch once, with the sum of their borders."""
    ordered = np.sort(pairs.reshape(-1, 2), axis=1)
    apart = ordered[:, 0] != ordered[:, 1]
    single, at = np.unique(ordered[apart], axis=0, return_inverse=True)
    sums = np.bincount(at.ravel(), weights=lengths[apart], minlength=len(single))
    return single, sums.astype(float)
