# SPDX-License-Identifier: Apache-2.0
"""Areas and where a point lies, over HTTP."""

import pytest
from fastapi.testclient import TestClient

from geo.accounts.rules import Role
from tests import town
from tests.conftest import SignIn


def test_cells_of_the_district_as_geojson(client: TestClient, sign_in: SignIn) -> None:
    answer = client.get("/api/v1/areas?level=cell", headers=sign_in(Role.PLANNER))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/geo+json"
    features = answer.json()["features"]
    assert [feature["properties"]["code"] for feature in features] == sorted(town.CELLS.values())
    assert features[0]["properties"]["households"] == 10
    assert features[0]["geometry"]["type"] == "Polygon"


def test_geometry_can_be_left_out(client: TestClient, sign_in: SignIn) -> None:
    answer = client.get("/api/v1/areas?geometry=false", headers=sign_in(Role.VIEWER))
    assert {feature["geometry"] for feature in answer.json()["features"]} == {None}


@pytest.mark.parametrize(
    ("scope", "within", "expected"),
    [
        ("210503101", None, 6),
        ("210503101", "210503101001", 3),
        ("210503101001", "210503101", 3),
    ],
)
def test_scope_and_within_meet(
    client: TestClient, sign_in: SignIn, scope: str, within: str | None, expected: int
) -> None:
    query = f"&within={within}" if within else ""
    headers = sign_in(Role.SUPERVISOR, scope=scope)
    answer = client.get(f"/api/v1/areas?level=cell{query}", headers=headers)
    assert len(answer.json()["features"]) == expected


def test_outside_scope_is_not_found(client: TestClient, sign_in: SignIn) -> None:
    headers = sign_in(Role.SUPERVISOR, scope="210503101")
    assert client.get("/api/v1/areas?within=210503102", headers=headers).status_code == 404
    assert client.get("/api/v1/areas/210503101", headers=headers).status_code == 200
    refused = client.get("/api/v1/areas/210503102", headers=headers)
    assert refused.status_code == 404
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["code"] == "scope.not_found"


def test_before_the_first_plan_there_is_none(client: TestClient, sign_in: SignIn) -> None:
    answer = client.get("/api/v1/areas?on=2019-12-31", headers=sign_in(Role.ADMIN))
    assert (answer.status_code, answer.json()["code"]) == (404, "plan.none_in_force")


def test_locate_says_every_level_and_the_distance(client: TestClient, sign_in: SignIn) -> None:
    lon, lat = town.point(110, 250)
    answer = client.get(f"/api/v1/locate?lon={lon}&lat={lat}", headers=sign_in(Role.DISPATCHER))
    found = answer.json()
    assert found["cell"] == town.N2
    assert (found["community"], found["subdistrict"]) == ("210503101001", "210503101")
    assert found["building_group"] == f"{town.N2}001"
    assert found["distance_to_border_m"] == pytest.approx(10, abs=0.05)


@pytest.mark.parametrize("place", [town.point(-500, 250), (-57.0, -41.0), (0, 0), (180, 90)])
def test_locate_outside_is_null(
    client: TestClient, sign_in: SignIn, place: tuple[float, float]
) -> None:
    lon, lat = place
    answer = client.get(f"/api/v1/locate?lon={lon}&lat={lat}", headers=sign_in(Role.DISPATCHER))
    assert set(answer.json().values()) == {None}


def test_gcj02_is_converted(client: TestClient, sign_in: SignIn) -> None:
    import numpy as np

    from geo.crs import wgs84_to_gcj02

    lon, lat = town.point(250, 150)
    said = wgs84_to_gcj02(np.array([lon]), np.array([lat]))
    query = f"lon={said[0][0]}&lat={said[1][0]}&system=gcj02"
    answer = client.get(f"/api/v1/locate?{query}", headers=sign_in(Role.DISPATCHER))
    assert answer.json()["cell"] == town.M3


@pytest.mark.parametrize("query", ["lon=nan&lat=1", "lon=1e400&lat=1", "lon=1&lat=91", "lon=1"])
def test_bad_points_are_refused(client: TestClient, sign_in: SignIn, query: str) -> None:
    answer = client.get(f"/api/v1/locate?{query}", headers=sign_in(Role.DISPATCHER))
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["where"].startswith("query.")


def test_nobody_reads_without_signing_in(client: TestClient) -> None:
    answer = client.get("/api/v1/areas")
    assert (answer.status_code, answer.json()["code"]) == (401, "session.required")
