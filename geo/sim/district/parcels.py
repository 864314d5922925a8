# SPDX-License-Identifier: Apache-2.0
"""Cutting land the way towns grow: one bent street after another, never a drawn grid.

`divide` cuts a polygon in two by a street that leaves both sides at about a right angle and
joins a crossing that is already there when one is near; repeated, it gives T-junctions,
crossroads and blocks of uneven size that follow the lie of the land. Plane metres.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import LineString, Point, Polygon
from shapely.ops import split

from geo.sim.district.curves import bezier

Density = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""Weight of each of (n, 2) points."""


def even(xy: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same weight everywhere."""
    return np.ones(len(xy))


@dataclass
class Cut:
    """A street made by cutting; level 0 parts subdistricts, 4 parts blocks."""

    line: LineString
    level: int


@dataclass
class Cutter:
    """Cuts land and remembers the streets and crossings that this made."""

    rng: np.random.Generator
    density: Density = even
    cuts: list[Cut] = field(default_factory=list)
    joints: list[tuple[float, float]] = field(default_factory=list)
    snap_m: float = 48.0

    def share(self, land: Polygon, weights: Sequence[float], level: int) -> list[Polygon]:
        """As many pieces as weights, each with its share of the density."""
        if len(weights) == 1:
            return [land]
        total = float(sum(weights))
        half = int(np.argmin([abs(sum(weights[:i]) - total / 2) for i in range(1, len(weights))]))
        half += 1
        first, second = self.divide(land, sum(weights[:half]) / total, level)
        return self.share(first, weights[:half], level) + self.share(second, weights[half:], level)

    def divide(self, land: Polygon, part: float, level: int) -> tuple[Polygon, Polygon]:
        """Two pieces, the first with about `part` of the weight."""
        fine = level <= 2
        xy = grid_points(land, 420 if fine else 140)
        known = np.array(self.joints).reshape(-1, 2)
        west, south, east, north = land.bounds
        known = known[
            (known[:, 0] > west - 1) & (known[:, 0] < east + 1)
            & (known[:, 1] > south - 1) & (known[:, 1] < north + 1)
        ]  # fmt: skip
        weight = self.density(xy) + 1e-6
        middle = np.average(xy, axis=0, weights=weight)
        spread = np.cov((xy - middle).T, aweights=weight)
        axis = np.linalg.eigh(spread)[1][:, 1]
        base = float(np.arctan2(axis[1], axis[0]))
        best: tuple[float, LineString, Polygon, Polygon] | None = None
        for turn in (0.0, 0.14, -0.14, 0.3, -0.3, 0.5, -0.5, 0.8, -0.8, 1.2, -1.2):
            if best is not None and abs(turn) > (0.6 if fine else 0.2):
                break
            for slide in (0.0, 0.06, -0.06) if fine else (0.0,):
                found = self._try(land, xy, weight, base + turn, part + slide, part, known)
                if found is None:
                    continue
                score = found[0] * (1.0 + 0.25 * abs(turn)) + 0.3 * abs(slide)
                if best is None or score < best[0]:
                    best = (score, *found[1:])
        if best is None:
            raise ValueError(f"no cut found for land of {land.area:.0f} m2")
        _, line, first, second = best
        self.cuts.append(Cut(line, level))
        self.joints += [(line.coords[i][0], line.coords[i][1]) for i in (0, -1)]
        return first, second

    def _try(
        self,
        land: Polygon,
        xy: NDArray[np.float64],
        weight: NDArray[np.float64],
        angle: float,
        part: float,
        wanted: float,
        known: NDArray[np.float64],
    ) -> tuple[float, LineString, Polygon, Polygon] | None:
        """(score, street, piece with the wanted share, the rest) of one candidate direction."""
        along = np.array([np.cos(angle), np.sin(angle)])
        across = np.array([-along[1], along[0]])
        place = xy @ along
        order = np.argsort(place, kind="stable")
        cum = np.cumsum(weight[order]) / weight.sum()
        offset = place[order][min(int(np.searchsorted(cum, part)), len(order) - 1)]
        centre = along * offset + across * float(np.average(xy @ across, weights=weight))
        reach = float(np.hypot(land.bounds[2] - land.bounds[0], land.bounds[3] - land.bounds[1]))
        chord = LineString([centre - across * reach, centre + across * reach]).intersection(land)
        runs = [g for g in getattr(chord, "geoms", [chord]) if isinstance(g, LineString)]
        if not runs:
            return None
        run = max(runs, key=lambda g: g.length)
        a, b = (self._settle(land, np.array(run.coords[i]), known) for i in (0, -1))
        gap = float(np.hypot(*(b - a))) + 1e-9
        line = street_between(land, a, b)
        if line is None:
            return None
        pieces = [g for g in split(land, line).geoms if isinstance(g, Polygon)]
        if len(pieces) != 2:
            return None
        inner = line.intersection(land.buffer(1e-6))
        if not isinstance(inner, LineString):
            return None
        inside = shapely.contains_xy(pieces[0], xy[:, 0], xy[:, 1])
        got = float(weight[inside].sum() / weight.sum())
        low = float(place[inside].mean()) if inside.any() else 0.0
        high = float(place[~inside].mean()) if (~inside).any() else 0.0
        if low > high:
            pieces.reverse()
            got = 1.0 - got
        miss = abs(got - wanted) / min(wanted, 1 - wanted)
        if miss > 0.45:
            return None
        size = float(np.sqrt(land.area))
        shape = max(roundness(p) for p in pieces)
        corner = _corner_gap(land, inner)
        skew = 2.0 - abs(_inward(land, a) @ (b - a)) / gap - abs(_inward(land, b) @ (b - a)) / gap
        score = float(inner.length / size + 0.8 * miss + 0.5 * shape + 1.0 * skew)
        score += 1.2 * max(0.0, 1 - corner / 30.0)
        return score, inner, pieces[0], pieces[1]

    def _settle(
        self, land: Polygon, end: NDArray[np.float64], near: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """The end moved to a crossing of the land's border when one is near and is no corner."""
        if not len(near):
            return end
        gap = np.hypot(near[:, 0] - end[0], near[:, 1] - end[1])
        reach = min(self.snap_m, 0.16 * float(np.sqrt(land.area)) + 10.0)
        for i in np.argsort(gap, kind="stable")[:6]:
            if gap[i] > reach:
                break
            spot = Point(near[i])
            if land.exterior.distance(spot) < 0.01 and not _is_corner(land, near[i]):
                found: NDArray[np.float64] = near[i]
                return found
        return end


def grid_points(land: Polygon, count: int) -> NDArray[np.float64]:
    """About `count` points on a square lattice inside the land."""
    west, south, east, north = land.bounds
    step = float(np.sqrt(land.area / count))
    xs = np.arange(west + step / 2, east, step)
    ys = np.arange(south + step / 2, north, step)
    gx, gy = np.meshgrid(xs, ys)
    keep = shapely.contains_xy(land, gx.ravel(), gy.ravel())
    return np.column_stack([gx.ravel()[keep], gy.ravel()[keep]])


def roundness(shape: Polygon) -> float:
    """0 for a disc, growing with thin or ragged shapes."""
    return float(shape.length**2 / (4 * np.pi * shape.area) - 1.0) * 0.3


def street_between(
    land: Polygon, a: NDArray[np.float64], b: NDArray[np.float64]
) -> LineString | None:
    """A bent street from border point a to border point b, a hand's breadth past both."""
    length = float(np.hypot(*(b - a)))
    if length < 12.0:
        return None
    na, nb = _inward(land, a), _inward(land, b)
    chord = (b - a) / length
    if na @ chord < 0.3:
        na = chord
    if nb @ -chord < 0.3:
        nb = -chord
    ta = 0.5 * na + 0.5 * chord
    tb = 0.5 * nb - 0.5 * chord
    pull = 0.30 * length
    line = bezier(a, a + ta * pull, b + tb * pull, b)
    line[0] -= 0.4 * (line[1] - line[0]) / np.hypot(*(line[1] - line[0]))
    line[-1] -= 0.4 * (line[-2] - line[-1]) / np.hypot(*(line[-2] - line[-1]))
    return LineString(line)


def _inward(land: Polygon, spot: NDArray[np.float64]) -> NDArray[np.float64]:
    """The unit normal of the border at the spot, pointing into the land."""
    ring = land.exterior
    where = ring.project(Point(spot))
    back = ring.interpolate((where - 9.0) % ring.length)
    fore = ring.interpolate((where + 9.0) % ring.length)
    run = np.array([fore.x - back.x, fore.y - back.y])
    size = float(np.hypot(*run)) or 1.0
    normal = np.array([-run[1], run[0]]) / size
    probe = spot + normal * 2.0
    return normal if shapely.contains_xy(land, probe[0], probe[1]) else -normal


def _is_corner(land: Polygon, spot: NDArray[np.float64]) -> bool:
    """Whether the border turns by more than 35 degrees around the spot."""
    ring = land.exterior
    where = ring.project(Point(spot))
    p = [ring.interpolate((where + d) % ring.length) for d in (-14.0, 0.0, 14.0)]
    u = np.array([p[1].x - p[0].x, p[1].y - p[0].y])
    v = np.array([p[2].x - p[1].x, p[2].y - p[1].y])
    turn = (u @ v) / (np.hypot(*u) * np.hypot(*v) + 1e-9)
    return bool(turn < 0.82)


def _corner_gap(land: Polygon, line: LineString) -> float:
    """Metres from the street's ends to the nearest sharp corner of the land."""
    ring = np.array(land.exterior.simplify(6.0).coords)[:-1]
    u = ring - np.roll(ring, 1, axis=0)
    v = np.roll(ring, -1, axis=0) - ring
    turn = (u * v).sum(axis=1) / (np.hypot(*u.T) * np.hypot(*v.T) + 1e-9)
    sharp = ring[turn < 0.75]
    if not len(sharp):
        return 1e9
    ends = np.array([line.coords[0][:2], line.coords[-1][:2]])
    return float(np.hypot(*(sharp[:, None, :] - ends[None, :, :]).T).min())
