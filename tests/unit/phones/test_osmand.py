# SPDX-License-Identifier: Apache-2.0
"""Packets of the OsmAnd protocol: those that Traccar's own tests hold, and broken ones.

Source of the documented ones: traccar/traccar, OsmAndProtocolDecoderTest.
"""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.phones.osmand import Packet, packet
from api.phones.reading import Reading, Unreadable
from geo.accounts.rules import DeviceProfile
from geo.crs import Fix, System

NOW = datetime(2026, 3, 2, tzinfo=UTC)
FORM = "application/x-www-form-urlencoded"
KNOT = 0.514444


def one(said: Packet) -> Reading:
    (item,) = said.items
    assert isinstance(item, Reading), item
    return item


def fix(query: str, **profile: Any) -> Fix:
    return one(packet(query, "", b"")).fix(DeviceProfile(**profile), received_at=NOW)


def reason(query: str) -> str:
    (item,) = packet(query, "", b"").items
    assert isinstance(item, Unreadable), item
    return item.reason


TIMES = {
    "timestamp=2016-01-27T18%3A55%3A47Z": datetime(2016, 1, 27, 18, 55, 47, tzinfo=UTC),
    "timestamp=1442068686579": datetime(2015, 9, 12, 14, 38, 6, 579000, tzinfo=UTC),
    "timestamp=1377177267": datetime(2013, 8, 22, 13, 14, 27, tzinfo=UTC),
    "timestamp=2014-06-04+09%3A10%3A11": datetime(2014, 6, 4, 9, 10, 11, tzinfo=UTC),
    "timestamp=2014-06-04T17:10:11%2B08:00": datetime(2014, 6, 4, 9, 10, 11, tzinfo=UTC),
    "timestamp=2014-06-04T09:10:11": datetime(2014, 6, 4, 9, 10, 11, tzinfo=UTC),
    "": NOW,
}


@pytest.mark.parametrize("said", TIMES)
def test_times_of_every_form(said: str) -> None:
    found = fix(f"id=902064&lat=42.06288&lon=-88.23412&hdop=6.0&altitude=224.0&speed=0.0&{said}")
    assert found.observed_at == TIMES[said]
    assert (found.lon, found.lat, found.altitude_m, found.speed_mps) == (
        -88.23412,
        42.06288,
        224.0,
        0,
    )


@pytest.mark.parametrize(
    "said", ["soon", "-1", "99999999999999", "NaN", "1e400", "1999-01-01T00:00:00Z", "", "1_0"]
)
def test_a_time_that_cannot_be_read_is_not_now(said: str) -> None:
    assert reason(f"id=1&lat=41&lon=123&timestamp={said}") == "fix.malformed"


def test_hdop_stands_for_accuracy_and_says_at_which_level() -> None:
    found = fix("id=902064&lat=42.06288&lon=-88.23412&hdop=6.0")
    assert (found.accuracy_m, found.accuracy_level) == (90.0, 0.95)
    stated = fix("id=902064&lat=42.06288&lon=-88.23412&hdop=6.0&accuracy=8.5")
    assert (stated.accuracy_m, stated.accuracy_level) == (8.5, None)
    # A dilution of 0 is that of a receiver without a solution, as in Traccar's packet.
    none = fix("id=123456&timestamp=1377177267&lat=60.0&lon=30.0&speed=0.0&bearing=0.0&hdop=0.0")
    assert none.accuracy_m == 100.0
    assert fix("id=1&lat=60&lon=30&accuracy=8", accuracy_level=0.95).accuracy_level == 0.95


def test_speed_is_in_knots_unless_the_phone_is_known_to_count_otherwise() -> None:
    said = (
        "id=123456789012345&timestamp=1504763810&lat=40.7232948571&lon=-74.0061408571"
        "&bearing=7.19889788244&speed=40&ignition=true&rpm=933&fuel=24"
    )
    assert fix(said).speed_mps == pytest.approx(40 * KNOT, rel=1e-5)
    assert fix(said).bearing_deg == pytest.approx(7.19889788244)
    assert fix(said, speed_unit="kmh").speed_mps == pytest.approx(40 / 3.6)
    assert fix(said, speed_unit="mps").speed_mps == 40


def test_other_names_of_the_same_things() -> None:
    said = packet(
        "lat=60.0&lon=30.0&speed=0.0&heading=5.0&vacc=0&hacc=0&altitude=0&deviceid=123456", "", b""
    )
    assert said.token == "123456"
    assert one(said).bearing_deg == 5.0
    assert fix("id=123456&timestamp=1377177267&location=60.0,30.0").lat == 60.0


def test_cells_and_wifi_are_no_place() -> None:
    said = (
        "id=123456&timestamp=1377177267&cell=257,02,16,2224&cell=257,02,16,2223,-90"
        "&wifi=00-14-22-01-23-45,-80&wifi=00-1C-B3-09-85-15,-70"
    )
    assert reason(said) == "fix.no_place"
    assert packet(said, "", b"").token == "123456"


def test_a_form_says_what_a_query_says() -> None:
    said = "id=123456&timestamp=1377177267&lat=60.0&lon=30.0"
    assert packet("", FORM, said.encode()) == packet(said, "", b"")


def test_the_source_and_the_system_come_from_protocol_and_profile() -> None:
    found = fix("id=1&lat=41&lon=123", system=System.GCJ02, app="android")
    assert (found.source, found.system) == ("osmand", System.GCJ02)


@pytest.mark.parametrize(("said", "mock"), [("mock=true", True), ("is_mock=1", True), ("", False)])
def test_a_made_up_position_is_marked(said: str, mock: bool) -> None:
    assert fix(f"id=1&lat=41&lon=123&{said}").mock is mock


