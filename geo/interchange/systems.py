# SPDX-License-Identifier: Apache-2.0
"""Which coordinate system a file is in: by its .prj, by what a person said, by its numbers."""

import math
import re

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS
from pyproj.exceptions import CRSError

from geo.crs import degrees
from geo.interchange.rules import (
    CrsContradicted,
    CrsNoDatumShift,
    CrsUnknown,
    CrsUnsupported,
    PlaceImplausible,
)

WGS84 = 4326
GEOGRAPHIC = (4326, 4490)
# West, south, east, north of the People's Republic, rounded outward.
CHINA = (73.0, 3.0, 136.0, 54.0)
# EPSG registry: CGCS2000 3-degree zones 25 to 45, their meridian forms 75E to 135E, 6-degree zones.
_ZONE_3, _MERIDIAN_3, _ZONE_6 = 4513, 4534, 4491
_OLD_DATUM = re.compile(r"xi.?an|beijing|西安|北京|krasso[vw]sky", re.IGNORECASE)
_OPEN_DATUM = re.compile(
    r"china[_ ]2000|cgcs[_ ]?2000|china geodetic|wgs[_ ]?(19)?84", re.IGNORECASE
)

Box = tuple[float, float, float, float]


def srid_said(text: str, layer: str) -> int:
    """The EPSG code of `EPSG:4550`, `4550` or a WKT. Raises: CrsUnsupported, CrsNoDatumShift."""
    try:
        crs = CRS.from_user_input(f"EPSG:{text}" if text.strip().isdigit() else text)
    except CRSError:
        raise CrsUnsupported(layer=layer, crs=" ".join(text.split())[:80]) from None
    spelled = f"{text} {crs.to_wkt()}"
    name = crs.name[:80]
    if _OLD_DATUM.search(spelled):
        raise CrsNoDatumShift(layer=layer, crs=name)
    if not _OPEN_DATUM.search(spelled):
        raise CrsUnsupported(layer=layer, crs=name)
    if crs.is_geographic:
        return 4326 if re.search(r"wgs", spelled, re.IGNORECASE) else 4490
    found = _gauss_kruger(crs) or crs.to_epsg()
    if found is None:
        raise CrsUnsupported(layer=layer, crs=name)
    return found


def srid_of_numbers(box: Box, layer: str) -> int:
    """What the bare numbers say, when nothing else does.

    Degrees are told by their range, a zone number by the millions of the easting.

    Raises: CrsUnknown, PlaceImplausible.
    """
    west, south, east, north = box
    if max(abs(west), abs(east)) <= 180 and max(abs(south), abs(north)) <= 180:
        return WGS84
    zone = int(west // 1_000_000)
    if zone == int(east // 1_000_000) and south > 0 and north < 6_000_000:
        if 25 <= zone <= 45:
            return _ZONE_3 + zone - 25
        if 13 <= zone <= 23:
            return _ZONE_6 + zone - 13
    if _looks_swapped(box):
        raise PlaceImplausible(layer=layer, feature=1, x=west, y=south, reason="swapped")
    options = []
    for srid in (4548, 4549, 4550, 4551):
        lon, lat = degrees((west + east) / 2, (south + north) / 2, srid)
        if math.isfinite(lon) and math.isfinite(lat):
            options.append(f"EPSG:{srid} ({lon:.2f}E {lat:.2f}N)")
    raise CrsUnknown(layer=layer, x=round(west, 1), y=round(south, 1), options=", ".join(options))


def refuse_contradiction(srid: int, box: Box, layer: str) -> None:
    """Compare a system with the numbers in it. Raises: CrsContradicted, PlaceImplausible."""
    west, south, east, north = box
    if srid in GEOGRAPHIC:
        if abs(south) > 90 or abs(north) > 90 or _degrees_swapped(box):
            if max(map(abs, box)) > 180:
                better = _zone_option(west)
                raise CrsContradicted(
                    layer=layer, crs=f"EPSG:{srid}", x=west, y=south, better=better
                )
            raise PlaceImplausible(layer=layer, feature=1, x=west, y=south, reason="swapped")
        return
    if max(map(abs, box)) <= 180:
        raise CrsContradicted(
            layer=layer, crs=f"EPSG:{srid}", x=west, y=south, better="EPSG:4490 / EPSG:4326"
        )
    if _looks_swapped(box):
        raise PlaceImplausible(layer=layer, feature=1, x=west, y=south, reason="swapped")
    by_meridian = _MERIDIAN_3 <= srid <= _MERIDIAN_3 + 20
    by_zone = _ZONE_3 <= srid <= _ZONE_3 + 20
    if by_meridian and west > 1_000_000:
        raise CrsContradicted(
            layer=layer, crs=f"EPSG:{srid}", x=west, y=south, better=_zone_option(west)
        )
    if by_zone and east < 1_000_000:
        better = f"EPSG:{srid - _ZONE_3 + _MERIDIAN_3}"
        raise CrsContradicted(layer=layer, crs=f"EPSG:{srid}", x=west, y=south, better=better)


def outside_china(lon_lat: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which of the positions (degrees, longitude first) are not finite or outside China."""
    west, south, east, north = CHINA
    lon, lat = lon_lat[:, 0], lon_lat[:, 1]
    # Written so that NaN answers as outside.
    return ~((lon >= west) & (lon <= east) & (lat >= south) & (lat <= north))


def _gauss_kruger(crs: CRS) -> int | None:
    """The EPSG code of a CGCS2000 Gauss-Kruger zone by its parameters (ESRI names carry none)."""
    operation = crs.coordinate_operation
    if operation is None or "wgs" in crs.to_wkt().lower():
        return None
    given = {item.name.lower(): float(item.value) for item in operation.params}
    meridian = given.get("longitude of natural origin")
    easting = given.get("false easting")
    plain = (
        "mercator" in operation.method_name.lower() or "gauss" in operation.method_name.lower()
    ) and given.get("scale factor at natural origin") == 1
    if (
        not plain
        or meridian is None
        or easting is None
        or meridian % 3
        or not 75 <= meridian <= 135
    ):
        return None
    if easting == 500_000:
        return _MERIDIAN_3 + round(meridian - 75) // 3
    zone = round((easting - 500_000) / 1_000_000)
    if zone == meridian / 3:
        return _ZONE_3 + zone - 25
    if zone == (meridian + 3) / 6:
        return _ZONE_6 + zone - 13
    return None


def _zone_option(west: float) -> str:
    zone = int(west // 1_000_000)
    return f"EPSG:{_ZONE_3 + zone - 25}" if 25 <= zone <= 45 else "EPSG:4549 / EPSG:4550"


def _degrees_swapped(box: Box) -> bool:
    west, south, east, north = box
    return west >= 3 and east <= 54 and south >= 73 and north <= 136


def _looks_swapped(box: Box) -> bool:
    """Northing first: millions in x, an easting, with or without its zone, in y."""
    west, south, east, north = box
    northing_first = west > 300_000 and 1_000_000 < east < 6_000_000
    return northing_first and (0 < south < north < 1_000_000 or south > 13_000_000)
