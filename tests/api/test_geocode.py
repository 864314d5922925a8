# SPDX-License-Identifier: Apache-2.0
"""Places over HTTP."""

from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient

from geo.accounts.rules import Role
from tests import town
from tests.conftest import SignIn


def test_a_house_by_its_address(client: TestClient, sign_in: SignIn) -> None:
    url = f"/api/v1/geocode?q={quote('彩虹街１０号楼3单元402室')}&limit=5"
    answer = client.get(url, headers=sign_in(Role.DISPATCHER))
    assert answer.status_code == 200
    assert answer.json()["next"] is None
    (found,) = answer.json()["items"]
    lon, lat = town.point(50, 266)
    assert found == {
        "label": "彩虹街10号楼",
        "kind": "building",
        "lon": pytest.approx(lon, abs=1e-6),
        "lat": pytest.approx(lat, abs=1e-6),
        "score": 1.0,
        "cell": town.N1,
        "match": "number",
    }


def test_every_role_may_search(client: TestClient, sign_in: SignIn) -> None:
    for role in Role:
        worker = town.WORKERS["N1"] if role is Role.WORKER else None
        headers = sign_in(role, worker=worker)
        assert client.get("/api/v1/geocode?q=x", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "query", ["", "q=", "q=%20", "q=a&limit=0", "q=a&limit=21", "q=%00", f"q={'a' * 201}"]
)
def test_bad_queries_are_refused(client: TestClient, sign_in: SignIn, query: str) -> None:
    answer = client.get(f"/api/v1/geocode?{query}", headers=sign_in(Role.DISPATCHER))
    assert answer.status_code == 422


def test_the_nearest_over_http(client: TestClient, sign_in: SignIn) -> None:
    lon, lat = town.point(50, 250)
    url = f"/api/v1/nearest?lon={lon}&lat={lat}"
    found = client.get(url, headers=sign_in(Role.DISPATCHER)).json()
    (holder,) = found["items"]
    assert (holder["worker"], holder["name"]) == (str(town.WORKERS["N1"]), "王芳")
    assert (holder["distance_m"], holder["responsible"]) == (None, True)
    assert found["shortfall"] == "positions_stale"
    assert client.get(url, headers=sign_in(Role.VIEWER)).status_code == 403
    elsewhere = sign_in(Role.SUPERVISOR, scope="210503102")
    assert client.get(url, headers=elsewhere).status_code == 404
    outside = "/api/v1/nearest?lon=120&lat=40"
    assert client.get(outside, headers=elsewhere).status_code == 404
    for bad in ("lon=nan&lat=1", "lon=1e400&lat=1", f"lon={lon}&lat={lat}&k=0"):
        answer = client.get(f"/api/v1/nearest?{bad}", headers=sign_in(Role.DISPATCHER))
        assert answer.status_code == 422
