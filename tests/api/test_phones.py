# SPDX-License-Identifier: Apache-2.0
"""The doors of Traccar Client and OwnTracks."""

import base64
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client import REGISTRY
from sqlalchemy import text

from api.main import build
from geo.accounts.actions import pair_device
from geo.accounts.rules import Role
from geo.clock import SetClock
from geo.db import Database
from geo.ids import WorkerId
from geo.settings import Settings
from tests import town
from tests.conftest import SignIn

N1 = town.WORKERS["N1"]
OSMAND, OWNTRACKS = "/api/v1/devices/osmand", "/api/v1/devices/owntracks"
AT = int(town.MORNING.timestamp())
HOME = town.point(50, 250)

Pair = Callable[..., dict[str, Any]]


@pytest.fixture
def phone(database: Database) -> Pair:
    """A paired phone: its `id` and `token`."""

    def paired(app: str, worker: WorkerId = N1, **profile: Any) -> dict[str, Any]:
        with database.transaction() as session:
            made = pair_device(
                session,
                actor=town.actor(Role.WORKER, worker=worker),
                worker=worker,
                area=None,
                name="手机",
                profile={"app": app, **profile},
                at=town.MORNING,
            )
        return {"id": str(made.id), "token": made.token}

    return paired


@pytest.fixture
def pair(client: TestClient, sign_in: SignIn) -> Pair:
    """Pair a phone over HTTP: what the pairing answered."""

    def paired(app: str, worker: WorkerId = N1, **profile: Any) -> dict[str, Any]:
        answer = client.post(
            f"/api/v1/workers/{worker}/devices",
            json={"name": "手机", "profile": {"app": app, **profile}},
            headers=sign_in(Role.WORKER, worker=worker),
        )
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    return paired


def basic(token: str, user: str = "anybody") -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{token}".encode()).decode()}


def rows(database: Database, table: str) -> list[Any]:
    with database.snapshot() as session:
        return list(session.execute(text(f"select * from {table}")))


def dropped(reason: str) -> float:
    return REGISTRY.get_sample_value("wangge_fixes_dropped_total", {"reason": reason}) or 0.0


def query(token: str, **more: Any) -> dict[str, Any]:
    lon, lat = HOME
    return {"id": token, "lat": lat, "lon": lon, "timestamp": AT, "accuracy": 8, **more}


def location(**more: Any) -> dict[str, Any]:
    lon, lat = HOME
    return {"_type": "location", "lat": lat, "lon": lon, "acc": 8, "tst": AT, **more}


def transition(name: str = "N1", **more: Any) -> dict[str, Any]:
    said = {"event": "enter", "rid": str(town.CHECKPOINTS[name]), "wtst": 1, "desc": "凉亭"}
    return location(**{"_type": "transition", **said, **more})


# ---- OsmAnd


def test_a_position_by_query_form_and_json(
    client: TestClient, phone: Pair, database: Database
) -> None:
    token = phone("osmand")["token"]
    lon, lat = HOME
    answers = [
        client.get(OSMAND, params=query(token)),
        client.post(OSMAND, params=query(token, timestamp=AT + 1)),
        client.post(OSMAND, data=query(token, timestamp=(AT + 2) * 1000)),
        client.post(
            OSMAND,
            json={
                "location": {
                    "timestamp": "2026-03-02T00:00:03.000Z",
                    "coords": {"latitude": lat, "longitude": lon, "accuracy": 5, "speed": -1},
                    "is_moving": True,
                    "battery": {"level": 0.79, "is_charging": False},
                },
                "device_id": token,
            },
        ),
        client.get("/devices/osmand", params=query(token, timestamp=AT + 4)),
    ]
    for answer in answers:
        assert (answer.status_code, answer.json()) == (200, {"stored": 1, "dropped": []})
    kept = sorted(rows(database, "track_fix"), key=lambda row: row.observed_at)
    assert [row.observed_at - town.MORNING for row in kept] == [
        timedelta(seconds=n) for n in range(5)
    ]
    assert {(row.worker, row.source, row.system, row.mock) for row in kept} == {
        (N1, "osmand", "wgs84", False)
    }
    assert rows(database, "check_in") == []


