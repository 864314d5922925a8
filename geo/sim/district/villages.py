# SPDX-License-Identifier: Apache-2.0
"""Villages and the roads between them."""

from dataclasses import dataclass

import numpy as np
import shapely
from shapely import LineString, MultiLineString, Point, Polygon
from shapely.geometry.base import BaseGeometry
from shapely.ops import polygonize

from geo.sim.district.country import Land
from geo.sim.district.curves import chaikin
from geo.sim.district.footprints import solid
from geo.sim.district.parcels import Cutter
from geo.sim.district.terrain import spread
from geo.sim.district.town import Quarter
from geo.sim.district.townscape import Road


@dataclass
class Village:
    """A village: its cell, its middle in plane metres, how many households it is for."""

    cell: int
    x: float
    y: float
    households: int
    main: bool


def sites(
    cells: list[Quarter], first: int, land: Land, water: BaseGeometry, rng: np.random.Generator
) -> list[Village]:
    """Two to four villages a cell, low, away from borders and water and from each other."""
    gx, gy = land.raster.centres()
    found: list[Village] = []
    for k, cell in enumerate(cells):
        room = cell.land.buffer(-170.0)
        if room.is_empty:
            room = cell.land.buffer(-90.0)
        keep = land.raster.mask(room)
        xs, ys, low = gx[keep], gy[keep], land.height[keep]
        wet = shapely.distance(shapely.points(xs, ys), water)
        score = 1.0 - 1.4 * low - 0.8 * (wet < 130) - 0.25 * np.clip(wet / 2500, 0, 1)
        score += rng.uniform(0, 0.18, len(xs))
        total = int(rng.integers(310, 470))
        count = int(np.clip(round(cell.land.area / 1.4e6), 1, 4))
        parts = np.array([0.55, 0.25, 0.2, 0.16][:count]) * rng.uniform(0.85, 1.15, count)
        parts /= parts.sum()
        for i in range(count):
            best = int(np.argmax(score))
            if i and score[best] < -1.0:
                found[-1].households += int(total * parts[i])
                continue
            x, y = float(xs[best]), float(ys[best])
            found.append(Village(first + k, x, y, int(total * parts[i]), i == 0))
            score[np.hypot(xs - x, ys - y) < 620 - 60 * i] -= 3.0
    return found


def roads(
    villages: list[Village], gates: list[Point], land: Land, country: BaseGeometry
) -> list[Road]:
    """Ways of least effort between neighbouring villages, and on into town at the gates."""
    raster = land.raster
    cost = 0.35 + 5.0 * land.height**1.5
    spots = [(v.x, v.y) for v in villages] + [(g.x, g.y) for g in gates]
    seeds: dict[tuple[int, int], int] = {}
    for i, (x, y) in enumerate(spots):
        seeds.setdefault(raster.pixel(x, y), i)
    allowed = land.country.copy()
    for pixel in seeds:
        allowed[pixel] = True
    label, effort, before = spread(cost, allowed, seeds)
    meet: dict[tuple[int, int], tuple[float, int, int]] = {}
    cols = raster.cols
    for dr, dc in ((0, 1), (1, 0)):
        for r in range(raster.rows - dr):
            for c in range(cols - dc):
                a, b = int(label[r, c]), int(label[r + dr, c + dc])
                if a < 0 or b < 0 or a == b:
                    continue
                key = (min(a, b), max(a, b))
                way = float(effort[r, c] + effort[r + dr, c + dc])
                if key not in meet or way < meet[key][0]:
                    meet[key] = (way, r * cols + c, (r + dr) * cols + c + dc)
    chosen = _network(meet, len(spots))
    steps: set[tuple[int, int]] = set()
    for _, p, q in chosen:
        steps.add((min(p, q), max(p, q)))
        for start in (p, q):
            here = start
            while before[divmod(here, cols)] >= 0:
                on = int(before[divmod(here, cols)])
                steps.add((min(here, on), max(here, on)))
                here = on
    pixels = [
        LineString([raster.centre(*divmod(a, cols)), raster.centre(*divmod(b, cols))])
        for a, b in sorted(steps)
    ]
    merged = shapely.line_merge(MultiLineString(pixels))
    out = []
    for arc in getattr(merged, "geoms", [merged]):
        pts = np.array(LineString(chaikin(np.array(arc.coords), 2)).simplify(22.0).coords)
        line = LineString(chaikin(pts, 2)).intersection(country)
        for g in getattr(line, "geoms", [line]):
            if isinstance(g, LineString) and g.length > 10:
                out.append(Road(g, 6))
    for gate in gates:
        near = min(out, key=lambda r: r.line.distance(gate))
        joint = near.line.interpolate(near.line.project(gate))
        if 0.5 < joint.distance(gate) < 900:
            out.append(Road(LineString([joint, gate]), 6))
    return out


