# SPDX-License-Identifier: Apache-2.0
"""The district from its seed, step by step, up to a `District` in plane metres and codes."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import shapely
import shapely.ops
from shapely import LineString, Point, Polygon, STRtree
from shapely.geometry.base import BaseGeometry

from geo.hierarchy.numbering import reading_order
from geo.sim.district import (
    addresses,
    blocks,
    checkpoints,
    country,
    coverage,
    landmarks,
    townscape,
    villages,
)
from geo.sim.district import groups as grouping
from geo.sim.district import streets as streeting
from geo.sim.district import town as townwork
from geo.sim.district.addresses import House
from geo.sim.district.footprints import solid
from geo.sim.district.names import HILLS, TOWN, VILLAGES, chinese_number, communities
from geo.sim.district.outline import outline
from geo.sim.district.parcels import Cutter
from geo.sim.district.terrain import Raster, heights

Report = Callable[[str], None]


@dataclass
class Cell:
    """A numbered cell: its land in plane metres and in settled degrees."""

    code: str
    community: str
    land: Polygon
    degrees: Polygon
    houses: list[int] = field(default_factory=list)
    groups: list[tuple[list[int], BaseGeometry]] = field(default_factory=list)

    @property
    def urban(self) -> bool:
        return self.code[:9] in TOWN


@dataclass
class District:
    """Everything that is written, in plane metres except the cells' degrees."""

    cells: list[Cell]
    houses: list[House]
    network: streeting.Network
    waters: list[tuple[str, str, BaseGeometry]]
    railways: list[tuple[str, LineString]]
    greens: list[tuple[str, str, Polygon]]
    landmarks: list[landmarks.Landmark]
    checkpoints: list[checkpoints.Checkpoint]


def build(seed: int, report: Report = lambda _: None) -> District:
    """Grow the district; the same seed gives the same district to the last digit."""
    rng = np.random.default_rng(seed)
    report("outline and river")
    border = outline(rng)
    lines = townwork.lines(rng)
    towns = townwork.shape_town(border, lines)
    town = shapely.union_all([towns[c] for c in TOWN], grid_size=0.001)
    raster = Raster.over(border, 80.0, 400.0)
    axes = shapely.MultiLineString([lines.taizi, lines.huolianzhai, *[s for _, s in lines.streams]])
    height = heights(raster, rng, axes)
    land = country.Land(raster, height, raster.mask(border.difference(town)))
    hills = country.forests(land, border, 0.43)
    woods = shapely.union_all(hills)

    report("town cells")
    cutter = Cutter(rng, townwork.Crowd(lines, woods))
    quarters = townwork.quarters(towns, lines, cutter)
    report("country cells")
    quarters += country.cells(border, town, land, rng)
    cells = _numbered(quarters)

    report("town streets and blocks")
    ordered = [townwork.Quarter(c.community, c.land) for c in cells if c.urban]
    fabric = townscape.lay_out(ordered, cutter, lines, woods, town)
    water = townscape.water_body(lines)
    lake_list = lakes(land, lines, rng)
    wet = shapely.union_all([*water.values(), *[g for _, g in lake_list]])

    report("villages and country roads")
    outer = [(i, c) for i, c in enumerate(cells) if not c.urban]
    hamlets = villages.sites(
        [townwork.Quarter(c.community, c.land) for _, c in outer], 0, land, wet, rng
    )
    open_country = border.difference(town)
    gates = _gates(fabric.roads, town, border)
    ways = villages.roads(hamlets, gates, land, open_country)
    way_lines = shapely.union_all([w.line for w in ways])
    tracks = shapely.union_all([lines.railway, lines.branch]).buffer(16.0)
    closed = shapely.union_all([tracks, wet.buffer(12.0)])
    hamlet_cutter = Cutter(rng)
    hamlet_blocks = []
    for hamlet in hamlets:
        land_of = outer[hamlet.cell][1].land
        got, lanes = villages.village_blocks(hamlet, land_of, way_lines, closed, hamlet_cutter)
        hamlet_blocks.append(got)
        ways += [townscape.Road(g, 7) for g in lanes]

    report("street network")
    net = streeting.connected([*fabric.roads, *ways], border.buffer(-1.0))
    stems = [
        (c.stem, shapely.union_all([k.land for k in cells if k.community == c.code]))
        for c in communities()
    ]
    areas = dict(stems)
    shuffled = [VILLAGES[i] for i in rng.permutation(len(VILLAGES))]
    plain = [v for v in shuffled if v[0] not in "东西南北前后上下大小"]
    kin = ["东西前后"[n % 4] + v for n, v in enumerate(plain)]
    village_names = (shuffled + kin)[: len(hamlets)]
    called = [(n, Point(h.x, h.y)) for n, h in zip(village_names, hamlets, strict=True)]
    report("buildings")
    houses, greens, yards = _built(
        cells, fabric, hamlets, hamlet_blocks, outer, net, closed, village_names, rng
    )
    rainbow = addresses.busiest(houses, net, areas["彩虹"])
    streeting.name_streets(
        net, lines.jianshe, rainbow, areas["东风"].union(areas["幸福街"]),
        called, stems, rng,
    )  # fmt: skip

    for n, mass in enumerate(hills):
        greens.append((_hill_name(n), "forest", mass))
    report("addresses and groups")
    addresses.number_houses(houses, net, areas["彩虹"])
    for i, house in enumerate(houses):
        cells[house.cell].houses.append(i)
    for cell in cells:
        mine = [houses[i] for i in cell.houses]
        parts = grouping.part(mine)
        shapes = grouping.outlines(mine, parts, cell.land)
        cell.groups = [([cell.houses[k] for k in p], s) for p, s in zip(parts, shapes, strict=True)]

    report("landmarks and checkpoints")
    by_cell = {i: [houses[k] for k in c.houses] for i, c in enumerate(cells)}
    first: dict[str, int] = {}
    name_of = {c.code: c.stem for c in communities()}
    for i, cell in enumerate(cells):
        first.setdefault(cell.community, i)
    marks = landmarks.from_yards(yards, rng)
    marks += landmarks.committees(by_cell, {i: name_of[c] for c, i in first.items()})
    marks += _stations(lines.railway, cells)
    tree = STRtree([e.line for e in net.edges])
    spots = []
    for i, cell in enumerate(cells):
        spots += checkpoints.place(by_cell[i], i, cell.code, cell.land, net, tree, rng)

    waters = [
        (n, "river" if n == "太子河" else "stream", g.intersection(border))
        for n, g in water.items()
    ]
    waters += [(n, "reservoir", g) for n, g in lake_list]
    rails = [("沈丹铁路", lines.railway), ("本钢专用线", lines.branch)]
    cut_rails = []
    for name, line in rails:
        run = line.intersection(border)
        cut_rails += [(name, g) for g in getattr(run, "geoms", [run]) if isinstance(g, LineString)]
    return District(cells, houses, net, waters, cut_rails, greens, marks, spots)


