# SPDX-License-Identifier: Apache-2.0
"""Check-ins over HTTP: taken in, repeated, queued, read."""

import json
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from geo.accounts.rules import Role
from tests import town
from tests.conftest import SignIn

N1, N2 = town.WORKERS["N1"], town.WORKERS["N2"]
PATH = "/api/v1/check-ins"
SHAPE = {
    *("id", "worker", "cell", "verdict", "accepted", "reasons", "doubts", "share_inside"),
    *("distance_to_border_m", "distance_to_checkpoint_m", "located_cell", "plan", "policy"),
    *("observed_at", "received_at"),
}


def check_in(east: float = 50, north: float = 250, **said: Any) -> dict[str, Any]:
    lon, lat = town.point(east, north)
    fix = {"lon": lon, "lat": lat, "accuracy_m": 5, "observed_at": "2026-03-02T08:00:00+08:00"}
    whole = {"id": str(uuid4()), "worker": str(N1), "checkpoint": None, "fix": fix}
    for name, value in said.items():
        (whole if name in ("id", "worker", "checkpoint", "sent_at", "proof") else fix)[name] = value
    return whole


def test_taken_in_once_and_answered_alike(client: TestClient, sign_in: SignIn) -> None:
    headers = sign_in(Role.WORKER, worker=N1)
    said = check_in(checkpoint=str(town.CHECKPOINTS["N1"]))
    made = client.post(PATH, json=said, headers=headers)
    assert made.status_code == 201
    answer = made.json()
    assert answer.keys() >= SHAPE
    assert (answer["verdict"], answer["accepted"], answer["cell"]) == ("inside", True, town.N1)
    assert answer["share_inside"] == 1.0
    # The same instant in another spelling is the same content.
    said["fix"]["observed_at"] = "2026-03-02T00:00:00Z"
    again = client.post(PATH, json=said, headers=headers)
    assert (again.status_code, again.json()) == (200, answer)
    other = client.post(PATH, json={**said, "checkpoint": None}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (409, "id.reused")
    assert "cell" not in other.json()
    shown = client.get(f"{PATH}/{said['id']}", headers=headers)
    assert (shown.status_code, shown.json()) == (200, answer)


def test_a_refused_one_is_kept_with_its_reasons(client: TestClient, sign_in: SignIn) -> None:
    headers = sign_in(Role.WORKER, worker=N1)
    made = client.post(PATH, json=check_in(150, 250), headers=headers)
    assert made.status_code == 201
    answer = made.json()
    assert (answer["verdict"], answer["accepted"]) == ("outside", False)
    assert answer["located_cell"] == town.N2
    assert answer["distance_to_border_m"] == pytest.approx(-50, abs=0.05)
    assert answer["reasons"][0]["code"] == "cell.outside"


def test_a_queue_item_by_item(client: TestClient, sign_in: SignIn) -> None:
    headers = sign_in(Role.WORKER, worker=N1)
    good = check_in()
    items = [
        good,
        {"id": "x"},
        check_in(worker=str(N2)),
        good,
        None,
        check_in(lon=1e400),
        check_in(accuracy_m=float("nan")),
        check_in(checkpoint=str(uuid4())),
        check_in(observed_at="2026-03-02T09:00:00+08:00"),
        check_in(proof={"kind": "nfc", "token": "t"}),
        check_in(source="\ud800"),
        check_in(60, 250),
    ]
    answer = client.post(
        f"{PATH}/batch",
        content=json.dumps({"items": items}),
        headers={**headers, "content-type": "application/json"},
    )
    assert answer.status_code == 200
    found = answer.json()["items"]
    assert [item["index"] for item in found] == list(range(len(items)))
    statuses = [item["status"] for item in found]
    assert statuses == [201, 422, 403, 200, 422, 422, 422, 404, 422, 422, 422, 201]
    assert found[0]["check_in"] == found[3]["check_in"]
    assert found[2]["problem"]["code"] == "worker.not_self"
    assert found[8]["problem"]["code"] == "clock.ahead"
    assert all((item["check_in"] is None) != (item["problem"] is None) for item in found)


def test_batches_have_limits(client: TestClient, sign_in: SignIn) -> None:
    headers = sign_in(Role.WORKER, worker=N1)
    many = {"items": [{}] * 1001}
    assert client.post(f"{PATH}/batch", json=many, headers=headers).status_code == 422
    none = client.post(f"{PATH}/batch", json={"items": []}, headers=headers)
    assert (none.status_code, none.json()) == (200, {"items": []})


@pytest.mark.parametrize(
    "said",
    [
        {"fix": None},
        {"worker": None},
        {"proof": {"kind": "nfc", "token": "t"}},
        {"sent_at": "2026-03-02T08:00:00"},
        {"more": 1},
    ],
)
def test_malformed_ones_are_refused(
    client: TestClient, sign_in: SignIn, said: dict[str, Any]
) -> None:
    headers = sign_in(Role.WORKER, worker=N1)
    answer = client.post(PATH, json={**check_in(), **said}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "request.invalid")


def test_a_proof_nobody_asked_for_is_told_and_changes_nothing(
    client: TestClient, sign_in: SignIn
) -> None:
    own = sign_in(Role.WORKER, worker=N1)
    said = {**check_in(), "proof": {"kind": "qr", "token": "abc"}}
    answer = client.post(PATH, json=said, headers=own)
    assert answer.status_code == 201
    assert {"code": "proof.not_asked"} in [
        {"code": reason["code"]} for reason in answer.json()["reasons"]
    ]
    without = client.post(PATH, json=check_in(), headers=own).json()
    assert answer.json()["verdict"] == without["verdict"]


@pytest.mark.parametrize("instant", [1795470407, "1795470407", "2026-03-02T08:05:00", "2026-03-02"])
def test_an_instant_is_rfc_3339_with_an_offset(
    client: TestClient, sign_in: SignIn, instant: object
) -> None:
    said = check_in()
    said["fix"] = {**said["fix"], "observed_at": instant}
    answer = client.post(PATH, json=said, headers=sign_in(Role.WORKER, worker=N1))
    assert (answer.status_code, answer.json()["errors"][0]["where"]) == (
        422,
        "body.fix.observed_at",
    )


def test_who_may_take_in_and_read(client: TestClient, sign_in: SignIn) -> None:
    own = sign_in(Role.WORKER, worker=N1)
    said = check_in()
    assert client.post(PATH, json=said, headers=own).status_code == 201
    for role in (Role.DISPATCHER, Role.PLANNER, Role.VIEWER):
        assert client.post(PATH, json=said, headers=sign_in(role)).status_code == 403
    assert client.get(PATH, headers=sign_in(Role.VIEWER)).status_code == 403
    stranger = sign_in(Role.WORKER, worker=N2)
    answer = client.get(f"{PATH}/{said['id']}", headers=stranger)
    assert (answer.status_code, answer.json()["code"]) == (404, "scope.not_found")
    assert client.get(PATH, headers=stranger).json()["items"] == []
    below = sign_in(Role.SUPERVISOR, scope="210503102")
    assert client.get(f"{PATH}/{said['id']}", headers=below).status_code == 404
    assert client.get(PATH, headers=below).json()["items"] == []
    assert client.post(PATH, json=check_in(), headers=below).status_code == 404
    boss = sign_in(Role.SUPERVISOR, scope="210503101")
    assert [found["id"] for found in client.get(PATH, headers=boss).json()["items"]] == [said["id"]]
    assert client.get(f"{PATH}/{uuid4()}", headers=boss).json()["code"] == "check_in.not_found"


def test_listing_by_filters_and_pages(client: TestClient, sign_in: SignIn) -> None:
    headers = sign_in(Role.WORKER, worker=N1)
    for minute in range(5):
        said = check_in(50 if minute else 150, 250, observed_at=f"2026-03-02T07:5{minute}:00+08:00")
        assert client.post(PATH, json=said, headers=headers).status_code == 201
    boss = sign_in(Role.ADMIN)
    first = client.get(f"{PATH}?limit=3", headers=boss).json()
    second = client.get(f"{PATH}?limit=3&cursor={first['next']}", headers=boss).json()
    seen = [found["observed_at"] for found in first["items"] + second["items"]]
    assert (seen, second["next"]) == (sorted(seen, reverse=True), None)
    assert len(set(seen)) == 5
    query = f"worker={N1}&within=210503101001&verdict=outside&from=2026-03-02T00:00:00%2B08:00"
    listed = client.get(f"{PATH}?{query}", headers=boss).json()["items"]
    assert [found["verdict"] for found in listed] == ["outside"]
    for cursor in ("x", "1", "1.x", "x.", f"{'9' * 30}.{uuid4()}"):
        assert client.get(f"{PATH}?cursor={cursor}", headers=boss).status_code == 422
