# SPDX-License-Identifier: Apache-2.0
"""The cells of one plan in metres, indexed: what verdicts are judged by. Immutable."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import shapely
from shapely.geometry.base import BaseGeometry

from geo.crs import geometry_to_metres
from geo.hierarchy.rules import Area
from geo.ids import CellCode, PlanId
from geo.patrol.disc import Floats, edges_of, share_inside
from geo.units import Metres


@dataclass(frozen=True, eq=False)
class Cell:
    """One cell in metres of the district's metric CRS."""

    code: CellCode
    shape: BaseGeometry

    @cached_property
    def edges(self) -> Floats:
        """Its edges, as `disc` wants them."""
        return edges_of(self.shape)

    def share(self, east: float, north: float, radius: Metres) -> float:
        """Share of the disc at a point that lies in the cell; 0 to 1."""
        return share_inside(self.edges, east, north, radius)

    def distance_to_border(self, east: float, north: float) -> Metres:
        """Distance to the border: positive inside, negative outside."""
        point = shapely.Point(east, north)
        distance = float(shapely.distance(self.shape.boundary, point))
        return Metres(distance if shapely.covers(self.shape, point) else -distance)


class PlanGrid:
    """The cells of a plan, found by code or by a point in metres."""

    def __init__(self, plan: PlanId, srid: int, cells: Iterable[Area]) -> None:
        self.plan = plan
        self.srid = srid
        ordered = sorted(cells, key=lambda area: area.code)
        shapes = [
            geometry_to_metres(area.boundary, srid) for area in ordered if area.boundary is not None
        ]
        self._cells = [
            Cell(CellCode(area.code), shape) for area, shape in zip(ordered, shapes, strict=True)
        ]
        self._by_code = {cell.code: cell for cell in self._cells}
        self._tree = shapely.STRtree(shapes)

    def cell(self, code: str) -> Cell | None:
        """The cell of a code; None when the plan has none."""
        return self._by_code.get(CellCode(code))

    def locate(self, east: float, north: float) -> CellCode | None:
        """The cell that holds a point; on a shared border the one with the lower code."""
        found = self._tree.query(shapely.Point(east, north), predicate="covered_by")
        return self._cells[int(min(found))].code if len(found) else None
