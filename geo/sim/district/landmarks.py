# SPDX-License-Identifier: Apache-2.0
"""Places people name when they call: schools, clinics, markets, parks, works, stations, offices."""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from shapely import Point, Polygon

from geo.sim.district.addresses import House
from geo.sim.district.names import chinese_number

TAILS = {
    "school": ("小学", "中学", "实验学校", "幼儿园"),
    "factory": ("机械厂", "耐火材料厂", "水泥制品厂", "轧钢厂", "建材厂", "机修厂", "铸造厂"),
    "market": ("农贸市场", "早市", "综合市场"),
    "office": ("社区卫生服务中心", "派出所", "供热站", "便民服务中心", "税务所", "司法所"),
    "park": ("公园", "广场", "游园"),
    "village": ("小学", "卫生室", "村委会", "文化广场"),
}
KIND_OF = {
    "社区卫生服务中心": "clinic", "卫生室": "clinic", "派出所": "government", "供热站": "utility",
    "便民服务中心": "government", "税务所": "government", "司法所": "government",
    "村委会": "government", "小学": "school", "中学": "school", "实验学校": "school",
    "幼儿园": "school", "文化广场": "park",
}  # fmt: skip
MOST = {"school": 34, "factory": 26, "market": 16, "office": 30, "park": 24, "village": 16}


@dataclass(frozen=True)
class Landmark:
    """A named place; the spot is in plane metres."""

    name: str
    kind: str
    aliases: str
    spot: Point
    cell: int


def from_yards(
    yards: list[tuple[str, Polygon, int, str]], rng: np.random.Generator
) -> list[Landmark]:
    """Landmarks on the yards (use, land, cell, stem of the community or village)."""
    by_use: dict[str, list[tuple[str, Polygon, int, str]]] = defaultdict(list)
    for yard in yards:
        by_use[yard[0]].append(yard)
    taken: set[str] = set()
    out: list[Landmark] = []
    for use in sorted(by_use):
        seen: dict[str, int] = defaultdict(int)
        ranked: list[tuple[str, Polygon, int, str]] = []
        for yard in sorted(by_use[use], key=lambda y: -y[1].area):
            seen[yard[3]] += 1
            if seen[yard[3]] <= 2 and len(ranked) < MOST[use]:
                ranked.append(yard)
        for i, (_, land, cell, stem) in enumerate(ranked):
            tails = TAILS[use]
            tail = tails[int(rng.integers(0, len(tails)))]
            if use == "park" and i == 0:
                name, aliases = "溪湖公园", "溪湖儿童公园"
            else:
                name, n, aliases = stem + tail, 1, ""
                while name in taken:
                    n += 1
                    name = f"{stem}第{chinese_number(n)}{tail}"
                if tail == "社区卫生服务中心":
                    aliases = f"{stem}卫生院"
                elif tail == "农贸市场":
                    aliases = f"{stem}菜市场"
            taken.add(name)
            kind = KIND_OF.get(tail, "park" if use == "park" else use)
            out.append(Landmark(name, kind, aliases, land.representative_point(), cell))
    return out


def committees(houses: dict[int, list[House]], stems: dict[int, str]) -> list[Landmark]:
    """The office of every community: a shop front or the plainest house of its first cell."""
    out = []
    for cell, stem in stems.items():
        mine = houses[cell]
        best = min(
            range(len(mine)), key=lambda i: (mine[i].at.households > 0, "-" in mine[i].number, i)
        )
        spot = mine[best].at.shape.representative_point()
        out.append(
            Landmark(f"{stem}社区居委会", "government", f"{stem}社区党群服务中心", spot, cell)
        )
    return out
