# SPDX-License-Identifier: Apache-2.0
"""The cells of one plan, indexed: what verdicts are judged by. Immutable, as a published plan is.

Which cell holds a point is decided in degrees, where boundaries are stored and PostGIS decides it
too: an edge that is straight there bends in metres, by decimetres on a long rural border. Metres
only measure.
"""

import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

import shapely
from shapely.geometry.base import BaseGeometry

from geo.crs import geometry_to_metres, metres
from geo.hierarchy.rules import Area
from geo.ids import CellCode, PlanId
from geo.patrol.disc import Floats, edges_of, share_inside
from geo.units import Metres

_PLANS_KEPT = 8


@dataclass(frozen=True)
class Spot:
    """A place in WGS-84 degrees and in metres; infinite metres where their CRS does not reach."""

    lon: float
    lat: float
    east: float
    north: float

    @property
    def measurable(self) -> bool:
        """Whether the metric CRS reaches it."""
        return math.isfinite(self.east) and math.isfinite(self.north)

    def distance_to(self, other: "Spot") -> Metres | None:
        """Metres to another spot; None when one of them cannot be measured."""
        if not (self.measurable and other.measurable):
            return None
        return Metres(math.hypot(other.east - self.east, other.north - self.north))


@dataclass(frozen=True, eq=False)
class Cell:
    """One cell: its boundary in WGS-84 degrees, its shape in metres of the metric CRS."""

    code: CellCode
    boundary: BaseGeometry
    shape: BaseGeometry

    @cached_property
    def edges(self) -> Floats:
        """Its edges, as `disc` wants them."""
        return edges_of(self.shape)

    @cached_property
    def border(self) -> BaseGeometry:
        """Its border in metres, prepared for many distances."""
        border: BaseGeometry = self.shape.boundary
        shapely.prepare(border)
        return border

    def share(self, spot: Spot, radius: Metres) -> float:
        """Share of the disc round a spot that lies in the cell; 0 to 1."""
        distance = self.distance_to_border(spot)
        if distance is None or abs(distance) >= radius:
            return 0.0 if distance is None or distance < 0 else 1.0
        return share_inside(self.edges, spot.east, spot.north, radius)

    def distance_to_border(self, spot: Spot) -> Metres | None:
        """Distance to the border: positive inside, negative outside; None when not measurable."""
        if not spot.measurable:
            return None
        distance = float(shapely.distance(self.border, shapely.Point(spot.east, spot.north)))
        covered = shapely.covers(self.boundary, shapely.Point(spot.lon, spot.lat))
        return Metres(distance if covered else -distance)


class PlanGrid:
    """The cells of a plan, found by code or by a spot."""

    def __init__(self, plan: PlanId, srid: int, cells: Iterable[Area]) -> None:
        self.plan = plan
        self.srid = srid
        self._cells = [
            Cell(CellCode(area.code), area.boundary, geometry_to_metres(area.boundary, srid))
            for area in sorted(cells, key=lambda area: area.code)
            if area.boundary is not None
        ]
        self._by_code = {cell.code: cell for cell in self._cells}
        boundaries = [cell.boundary for cell in self._cells]
        shapely.prepare(boundaries)
        self._tree = shapely.STRtree(boundaries)

    def spot(self, lon: float, lat: float) -> Spot:
        """A WGS-84 point with its metres."""
        return Spot(lon, lat, *metres(lon, lat, self.srid))

    def cell(self, code: str) -> Cell | None:
        """The cell of a code; None when the plan has none."""
        return self._by_code.get(CellCode(code))

    def locate(self, spot: Spot) -> CellCode | None:
        """The cell that holds a spot; on a shared border the one with the lower code."""
        found = self._tree.query(shapely.Point(spot.lon, spot.lat), predicate="covered_by")
        return self._cells[int(min(found))].code if len(found) else None


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