def test_a_phone_that_speaks_another_system_is_understood(
    client: TestClient, phone: Pair, database: Database
) -> None:
    token = phone("osmand", system="gcj02")["token"]
    assert client.get(OSMAND, params=query(token)).json()["stored"] == 1
    (row,) = rows(database, "track_fix")
    assert row.system == "gcj02"


@pytest.mark.parametrize("token", ["aB3_aB3_aB3_aB3_aB3_aB", "", "123456", "é\x00'--"])
def test_an_unknown_device_stores_nothing(
    client: TestClient, database: Database, token: str
) -> None:
    for answer in (
        client.get(OSMAND, params=query(token)),
        client.post(OSMAND, json={"location": {}, "device_id": token}),
        client.post(OWNTRACKS, json=location(), headers=basic(token or "?")),
    ):
        assert answer.status_code == 400
        assert answer.json()["code"] == "device.unknown"
        assert token == "" or token not in answer.text
    assert rows(database, "track_fix") == []


def test_a_request_without_a_token(client: TestClient) -> None:
    assert client.get(OSMAND, params={"lat": 60.0, "lon": 30.0}).status_code == 400
    answer = client.post(OWNTRACKS, json=location())
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Basic ")


def test_an_unpaired_phone_is_unknown(client: TestClient, phone: Pair, sign_in: SignIn) -> None:
    paired = phone("osmand")
    own = sign_in(Role.WORKER, worker=N1)
    gone = client.delete(f"/api/v1/workers/{N1}/devices/{paired['id']}", headers=own)
    assert gone.status_code == 204
    assert client.get(OSMAND, params=query(paired["token"])).status_code == 400
    answer = client.post(OWNTRACKS, json=location(), headers=basic(paired["token"]))
    assert answer.status_code == 400


def test_a_phone_pairs_no_phones_and_unpairs_itself_alone(client: TestClient, phone: Pair) -> None:
    lost, other = phone("android"), phone("android")
    own, path = {"authorization": f"Bearer {lost['token']}"}, f"/api/v1/workers/{N1}/devices"
    for answer in (
        client.post(path, json={"name": "另一台"}, headers=own),
        client.delete(f"{path}/{other['id']}", headers=own),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "device.by_device")
    assert len(client.get(path, headers=own).json()["items"]) == 2
    assert client.delete(f"{path}/{lost['id']}", headers=own).status_code == 204


def test_off_duty_nothing_is_stored_and_it_is_counted(
    client: TestClient, phone: Pair, database: Database
) -> None:
    before = dropped("duty.off")
    worker = town.WORKERS[town.OFF_DUTY]
    paired = phone("osmand", worker)
    answer = client.get(OSMAND, params=query(paired["token"]))
    assert answer.status_code == 200
    assert answer.json() == {"stored": 0, "dropped": [{"index": 0, "reason": "duty.off"}]}
    other, said = phone("owntracks", worker), transition("S3", _type="transition")
    assert client.post(OWNTRACKS, json=said, headers=basic(other["token"])).status_code == 200
    assert rows(database, "track_fix") == rows(database, "check_in") == []
    assert rows(database, "latest_position") == []
    assert dropped("duty.off") == before + 2


def test_the_other_door_for_positions_counts_as_well(client: TestClient, sign_in: SignIn) -> None:
    before = dropped("duty.off")
    lon, lat = HOME
    fix = {"lon": lon, "lat": lat, "accuracy_m": 8, "observed_at": "2026-03-02T06:00:00+08:00"}
    client.post(
        "/api/v1/positions",
        json={"items": [{"worker": str(N1), "fix": fix}]},
        headers=sign_in(Role.WORKER, worker=N1),
    )
    assert dropped("duty.off") == before + 1


