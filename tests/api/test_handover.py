# SPDX-License-Identifier: Apache-2.0
"""From one plan to the next: who goes on where, and what changes at the first instant."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from shapely.geometry import mapping

from api.clockwork import chores, do
from geo.accounts.rules import Role
from geo.clock import SetClock, rfc3339
from geo.db import Database
from geo.settings import Settings
from tests import drawing, town
from tests.api.test_plans import Desk
from tests.conftest import SignIn

TOMORROW = "2026-03-03"
# The first instant of that day in Shanghai.
MIDNIGHT = datetime(2026, 3, 2, 16, 0, tzinfo=UTC)
MIDDLE = mapping(drawing.line((50, 190), (50, 310)))
LON, LAT = town.point(60, 250)


@pytest.fixture
def desk(client: TestClient, sign_in: SignIn) -> Desk:
    return Desk(client, sign_in(Role.PLANNER))


def publish(desk: Desk, **edit: Any) -> dict[str, str]:
    assert desk.edit(**edit).status_code == 200
    answer = desk.ask("POST", "/publish", json={"from": TOMORROW})
    assert answer.status_code == 200, answer.text
    codes: dict[str, str] = answer.json()["codes"]
    return codes


def midnight(database: Database, clock: SetClock) -> None:
    """The first instant of the plan has come, and a second more for the clockwork."""
    clock.set(MIDNIGHT + timedelta(seconds=1))
    (chore,) = (one for one in chores(Settings()) if one.name == "plans take effect")
    do(database, clock, chore)


def cells_of(desk: Desk, name: str) -> dict[str, str]:
    worker = desk.client.get(f"/api/v1/workers/{town.WORKERS[name]}", headers=desk.headers).json()
    return {held["cell"]: held["role"] for held in worker["cells"]}


def tasks(desk: Desk, kind: str) -> list[dict[str, Any]]:
    items = desk.ask("GET", "/handover").json()["items"]
    return [task for task in items if task["kind"] == kind]


def test_the_holder_of_a_split_cell_holds_both_halves(
    desk: Desk, database: Database, clock: SetClock, sign_in: SignIn
) -> None:
    codes = publish(desk, op="split", cell=town.N1, line=MIDDLE)
    halves = {codes["210503101001D01"], codes["210503101001D02"]}
    assert cells_of(desk, "N1") == {town.N1: "holder"}
    handed = tasks(desk, "assignment")
    assert {(task["area"], task["to"]) for task in handed} == {(town.N1, half) for half in halves}
    assert {task["subject"] for task in handed} == {str(town.WORKERS["N1"])}
    assert {task["name"] for task in handed} == {town.WORKER_NAMES["N1"]}
    midnight(database, clock)
    desk.headers = sign_in(Role.PLANNER)
    assert cells_of(desk, "N1") == dict.fromkeys(halves, "holder")


def test_of_merged_cells_one_holder_goes_on_and_the_others_help(
    desk: Desk, database: Database, clock: SetClock, sign_in: SignIn
) -> None:
    codes = publish(desk, op="merge", cells=[town.N1, town.N2])
    midnight(database, clock)
    desk.headers = sign_in(Role.PLANNER)
    merged = codes["210503101001D01"]
    assert cells_of(desk, "N1") == {merged: "holder"}
    assert cells_of(desk, "N2") == {merged: "assistant"}


def test_who_comes_to_a_cell_that_stays_helps_its_holder(
    desk: Desk, database: Database, clock: SetClock, sign_in: SignIn
) -> None:
    # Most of N2 goes to N1, the rest of it is merged into N3.
    area = mapping(drawing.region((99, 200), (180, 200), (180, 300), (99, 300)))
    assert desk.edit(**{"op": "transfer", "area": area, "to": town.N1}).status_code == 200
    codes = publish(desk, op="merge", cells=[town.N2, town.N3])
    midnight(database, clock)
    desk.headers = sign_in(Role.PLANNER)
    merged = codes["210503101001D01"]
    assert cells_of(desk, "N1") == {town.N1: "holder"}
    assert cells_of(desk, "N3") == {merged: "holder"}
    helping = cells_of(desk, "N2")
    assert helping[merged] == "assistant"
    assert set(helping.values()) == {"assistant"}


def test_a_plan_taken_back_before_its_day_leaves_everything_as_it_was(
    desk: Desk, database: Database, clock: SetClock, sign_in: SignIn
) -> None:
    publish(desk, op="split", cell=town.N1, line=MIDDLE)
    assert desk.ask("POST", "/rollback").status_code == 200
    midnight(database, clock)
    desk.headers = sign_in(Role.PLANNER)
    assert cells_of(desk, "N1") == {town.N1: "holder"}
    assert desk.ask("GET", "/handover").json() == {"items": [], "done": 0}


def test_after_its_day_the_way_back_leads_to_the_old_cells(
    desk: Desk, database: Database, clock: SetClock, sign_in: SignIn
) -> None:
    publish(desk, op="merge", cells=[town.N1, town.N2])
    midnight(database, clock)
    desk.headers = sign_in(Role.PLANNER)
    desk.ask("POST", "/rollback")
    clock.set(MIDNIGHT + timedelta(days=1, seconds=1))
    (chore,) = (one for one in chores(Settings()) if one.name == "plans take effect")
    do(database, clock, chore)
    desk.headers = sign_in(Role.PLANNER)
    # Who held both as one goes on in both; who helped helps in both.
    assert cells_of(desk, "N1") == {town.N1: "holder", town.N2: "holder"}
    assert cells_of(desk, "N2") == {town.N1: "assistant", town.N2: "assistant"}


def test_checkpoints_come_to_the_cell_that_holds_them(
    desk: Desk, database: Database, clock: SetClock, sign_in: SignIn
) -> None:
    # The eastern two thirds of N1 go to N2, and the checkpoint in its middle with them.
    area = mapping(drawing.region((35, 200), (101, 200), (101, 300), (35, 300)))
    publish(desk, op="transfer", area=area, to=town.N2)
    (task,) = tasks(desk, "checkpoint")
    assert (task["area"], task["to"]) == (town.N1, town.N2)
    assert task["name"] == "凉亭 N1-1"
    midnight(database, clock)
    desk.headers = sign_in(Role.ADMIN)
    listed = desk.client.get(f"/api/v1/checkpoints?within={town.N2}", headers=desk.headers).json()[
        "items"
    ]
    assert str(town.CHECKPOINTS["N1"]) in {one["id"] for one in listed}

    # Yesterday it was due in N1, today it is in N2.
    def due(on: str, cell: str) -> int:
        days = desk.client.get(f"/api/v1/patrol-days?on={on}", headers=desk.headers).json()
        return int(next(day for day in days["items"] if day["cell"] == cell)["checkpoints_due"])

    assert (due("2026-03-02", town.N1), due("2026-03-02", town.N2)) == (1, 1)
    assert (due(TOMORROW, town.N1), due(TOMORROW, town.N2)) == (0, 2)


def test_a_check_in_is_judged_by_the_plan_of_its_moment(
    desk: Desk, database: Database, clock: SetClock, sign_in: SignIn
) -> None:
    codes = publish(desk, op="split", cell=town.N1, line=MIDDLE)

    def check_in(observed_at: datetime) -> dict[str, Any]:
        lon, lat = town.point(52, 250)
        fix = {"lon": lon, "lat": lat, "accuracy_m": 5, "observed_at": rfc3339(observed_at)}
        body = {
            "id": str(uuid4()),
            "worker": str(town.WORKERS["N1"]),
            "checkpoint": str(town.CHECKPOINTS["N1"]),
            "fix": fix,
        }
        me = sign_in(Role.WORKER, worker=town.WORKERS["N1"])
        answer = desk.client.post("/api/v1/check-ins", json=body, headers=me)
        assert answer.status_code == 201, answer.text
        said: dict[str, Any] = answer.json()
        return said

    midnight(database, clock)
    late, now = check_in(MIDNIGHT - timedelta(minutes=5)), check_in(MIDNIGHT)
    assert (late["cell"], late["accepted"]) == (town.N1, True)
    assert now["cell"] in codes.values()
    assert now["plan"] == desk.plan
    assert late["plan"] != desk.plan


@pytest.mark.parametrize("place", [{"point": {"lon": LON, "lat": LAT}}, {"cell": town.N1}])
def test_an_open_incident_comes_to_the_new_cell_at_the_first_instant(
    desk: Desk, database: Database, clock: SetClock, sign_in: SignIn, place: dict[str, Any]
) -> None:
    officer = sign_in(Role.DISPATCHER)
    body = {
        "id": str(uuid4()),
        "title": "路灯不亮",
        "category": "市容环境",
        "severity": "normal",
        "place": place,
    }
    made = desk.client.post("/api/v1/incidents", json=body, headers=officer).json()
    assert made["cell"] == town.N1
    codes = publish(desk, op="split", cell=town.N1, line=MIDDLE)
    (task,) = tasks(desk, "incident")
    assert task["subject"] == made["id"]
    # When and of what kind, and nothing that was said of people.
    assert (task["name"], task["reported_at"]) == ("市容环境", made["reported_at"])
    midnight(database, clock)
    officer = sign_in(Role.DISPATCHER)
    now = desk.client.get(f"/api/v1/incidents/{made['id']}", headers=officer).json()
    assert now["cell"] in codes.values()


def test_a_task_is_ticked_off_by_whose_area_it_is(desk: Desk, sign_in: SignIn) -> None:
    publish(desk, op="split", cell=town.N1, line=MIDDLE)
    (first, _) = tasks(desk, "assignment")
    path = f"/api/v1/plans/{desk.plan}/handover"
    theirs = sign_in(Role.SUPERVISOR, scope="210503102")
    assert desk.client.get(path, headers=theirs).json()["items"] == []
    answer = desk.client.post(f"{path}/{first['id']}", json={}, headers=theirs)
    assert answer.status_code == 404
    mine = sign_in(Role.SUPERVISOR, scope="210503101001")
    answer = desk.client.post(f"{path}/{first['id']}", json={}, headers=mine)
    assert (answer.status_code, answer.json()["name"]) == (200, town.WORKER_NAMES["N1"])
    assert desk.client.get(path, headers=mine).json()["done"] == 1
    desk.client.post(f"{path}/{first['id']}", json={"done": False}, headers=mine)
    assert desk.client.get(path, headers=mine).json()["done"] == 0


def test_an_account_of_a_community_that_is_no_more_is_named(desk: Desk, sign_in: SignIn) -> None:
    sign_in(Role.SUPERVISOR, scope="210503102001")
    publish(desk, op="reassign", communities=["210503102001"], subdistrict="210503101")
    (task,) = tasks(desk, "account")
    assert (task["area"], task["to"]) == ("210503102001", None)


def test_the_wall_of_a_day_to_come_is_shown_before_it_comes(desk: Desk, sign_in: SignIn) -> None:
    codes = publish(desk, op="split", cell=town.N1, line=MIDDLE)
    admin = sign_in(Role.ADMIN)

    def cells(on: str) -> set[str]:
        answer = desk.client.get(f"/api/v1/basemap/cells{on}", headers=admin)
        return {one["properties"]["code"] for one in answer.json()["features"]}

    def held(on: str) -> set[str]:
        state = desk.client.get(f"/api/v1/state{on}", headers=admin).json()
        holder = next(
            row for row in state["collections"]["workers"] if row["id"] == str(town.WORKERS["N1"])
        )
        return {one["cell"] for one in holder["cells"]}

    halves = {codes["210503101001D01"], codes["210503101001D02"]}
    assert cells(f"?on={TOMORROW}") == cells("") - {town.N1} | halves
    assert (held(""), held(f"?on={TOMORROW}")) == ({town.N1}, halves)
    page = desk.client.get(f"/wall?on={TOMORROW}", headers=admin)
    assert page.status_code == 200
    assert f"/api/v1/basemap/cells?on={TOMORROW}" in page.text
