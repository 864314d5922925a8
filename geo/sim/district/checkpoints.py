# SPDX-License-Identifier: Apache-2.0
"""Check-in points: three to five fixed spots a cell, before a door or at a street, well inside."""

import uuid
from dataclasses import dataclass

import numpy as np
from shapely import Point, Polygon, STRtree

from geo.sim.district.addresses import House
from geo.sim.district.streets import Network

SPACE = uuid.UUID("6f1d3f0a-2d5b-5c1e-9a43-210503000000")


@dataclass(frozen=True)
class Checkpoint:
    """A fixed spot in plane metres; `radius_m` is how near a worker must come."""

    id: str
    cell: int
    name: str
    spot: Point
    radius_m: int


def place(
    houses: list[House], cell: int, code: str, land: Polygon, net: Network, tree: STRtree,
    rng: np.random.Generator,
) -> list[Checkpoint]:  # fmt: skip
    """Spots in front of numbered doors, far apart; at least 12 m inside where there is room."""
    options: list[tuple[Point, House]] = []
    for least in (14.0, 9.0, 4.0):
        inner = land.buffer(-least)
        for house in houses:
            centre = house.at.shape.centroid
            line = net.edges[int(tree.nearest(centre))].line
            to = line.interpolate(line.project(centre))
            wall = house.at.shape.exterior
            door = wall.interpolate(wall.project(to))
            away = max(door.distance(to), 0.1)
            t = min(0.5, 5.0 / away)
            spot = Point(door.x + (to.x - door.x) * t, door.y + (to.y - door.y) * t)
            if inner.contains(spot):
                options.append((spot, house))
        if len(options) >= 3:
            break
    want = int(rng.choice([3, 4, 4, 5]))
    if not options:
        return []
    homes = [i for i, (_, h) in enumerate(options) if "-" not in h.number] or [0]
    chosen = [homes[int(rng.integers(0, len(homes)))]]
    xy = np.array([o[0].coords[0] for o in options])
    plain = np.array([1.0 if "-" not in o[1].number else 0.7 for o in options])
    while len(chosen) < min(want, len(options)):
        gap = np.min(np.hypot(*(xy[:, None, :] - xy[chosen][None, :, :]).T), axis=0)
        chosen.append(int(np.argmax(gap * plain)))
    out = []
    for k in chosen:
        spot, house = options[k]
        name = f"{house.street}{house.name}门前"
        seed = f"{code}/{name}/{round(spot.x)}/{round(spot.y)}"
        out.append(
            Checkpoint(
                str(uuid.uuid5(SPACE, seed)), cell, name, spot, int(rng.choice([20, 25, 30, 40]))
            )
        )
    return out
