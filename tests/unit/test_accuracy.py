# SPDX-License-Identifier: Apache-2.0
"""What a source's accuracy means."""

from datetime import UTC, datetime
from math import log, sqrt
from typing import get_args

import pytest

from api.shapes import FixBody
from geo.accounts.rules import DeviceProfile
from geo.accuracy import MEANINGS, accuracy_of_hdop, level_of_source
from geo.crs import Fix, Mistake, System, as_meant
from geo.patrol.rules import Policy
from geo.units import Metres

AT = datetime(2026, 3, 2, tzinfo=UTC)


def fix(**more: object) -> Fix:
    return Fix(lon=123.7, lat=41.3, accuracy_m=Metres(10), observed_at=AT, **more)  # type: ignore[arg-type]


def test_every_source_that_a_fix_may_name_has_its_meaning() -> None:
    named = get_args(get_args(FixBody.model_fields["source"].annotation)[0])
    assert set(named) == set(MEANINGS)


def test_the_factor_is_that_of_a_rayleigh_distribution() -> None:
    assert Policy().accuracy_factor == pytest.approx(sqrt(log(0.05) / log(0.32)), abs=0.002)


def test_a_receiver_that_states_95_percent_is_taken_at_its_word() -> None:
    assert level_of_source("gpsd") == 0.95
    assert Policy().radius_95(fix(source="gpsd")) == 10
    assert Policy().radius_95(fix(source="android")) == pytest.approx(16.2)
    assert Policy().radius_95(fix()) == pytest.approx(16.2)


def test_hdop_is_gpsds_estimate() -> None:
    accuracy, level = accuracy_of_hdop(0.8)
    assert accuracy == pytest.approx(12)
    assert Policy().radius_95(
        Fix(lon=0, lat=0, accuracy_m=accuracy, observed_at=AT, accuracy_level=level)
    ) == pytest.approx(12)


def test_a_device_known_to_mean_another_level_is_understood_so() -> None:
    understood = DeviceProfile(app="osmand", accuracy_level=0.95).understood(fix())
    assert understood.source == "osmand"
    assert Policy().radius_95(understood) == 10


@pytest.mark.parametrize(
    ("mistake", "lon", "lat", "system"),
    [
        (Mistake.SWAPPED, 41.3, 123.7, System.WGS84),
        (Mistake.SIGN, 123.7, 41.3, System.WGS84),
        (Mistake.GCJ02, -123.7, 41.3, System.GCJ02),
    ],
)
def test_a_confirmed_mistake_is_undone_and_the_word_kept(
    mistake: Mistake, lon: float, lat: float, system: System
) -> None:
    said = Fix(lon=-123.7, lat=41.3, accuracy_m=Metres(10), observed_at=AT)
    understood = DeviceProfile(read_as=mistake).understood(said)
    assert (understood.lon, understood.lat, understood.system) == (-123.7, 41.3, System.WGS84)
    meant = as_meant(understood)
    assert meant.system is system
    if mistake is not Mistake.SWAPPED:
        assert (meant.lon, meant.lat) == (lon, lat)


def test_a_profile_comes_back_as_it_was_kept() -> None:
    profile = DeviceProfile(System.BD09, "osmand", 0.95, "knots", Mistake.SWAPPED)
    assert DeviceProfile.from_fields(profile.as_fields()) == profile
    assert DeviceProfile.from_fields({"system": "gcj02", "app": None}).system is System.GCJ02
