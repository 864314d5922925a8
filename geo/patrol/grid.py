# SPDX-License-Identifier: Apache-2.0
"""The cells of one plan, indexed: what verdicts are judged by. Immutable, as a published plan is.

Which cell holds a point is decided in degrees, where boundaries are stored and PostGIS decides it
too: an edge that is straight there bends in metres, by decimetres on a long rural border. Metres
only measure.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geo.crs import geometry_to_metres, metres
from geo.hierarchy.rules import Area
from geo.ids import CellCode, PlanId
from geo.patrol.disc import Floats, Indices, edges_of, shares_inside
from geo.shapes import prepared_copy

_PLANS_KEPT = 8
_EDGES_AT_ONCE = 500_000


@dataclass(frozen=True)
class Measured:
    """How discs lie to cells, one to one: shape (n,).

    `share` of each disc inside its cell, 0 to 1; `distance_m` of its middle to the border, positive
    inside, NaN where the metric CRS does not reach.
    """

    share: Floats
    distance_m: Floats


class PlanGrid:
    """The cells of a plan, found by code or by a point. Cells are counted from 0, by code."""

    def __init__(self, plan: PlanId, srid: int, cells: Iterable[Area]) -> None:
        self.plan = plan
        self.srid = srid
        drawn = sorted(
            (CellCode(area.code), area.boundary) for area in cells if area.boundary is not None
        )
        self.codes = [code for code, _ in drawn]
        self._index = {code: index for index, code in enumerate(self.codes)}
        self.boundaries = np.array([boundary for _, boundary in drawn], dtype=object)
        self.shapes = np.asarray(geometry_to_metres(self.boundaries, srid), dtype=object)
        # Check-ins are judged by several threads: these are asked by one at a time.
        self._asking = threading.Lock()
        self._insides = prepared_copy(self.boundaries)
        self._borders = prepared_copy(np.asarray(shapely.boundary(self.shapes), dtype=object))
        self._tree = shapely.STRtree(self.boundaries)
        self._sites: dict[tuple[float, float], CellCode | None] = {}

    @cached_property
    def edges(self) -> tuple[Floats, Indices]:
        """The edges of all cells, and where those of each begin; one more than there are cells."""
        parts = [edges_of(shape) for shape in self.shapes]
        begins = np.cumsum([0, *(len(part) for part in parts)], dtype=np.int64)
        return np.vstack(parts), begins

    def index(self, code: str) -> int | None:
        """The number of the cell of a code; None when the plan has none."""
        return self._index.get(CellCode(code))

    def locate(self, lon: Floats, lat: Floats) -> Indices:
        """The cell that holds each WGS-84 point, or -1; shape (n,).

        On a shared border it is the one with the lower code.
        """
        points, cells = self._tree.query(shapely.points(lon, lat), predicate="covered_by")
        found = np.full(len(lon), len(self.codes), dtype=np.int64)
        np.minimum.at(found, points, cells)
        found[found == len(self.codes)] = -1
        return found

    def cell_at(self, lon: float, lat: float) -> CellCode | None:
        """The cell that holds one WGS-84 point."""
        found = int(self.locate(np.array([lon]), np.array([lat]))[0])
        return None if found < 0 else self.codes[found]

    def cell_of_site(self, lon: float, lat: float) -> CellCode | None:
        """As `cell_at`, remembered: for the fixed points that check-ins come back to."""
        if (lon, lat) not in self._sites:
            self._sites[lon, lat] = self.cell_at(lon, lat)
        return self._sites[lon, lat]

    def touching(self, area: BaseGeometry) -> list[int]:
        """The cells that an area in WGS-84 degrees touches."""
        return sorted(self._tree.query(area, predicate="intersects").tolist())

    def measure(self, cells: Indices, lon: Floats, lat: Floats, radius: Floats) -> Measured:
        """How the disc round each WGS-84 point lies to its cell; radii in metres, shape (n,)."""
        east, north = metres(lon, lat, self.srid)
        reached = np.isfinite(east) & np.isfinite(north)
        middles = shapely.points(np.where(reached, east, 0.0), np.where(reached, north, 0.0))
        with self._asking:
            distance = shapely.distance(self._borders[cells], middles)
            # As "covers", without a point for each.
            covered = shapely.intersects_xy(self._insides[cells], lon, lat)
        distance = np.where(reached, np.where(covered, distance, -distance), np.nan)
        share = np.where(distance >= radius, 1.0, 0.0)
        # Only a disc that the border cuts needs more than its distance.
        cut = np.flatnonzero(np.abs(distance) < radius)
        for some in self._in_pieces(cells, cut):
            edges, of = self._edges_of(cells[some])
            share[some] = shares_inside(edges, of, east[some], north[some], radius[some])
        return Measured(share, distance)

    def _edges_of(self, cells: Indices) -> tuple[Floats, Indices]:
        edges, begins = self.edges
        rows, of = rows_of(begins[cells], begins[cells + 1])
        return edges[rows], of

    def _in_pieces(self, cells: Indices, places: Indices) -> Iterator[Indices]:
        """The places in pieces of so many edges that memory stays bounded."""
        if not len(places):
            return
        _, begins = self.edges
        some = cells[places]
        piece = np.cumsum(begins[some + 1] - begins[some]) // _EDGES_AT_ONCE
        yield from np.split(places, np.flatnonzero(np.diff(piece)) + 1)


def rows_of(begins: Indices, ends: Indices) -> tuple[Indices, Indices]:
    """All rows of some stretches of rows, one after the other, and the stretch each is of."""
    counts = ends - begins
    of = np.repeat(np.arange(len(begins)), counts)
    skipped = np.cumsum(counts) - counts
    return np.arange(counts.sum()) + np.repeat(begins - skipped, counts), of


class PlanGrids:
    """The grids of the plans asked for last, each built once.

    Whoever judges reads in his own transaction which plan is in force and asks for that one: a grid
    is never refreshed, so it cannot mix plans.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[PlanId, PlanGrid] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, plan: PlanId, build: Callable[[], PlanGrid]) -> PlanGrid:
        """The grid of a published plan."""
        with self._lock:
            if plan in self._kept:
                self._kept.move_to_end(plan)
                return self._kept[plan]
        # Outside the lock: two may build the same grid, which harms nothing.
        grid = build()
        with self._lock:
            self._kept[plan] = grid
            while len(self._kept) > _PLANS_KEPT:
                self._kept.popitem(last=False)
        return grid
