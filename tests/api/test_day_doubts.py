# SPDX-License-Identifier: Apache-2.0
"""What is doubted of whole days: seen by supervisors in scope, and by whom it is about."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from geo.accounts.rules import Role
from geo.clock import SetClock
from geo.db import Database
from geo.settling.actions import settle
from geo.unsettled import WorkerDay
from tests import town
from tests.conftest import SignIn
from tests.db.settling.test_settling import parcels, send

S1, N1 = town.WORKERS["S1"], town.WORKERS["N1"]
PATH = "/api/v1/day-doubts"


@pytest.fixture
def settled(database: Database) -> None:
    """S1's phone has said one place all morning."""
    for parcel in parcels():
        if parcel.worker == S1:
            send(database, parcel, parcel.due)
    with database.transaction() as session:
        settle(session, WorkerDay(town.DISTRICT, S1, town.MORNING.date()), at=town.MORNING)


@pytest.mark.usefixtures("settled")
def test_marks_of_a_day_with_their_reasons(
    client: TestClient, sign_in: SignIn, clock: SetClock
) -> None:
    own = sign_in(Role.WORKER, worker=S1)
    for headers in (own, sign_in(Role.SUPERVISOR), sign_in(Role.SUPERVISOR, scope="210503102")):
        (day,) = client.get(PATH, headers=headers).json()["items"]
        assert (day["worker"], day["on"]) == (str(S1), "2026-03-02")
        (doubt,) = day["doubts"]
        assert doubt["code"] == "track.lifeless"
        assert doubt["minutes"] > 30

    def seen(headers: dict[str, str], **query: Any) -> list[Any]:
        items: list[Any] = client.get(PATH, params=query, headers=headers).json()["items"]
        return items

    assert seen(sign_in(Role.SUPERVISOR, scope="210503101")) == []
    assert seen(sign_in(Role.WORKER, worker=N1)) == []
    assert seen(own, on="2026-03-01") == []
    assert client.get(PATH, params={"within": "210503101"}, headers=own).status_code == 404


def test_who_is_shown_none(client: TestClient, sign_in: SignIn) -> None:
    for role in (Role.VIEWER, Role.DISPATCHER, Role.PLANNER):
        assert client.get(PATH, headers=sign_in(role)).status_code == 403
