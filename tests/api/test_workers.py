# SPDX-License-Identifier: Apache-2.0
"""Workers, their cells and their duty, over HTTP."""

from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from geo.accounts.rules import Role
from tests import town
from tests.conftest import SignIn

N1, S3 = town.WORKERS["N1"], town.WORKERS["S3"]
NOW = town.MORNING.isoformat()


def test_the_list_follows_scope_and_makes_pages(client: TestClient, sign_in: SignIn) -> None:
    headers = sign_in(Role.SUPERVISOR, scope="210503101")
    first = client.get("/api/v1/workers?limit=4", headers=headers).json()
    assert len(first["items"]) == 4
    second = client.get(f"/api/v1/workers?limit=4&cursor={first['next']}", headers=headers).json()
    assert second["next"] is None
    cells = [worker["cells"][0]["cell"] for worker in first["items"] + second["items"]]
    assert cells == [town.CELLS[name] for name in ("N1", "N2", "N3", "M1", "M2", "M3")]
    assert first["items"][0] == {
        "id": str(N1),
        "name": "王芳",
        "phone": "13800000001",
        "cells": [{"cell": town.N1, "role": "holder"}],
        "on_duty": True,
        "since": "2026-03-01T23:30:00Z",
        "left_at": None,
        "origin": "real",
    }
    malformed = client.get("/api/v1/workers?cursor=x", headers=headers)
    assert (malformed.status_code, malformed.json()["code"]) == (422, "cursor.malformed")


def test_a_worker_sees_himself_alone(client: TestClient, sign_in: SignIn) -> None:
    headers = sign_in(Role.WORKER, worker=N1)
    listed = client.get("/api/v1/workers", headers=headers).json()
    assert [worker["id"] for worker in listed["items"]] == [str(N1)]
    assert client.get(f"/api/v1/workers/{N1}", headers=headers).status_code == 200
    refused = client.get(f"/api/v1/workers/{S3}", headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (404, "scope.not_found")


def test_who_may_not(client: TestClient, sign_in: SignIn) -> None:
    assert client.get("/api/v1/workers", headers=sign_in(Role.VIEWER)).status_code == 403
    below = sign_in(Role.SUPERVISOR, scope="210503102")
    assert client.get(f"/api/v1/workers/{N1}", headers=below).status_code == 404
    said = {"cell": town.S1, "role": "assistant"}
    path = f"/api/v1/workers/{N1}/assignments"
    assert client.post(path, json=said, headers=below).status_code == 404
    assert client.post(path, json=said, headers=sign_in(Role.PLANNER)).status_code == 403
    duty = {"on": True, "at": NOW}
    answer = client.post(f"/api/v1/workers/{uuid4()}/duty", json=duty, headers=below)
    assert (answer.status_code, answer.json()["code"]) == (404, "worker.not_found")


def test_taking_in_assigning_and_ending(client: TestClient, sign_in: SignIn) -> None:
    headers = sign_in(Role.ADMIN)
    said = {"id": str(uuid4()), "name": "何平"}
    made = client.post("/api/v1/workers", json=said, headers=headers)
    assert made.status_code == 201
    assert client.post("/api/v1/workers", json=said, headers=headers).status_code == 200
    reused = client.post("/api/v1/workers", json={**said, "name": "别"}, headers=headers)
    assert (reused.status_code, reused.json()["code"]) == (409, "id.reused")

    path = f"/api/v1/workers/{said['id']}"
    taken = {"cell": town.N1, "role": "holder", "from": NOW, "until": None}
    held = client.post(f"{path}/assignments", json=taken, headers=headers)
    assert (held.status_code, held.json()["code"]) == (409, "assignment.cell_held")
    helping = {**taken, "role": "assistant"}
    assigned = client.post(f"{path}/assignments", json=helping, headers=headers)
    assert assigned.status_code == 201
    assert assigned.json()["from"] == "2026-03-02T00:00:00Z"
    nowhere = {**taken, "cell": "210503101001009"}
    lost = client.post(f"{path}/assignments", json=nowhere, headers=headers)
    assert (lost.status_code, lost.json()["code"]) == (404, "cell.not_found")

    end = {"until": "2026-03-03T00:00:00+08:00"}
    ended = client.patch(f"{path}/assignments/{assigned.json()['id']}", json=end, headers=headers)
    assert ended.json()["until"] == "2026-03-02T16:00:00Z"
    listed = client.get(f"{path}/assignments", headers=headers).json()["items"]
    assert listed == [ended.json()]
    renamed = client.patch(path, json={"name": "何平平"}, headers=headers).json()
    assert (renamed["name"], renamed["cells"][0]["role"]) == ("何平平", "assistant")
    left = client.patch(path, json={"left": True}, headers=headers).json()
    assert (left["cells"], left["left_at"]) == ([], "2026-03-02T00:00:00Z")


def test_duty_of_oneself(client: TestClient, sign_in: SignIn) -> None:
    headers = sign_in(Role.WORKER, worker=S3)
    path = f"/api/v1/workers/{S3}/duty"
    begun = client.post(path, json={"on": True, "at": NOW}, headers=headers)
    assert (begun.status_code, begun.json()["on_duty"]) == (200, True)
    early = {"on": False, "at": "2026-03-02T07:00:00+08:00"}
    refused = client.post(path, json=early, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (422, "duty.time_far")
    assert "10" in refused.json()["detail"]
    other = client.post(f"/api/v1/workers/{N1}/duty", json=early, headers=headers)
    assert (other.status_code, other.json()["code"]) == (403, "worker.not_self")


@pytest.mark.parametrize(
    "body",
    [
        {"on": True, "at": "2026-03-02T08:00:00"},
        {"on": True},
        {"on": "perhaps", "at": NOW},
        {"on": True, "at": NOW, "more": 1},
        {"on": True, "at": "9999-12-31T23:59:59+00:00"},
    ],
)
def test_malformed_duty_is_refused(
    client: TestClient, sign_in: SignIn, body: dict[str, object]
) -> None:
    path = f"/api/v1/workers/{N1}/duty"
    assert client.post(path, json=body, headers=sign_in(Role.ADMIN)).status_code == 422


def test_telephone_numbers_are_for_those_who_call(client: TestClient, sign_in: SignIn) -> None:
    url = f"/api/v1/workers/{N1}"
    assert client.get(url, headers=sign_in(Role.DISPATCHER)).json()["phone"] == "13800000001"
    assert client.get(url, headers=sign_in(Role.PLANNER)).json()["phone"] is None
