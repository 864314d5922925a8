# SPDX-License-Identifier: Apache-2.0
"""Second verdicts, appeals and findings about phones over HTTP."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from geo.accounts.rules import Role
from geo.crs import System
from geo.db import Database
from tests import town
from tests.api.test_check_ins import PATH, check_in
from tests.conftest import SignIn
from tests.db.patrol.test_rejudging import phone, said_in
from tests.db.patrol.test_suspecting import SPOTS, said_by

N1, AT_N1 = town.WORKERS["N1"], town.CHECKPOINTS["N1"]
DAY = {"from": "2026-03-01T00:00:00Z", "until": "2026-03-03T00:00:00Z", "text": "补充证据"}


def take(client: TestClient, headers: dict[str, str], **said: Any) -> str:
    made = client.post(PATH, json=check_in(95, 250, accuracy_m=1, **said), headers=headers)
    assert made.status_code == 201
    return str(made.json()["id"])


def test_an_appeal_from_making_to_the_patrol_day(client: TestClient, sign_in: SignIn) -> None:
    me, boss = sign_in(Role.WORKER, worker=N1), sign_in(Role.SUPERVISOR, scope="210503101")
    id = take(client, me, checkpoint=str(AT_N1))
    path = f"{PATH}/{id}/appeals"
    assert client.post(path, json={"text": " "}, headers=me).status_code == 422
    made = client.post(path, json={"text": "门在另一侧"}, headers=me)
    assert (made.status_code, made.json()["state"]) == (201, "open")
    twice = client.post(path, json={"text": "再说一次"}, headers=me)
    assert (twice.status_code, twice.json()["code"]) == (409, "appeal.open")
    for headers in (me, boss):
        waiting = client.get("/api/v1/appeals?state=open", headers=headers).json()["items"]
        assert [each["check_in"] for each in waiting] == [id]
    elsewhere = sign_in(Role.SUPERVISOR, scope="210503102")
    assert client.get("/api/v1/appeals", headers=elsewhere).json()["items"] == []
    decision = {"uphold": True, "text": "属实"}
    assert client.post(f"{path}/decision", json=decision, headers=me).status_code == 403
    assert client.post(f"{path}/decision", json=decision, headers=elsewhere).status_code == 404
    decided = client.post(f"{path}/decision", json=decision, headers=boss)
    assert (decided.status_code, decided.json()["state"]) == (200, "upheld")
    late = client.post(f"{path}/decision", json=decision, headers=boss)
    assert (late.status_code, late.json()["code"]) == (409, "appeal.decided")
    shown = client.get(f"{PATH}/{id}", headers=me).json()
    assert (shown["accepted"], shown["verdict"]) == (True, "inside")
    assert shown["reasons"][0]["code"] == "appeal.upheld"
    past = client.get(f"{PATH}/{id}/history", headers=me).json()["items"]
    assert [(each["cause"], each["accepted"]) for each in past] == [
        ("first", False),
        ("appeal", True),
    ]
    assert client.get(f"{PATH}/{id}/history", headers=elsewhere).status_code == 404
    one = client.get("/api/v1/appeals?state=decided&limit=1", headers=boss).json()
    assert (len(one["items"]), one["next"]) == (1, None)


def test_appeals_in_pages(client: TestClient, sign_in: SignIn) -> None:
    me = sign_in(Role.WORKER, worker=N1)
    ids = {take(client, me, checkpoint=str(AT_N1)) for _ in range(3)}
    for id in ids:
        client.post(f"{PATH}/{id}/appeals", json={"text": "门在另一侧"}, headers=me)
    first = client.get("/api/v1/appeals?limit=2", headers=me).json()
    rest = client.get(f"/api/v1/appeals?limit=2&cursor={first['next']}", headers=me).json()
    assert {each["check_in"] for each in first["items"] + rest["items"]} == ids
    assert rest["next"] is None
    assert client.get("/api/v1/appeals?cursor=x.y", headers=me).status_code == 422


def test_judged_again_on_demand(client: TestClient, sign_in: SignIn) -> None:
    me, boss = sign_in(Role.WORKER, worker=N1), sign_in(Role.SUPERVISOR)
    id = take(client, me)
    path = f"{PATH}/re-judgements"
    done = client.post(path, json={**DAY, "worker": str(N1)}, headers=boss)
    assert (done.status_code, done.json()) == (
        200,
        {"judged": 1, "erased": 0, "changed": 0, "items": [], "next": None},
    )
    # A corrected duty is late evidence: nobody has to ask for the second verdict.
    duty = {"on": False, "at": "2026-03-01T23:45:00Z"}
    corrected = client.post(f"/api/v1/workers/{N1}/duty", json=duty, headers=boss)
    assert corrected.status_code == 200
    shown = client.get(f"{PATH}/{id}", headers=me).json()
    assert (shown["accepted"], shown["reasons"][0]["code"]) == (False, "duty.off")
    again = client.post(path, json={"check_in": id, "text": "x"}, headers=boss).json()
    assert (again["judged"], again["changed"]) == (1, 0)
    assert client.post(path, json={"check_in": id, "text": "x"}, headers=me).status_code == 403


@pytest.mark.parametrize(
    "said",
    [
        DAY,
        {**DAY, "worker": str(N1), "device": str(N1)},
        {"worker": str(N1), "text": "x"},
        {**DAY, "worker": str(N1), "text": ""},
        {**DAY, "worker": str(N1), "cursor": "1.x"},
        {**DAY, "worker": str(N1), "from": 5},
    ],
)
def test_what_cannot_be_judged_again(
    client: TestClient, sign_in: SignIn, said: dict[str, Any]
) -> None:
    boss = sign_in(Role.SUPERVISOR)
    assert client.post(f"{PATH}/re-judgements", json=said, headers=boss).status_code == 422


def test_a_finding_from_the_list_to_the_past_verdicts(
    client: TestClient, sign_in: SignIn, database: Database
) -> None:
    phone_of_n1 = phone(database)
    assert phone_of_n1.device is not None
    device = phone_of_n1.device
    said_by(database, phone_of_n1, said_in(System.GCJ02, *SPOTS))
    boss, me = sign_in(Role.SUPERVISOR, scope="210503101"), sign_in(Role.WORKER, worker=N1)
    findings = "/api/v1/device-findings"
    for headers in (boss, me):
        (found,) = client.get(f"{findings}?state=open", headers=headers).json()["items"]
    assert (found["device"], found["hypothesis"], found["points"]) == (str(device), "gcj02", 3)
    assert len(found["check_ins"]) == 3
    for headers in (
        sign_in(Role.SUPERVISOR, scope="210503102"),
        sign_in(Role.WORKER, worker=town.WORKERS["N2"]),
    ):
        assert client.get(findings, headers=headers).json()["items"] == []
    assert client.get(f"{findings}?within={town.N2}", headers=boss).json()["items"] == []
    path = f"{findings}/{found['id']}"
    assert client.post(f"{path}/confirm", headers=me).status_code == 403
    confirmed = client.post(f"{path}/confirm", headers=boss)
    assert (confirmed.status_code, confirmed.json()["state"]) == (200, "confirmed")
    late = client.post(f"{path}/dismiss", json={"text": "误判"}, headers=boss)
    assert (late.status_code, late.json()["code"]) == (409, "device_finding.decided")
    # Confirming judges nothing again: that is asked for.
    stands = client.get(f"{PATH}/{found['check_ins'][0]}", headers=boss).json()
    assert stands["verdict"] == "outside"
    again = client.post(
        f"{PATH}/re-judgements", json={**DAY, "device": str(device)}, headers=boss
    ).json()
    assert (again["judged"], again["changed"], again["next"]) == (4, 4, None)
    assert {each["after"]["verdict"] for each in again["items"]} == {"inside"}


def test_badly_placed_checkpoints(client: TestClient, sign_in: SignIn) -> None:
    me, boss = sign_in(Role.WORKER, worker=N1), sign_in(Role.SUPERVISOR)
    for _ in range(3):
        path = f"{PATH}/{take(client, me, checkpoint=str(AT_N1))}/appeals"
        client.post(path, json={"text": "门在另一侧"}, headers=me)
        client.post(f"{path}/decision", json={"uphold": True, "text": "属实"}, headers=boss)
    (found,) = client.get("/api/v1/checkpoints/misplaced", headers=boss).json()["items"]
    assert (found["checkpoint"], found["upheld"]) == (str(AT_N1), 3)
    assert found["distance_m"] == pytest.approx(45, abs=1.5)
    assert str(N1) not in str(found)
    assert len(found["honest"]) == found["fixes"] == 3
    # Who reads no check-ins is told what to do, and not where somebody stood.
    (planned,) = client.get("/api/v1/checkpoints/misplaced", headers=sign_in(Role.PLANNER)).json()[
        "items"
    ]
    assert planned == found | {"honest": []}
    elsewhere = sign_in(Role.SUPERVISOR, scope="210503102")
    answer = client.get("/api/v1/checkpoints/misplaced", headers=elsewhere)
    assert answer.json() == {"items": []}
    assert client.get("/api/v1/checkpoints/misplaced", headers=me).status_code == 403
