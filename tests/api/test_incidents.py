# SPDX-License-Identifier: Apache-2.0
"""Incidents over HTTP: taken in wherever they are, placed, linked, closed."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from geo.accounts.rules import Role
from geo.clock import SetClock
from geo.columns import Origin
from geo.db import Database
from geo.incidents.queries import live_incidents, live_linkups
from geo.outbox import KINDS, events_after, latest_seq
from tests import town
from tests.api.conftest import Crew
from tests.conftest import SignIn
from tests.fold import folds

Json = dict[str, Any]
URL = "/api/v1/incidents"


def incident(**changed: Any) -> Json:
    return {
        "id": str(uuid4()),
        "title": "枯树倾斜",
        "category": "突发事件",
        "severity": "urgent",
        "place": {"address": "彩虹街10号楼"},
        **changed,
    }


def emergency(**place: Any) -> Json:
    return incident(severity="emergency", place=place or {"address": "彩虹街10号楼"})


def pin(east: float, north: float) -> Json:
    lon, lat = town.point(east, north)
    return {"lon": lon, "lat": lat}


@pytest.fixture
def desk(sign_in: SignIn) -> dict[str, str]:
    """The duty officer."""
    return sign_in(Role.DISPATCHER)


def states(linkup: Json) -> dict[str, str]:
    names = {str(id): name for name, id in town.WORKERS.items()}
    return {names[ask["worker"]]: ask["state"] for ask in linkup["asked"]}


def test_an_address_that_means_one_place(client: TestClient, desk: dict[str, str]) -> None:
    body = incident(reporter={"name": "李女士", "phone": "13800000000"})
    answer = client.post(URL, json=body, headers=desk)
    assert answer.status_code == 201
    made = answer.json()
    assert (made["status"], made["cell"], made["label"]) == ("open", town.N1, "彩虹街10号楼")
    assert made["candidates"] == []
    assert made["place"] == {"address": "彩虹街10号楼"}
    assert made["reporter"] == {"name": "李女士", "phone": "13800000000"}
    assert made["linkup"] is None
    assert made["origin"] == "real"
    shown = client.get(f"{URL}/{body['id']}", headers=desk).json()
    (entry,) = shown.pop("history")
    assert [shown.pop(more) for more in ("further_calls", "transfers", "merged")] == [[], [], []]
    assert shown == made
    assert entry["kind"] == "incident.reported"


@pytest.mark.parametrize(
    ("place", "reason", "labels"),
    [
        ({}, "place.not_said", []),
        ({"address": "火星环形山"}, "place.not_found", []),
        ({"address": "彩虹街"}, "place.too_vague", ["彩虹街"]),
        ({"address": "北社区"}, "place.too_vague", ["北社区"]),
        ({"cell": "210503999999999"}, "place.not_found", []),
        ({"point": {"lon": 120, "lat": 40}}, "place.outside_district", []),
        ({"point": {"lon": 180, "lat": -90, "system": "bd09"}}, "place.outside_district", []),
    ],
)
def test_never_refused_for_its_place(
    client: TestClient, desk: dict[str, str], place: Json, reason: str, labels: list[str]
) -> None:
    answer = client.post(URL, json=emergency() | {"place": place}, headers=desk)
    assert answer.status_code == 201
    made = answer.json()
    assert (made["status"], made["place_reason"]) == ("unlocated", reason)
    assert [one["label"] for one in made["candidates"]] == labels
    assert (made["lon"], made["cell"], made["linkup"]) == (None, None, None)


def test_a_pin_wins(client: TestClient, desk: dict[str, str]) -> None:
    place = {"address": "彩虹街10号楼", "point": pin(250, 50), "cell": town.M1}
    made = client.post(URL, json=incident(place=place), headers=desk).json()
    assert (made["cell"], made["label"]) == (town.S3, "彩虹街10号楼")
    assert made["lon"] == pin(250, 50)["lon"]


def test_a_fix_a_cell_and_the_name_of_a_pin(client: TestClient, desk: dict[str, str]) -> None:
    fix = pin(250, 150) | {"accuracy_m": 9, "observed_at": "2026-03-02T07:59:00+08:00"}
    made = client.post(URL, json=incident(place={"fix": fix}), headers=desk).json()
    assert (made["cell"], made["label"]) == (town.M3, "长安路22号楼附近")
    made = client.post(URL, json=incident(place={"cell": town.S2}), headers=desk).json()
    assert (made["cell"], made["label"]) == (town.S2, "第2网格")


def test_the_same_report_again_is_one_incident(
    client: TestClient, desk: dict[str, str], sign_in: SignIn, everybody: None
) -> None:
    body = emergency()
    first = client.post(URL, json=body, headers=desk)
    again = client.post(URL, json=body, headers=desk)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    other = client.post(URL, json=body | {"title": "别的事"}, headers=desk)
    assert (other.status_code, other.json()["code"]) == (409, "id.reused")
    stranger = client.post(URL, json=body, headers=sign_in(Role.DISPATCHER))
    assert stranger.status_code == 409
    assert "title" not in stranger.json() or stranger.json()["title"] != body["title"]
    assert len(client.get(URL, headers=desk).json()["items"]) == 1


def test_an_emergency_with_a_place_begins_its_linkup(
    client: TestClient, desk: dict[str, str], everybody: None
) -> None:
    made = client.post(URL, json=emergency(), headers=desk).json()
    assert made["status"] == "open"
    linkup = made["linkup"]
    assert (linkup["ring"], linkup["status"], linkup["lead"]) == (1, "open", None)
    first, *others = linkup["asked"]
    assert first["worker"] == str(town.WORKERS["N1"])
    assert (first["reason"], first["state"], first["age_s"]) == ("nearest.holder", "asked", 10)
    assert first["answer_by"] == "2026-03-02T00:00:20Z"
    assert states(linkup) == {"N1": "asked", "N2": "asked", "M1": "asked"}
    assert [ask["distance_m"] for ask in others] == pytest.approx([116, 116], abs=0.5)
    (ring,) = linkup["recommendation"]["rings"]
    assert [one["worker"] for one in ring["candidates"]] == [
        ask["worker"] for ask in linkup["asked"]
    ]


def test_accept_arrive_close(
    client: TestClient, desk: dict[str, str], crew: Crew, clock: SetClock
) -> None:
    made = client.post(URL, json=emergency(), headers=desk).json()
    linkup = f"/api/v1/linkups/{made['linkup']['id']}"
    mine, other = crew["N1"], crew["N2"]
    clock.advance(timedelta(seconds=5))
    taken = client.post(f"{linkup}/accept", headers=mine)
    assert taken.status_code == 200
    assert states(taken.json()) == {"N1": "accepted"}
    assert taken.json()["lead"] == str(town.WORKERS["N1"])
    late = client.post(f"{linkup}/accept", headers=other)
    assert (late.status_code, late.json()["code"]) == (409, "linkup.taken")
    assert client.post(f"{linkup}/accept", headers=mine).json() == taken.json()
    assert client.post(f"{linkup}/decline", headers=mine).json()["code"] == "linkup.wrong_state"
    shown = client.get(f"{URL}/{made['id']}", headers=desk).json()
    assert shown["status"] == "linked"
    assert states(shown["linkup"]) == {"N1": "accepted", "N2": "released", "M1": "released"}
    assert client.post(f"{linkup}/widen", headers=desk).json()["code"] == "linkup.taken"
    assert client.post(f"{linkup}/arrive", headers=other).status_code == 409
    assert states(client.post(f"{linkup}/arrive", headers=mine).json()) == {"N1": "arrived"}
    assert client.post(f"{linkup}/arrive", headers=mine).status_code == 200
    closing = {"outcome": "已处置"}
    closed = client.post(f"{URL}/{made['id']}/close", json=closing, headers=desk)
    assert closed.status_code == 200
    assert (closed.json()["status"], closed.json()["outcome"]) == ("closed", "已处置")
    assert closed.json()["linkup"]["status"] == "closed"
    assert client.post(f"{URL}/{made['id']}/close", json=closing, headers=desk).status_code == 200
    again = client.post(f"{URL}/{made['id']}/close", json={"outcome": "另"}, headers=desk)
    assert (again.status_code, again.json()["code"]) == (409, "incident.closed")
    ended = client.post(f"{linkup}/accept", headers=other)
    assert (ended.status_code, ended.json()["code"]) == (409, "linkup.ended")
    kinds = [
        entry["kind"] for entry in client.get(f"{URL}/{made['id']}", headers=desk).json()["history"]
    ]
    assert kinds[0] == "incident.reported"
    assert kinds.count("linkup.changed") == 4


def test_declines_widen_the_ring_until_nobody_is_left(
    client: TestClient,
    desk: dict[str, str],
    crew: Crew,
    database: Database,
) -> None:
    made = client.post(URL, json=emergency(), headers=desk).json()
    linkup = f"/api/v1/linkups/{made['linkup']['id']}"
    with database.snapshot() as session:
        start = latest_seq(session, town.DISTRICT)
    for ring, names in enumerate((["N1", "N2", "M1"], ["M2", "N3", "S1"]), start=1):
        shown = client.get(f"{URL}/{made['id']}", headers=desk).json()["linkup"]
        assert shown["ring"] == ring
        assert {name for name, state in states(shown).items() if state == "asked"} == set(names)
        for name in names:
            body = {"reason": "在处理别的事"} if name == "N1" else None
            told = client.post(f"{linkup}/decline", json=body, headers=crew[name])
            assert states(told.json()) == {name: "declined"}
    shown = client.get(f"{URL}/{made['id']}", headers=desk).json()["linkup"]
    assert shown["asked"][0]["answer_text"] == "在处理别的事"
    assert len(shown["recommendation"]["rings"]) == shown["ring"] == 3
    assert shown["recommendation"]["rings"][2]["shortfall"] == "fewer_than_asked"
    for name in ("M3", "S2"):
        client.post(f"{linkup}/decline", headers=crew[name])
    with database.snapshot() as session:
        kinds = [event.kind for event in events_after(session, town.DISTRICT, start)]
    assert kinds[-1] == "linkup.exhausted"
    assert kinds.count("linkup.exhausted") == 1
    assert KINDS["linkup.exhausted"].collection == "linkups"
    shown = client.get(f"{URL}/{made['id']}", headers=desk).json()
    assert (shown["status"], shown["linkup"]["status"]) == ("open", "open")


def test_the_dispatcher_widens_and_the_first_ring_may_still_answer(
    client: TestClient, desk: dict[str, str], crew: Crew
) -> None:
    made = client.post(URL, json=incident(), headers=desk).json()
    body = {"id": str(uuid4()), "k": 1}
    url = f"{URL}/{made['id']}/linkup"
    begun = client.post(url, json=body, headers=desk)
    assert (begun.status_code, begun.json()["id"]) == (201, body["id"])
    assert client.post(url, json=body, headers=desk).status_code == 200
    assert client.post(url, json=body | {"k": 2}, headers=desk).json()["code"] == "id.reused"
    second = client.post(url, json={"id": str(uuid4())}, headers=desk)
    assert (second.status_code, second.json()["code"]) == (409, "linkup.exists")
    linkup = f"/api/v1/linkups/{body['id']}"
    widened = client.post(f"{linkup}/widen", headers=desk).json()
    assert states(widened) == {"N1": "asked", "N2": "asked"}
    assert [ask["ring"] for ask in widened["asked"]] == [1, 2]
    assert client.post(f"{linkup}/accept", headers=crew["N1"]).status_code == 200


def test_a_late_acceptance_is_kept_and_takes_no_lead(
    client: TestClient, desk: dict[str, str], crew: Crew, clock: SetClock
) -> None:
    made = client.post(URL, json=emergency(), headers=desk).json()
    linkup = f"/api/v1/linkups/{made['linkup']['id']}"
    clock.advance(timedelta(seconds=20))
    on_time = client.post(f"{linkup}/decline", headers=crew["N2"])
    assert on_time.status_code == 200
    clock.advance(timedelta(milliseconds=1))
    told = client.post(f"{linkup}/accept", headers=crew["N1"])
    assert (told.status_code, told.json()["lead"]) == (200, None)
    assert states(told.json()) == {"N1": "late"}
    assert client.post(f"{linkup}/accept", headers=crew["N1"]).json() == told.json()
    assert client.get(f"{URL}/{made['id']}", headers=desk).json()["status"] == "open"


def test_who_sees_what(
    client: TestClient, desk: dict[str, str], sign_in: SignIn, crew: Crew
) -> None:
    made = client.post(URL, json=emergency(), headers=desk).json()
    lost = client.post(URL, json=incident(place={}), headers=desk).json()
    url = f"{URL}/{made['id']}"
    upper = sign_in(Role.SUPERVISOR, scope="210503101")
    lower = sign_in(Role.SUPERVISOR, scope="210503102")
    asked, stranger = crew["N2"], crew["S1"]

    def listed(headers: dict[str, str]) -> set[str]:
        return {one["id"] for one in client.get(URL, headers=headers).json()["items"]}

    assert listed(desk) == {made["id"], lost["id"]}
    assert listed(upper) == listed(asked) == {made["id"]}
    assert listed(lower) == listed(stranger) == set()
    assert listed(sign_in(Role.VIEWER)) == {made["id"], lost["id"]}
    assert client.get(url, headers=upper).status_code == 200
    assert client.get(url, headers=lower).json()["code"] == "incident.not_found"
    assert client.get(url, headers=stranger).status_code == 404
    shown = client.get(url, headers=asked).json()
    assert states(shown["linkup"]) == {"N2": "asked"}
    assert shown["history"] == []
    viewed = client.get(url, headers=sign_in(Role.VIEWER)).json()
    assert viewed["place"] is None
    assert {ask["worker"] for ask in viewed["linkup"]["asked"]} == {None}
    assert viewed["linkup"]["recommendation"] is None
    assert client.get(url, headers=sign_in(Role.PLANNER)).status_code == 403
    client.post(f"{url}/close", json={"outcome": "误报"}, headers=desk)
    assert client.get(url, headers=asked).status_code == 404
    assert listed(asked) == set()


def test_roles(client: TestClient, desk: dict[str, str], sign_in: SignIn, crew: Crew) -> None:
    made = client.post(URL, json=emergency(), headers=desk).json()
    linkup = f"/api/v1/linkups/{made['linkup']['id']}"
    for verb in ("accept", "decline", "arrive"):
        assert client.post(f"{linkup}/{verb}", headers=desk).status_code == 403
        stranger = client.post(f"{linkup}/{verb}", headers=crew["S1"])
        assert (stranger.status_code, stranger.json()["code"]) == (404, "linkup.not_found")
    mine = crew["N1"]
    assert client.post(f"{linkup}/widen", headers=mine).status_code == 403
    elsewhere = sign_in(Role.DISPATCHER, scope="210503102")
    assert client.post(f"{linkup}/widen", headers=elsewhere).json()["code"] == "linkup.not_found"
    url = f"{URL}/{made['id']}"
    for verb, body in (
        ("close", {"outcome": "x"}),
        ("place", {"cell": town.S1}),
        ("linkup", {"id": str(uuid4())}),
    ):
        assert client.post(f"{url}/{verb}", json=body, headers=mine).status_code == 403
        refused = client.post(f"{url}/{verb}", json=body, headers=elsewhere)
        assert (refused.status_code, refused.json()["code"]) == (404, "incident.not_found")
        missing = client.post(f"{URL}/{uuid4()}/{verb}", json=body, headers=desk)
        assert missing.json()["code"] == "incident.not_found"
    assert client.post(f"/api/v1/linkups/{uuid4()}/accept", headers=mine).status_code == 404
    assert client.post(URL, json=incident(), headers=sign_in(Role.VIEWER)).status_code == 403
    # Anybody on the street may report, also from where he has no business, and sees his report.
    reported = client.post(URL, json=incident(place={"point": pin(250, 50)}), headers=mine)
    assert reported.status_code == 201
    assert client.get(f"{URL}/{reported.json()['id']}", headers=mine).status_code == 200


def test_giving_a_place(
    client: TestClient, desk: dict[str, str], everybody: None, sign_in: SignIn
) -> None:
    made = client.post(URL, json=emergency(address="彩虹街"), headers=desk).json()
    url = f"{URL}/{made['id']}"
    refused = client.post(f"{url}/linkup", json={"id": str(uuid4())}, headers=desk)
    assert (refused.status_code, refused.json()["code"]) == (409, "incident.unlocated")
    still = client.post(f"{url}/place", json={"address": "长安路"}, headers=desk).json()
    assert (still["status"], still["candidates"][0]["label"]) == ("unlocated", "长安路")
    narrow = sign_in(Role.DISPATCHER, scope="210503101")
    placed = {"point": pin(150, 250)}
    assert client.post(f"{url}/place", json=placed, headers=narrow).status_code == 404
    found = client.post(f"{url}/place", json=placed, headers=desk).json()
    assert (found["status"], found["cell"], found["candidates"]) == ("open", town.N2, [])
    assert found["linkup"]["asked"][0]["worker"] == str(town.WORKERS["N2"])
    unclear = client.post(f"{url}/place", json={"address": "彩虹街"}, headers=desk)
    assert (unclear.status_code, unclear.json()["code"]) == (409, "incident.place_unclear")
    assert unclear.json()["reason"] == "place.too_vague"
    moved = client.post(f"{url}/place", json={"cell": town.S1}, headers=desk).json()
    assert (moved["status"], moved["cell"]) == ("open", town.S1)
    client.post(f"{url}/close", json={"outcome": "x"}, headers=desk)
    late = client.post(f"{url}/place", json={"cell": town.S1}, headers=desk)
    assert (late.status_code, late.json()["code"]) == (409, "incident.closed")


def test_pages(client: TestClient, desk: dict[str, str], clock: SetClock) -> None:
    ids = []
    for n in range(5):
        body = incident(place={"cell": town.S1 if n % 2 else town.N1})
        ids.append(client.post(URL, json=body, headers=desk).json()["id"])
        if n != 2:
            clock.advance(timedelta(seconds=1))
    seen: list[str] = []
    cursor = ""
    while True:
        page = client.get(f"{URL}?limit=2{cursor}", headers=desk).json()
        seen += [one["id"] for one in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert set(seen) == set(ids)
    assert len(seen) == 5
    assert seen[0] == ids[4]
    within = client.get(f"{URL}?within=210503102&status=open", headers=desk).json()["items"]
    assert {one["id"] for one in within} == {ids[1], ids[3]}
    assert client.get(f"{URL}?status=closed", headers=desk).json()["items"] == []
    for bad in ("x", "5byD", "MjAyNi0wMS0wMQ==", "%00", "é"):
        answer = client.get(f"{URL}?cursor={bad}", headers=desk)
        assert (answer.status_code, answer.json()["code"]) == (422, "cursor.malformed")


@pytest.mark.parametrize(
    "changed",
    [
        {"id": "x"},
        {"title": ""},
        {"title": "a\u0000b"},
        {"title": "a" * 201},
        {"severity": "huge"},
        {"category": None},
        {"place": None},
        {"place": {"point": {"lon": "x", "lat": 1}}},
        {"place": {"point": {"lon": 181, "lat": 1}}},
        {"place": {"where": "here"}},
        {"place": {"cell": "210503"}},
        {"place": {"fix": {"lon": 1, "lat": 1}}},
        {"reporter": {"name": 1}},
        {"origin": "simulated"},
        {"more": 1},
    ],
)
def test_bad_bodies(client: TestClient, desk: dict[str, str], changed: Json) -> None:
    answer = client.post(URL, json=incident() | changed, headers=desk)
    assert answer.status_code == 422
    assert client.get(URL, headers=desk).json()["items"] == []


def test_old_snapshot_and_events_make_the_new_one(
    client: TestClient,
    desk: dict[str, str],
    crew: Crew,
    database: Database,
    clock: SetClock,
) -> None:
    whole = (town.DISTRICT,)

    def incidents_now(session: Any) -> list[Json]:
        return live_incidents(session, town.DISTRICT, whole, clock.now())

    def linkups_now(session: Any) -> list[Json]:
        return live_linkups(session, town.DISTRICT, whole, clock.now())

    first = client.post(URL, json=emergency(), headers=desk).json()
    with (
        folds(database, "incidents", incidents_now),
        folds(database, "linkups", linkups_now),
    ):
        lost = client.post(URL, json=emergency(address="彩虹街"), headers=desk).json()
        client.post(f"{URL}/{lost['id']}/place", json={"cell": town.S2}, headers=desk)
        client.post(f"{URL}/{lost['id']}/place", json={"cell": town.S1}, headers=desk)
        linkup = f"/api/v1/linkups/{first['linkup']['id']}"
        client.post(f"{linkup}/decline", headers=crew["N1"])
        client.post(f"{linkup}/widen", headers=desk)
        client.post(f"{linkup}/accept", headers=crew["N2"])
        client.post(f"{linkup}/arrive", headers=crew["N2"])
        client.post(f"{URL}/{lost['id']}/close", json={"outcome": "完"}, headers=desk)
    with database.snapshot() as session:
        assert len(incidents_now(session)) == 2
        clock.advance(timedelta(days=1))
        assert [row["id"] for row in incidents_now(session)] == [first["id"]]
        assert [row["incident"] for row in linkups_now(session)] == [first["id"]]
        assert live_incidents(session, town.DISTRICT, ("210503102",), clock.now()) == []
        assert live_incidents(session, town.DISTRICT, (), clock.now()) == []


def test_being_asked_is_told_to_the_worker(
    client: TestClient, desk: dict[str, str], everybody: None, database: Database
) -> None:
    with database.snapshot() as session:
        start = latest_seq(session, town.DISTRICT)
    client.post(URL, json=emergency(), headers=desk)
    with database.snapshot() as session:
        events = events_after(session, town.DISTRICT, start)
    mine = str(town.WORKERS["N1"])
    assert [event.kind for event in events if mine in event.workers] == [
        "incident.changed",
        "linkup.changed",
    ]
    assert {event.area for event in events} == {town.N1}


def test_what_a_simulated_account_reports_is_simulated(
    client: TestClient, sign_in: SignIn, everybody: None, database: Database
) -> None:
    played = sign_in(Role.DISPATCHER, origin=Origin.SIMULATED)
    made = client.post(URL, json=emergency(), headers=played).json()
    assert (made["origin"], made["linkup"]["origin"]) == ("simulated", "simulated")
    with database.snapshot() as session:
        events = events_after(session, town.DISTRICT, 0, limit=10_000)
    about = [event for event in events if str(event.subject) == made["id"]]
    assert {event.origin for event in about} == {"simulated"}


def test_who_reports_beyond_his_area_learns_of_no_people_there(
    client: TestClient, sign_in: SignIn, everybody: None
) -> None:
    elsewhere = sign_in(Role.DISPATCHER, scope="210503102")
    made = client.post(URL, json=emergency(point=pin(50, 250)), headers=elsewhere).json()
    asked = made["linkup"]["asked"]
    assert asked
    assert {(ask["worker"], ask["distance_m"], ask["age_s"]) for ask in asked} == {
        (None, None, None)
    }
    assert made["linkup"]["recommendation"] is None
