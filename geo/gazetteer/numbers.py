# SPDX-License-Identifier: Apache-2.0
"""Places that are in no list: between two house numbers, and where two streets cross. Pure."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import shapely
from shapely.geometry.base import BaseGeometry

from geo.crs import degrees, geometry_to_metres, metres, metric_srid
from geo.gazetteer.rules import INTERPOLATION_REACH, ONE_CROSSING
from geo.units import Metres

House = tuple[str | None, float, float]


@dataclass(frozen=True)
class Between:
    """A place between two known numbers, WGS-84 degrees, and how far apart these stand."""

    lon: float
    lat: float
    apart: Metres


def between(houses: Iterable[House], number: str) -> Between | None:
    """Where a missing number of a street should stand: between its neighbours.

    `houses` are numbers of one street with their places. Odd and even numbers stand on their own
    sides, so neighbours are of the same parity. None when the number lies beyond the known ones or
    its neighbours are too far apart to say anything.
    """
    wanted = _base(number)
    if wanted is None:
        return None
    known: dict[int, tuple[float, float]] = {}
    for said, lon, lat in houses:
        base = _base(said or "")
        # 10-3 stands behind 10; where 10 itself is known it says better where the number runs.
        if base is not None and (base not in known or said == str(base)):
            known[base] = (lon, lat)
    side = sorted(base for base in known if base % 2 == wanted % 2)
    below = [base for base in side if base < wanted]
    above = [base for base in side if base > wanted]
    if wanted in known:
        return Between(*known[wanted], Metres(0.0))
    if not below or not above:
        return None
    low, high = below[-1], above[0]
    srid = metric_srid(known[low][0])
    (x0, y0), (x1, y1) = metres(*known[low], srid), metres(*known[high], srid)
    apart = Metres(math.hypot(x1 - x0, y1 - y0))
    if apart > INTERPOLATION_REACH:
        return None
    share = (wanted - low) / (high - low)
    lon, lat = degrees(x0 + (x1 - x0) * share, y0 + (y1 - y0) * share, srid)
    return Between(round(lon, 7), round(lat, 7), apart)


def crossing_points(
    first: Sequence[BaseGeometry], second: Sequence[BaseGeometry]
) -> list[tuple[float, float]]:
    """Where two streets, given as their stretches, meet: WGS-84 degrees, west to east.

    Points of one dual carriageway are one crossing.
    """
    shared = shapely.union_all(first).intersection(shapely.union_all(second))
    parts = [part for part in getattr(shared, "geoms", [shared]) if not part.is_empty]
    if not parts:
        return []
    srid = metric_srid(parts[0].centroid.x)
    discs = [geometry_to_metres(part, srid).buffer(ONE_CROSSING / 2) for part in parts]
    merged = shapely.union_all(discs)
    centres = [disc.centroid for disc in getattr(merged, "geoms", [merged])]
    spots = [degrees(centre.x, centre.y, srid) for centre in centres]
    return sorted((round(lon, 7), round(lat, 7)) for lon, lat in spots)


def _base(number: str) -> int | None:
    head = number.partition("-")[0]
    return int(head) if head.isdigit() else None