def _numbered(quarters: list[townwork.Quarter]) -> list[Cell]:
    """Cells with settled borders and codes, in the order of their codes."""
    settled = coverage.settle([q.land for q in quarters])
    by_community: dict[str, list[int]] = defaultdict(list)
    for i, q in enumerate(quarters):
        by_community[q.community].append(i)
    cells = []
    for community in sorted(by_community):
        mine = by_community[community]
        for n, k in enumerate(reading_order([settled[i] for i in mine]), start=1):
            i = mine[k]
            cells.append(Cell(f"{community}{n:03d}", community, quarters[i].land, settled[i]))
    return cells


def _gates(roads: list[townscape.Road], town: BaseGeometry, border: Polygon) -> list[Point]:
    """Where town streets reach the country: the ends of cuts on the town's border."""
    edge = town.boundary.difference(border.boundary.buffer(60.0))
    spots: list[Point] = []
    for road in roads:
        if road.level > 2:
            continue
        for end in (road.line.coords[0], road.line.coords[-1]):
            spot = Point(end)
            if spot.distance(edge) < 2.0 and all(spot.distance(s) > 1100 for s in spots):
                spots.append(spot)
    return spots


def lakes(
    land: country.Land, lines: townwork.Lines, rng: np.random.Generator
) -> list[tuple[str, Polygon]]:
    """Reservoirs where a stream's upper valley is dammed."""
    out = []
    names = ("金沟水库", "石桥水库", "三道河水库")
    picks = ((1, 0.12), (0, 0.08), (2, 0.06))
    for name, (stream, share) in zip(names, picks, strict=True):
        line = lines.streams[stream][1]
        spine = shapely.ops.substring(line, share, share + 0.075, normalized=True)
        parts = []
        for i, t in enumerate(np.linspace(0, 1, 9)):
            size = 40 + 120 * t + float(rng.uniform(-14, 22))
            parts.append(spine.interpolate(t, normalized=True).buffer(size if i < 8 else 120.0))
        lake = shapely.union_all(parts).buffer(30).buffer(-30).simplify(6.0)
        out.append((name, solid(lake, 1.0)[0]))
    return out


def _hill_name(n: int) -> str:
    names = HILLS
    return (
        names[n]
        if n < len(names)
        else f"{names[n % len(names)][:-1]}{'东西南北'[n // len(names) % 4]}山"
    )


