# SPDX-License-Identifier: Apache-2.0
"""The share of an error disc that lies in a polygon, exactly.

The area of a disc and a polygon in common is a sum over the polygon's edges: each edge and the
centre span a triangle, whose part within the disc is a triangle between the crossings and circular
sectors outside them (Green's theorem; the usual derivation for a circle and a polygon). Holes count
negative by their orientation, so necks and holes need no special case.
"""

import math
from typing import Self

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
Flags = NDArray[np.bool_]

# Much more than the last digit of a coordinate, and nothing to a phone.
_CLOSE_M = 1e-4


def edges_of(area: BaseGeometry) -> Floats:
    """Edges of a polygon or multipolygon in metres, shape (n, 4): from x, y to x, y.

    Exteriors run counter-clockwise and holes clockwise, so that the signs add up.
    """
    parts: list[Floats] = []
    for polygon in shapely.get_parts(shapely.orient_polygons(area)):
        for ring in (polygon.exterior, *polygon.interiors):
            points = shapely.get_coordinates(ring)
            parts.append(np.hstack([points[:-1], points[1:]]))
    return np.vstack(parts) if parts else np.empty((0, 4))


def shares_inside(
    edges: Floats, of: Indices, east: Floats, north: Floats, radius: Floats
) -> Floats:
    """Share of each disc that lies in its polygon; 0 to 1, shape (discs,).

    Disc i stands at (east[i], north[i]) with the positive radius[i]; `of` says for each row of
    `edges` which disc it counts for, so that many discs and polygons are done at once. All in
    metres of one metric CRS.
    """
    seen = _Seen(edges, of, east, north)
    reach = radius[of]
    # The sector of an edge that never enters is the whole edge's.
    area = 0.5 * (reach * reach * seen.angle())
    entering, part = seen.entering(reach)
    area[entering] = part
    total = np.bincount(of, area, minlength=len(radius))
    shares: Floats = np.clip(total / (math.pi * radius * radius), 0.0, 1.0)
    return shares


def shares_by_rim(
    edges: Floats, of: Indices, east: Floats, north: Floats, radius: Floats, inside: Flags
) -> tuple[Floats, Flags]:
    """As `shares_inside` to about 1e-12, of those edges alone that may enter each disc.

    `inside` says whether the middle of each disc lies in its polygon, which must be valid. The
    second array says where the share is to be relied on: not where the middle lies so close to the
    line of an edge that it may lie on either side.
    """
    seen = _Seen(edges, of, east, north)
    entering, part = seen.entering(radius[of])
    some = of[entering]
    rim, reach = seen.some(entering), radius[some]
    # All sectors together are the whole disc or nothing of it, whatever the edges.
    area = part - 0.5 * (reach * reach * rim.angle())
    total = math.pi * radius * radius * inside
    total += np.bincount(some, area, minlength=len(radius))
    sure = np.ones(len(radius), dtype=np.bool_)
    sure[some[rim.line_is_close()]] = False
    return np.clip(total / (math.pi * radius * radius), 0.0, 1.0), sure


class _Seen:
    """Edges as seen from the middles of their discs; columns of numbers, one an edge."""

    def __init__(self, edges: Floats, of: Indices, east: Floats, north: Floats) -> None:
        # Numbers that lie one after the other are reckoned twice as fast as pairs.
        self.x, self.y = edges[:, 0] - east[of], edges[:, 1] - north[of]
        self.dx, self.dy = edges[:, 2] - edges[:, 0], edges[:, 3] - edges[:, 1]

    def some(self, rows: Indices) -> Self:
        """Those of some rows."""
        found = object.__new__(type(self))
        found.__dict__ = {name: column[rows] for name, column in vars(self).items()}
        return found

    def angle(self) -> Floats:
        """How far round the middle each edge runs, counter-clockwise in radians."""
        return _angle(self.x, self.y, self.x + self.dx, self.y + self.dy)

    def entering(self, reach: Floats) -> tuple[Indices, Floats]:
        """The rows of the edges that enter their disc, and the area below each (m2)."""
        square = self.dx * self.dx + self.dy * self.dy
        along = self.x * self.dx + self.y * self.dy
        power = self.x * self.x + self.y * self.y - reach * reach
        under_root = along * along - square * power
        # Few edges of a cell do.
        rows = np.flatnonzero((under_root > 0) & (square > 0))
        one = self.some(rows)
        square, along, root, reach = (
            square[rows],
            along[rows],
            np.sqrt(under_root[rows]),
            reach[rows],
        )
        enters = np.clip((-along - root) / square, 0.0, 1.0)
        leaves = np.clip((-along + root) / square, 0.0, 1.0)
        first_x, first_y = one.x + enters * one.dx, one.y + enters * one.dy
        last_x, last_y = one.x + leaves * one.dx, one.y + leaves * one.dy
        angle = _angle(one.x, one.y, first_x, first_y) + _angle(
            last_x, last_y, one.x + one.dx, one.y + one.dy
        )
        return rows, 0.5 * (reach * reach * angle + (first_x * last_y - first_y * last_x))

    def line_is_close(self) -> Flags:
        """Where the middle lies on the line of an edge, or too close to it to say on which side."""
        cross = self.x * self.dy - self.y * self.dx
        close: Flags = np.abs(cross) <= _CLOSE_M * np.hypot(self.dx, self.dy)
        return close


def _angle(x: Floats, y: Floats, other_x: Floats, other_y: Floats) -> Floats:
    """From one direction to the other, counter-clockwise, in radians."""
    angle: Floats = np.arctan2(x * other_y - y * other_x, x * other_x + y * other_y)
    return angle
