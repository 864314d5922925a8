# SPDX-License-Identifier: Apache-2.0
"""The street network: noded at crossings, straight-on runs joined to streets, streets named."""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import LineString, Point, STRtree
from shapely.geometry.base import BaseGeometry

from geo.sim.district.names import MAIN_STREETS, STREET_STEMS, chinese_number
from geo.sim.district.townscape import Road

Node = tuple[float, ...]
_RANK = {"main": 0, "secondary": 1, "lane": 2, "rural": 3}
_PARENT = {"secondary": 0, "main": 1, "lane": 2, "rural": 3}


@dataclass
class Edge:
    """A street between two crossings."""

    line: LineString
    level: int
    street: int = -1


@dataclass
class Street:
    """Edges that run on into each other under one name."""

    edges: list[int]
    grade: str
    name: str = ""
    length_m: float = 0.0


@dataclass
class Network:
    """All edges and streets, plane metres."""

    edges: list[Edge]
    streets: list[Street]

    def of(self, edge: int) -> Street:
        return self.streets[self.edges[edge].street]


def network(roads: list[Road], inside: BaseGeometry) -> Network:
    """Node the roads, drop stubs, join what runs straight on."""
    web = shapely.union_all([r.line for r in roads], grid_size=0.02).intersection(inside)
    web = shapely.line_merge(shapely.node(web))
    lines = [
        g for g in getattr(web, "geoms", [web]) if isinstance(g, LineString) and g.length > 0.05
    ]
    lines = _without_stubs(_with_shared_ends(lines))
    tree = STRtree([r.line for r in roads])
    edges = []
    for line in lines:
        middle = line.interpolate(0.5, normalized=True)
        near = tree.query(middle.buffer(0.3))
        level = min(
            (roads[i].level for i in near if roads[i].line.distance(middle) < 0.3), default=4
        )
        edges.append(Edge(line, level))
    return Network(edges, _strokes(edges))


def _with_shared_ends(lines: list[LineString], reach_m: float = 0.4) -> list[LineString]:
    """Ends that noding left centimetres apart moved onto one point."""
    nodes: list[Node] = sorted({tuple(g.coords[i]) for g in lines for i in (0, -1)})
    spots = [Point(node) for node in nodes]
    pairs = STRtree(spots).query(spots, predicate="dwithin", distance=reach_m)
    home: dict[Node, Node] = {node: node for node in nodes}
    for a, b in zip(*pairs, strict=True):
        if nodes[b] < nodes[a]:
            home[nodes[a]] = min(home[nodes[a]], home[nodes[b]])
    out = []
    for g in lines:
        pts: list[Node] = [tuple(c) for c in g.coords]
        pts[0], pts[-1] = home[pts[0]], home[pts[-1]]
        moved = LineString(pts)
        if moved.length > 1.0 or (pts[0] != pts[-1] and moved.length > reach_m):
            out.append(moved)
    return out


def connected(roads: list[Road], inside: BaseGeometry) -> Network:
    """The network with the shortest missing links added until one can walk everywhere.

    Five rounds are enough; what they could not join would be left out.
    """
    net = network(roads, inside)
    for _ in range(5):
        parts = _components(net.edges)
        if len(parts) == 1:
            break
        links = []
        lines = [shapely.MultiLineString([net.edges[k].line for k in p]) for p in parts]
        for i in range(1, len(parts)):
            others = shapely.union_all([g for j, g in enumerate(lines) if j != i])
            link = shapely.shortest_line(lines[i], others)
            ends = np.array(link.coords)
            step = (ends[1] - ends[0]) / max(link.length, 1e-6)
            link = LineString([ends[0] - step, ends[1] + step])
            rural = any(net.edges[k].level >= 6 for k in parts[i])
            links.append(Road(link, 6 if rural else 3))
        roads = [*roads, *links]
        net = network(roads, inside)
    longest = set(_components(net.edges)[0])
    edges = [Edge(e.line, e.level) for i, e in enumerate(net.edges) if i in longest]
    return Network(edges, _strokes(edges))


def _components(edges: list[Edge]) -> list[list[int]]:
    """Edges by connected component, the longest first."""
    parent: dict[Node, Node] = {}

    def root(node: Node) -> Node:
        parent.setdefault(node, node)
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for e in edges:
        parent[root(e.line.coords[0])] = root(e.line.coords[-1])
    found: dict[Node, list[int]] = defaultdict(list)
    for i, e in enumerate(edges):
        found[root(e.line.coords[0])].append(i)
    return sorted(found.values(), key=lambda p: -sum(edges[k].line.length for k in p))


