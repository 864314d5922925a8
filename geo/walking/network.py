# SPDX-License-Identifier: Apache-2.0
"""How far it is on foot: streets as a network, water and railways in between. Pure.

One walks along streets, and off them in a straight line to the nearest street that is not behind a
river or a railway. A bridge or an underpass is a street that crosses one. All in plane metres.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from heapq import heappop, heappush
from itertools import pairwise
from math import inf

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry
from shapely.ops import substring

from geo.crs import geometry_to_metres

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
Shapes = NDArray[np.object_]
Spot = tuple[float, float]

# Streets are joined on a grid this fine: ends that meet on the map meet here.
_GRID_M = 0.1
# How far round a place its nearest street is looked for, step by step.
_LOOKS_M = (80.0, 320.0, 1280.0, 5120.0)
# A way off the streets may end on the very edge of what it must not cross: an abutment.
_ABUTMENT_M = 0.5


class Barrier(StrEnum):
    """What a walk does not cross but on a street."""

    WATER = "water"
    RAILWAY = "railway"


@dataclass(frozen=True)
class Spur:
    """How a place hangs on the network: which stretch, how far along it, the metres up to it."""

    stretch: int
    along_m: float
    off_m: float


class StreetNet:
    """Streets joined where they meet, with the water and the railways between them. Immutable.

    Streets that cross on the map are taken to meet: the gazetteer knows no storeys.
    """

    def __init__(
        self,
        streets: Sequence[BaseGeometry],
        *,
        srid: int,
        water: Sequence[BaseGeometry] = (),
        railways: Sequence[BaseGeometry] = (),
    ) -> None:
        """A network of geometry in WGS-84 degrees, measured in a metric CRS."""
        self.srid = srid
        self._water = _in_metres(water, srid)
        shores, rails = (
            _edges_of(some) for some in (shapely.boundary(self._water), _in_metres(railways, srid))
        )
        self._barriers = shapely.STRtree(np.concatenate([shores, rails]))
        self._shores = len(shores)
        self._wet = shapely.STRtree(self._water)
        joined = shapely.union_all(_in_metres(streets, srid), grid_size=_GRID_M)
        lines = shapely.get_parts(joined)
        self.stretches, ends = self._cut(lines)
        self.ends: list[tuple[int, int]] = [(int(a), int(b)) for a, b in ends]
        self.lengths: list[float] = shapely.length(self.stretches).tolist()
        self._near = shapely.STRtree(self.stretches)
        count = 1 + max((max(pair) for pair in self.ends), default=-1)
        links: list[list[tuple[int, float]]] = [[] for _ in range(count)]
        for (a, b), metres in zip(self.ends, self.lengths, strict=True):
            links[a].append((b, metres))
            links[b].append((a, metres))
        self.links: tuple[tuple[tuple[int, float], ...], ...] = tuple(map(tuple, links))
        self._parts = _parts_of(self.links)

    def part(self, spur: Spur) -> int:
        """Which part of the network a place hangs on: streets join those of one part alone."""
        return self._parts[self.ends[spur.stretch][0]]

    def spur(self, x: float, y: float) -> Spur | None:
        """As `spurs`, of one place."""
        (spur,) = self.spurs(np.array([x]), np.array([y]))
        return spur

    def spurs(self, x: Floats, y: Floats) -> list[Spur | None]:
        """How each place, in plane metres, hangs on the network; None where no street is near.

        The nearest street on this side of water and railways. A place in the water is a vague one
        on either bank, or on a bridge: it hangs on what is nearest.
        """
        places: Shapes = np.asarray(shapely.points(x, y), dtype=object)
        wet = self._in_water(places)
        found: list[Spur | None] = [None] * len(places)
        left = np.arange(len(places))
        for reach in _LOOKS_M:
            if not len(left) or not len(self.stretches):
                break
            of, near = self._near.query(places[left], predicate="dwithin", distance=reach)
            of = left[of]
            away = np.asarray(shapely.distance(places[of], self.stretches[near]))
            order = np.lexsort((near, away, of))
            of, near, away = of[order], near[order], away[order]
            # Most hang on the nearest: only where that is blocked the others are tried.
            first = np.flatnonzero(np.diff(of, prepend=-1))
            free = ~self._blocked(places[of[first]], self.stretches[near[first]], wet[of[first]])
            taken = first[free]
            behind = np.isin(of, of[first[~free]])
            behind[first] = False
            others = np.flatnonzero(behind)
            blocked = self._blocked(
                places[of[others]], self.stretches[near[others]], wet[of[others]]
            )
            others = others[~blocked]
            others = others[np.flatnonzero(np.diff(of[others], prepend=-1))]
            for i in (*taken, *others):
                shape = self.stretches[near[i]]
                along = shapely.line_locate_point(shape, places[of[i]])
                found[of[i]] = Spur(int(near[i]), float(along), float(away[i]))
            left = np.array([i for i in left if found[i] is None], dtype=np.int64)
        return found

    def piece(self, stretch: int, along_m: float, to_m: float) -> list[Spot]:
        """The spots of a stretch from so far along it to so far, in that order."""
        spots = substring(self.stretches[stretch], along_m, to_m).coords
        return [(float(x), float(y)) for x, y in spots]

    def to_end(self, spur: Spur, node: int) -> list[Spot]:
        """The spots from where a place hangs to an end of its stretch, the shorter way round."""
        first, last = self.ends[spur.stretch]
        length = self.lengths[spur.stretch]
        back = node == first and (node != last or spur.along_m <= length - spur.along_m)
        return self.piece(spur.stretch, spur.along_m, 0.0 if back else length)

    def between_ends(self, node: int, near: int, metres: float) -> list[Spot]:
        """The spots of the stretch of this length that joins two nodes, from one to the other."""
        stretch = self._joining[node, near, metres]
        ahead = self.ends[stretch] == (node, near)
        return self.piece(stretch, *((0.0, metres) if ahead else (metres, 0.0)))

    @cached_property
    def _joining(self) -> dict[tuple[int, int, float], int]:
        """Which stretch of a length joins two nodes: only a way that is drawn asks for it."""
        found = {}
        for stretch, ((a, b), metres) in enumerate(zip(self.ends, self.lengths, strict=True)):
            found[a, b, metres] = found[b, a, metres] = stretch
        return found

    def between(self, x: float, y: float, to_x: Floats, to_y: Floats) -> list[Barrier | None]:
        """What the straight line from a place to each other one crosses, water before a railway."""
        heres = np.broadcast_to(np.array([x, y]), (len(to_x), 2))
        lines = shapely.linestrings(np.stack([heres, np.stack([to_x, to_y], axis=1)], axis=1))
        found: list[Barrier | None] = [None] * len(to_x)
        for line, barrier in self._barriers.query(lines, predicate="intersects").T:
            if barrier < self._shores:
                found[line] = Barrier.WATER
            else:
                found[line] = found[line] or Barrier.RAILWAY
        return found

    def is_open(self, x: float, y: float, to_x: float, to_y: float) -> bool:
        """Whether one may walk from place to place in a straight line, the same both ways."""
        places: Shapes = np.asarray(shapely.points([x, to_x], [y, to_y]), dtype=object)
        wet = np.repeat(self._in_water(places).any(), 2)
        # Either place may stand on the very edge of what is not crossed: who goes there may come.
        return not bool(self._blocked(places, places[::-1], wet).all())

    def _in_water(self, places: Shapes) -> NDArray[np.bool_]:
        wet = np.zeros(len(places), dtype=bool)
        wet[self._wet.query(places, predicate="intersects")[0]] = True
        return wet

    def _blocked(
        self,
        places: Shapes,
        goals: Shapes,
        wet: NDArray[np.bool_],
    ) -> NDArray[np.bool_]:
        """Whether the shortest line from each place to its goal crosses water or a railway."""
        blocked = np.zeros(len(places), dtype=bool)
        if not len(places):
            return blocked
        ends = shapely.get_coordinates(shapely.shortest_line(places, goals)).reshape(-1, 2, 2)
        legs = ends[:, 1] - ends[:, 0]
        metres = np.maximum(np.hypot(legs[:, 0], legs[:, 1]), 1e-9)
        short = np.clip((metres - _ABUTMENT_M) / metres, 0.0, 1.0)
        ends[:, 1] = ends[:, 0] + legs * short[:, None]
        leg, barrier = self._barriers.query(shapely.linestrings(ends), predicate="intersects")
        counts = (barrier >= self._shores) | ~wet[leg]
        blocked[leg[counts]] = True
        return blocked

    def _cut(self, lines: Shapes) -> tuple[Shapes, Indices]:
        """Stretches and the numbers of their ends: lines cut at the shores and rails they cross.

        So the land before a bridge is a stretch of its own: one comes to it without getting wet.
        """
        if not len(lines):
            return lines, np.zeros((0, 2), dtype=np.int64)
        tips = np.stack([shapely.get_point(lines, 0), shapely.get_point(lines, -1)], axis=1)
        cells = np.round(shapely.get_coordinates(tips.ravel()) / _GRID_M).astype(np.int64)
        nodes, numbers = np.unique(cells, axis=0, return_inverse=True)
        ends = numbers.reshape(-1, 2)
        crossing, barrier = self._barriers.query(lines, predicate="intersects")
        whole = np.ones(len(lines), dtype=bool)
        whole[crossing] = False
        pieces: list[BaseGeometry] = []
        piece_ends: list[tuple[int, int]] = []
        fresh = len(nodes)
        for i in np.flatnonzero(~whole):
            met = shapely.intersection(lines[i], self._barriers.geometries[barrier[crossing == i]])
            spots = shapely.points(shapely.get_coordinates(met))
            length = float(lines[i].length)
            at = np.unique(np.round(shapely.line_locate_point(lines[i], spots), 2))
            cuts = [0.0, *at[(at > _GRID_M) & (at < length - _GRID_M)].tolist(), length]
            joints = [int(ends[i, 0]), *range(fresh, fresh + len(cuts) - 2), int(ends[i, 1])]
            fresh += len(cuts) - 2
            pieces += [substring(lines[i], a, b) for a, b in pairwise(cuts)]
            piece_ends += list(pairwise(joints))
        shapes = np.concatenate([lines[whole], np.array(pieces, dtype=object)])
        cut_ends = np.array(piece_ends, dtype=np.int64).reshape(-1, 2)
        return shapes, np.concatenate([ends[whole], cut_ends])


class Ways:
    """The ways on foot from one place, found as far as they are asked for (Dijkstra)."""

    def __init__(self, net: StreetNet, x: float, y: float, spur: Spur | None) -> None:
        """Ways from a place in plane metres, that hangs on the network so."""
        self.net = net
        self._x, self._y = x, y
        self._spur = spur
        self._settled: dict[int, float] = {}
        self._frontier: list[tuple[float, int]] = []
        if self._spur is not None:
            for node, tail in _tails(net, self._spur).items():
                heappush(self._frontier, (tail, node))

    @property
    def hangs(self) -> bool:
        """Whether the place hangs on the network at all."""
        return self._spur is not None

    def leads_to(self, spur: Spur) -> bool:
        """Whether streets lead there, however far."""
        return self._spur is not None and self.net.part(self._spur) == self.net.part(spur)

    def metres(self, x: float, y: float, spur: Spur, *, within: float) -> float:
        """The metres to a place that hangs on the network so; infinite where beyond `within`.

        Two who are nearer to each other than to the streets walk to each other straight.
        """
        if self._spur is None:
            return inf
        best = min(self._straight(x, y, spur), self._on_one_stretch(spur))
        tails = _tails(self.net, spur)
        for node, tail in tails.items():
            best = min(best, self._settled.get(node, inf) + tail)
        frontier, settled, links = self._frontier, self._settled, self.net.links
        limit = min(best, within) - spur.off_m
        while frontier and frontier[0][0] < limit:
            so_far, node = heappop(frontier)
            if node in settled:
                continue
            settled[node] = so_far
            if node in tails:
                best = min(best, so_far + tails[node])
                limit = min(best, within) - spur.off_m
            for near, metres in links[node]:
                if near not in settled:
                    heappush(frontier, (so_far + metres, near))
        return best if best <= within else inf

    def path(self, x: float, y: float) -> list[Spot]:
        """The way that `metres` measures, spot by spot from there to here; empty where none is."""
        spur, mine = self.net.spur(x, y), self._spur
        best = inf if spur is None else self.metres(x, y, spur, within=inf)
        if spur is None or mine is None or best == inf:
            return []
        if best == self._straight(x, y, spur):
            between: list[Spot] = []
        elif best == self._on_one_stretch(spur):
            between = self.net.piece(spur.stretch, spur.along_m, mine.along_m)
        else:
            between = self._from_stretch_to_stretch(spur, mine)
        spots = [(x, y), *between, (self._x, self._y)]
        # Where two pieces meet both say so.
        return [spots[0]] + [spot for before, spot in pairwise(spots) if spot != before]

    def _straight(self, x: float, y: float, spur: Spur) -> float:
        """The metres of two who are nearer to each other than to the streets; else infinite."""
        assert self._spur is not None
        straight = float(np.hypot(x - self._x, y - self._y))
        near = straight <= self._spur.off_m + spur.off_m
        return straight if near and self.net.is_open(self._x, self._y, x, y) else inf

    def _on_one_stretch(self, spur: Spur) -> float:
        """The metres between two who hang on one stretch, along it; else infinite."""
        mine = self._spur
        if mine is None or mine.stretch != spur.stretch:
            return inf
        return mine.off_m + abs(mine.along_m - spur.along_m) + spur.off_m

    def _from_stretch_to_stretch(self, spur: Spur, mine: Spur) -> list[Spot]:
        """The spots from one stretch over the ends of others to mine, as they were settled."""
        net, settled = self.net, self._settled
        tails, own = _tails(net, spur), _tails(net, mine)
        node = min(tails, key=lambda end: settled.get(end, inf) + tails[end])
        spots = net.to_end(spur, node)
        while settled[node] != own.get(node):
            near, metres = next(
                (near, metres)
                for near, metres in net.links[node]
                if settled.get(near, inf) + metres == settled[node]
            )
            spots += net.between_ends(node, near, metres)
            node = near
        return spots + net.to_end(mine, node)[::-1]


def _tails(net: StreetNet, spur: Spur) -> dict[int, float]:
    """The metres between a place and the ends of its stretch."""
    first, last = net.ends[spur.stretch]
    along = spur.along_m
    tails = {first: spur.off_m + along}
    rest = spur.off_m + max(net.lengths[spur.stretch] - along, 0.0)
    tails[last] = min(tails.get(last, inf), rest)
    return tails


def _in_metres(shapes: Sequence[BaseGeometry], srid: int) -> Shapes:
    if not len(shapes):
        return np.array([], dtype=object)
    moved: Shapes = geometry_to_metres(np.array(shapes, dtype=object), srid)
    return moved


def _edges_of(lines: Shapes) -> Shapes:
    """The single edges of lines: a tree of short ones finds what is near without much work."""
    spots, of = shapely.get_coordinates(shapely.get_parts(lines), return_index=True)
    pairs = np.stack([spots[:-1], spots[1:]], axis=1)[of[:-1] == of[1:]]
    edges: Shapes = shapely.linestrings(pairs)
    return edges


def _parts_of(links: Sequence[Sequence[tuple[int, float]]]) -> list[int]:
    """For each node the first node that streets join it to."""
    parts = [-1] * len(links)
    for first in range(len(links)):
        if parts[first] >= 0:
            continue
        parts[first] = first
        waiting = [first]
        while waiting:
            for near, _ in links[waiting.pop()]:
                if parts[near] < 0:
                    parts[near] = first
                    waiting.append(near)
    return parts