POISON = {
    "fix.malformed": {"lat": "NaN"},
    "fix.no_place": {"lat": None},
    "fix.not_valid": {"valid": "false"},
    "point.out_of_range": {"lat": 91},
    "fix.far_from_district": {"lat": 46.0681247, "lon": 11.1512805},
    "clock.ahead": {"timestamp": AT + 3600},
    "fix.too_old": {"timestamp": AT - 73 * 3600},
    "fix.too_vague": {"accuracy": 5000},
}


@pytest.mark.parametrize("reason", POISON)
def test_what_can_never_be_stored_does_not_block_the_queue(
    client: TestClient, phone: Pair, database: Database, reason: str
) -> None:
    token = phone("osmand")["token"]
    before = dropped(reason)
    said = {name: value for name, value in (query(token) | POISON[reason]).items() if value}
    answer = client.get(OSMAND, params=said)
    assert answer.status_code == 200
    assert answer.json() == {"stored": 0, "dropped": [{"index": 0, "reason": reason}]}
    assert rows(database, "track_fix") == []
    assert dropped(reason) == before + 1


def test_a_bad_location_spoils_no_batch(
    client: TestClient, phone: Pair, database: Database
) -> None:
    token = phone("osmand")["token"]
    lon, lat = HOME

    def at(second: int, **coords: Any) -> dict[str, Any]:
        said = {"latitude": lat, "longitude": lon, "accuracy": 5, **coords}
        return {"timestamp": f"2026-03-02T00:00:{second:02}Z", "coords": said}

    batch = [at(0), {"coords": None}, at(1, latitude=91), at(2), "x"]
    answer = client.post(OSMAND, json={"device_id": token, "location": batch})
    assert answer.status_code == 200
    assert answer.json() == {
        "stored": 2,
        "dropped": [
            {"index": 1, "reason": "fix.malformed"},
            {"index": 2, "reason": "point.out_of_range"},
            {"index": 4, "reason": "fix.malformed"},
        ],
    }
    assert len(rows(database, "track_fix")) == 2


def test_truncated_and_oversized_bodies(client: TestClient, phone: Pair) -> None:
    token = phone("osmand")["token"]
    as_json = {"content-type": "application/json"}
    cut = b'{"device_id":"' + token.encode() + b'","location":{"coo'
    # Nobody can tell whose it is.
    assert client.post(OSMAND, content=cut, headers=as_json).status_code == 400
    known = client.post(OSMAND, params={"id": token}, content=cut, headers=as_json)
    assert known.json() == {"stored": 0, "dropped": [{"index": 0, "reason": "fix.malformed"}]}
    answer = client.post(OWNTRACKS, content=b'{"_type":"loc', headers=basic(token))
    assert (answer.status_code, answer.json()) == (200, [])
    huge = b"[" + b"1," * 600_000 + b"1]"
    assert client.post(OSMAND, content=huge, headers=as_json).status_code == 413
    assert client.post(OWNTRACKS, content=huge, headers=basic(token)).status_code == 413


def test_a_mock_position_stays_off_the_map(
    client: TestClient, phone: Pair, database: Database
) -> None:
    token = phone("osmand")["token"]
    assert client.get(OSMAND, params=query(token, mock="true")).json()["stored"] == 1
    assert [row.mock for row in rows(database, "track_fix")] == [True]
    assert rows(database, "latest_position") == []


def test_a_token_is_never_logged(capfd: pytest.CaptureFixture[str], clock: SetClock) -> None:
    away = Database("postgresql+psycopg://nobody@127.0.0.1:1/none", reactions={})
    token = uuid4().hex
    with TestClient(build(Settings(), away, clock), base_url="http://127.0.0.1") as made:
        answers = [
            made.get(OSMAND, params=query(token)),
            made.post(OSMAND, json={"device_id": token}),
            made.post(OWNTRACKS, json=location(), headers=basic(token)),
        ]
    # Kept by the phone and sent again.
    assert {answer.status_code for answer in answers} == {503}
    said = "".join(capfd.readouterr())
    assert "/api/v1/devices/osmand" in said
    assert token not in said


# ---- OwnTracks


