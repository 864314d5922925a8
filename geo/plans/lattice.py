# SPDX-License-Identifier: Apache-2.0
"""Boundaries in whole numbers: the contract's 1e-7 degree grid as the integer lattice it is.

Everything that edits a boundary works in grid units, one ten-millionth of a degree (about 1 cm).
Whole numbers of this size are exact in a double, and so are the tests for "same point" and "same
edge" that a coverage without slivers rests on. Degrees come in and go out here alone.
"""

import math
from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.crs import geometry_to_metres
from geo.shapes import Shaped
from geo.units import Metres, SquareMetres

UNITS_PER_DEGREE = 10_000_000
# A neighbour's new corner bends a straight border by up to a unit, a centimetre: land that differs
# by a few such is the same land.
_BENT = 3.0
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Shapes = NDArray[np.object_]
# A sphere of the Earth's mean radius: tolerances need no ellipsoid.
_METRES_PER_DEGREE = 111_195.0


def to_units(geometry: Shaped) -> Shaped:
    """WGS-84 degrees to grid units, each coordinate to the nearest whole number."""
    moved: Shaped = shapely.transform(geometry, lambda xy: np.rint(xy * UNITS_PER_DEGREE))
    return moved


def to_degrees(geometry: BaseGeometry) -> BaseGeometry:
    """Grid units to WGS-84 degrees: the doubles nearest to whole multiples of 1e-7 degree."""
    moved: BaseGeometry = shapely.transform(geometry, lambda xy: xy / UNITS_PER_DEGREE)
    return moved


def in_metres(geometries: Shapes, srid: int) -> Shapes:
    """Shapes in grid units to the same in plane metres of a metric CRS."""
    degrees = shapely.transform(geometries, lambda xy: xy / UNITS_PER_DEGREE)
    moved: Shapes = geometry_to_metres(degrees, srid)
    return moved


def area_m2(geometry: BaseGeometry, srid: int) -> SquareMetres:
    """The size of a shape in grid units, measured in the district's metric CRS."""
    return SquareMetres(float(geometry_to_metres(to_degrees(geometry), srid).area))


def units(metres: Metres) -> float:
    """A distance along a meridian in grid units; east to west it spans fewer metres."""
    return metres / _METRES_PER_DEGREE * UNITS_PER_DEGREE


def square_units(size: SquareMetres, y: float) -> float:
    """A small area in square grid units, at a northing in grid units."""
    return units(Metres(1.0)) ** 2 * size / math.cos(math.radians(y / UNITS_PER_DEGREE))


def same_land(one: BaseGeometry, other: BaseGeometry) -> bool:
    """Whether two shapes in grid units are the same land, though one may have more corners."""
    # Cheap first: most cells are untouched, vertex by vertex.
    if shapely.equals_exact(one, other, 0.0):
        return True
    apart = shapely.hausdorff_distance(shapely.boundary(one), shapely.boundary(other))
    return bool(apart <= _BENT)


def lines_of(segments: Floats) -> Shapes:
    """The (n, 4) pieces as an array of n LineStrings."""
    return np.asarray(shapely.linestrings(segments.reshape(-1, 2, 2)), dtype=object)


def rings_of(polygon: BaseGeometry) -> list[Floats]:
    """The rings of a polygon as (n + 1, 2) arrays of whole numbers, the shell first."""
    return [shapely.get_coordinates(ring) for ring in shapely.get_rings(polygon)]


def segments_of(polygons: Sequence[BaseGeometry]) -> Floats:
    """The straight pieces of all rings as walked: (n, 4), x1, y1, x2, y2 in grid units."""
    found = [np.hstack([ring[:-1], ring[1:]]) for p in polygons for ring in rings_of(p)]
    return np.concatenate(found) if found else np.empty((0, 4))


def undirected(segments: Floats) -> Floats:
    """The same pieces, each with its lesser end first: equal whichever way they are walked."""
    turned = (segments[:, 0] > segments[:, 2]) | (
        (segments[:, 0] == segments[:, 2]) & (segments[:, 1] > segments[:, 3])
    )
    return np.where(turned[:, None], segments[:, [2, 3, 0, 1]], segments)