def _network(
    meet: dict[tuple[int, int], tuple[float, int, int]], count: int
) -> list[tuple[float, int, int]]:
    """A least spanning tree and the short ways that close rings."""
    parent = list(range(count))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    chosen = []
    ranked = sorted((way, key) for key, (way, _, _) in meet.items())
    usual = float(np.median([way for way, _ in ranked]))
    for way, (a, b) in ranked:
        if root(a) != root(b):
            parent[root(a)] = root(b)
            chosen.append(meet[(a, b)])
        elif way < 0.55 * usual and (a * 7 + b * 13) % 3 == 0:
            chosen.append(meet[(a, b)])
    return chosen


def village_blocks(
    village: Village,
    cell: Polygon,
    ways: BaseGeometry,
    closed: BaseGeometry,
    cutter: Cutter,
) -> tuple[list[Polygon], list[LineString]]:
    """The village's blocks, nearest to its middle first, and its own lanes."""
    rng = cutter.rng
    radius = float(np.sqrt(village.households * 420.0 / np.pi)) + 30.0
    near = ways.intersection(Point(village.x, village.y).buffer(radius))
    turn = 0.0
    longest = max(getattr(near, "geoms", [near]), key=lambda g: g.length, default=None)
    if longest is not None and isinstance(longest, LineString) and longest.length > 5:
        a, b = longest.coords[0], longest.coords[-1]
        turn = float(np.arctan2(b[1] - a[1], b[0] - a[0]))
    theta = np.linspace(0, 2 * np.pi, 18, endpoint=False)
    middle = Point(village.x, village.y)
    reach = radius * (1.0 + 0.28 * np.cos(2 * theta)) * rng.uniform(0.8, 1.2, 18)
    ring = np.column_stack([reach * np.cos(theta + turn), reach * np.sin(theta + turn)])
    ring += np.array([village.x, village.y])
    blob: BaseGeometry = Polygon(chaikin(ring, 1, closed=True)).buffer(0)
    blob = blob.intersection(cell.buffer(-16.0)).difference(closed)
    blocks: list[Polygon] = []
    first = len(cutter.cuts)
    for part in solid(blob, 2500.0):
        web = shapely.union_all([part.boundary, ways.intersection(part)], grid_size=0.01)
        for piece in polygonize(web):
            if part.contains(piece.representative_point()) and piece.area > 1200:
                blocks += _cut(Polygon(piece.exterior), cutter)
    lanes = [c.line for c in cutter.cuts[first:]]
    del cutter.cuts[first:]
    clear = [q for p in blocks for q in solid(p.difference(closed), 600.0)]
    return sorted(
        clear, key=lambda p: p.distance(middle) + 0.3 * p.centroid.distance(middle)
    ), lanes


def _cut(land: Polygon, cutter: Cutter) -> list[Polygon]:
    if land.area < 15_000:
        return [land]
    try:
        a, b = cutter.divide(land, float(cutter.rng.uniform(0.42, 0.58)), 5)
    except ValueError:
        return [land]
    return _cut(a, cutter) + _cut(b, cutter)
