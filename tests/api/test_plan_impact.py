# SPDX-License-Identifier: Apache-2.0
"""The impact of a draft over HTTP."""

import json
from datetime import timedelta
from uuid import uuid4

from fastapi.testclient import TestClient
from shapely.geometry import mapping

from geo.accounts.rules import Role
from geo.clock import SetClock
from geo.db import Database
from tests import drawing, town
from tests.api.test_plan_files import bring
from tests.api.test_plans import BASE, TOMORROW, Desk, desk, transfer
from tests.conftest import SignIn
from tests.db.patrol.test_check_ins import NOW, claim, take

__all__ = ["desk"]


def test_what_a_draft_would_change(database: Database, desk: Desk, clock: SetClock) -> None:
    refused = take(database, claim(108, 250)).check_in
    take(database, claim(50, 250))
    clock.set(NOW + timedelta(minutes=1))
    desk.edit(**transfer())
    answer = desk.ask("GET", "/impact")
    assert answer.status_code == 200, answer.text
    assert answer.headers["etag"] == '"1"'
    found = answer.json()
    assert found["plan"] == desk.plan
    assert found["people"]["buildings"] == 0
    touched = {one["cell"]: one for one in found["workers"]["assignments"]["items"]}
    assert {cell: one["fate"] for cell, one in touched.items()} == {
        town.N1: "reshaped",
        town.N2: "reshaped",
    }
    assert touched[town.N1]["name"] == "王芳"
    assert found["checkpoints"] == {"total": 0, "items": []}
    assert found["incidents"] == {"total": 0, "items": []}
    past = found["check_ins"]
    assert (past["total"], past["concerned"], past["near"], past["changed"]) == (2, 2, 1, 1)
    assert past["transitions"] == [
        {
            "before": "outside",
            "accepted_before": False,
            "after": "uncertain",
            "accepted_after": True,
            "check_ins": 1,
        }
    ]
    (verdict,) = past["verdicts"]["items"]
    lon, lat = town.point(108, 250)
    assert (verdict["id"], verdict["lon"], verdict["lat"]) == (str(refused.id), lon, lat)
    assert verdict["after"] == {"cell": town.N1, "verdict": "uncertain", "accepted": True}


def test_a_draft_whose_cell_overlaps_itself_has_an_impact_too(
    database: Database, desk: Desk, clock: SetClock
) -> None:
    for east in (50, 108):
        take(database, claim(east, 250))
    clock.set(NOW + timedelta(minutes=1))
    parts = [
        mapping(drawing.region(*corners))["coordinates"]
        for corners in (
            ((0, 200), (100, 200), (100, 300), (0, 300)),
            ((60, 240), (120, 240), (120, 280), (60, 280)),
        )
    ]
    cell = {
        "type": "Feature",
        "geometry": {"type": "MultiPolygon", "coordinates": parts},
        "properties": {"code": town.N1},
    }
    body = json.dumps({"type": "FeatureCollection", "features": [cell]}).encode()
    made = bring(desk, body, "x.geojson")
    assert made.status_code == 201, made.text
    draft = Desk(desk.client, desk.headers, made.json()["plan"]["id"])
    answer = draft.ask("GET", "/impact")
    assert answer.status_code == 200, answer.text
    past = answer.json()["check_ins"]
    assert (past["total"], past["concerned"], past["near"], past["changed"]) == (2, 2, 2, 1)


def test_check_ins_of_the_days_asked_for(database: Database, desk: Desk) -> None:
    take(database, claim(108, 250, observed_at=NOW - timedelta(hours=36)))
    desk.edit(**transfer())
    totals = [
        desk.ask("GET", f"/impact?days={days}").json()["check_ins"]["total"] for days in (1, 3)
    ]
    assert totals == [0, 1]
    assert desk.ask("GET", "/impact?days=0").status_code == 422


def test_only_of_a_draft_and_only_for_planners(
    client: TestClient, sign_in: SignIn, desk: Desk
) -> None:
    other = sign_in(Role.SUPERVISOR)
    assert client.get(f"{BASE}/{desk.plan}/impact", headers=other).status_code == 403
    unknown = client.get(f"{BASE}/{uuid4()}/impact", headers=desk.headers)
    assert unknown.json()["code"] == "plan.not_found"
    desk.edit(**transfer())
    base = desk.ask("GET", "").json()["base"]
    desk.ask("POST", "/publish", json={"from": TOMORROW})
    for published in (desk.plan, base):
        answer = client.get(f"{BASE}/{published}/impact", headers=desk.headers)
        assert (answer.status_code, answer.json()["code"]) == (409, "plan.not_a_draft")
