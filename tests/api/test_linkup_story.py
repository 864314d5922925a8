# SPDX-License-Identifier: Apache-2.0
"""What is told afterwards: the history of an incident, and how long it took to connect."""

from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from geo.accounts.rules import Role
from geo.clock import SetClock
from geo.db import Database
from tests import town
from tests.conftest import SignIn
from tests.linkups import AT, accept, duty, emergency, run_out
from tests.people import AT_HOME, stand

Json = dict[str, Any]
REPORT = "/api/v1/reports/linkups"


@pytest.fixture
def everybody(database: Database) -> Database:
    """Everybody on duty stands in the middle of his cell."""
    with database.transaction() as session:
        stand(session, AT_HOME, at=AT)
    return database


def test_the_history_says_who_did_what_as_far_as_one_may_see(
    client: TestClient, sign_in: SignIn, everybody: Database
) -> None:
    begun = emergency(everybody)
    run_out(everybody, begun.id)
    accept(everybody, "N1", begun.id, at=AT + timedelta(seconds=21))
    url = f"/api/v1/incidents/{begun.incident}/history"
    told = client.get(url, headers=sign_in(Role.SUPERVISOR)).json()["items"]
    assert [one["seq"] for one in told] == sorted(one["seq"] for one in told)
    assert {one["kind"] for one in told} >= {"incident.reported", "linkup.changed"}
    (timed_out,) = [one for one in told if one["actor"] == "system" and "asked" in one["body"]]
    assert timed_out["name"] is None
    assert timed_out["body"]["ring"] == 2
    seen = client.get(url, headers=sign_in(Role.VIEWER)).json()["items"]
    assert len(seen) == len(told)
    assert {one["actor"] for one in seen} == {None}
    assert str(town.WORKERS["N1"]) not in str(seen)
    worker = sign_in(Role.WORKER, worker=town.WORKERS["N1"])
    own = client.get(url, headers=worker).json()["items"]
    asked = [ask["worker"] for one in own for ask in one["body"].get("asked", ())]
    assert set(asked) == {str(town.WORKERS["N1"])}
    stranger = sign_in(Role.SUPERVISOR, scope=town.S1[:9])
    assert client.get(url, headers=stranger).status_code == 404
    outsider = sign_in(Role.WORKER, worker=town.WORKERS["S2"])
    assert client.get(url, headers=outsider).status_code == 404


def test_real_and_drill_are_never_mixed(
    client: TestClient, sign_in: SignIn, everybody: Database, clock: SetClock
) -> None:
    real = emergency(everybody)
    accept(everybody, "N1", real.id, at=AT + timedelta(seconds=8))
    for cell in (town.N2, town.S1):
        drill = emergency(everybody, cell, drill=True)
        run_out(everybody, drill.id)
    clock.advance(timedelta(minutes=5))
    boss = sign_in(Role.SUPERVISOR)

    def report(**query: str) -> Json:
        answer = client.get(REPORT, params=query, headers=boss)
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    found = report()
    assert (found["origin"], found["within"], found["total"]["linkups"]) == ("real", "210503", 1)
    assert found["total"]["to_ask"]["p50"] == 0
    assert found["total"]["to_accept"] == {
        "count": 1,
        "p50": 8,
        "p90": 8,
        "p95": 8,
        "most": 8,
    }
    assert [(one["key"], one["linkups"]) for one in found["by_hour"]] == [("08", 1)]
    assert found["names"] == {"210503": "小城区", "210503101": "上街道"}
    drills = report(origin="drill")
    assert (drills["total"]["linkups"], drills["total"]["timeouts"]) == (2, 6)
    assert [one["key"] for one in drills["by_area"]] == ["210503101", "210503102"]
    within = report(origin="drill", within=town.S1[:9])
    assert (within["total"]["linkups"], within["by_area"][0]["key"]) == (1, town.S1[:12])
    assert report(until="2026-03-01T00:00:00+08:00")["total"]["linkups"] == 0
    wrong = client.get(REPORT, params={"from": "2024-01-01T00:00:00+08:00"}, headers=boss)
    assert (wrong.status_code, wrong.json()["code"]) == (422, "report.range")


def test_who_may_read_the_report(client: TestClient, sign_in: SignIn) -> None:
    local = sign_in(Role.SUPERVISOR, scope=town.S1[:9])
    assert client.get(REPORT, headers=local).json()["within"] == town.S1[:9]
    assert client.get(REPORT, params={"within": "210503"}, headers=local).status_code == 404
    for role in (Role.VIEWER, Role.PLANNER):
        assert client.get(REPORT, headers=sign_in(role)).status_code == 403


def test_the_ladder_and_the_lead_over_http(
    client: TestClient, sign_in: SignIn, everybody: Database, clock: SetClock
) -> None:
    for name in town.WORKERS:
        if name not in ("N1", "N2", town.OFF_DUTY):
            duty(everybody, name, False)
    desk = sign_in(Role.DISPATCHER)
    boss = sign_in(Role.SUPERVISOR, scope=town.N1[:12])
    begun = emergency(everybody)
    url = f"/api/v1/linkups/{begun.id}"
    early = client.post(f"{url}/acknowledge", headers=boss)
    assert (early.status_code, early.json()["code"]) == (409, "linkup.not_climbing")
    clock.set(run_out(everybody, begun.id))
    worker = {"worker": str(town.WORKERS["N2"])}
    assert client.post(f"{url}/ask", json=worker, headers=boss).status_code == 403
    taken = client.post(f"{url}/acknowledge", headers=boss).json()
    assert [step["state"] for step in taken["climb"]] == ["unmanned", "acknowledged"]
    second = client.post(f"{url}/acknowledge", headers=desk)
    assert (second.status_code, second.json()["code"]) == (409, "linkup.acknowledged")
    asked = client.post(f"{url}/ask", json=worker, headers=boss).json()
    assert [ask["state"] for ask in asked["asked"] if ask["worker"] == worker["worker"]] == [
        "asked"
    ]
    own = sign_in(Role.WORKER, worker=town.WORKERS["N2"])
    led = client.post(f"{url}/accept", headers=own).json()
    assert (led["climb"], led["lead"]) == ([], worker["worker"])
    gaps = client.get(f"{url}/coverage", headers=desk).json()["items"]
    assert [gap["cell"] for gap in gaps] == [town.N2]
    kept = client.post(f"{url}/keep", json={"worker": str(town.WORKERS["N1"])}, headers=desk)
    assert kept.status_code == 200
    gone = client.post(f"{url}/release", json=worker, headers=desk).json()
    assert gone["lead"] is None
    for path in ("acknowledge", "ask", "keep", "release"):
        body = None if path == "acknowledge" else worker
        assert client.post(f"{url}/{path}", json=body, headers=own).status_code == 403
    drill = {
        "id": "00000000-0000-4000-8000-00000000d111",
        "title": "演练",
        "category": "突发事件",
        "severity": "emergency",
        "place": {"cell": town.N1},
        "drill": True,
    }
    assert client.post("/api/v1/incidents", json=drill, headers=boss).status_code == 403
    made = client.post("/api/v1/incidents", json=drill, headers=desk).json()
    assert (made["origin"], made["linkup"]["origin"]) == ("drill", "drill")
