# SPDX-License-Identifier: Apache-2.0
"""The town: four subdistricts cut from the valley by river, railway, roads and streets."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import LineString, MultiLineString, Point, Polygon
from shapely.geometry.base import BaseGeometry
from shapely.ops import polygonize

from geo.sim.district import sketch
from geo.sim.district.curves import spline, wiggle
from geo.sim.district.names import TOWN, communities
from geo.sim.district.parcels import Cut, Cutter

CELLS_OF = {"210503001": 55, "210503003": 48, "210503005": 86, "210503009": 69}
"""Cells of each dense subdistrict; 258 together."""


@dataclass(frozen=True)
class Lines:
    """The sketched lines as smooth curves in plane metres."""

    taizi: LineString
    huolianzhai: LineString
    town_north: LineString
    jianshe: LineString
    caitun_dongfeng: LineString
    railway: LineString
    branch: LineString
    streams: tuple[tuple[str, LineString], ...]


@dataclass
class Quarter:
    """A cell before it has a code: its land and its community."""

    community: str
    land: Polygon


def lines(rng: np.random.Generator) -> Lines:
    """The sketch smoothed, water with a little wander."""

    def bent(points: NDArray[np.float64], rough: float) -> LineString:
        return LineString(spline(wiggle(points, rng, rough, 420.0), 45.0))

    return Lines(
        taizi=LineString(spline(sketch.TAIZI, 50.0)),
        huolianzhai=bent(sketch.HUOLIANZHAI, 0.07),
        town_north=LineString(wiggle(spline(sketch.TOWN_NORTH, 400.0), rng, 0.13, 90.0)),
        jianshe=LineString(spline(sketch.JIANSHE, 40.0)),
        caitun_dongfeng=LineString(spline(sketch.CAITUN_DONGFENG, 40.0)),
        railway=LineString(spline(sketch.RAILWAY, 60.0)),
        branch=LineString(spline(sketch.BRANCH, 50.0)),
        streams=tuple((name, bent(points, 0.10)) for name, points in sketch.STREAMS),
    )


def pieces_of(land: Polygon, cuts: list[LineString]) -> list[Polygon]:
    """The land's parts between the cuts."""
    web = shapely.union_all([land.exterior, *cuts], grid_size=0.001)
    return [p for p in polygonize(web) if land.contains(p.representative_point())]


def shape_town(district: Polygon, sketch_lines: Lines) -> dict[str, Polygon]:
    """Each dense subdistrict's land; what is left of the district is country."""
    parts = pieces_of(
        district,
        [
            sketch_lines.taizi,
            sketch_lines.town_north,
            sketch_lines.caitun_dongfeng,
            sketch_lines.huolianzhai,
        ],
    )
    spots = {
        "210503001": Point(14_300, 8_400),
        "210503003": Point(10_400, 6_600),
        "210503005": Point(12_200, 4_200),
        "210503009": Point(15_300, 6_000),
    }
    town = {}
    for code, spot in spots.items():
        found = [p for p in parts if p.contains(spot)]
        town[code] = found[0]
    # Scraps that the wiggling borders cut off join the neighbour they share most border with.
    core = shapely.union_all(list(town.values()), grid_size=0.001)
    ground = district.difference(core)
    rest = sorted(getattr(ground, "geoms", [ground]), key=lambda g: -g.area)
    for scrap in rest[1:]:
        code = max(town, key=lambda c: town[c].intersection(scrap.buffer(0.01)).area)
        grown = shapely.union_all([town[code], scrap], grid_size=0.001)
        town[code] = Polygon(max(getattr(grown, "geoms", [grown]), key=lambda g: g.area).exterior)
    return town