def _without_stubs(lines: list[LineString]) -> list[LineString]:
    """Without dead ends shorter than 18 m, which only cutting leaves behind."""
    for _ in range(2):
        seen: dict[Node, int] = defaultdict(int)
        for line in lines:
            seen[line.coords[0]] += 1
            seen[line.coords[-1]] += 1
        keep = [
            g for g in lines if g.length >= 18 or (seen[g.coords[0]] > 1 and seen[g.coords[-1]] > 1)
        ]
        merged = shapely.line_merge(shapely.MultiLineString(keep))
        lines = [g for g in getattr(merged, "geoms", [merged]) if isinstance(g, LineString)]
    return lines


def _strokes(edges: list[Edge]) -> list[Street]:
    """Pair the straightest continuations at every crossing and follow the pairs."""
    at: dict[Node, list[tuple[int, int]]] = defaultdict(list)
    for i, e in enumerate(edges):
        at[e.line.coords[0]].append((i, 0))
        at[e.line.coords[-1]].append((i, -1))
    follow: dict[tuple[int, int], tuple[int, int]] = {}
    for ends in at.values():
        pairs = []
        for a in range(len(ends)):
            for b in range(a + 1, len(ends)):
                u, v = _heading(edges, ends[a]), _heading(edges, ends[b])
                rural = (edges[ends[a][0]].level == 6) == (edges[ends[b][0]].level == 6)
                gap = abs(edges[ends[a][0]].level - edges[ends[b][0]].level)
                straight = float(u @ v)
                if straight < -0.80 and rural and ends[a][0] != ends[b][0]:
                    pairs.append((straight + 0.08 * gap, a, b))
        used: set[int] = set()
        for _, a, b in sorted(pairs):
            if a in used or b in used:
                continue
            used |= {a, b}
            follow[ends[a]], follow[ends[b]] = ends[b], ends[a]
    streets: list[Street] = []
    for i in range(len(edges)):
        if edges[i].street >= 0:
            continue
        mine = [i]
        edges[i].street = len(streets)
        for end in (0, -1):
            here = (i, end)
            while here in follow:
                nxt = follow[here]
                if edges[nxt[0]].street >= 0:
                    break
                edges[nxt[0]].street = len(streets)
                mine = [*mine, nxt[0]] if end == -1 else [nxt[0], *mine]
                here = (nxt[0], -1 if nxt[1] == 0 else 0)
        length = sum(edges[k].line.length for k in mine)
        level = min(edges[k].level for k in mine)
        streets.append(Street(mine, _grade(level, length), "", length))
    return streets


def _heading(edges: list[Edge], end: tuple[int, int]) -> NDArray[np.float64]:
    """The unit direction of an edge as it leaves its end."""
    line = edges[end[0]].line
    a = np.array(line.coords[end[1]])
    far = min(20.0, line.length / 2)
    b = np.array(line.interpolate(far if end[1] == 0 else line.length - far).coords[0])
    step: NDArray[np.float64] = (b - a) / (np.hypot(*(b - a)) + 1e-9)
    return step


def _grade(level: int, length_m: float) -> str:
    if level == 6:
        return "rural"
    if level == 0 or (level <= 1 and length_m > 1100):
        return "main"
    if level <= 1 or (level == 2 and length_m > 320) or (level == 3 and length_m > 700):
        return "secondary"
    return "lane"


