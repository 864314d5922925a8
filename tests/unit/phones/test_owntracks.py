# SPDX-License-Identifier: Apache-2.0
"""Messages of OwnTracks: those of its booklet and of Traccar's own tests, and broken ones."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.phones.owntracks import (
    HEARD,
    Heard,
    Location,
    Message,
    Transition,
    check_in_id,
    message,
    password,
    set_waypoints,
    stamps_of,
)
from api.phones.reading import Unreadable
from geo.accounts.rules import DeviceProfile
from geo.columns import Origin
from geo.crs import Fix
from geo.ids import CheckpointId
from geo.patrol.records import Checkpoint
from geo.units import Metres
from tests import town

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def read(**said: Any) -> Message:
    return message(orjson.dumps(said))


def fix(**said: Any) -> Fix:
    found = read(_type="location", **said)
    assert isinstance(found, Location), found
    return found.reading.fix(DeviceProfile(), received_at=NOW)


def test_a_location() -> None:
    # From Traccar's OwnTracksProtocolDecoderTest, as the iOS app sends it.
    found = fix(
        cog=271,
        lon=2.29513,
        acc=5,
        vel=61,
        vac=21,
        lat=48.85833,
        tst=1497349316,
        alt=167,
        tid="JJ",
        t="u",
        batt=67,
    )
    assert (found.lon, found.lat, found.accuracy_m) == (2.29513, 48.85833, 5)
    assert found.observed_at == datetime(2017, 6, 13, 10, 21, 56, tzinfo=UTC)
    assert found.speed_mps == pytest.approx(61 / 3.6)
    assert (found.bearing_deg, found.altitude_m, found.source) == (271, 167, "owntracks")


def test_a_location_that_states_no_accuracy() -> None:
    # The least that the booklet's page on Traccar asks for.
    bare = fix(lon=2.29513, lat=48.85833, tst=1497476456, tid="JJ")
    assert (bare.accuracy_m, bare.speed_mps) == (100.0, None)
    assert fix(lon=2.29513, lat=48.85833, tst=1497476456, acc=0).accuracy_m == 100.0


def test_times_in_milliseconds_and_in_text_are_understood() -> None:
    for said in (1497349316000, "2017-06-13T10:21:56Z", "1497349316"):
        assert fix(lon=2.3, lat=48.9, tst=said).observed_at == datetime(
            2017, 6, 13, 10, 21, 56, tzinfo=UTC
        )


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"lat": 1, "lon": 2}, "fix.malformed"),
        ({"lat": 1, "lon": 2, "tst": "now"}, "fix.malformed"),
        ({"lat": "x", "lon": 2, "tst": 1497349316}, "fix.malformed"),
        ({"lat": True, "lon": 2, "tst": 1497349316}, "fix.malformed"),
        ({"lon": 2, "tst": 1497349316}, "fix.no_place"),
        ({"lat": 1, "lon": 2, "tst": 1497349316, "acc": -1}, "fix.not_valid"),
    ],
)
def test_what_cannot_be_a_fix(said: dict[str, Any], reason: str) -> None:
    assert read(_type="location", **said) == Unreadable(reason)


def test_a_transition() -> None:
    # The booklet's example, with a region of ours.
    rid = uuid4()
    said = {
        "_type": "transition",
        "wtst": 1425042603,
        "lat": 12.34,
        "lon": 44.5,
        "tst": 1427634603,
        "acc": 130,
        "tid": "JP",
        "event": "enter",
        "desc": "my Indian restaurant",
        "t": "c",
    }
    found = read(**said, rid=str(rid))
    assert isinstance(found, Transition)
    assert (found.enter, found.rid, found.stamp) == (True, rid, 1425042603)
    left = read(**{**said, "event": "leave", "rid": "6da9cf"})
    assert isinstance(left, Transition)
    assert (left.enter, left.rid) == (False, None)


@pytest.mark.parametrize("kind", sorted(HEARD))
def test_messages_without_a_place_are_heard(kind: str) -> None:
    assert read(_type=kind, tst=1380738247, data="…") == Heard(kind)


@pytest.mark.parametrize("body", [b"", b" ", b"{}", b'{"_type":"song"}', b'{"_type":7}'])
def test_others_are_answered_too(body: bytes) -> None:
    assert message(body) == Heard("other")


@pytest.mark.parametrize("body", [b'{"_type":"loca', b"[]", b"7", b"\xff\x00", b"null"])
def test_what_is_no_message(body: bytes) -> None:
    assert message(body) == Unreadable("fix.malformed")


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("Basic d2FuZ2dlOnRva2Vu", "token"),
        ("basic d2FuZ2dlOnRva2Vu", "token"),
        ("Basic d2FuZ2dlOmE6Yg==", "a:b"),
        ("Basic d2FuZ2dl", None),
        ("Basic d2FuZ2dlOg==", None),
        ("Basic !!!", None),
        ("Basic é", None),
        ("Bearer token", None),
        ("", None),
    ],
)
def test_the_password_is_the_token(header: str, found: str | None) -> None:
    assert password(header) == found


def checkpoint(id: UUID, radius_m: float = 30.4) -> Checkpoint:
    return Checkpoint(
        id=CheckpointId(id),
        cell=town.N1,
        code="N1-1",
        name="凉亭",
        lon=123.765432109,
        lat=41.3,
        radius_m=Metres(radius_m),
        asks_proof=False,
        created_at=NOW,
        retired_at=None,
        origin=Origin.REAL,
    )


def test_checkpoints_become_regions() -> None:
    id = UUID(int=5)
    command = set_waypoints([checkpoint(id)])
    assert command == {
        "_type": "cmd",
        "action": "setWaypoints",
        "waypoints": {
            "_type": "waypoints",
            "waypoints": [
                {
                    "_type": "waypoint",
                    "desc": "N1-1 凉亭",
                    "lat": 41.3,
                    "lon": 123.7654321,
                    "rad": 30,
                    "tst": 1_000_000_005,
                    "rid": str(id),
                }
            ],
        },
    }
    # The Android app reads these as integers and refuses anything else.
    region = command["waypoints"]["waypoints"][0]
    assert (type(region["rad"]), type(region["tst"])) == (int, int)
    small = set_waypoints([checkpoint(id, 0.2)])["waypoints"]["waypoints"][0]
    assert small["rad"] == 1


def test_regions_never_share_a_time_of_creation() -> None:
    twins = [checkpoint(UUID(int=7)), checkpoint(UUID(int=7 + 600_000_000))]
    stamps = stamps_of(twins)
    assert len(set(stamps.values())) == 2
    assert stamps == stamps_of(twins[::-1])


def test_a_transition_sent_again_is_the_same_check_in() -> None:
    device, place = uuid4(), uuid4()
    assert check_in_id(device, place, NOW) == check_in_id(device, place, NOW)
    assert check_in_id(device, place, NOW) != check_in_id(uuid4(), place, NOW)
    assert check_in_id(device, place, NOW) != check_in_id(device, uuid4(), NOW)


@given(st.binary())
def test_nothing_breaks_the_reader(body: bytes) -> None:
    assert isinstance(message(body), Location | Transition | Heard | Unreadable)


@given(st.text())
def test_no_header_breaks_the_door(header: str) -> None:
    assert password(f"Basic {header}") != ""