def test_a_receiver_without_a_fix_says_so() -> None:
    assert reason("id=1&lat=41&lon=123&valid=false") == "fix.not_valid"
    assert reason("id=1&lat=41&lon=123&valid=0") == "fix.not_valid"
    assert fix("id=1&lat=41&lon=123&valid=true").lat == 41
    assert reason("id=1&lat=41&lon=123&accuracy=-1") == "fix.not_valid"


@pytest.mark.parametrize("lat", ["NaN", "inf", "north", "", "4_1", "1e999"])
def test_a_number_that_is_none(lat: str) -> None:
    assert reason(f"id=1&lat={lat}&lon=123") == "fix.malformed"


def test_repeated_fields() -> None:
    assert fix("id=1&lat=40&lat=41&lon=123").lat == 41
    assert packet("id=1&id=1&lat=40&lon=1", "", b"").token == "1"
    assert packet("id=1&id=2&lat=40&lon=1", "", b"").token is None
    assert packet("id=1&deviceid=2&lat=40&lon=1", "", b"").token is None
    assert packet("&".join(["id=1"] * 300), "", b"").token is None


ANDROID: dict[str, Any] = {
    "location": {
        "timestamp": "2025-06-15T13:45:12.862Z",
        "coords": {
            "latitude": 37.4219983,
            "longitude": -122.084,
            "accuracy": 5,
            "speed": 0,
            "heading": -1,
            "altitude": 5,
        },
        "is_moving": False,
        "odometer": 0,
        "event": "motionchange",
        "battery": {"level": 1, "is_charging": False},
        "activity": {"type": "still"},
        "extras": {},
        "_": "&id=48241179&lat=37.4219983&lon=-122.084&timestamp=2025-06-15T13:45:12.862Z&",
    },
    "device_id": "48241179",
}
IPHONE: dict[str, Any] = {
    "location": {
        "extras": {},
        "mock": True,
        "coords": {
            "speed_accuracy": -1,
            "speed": -1,
            "longitude": -122.406417,
            "ellipsoidal_altitude": 0,
            "floor": None,
            "heading_accuracy": -1,
            "latitude": 37.785834000000001,
            "accuracy": 5,
            "altitude_accuracy": -1,
            "altitude": 0,
            "heading": -1,
        },
        "is_moving": False,
        "age": 188,
        "uuid": "2FB04C65-99CF-42AB-8DD3-EBCB4B108BF8",
        "event": "motionchange",
        "timestamp": "2025-05-09T04:11:30.579Z",
    },
    "device_id": "658765",
}


def test_json_announced_and_left_out_leaves_the_query() -> None:
    said = "id=123456&timestamp=1377177267&lat=60.0&lon=30.0"
    assert packet(said, "application/json", b"") == packet(said, "", b"")


def of_json(said: object) -> Packet:
    return packet("", "application/json; charset=utf-8", orjson.dumps(said))


def test_the_json_of_traccar_client() -> None:
    said = of_json(ANDROID)
    assert said.token == "48241179"
    found = one(said).fix(DeviceProfile(), received_at=NOW)
    assert (found.lon, found.lat, found.accuracy_m) == (-122.084, 37.4219983, 5)
    assert found.observed_at == datetime(2025, 6, 15, 13, 45, 12, 862000, tzinfo=UTC)
    assert (found.speed_mps, found.bearing_deg, found.altitude_m) == (0, None, 5)
    assert not found.mock


def test_what_an_iphone_does_not_know_is_left_out_and_its_mock_is_not() -> None:
    found = one(of_json(IPHONE)).fix(DeviceProfile(), received_at=NOW)
    assert (found.speed_mps, found.bearing_deg, found.mock) == (None, None, True)


def test_the_json_form_counts_in_metres_per_second() -> None:
    moving = {**ANDROID["location"], "coords": {**ANDROID["location"]["coords"], "speed": 18.67}}
    said = of_json({**ANDROID, "location": moving})
    assert one(said).fix(DeviceProfile(), received_at=NOW).speed_mps == 18.67
    assert one(said).fix(DeviceProfile(speed_unit="kmh"), received_at=NOW).speed_mps == (
        pytest.approx(18.67 / 3.6)
    )


def test_several_locations_at_once() -> None:
    batch = of_json({**ANDROID, "location": [ANDROID["location"], {"coords": 7}, "?"]})
    assert batch.token == "48241179"
    assert [type(item) for item in batch.items] == [Reading, Unreadable, Unreadable]
    assert len(of_json([ANDROID, ANDROID]).items) == 2
    assert of_json([ANDROID, IPHONE]).token is None


@pytest.mark.parametrize("body", [b"", b'{"location":{"coo', b"[1, null]", b"7", b"\xff"])
def test_broken_json(body: bytes) -> None:
    said = packet("", "application/json", body)
    assert said.token is None
    assert not any(isinstance(item, Reading) for item in said.items)


@given(st.text(), st.sampled_from(["", FORM, "application/json"]), st.binary())
def test_nothing_breaks_the_reader(query: str, content_type: str, body: bytes) -> None:
    assert isinstance(packet(query, content_type, body), Packet)


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(2**63), 2**63 - 1)
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(st.characters(codec="utf-8")),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["location", "coords", "latitude", "longitude", "timestamp", "device_id"]
                ),
                inner,
                max_size=6,
            )
        ),
        max_leaves=12,
    )
)
def test_whatever_json_says_it_is_a_fix_or_none(said: object) -> None:
    for item in of_json(said).items:
        if isinstance(item, Reading):
            found = item.fix(DeviceProfile(), received_at=NOW)
            assert 2000 <= found.observed_at.year <= 2200
