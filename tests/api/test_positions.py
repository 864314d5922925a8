# SPDX-License-Identifier: Apache-2.0
"""Positions and tracks over HTTP."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from geo.accounts.rules import Role
from tests import town
from tests.conftest import SignIn

N1, S1 = town.WORKERS["N1"], town.WORKERS["S1"]
HOURS = "from=2026-03-02T00:00:00%2B08:00&until=2026-03-03T00:00:00%2B08:00"


def position(east: float = 50, at: str = "2026-03-02T08:00:00+08:00", **fix: Any) -> dict[str, Any]:
    lon, lat = town.point(east, 250)
    said = {"lon": lon, "lat": lat, "accuracy_m": 8, "observed_at": at, **fix}
    return {"worker": str(N1), "fix": said}


def test_a_batch_says_what_it_dropped(client: TestClient, sign_in: SignIn) -> None:
    headers = sign_in(Role.WORKER, worker=N1)
    items = [position(), position(at="2026-03-02T07:00:00+08:00"), position(60)]
    answer = client.post("/api/v1/positions", json={"items": items}, headers=headers)
    assert answer.status_code == 200
    assert answer.json() == {"stored": 2, "dropped": [{"index": 1, "reason": "duty.off"}]}


def test_own_positions_only(client: TestClient, sign_in: SignIn) -> None:
    headers = sign_in(Role.WORKER, worker=S1)
    answer = client.post("/api/v1/positions", json={"items": [position()]}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "worker.not_self")
    boss = sign_in(Role.ADMIN)
    assert client.post("/api/v1/positions", json={"items": []}, headers=boss).status_code == 403


def test_a_thousand_at_most(client: TestClient, sign_in: SignIn) -> None:
    headers = sign_in(Role.WORKER, worker=N1)
    items = [position(at=f"2026-03-02T07:{30 + n // 60}:{n % 60:02}+08:00") for n in range(1000)]
    answer = client.post("/api/v1/positions", json={"items": items}, headers=headers)
    assert answer.json() == {"stored": 1000, "dropped": []}
    more = client.post("/api/v1/positions", json={"items": [*items, items[0]]}, headers=headers)
    assert more.status_code == 422


@pytest.mark.parametrize(
    "said", [{"lon": 181}, {"lat": "north"}, {"system": "mars"}, {"accuracy_m": -1}, {"more": 1}]
)
def test_malformed_fixes_are_refused(
    client: TestClient, sign_in: SignIn, said: dict[str, Any]
) -> None:
    headers = sign_in(Role.WORKER, worker=N1)
    items = {"items": [position(**said)]}
    assert client.post("/api/v1/positions", json=items, headers=headers).status_code == 422


def test_a_track_is_read_in_pages_and_with_a_purpose(client: TestClient, sign_in: SignIn) -> None:
    headers = sign_in(Role.WORKER, worker=N1)
    items = [position(50 + n, f"2026-03-02T07:5{n}:00.25+08:00") for n in range(5)]
    client.post("/api/v1/positions", json={"items": items}, headers=headers)
    boss = sign_in(Role.SUPERVISOR, scope="210503101")
    path = f"/api/v1/workers/{N1}/track?{HOURS}"
    assert client.get(path, headers=boss).status_code == 422
    path += "&purpose=核对投诉&limit=3"
    first = client.get(path, headers=boss).json()
    second = client.get(f"{path}&cursor={first['next']}", headers=boss).json()
    assert second["next"] is None
    read = [fix["lon"] for fix in first["items"] + second["items"]]
    assert read == [item["fix"]["lon"] for item in items]
    for cursor in ("x", "1e400", "nan", "9" * 18):
        refused = client.get(f"{path}&cursor={cursor}", headers=boss)
        assert (refused.status_code, refused.json()["code"]) == (422, "cursor.malformed")


def test_who_may_not_read_a_track(client: TestClient, sign_in: SignIn) -> None:
    path = f"/api/v1/workers/{N1}/track?{HOURS}&purpose=核对投诉"
    assert client.get(path, headers=sign_in(Role.DISPATCHER)).status_code == 403
    below = sign_in(Role.SUPERVISOR, scope="210503102")
    assert client.get(path, headers=below).status_code == 404
    backwards = path.replace("from", "x").replace("until", "from").replace("x=", "until=")
    answer = client.get(backwards, headers=sign_in(Role.ADMIN))
    assert (answer.status_code, answer.json()["code"]) == (422, "track.range_invalid")


@pytest.mark.parametrize("purpose", ["a%00b", "%E2%80%AEevil", "a"])
def test_a_purpose_is_text_that_can_be_read(
    client: TestClient, sign_in: SignIn, purpose: str
) -> None:
    span = "from=2026-03-01T00:00:00Z&until=2026-03-02T00:00:00Z"
    path = f"/api/v1/workers/{town.WORKERS['N1']}/track?{span}&purpose={purpose}"
    assert client.get(path, headers=sign_in(Role.SUPERVISOR)).status_code == 422
