# SPDX-License-Identifier: Apache-2.0
"""Drafts over HTTP: drawn by two, undone, branched, published and taken back."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from shapely.geometry import mapping

from geo.accounts.rules import Role
from geo.clock import SetClock
from geo.db import Database
from geo.jobs import actions as jobs
from tests import drawing, town
from tests.conftest import SignIn

BASE = "/api/v1/plans"
STRIP = mapping(drawing.region((100, 200), (110, 200), (110, 300), (100, 300)))
MIDDLE = mapping(drawing.line((50, 190), (50, 310)))
TOMORROW = "2026-03-03"


def transfer(to: str = town.N1, area: Any = STRIP) -> dict[str, Any]:
    return {"op": "transfer", "area": area, "to": to}


class Desk:
    """A planner at work on one draft: every edit names the revision he saw last."""

    def __init__(self, client: TestClient, headers: dict[str, str], plan: str = "") -> None:
        self.client, self.headers, self.plan, self.etag = client, headers, plan, '"0"'
        if not plan:
            made = client.post(BASE, json={"name": "草案"}, headers=headers)
            assert made.status_code == 201, made.text
            self.plan, self.etag = made.json()["id"], made.headers["etag"]

    def ask(self, method: str, path: str, **more: Any) -> Any:
        headers = {**self.headers, "if-match": self.etag}
        answer = self.client.request(method, f"{BASE}/{self.plan}{path}", headers=headers, **more)
        self.etag = answer.headers.get("etag", self.etag)
        return answer

    def edit(self, **edit: Any) -> Any:
        return self.ask("POST", "/edits", json=edit)

    def cells(self) -> dict[str, Any]:
        answer = self.ask("GET", "?as=geojson")
        return {one["properties"]["code"]: one for one in answer.json()["features"]}


@pytest.fixture
def desk(client: TestClient, sign_in: SignIn) -> Desk:
    return Desk(client, sign_in(Role.PLANNER))


def test_a_draft_starts_as_the_plan_in_force(desk: Desk) -> None:
    entry = desk.ask("GET", "").json()
    assert (entry["status"], entry["revision"], entry["from"]) == ("draft", 0, None)
    cells = desk.cells()
    assert set(cells) == set(town.CELLS.values())
    assert cells[town.N1]["properties"]["households"] == 10
    listed = desk.client.get(BASE, headers=desk.headers).json()["items"]
    assert [one["status"] for one in listed] == ["published", "draft"]


def test_an_edit_answers_what_changed_and_the_next_revision(desk: Desk) -> None:
    answer = desk.edit(**transfer())
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert (said["revision"], answer.headers["etag"]) == (1, '"1"')
    assert said["moved_m2"] == pytest.approx(1000, abs=20)
    changed = {one["properties"]["code"]: one for one in said["changed"]["features"]}
    assert set(changed) == {town.N1, town.N2, town.M2}
    assert changed[town.N1]["properties"]["area_m2"] == pytest.approx(11_000, abs=20)
    assert desk.cells()[town.N1] == changed[town.N1]


def test_the_cells_come_with_the_names_of_what_is_above_them(desk: Desk) -> None:
    desk.edit(op="found", areas=[town.N1], parent="210503101", name="新城社区")
    areas = desk.ask("GET", "?as=geojson").json()["areas"]
    assert areas == {**town.NAMES, "210503101D01": "新城社区"}


def test_an_edit_answers_how_the_figures_moved(desk: Desk) -> None:
    before = desk.ask("GET", "/metrics").json()
    said = desk.edit(**transfer()).json()
    after = desk.ask("GET", "/metrics").json()
    moved = said["metrics_change"]
    assert moved["overall"] == {"before": before["overall"], "after": after["overall"]}
    assert set(moved["cells"]) >= {town.N1, town.N2}
    for code, change in moved["cells"].items():
        assert change == {"before": before["cells"][code], "after": after["cells"][code]}
    assert after["cells"][town.N1]["area_m2"] == pytest.approx(11_000, abs=20)
    assert after["overall"]["households"] == 90
    assert said["problems"]["features"] == []


def test_undoing_gives_the_figures_back(desk: Desk) -> None:
    before = desk.ask("GET", "/metrics").json()
    desk.edit(op="split", cell=town.N1, line=MIDDLE)
    desk.ask("DELETE", "/edits/last")
    assert desk.ask("GET", "/metrics").json() == before


def test_the_same_draft_is_begun_once(desk: Desk, sign_in: SignIn) -> None:
    body = {"id": str(uuid4()), "name": "同一份"}

    def begin(headers: dict[str, str], **more: Any) -> Any:
        return desk.client.post(BASE, json={**body, **more}, headers=headers)

    first = begin(desk.headers)
    assert first.status_code == 201
    again = begin(desk.headers)
    assert (again.status_code, again.json()) == (200, first.json())
    for refused in (
        begin(desk.headers, name="别的"),
        begin(desk.headers, based_on=desk.plan),
        begin(sign_in(Role.ADMIN)),
        begin(desk.headers, id=desk.ask("GET", "").json()["base"]),
    ):
        assert (refused.status_code, refused.json()["code"]) == (409, "id.reused")
        assert "name" not in refused.json()
    assert len(desk.client.get(BASE, headers=desk.headers).json()["items"]) == 3


@pytest.mark.parametrize("name", ["两\n行", "x" * 201, " ", "a\tb"])
def test_a_name_is_one_line(desk: Desk, name: str) -> None:
    answers = [
        desk.ask("PATCH", "", json={"name": name}),
        desk.edit(op="rename", cell=town.N1, name=name),
        desk.client.post(BASE, json={"name": name}, headers=desk.headers),
    ]
    assert [answer.status_code for answer in answers] == [422] * 3


def test_who_plans_for_a_part_sees_no_plan_of_the_whole(desk: Desk, sign_in: SignIn) -> None:
    job = desk.ask("POST", "/impact", json={}).json()["id"]
    part = sign_in(Role.PLANNER, scope="210503101")
    plan = f"{BASE}/{desk.plan}"
    for method, path, body in (
        ("GET", BASE, None),
        ("POST", BASE, {"name": "自己的"}),
        ("GET", plan, None),
        ("GET", f"{plan}?as=geojson", None),
        ("GET", f"{plan}/impact", None),
        ("POST", f"{plan}/impact", {}),
        ("GET", f"{plan}/steps", None),
        ("GET", f"{plan}/export", None),
        ("POST", f"{plan}/draw", {"within": "210503101001"}),
        ("POST", f"{plan}/edits", {"op": "rename", "cell": town.N1, "name": "甲"}),
        ("POST", f"{plan}/publish", {"from": TOMORROW}),
        ("GET", f"/api/v1/jobs/{job}", None),
        ("POST", f"/api/v1/jobs/{job}/cancel", None),
        ("GET", "/planner", None),
    ):
        headers = {**part, "if-match": '"0"'}
        answer = desk.client.request(method, path, headers=headers, json=body)
        assert (answer.status_code, answer.json()["code"]) == (404, "scope.not_found"), path


def test_no_draft_renames_the_district(desk: Desk) -> None:
    refused = desk.edit(op="rename", cell=town.DISTRICT, name="别的区")
    assert (refused.status_code, refused.json()["code"]) == (404, "plan.area_unknown")


def test_coordinates_are_multiples_of_the_grid(desk: Desk) -> None:
    desk.edit(**transfer())
    for cell in desk.cells().values():
        for lon, lat in cell["geometry"]["coordinates"][0]:
            assert (round(lon, 7), round(lat, 7)) == (lon, lat)


def test_undo_and_redo_are_steps_of_their_own(desk: Desk) -> None:
    desk.edit(**transfer())
    moved = desk.cells()[town.N1]
    undone = desk.ask("DELETE", "/edits/last")
    assert undone.status_code == 200
    assert (undone.json()["revision"], undone.json()["can_redo"]) == (2, True)
    assert desk.cells()[town.N1] != moved
    assert desk.ask("DELETE", "/edits/last").json()["code"] == "plan.nothing_to_undo"
    redone = desk.ask("POST", "/edits/redo")
    assert (redone.json()["revision"], redone.json()["can_undo"]) == (3, True)
    assert desk.cells()[town.N1] == moved
    assert desk.ask("POST", "/edits/redo").status_code == 409
    steps = desk.ask("GET", "/steps").json()["items"]
    assert [step["kind"] for step in steps] == ["edit", "undo", "redo"]
    assert all(step["by"].startswith("planner-") for step in steps)


def test_an_edit_after_an_undo_leaves_nothing_to_redo(desk: Desk) -> None:
    desk.edit(**transfer())
    desk.edit(op="rename", cell=town.N1, name="第一网格")
    desk.ask("DELETE", "/edits/last")
    desk.edit(op="rename", cell=town.N1, name="另一个名字")
    assert desk.ask("POST", "/edits/redo").status_code == 409
    assert desk.cells()[town.N1]["properties"]["name"] == "另一个名字"
    desk.ask("DELETE", "/edits/last")
    assert desk.cells()[town.N1]["properties"]["name"] == "第1网格"
    assert desk.ask("DELETE", "/edits/last").status_code == 200


def test_of_two_planners_the_second_is_told_what_changed(
    desk: Desk, client: TestClient, sign_in: SignIn
) -> None:
    other = Desk(client, sign_in(Role.PLANNER), desk.plan)
    assert desk.edit(**transfer()).status_code == 200
    refused = other.edit(op="split", cell=town.S1, line=mapping(drawing.line((50, -9), (50, 109))))
    assert refused.status_code == 412
    said = refused.json()
    assert (said["code"], said["revision"], said["yours"]) == ("plan.revision_stale", 1, 0)
    (step,) = said["steps"]
    assert (step["op"], step["changed"]) == ("transfer", [town.N1, town.N2, town.M2])
    # Nothing of his is lost: he looks again and draws it.
    other.etag = '"1"'
    again = other.edit(op="split", cell=town.S1, line=mapping(drawing.line((50, -9), (50, 109))))
    assert again.status_code == 200


@pytest.mark.parametrize("if_match", [None, "*", '"x"', '"-1"', '"99999999999"'])
def test_an_edit_without_a_revision_is_refused(desk: Desk, if_match: str | None) -> None:
    headers = {**desk.headers, **({"if-match": if_match} if if_match else {})}
    answer = desk.client.post(f"{BASE}/{desk.plan}/edits", json=transfer(), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (428, "plan.revision_required")


def test_a_weak_tag_matches_no_revision(desk: Desk) -> None:
    assert desk.edit(**transfer()).status_code == 200
    for method, path, body in (
        ("POST", "/edits", transfer(town.N2)),
        ("DELETE", "/edits/last", None),
        ("POST", "/edits/redo", None),
    ):
        desk.etag = 'W/"1"'
        answer = desk.ask(method, path, json=body)
        assert (answer.status_code, answer.json()["code"]) == (412, "plan.revision_weak")
        assert 'W/"1"' in answer.json()["detail"]
    assert desk.ask("GET", "").json()["revision"] == 1


def test_a_refused_edit_says_where_and_leaves_no_trace(desk: Desk) -> None:
    answer = desk.edit(op="split", cell=town.N1, line=mapping(drawing.line((10, 210), (20, 220))))
    assert (answer.status_code, answer.json()["code"]) == (409, "plan.does_not_cut")
    assert {"lon", "lat"} <= answer.json().keys()
    assert desk.ask("GET", "").json()["revision"] == 0


def test_a_refusal_names_cells_as_people_write_them(desk: Desk) -> None:
    said = desk.edit(op="merge", cells=[town.N1, town.S3]).json()
    assert said["code"] == "plan.not_one_community"
    assert f"网格 {town.N1}、{town.S3} 不属于同一社区" in said["detail"]


@pytest.mark.parametrize(
    "edit",
    [
        {"op": "dissolve"},
        {"op": "transfer", "area": {"type": "Polygon", "coordinates": []}, "to": town.N1},
        {"op": "transfer", "area": {**STRIP, "coordinates": [[[0, 91]] * 4]}, "to": town.N1},
        {"op": "transfer", "area": STRIP, "to": "21050310100100A"},
        {"op": "reassign", "cells": [town.N1]},
        {"op": "reassign", "cells": [town.N1], "subdistrict": "210503102"},
        {"op": "split", "cell": town.N1, "parts": 1},
        {"op": "lock", "cells": [], "locked": True},
    ],
)
def test_what_is_no_edit_is_refused_at_the_door(desk: Desk, edit: dict[str, Any]) -> None:
    assert desk.edit(**edit).status_code == 422


def test_a_split_without_line_and_parts_is_refused(desk: Desk) -> None:
    answer = desk.edit(op="split", cell=town.N1)
    assert (answer.status_code, answer.json()["code"]) == (422, "plan.shape_wrong")


def test_a_draft_of_a_draft_goes_its_own_way(desk: Desk) -> None:
    desk.edit(**transfer())
    made = desk.client.post(
        BASE, json={"name": "另案", "based_on": desk.plan}, headers=desk.headers
    ).json()
    branch = Desk(desk.client, desk.headers, made["id"])
    branch.etag = f'"{made["revision"]}"'
    assert branch.cells() == desk.cells()
    branch.edit(op="merge", cells=[town.S1, town.S2])
    assert len(branch.cells()) == 8
    assert len(desk.cells()) == 9


def test_only_planners_draw(client: TestClient, sign_in: SignIn) -> None:
    for role in (Role.DISPATCHER, Role.SUPERVISOR, Role.VIEWER):
        headers = sign_in(role)
        assert client.get(BASE, headers=headers).status_code == 403
        assert client.post(BASE, json={"name": "x"}, headers=headers).status_code == 403


def test_a_plan_from_tomorrow_on(desk: Desk, clock: SetClock) -> None:
    desk.edit(op="split", cell=town.N1, line=MIDDLE)
    published = desk.ask("POST", "/publish", json={"from": TOMORROW})
    assert published.status_code == 200, published.text
    codes = published.json()["codes"]
    assert codes["210503101001D01"] in ("210503101001004", "210503101001005")
    assert published.json()["plan"]["status"] == "published"

    def areas(on: str) -> dict[str, Any]:
        answer = desk.client.get(f"/api/v1/areas?on={on}", headers=desk.headers)
        return {one["properties"]["code"]: one for one in answer.json()["features"]}

    today, tomorrow = areas("2026-03-02"), areas(TOMORROW)
    assert town.N1 in today
    assert set(tomorrow) == set(today) - {town.N1} | {"210503101001004", "210503101001005"}
    # West to east: the western half has the lower number.
    west, east = (tomorrow[f"21050310100100{number}"]["geometry"] for number in (4, 5))
    assert west["coordinates"][0][0][0] < max(x for x, _ in east["coordinates"][0])
    assert sum(one["properties"]["households"] for one in tomorrow.values()) == 90
    # It is no draft any more.
    assert desk.edit(**transfer(town.N2)).json()["code"] == "plan.not_a_draft"
    assert desk.ask("POST", "/publish", json={"from": TOMORROW}).status_code == 409


def test_what_was_drawn_since_is_not_published_unseen(desk: Desk) -> None:
    seen = desk.etag
    assert desk.edit(**transfer()).status_code == 200
    path, body = f"{BASE}/{desk.plan}/publish", {"from": TOMORROW}
    stale = desk.client.post(path, json=body, headers={**desk.headers, "if-match": seen})
    assert (stale.status_code, stale.json()["code"]) == (412, "plan.revision_stale")
    assert desk.ask("GET", "").json()["status"] == "draft"
    assert desk.client.post(path, json=body, headers=desk.headers).status_code == 200


@pytest.mark.parametrize("name", ["\u200b\u2060", "\u3000", "a\u202eb", ""])
def test_a_name_can_be_read(desk: Desk, name: str) -> None:
    assert desk.edit(op="rename", cell=town.N1, name=name).status_code == 422


def test_an_outline_of_thousands_of_corners_is_refused(desk: Desk) -> None:
    rings = [[(0.0, 0.0), *[(0.0, 1.0)] * 700, (0.0, 0.0)]] * 3
    answer = desk.edit(**transfer(area={"type": "Polygon", "coordinates": rings}))
    assert (answer.status_code, answer.json()["code"]) == (422, "request.invalid")
    assert "2000" in answer.text


def test_a_plan_begins_tomorrow_at_the_earliest(desk: Desk) -> None:
    desk.edit(**transfer())
    answer = desk.ask("POST", "/publish", json={"from": "2026-03-02"})
    assert (answer.status_code, answer.json()["code"]) == (422, "plan.date_too_early")


def test_a_draft_whose_base_is_no_longer_in_force_is_refused(desk: Desk) -> None:
    other = Desk(desk.client, desk.headers)
    for one in (desk, other):
        one.edit(**transfer())
    assert desk.ask("POST", "/publish", json={"from": TOMORROW}).status_code == 200
    answer = other.ask("POST", "/publish", json={"from": "2026-03-04"})
    assert (answer.status_code, answer.json()["code"]) == (409, "plan.base_moved")


@pytest.mark.parametrize("day", ["2026-03-12T00:00", "20260310", 20260310, "2027-02-29", ""])
def test_a_day_is_a_day(desk: Desk, day: Any) -> None:
    assert desk.ask("POST", "/publish", json={"from": day}).status_code == 422


def test_published_plans_are_a_chain_that_is_drawn_and_taken_back_at_its_end(
    desk: Desk, clock: SetClock, sign_in: SignIn
) -> None:
    between = Desk(desk.client, desk.headers)
    for one in (desk, between):
        one.edit(op="split", cell=town.N1, line=MIDDLE)
    assert desk.ask("POST", "/publish", json={"from": "2026-03-10"}).status_code == 200
    made = desk.client.post(
        BASE, json={"name": "再后", "based_on": desk.plan}, headers=desk.headers
    )
    later = Desk(desk.client, desk.headers, made.json()["id"])
    later.edit(op="split", cell=town.S1, line=mapping(drawing.line((50, -10), (50, 110))))
    assert later.ask("POST", "/publish", json={"from": "2026-03-20"}).status_code == 200
    # What follows was drawn from what it follows: nothing goes between, nothing goes from below.
    for refused, name in (
        (between.ask("POST", "/publish", json={"from": TOMORROW}), "草案"),
        (desk.ask("POST", "/rollback"), "再后"),
    ):
        assert (refused.status_code, refused.json()["code"]) == (409, "plan.followed")
        assert refused.json()["name"] == name
    clock.set(clock.now() + timedelta(days=10))
    headers = sign_in(Role.PLANNER)
    desk.headers = later.headers = headers
    assert desk.ask("POST", "/rollback").json()["code"] == "plan.followed"
    assert later.ask("POST", "/rollback").json()["id"] == desk.plan
    again = desk.ask("POST", "/rollback")
    assert again.json()["from"] == "2026-03-13"
    # Once is enough, though its last day is not over.
    assert desk.ask("POST", "/rollback").json()["code"] == "plan.followed"


def test_a_plan_is_taken_back_before_its_day(desk: Desk) -> None:
    before = desk.client.get("/api/v1/areas?on=2026-03-05", headers=desk.headers).json()
    desk.edit(**transfer())
    desk.ask("POST", "/publish", json={"from": TOMORROW})
    answer = desk.ask("POST", "/rollback")
    assert answer.status_code == 200, answer.text
    assert answer.json()["until"] is None
    assert desk.client.get("/api/v1/areas?on=2026-03-05", headers=desk.headers).json() == before
    assert desk.ask("POST", "/rollback").json()["code"] == "plan.nothing_to_roll_back"


def test_a_plan_is_taken_back_after_its_day_and_the_past_stays(
    desk: Desk, clock: SetClock, sign_in: SignIn
) -> None:
    desk.edit(op="split", cell=town.N1, line=MIDDLE)
    desk.ask("POST", "/publish", json={"from": TOMORROW})
    clock.set(clock.now() + timedelta(days=3))
    desk.headers = sign_in(Role.PLANNER)
    answer = desk.ask("POST", "/rollback")
    assert answer.status_code == 200, answer.text
    assert answer.json()["from"] == "2026-03-06"

    def codes(on: str) -> set[str]:
        found = desk.client.get(f"/api/v1/areas?on={on}", headers=desk.headers).json()
        return {one["properties"]["code"] for one in found["features"]}

    assert town.N1 not in codes("2026-03-05")
    assert codes("2026-03-06") == set(town.CELLS.values())
    assert codes("2026-03-02") == set(town.CELLS.values())


def test_a_draft_is_thrown_away_and_stays_a_record(desk: Desk) -> None:
    desk.edit(**transfer())
    assert desk.ask("DELETE", "").json()["status"] == "discarded"
    assert desk.edit(**transfer()).json()["code"] == "plan.not_a_draft"
    assert len(desk.ask("GET", "/steps").json()["items"]) == 1
    # It is shown as it stood, and not as a district without land.
    assert desk.cells()[town.N1]["properties"]["area_m2"] == pytest.approx(11_000, abs=10)
    assert desk.ask("GET", "/problems").json()["features"] == []
    assert desk.ask("GET", "/metrics").json()["overall"]["cells"] == 9
    assert desk.ask("GET", "/changes").status_code == 200


@pytest.mark.parametrize("ends", ["discarded", "published"])
def test_a_draft_that_is_none_any_more_gives_its_jobs_up(
    desk: Desk, database: Database, clock: SetClock, ends: str
) -> None:
    other = Desk(desk.client, desk.headers)
    desk.edit(**transfer())
    body = {"within": "210503101001"}
    asked = [desk.ask("POST", "/draw", json=body), desk.ask("POST", "/impact", json={})]
    elsewhere = other.ask("POST", "/draw", json=body)
    assert {one.status_code for one in (*asked, elsewhere)} == {202}
    with database.transaction() as session:
        running = jobs.claim(session, at=clock.now())
    assert running is not None
    assert str(running.id) == asked[0].json()["id"]
    if ends == "discarded":
        assert desk.ask("DELETE", "").json()["status"] == "discarded"
    else:
        assert desk.ask("POST", "/publish", json={"from": TOMORROW}).status_code == 200

    def state(answer: Any) -> Any:
        job = desk.client.get(f"/api/v1/jobs/{answer.json()['id']}", headers=desk.headers)
        return job.json()["state"]

    assert [state(one) for one in (*asked, elsewhere)] == ["running", "cancelled", "queued"]
    # Its runner hears of it within seconds.
    with database.transaction() as session:
        assert not jobs.hear(session, running, progress=0.1, at=clock.now())
        assert jobs.give_up(session, running, at=clock.now())
    assert state(asked[0]) == "cancelled"
    for path, said in (("/draw", body), ("/impact", {})):
        assert desk.ask("POST", path, json=said).json()["code"] == "plan.not_a_draft"
