# SPDX-License-Identifier: Apache-2.0
"""Coordinate systems: the only place where a coordinate changes its system.

Storage is EPSG:4326; CGCS2000, EPSG:4490, agrees with it within centimetres. Chinese phone maps
speak GCJ-02, a displaced WGS-84 used by law inside mainland China, and Baidu's maps BD-09, a
further displacement of GCJ-02. The formulas are public knowledge; their ellipsoid is Krasovsky
1940. Metric work happens in the district's 3-degree Gauss-Kruger zone.
"""

import math
from collections.abc import Sequence
from dataclasses import field
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer
from shapely.geometry.base import BaseGeometry

from geo.errors import Invalid
from geo.units import Metres
from geo.values import value

Floats = NDArray[np.float64]

_KRASOVSKY_A = 6378245.0
_KRASOVSKY_EE = 0.00669342162296594323
_BD_PI = math.pi * 3000.0 / 180.0
# Each pass of the fixed point shrinks the error about a hundredfold; five leave 1e-8 m.
_INVERSE_PASSES = 5
# The displacement applies inside this box (public formula); outside it GCJ-02 is WGS-84.
_CHINA_BOX = (72.004, 0.8293, 137.8347, 55.8271)


class System(StrEnum):
    """The coordinate systems a phone may speak."""

    WGS84 = "wgs84"
    CGCS2000 = "cgcs2000"
    GCJ02 = "gcj02"
    BD09 = "bd09"


class Mistake(StrEnum):
    """How the fixes of a device can be wrong as a whole: what they are really to be read as."""

    GCJ02 = "gcj02"
    BD09 = "bd09"
    SWAPPED = "swapped"
    """Longitude and latitude change places."""
    SIGN = "sign"
    """West for east or south for north: both are positive where this product serves."""


class PointOutOfRange(Invalid):
    """Longitude or latitude not finite or not on the Earth; perhaps swapped."""

    code = "point.out_of_range"

    def __init__(self, *, lon: float, lat: float) -> None:
        swapped = math.isfinite(lon) and math.isfinite(lat) and abs(lat) > 90 >= abs(lon)
        super().__init__(lon=_speakable(lon), lat=_speakable(lat), perhaps_swapped=swapped)


@value
class Point:
    """A place as somebody says it: degrees, longitude first, in a named system."""

    lon: float
    lat: float
    system: System = System.WGS84


@value(kw_only=True)
class Fix(Point):
    """A position as a phone says it. `accuracy_m` is the phone's own claim; kept raw.

    `accuracy_level` is the share of fixes it holds for, when the device is known to mean another
    than its source does. `read_as` is the confirmed mistake of its device: the fix is kept as said
    and read as it should have been said.
    """

    accuracy_m: Metres
    observed_at: datetime
    mock: bool = False
    source: str | None = field(default=None, metadata={"said": False})
    device: str | None = None
    speed_mps: float | None = None
    bearing_deg: float | None = None
    altitude_m: float | None = None
    accuracy_level: float | None = field(default=None, metadata={"said": False})
    read_as: Mistake | None = field(default=None, metadata={"said": False})


def read_as(point: Point, mistake: Mistake) -> Point:
    """The point as it should have been said, were its device to make this mistake."""
    if mistake is Mistake.SWAPPED:
        return Point(point.lat, point.lon, point.system)
    if mistake is Mistake.SIGN:
        return Point(abs(point.lon), abs(point.lat), point.system)
    return Point(point.lon, point.lat, System(mistake.value))


def as_meant(fix: Fix) -> Point:
    """The point of a fix, its device's confirmed mistake undone."""
    return fix if fix.read_as is None else read_as(fix, fix.read_as)


def to_wgs84(point: Point) -> tuple[float, float]:
    """Longitude and latitude in WGS-84 degrees of one point. Raises: PointOutOfRange."""
    lon, lat = to_wgs84_many([point])
    if not (math.isfinite(lon[0]) and math.isfinite(lat[0])):
        raise PointOutOfRange(lon=point.lon, lat=point.lat)
    return float(lon[0]), float(lat[0])


def to_wgs84_many(points: Sequence[Point]) -> tuple[Floats, Floats]:
    """Longitudes and latitudes in WGS-84 degrees; NaN for a point not on the Earth."""
    lon = np.array([point.lon for point in points], dtype=np.float64)
    lat = np.array([point.lat for point in points], dtype=np.float64)
    lon, lat = _on_earth(lon, lat)
    displaced = {point.system for point in points} & {System.GCJ02, System.BD09}
    if not displaced:
        return lon, lat
    for system in displaced:
        spoken = np.array([point.system is system for point in points], dtype=bool)
        lon[spoken], lat[spoken] = wgs84_arrays(lon[spoken], lat[spoken], system)
    # At the edge of the range the displacement leads out of it.
    return _on_earth(lon, lat)


