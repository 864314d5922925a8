# SPDX-License-Identifier: Apache-2.0
"""Coordinate systems: known shifts, exact inverses, the metric zone of a longitude."""

import math
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Transformer

from geo import crs
from geo.crs import Point, PointOutOfRange, System

LON = st.floats(73.5, 134.5)
LAT = st.floats(18.5, 53.5)
METRE = 1 / 111_320  # degrees of latitude


@given(LON, LAT, st.sampled_from([System.GCJ02, System.BD09]))
def test_what_a_phone_says_comes_back_to_a_tenth_of_a_millimetre(
    lon: float, lat: float, system: System
) -> None:
    said = crs.system_arrays(np.array([lon]), np.array([lat]), system)
    back = crs.to_wgs84(Point(float(said[0][0]), float(said[1][0]), system))
    assert back == pytest.approx((lon, lat), abs=1e-4 * METRE)


def test_the_shift_in_xihu_is_540_m_to_the_east_north_east() -> None:
    lon, lat = np.array([123.7656]), np.array([41.3285])
    moved = crs.wgs84_to_gcj02(lon, lat)
    east, north = crs.metres(*moved, 4550)
    here_east, here_north = crs.metres(lon, lat, 4550)
    shift = (float(east[0] - here_east[0]), float(north[0] - here_north[0]))
    assert math.hypot(*shift) == pytest.approx(540, abs=10)
    assert shift == pytest.approx((488, 231), abs=12)


@pytest.mark.parametrize("zone", [4534, 4550, 4554])
def test_metres_are_those_of_the_definition(zone: int) -> None:
    random = np.random.default_rng(zone)
    lon, lat = random.uniform(73.5, 134.5, 1000), random.uniform(18.5, 53.5, 1000)
    metric = Transformer.from_crs(4326, zone, always_xy=True).transform(lon, lat)
    assert np.array_equal(crs.metres(lon, lat, zone), metric)
    back = Transformer.from_crs(zone, 4326, always_xy=True).transform(*metric)
    assert np.array_equal(crs.degrees(*metric, zone), back)


def test_a_new_thread_measures_at_once() -> None:
    crs.metres(123.7656, 41.3285, 4550)

    def measure() -> float:
        began = time.thread_time()
        crs.metres(123.7656, 41.3285, 4550)
        return time.thread_time() - began

    with ThreadPoolExecutor(1) as fresh:
        assert fresh.submit(measure).result() < 0.02


def test_abroad_gcj02_is_wgs84() -> None:
    lon, lat = np.array([2.35]), np.array([48.85])
    assert crs.wgs84_to_gcj02(lon, lat) == (lon, lat)


def test_cgcs2000_is_kept_as_it_is() -> None:
    assert crs.to_wgs84(Point(123.7, 41.3, System.CGCS2000)) == (123.7, 41.3)


@pytest.mark.parametrize(
    ("lon", "lat", "swapped"),
    [(41.3, 123.7, True), (float("nan"), 41.3, False), (1e400, 41.3, False), (200, 41, False)],
)
def test_what_is_not_on_the_earth_is_refused(lon: float, lat: float, swapped: bool) -> None:
    with pytest.raises(PointOutOfRange) as refused:
        crs.to_wgs84(Point(lon, lat))
    assert refused.value.fields["perhaps_swapped"] is swapped


@given(st.floats(-180, 180), st.floats(-90, 90), st.sampled_from(System))
def test_what_is_answered_is_on_the_earth(lon: float, lat: float, system: System) -> None:
    found = crs.to_wgs84_many([Point(lon, lat, system), Point(-180, -90, system)])
    for x, y in np.transpose(found):
        assert (abs(x) <= 180 and abs(y) <= 90) or (np.isnan(x) and np.isnan(y))


def test_the_displacement_leads_nobody_off_the_earth() -> None:
    with pytest.raises(PointOutOfRange):
        crs.to_wgs84(Point(-180, 0, System.BD09))


@pytest.mark.parametrize(("lon", "srid"), [(123.7, 4550), (120.0, 4549), (75.0, 4534), (135, 4554)])
def test_the_metric_zone_follows_the_longitude(lon: float, srid: int) -> None:
    assert crs.metric_srid(lon) == srid
