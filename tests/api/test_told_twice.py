# SPDX-License-Identifier: Apache-2.0
"""One thing told twice, and what is handed to a department: over HTTP, on the real database."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from geo.accounts.rules import Role
from geo.clock import SetClock
from geo.columns import Origin
from geo.db import Database
from geo.incidents.queries import live_incidents, live_linkups
from tests import town
from tests.api.test_incidents import URL, Json, emergency, incident, pin, states
from tests.conftest import SignIn
from tests.fold import folds
from tests.people import AT_HOME, stand

Headers = dict[str, str]


@pytest.fixture
def officer(sign_in: SignIn, database: Database, clock: SetClock) -> Headers:
    """The duty officer; everybody stands in the middle of his cell."""
    with database.transaction() as session:
        stand(session, AT_HOME, at=clock.now())
    return sign_in(Role.DISPATCHER)


def reported(client: TestClient, by: Headers, body: Json) -> Json:
    answer = client.post(URL, json=body, headers=by)
    assert answer.status_code == 201, answer.text
    made: Json = answer.json()
    return made


def at(east: float, north: float, **more: Any) -> Json:
    return incident(place={"point": pin(east, north)}, **more)


def alike(client: TestClient, by: Headers, east: float, north: float, **more: Any) -> list[Json]:
    asked = {**pin(east, north), "category": "突发事件", **more}
    answer = client.get(f"{URL}/duplicates", params=asked, headers=by)
    assert answer.status_code == 200, answer.text
    items: list[Json] = answer.json()["items"]
    return items


def merge(client: TestClient, by: Headers, gone: Json, into: Json, **more: Any) -> Any:
    body = {"into": into["id"], **more}
    return client.post(f"{URL}/{gone['id']}/merge", json=body, headers=by)


def incidents_now(session: Session) -> list[Json]:
    return live_incidents(session, town.DISTRICT, (town.DISTRICT,), town.MORNING)


def linkups_now(session: Session) -> list[Json]:
    return live_linkups(session, town.DISTRICT, (town.DISTRICT,), town.MORNING)


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_alike_are_those_of_one_place_category_and_hour(
    client: TestClient, officer: Headers, sign_in: SignIn, clock: SetClock
) -> None:
    near = reported(client, officer, at(60, 250))
    reported(client, officer, at(250, 50))
    reported(client, officer, at(60, 250, category="街面秩序"))
    simulated = sign_in(Role.DISPATCHER, origin=Origin.DRILL)
    drilled = reported(client, simulated, at(60, 250))
    (found,) = alike(client, officer, 50, 250)
    assert (found["incident"]["id"], found["distance_m"]) == (near["id"], 10.0)
    (found,) = alike(client, officer, 50, 250, drill=True)
    assert found["incident"]["id"] == drilled["id"]
    clock.advance(timedelta(minutes=59))
    assert len(alike(client, officer, 50, 250)) == 1
    clock.advance(timedelta(minutes=1))
    assert alike(client, officer, 50, 250) == []


def test_what_is_closed_or_out_of_scope_is_nobodys_duplicate(
    client: TestClient, officer: Headers, sign_in: SignIn
) -> None:
    made = reported(client, officer, at(60, 110))
    elsewhere = sign_in(Role.DISPATCHER, scope="210503102")
    assert len(alike(client, officer, 60, 90)) == 1
    assert alike(client, elsewhere, 60, 90) == []
    client.post(f"{URL}/{made['id']}/close", json={"outcome": "已清理"}, headers=officer)
    assert alike(client, officer, 60, 90) == []
    params = {**pin(50, 250), "category": "突发事件"}
    answer = client.get(f"{URL}/duplicates", params=params, headers=sign_in(Role.SUPERVISOR))
    assert code(answer) == (403, "role.not_allowed")


def test_another_call_joins_once(client: TestClient, officer: Headers, database: Database) -> None:
    made = reported(client, officer, at(60, 250))
    call = {"id": str(uuid4()), "text": "树还在往下倒", "reporter": {"phone": "13800000001"}}
    url = f"{URL}/{made['id']}/calls"
    with folds(database, "incidents", incidents_now):
        assert client.post(url, json=call, headers=officer).status_code == 201
    again = client.post(url, json=call, headers=officer)
    assert (again.status_code, again.json()["calls"]) == (200, 2)
    other = client.post(url, json=call | {"text": "没事了"}, headers=officer)
    assert code(other) == (409, "id.reused")
    shown = client.get(f"{URL}/{made['id']}", headers=officer).json()
    (heard,) = shown["further_calls"]
    assert (heard["text"], heard["reporter"]) == ("树还在往下倒", {"phone": "13800000001"})
    client.post(f"{URL}/{made['id']}/close", json={"outcome": "已清理"}, headers=officer)
    assert client.post(url, json=call, headers=officer).status_code == 200
    late = client.post(url, json=call | {"id": str(uuid4())}, headers=officer)
    assert code(late) == (409, "incident.closed")


def test_merged_both_keep_their_history(
    client: TestClient, officer: Headers, database: Database
) -> None:
    stays = reported(client, officer, emergency())
    gone = reported(client, officer, at(60, 250, title="树倒了"))
    with folds(database, "incidents", incidents_now):
        answer = merge(client, officer, gone, stays, text="同一棵树")
    assert answer.status_code == 200, answer.text
    assert (answer.json()["id"], answer.json()["calls"]) == (stays["id"], 2)
    assert answer.json()["linkup"]["status"] == "open"
    closed = client.get(f"{URL}/{gone['id']}", headers=officer).json()
    assert (closed["status"], closed["merged_into"]) == ("closed", stays["id"])
    assert (closed["outcome"], len(closed["history"])) == ("同一棵树", 2)
    shown = client.get(f"{URL}/{stays['id']}", headers=officer).json()
    assert [one["title"] for one in shown["merged"]] == ["树倒了"]
    # Again the same: nothing new; elsewhere: it is there already.
    assert merge(client, officer, gone, stays).json()["calls"] == 2
    third = reported(client, officer, at(60, 250))
    assert code(merge(client, officer, gone, third)) == (409, "incident.merged")
    assert code(merge(client, officer, third, gone)) == (409, "incident.closed")
    assert code(merge(client, officer, third, third)) == (409, "incident.merged_with_itself")


def test_who_is_further_along_stays(
    client: TestClient, officer: Headers, sign_in: SignIn, database: Database
) -> None:
    ringing = reported(client, officer, emergency())
    quiet = reported(client, officer, at(60, 250))
    assert code(merge(client, officer, ringing, quiet)) == (409, "incident.merge_reversed")
    led = reported(client, officer, emergency(point=pin(250, 250)))
    n3 = sign_in(Role.WORKER, worker=town.WORKERS["N3"])
    accept = f"/api/v1/linkups/{led['linkup']['id']}/accept"
    assert client.post(accept, headers=n3).status_code == 200
    assert code(merge(client, officer, led, ringing)) == (409, "incident.merge_reversed")
    with folds(database, "linkups", linkups_now):
        assert merge(client, officer, ringing, led).status_code == 200
    ended = client.get(f"{URL}/{ringing['id']}", headers=officer).json()["linkup"]
    assert ended["status"] == "closed"
    assert set(states(ended).values()) == {"released"}
    going_on = client.get(f"{URL}/{led['id']}", headers=officer).json()
    assert (going_on["status"], going_on["linkup"]["status"]) == ("linked", "open")


def test_drills_and_other_areas_stay_apart(
    client: TestClient, officer: Headers, sign_in: SignIn
) -> None:
    real = reported(client, officer, at(60, 250))
    drill = reported(client, sign_in(Role.DISPATCHER, origin=Origin.DRILL), at(60, 250))
    assert code(merge(client, officer, drill, real)) == (409, "incident.other_origin")
    south = reported(client, officer, at(60, 50))
    below = sign_in(Role.DISPATCHER, scope="210503102")
    assert code(merge(client, below, south, real)) == (404, "incident.not_found")
    assert code(merge(client, below, real, south)) == (404, "incident.not_found")


def test_handed_to_a_department(
    client: TestClient, officer: Headers, sign_in: SignIn, database: Database
) -> None:
    admin = sign_in(Role.ADMIN)
    office = {"id": str(uuid4()), "name": "住建局环卫处", "phone": "024-1"}
    assert client.post("/api/v1/departments", json=office, headers=admin).status_code == 201
    assert client.post("/api/v1/departments", json=office, headers=admin).status_code == 200
    named = client.post("/api/v1/departments", json=office | {"id": str(uuid4())}, headers=admin)
    assert code(named) == (409, "department.named")
    changed = client.post("/api/v1/departments", json=office | {"name": "别的"}, headers=admin)
    assert code(changed) == (409, "id.reused")
    assert code(client.post("/api/v1/departments", json=office, headers=officer)) == (
        403,
        "role.not_allowed",
    )
    (listed,) = client.get("/api/v1/departments", headers=officer).json()["items"]
    assert listed == office

    made = reported(client, officer, emergency())
    url = f"{URL}/{made['id']}/transfer"
    said = {"department": office["id"], "text": "请清运枯树"}
    with folds(database, "incidents", incidents_now):
        handed = client.post(url, json=said, headers=officer).json()
    assert (handed["department"], handed["status"]) == ("住建局环卫处", "open")
    assert handed["linkup"]["status"] == "open"
    assert client.post(url, json=said, headers=officer).status_code == 200
    shown = client.get(f"{URL}/{made['id']}", headers=officer).json()
    assert [(one["name"], one["text"]) for one in shown["transfers"]] == [
        ("住建局环卫处", "请清运枯树")
    ]
    nowhere = client.post(url, json={"department": str(uuid4())}, headers=officer)
    assert code(nowhere) == (404, "department.not_found")
    client.post(f"{URL}/{made['id']}/close", json={"outcome": "已清运"}, headers=officer)
    assert code(client.post(url, json=said, headers=officer)) == (409, "incident.closed")


def test_a_renamed_department(
    client: TestClient, officer: Headers, sign_in: SignIn, database: Database
) -> None:
    admin = sign_in(Role.ADMIN)
    office = {"id": str(uuid4()), "name": "环卫处", "phone": "024-1"}
    other = {"id": str(uuid4()), "name": "供电公司"}
    for one in (office, other):
        assert client.post("/api/v1/departments", json=one, headers=admin).status_code == 201
    ours, done = (reported(client, officer, at(60, 250, title=title)) for title in "树灯")
    for made in (ours, done):
        url = f"{URL}/{made['id']}"
        client.post(f"{url}/transfer", json={"department": office["id"]}, headers=officer)
    client.post(f"{URL}/{done['id']}/close", json={"outcome": "完"}, headers=officer)

    url = f"/api/v1/departments/{office['id']}"
    with folds(database, "incidents", incidents_now):
        changed = client.patch(url, json={"name": "住建局环卫处"}, headers=admin)
    assert changed.json() == {**office, "name": "住建局环卫处"}
    assert client.patch(url, json={}, headers=admin).json() == changed.json()
    # An open incident lies with it by its name; the record says what it was called that day.
    shown = client.get(f"{URL}/{ours['id']}", headers=officer).json()
    assert shown["department"] == "住建局环卫处"
    assert [one["name"] for one in shown["transfers"]] == ["环卫处"]
    assert client.get(f"{URL}/{done['id']}", headers=officer).json()["department"] == "环卫处"
    # Adding it was said once and can be said again.
    again = client.post("/api/v1/departments", json=office, headers=admin)
    assert (again.status_code, again.json()) == (200, changed.json())
    taken = client.patch(url, json={"name": other["name"]}, headers=admin)
    assert code(taken) == (409, "department.named")
    assert client.patch(url, json={"phone": "024-2"}, headers=admin).json()["phone"] == "024-2"
    assert code(client.patch(url, json={"name": "甲"}, headers=officer)) == (
        403,
        "role.not_allowed",
    )
    nowhere = client.patch(f"/api/v1/departments/{uuid4()}", json={"name": "甲"}, headers=admin)
    assert code(nowhere) == (404, "department.not_found")


def test_when_the_officer_began_is_kept(
    client: TestClient, officer: Headers, clock: SetClock
) -> None:
    began = (clock.now() - timedelta(seconds=7)).isoformat()
    body = emergency() | {"heard_at": began}
    assert reported(client, officer, body)["heard_at"].startswith("2026-03-01T23:59:53")
    # It measures the officer, not the incident: the same report again is the same incident.
    again = client.post(URL, json=emergency() | {"id": body["id"]}, headers=officer)
    assert again.status_code == 200
    ahead = emergency() | {"heard_at": (clock.now() + timedelta(seconds=9)).isoformat()}
    assert reported(client, officer, ahead)["heard_at"].startswith("2026-03-02T00:00:00")