def name_streets(
    net: Network,
    jianshe: LineString,
    rainbow: int,
    changan: BaseGeometry,
    hamlets: list[tuple[str, Point]],
    stems_of: list[tuple[str, BaseGeometry]],
    rng: np.random.Generator,
) -> None:
    """Give every street a name: fixed ones first, then by rank and length, lanes after parents."""
    order = sorted(
        range(len(net.streets)),
        key=lambda i: (_RANK[net.streets[i].grade], -net.streets[i].length_m, i),
    )
    shape = [shapely.MultiLineString([net.edges[k].line for k in s.edges]) for s in net.streets]
    band = jianshe.buffer(6.0)
    taken: set[str] = set()
    for i, street in enumerate(net.streets):
        if street.grade == "main" and shape[i].intersection(band).length > 0.6 * street.length_m:
            street.name = "建设大道"
            taken.add("建设大道")

    def best(area: BaseGeometry, grades: tuple[str, ...]) -> int:
        return max(
            (i for i, s in enumerate(net.streets) if not s.name and s.grade in grades),
            key=lambda i: shape[i].intersection(area).length,
        )

    net.streets[rainbow].name = "彩虹街"
    net.streets[best(changan, ("main",))].name = "长安路"
    mains = list(MAIN_STREETS)
    stems = [STREET_STEMS[i] for i in rng.permutation(len(STREET_STEMS))]
    stem_at = dict(stems_of)
    tree = STRtree([e.line for e in net.edges])
    parent_count: dict[str, int] = defaultdict(int)
    for i in order:
        street = net.streets[i]
        if street.name:
            continue
        middle = shape[i].centroid
        if street.grade == "main" and mains:
            street.name = mains.pop(0)
        elif street.grade in ("main", "secondary"):
            street.name = _local(
                stems, stem_at, middle, taken, "路" if street.length_m > 900 else "街"
            )
        elif street.grade == "lane" and street.length_m > 230 and stems:
            street.name = _local(stems, stem_at, middle, taken, "街")
        elif street.grade == "rural":
            street.name = _between_villages(shape[i], hamlets, taken)
        elif _of_village(net, street, middle, hamlets):
            village = min(hamlets, key=lambda h: (h[1].distance(middle), h[0]))[0]
            parent_count[village] += 1
            street.name = f"{village}{chinese_number(parent_count[village])}巷"
        if not street.name:
            street.name = _after_parent(net, street, tree, parent_count)
        taken.add(street.name)


def _local(
    stems: list[str], stem_at: dict[str, BaseGeometry], spot: Point, taken: set[str], tail: str
) -> str:
    """A name after the community it lies in when that is free, else the next word."""
    for stem in list(stems):
        if stem in stem_at and stem_at[stem].contains(spot):
            stems.remove(stem)
            if stem + tail not in taken:
                return stem + tail
    for stem in list(stems):
        if stem in stem_at:
            continue
        stems.remove(stem)
        if stem + tail not in taken:
            return stem + tail
    return ""


def _of_village(
    net: Network, street: Street, middle: Point, hamlets: list[tuple[str, Point]]
) -> bool:
    """Whether the street is a village's own lane."""
    if any(net.edges[k].level == 7 for k in street.edges):
        return True
    unknown = all(net.edges[k].level == 4 for k in street.edges)
    return unknown and min(h[1].distance(middle) for h in hamlets) < 450.0


def _between_villages(way: BaseGeometry, hamlets: list[tuple[str, Point]], taken: set[str]) -> str:
    """A country road after the villages at its two ends: 平花线."""
    ends = shapely.get_coordinates(way)[[0, -1]]
    names = [min(hamlets, key=lambda h: (h[1].distance(Point(e)), h[0]))[0] for e in ends]
    if names[0] == names[1]:
        options = [f"{names[0]}路", f"{names[0]}村路", f"{names[0]}支路"]
    else:
        heads = [n.lstrip("东西南北前后上下大小")[0] for n in names]
        options = ["".join(heads) + "线", f"{names[0][:2]}{heads[1]}线",
                   f"{names[0][:2]}{names[1][:2]}线"]  # fmt: skip
    for name in options:
        if name not in taken:
            return name
    return f"{options[-1]}{sum(t.startswith(options[-1]) for t in taken) + 1}"


def _after_parent(net: Network, street: Street, tree: STRtree, parent_count: dict[str, int]) -> str:
    """和平路三巷: the n-th lane off a named street."""
    ends: list[tuple[int, str]] = []
    for k in street.edges:
        for j in tree.query(net.edges[k].line.buffer(0.2)):
            other = net.of(int(j))
            if other.name and other is not street and "巷" not in other.name:
                ends.append((_PARENT[other.grade], other.name))
    if not ends:
        middle = net.edges[street.edges[0]].line.centroid
        for reach in (90.0, 180.0, 360.0, 900.0, 3000.0):
            around = [net.of(int(j)) for j in sorted(tree.query(middle.buffer(reach)))]
            ends = [(_PARENT[o.grade], o.name) for o in around if o.name and "巷" not in o.name]
            if ends:
                break
    name = min(ends)[1] if ends else "铁路"
    parent_count[name] += 1
    return f"{name}{chinese_number(parent_count[name])}巷"