def test_a_location_is_stored_and_answered_with_the_checkpoints_once(
    client: TestClient, phone: Pair, database: Database, clock: SetClock
) -> None:
    token = phone("owntracks")["token"]
    first = client.post(OWNTRACKS, json=location(vel=4, cog=90), headers=basic(token))
    assert first.status_code == 200
    (command,) = first.json()
    (region,) = command["waypoints"]["waypoints"]
    assert (command["_type"], command["action"]) == ("cmd", "setWaypoints")
    assert region["rid"] == str(town.CHECKPOINTS["N1"])
    assert (region["desc"], region["rad"]) == ("N1-1 凉亭", 30)
    again = client.post("/devices/owntracks", json=location(tst=AT + 1), headers=basic(token))
    assert (again.status_code, again.json()) == (200, [])
    kept = rows(database, "track_fix")
    assert [(row.worker, row.source) for row in kept] == [(N1, "owntracks")] * 2
    assert rows(database, "check_in") == []
    # An answer may have been lost: a day later all is said again.
    clock.advance(timedelta(hours=24))
    later = client.post(OWNTRACKS, json={"_type": "status"}, headers=basic(token))
    assert later.json() == [command]


def test_checkpoints_go_out_again_when_they_change(
    client: TestClient, phone: Pair, sign_in: SignIn
) -> None:
    token = phone("owntracks")["token"]
    assert len(client.post(OWNTRACKS, json=location(), headers=basic(token)).json()) == 1
    changed = client.patch(
        f"/api/v1/checkpoints/{town.CHECKPOINTS['N1']}",
        json={"radius_m": 45},
        headers=sign_in(Role.SUPERVISOR, scope="210503101"),
    )
    assert changed.status_code == 200, changed.text
    (command,) = client.post(OWNTRACKS, json=location(), headers=basic(token)).json()
    assert [region["rad"] for region in command["waypoints"]["waypoints"]] == [45]


def test_entering_a_checkpoint_is_a_check_in_with_no_tap(
    client: TestClient, phone: Pair, database: Database
) -> None:
    paired = phone("owntracks")
    answer = client.post(OWNTRACKS, json=transition(), headers=basic(paired["token"], str(N1)))
    assert answer.status_code == 200
    (row,) = rows(database, "check_in")
    assert (row.worker, row.checkpoint, row.source) == (N1, town.CHECKPOINTS["N1"], "owntracks")
    assert (row.verdict, row.accepted, row.device) == ("inside", True, UUID(paired["id"]))
    assert len(rows(database, "track_fix")) == 1
    # Sent again, it is the same one.
    client.post(OWNTRACKS, json=transition(), headers=basic(paired["token"]))
    assert len(rows(database, "check_in")) == 1
    client.post(OWNTRACKS, json=transition(tst=AT + 60), headers=basic(paired["token"]))
    assert len(rows(database, "check_in")) == 2


def test_an_android_phone_names_the_region_by_its_time(
    client: TestClient, phone: Pair, database: Database
) -> None:
    token = phone("owntracks")["token"]
    (command,) = client.post(OWNTRACKS, json={"_type": "status"}, headers=basic(token)).json()
    stamp = command["waypoints"]["waypoints"][0]["tst"]
    said = transition(wtst=stamp)
    del said["rid"]
    client.post(OWNTRACKS, json=said, headers=basic(token))
    assert [row.checkpoint for row in rows(database, "check_in")] == [town.CHECKPOINTS["N1"]]


def test_the_phone_is_not_believed_it_is_judged(
    client: TestClient, phone: Pair, database: Database
) -> None:
    token = phone("owntracks")["token"]
    lon, lat = town.point(250, 50)
    client.post(OWNTRACKS, json=transition(lon=lon, lat=lat), headers=basic(token))
    (row,) = rows(database, "check_in")
    assert (row.verdict, row.accepted) == ("outside", False)