def _built(
    cells: list[Cell],
    fabric: townscape.Fabric,
    hamlets: list[villages.Village],
    hamlet_blocks: list[list[Polygon]],
    outer: list[tuple[int, Cell]],
    net: streeting.Network,
    closed: BaseGeometry,
    village_names: list[str],
    rng: np.random.Generator,
) -> tuple[
    list[House],
    list[tuple[str, str, Polygon]],
    list[tuple[str, Polygon, int, str]],
]:
    """All buildings, parks and yards; blocks are first cleared of streets and borders."""
    strips = [
        e.line.buffer(townscape.HALF_WIDTH_M[net.of(i).grade], quad_segs=2, cap_style="flat")
        for i, e in enumerate(net.edges)
    ]
    tree = STRtree(strips)
    wide = [strips[i] for i in range(len(strips)) if net.of(i).grade in ("main", "secondary")]
    wide_tree = STRtree(wide)

    def cleared(block: Polygon, cell: Polygon, inset: float) -> list[Polygon]:
        inside = block.intersection(cell.buffer(-inset))
        near = shapely.union_all([strips[i] for i in sorted(tree.query(block))])
        open_ = inside.difference(near).buffer(-1.5, join_style="mitre")
        return [q for p in solid(open_, 320.0) for q in solid(p.simplify(0.8), 300.0)]

    stem_of = {c.code: c.stem for c in communities()}
    names = blocks.estate_names(rng)
    houses: list[House] = []
    greens: list[tuple[str, str, Polygon]] = []
    yards: list[tuple[str, Polygon, int, str]] = []
    urban = [i for i, c in enumerate(cells) if c.urban]
    parks: dict[str, int] = defaultdict(int)
    for k, i in enumerate(urban):
        cell = cells[i]
        lots = [q for b in fabric.open_land[k] for q in cleared(b, cell.land, 6.0)]
        clear = [p for q in lots for p in solid(q.difference(closed), 300.0) if not p.interiors]
        road = shapely.union_all([wide[j] for j in sorted(wide_tree.query(cell.land))])
        rainbow = stem_of[cell.community] == "彩虹"
        target = 540 if rainbow else int(rng.integers(320, 500))
        estate = names[k % len(names)]
        ground = blocks.town_ground(clear, road, estate, target, rng, "old" if rainbow else "")
        stem = stem_of[cell.community]
        for park in ground.parks:
            parks[stem] += 1
            tail = chinese_number(parks[stem]) + "游园" if parks[stem] > 1 else "公园"
            greens.append((stem + ("第" if parks[stem] > 1 else "") + tail, "park", park))
            yards.append(("park", park, i, stem))
        yards += [(use, yard, i, stem) for use, yard in ground.yards]
        houses += [House(b, i) for b in ground.buildings]
    by_outer: dict[int, list[House]] = defaultdict(list)
    for n, hamlet in enumerate(hamlets):
        i, cell = outer[hamlet.cell]
        lots = [q for b in hamlet_blocks[n] for q in cleared(b, cell.land, 8.0)]
        name = village_names[n]
        ground = blocks.village_ground(lots, hamlet.households, rng, 0.12 if hamlet.main else 0.0)
        for b in ground.buildings:
            b.estate = name + ("村" if not name.endswith(("沟", "屯", "堡")) else "")
        yards += [(use, yard, i, name) for use, yard in ground.yards]
        by_outer[i] += [House(b, i) for b in ground.buildings]
    for i in sorted(by_outer):
        blocks.even_out([h.at for h in by_outer[i]])
        houses += by_outer[i]
    return _apart(houses), greens, yards


def _apart(houses: list[House]) -> list[House]:
    """Without any building that touches an earlier one."""
    shapes = [h.at.shape.buffer(0.8) for h in houses]
    tree = STRtree(shapes)
    gone: set[int] = set()
    for i, j in zip(*tree.query(shapes, predicate="intersects"), strict=True):
        if i < j and i not in gone and j not in gone:
            gone.add(int(j) if houses[j].at.households <= houses[i].at.households else int(i))
    return [h for i, h in enumerate(houses) if i not in gone]


def _stations(railway: LineString, cells: list[Cell]) -> list[landmarks.Landmark]:
    """Railway stations near the seats along the line."""
    out = []
    stops = (("溪湖站", 12_150, 8_300), ("火连寨站", 11_500, 12_300), ("石桥子站", 8_500, 17_900),
             ("歪头山站", 5_200, 23_800))  # fmt: skip
    for name, x, y in stops:
        at = railway.interpolate(railway.project(Point(x, y)) + 40.0)
        spot = Point(at.x + 26.0, at.y + 8.0)
        home = [i for i, c in enumerate(cells) if c.land.contains(spot)]
        out.append(landmarks.Landmark(name, "station", name.replace("站", "火车站"), spot, home[0]))
    return out
