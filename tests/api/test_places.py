# SPDX-License-Identifier: Apache-2.0
"""The gazetteer over HTTP: who may do what, and what is answered."""

from urllib.parse import quote
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from geo.accounts.rules import Role
from tests import town
from tests.conftest import SignIn

URL = "/api/v1/places"
LON, LAT = town.point(150, 150)
SHOP = {"kind": "landmark", "name": "供销大厦", "point": {"lon": LON, "lat": LAT}}


def test_a_place_by_hand(client: TestClient, sign_in: SignIn) -> None:
    planner, dispatcher = sign_in(Role.PLANNER), sign_in(Role.DISPATCHER)
    said = {**SHOP, "id": str(uuid4()), "aliases": ["老供销社"]}
    made = client.post(URL, json=said, headers=planner)
    assert made.status_code == 201
    assert client.post(URL, json=said, headers=planner).json() == made.json()
    assert client.post(URL, json={**said, "name": "别的"}, headers=planner).status_code == 409
    place = f"{URL}/{said['id']}"
    named = client.post(
        f"{place}/names", json={"text": "供消大厦", "kind": "misspelling"}, headers=dispatcher
    )
    assert named.status_code == 201
    assert named.json()["names"] == [
        {"text": "供销大厦", "kind": "name"},
        {"text": "老供销社", "kind": "alias"},
        {"text": "供消大厦", "kind": "misspelling"},
    ]
    (found,) = client.get(f"{URL}?q={quote('供消')}", headers=dispatcher).json()["items"]
    assert (found["label"], found["version"]) == ("供销大厦", 3)
    forgotten = client.delete(f"{place}/names?text={quote('供消大厦')}", headers=dispatcher)
    assert len(forgotten.json()["names"]) == 2
    changed = client.patch(place, json={"name": "百货大楼"}, headers=planner)
    assert changed.json()["label"] == "百货大楼"
    assert client.delete(place, headers=planner).status_code == 204
    assert client.get(place, headers=planner).status_code == 404
    states = client.get(f"{place}/history", headers=planner).json()["items"]
    assert [state["version"]["number"] for state in states] == [6, 5, 4, 3, 2]
    assert states[0]["place"] is None
    versions = client.get("/api/v1/gazetteer-versions?limit=2", headers=planner).json()
    assert [one["number"] for one in versions["items"]] == [6, 5]
    more = client.get(f"/api/v1/gazetteer-versions?before={versions['next']}", headers=planner)
    assert [one["number"] for one in more.json()["items"]] == [4, 3, 2, 1]
    back = client.post("/api/v1/gazetteer-versions/5/restore", headers=planner)
    assert (back.status_code, back.json()["restored"]) == (201, 5)
    assert client.get(place, headers=planner).json()["label"] == "百货大楼"


@pytest.mark.parametrize(
    ("role", "write", "name", "read"),
    [
        (Role.ADMIN, 201, 201, 200),
        (Role.PLANNER, 201, 201, 200),
        (Role.DISPATCHER, 403, 201, 200),
        (Role.SUPERVISOR, 403, 403, 200),
        (Role.VIEWER, 403, 403, 403),
        (Role.WORKER, 403, 403, 403),
    ],
)
def test_who_may(
    client: TestClient, sign_in: SignIn, role: Role, write: int, name: int, read: int
) -> None:
    headers = sign_in(role, worker=town.WORKERS["N1"] if role is Role.WORKER else None)
    park = client.get(f"{URL}?q={quote('彩虹公园')}", headers=headers).json()["items"][0]["id"]
    assert client.post(URL, json=SHOP, headers=headers).status_code == write
    answer = client.post(f"{URL}/{park}/names", json={"text": "植物园"}, headers=headers)
    assert answer.status_code == name
    assert client.get(f"{URL}/{park}/history", headers=headers).status_code == read
    assert client.get("/api/v1/gazetteer-versions", headers=headers).status_code == read


def test_a_place_outside_the_scope_is_not_there(client: TestClient, sign_in: SignIn) -> None:
    headers = sign_in(Role.PLANNER, scope="210503102")
    assert client.post(URL, json=SHOP, headers=headers).status_code == 404
    restored = client.post("/api/v1/gazetteer-versions/1/restore", headers=headers)
    assert restored.status_code == 404


def test_places_are_listed_page_by_page(client: TestClient, sign_in: SignIn) -> None:
    headers = sign_in(Role.VIEWER)
    url = f"{URL}?street={quote('彩虹街')}&kind=building&limit=2"
    first = client.get(url, headers=headers).json()
    rest = client.get(f"{url}&cursor={first['next']}", headers=headers).json()
    houses = [*first["items"], *rest["items"]]
    assert sorted(one["number"] for one in houses) == ["10", "11", "12"]
    assert rest["next"] is None


@pytest.mark.parametrize("said", ["%", "％", "_", "\\", "！", "-"])
def test_a_question_that_says_nothing_finds_nothing(
    client: TestClient, sign_in: SignIn, said: str
) -> None:
    answer = client.get(f"{URL}?q={quote(said)}", headers=sign_in(Role.VIEWER))
    assert (answer.status_code, answer.json()["items"]) == (200, [])


def test_an_area_is_not_added_by_hand(client: TestClient, sign_in: SignIn) -> None:
    said = {**SHOP, "kind": "area", "id": str(uuid4())}
    refused = client.post(URL, json=said, headers=sign_in(Role.PLANNER))
    assert (refused.status_code, refused.json()["code"]) == (409, "place.of_plan")
