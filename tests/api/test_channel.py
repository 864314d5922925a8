# SPDX-License-Identifier: Apache-2.0
"""The channel of an incident over HTTP: who may write and read, and calls as facts."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from geo.accounts.rules import Role
from geo.calls.calling import end_stale
from geo.calls.rules import LOST_AFTER, RINGS_FOR
from geo.clock import SetClock
from geo.columns import Origin
from geo.db import Database
from geo.outbox import events_after, latest_seq
from tests import linkups, town
from tests.api.conftest import Crew
from tests.api.test_incidents import emergency
from tests.conftest import SignIn
from tests.linkups import duty, run_out

Json = dict[str, Any]


@pytest.fixture
def desk(sign_in: SignIn) -> dict[str, str]:
    """The duty officer."""
    return sign_in(Role.DISPATCHER)


@pytest.fixture
def asked(client: TestClient, desk: dict[str, str], crew: Crew) -> Json:
    """An emergency in N1: N1 and two neighbours are asked."""
    made = client.post("/api/v1/incidents", json=emergency(), headers=desk)
    assert made.status_code == 201
    return made.json()  # type: ignore[no-any-return]


@pytest.fixture
def taken(client: TestClient, asked: Json, crew: Crew) -> Json:
    """N1 has taken it."""
    answer = client.post(f"/api/v1/linkups/{asked['linkup']['id']}/accept", headers=crew["N1"])
    assert answer.status_code == 200
    return asked


def write(client: TestClient, who: dict[str, str], incident: Json, text: str = "收到") -> Any:
    body = {"id": str(uuid4()), "text": text}
    return client.post(f"/api/v1/incidents/{incident['id']}/messages", json=body, headers=who)


def read(client: TestClient, who: dict[str, str], incident: Json) -> Any:
    return client.get(f"/api/v1/incidents/{incident['id']}/messages", headers=who)


def ring(client: TestClient, who: dict[str, str], incident: Json, **body: Any) -> Any:
    linkup = incident["linkup"]["id"]
    said = {"id": str(uuid4()), **body}
    return client.post(f"/api/v1/linkups/{linkup}/calls", json=said, headers=who)


def act(client: TestClient, who: dict[str, str], call: Json, what: str, **body: Any) -> Any:
    return client.post(f"/api/v1/calls/{call['id']}/{what}", json=body or None, headers=who)


def test_the_desk_and_whoever_is_asked_write_to_each_other(
    client: TestClient, desk: dict[str, str], crew: Crew, asked: Json
) -> None:
    said = write(client, desk, asked, "三单元门口").json()
    assert (said["worker"], said["text"]) == (None, "三单元门口")
    assert write(client, crew["N1"], asked).json()["name"] == "王芳"
    for who in (desk, crew["N1"]):
        found = [one["text"] for one in read(client, who, asked).json()["items"]]
        assert sorted(found) == ["三单元门口", "收到"]


def test_the_same_message_twice_is_one(
    client: TestClient, desk: dict[str, str], crew: Crew, asked: Json
) -> None:
    url = f"/api/v1/incidents/{asked['id']}/messages"
    body = {"id": str(uuid4()), "text": "收到"}
    first = client.post(url, json=body, headers=crew["N1"])
    again = client.post(url, json=body, headers=crew["N1"])
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    other = client.post(url, json={**body, "text": "不"}, headers=crew["N1"])
    assert other.json()["code"] == "id.reused"
    assert client.post(url, json=body, headers=desk).status_code == 409
    assert len(read(client, desk, asked).json()["items"]) == 1


def test_who_is_out_of_it_reads_and_writes_no_more(
    client: TestClient, sign_in: SignIn, desk: dict[str, str], crew: Crew, taken: Json
) -> None:
    # Others were asked and released; one never was.
    released = next(ask["worker"] for ask in taken["linkup"]["asked"][1:])
    name = next(name for name, id in town.WORKERS.items() if str(id) == released)
    for outside in (crew[name], crew["S2"], sign_in(Role.DISPATCHER, scope="210503102")):
        assert read(client, outside, taken).status_code == 404
        assert write(client, outside, taken).status_code == 404
    for role in (Role.VIEWER, Role.PLANNER):
        assert read(client, sign_in(role), taken).status_code == 403
    supervisor = sign_in(Role.SUPERVISOR, scope="210503101")
    assert read(client, supervisor, taken).status_code == 200
    assert write(client, supervisor, taken).json()["code"] == "linkup.not_responsible"


def test_a_supervisor_who_took_charge_stands_at_the_desks_end(
    client: TestClient, sign_in: SignIn, database: Database, crew: Crew, clock: SetClock
) -> None:
    boss, other = (sign_in(Role.SUPERVISOR, scope=town.N1[:12]) for _ in range(2))
    for name in town.WORKERS:
        if name not in ("N1", town.OFF_DUTY):
            duty(database, name, False)
    begun = linkups.emergency(database)
    clock.set(run_out(database, begun.id))
    told: Json = {"id": str(begun.incident), "linkup": {"id": str(begun.id)}}
    url = f"/api/v1/linkups/{begun.id}"
    assert write(client, boss, told).json()["code"] == "linkup.not_responsible"
    assert client.post(f"{url}/acknowledge", headers=boss).status_code == 200
    worker = {"worker": str(town.WORKERS["N1"])}
    assert client.post(f"{url}/ask", json=worker, headers=boss).status_code == 200
    assert client.post(f"{url}/accept", headers=crew["N1"]).status_code == 200

    assert write(client, boss, told, "注意电线").json()["worker"] is None
    assert read(client, crew["N1"], told).json()["items"][0]["text"] == "注意电线"
    call = ring(client, boss, told).json()
    assert act(client, crew["N1"], call, "answer").json()["state"] == "talking"
    assert act(client, boss, call, "hang-up").json()["ending"] == "hung_up"
    # A worker who rings the desk is answered by who is in charge, and not by his neighbour.
    call = ring(client, crew["N1"], told).json()
    assert act(client, other, call, "answer").json()["code"] == "linkup.not_responsible"
    assert act(client, boss, call, "answer").json()["state"] == "talking"
    assert ring(client, other, told).json()["code"] == "linkup.not_responsible"


def test_who_is_out_of_it_is_not_told_what_he_wrote(
    client: TestClient, desk: dict[str, str], crew: Crew, taken: Json
) -> None:
    url = f"/api/v1/incidents/{taken['id']}/messages"
    body = {"id": str(uuid4()), "text": "收到"}
    assert client.post(url, json=body, headers=crew["N1"]).status_code == 201
    assert client.post(url, json=body, headers=crew["N1"]).status_code == 200
    release = f"/api/v1/linkups/{taken['linkup']['id']}/release"
    lead = {"worker": str(town.WORKERS["N1"])}
    assert client.post(release, json=lead, headers=desk).status_code == 200
    again = client.post(url, json=body, headers=crew["N1"])
    assert (again.status_code, again.json()["code"]) == (404, "incident.not_found")
    assert "收到" not in again.text


def test_a_closed_incident_keeps_what_was_written(
    client: TestClient, desk: dict[str, str], crew: Crew, taken: Json
) -> None:
    write(client, crew["N1"], taken, "已扶正")
    url = f"/api/v1/incidents/{taken['id']}"
    assert client.post(f"{url}/close", json={"outcome": "好"}, headers=desk).status_code == 200
    assert write(client, desk, taken).json()["code"] == "incident.closed"
    assert write(client, crew["N1"], taken).status_code == 404
    assert [one["text"] for one in read(client, desk, taken).json()["items"]] == ["已扶正"]
    history = client.get(url, headers=desk).json()["history"]
    said = [entry["body"]["text"] for entry in history if entry["kind"] == "message.written"]
    assert said == ["已扶正"]
    record = client.get(f"/incidents/{taken['id']}", headers=desk)
    assert record.status_code == 200
    assert "已扶正" in record.text


def test_older_messages_come_page_by_page(
    client: TestClient, desk: dict[str, str], asked: Json, clock: SetClock
) -> None:
    for n in range(5):
        write(client, desk, asked, str(n))
        clock.set(clock.now() + timedelta(seconds=1))
    url = f"/api/v1/incidents/{asked['id']}/messages?limit=2"
    found: list[str] = []
    cursor = ""
    while True:
        page = client.get(url + cursor, headers=desk).json()
        found += [one["text"] for one in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert found == ["4", "3", "2", "1", "0"]


def test_a_message_is_told_to_who_takes_part(
    client: TestClient, database: Database, crew: Crew, taken: Json
) -> None:
    with database.snapshot() as session:
        before = latest_seq(session, town.DISTRICT)
    write(client, crew["N1"], taken)
    with database.snapshot() as session:
        (told,) = events_after(session, town.DISTRICT, before, limit=9)
    assert (told.kind, str(told.subject)) == ("message.written", taken["id"])
    assert told.workers == (str(town.WORKERS["N1"]),)
    assert (told.area, told.origin) == (town.N1, Origin.REAL)


def test_a_call_rings_is_answered_and_ends(
    client: TestClient, desk: dict[str, str], crew: Crew, taken: Json, clock: SetClock
) -> None:
    made = ring(client, desk, taken)
    assert made.status_code == 201
    call = made.json()
    assert (call["state"], call["caller"], call["worker"]) == (
        "ringing",
        "desk",
        str(town.WORKERS["N1"]),
    )
    assert act(client, desk, call, "answer").json()["state"] == "ringing", "not one's own"
    assert act(client, crew["N1"], call, "answer").json()["state"] == "talking"
    clock.set(clock.now() + timedelta(seconds=80))
    ended = act(client, desk, call, "hang-up").json()
    assert (ended["state"], ended["ending"], ended["seconds"]) == ("ended", "hung_up", 80.0)
    assert act(client, crew["N1"], call, "hang-up").json() == ended
    assert act(client, crew["N1"], call, "answer").status_code in (404, 409)
    url = f"/api/v1/linkups/{taken['linkup']['id']}/calls"
    for who in (desk, crew["N1"]):
        assert client.get(url, headers=who).json()["items"] == [ended]


def test_the_same_call_again_is_that_call_and_for_another_worker_none(
    client: TestClient, desk: dict[str, str], crew: Crew, taken: Json
) -> None:
    call = ring(client, desk, taken).json()
    for again in ({}, {"worker": call["worker"]}):
        answer = ring(client, desk, taken, id=call["id"], **again)
        assert (answer.status_code, answer.json()) == (200, call)
    other = ring(client, desk, taken, id=call["id"], worker=str(town.WORKERS["S2"]))
    assert (other.status_code, other.json()["code"]) == (409, "id.reused")


def test_both_ringing_at_once_is_one_call(
    client: TestClient, desk: dict[str, str], crew: Crew, taken: Json
) -> None:
    call = ring(client, crew["N1"], taken).json()
    other = ring(client, desk, taken).json()
    assert (other["code"], other["call"]) == ("call.exists", call["id"])
    assert act(client, desk, call, "answer").json()["state"] == "talking"


def test_of_two_officers_the_first_has_it(
    client: TestClient, sign_in: SignIn, desk: dict[str, str], crew: Crew, taken: Json
) -> None:
    call = ring(client, crew["N1"], taken).json()
    second = sign_in(Role.DISPATCHER)
    assert act(client, desk, call, "answer").status_code == 200
    assert act(client, second, call, "answer").json()["code"] == "call.taken"
    assert act(client, second, call, "hang-up").json()["code"] == "call.taken"


@pytest.mark.parametrize("why", ["refused", "no_microphone"])
def test_a_ringing_call_is_refused(
    client: TestClient, desk: dict[str, str], crew: Crew, taken: Json, why: str
) -> None:
    call = ring(client, desk, taken).json()
    body = {"why": why} if why == "no_microphone" else {}
    assert act(client, crew["N1"], call, "hang-up", **body).json()["ending"] == why
    assert ring(client, desk, taken).status_code == 201, "and may be made again"


def test_who_may_not_call(
    client: TestClient, sign_in: SignIn, desk: dict[str, str], crew: Crew, asked: Json
) -> None:
    assert ring(client, desk, asked).json()["code"] == "call.nobody"
    assert ring(client, crew["N1"], asked).status_code == 404, "asked only"
    client.post(f"/api/v1/linkups/{asked['linkup']['id']}/accept", headers=crew["N1"])
    elsewhere = ring(client, desk, asked, worker=str(town.WORKERS["S2"]))
    assert elsewhere.json()["code"] == "call.nobody"
    assert ring(client, sign_in(Role.SUPERVISOR), asked).status_code == 403
    call = ring(client, desk, asked).json()
    assert act(client, crew["S2"], call, "answer").status_code == 404
    far = sign_in(Role.DISPATCHER, scope="210503102")
    assert act(client, far, call, "hang-up").status_code == 404


def test_nobody_hears_it_and_it_ends(
    client: TestClient, database: Database, desk: dict[str, str], crew: Crew, taken: Json,
    clock: SetClock,
) -> None:  # fmt: skip
    def ended_at(later: timedelta) -> int:
        with database.transaction() as session:
            return end_stale(session, at=clock.now() + later)

    call = ring(client, desk, taken).json()
    assert ended_at(RINGS_FOR) == 0
    assert ended_at(RINGS_FOR + timedelta(seconds=1)) == 1
    assert act(client, desk, call, "hang-up").json()["ending"] == "missed"
    call = ring(client, desk, taken).json()
    act(client, crew["N1"], call, "answer")
    assert ended_at(LOST_AFTER) == 0
    assert ended_at(LOST_AFTER + timedelta(seconds=1)) == 1
    assert act(client, desk, call, "hang-up").json()["ending"] == "lost"


def test_closing_the_incident_ends_its_call(
    client: TestClient, desk: dict[str, str], crew: Crew, taken: Json
) -> None:
    call = ring(client, desk, taken).json()
    act(client, crew["N1"], call, "answer")
    url = f"/api/v1/incidents/{taken['id']}/close"
    assert client.post(url, json={"outcome": "好"}, headers=desk).status_code == 200
    assert act(client, desk, call, "hang-up").json()["ending"] == "released"
    assert ring(client, desk, taken).json()["code"] == "linkup.ended"
