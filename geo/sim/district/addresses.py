# SPDX-License-Identifier: Apache-2.0
"""House numbers: odd on one side, even on the other, rising along the street.

A house in the front row has a number of its own; one behind it is N-1, N-2 after the front
house N it stands behind, as usual in the north-east.
"""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import shapely
from shapely import LineString, STRtree
from shapely.geometry.base import BaseGeometry

from geo.sim.district.footprints import Footprint
from geo.sim.district.streets import Network

FRONT_M = 34.0
RAINBOW = "彩虹街"
RAINBOW_M = 170.0
LOT_M = 55.0
"""Frontage of one house number on a main street, metres."""


@dataclass
class House:
    """A building with its cell (index) and, once numbered, its address."""

    at: Footprint
    cell: int
    street: str = ""
    number: str = ""

    @property
    def name(self) -> str:
        tail = "号楼" if self.at.kind == "residential" and self.number.isdigit() else "号"
        return self.number + tail


def busiest(houses: list[House], net: Network, area: BaseGeometry) -> int:
    """The street of an area (not a main one) with the most homes within reach."""
    inner = area.buffer(-20.0)
    homes = shapely.MultiPoint(
        [h.at.shape.centroid for h in houses if h.at.units >= 3 and area.contains(h.at.shape)]
    )
    best, most = -1, -1.0
    for i, street in enumerate(net.streets):
        line = shapely.MultiLineString([net.edges[k].line for k in street.edges])
        share = line.intersection(inner).length / line.length
        if street.grade == "main" or share < 0.6:
            continue
        whole = _whole(net, i)
        sides = [homes.intersection(whole.buffer(d, single_sided=True))
                 for d in (RAINBOW_M, -RAINBOW_M)]  # fmt: skip
        counts = [0 if s.is_empty else len(getattr(s, "geoms", [s])) for s in sides]
        count = min(counts) + 0.1 * sum(counts)
        if count > most:
            best, most = i, count
    return best


def number_houses(houses: list[House], net: Network, rainbow_area: BaseGeometry) -> None:
    """Give each house the street it is nearest to and a number on it.

    On 彩虹街 the estate's inner houses count to the street as well and all have plain numbers.
    """
    tree = STRtree([e.line for e in net.edges])
    nearest = tree.nearest([h.at.shape.centroid for h in houses])
    rainbow_at = next(i for i, s in enumerate(net.streets) if s.name == RAINBOW)
    rainbow = _whole(net, rainbow_at)
    by_name: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for i, edge in enumerate(nearest):
        ahead = [
            int(k)
            for k in tree.query(houses[i].at.shape.buffer(FRONT_M))
            if net.of(int(k)).grade == "main"
            and net.edges[int(k)].line.distance(houses[i].at.shape) < FRONT_M
        ]
        if ahead:
            spot = houses[i].at.shape.centroid
            edge = min(ahead, key=lambda k: (net.edges[k].line.distance(spot), k))
        street = net.of(int(edge))
        index = net.edges[int(edge)].street
        if (
            street.grade != "main"
            and rainbow.distance(houses[i].at.shape) < RAINBOW_M
            and rainbow_area.contains(houses[i].at.shape)
        ):
            street, index = net.streets[rainbow_at], rainbow_at
        houses[i].street = street.name
        by_name[street.name].append((i, index))
    for name, members in by_name.items():
        next_number = {0: 2, 1: 1}
        for way in dict.fromkeys(s for _, s in members):
            mine = [houses[i] for i, s in members if s == way]
            line = _whole(net, way)
            pitch = LOT_M if net.streets[way].grade == "main" else 0.0
            _number_along(mine, line, next_number, name == RAINBOW, pitch)
    _rainbow(houses)


def _whole(net: Network, street: int) -> LineString:
    """The street as one line, drawn from its western or, if steep, northern end."""
    coords: list[tuple[float, ...]] = []
    for k in net.streets[street].edges:
        run = list(net.edges[k].line.coords)
        if coords and np.hypot(*np.subtract(coords[-1], run[0])) > np.hypot(
            *np.subtract(coords[-1], run[-1])
        ):
            run.reverse()
        elif not coords and len(net.streets[street].edges) > 1:
            nxt = net.edges[net.streets[street].edges[1]].line
            if shapely.Point(run[0]).distance(nxt) < shapely.Point(run[-1]).distance(nxt):
                run.reverse()
        coords += run
    line = LineString(coords)
    dx, dy = coords[-1][0] - coords[0][0], coords[-1][1] - coords[0][1]
    turn = dx < 0 if abs(dx) >= abs(dy) else dy > 0
    return LineString(coords[::-1]) if turn else line


def _number_along(
    houses: list[House],
    line: LineString,
    next_number: dict[int, int],
    plain: bool,
    pitch_m: float,
) -> None:
    """Number one street's houses; on a main street numbers keep pace with the way along it."""
    base = dict(next_number)
    sides: dict[int, list[tuple[float, float, House]]] = {0: [], 1: []}
    for house in houses:
        spot = house.at.shape.centroid
        at = line.project(spot)
        a, b = line.interpolate(max(0.0, at - 2)), line.interpolate(min(line.length, at + 2))
        left = (b.x - a.x) * (spot.y - a.y) - (b.y - a.y) * (spot.x - a.x) > 0
        sides[1 if left else 0].append((at, house.at.shape.distance(line), house))
    for side, found in sides.items():
        found.sort(key=lambda f: (f[0], f[1]))
        homes = [f for f in found if f[2].at.kind == "residential"]
        front = (homes if plain else [f for f in found if f[1] < FRONT_M]) or found[:1]
        chosen = {id(f[2]) for f in front}
        for f in front:
            if pitch_m:
                next_number[side] = max(next_number[side], base[side] + 2 * int(f[0] / pitch_m))
            f[2].number = str(next_number[side])
            next_number[side] += 2
        behind: dict[int, int] = defaultdict(int)
        rest = sorted((f for f in found if id(f[2]) not in chosen), key=lambda f: (f[1], f[0]))
        for at, _, house in rest:
            host = min(range(len(front)), key=lambda k: (abs(front[k][0] - at), k))
            behind[host] += 1
            house.number = f"{front[host][2].number}-{behind[host]}"


def _rainbow(houses: list[House]) -> None:
    """彩虹街: 10号楼 is a home of three units or more, and there is a 10-3号."""
    mine = [h for h in houses if h.street == RAINBOW]
    ten = next(h for h in mine if h.number == "10")
    if ten.at.units < 3:
        homes = [h for h in mine if h.at.units >= 3 and h.number.isdigit()]
        spot = ten.at.shape.centroid
        swap = min(homes, key=lambda h: (int(h.number) % 2, h.at.shape.centroid.distance(spot)))
        ten.number, swap.number = swap.number, ten.number
        ten = swap
    if any(h.number == "10-3" for h in mine):
        return
    behind = [h for h in mine if "-" in h.number]
    spot = ten.at.shape.centroid
    min(behind, key=lambda h: h.at.shape.centroid.distance(spot)).number = "10-3"