@pytest.mark.parametrize(
    "said",
    [
        {"event": "leave"},
        {"event": "dance"},
        {"rid": str(town.CHECKPOINTS["S1"])},
        {"rid": str(UUID(int=1))},
        {"rid": "6da9cf"},
        {"rid": None},
        {"rid": 7},
    ],
)
def test_other_transitions_are_positions(
    client: TestClient, phone: Pair, database: Database, said: dict[str, Any]
) -> None:
    token = phone("owntracks")["token"]
    answer = client.post(OWNTRACKS, json=transition(**said), headers=basic(token))
    assert answer.status_code == 200
    assert rows(database, "check_in") == []
    assert len(rows(database, "track_fix")) == 1


@pytest.mark.parametrize(
    "said",
    [
        {"lat": 91},
        {"tst": AT + 7200},
        {"tst": AT - 80 * 3600},
        {"tst": None},
        {"acc": "x", "lat": None},
    ],
)
def test_a_transition_that_cannot_be_stored_is_no_check_in(
    client: TestClient, phone: Pair, database: Database, said: dict[str, Any]
) -> None:
    token = phone("owntracks")["token"]
    answer = client.post(OWNTRACKS, json=transition(**said), headers=basic(token))
    assert answer.status_code == 200
    assert rows(database, "check_in") == rows(database, "track_fix") == []


@pytest.mark.parametrize(
    "said",
    [
        {"_type": "lwt", "tst": 1380738247},
        {"_type": "waypoint", "desc": "Home", "lat": 1, "lon": 2, "rad": 100, "tst": 1},
        {"_type": "waypoints", "waypoints": []},
        {"_type": "card", "name": "Jane"},
        {"_type": "cmd", "action": "dump"},
        {"_type": "configuration", "mode": 3},
        {"_type": "steps", "steps": 100},
        {"_type": "beacon", "desc": "x"},
        {"_type": "dump"},
        {"_type": "song"},
        {},
        [],
    ],
)
def test_every_message_is_answered(client: TestClient, phone: Pair, said: Any) -> None:
    token = phone("owntracks")["token"]
    answer = client.post(OWNTRACKS, json=said, headers=basic(token))
    assert (answer.status_code, answer.json()) == (200, [])


def test_an_encrypted_message_cannot_be_read_and_is_counted(
    client: TestClient, phone: Pair
) -> None:
    token, before = phone("owntracks")["token"], dropped("message.encrypted")
    said = {"_type": "encrypted", "data": "b2theQ=="}
    answer = client.post(OWNTRACKS, json=said, headers=basic(token))
    assert (answer.status_code, answer.json()) == (200, [])
    assert dropped("message.encrypted") == before + 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(width=32) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.dictionaries(
    st.sampled_from(
        [
            *("lat", "lon", "timestamp", "tst", "acc", "accuracy", "hdop", "speed", "vel", "rid"),
            *("event", "wtst", "valid", "mock", "location", "coords", "bearing", "deviceid"),
        ]
    ),
    JSON,
    max_size=8,
)