class Crowd:
    """How densely people live: most on the river terraces, hardly anyone on hills or water."""

    def __init__(self, sketch_lines: Lines, hills: BaseGeometry) -> None:
        self._spine = MultiLineString([sketch_lines.taizi, sketch_lines.jianshe])
        self._taizi = sketch_lines.taizi
        self._hills = hills
        shapely.prepare(hills)

    def __call__(self, xy: NDArray[np.float64]) -> NDArray[np.float64]:
        spots = shapely.points(xy)
        away = shapely.distance(spots, self._spine)
        weight = 0.16 + np.exp(-((away / 620.0) ** 2))
        weight[shapely.distance(spots, self._taizi) < 100.0] *= 0.1
        weight[shapely.contains(self._hills, spots)] *= 0.06
        out: NDArray[np.float64] = weight
        return out


def quarters(town: dict[str, Polygon], sketch_lines: Lines, cutter: Cutter) -> list[Quarter]:
    """The 258 town cells, each with its community's code."""
    found: list[Quarter] = []
    spines = {
        "210503001": [sketch_lines.branch],
        "210503003": [sketch_lines.railway],
        "210503005": [sketch_lines.jianshe],
        "210503009": [sketch_lines.jianshe],
    }
    for code in TOWN:
        land = town[code]
        parts = [p for p in pieces_of(land, spines[code]) if p.area > 1.0]
        parts = _without_scraps(parts)
        codes = [c.code for c in communities() if c.subdistrict == code]
        mass = [float(_mass(p, cutter)) for p in parts]
        counts = _apportion(mass, len(codes))
        cells = _apportion(mass, CELLS_OF[code])
        order = sorted(range(len(parts)), key=lambda i: parts[i].centroid.x)
        todo = list(codes)
        cutter.rng.shuffle(todo)
        for i in order:
            mine, todo = todo[: counts[i]], todo[counts[i] :]
            sizes = _uneven(cells[i], len(mine), cutter.rng)
            lands = cutter.share(parts[i], [float(s) for s in sizes], 1)
            for name, size, ground in zip(mine, sizes, lands, strict=True):
                for cell in cutter.share(ground, [1.0] * size, 2):
                    found.append(Quarter(name, cell))
        if code == "210503009" or code == "210503005":
            inside = sketch_lines.jianshe.intersection(land)
            cutter.cuts += [Cut(g, 0) for g in getattr(inside, "geoms", [inside])]
    road = sketch_lines.caitun_dongfeng.intersection(shapely.union_all(list(town.values())))
    cutter.cuts += [Cut(g, 0) for g in getattr(road, "geoms", [road]) if g.length > 50]
    return found


def _mass(land: Polygon, cutter: Cutter) -> float:
    from geo.sim.district.parcels import grid_points

    xy = grid_points(land, 500)
    return float(cutter.density(xy).mean() * land.area)


def _without_scraps(parts: list[Polygon]) -> list[Polygon]:
    """Parts below 12 ha joined to the neighbour with the longest common border."""
    big = [p for p in parts if p.area >= 120_000]
    for scrap in [p for p in parts if p.area < 120_000]:
        i = max(range(len(big)), key=lambda k: big[k].intersection(scrap).length)
        joined = shapely.union_all([big[i], scrap], grid_size=0.001)
        assert isinstance(joined, Polygon)
        big[i] = joined
    return big


def _apportion(mass: list[float], total: int) -> list[int]:
    """Whole shares of `total` by mass, at least one each, largest remainders first."""
    exact = [m / sum(mass) * total for m in mass]
    share = [max(1, int(e)) for e in exact]
    while sum(share) < total:
        share[max(range(len(mass)), key=lambda k: exact[k] - share[k])] += 1
    while sum(share) > total:
        share[max(range(len(mass)), key=lambda k: share[k] - exact[k])] -= 1
    return share


def _uneven(total: int, count: int, rng: np.random.Generator) -> list[int]:
    """`count` whole numbers near each other that add up to `total`."""
    base = [total // count + (1 if i < total % count else 0) for i in range(count)]
    for _ in range(count):
        i, j = (int(k) for k in rng.integers(0, count, 2))
        if i != j and base[i] > 4 and base[j] < 9:
            base[i] -= 1
            base[j] += 1
    rng.shuffle(base)
    return base
