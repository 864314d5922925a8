# SPDX-License-Identifier: Apache-2.0
"""Streets and blocks of the town: riverside roads, bridges, lanes; what is left is blocks."""

from dataclasses import dataclass

import numpy as np
import shapely
from shapely import LineString, MultiLineString, Polygon
from shapely.geometry.base import BaseGeometry

from geo.sim.district.footprints import solid
from geo.sim.district.parcels import Cutter, even
from geo.sim.district.town import Lines, Quarter

BANK_M = 112.0
"""From the Taizi's centre line to the riverside road."""
HALF_WIDTH_M = {"main": 17.0, "secondary": 11.5, "lane": 6.5, "rural": 7.5}
"""From a street's centre line to the building line."""


@dataclass(frozen=True)
class Road:
    """A street line before it is named."""

    line: LineString
    level: int


@dataclass
class Fabric:
    """The town's open land by cell and its streets."""

    open_land: list[list[Polygon]]
    roads: list[Road]


def water_body(lines: Lines) -> dict[str, BaseGeometry]:
    """River surfaces in plane metres; the Taizi is wider in its bends."""
    centre = lines.taizi
    discs = []
    for i, at in enumerate(np.arange(0.0, centre.length, 40.0)):
        a, b = centre.interpolate(at), centre.interpolate(at + 40.0)
        half = 68.0 + 14.0 * np.sin(i * 0.19) + 9.0 * np.sin(i * 0.071 + 1.0)
        discs.append(LineString([a, b]).buffer(half, quad_segs=6))
    body: dict[str, BaseGeometry] = {"太子河": shapely.union_all(discs).simplify(2.0)}
    brook = lines.huolianzhai.buffer(13.0, quad_segs=3).difference(body["太子河"])
    body["火连寨河"] = max(solid(brook, 1.0), key=lambda g: g.area)
    for name, line in lines.streams:
        taken = shapely.union_all(list(body.values()))
        body[name] = line.buffer(8.0, quad_segs=3).difference(taken)
    return body


def lay_out(
    cells: list[Quarter], cutter: Cutter, lines: Lines, woods: BaseGeometry, town: BaseGeometry
) -> Fabric:
    """Cut every town cell into blocks by lanes and gather all its streets."""
    river = lines.taizi.buffer(BANK_M, quad_segs=12)
    brook = lines.huolianzhai.buffer(24.0)
    tracks = shapely.union_all([lines.railway, lines.branch]).buffer(17.0, quad_segs=3)
    no_go = shapely.union_all([river, brook, tracks, woods])
    shapely.prepare(no_go)
    first_cut = len(cutter.cuts)
    cutter.density = even
    open_land: list[list[Polygon]] = []
    for cell in cells:
        parts = solid(cell.land.difference(no_go), 1500.0)
        blocks: list[Polygon] = []
        for part in parts:
            blocks += _blocks(Polygon(part.exterior), cutter)
        blocks = [p for b in blocks for p in solid(b.difference(no_go), 900.0)]
        open_land.append(blocks)
    dry = shapely.union_all([river, woods])
    roads = []
    for i, cut in enumerate(cutter.cuts):
        level = cut.level if i < first_cut else 3
        if cut.level == 0:
            roads.append(Road(cut.line, 0))
            continue
        rest = cut.line.difference(dry)
        for g in getattr(rest, "geoms", [rest]):
            if isinstance(g, LineString) and g.length > 25:
                roads.append(Road(g, level))
    bank = river.boundary.intersection(town.buffer(-30.0))
    merged = shapely.line_merge(bank) if isinstance(bank, MultiLineString) else bank
    for g in getattr(merged, "geoms", [merged]):
        if isinstance(g, LineString) and g.length > 400:
            bare = g.simplify(1.0).difference(woods)
            roads += [
                Road(h, 1)
                for h in getattr(bare, "geoms", [bare])
                if isinstance(h, LineString) and h.length > 200
            ]
    roads += [Road(b, 1) for b in bridges(cutter, lines, river, town)]
    return Fabric(open_land, roads)


def _blocks(land: Polygon, cutter: Cutter) -> list[Polygon]:
    """Blocks of about a hectare; a piece that cannot be cut well stays whole."""
    size = float(cutter.rng.uniform(9_000, 19_000))
    if land.area < 1.55 * size:
        return [land]
    try:
        a, b = cutter.divide(land, float(cutter.rng.uniform(0.42, 0.58)), 3)
    except ValueError:
        return [land]
    return _blocks(a, cutter) + _blocks(b, cutter)


def bridges(
    cutter: Cutter, lines: Lines, river: BaseGeometry, town: BaseGeometry
) -> list[LineString]:
    """Streets between communities carried straight over the Taizi, well apart."""
    taken: list[float] = []
    out: list[LineString] = []
    inner = town.buffer(-150.0)
    ranked = sorted((c for c in cutter.cuts if c.level == 1), key=lambda c: -c.line.length)
    for cut in ranked:
        for end, back in ((0, 1), (-1, -2)):
            spot = shapely.Point(cut.line.coords[end])
            if spot.distance(lines.taizi) > 3.0:
                continue
            at = lines.taizi.project(spot)
            if any(abs(at - t) < 850 for t in taken) or not inner.contains(spot):
                continue
            a = np.array(lines.taizi.interpolate(at - 15).coords[0])
            b = np.array(lines.taizi.interpolate(at + 15).coords[0])
            side = np.array([-(b - a)[1], (b - a)[0]]) / np.hypot(*(b - a))
            inside = np.array(cut.line.coords[end]) - np.array(cut.line.coords[back])
            if side @ inside < 0:
                side = -side
            centre = np.array(spot.coords[0])
            tail = cut.line.intersection(river)
            span = LineString([centre, centre + side * (BANK_M + 6.0)]).intersection(river)
            if isinstance(tail, LineString) and isinstance(span, LineString):
                out += [tail, span]
                taken.append(at)
    return out
