# SPDX-License-Identifier: Apache-2.0
"""The town as a division to draw on, and lines and regions in its metres."""

from dataclasses import replace
from itertools import pairwise

import shapely
from shapely.geometry.base import BaseGeometry

from geo.ids import AreaCode, Level
from geo.plans.edits import Declare, Reassign, apply
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


def parted() -> Division:
    """The town when M2 goes over to the community in the north: M1 and M3 lie apart."""
    islands = apply(division(), standing(), Declare("210503101002", True)).division
    moved = apply(islands, standing(), Reassign(("210503101002002",), "210503101001")).division
    return apply(moved, standing(), Declare("210503101002", False)).division


def line(*points: tuple[float, float]) -> BaseGeometry:
    """A line through places in metres of the town, in degrees."""
    return shapely.LineString([town.point(*at) for at in points])


def region(*points: tuple[float, float]) -> BaseGeometry:
    """A region with corners in metres of the town, in degrees."""
    return shapely.Polygon([town.point(*at) for at in points])


def estate() -> tuple[Division, Ground]:
    """The town with 24 buildings in each community: three rows of eight, 10 m by 10 m.

    They stand every 37.5 m from west to east and every 30 m from south to north, but for a strip of
    10 m along the southern edge of the community. The westernmost of each row has 30 households,
    all others have 10: 300 in a community.
    """
    (sample, *_) = town.buildings()
    houses, areas = [], [area for area in town.areas() if area.level is not Level.BUILDING_GROUP]
    for community, south in town.ROWS.values():
        for number in range(24):
            east, north = 14 + (number % 8) * 37.5, south + 20 + (number // 8) * 30
            cell = f"{community}{int((east + 5) // 100) + 1:03d}"
            houses.append(
                replace(
                    sample,
                    id=f"{community}-{number:02d}",
                    households=30 if number % 8 == 0 else 10,
                    cell=AreaCode(cell),
                    group=AreaCode(f"{cell}001"),
                    footprint=town.box(east, north, east + 10, north + 10),
                )
            )
    groups = [area for area in town.areas() if area.level is Level.BUILDING_GROUP]
    placed = {house.id: house.group for house in houses}
    whole = opened([*areas, *groups], placed)
    return whole, ground(houses, town.SRID, boundary(whole, whole.district))


def twice_the_area(land: BaseGeometry) -> int:
    """Of land in grid units, with holes, exactly: doubles do not hold what such numbers add to."""
    total = 0
    for ring in shapely.get_rings(shapely.get_parts(shapely.normalize(land))):
        spots = [(int(x), int(y)) for x, y in shapely.get_coordinates(ring)]
        # A shape in its normal form has its outer ring the one way round, and its holes the other.
        total += sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairwise(spots))
    return abs(total)
