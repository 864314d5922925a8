# SPDX-License-Identifier: Apache-2.0
"""Who is near over HTTP, and why these workers were asked, replayed."""

from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from geo.accounts.rules import Role
from geo.db import Database
from tests import town
from tests.conftest import SignIn


@pytest.fixture
def desk(sign_in: SignIn) -> dict[str, str]:
    """The duty officer."""
    return sign_in(Role.DISPATCHER)


def begun(client: TestClient, desk: dict[str, str], address: str = "彩虹街10号楼") -> str:
    """An emergency's linkup, begun in the answer."""
    said = {
        "id": str(uuid4()),
        "title": "枯树倾斜",
        "category": "突发事件",
        "severity": "emergency",
        "place": {"address": address},
    }
    made = client.post("/api/v1/incidents", json=said, headers=desk).json()
    linkup: str = made["linkup"]["id"]
    return linkup


def replay(client: TestClient, headers: dict[str, str], linkup: str) -> Any:
    return client.get(f"/api/v1/linkups/{linkup}/recommendation", headers=headers)


def test_each_with_his_reason_and_those_left_out(
    client: TestClient, desk: dict[str, str], everybody: None
) -> None:
    lon, lat = town.point(250, 66)
    url = f"/api/v1/nearest?lon={lon}&lat={lat}&k=2"
    found = client.get(url, headers=desk).json()
    assert (found["measure"], found["reach_m"], found["exact"]) == ("walk", 5000, True)
    assert found["shortfall"] is None
    first, second = found["items"]
    assert (first["name"], first["measure"], first["reason"]) == ("孙强", "walk", "nearest.free")
    assert first["distance_m"] == pytest.approx(84, abs=0.5)
    assert (first["accuracy_m"], first["error_m"], first["barrier"]) == (8, 27, None)
    assert second["distance_m"] == pytest.approx(116, abs=0.5)
    (holder,) = found["left_out"]
    assert holder == {
        "worker": str(town.WORKERS["S3"]),
        "name": "陈晨",
        "reason": "left_out.off_duty",
        "keeper": "holder",
        "distance_m": None,
        "measure": "straight",
        "age_s": None,
    }


def test_what_was_recommended_outlives_the_positions(
    client: TestClient, desk: dict[str, str], everybody: None, database: Database
) -> None:
    linkup = begun(client, desk)
    with database.transaction() as session:
        session.execute(text("delete from latest_position"))
        session.execute(text("delete from street"))
    told = replay(client, desk, linkup).json()
    assert told["linkup"] == linkup
    (ring,) = told["rings"]
    assert (ring["ring"], ring["same"]) == (1, True)
    made = ring["recommended"]
    assert [one["worker"] for one in made["candidates"]] == [
        str(town.WORKERS[name]) for name in ("N1", "N2", "M1")
    ]
    assert ring["again"] == {name: made[name] for name in ring["again"]}
    assert made["inquiry"]["cell"] == town.N1


def test_a_second_ring_says_who_was_asked_before(
    client: TestClient, desk: dict[str, str], everybody: None, sign_in: SignIn
) -> None:
    linkup = begun(client, desk)
    worker = sign_in(Role.WORKER, worker=town.WORKERS["N1"])
    client.post(f"/api/v1/linkups/{linkup}/decline", headers=worker)
    client.post(f"/api/v1/linkups/{linkup}/widen", headers=desk)
    _, second = replay(client, desk, linkup).json()["rings"]
    reasons = {one["worker"]: one["reason"] for one in second["recommended"]["left_out"]}
    assert reasons == {
        str(town.WORKERS["N1"]): "left_out.declined",
        str(town.WORKERS["N2"]): "left_out.asked",
        str(town.WORKERS["M1"]): "left_out.asked",
    }
    assert second["same"]


def test_only_who_may_see_people_of_that_area(
    client: TestClient, desk: dict[str, str], everybody: None, sign_in: SignIn
) -> None:
    linkup = begun(client, desk)
    assert replay(client, sign_in(Role.SUPERVISOR, scope="210503101"), linkup).status_code == 200
    assert replay(client, sign_in(Role.SUPERVISOR, scope="210503102"), linkup).status_code == 404
    assert replay(client, sign_in(Role.VIEWER), linkup).status_code == 403
    worker = sign_in(Role.WORKER, worker=town.WORKERS["N1"])
    assert replay(client, worker, linkup).status_code == 403
    assert replay(client, desk, str(uuid4())).json()["code"] == "linkup.not_found"