def test_no_garbage_breaks_the_doors(client: TestClient, phone: Pair) -> None:
    token = phone("owntracks")["token"]

    @settings(
        max_examples=60,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(FIELDS, st.binary(), st.sampled_from(["location", "transition", "status"]))
    def holds(fields: dict[str, Any], raw: bytes, kind: str) -> None:
        headers = basic(token)
        said = {"lat": HOME[1], "lon": HOME[0], "tst": AT, "_type": kind, **fields}
        found = client.post(OWNTRACKS, content=_dumps(said), headers=headers)
        assert found.status_code == 200
        assert client.post(OWNTRACKS, content=raw, headers=headers).status_code == 200
        text = {name: str(value) for name, value in fields.items() if name != "deviceid"}
        assert client.get(OSMAND, params={"id": token, **text}).status_code == 200
        packed = {"device_id": token, "location": {"coords": fields, **fields}}
        as_json = {"content-type": "application/json"}
        answer = client.post(OSMAND, content=_dumps(packed), headers=as_json)
        assert answer.status_code == 200
        answer = client.post(OSMAND, params={"id": token}, content=raw, headers=as_json)
        assert answer.status_code == 200
        assert client.post(OSMAND, content=raw).status_code in (200, 400)

    holds()


def _dumps(said: object) -> bytes:
    # Python's own writer says NaN and Infinity as they are, which no JSON reader of ours takes.
    return json.dumps(said).encode()


# ---- pairing


def test_pairing_says_how_to_set_up_the_app(client: TestClient, pair: Pair) -> None:
    owntracks = pair("owntracks", accuracy_level=0.95, speed_unit="kmh")
    assert owntracks["profile"] == {
        "system": "wgs84",
        "app": "owntracks",
        "accuracy_level": 0.95,
        "speed_unit": "kmh",
        "read_as": None,
    }
    setup = owntracks["setup"]
    assert setup["server_url"] == "http://127.0.0.1/devices/owntracks"
    link = urlsplit(setup["link"])
    assert (link.scheme, link.netloc, link.path) == ("owntracks", "", "/config")
    said = json.loads(base64.b64decode(parse_qs(link.query)["inline"][0]))
    assert (said["_type"], said["mode"], said["cmd"]) == ("configuration", 3, True)
    assert (said["url"], said["password"]) == (setup["server_url"], owntracks["token"])
    assert setup["qr_svg"].startswith("<svg")

    osmand = pair("osmand")
    link = urlsplit(osmand["setup"]["link"])
    assert f"{link.scheme}://{link.netloc}{link.path}" == osmand["setup"]["server_url"]
    assert parse_qs(link.query)["id"] == [osmand["token"]]
    # What the link says of settings is not a position when a browser opens it.
    assert client.get(osmand["setup"]["link"]).json()["dropped"][0]["reason"] == "fix.no_place"
    assert pair("android")["setup"] is None


@pytest.mark.parametrize("profile", [{"accuracy_level": 0.5}, {"speed_unit": "mph"}, {"app": "x"}])
def test_a_profile_that_is_none(
    client: TestClient, sign_in: SignIn, profile: dict[str, Any]
) -> None:
    answer = client.post(
        f"/api/v1/workers/{N1}/devices",
        json={"name": "手机", "profile": profile},
        headers=sign_in(Role.WORKER, worker=N1),
    )
    assert answer.status_code == 422


def test_paired_phones_are_listed_without_tokens(
    client: TestClient, pair: Pair, sign_in: SignIn
) -> None:
    first, second = pair("owntracks"), pair("osmand")
    own, path = sign_in(Role.WORKER, worker=N1), f"/api/v1/workers/{N1}/devices"
    listed = client.get(path, headers=own)
    assert {item["id"] for item in listed.json()["items"]} == {first["id"], second["id"]}
    assert first["token"] not in listed.text
    assert set(listed.json()["items"][0]) == {"id", "worker", "name", "profile", "created_at"}
    client.delete(f"{path}/{first['id']}", headers=own)
    left = client.get(path, headers=sign_in(Role.ADMIN)).json()["items"]
    assert [item["id"] for item in left] == [second["id"]]
    assert (
        client.get(path, headers=sign_in(Role.WORKER, worker=town.WORKERS["S1"])).status_code == 404
    )
    assert client.get(path, headers=sign_in(Role.DISPATCHER)).status_code == 403


def test_a_token_that_travels_in_addresses_brings_positions_and_nothing_else(
    client: TestClient, sign_in: SignIn
) -> None:
    worker = town.WORKERS["N1"]
    path = f"/api/v1/workers/{worker}"
    said = {"name": "定位器", "profile": {"app": "osmand"}}
    paired = client.post(f"{path}/devices", json=said, headers=sign_in(Role.WORKER, worker=worker))
    headers = {"Authorization": f"Bearer {paired.json()['token']}"}
    for address in (path, f"{path}/devices", "/api/v1/check-ins", "/api/v1/patrol-days"):
        answer = client.get(address, headers=headers, params={"on": "2026-03-02"})
        assert (answer.status_code, answer.json()["code"]) == (403, "role.not_allowed"), address
    answer = client.post("/api/v1/positions", json={"items": []}, headers=headers)
    assert answer.status_code == 200
