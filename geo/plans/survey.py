# SPDX-License-Identifier: Apache-2.0
"""What metrics are measured against and no edit changes: incidents, checkpoints, barriers, streets.

A survey is made once for a district and serves every division of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.crs import geometry_to_metres, metres
from geo.plans.lattice import UNITS_PER_DEGREE, Floats, Shapes, in_metres
from geo.plans.rules import Ground
from geo.walking.network import Spur, StreetNet, Ways

Indices = NDArray[np.int64]

# Places are held so many grid units (3 mm) off the lattice: then none lies on a border, and each
# counts in one cell.
_OFF_LATTICE = (0.3137, 0.2718)
# Who walks looks for a way this many times as long as the straight line, and this much longer.
_DETOUR, _DETOUR_M = 4.0, 1000.0


@dataclass(frozen=True)
class Barrier:
    """What parts a neighbourhood: a railway, a river, a main road. Shape in WGS-84 degrees.

    `kind` and `name` are as people call them; of an area, such as a river, its banks count.
    """

    kind: str
    name: str
    shape: BaseGeometry


class Survey:
    """Places and lines of a district, indexed. Immutable but for walks it remembers."""

    def __init__(
        self,
        ground: Ground,
        *,
        incidents: Sequence[tuple[float, float]],
        checkpoints: Sequence[tuple[float, float]],
        barriers: Sequence[Barrier],
        net: StreetNet,
    ) -> None:
        """`incidents`, of the days that count, and `checkpoints` are longitude and latitude."""
        self.srid = ground.srid
        self.net = net
        self._ground = ground
        self._incidents = shapely.STRtree(_points(_gridded(incidents)))
        stops = np.array(checkpoints, dtype=np.float64).reshape(-1, 2)
        self._stops = shapely.STRtree(_points(_gridded(checkpoints)))
        self._stop_xy = np.column_stack(metres(stops[:, 0], stops[:, 1], self.srid))
        self.barriers = tuple((barrier.kind, barrier.name) for barrier in barriers)
        pieces: list[BaseGeometry] = []
        whose: list[int] = []
        for number, barrier in enumerate(barriers):
            own = _edges(geometry_to_metres(barrier.shape, self.srid))
            pieces += own
            whose += [number] * len(own)
        self._pieces = np.array(pieces, dtype=object)
        self._whose = np.array(whose, dtype=np.int64)
        self._walls = shapely.STRtree(self._pieces)
        self.streets = shapely.STRtree(net.stretches)
        self._walks: dict[tuple[int, int], float] = {}

    def incidents_in(self, shapes: Shapes) -> Indices:
        """How many incidents each shape (grid units) holds."""
        of, _ = self._incidents.query(shapes, predicate="contains")
        return np.bincount(of, minlength=len(shapes)).astype(np.int64)

    def checkpoints_in(self, shapes: Shapes) -> list[list[int]]:
        """The numbers of the checkpoints that each shape (grid units) holds."""
        found: list[list[int]] = [[] for _ in shapes]
        for of, number in self._stops.query(shapes, predicate="contains").T.tolist():
            found[of].append(number)
        return [sorted(own) for own in found]

    def barriers_in(self, land: BaseGeometry) -> dict[int, Shapes]:
        """The pieces of each barrier, by its number, that some land (metres) meets."""
        near = np.sort(self._walls.query(land, predicate="intersects"))
        return {
            int(number): self._pieces[near[self._whose[near] == number]]
            for number in np.unique(self._whose[near])
        }

    @cached_property
    def _houses(self) -> tuple[dict[str, int], Floats, list[Spur | None]]:
        """The row of each building, where it stands in metres, how it hangs on the streets."""
        ids = list(self._ground.houses)
        feet = np.array([self._ground.houses[id].footprint for id in ids], dtype=object)
        x, y = shapely.get_coordinates(in_metres(shapely.point_on_surface(feet), self.srid)).T
        return (
            {id: row for row, id in enumerate(ids)},
            np.column_stack([x, y]),
            self.net.spurs(x, y),
        )

    def places(self, buildings: Sequence[str]) -> Floats:
        """Where buildings stand, (n, 2) in metres: a point in each."""
        rows, spots, _ = self._houses
        places: Floats = spots[[rows[id] for id in buildings]]
        return places

    def spurs(self, buildings: Sequence[str]) -> list[Spur | None]:
        """How buildings hang on the streets; None where no street is near."""
        rows, _, spurs = self._houses
        return [spurs[rows[id]] for id in buildings]

    def walks(self, checkpoints: Sequence[int]) -> Floats:
        """The metres on foot between checkpoints, (n, n); straight where no way is found."""
        count = len(checkpoints)
        for at, number in enumerate(checkpoints):
            missing = [to for to in checkpoints[at + 1 :] if (number, to) not in self._walks]
            if missing:
                self._walk(number, missing)
        out = np.zeros((count, count))
        for i in range(count):
            for j in range(i + 1, count):
                out[i, j] = out[j, i] = self._walks[checkpoints[i], checkpoints[j]]
        return out

    @cached_property
    def _stop_spurs(self) -> list[Spur | None]:
        return self.net.spurs(self._stop_xy[:, 0], self._stop_xy[:, 1])

    def _walk(self, number: int, goals: Sequence[int]) -> None:
        here, there = self._stop_xy[number], self._stop_xy[list(goals)]
        straight = np.hypot(*(there - here).T)
        ways = Ways(self.net, float(here[0]), float(here[1]), self._stop_spurs[number])
        for to, (x, y), line in zip(goals, there, straight, strict=True):
            walked, spur = np.inf, self._stop_spurs[to]
            if spur is not None and ways.hangs:
                within = _DETOUR * line + _DETOUR_M
                walked = ways.metres(float(x), float(y), spur, within=within)
            self._walks[number, to] = float(walked if np.isfinite(walked) else line)


def _gridded(places: Sequence[tuple[float, float]]) -> Floats:
    spots = np.array(places, dtype=np.float64).reshape(-1, 2)
    gridded: Floats = np.rint(spots * UNITS_PER_DEGREE) + _OFF_LATTICE
    return gridded


def _points(spots: Floats) -> Shapes:
    return np.asarray(shapely.points(spots), dtype=object)


def _edges(shape: BaseGeometry) -> list[BaseGeometry]:
    """The straight pieces of lines, or of the banks of an area."""
    lines = shapely.boundary(shape) if shape.geom_type.endswith("Polygon") else shape
    spots, of = shapely.get_coordinates(shapely.get_parts(lines), return_index=True)
    pairs = np.stack([spots[:-1], spots[1:]], axis=1)[of[:-1] == of[1:]]
    return list(shapely.linestrings(pairs))
