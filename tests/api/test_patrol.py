# SPDX-License-Identifier: Apache-2.0
"""Checkpoints, work logs and patrol days over HTTP."""

from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from geo.accounts.rules import Role
from tests import town
from tests.api.test_check_ins import check_in
from tests.conftest import SignIn

N1, N2 = town.WORKERS["N1"], town.WORKERS["N2"]
AT_N1 = town.CHECKPOINTS["N1"]
CHECKPOINTS, LOGS, DAYS = "/api/v1/checkpoints", "/api/v1/work-logs", "/api/v1/patrol-days"
TODAY = "2026-03-02"


def site(east: float = 20, north: float = 220, **said: Any) -> dict[str, Any]:
    lon, lat = town.point(east, north)
    return {"cell": town.N1, "name": "北门", "point": {"lon": lon, "lat": lat}, **said}


def log(**said: Any) -> dict[str, Any]:
    return {"id": str(uuid4()), "worker": str(N1), "on": TODAY, "text": "走访三户", **said}


def day(client: TestClient, headers: dict[str, str], cell: str = town.N1) -> dict[str, Any]:
    items = client.get(f"{DAYS}?on={TODAY}&within={cell}", headers=headers).json()["items"]
    (found,) = items
    return dict(found)


def test_checkpoints_in_scope_and_in_pages(client: TestClient, sign_in: SignIn) -> None:
    headers = sign_in(Role.SUPERVISOR, scope="210503101")
    first = client.get(f"{CHECKPOINTS}?limit=4", headers=headers).json()
    rest = client.get(f"{CHECKPOINTS}?limit=4&cursor={first['next']}", headers=headers).json()
    assert len(first["items"] + rest["items"]) == 6
    within = client.get(f"{CHECKPOINTS}?within={town.M2}", headers=headers).json()["items"]
    assert [found["id"] for found in within] == [str(town.CHECKPOINTS["M2"])]
    own = client.get(CHECKPOINTS, headers=sign_in(Role.WORKER, worker=N1)).json()["items"]
    assert [found["cell"] for found in own] == [town.N1]


def test_a_checkpoint_from_making_to_retiring(client: TestClient, sign_in: SignIn) -> None:
    headers = sign_in(Role.SUPERVISOR, scope="210503101")
    said = site(id=str(uuid4()), code="北门1")
    made = client.post(CHECKPOINTS, json=said, headers=headers)
    assert (made.status_code, made.json()["radius_m"]) == (201, 30)
    assert client.post(CHECKPOINTS, json=said, headers=headers).status_code == 200
    reused = client.post(CHECKPOINTS, json={**said, "name": "南门"}, headers=headers)
    assert (reused.status_code, reused.json()["code"]) == (409, "id.reused")
    admin = sign_in(Role.ADMIN)
    assert client.post(CHECKPOINTS, json=said, headers=admin).status_code == 409
    taken = client.post(CHECKPOINTS, json=site(code="北门1"), headers=headers)
    assert (taken.status_code, taken.json()["code"]) == (409, "checkpoint.code_taken")

    path = f"{CHECKPOINTS}/{said['id']}"
    moved = site(40, 240)["point"]
    changed = client.patch(path, json={"point": moved, "radius_m": 50}, headers=headers).json()
    assert (changed["lon"], changed["radius_m"], changed["name"]) == (moved["lon"], 50, "北门")
    assert client.delete(path, headers=headers).status_code == 204
    for gone in (
        client.delete(path, headers=headers),
        client.patch(path, json={"name": "x"}, headers=headers),
    ):
        assert (gone.status_code, gone.json()["code"]) == (409, "checkpoint.retired")
    listed = client.get(f"{CHECKPOINTS}?within={town.N1}", headers=headers).json()["items"]
    assert [found["id"] for found in listed] == [str(AT_N1)]

    worker = sign_in(Role.WORKER, worker=N1)
    late = client.post(
        "/api/v1/check-ins", json=check_in(40, 240, checkpoint=said["id"]), headers=worker
    ).json()
    assert "checkpoint.was_retired" in [reason["code"] for reason in late["reasons"]]
    assert late["accepted"] is False