def _on_earth(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    # What is not finite compares as false.
    sound = (np.abs(lon) <= 180) & (np.abs(lat) <= 90)
    if sound.all():
        return lon, lat
    return np.where(sound, lon, np.nan), np.where(sound, lat, np.nan)


def wgs84_arrays(lon: Floats, lat: Floats, system: System) -> tuple[Floats, Floats]:
    """Arrays of degrees in `system` to WGS-84, shape kept."""
    if system is System.GCJ02:
        return gcj02_to_wgs84(lon, lat)
    if system is System.BD09:
        return gcj02_to_wgs84(*bd09_to_gcj02(lon, lat))
    return lon, lat


def system_arrays(lon: Floats, lat: Floats, system: System) -> tuple[Floats, Floats]:
    """Arrays of WGS-84 degrees to what a phone of `system` would say, shape kept."""
    if system is System.GCJ02:
        return wgs84_to_gcj02(lon, lat)
    if system is System.BD09:
        return gcj02_to_bd09(*wgs84_to_gcj02(lon, lat))
    return lon, lat


def wgs84_to_gcj02(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """WGS-84 degrees to GCJ-02 degrees (public formula), shape kept."""
    x, y = lon - 105.0, lat - 35.0
    root = np.sqrt(np.abs(x))
    wave = 20.0 * np.sin(6.0 * x * math.pi) + 20.0 * np.sin(2.0 * x * math.pi)
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    north += wave * 2.0 / 3.0
    north += (20.0 * np.sin(y * math.pi) + 40.0 * np.sin(y / 3.0 * math.pi)) * 2.0 / 3.0
    north += (160.0 * np.sin(y / 12.0 * math.pi) + 320.0 * np.sin(y * math.pi / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
    east += wave * 2.0 / 3.0
    east += (20.0 * np.sin(x * math.pi) + 40.0 * np.sin(x / 3.0 * math.pi)) * 2.0 / 3.0
    east += (150.0 * np.sin(x / 12.0 * math.pi) + 300.0 * np.sin(x / 30.0 * math.pi)) * 2.0 / 3.0
    phi = np.radians(lat)
    magic = 1.0 - _KRASOVSKY_EE * np.sin(phi) ** 2
    meridian = _KRASOVSKY_A * (1.0 - _KRASOVSKY_EE) / (magic * np.sqrt(magic))
    parallel = _KRASOVSKY_A / np.sqrt(magic) * np.cos(phi)
    west_edge, south_edge, east_edge, north_edge = _CHINA_BOX
    inside = (lon > west_edge) & (lon < east_edge) & (lat > south_edge) & (lat < north_edge)
    return (
        np.where(inside, lon + np.degrees(east / parallel), lon),
        np.where(inside, lat + np.degrees(north / meridian), lat),
    )


def gcj02_to_wgs84(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """GCJ-02 degrees to WGS-84 degrees by fixed point on the forward formula, shape kept."""
    guess_lon, guess_lat = lon, lat
    for _ in range(_INVERSE_PASSES):
        seen_lon, seen_lat = wgs84_to_gcj02(guess_lon, guess_lat)
        guess_lon, guess_lat = guess_lon + lon - seen_lon, guess_lat + lat - seen_lat
    return guess_lon, guess_lat


def gcj02_to_bd09(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """GCJ-02 degrees to BD-09 degrees (public formula), shape kept."""
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * _BD_PI)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _BD_PI)
    return radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006


def bd09_to_gcj02(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """BD-09 degrees to GCJ-02 degrees by fixed point on the forward formula, shape kept."""
    guess_lon, guess_lat = lon - 0.0065, lat - 0.006
    for _ in range(_INVERSE_PASSES):
        seen_lon, seen_lat = gcj02_to_bd09(guess_lon, guess_lat)
        guess_lon, guess_lat = guess_lon + lon - seen_lon, guess_lat + lat - seen_lat
    return guess_lon, guess_lat


def metric_srid(lon: float) -> int:
    """EPSG code of the CGCS2000 3-degree Gauss-Kruger zone (central-meridian form) of a longitude.

    EPSG:4534 is CM 75E and the codes go up by one every 3 degrees to EPSG:4554, CM 135E
    (EPSG registry). Benxi at 123.7 E gives EPSG:4550.
    """
    meridian = min(max(round(lon / 3.0) * 3, 75), 135)
    return 4534 + (meridian - 75) // 3


@cache
def _to_metric(srid: int) -> Transformer:
    return _settled(Transformer.from_crs(4326, srid, always_xy=True), (120.0, 40.0))


@cache
def _to_degrees(srid: int) -> Transformer:
    return _settled(Transformer.from_crs(srid, 4326, always_xy=True), (500_000.0, 4_400_000.0))


def _settled(transformer: Transformer, somewhere: tuple[float, float]) -> Transformer:
    """The one operation between two systems, by its definition.

    Between two systems PROJ searches its database for operations, 0.1 s of work, and pyproj has it
    do so in every thread anew: whoever reports an alarm would wait for it.
    """
    transformer.transform(*somewhere)
    return Transformer.from_pipeline(transformer.get_last_used_operation().definition)


def metres(lon: Any, lat: Any, srid: int) -> tuple[Any, Any]:
    """WGS-84 degrees to metres (easting, northing) in a metric CRS; scalars or arrays."""
    return _to_metric(srid).transform(lon, lat)


def degrees(east: Any, north: Any, srid: int) -> tuple[Any, Any]:
    """Metres (easting, northing) of a metric CRS to WGS-84 degrees; scalars or arrays."""
    return _to_degrees(srid).transform(east, north)


def geometry_to_metres(geometry: Any, srid: int) -> Any:
    """A geometry, or an array of them, in WGS-84 degrees to the same in metres."""
    return _moved(geometry, _to_metric(srid))


def geometry_to_degrees(geometry: BaseGeometry, srid: int) -> BaseGeometry:
    """A geometry in metres to the same in WGS-84 degrees."""
    moved: BaseGeometry = _moved(geometry, _to_degrees(srid))
    return moved


def _moved(geometry: Any, transformer: Transformer) -> Any:
    def move(xy: Floats) -> Floats:
        return np.column_stack(transformer.transform(xy[:, 0], xy[:, 1]))

    return shapely.transform(geometry, move)


def on_grid(geometry: BaseGeometry) -> BaseGeometry:
    """The geometry with every coordinate at a multiple of 1e-7 degree (contract, Areas)."""
    snapped: BaseGeometry = shapely.transform(geometry, lambda xy: np.round(xy, 7))
    return snapped


def _speakable(value: float) -> float | str:
    return value if math.isfinite(value) else str(value)
