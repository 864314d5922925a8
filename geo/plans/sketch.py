# SPDX-License-Identifier: Apache-2.0
"""Shapes as people draw them, made fit for an edit. Grid units but where degrees are said."""

from typing import Any

import numpy as np
import shapely
from shapely import LineString
from shapely.geometry.base import BaseGeometry

from geo.plans.cutting import SPECK
from geo.plans.lattice import square_units, to_units
from geo.plans.rules import DoesNotCut, ShapeWrong, place_of


def sides(land: BaseGeometry, line: LineString) -> list[BaseGeometry]:
    """The two parts of some land on either side of a line. Raises: DoesNotCut."""
    pieces = shapely.union_all([shapely.boundary(land), line])
    found = shapely.get_parts(shapely.polygonize(shapely.get_parts(pieces)))
    inside = shapely.contains_xy(land, shapely.get_coordinates(shapely.point_on_surface(found)))
    parts = [part for part, own in zip(found, inside, strict=True) if own and not speck(part)]
    if len(parts) != 2:
        raise DoesNotCut(parts=len(parts), **place_of(line))
    return parts


def speck(shape: BaseGeometry) -> bool:
    """Whether a piece of land is too small to be a cell."""
    return shape.area < square_units(SPECK, shape.bounds[1])


def gridded(shape: BaseGeometry, kind: type, name: str) -> Any:
    """A shape drawn in degrees, of this kind and valid, in grid units. Raises: ShapeWrong."""
    if not isinstance(shape, kind):
        raise ShapeWrong(field=name, found=shape.geom_type, wanted=kind.__name__)
    if shape.is_empty or not np.isfinite(shapely.get_coordinates(shape)).all():
        raise ShapeWrong(field=name, found="empty", wanted=kind.__name__)
    made = to_units(shape)
    if not made.is_valid or (kind is LineString and not made.is_simple):
        raise ShapeWrong(field=name, found=str(shapely.is_valid_reason(made)), wanted=kind.__name__)
    return made