@pytest.mark.parametrize(
    ("said", "status", "code"),
    [
        (site(150, 250), 422, "checkpoint.outside_cell"),
        (site(-500, 0), 422, "checkpoint.outside_cell"),
        (site(cell="210503101001009"), 404, "cell.not_found"),
        (site(cell=town.S1), 404, "scope.not_found"),
        (site(radius_m=0), 422, "request.invalid"),
        (site(name=" "), 422, "request.invalid"),
    ],
)
def test_a_checkpoint_lies_in_its_cell(
    client: TestClient, sign_in: SignIn, said: dict[str, Any], status: int, code: str
) -> None:
    headers = sign_in(Role.SUPERVISOR, scope="210503101")
    answer = client.post(CHECKPOINTS, json=said, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_who_may_not_touch_checkpoints(client: TestClient, sign_in: SignIn) -> None:
    for role in (Role.DISPATCHER, Role.VIEWER):
        assert client.post(CHECKPOINTS, json=site(), headers=sign_in(role)).status_code == 403
    below = sign_in(Role.PLANNER, scope="210503102")
    assert client.delete(f"{CHECKPOINTS}/{AT_N1}", headers=below).status_code == 404
    admin = sign_in(Role.ADMIN)
    assert client.delete(f"{CHECKPOINTS}/{uuid4()}", headers=admin).status_code == 404


def test_a_day_is_complete_with_all_checkpoints_and_a_log(
    client: TestClient, sign_in: SignIn
) -> None:
    worker, boss = sign_in(Role.WORKER, worker=N1), sign_in(Role.SUPERVISOR)
    assert day(client, boss) == {
        "worker": str(N1),
        "cell": town.N1,
        "complete": False,
        "checkpoints_due": 1,
        "checkpoints_done": 0,
        "missing": [str(AT_N1)],
        "log": None,
        "reasons": [
            {"code": "day.checkpoints_missing", "count": 1},
            {"code": "day.log_missing"},
        ],
    }
    # Refused ones do not count, nor does one without the checkpoint.
    for said in (check_in(150, 250, checkpoint=str(AT_N1)), check_in()):
        assert client.post("/api/v1/check-ins", json=said, headers=worker).status_code == 201
    assert day(client, boss)["checkpoints_done"] == 0
    said = check_in(checkpoint=str(AT_N1))
    assert client.post("/api/v1/check-ins", json=said, headers=worker).status_code == 201
    assert day(client, boss)["reasons"] == [{"code": "day.log_missing"}]
    written = log()
    assert client.post(LOGS, json=written, headers=worker).status_code == 201
    found = day(client, worker)
    assert (found["complete"], found["log"], found["missing"]) == (True, written["id"], [])


def test_patrol_days_in_scope(client: TestClient, sign_in: SignIn) -> None:
    def cells(headers: dict[str, str], query: str = "") -> list[str]:
        items = client.get(f"{DAYS}?{query}", headers=headers).json()["items"]
        return [found["cell"] for found in items]

    assert len(cells(sign_in(Role.ADMIN))) == 9
    assert cells(sign_in(Role.SUPERVISOR, scope="210503102")) == [town.S1, town.S2, town.S3]
    assert cells(sign_in(Role.WORKER, worker=N2)) == [town.N2]
    mine = sign_in(Role.WORKER, worker=N2)
    assert cells(mine, "within=210503101001") == [town.N2]
    assert client.get(f"{DAYS}?within={town.N1}", headers=mine).status_code == 404
    assert cells(sign_in(Role.ADMIN), "on=2019-06-01") == []
    assert client.get(DAYS, headers=sign_in(Role.VIEWER)).status_code == 403
    assert client.get(f"{DAYS}?on=9999-12-31", headers=sign_in(Role.ADMIN)).status_code == 422


def test_a_log_is_written_once_and_by_oneself(client: TestClient, sign_in: SignIn) -> None:
    worker = sign_in(Role.WORKER, worker=N1)
    said = log()
    made = client.post(LOGS, json=said, headers=worker)
    assert made.status_code == 201
    again = client.post(LOGS, json=said, headers=worker)
    assert (again.status_code, again.json()) == (200, made.json())
    other = client.post(LOGS, json={**said, "text": "别的"}, headers=worker)
    assert (other.status_code, other.json()["code"]) == (409, "id.reused")
    stranger = sign_in(Role.WORKER, worker=N2)
    refused = client.post(LOGS, json=log(), headers=stranger)
    assert (refused.status_code, refused.json()["code"]) == (403, "worker.not_self")
    tomorrow = client.post(LOGS, json=log(on="2026-03-03"), headers=worker)
    assert (tomorrow.status_code, tomorrow.json()["code"]) == (422, "work_log.in_future")
    assert client.post(LOGS, json=log(text="\x00"), headers=worker).status_code == 422

    def listed(headers: dict[str, str], query: str = "") -> int:
        return len(client.get(f"{LOGS}?{query}", headers=headers).json()["items"])

    assert listed(worker) == 1
    assert listed(stranger) == 0
    assert listed(sign_in(Role.SUPERVISOR), f"worker={N1}&on={TODAY}") == 1
    assert listed(sign_in(Role.SUPERVISOR), f"on=2026-03-01&within={town.N1}") == 0
    assert listed(sign_in(Role.SUPERVISOR, scope="210503102")) == 0
    assert client.get(LOGS, headers=sign_in(Role.DISPATCHER)).status_code == 403
