# SPDX-License-Identifier: Apache-2.0
"""The share of an error disc that lies in a polygon, exactly.

The area of a disc and a polygon in common is a sum over the polygon's edges: each edge and the
centre span a triangle, whose part within the disc is a triangle between the crossings and circular
sectors outside them (Green's theorem; the usual derivation for a circle and a polygon). Holes count
negative by their orientation, so necks and holes need no special case.
"""

import math

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


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
    middle = np.column_stack([east, north])[of]
    reach = radius[of]
    start = edges[:, :2] - middle
    step = edges[:, 2:] - edges[:, :2]
    square = _dot(step, step)
    along = _dot(start, step)
    power = _dot(start, start) - reach * reach
    under_root = along * along - square * power
    crosses = (under_root > 0) & (square > 0)
    root = np.sqrt(np.where(crosses, under_root, 0.0))
    safe = np.where(crosses, square, 1.0)
    enters = np.where(crosses, np.clip((-along - root) / safe, 0.0, 1.0), 1.0)
    leaves = np.where(crosses, np.clip((-along + root) / safe, 0.0, 1.0), 1.0)
    first = start + enters[:, None] * step
    last = start + leaves[:, None] * step
    end = start + step
    # An edge that never enters has first == last == end: its sector is the whole edge's.
    angle = _angle(start, first) + _angle(last, end)
    area = 0.5 * (reach * reach * angle + _cross(first, last))
    total = np.bincount(of, area, minlength=len(radius))
    shares: Floats = np.clip(total / (math.pi * radius * radius), 0.0, 1.0)
    return shares


def _cross(one: Floats, other: Floats) -> Floats:
    product: Floats = one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0]
    return product


def _dot(one: Floats, other: Floats) -> Floats:
    product: Floats = one[:, 0] * other[:, 0] + one[:, 1] * other[:, 1]
    return product


def _angle(one: Floats, other: Floats) -> Floats:
    angle: Floats = np.arctan2(_cross(one, other), _dot(one, other))
    return angle
