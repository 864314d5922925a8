# SPDX-License-Identifier: Apache-2.0
"""The town as a division to draw on, and lines and regions in its metres."""

import shapely
from shapely.geometry.base import BaseGeometry

from geo.plans.opening import ground, opened
from geo.plans.rules import Division, Ground, boundary
from tests import town


def division() -> Division:
    """The town as its first plan divides it."""
    return opened(town.areas(), {one.id: one.group for one in town.buildings()})


def standing() -> Ground:
    """What stands in the town."""
    whole = division()
    return ground(town.buildings(), town.SRID, boundary(whole, whole.district))


def line(*points: tuple[float, float]) -> BaseGeometry:
    """A line through places in metres of the town, in degrees."""
    return shapely.LineString([town.point(*at) for at in points])


def region(*points: tuple[float, float]) -> BaseGeometry:
    """A region with corners in metres of the town, in degrees."""
    return shapely.Polygon([town.point(*at) for at in points])
