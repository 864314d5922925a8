# SPDX-License-Identifier: Apache-2.0
"""A street network to walk on: nodes every few metres, and the shortest way between two."""

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import hypot

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

# A node at least this often, so that a stretch of street belongs to the cell it runs through.
STEP_M = 20.0
# Ends of streets that meet agree within this.
_SNAP_M = 0.05


class NoWay(ValueError):
    """Two nodes that no street joins."""


@dataclass(frozen=True, eq=False)
class Network:
    """Nodes in plane metres and, for each, its neighbours with the metres between."""

    xy: NDArray[np.float64]
    links: Sequence[Sequence[tuple[int, float]]]
    tree: shapely.STRtree

    @classmethod
    def of(cls, lines: Iterable[BaseGeometry]) -> "Network":
        """A network of lines in plane metres; lines that share an end point are joined."""
        dense = shapely.segmentize(np.array(list(lines), dtype=object), STEP_M)
        coordinates, line_of = shapely.get_coordinates(dense, return_index=True)
        keys = np.round(coordinates / _SNAP_M).astype(np.int64)
        _, first, node_of = np.unique(keys, axis=0, return_index=True, return_inverse=True)
        node_of = node_of.reshape(-1)
        xy = coordinates[first]
        links: list[dict[int, float]] = [{} for _ in range(len(xy))]
        for i in np.flatnonzero(line_of[1:] == line_of[:-1]):
            a, b = int(node_of[i]), int(node_of[i + 1])
            if a != b:
                links[a][b] = links[b][a] = hypot(*(xy[a] - xy[b]))
        points = [shapely.Point(x, y) for x, y in xy]
        return cls(xy, [tuple(near.items()) for near in links], shapely.STRtree(points))

    def nearest(self, x: float, y: float) -> int:
        """The node nearest to a place."""
        return int(self.tree.nearest(shapely.Point(x, y)))

    def within(self, ground: BaseGeometry) -> NDArray[np.int64]:
        """The nodes inside a polygon, in a fixed order."""
        found: NDArray[np.int64] = np.sort(self.tree.query(ground, predicate="intersects"))
        return found

    def place(self, node: int) -> tuple[float, float]:
        """Where a node is, in plane metres."""
        return float(self.xy[node, 0]), float(self.xy[node, 1])

    def parts(self, nodes: Iterable[int]) -> dict[int, int]:
        """Which of some nodes are joined by streets among themselves: node -> number of a part."""
        left = set(nodes)
        part_of: dict[int, int] = {}
        for first in sorted(left):
            if first in part_of:
                continue
            part_of[first] = first
            waiting = [first]
            while waiting:
                for near, _ in self.links[waiting.pop()]:
                    if near in left and near not in part_of:
                        part_of[near] = first
                        waiting.append(near)
        return part_of

    def way(self, start: int, goal: int, *, inside: frozenset[int] | None = None) -> list[int]:
        """The nodes of the shortest way (A*), both ends included; `inside` limits it to some nodes.

        Raises: NoWay.
        """
        goal_x, goal_y = self.place(goal)
        came: dict[int, int] = {}
        cost = {start: 0.0}
        done: set[int] = set()
        frontier = [(0.0, start)]
        while frontier:
            _, node = heapq.heappop(frontier)
            if node == goal:
                break
            if node in done:
                continue
            done.add(node)
            for near, metres in self.links[node]:
                if inside is not None and near not in inside and near != goal:
                    continue
                total = cost[node] + metres
                if total < cost.get(near, float("inf")):
                    cost[near], came[near] = total, node
                    x, y = self.place(near)
                    heapq.heappush(frontier, (total + hypot(x - goal_x, y - goal_y), near))
        else:
            raise NoWay(f"no street joins {start} and {goal}")
        nodes = [goal]
        while nodes[-1] != start:
            nodes.append(came[nodes[-1]])
        return nodes[::-1]
