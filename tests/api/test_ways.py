# SPDX-License-Identifier: Apache-2.0
"""A worker's way to what he is called to: along the streets, else straight, and his alone."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from geo.accounts.rules import Role
from geo.clock import SetClock
from geo.db import Database
from tests import town
from tests.api.conftest import Crew
from tests.api.test_incidents import Json, emergency
from tests.conftest import SignIn
from tests.people import see


@pytest.fixture
def made(client: TestClient, sign_in: SignIn, crew: Crew) -> Json:
    """An emergency in N1, 16 m north of 彩虹街: N1 and two neighbours are asked."""
    answer = client.post("/api/v1/incidents", json=emergency(), headers=sign_in(Role.DISPATCHER))
    assert answer.status_code == 201
    return answer.json()  # type: ignore[no-any-return]


def way(client: TestClient, who: dict[str, str], made: Json) -> Any:
    return client.get(f"/api/v1/linkups/{made['linkup']['id']}/way", headers=who)


def spots(answer: Any) -> list[list[float]]:
    line = answer.json()["line"]
    assert line["type"] == "LineString"
    return line["coordinates"]  # type: ignore[no-any-return]


def test_it_goes_along_the_streets_from_where_he_is(
    client: TestClient, database: Database, crew: Crew, made: Json, clock: SetClock
) -> None:
    with database.transaction() as session:
        see(session, town.WORKERS["N2"], (140, 252), at=clock.now())
    answer = way(client, crew["N2"], made)
    assert answer.json()["measure"] == "walk"
    assert answer.json()["distance_m"] == pytest.approx(2 + 90 + 16, abs=0.3)
    # To 彩虹街, along it to the lane in the middle of N1, and up the lane to the house.
    expected = [town.point(*spot) for spot in ((140, 252), (140, 250), (50, 250), (50, 266))]
    for spot, wanted in zip(spots(answer), expected, strict=True):
        assert spot == pytest.approx(wanted, abs=3e-6)


def test_without_streets_it_is_straight_and_says_so(
    client: TestClient, database: Database, crew: Crew, made: Json
) -> None:
    with database.transaction() as session:
        session.execute(text("delete from street"))
    answer = way(client, crew["N2"], made)
    assert answer.json()["measure"] == "straight"
    assert answer.json()["distance_m"] == pytest.approx(101.3, abs=0.3)
    assert spots(answer)[0] == pytest.approx(town.point(150, 250))
    assert len(spots(answer)) == 2


@pytest.mark.parametrize("spot", ["(select point from incident)", "'POINT(-56.2 -41.3)'"])
def test_on_the_very_spot_and_on_the_other_side_of_the_earth(
    client: TestClient, database: Database, crew: Crew, made: Json, spot: str
) -> None:
    with database.transaction() as session:
        session.execute(text(f"update latest_position set point = {spot}"))
    answer = way(client, crew["N1"], made)
    assert (answer.status_code, answer.json()["measure"]) == (200, "straight")
    assert len(spots(answer)) == 2


def test_who_was_not_seen_has_none(
    client: TestClient, database: Database, crew: Crew, made: Json
) -> None:
    with database.transaction() as session:
        session.execute(text("delete from latest_position"))
    unseen = {"measure": "straight", "distance_m": None, "line": None}
    assert way(client, crew["N1"], made).json() == unseen


def test_it_is_for_who_is_called_while_he_is(
    client: TestClient, sign_in: SignIn, crew: Crew, made: Json
) -> None:
    asked = {ask["worker"] for ask in made["linkup"]["asked"]}
    assert str(town.WORKERS["S2"]) not in asked
    outside = way(client, crew["S2"], made)
    assert (outside.status_code, outside.json()["code"]) == (404, "linkup.not_found")
    assert way(client, sign_in(Role.DISPATCHER), made).status_code == 403
    url = f"/api/v1/linkups/{made['linkup']['id']}"
    assert client.post(f"{url}/accept", headers=crew["N1"]).status_code == 200
    assert way(client, crew["N1"], made).status_code == 200
    # The others were released.
    assert way(client, crew["N2"], made).status_code == 404
