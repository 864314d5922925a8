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

from geo.units import Metres

Floats = NDArray[np.float64]


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


def share_inside(edges: Floats, east: float, north: float, radius: Metres) -> float:
    """Share of the disc at (east, north) that lies in the polygon of `edges`; 0 to 1.

    `radius` must be positive. All in metres of one metric CRS.
    """
    start = edges[:, :2] - (east, north)
    step = edges[:, 2:] - edges[:, :2]
    square = np.einsum("ij,ij->i", step, step)
    along = np.einsum("ij,ij->i", start, step)
    power = np.einsum("ij,ij->i", start, start) - radius * radius
    under_root = along * along - square * power
    crosses = (under_root > 0) & (square > 0)
    root = np.sqrt(np.where(crosses, under_root, 0.0))
    safe = np.where(crosses, square, 1.0)
    enters = np.where(crosses, np.clip((-along - root) / safe, 0.0, 1.0), 1.0)
    leaves = np.where(crosses, np.clip((-along + root) / safe, 0.0, 1.0), 1.0)
    first = start + enters[:, None] * step
    last = start + leaves[:, None] * step
    end = start + step
    area = _sectors(start, first, radius) + 0.5 * _cross(first, last) + _sectors(last, end, radius)
    # An edge that never enters has first == last == end: its sector is the whole edge's.
    return float(np.clip(area.sum() / (math.pi * radius * radius), 0.0, 1.0))


def _cross(one: Floats, other: Floats) -> Floats:
    product: Floats = one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0]
    return product


def _sectors(one: Floats, other: Floats, radius: float) -> Floats:
    angle = np.arctan2(_cross(one, other), np.einsum("ij,ij->i", one, other))
    sectors: Floats = 0.5 * radius * radius * angle
    return sectors
