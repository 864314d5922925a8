# SPDX-License-Identifier: Apache-2.0
"""The country: cells that meet on ridges and streams, villages on the valley floors."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import LineString, MultiLineString, Point, Polygon
from shapely.geometry.base import BaseGeometry

from geo.sim.district import sketch
from geo.sim.district.curves import chaikin, wiggle
from geo.sim.district.terrain import Grid, Labels, Raster, bleed, frontiers, region, spread
from geo.sim.district.town import Quarter, pieces_of

CELLS_OF = {
    "210503010001": 7, "210503010003": 6, "210503010004": 5, "210503010005": 6,
    "210503011001": 6, "210503011002": 5, "210503011003": 5, "210503011004": 5,
    "210503013001": 6, "210503013002": 6,
}  # fmt: skip
"""Cells of each country community; 57 together."""


@dataclass(frozen=True)
class Land:
    """The district's relief on a raster and what may be walked on."""

    raster: Raster
    height: Grid
    country: NDArray[np.bool_]


def cells(
    district: Polygon, town: BaseGeometry, land: Land, rng: np.random.Generator
) -> list[Quarter]:
    """The 57 country cells; their borders run along ridges and end on the town's border."""
    raster = land.raster
    cost = 0.25 + 4.0 * land.height**2
    seats = {code: (x * 1000, y * 1000) for code, (x, y) in sketch.SEATS}
    codes = sorted(seats)
    seeds = {raster.pixel(*seats[code]): i for i, code in enumerate(codes)}
    community, _, _ = spread(cost, land.country, seeds)
    community = _nested_in_subdistricts(cost, land, codes, seats, community)
    label = np.full(community.shape, -1, dtype=np.int64)
    owner: list[str] = []
    for i, code in enumerate(codes):
        inside = community == i
        spots = _spread_out(land, inside, seats[code], CELLS_OF[code], rng)
        part, _, _ = spread(cost, inside, {p: len(owner) + k for k, p in enumerate(spots)})
        label = np.where(part >= 0, part, label)
        owner += [code] * len(spots)
    ground = district.difference(town)
    parts = sorted(getattr(ground, "geoms", [ground]), key=lambda g: -g.area)
    whole = parts[0]
    assert sum(p.area for p in parts[1:]) < 5.0, "the town cuts the country apart"
    arcs = _natural_arcs(frontiers(raster, bleed(label, 4)), rng)
    faces = pieces_of(whole, arcs)
    return _labelled(faces, raster, bleed(label, 4), owner)


def _nested_in_subdistricts(
    cost: Grid,
    land: Land,
    codes: list[str],
    seats: dict[str, tuple[float, float]],
    community: Labels,
) -> Labels:
    """Communities; a separate step so that each one is in one piece."""
    out = np.full(community.shape, -1, dtype=np.int64)
    for i in range(len(codes)):
        row, col = land.raster.pixel(*seats[codes[i]])
        part, _, _ = spread(cost, community == i, {(row, col): i})
        out = np.where(part >= 0, part, out)
    return out


def _spread_out(
    land: Land,
    inside: NDArray[np.bool_],
    seat: tuple[float, float],
    count: int,
    rng: np.random.Generator,
) -> list[tuple[int, int]]:
    """Seeds of cells: two at the seat, the others far apart and low in the valleys."""
    rows, cols = np.nonzero(inside)
    gx, gy = land.raster.centres()
    x, y = gx[rows, cols], gy[rows, cols]
    low = 1.25 - land.height[rows, cols]
    first = land.raster.pixel(*seat)
    chosen = [first]
    away = np.hypot(x - seat[0], y - seat[1])
    near = np.flatnonzero((away > 380) & (away < 700))
    second = near[int(np.argmax(low[near] + rng.uniform(0, 0.3, len(near))))]
    chosen.append((int(rows[second]), int(cols[second])))
    gap = np.minimum(away, np.hypot(x - x[second], y - y[second]))
    while len(chosen) < count:
        best = int(np.argmax(np.minimum(gap, 4200.0) * low**1.3 * rng.uniform(0.9, 1.1, len(x))))
        chosen.append((int(rows[best]), int(cols[best])))
        gap = np.minimum(gap, np.hypot(x - x[best], y - y[best]))
    return chosen


def _natural_arcs(arcs: list[LineString], rng: np.random.Generator) -> list[LineString]:
    """Pixel steps made into wiggling lines; the ends of the arcs stay where they meet."""
    out = []
    for arc in arcs:
        pts = np.array(arc.coords)
        if arc.is_ring:
            out.append(arc)
            continue
        thin = np.array(LineString(chaikin(pts, 2)).simplify(55.0).coords)
        out.append(LineString(chaikin(wiggle(thin, rng, 0.11, 110.0), 1)))
    return out


def _labelled(
    faces: list[Polygon], raster: Raster, label: Labels, owner: list[str]
) -> list[Quarter]:
    """Faces put together by the label under them; scraps join the longest neighbour."""
    groups: dict[int, list[Polygon]] = {}
    for face in faces:
        p = face.representative_point()
        groups.setdefault(int(label[raster.pixel(p.x, p.y)]), []).append(face)
    lands: dict[int, Polygon] = {}
    scraps: list[Polygon] = []
    for name, parts in groups.items():
        parts.sort(key=lambda g: -g.area)
        if name >= 0:
            lands[name] = parts[0]
            scraps += parts[1:]
        else:
            scraps += parts
    scraps.sort(key=lambda g: -g.area)
    while scraps:
        for scrap in scraps:
            ranked = sorted(lands, key=lambda n: -lands[n].intersection(scrap).length)
            if lands[ranked[0]].intersection(scrap).length < 0.5:
                continue
            joined = shapely.union_all([lands[ranked[0]], scrap], grid_size=0.001)
            assert isinstance(joined, Polygon)
            lands[ranked[0]] = joined
            scraps.remove(scrap)
            break
        else:
            raise ValueError("a scrap of country touches no cell")
    return [Quarter(owner[name], lands[name]) for name in sorted(lands)]


def forests(land: Land, everywhere: Polygon, floor: float) -> list[Polygon]:
    """Wooded hills: the land above a relative height, with soft borders."""
    masses = []
    for part in region(land.raster, land.height > floor):
        if part.area < 60_000:
            continue
        shell = chaikin(np.array(part.exterior.simplify(75.0).coords)[:-1], 2, closed=True)
        holes = [
            chaikin(np.array(r.simplify(75.0).coords)[:-1], 2, closed=True)
            for r in part.interiors
            if Polygon(r).area > 50_000
        ]
        masses.append(Polygon(shell, holes).buffer(0))
    out: list[Polygon] = []
    for mass in masses:
        cut = mass.intersection(everywhere)
        out += [g for g in getattr(cut, "geoms", [cut]) if isinstance(g, Polygon) and g.area > 4e4]
    return out


def water_lines(streams: tuple[tuple[str, LineString], ...]) -> MultiLineString:
    """All valley axes as one geometry."""
    return MultiLineString([line for _, line in streams])


def nearest_seat(spot: Point) -> str:
    """The country community whose seat is nearest."""
    return min(
        (code for code, _ in sketch.SEATS),
        key=lambda c: spot.distance(Point(*(1000 * v for v in dict(sketch.SEATS)[c]))),
    )
