# SPDX-License-Identifier: Apache-2.0
"""Long work: it goes on beside the service, shows how far it is, and survives its runner."""

import re
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from api.impact_job import judge
from api.jobs import Watch, Work, run_one
from api.main import build
from api.routes import plan_impact
from api.sheets_job import draw_sheets
from geo.accounts.rules import Role
from geo.clock import SetClock
from geo.db import Database
from geo.jobs import actions
from geo.jobs.rules import GivenUp, JobKind
from geo.settings import Settings
from tests import town
from tests.api.test_plans import Desk, transfer
from tests.conftest import SignIn
from tests.db.patrol.test_check_ins import NOW, claim, take

COMMUNITY = "210503101001"


@pytest.fixture
def client(live_database: Database, clock: SetClock) -> Iterator[TestClient]:
    app = build(Settings(), live_database, clock)
    with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as made:
        yield made


@pytest.fixture
def database(live_database: Database) -> Database:
    return live_database


@pytest.fixture
def desk(client: TestClient, sign_in: SignIn) -> Desk:
    return Desk(client, sign_in(Role.PLANNER))


def work(database: Database, clock: SetClock, *, stopping: bool = False) -> bool:
    stop = threading.Event()
    if stopping:
        stop.set()
    return run_one(database, clock, stop)


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def job(desk: Desk, id: str) -> Any:
    return desk.client.get(f"/api/v1/jobs/{id}", headers=desk.headers).json()


def test_three_drawings_are_looked_at_and_one_is_adopted(
    desk: Desk, database: Database, clock: SetClock
) -> None:
    asked = desk.ask("POST", "/draw", json={"within": COMMUNITY, "cells": 2, "tolerance": 0.6})
    assert asked.status_code == 202, asked.text
    id = asked.json()["id"]
    assert (asked.json()["state"], asked.json()["progress"]) == ("queued", 0)
    assert work(database, clock)
    done = job(desk, id)
    assert (done["state"], done["progress"]) == ("done", 1), done
    assert len(done["result"]["answers"]) == 3
    shown = desk.ask("GET", f"/drawings/{id}/2").json()["features"]
    assert sum(one["properties"]["community"] == COMMUNITY for one in shown) == 2
    assert desk.cells().keys() >= {town.N1, town.N2, town.N3}
    adopted = desk.ask("POST", f"/drawings/{id}/2")
    assert adopted.status_code == 200, adopted.text
    now = desk.cells()
    assert {code: one["geometry"] for code, one in now.items()} == {
        one["properties"]["code"]: one["geometry"] for one in shown
    }
    assert desk.ask("GET", "/problems").json()["features"] == []
    assert desk.ask("DELETE", "/edits/last").json()["can_redo"]
    assert not work(database, clock)


def test_a_drawing_of_a_draft_that_went_on_is_not_adopted(
    desk: Desk, database: Database, clock: SetClock
) -> None:
    id = desk.ask("POST", "/draw", json={"within": COMMUNITY, "cells": 2}).json()["id"]
    desk.edit(op="rename", cell=town.S1, name="别的名字")
    work(database, clock)
    answer = desk.ask("POST", f"/drawings/{id}/1")
    assert (answer.status_code, answer.json()["code"]) == (412, "plan.revision_stale")
    assert [step["op"] for step in answer.json()["steps"]] == ["rename"]


def test_a_job_that_cannot_be_done_says_why_in_words(
    desk: Desk, database: Database, clock: SetClock
) -> None:
    asked = {"within": COMMUNITY, "cells": 500}
    id = desk.ask("POST", "/draw", json=asked).json()["id"]
    work(database, clock)
    failed = job(desk, id)
    assert (failed["state"], failed["problem"]["code"]) == ("failed", "plan.too_many_cells")
    assert "500" in failed["problem"]["detail"] or failed["problem"]["at_most"]


def test_a_waiting_job_is_given_up_at_once_and_an_ended_one_stays(
    desk: Desk, database: Database, clock: SetClock
) -> None:
    id = desk.ask("POST", "/draw", json={"within": COMMUNITY}).json()["id"]
    path = f"/api/v1/jobs/{id}/cancel"
    assert desk.client.post(path, headers=desk.headers).json()["state"] == "cancelled"
    assert desk.client.post(path, headers=desk.headers).json()["code"] == "job.ended"
    assert not work(database, clock)


def test_a_running_job_says_how_far_it_is_and_hears_that_it_is_given_up(
    desk: Desk, database: Database, clock: SetClock
) -> None:
    id = desk.ask("POST", "/draw", json={"within": COMMUNITY}).json()["id"]
    with database.transaction() as session:
        taken = actions.claim(session, at=clock.now())
    assert taken is not None
    with Watch(database, clock, taken, threading.Event()) as watch:
        watch.report(0.5)
        until(lambda: job(desk, id)["progress"] == 0.5)
        assert not watch.cancelled()
        desk.client.post(f"/api/v1/jobs/{id}/cancel", headers=desk.headers)
        until(watch.cancelled)
    with database.transaction() as session:
        assert actions.give_up(session, taken, at=clock.now())
    assert job(desk, id)["state"] == "cancelled"


def test_a_job_whose_runner_died_is_taken_up_again(
    desk: Desk, database: Database, clock: SetClock
) -> None:
    id = desk.ask("POST", "/draw", json={"within": COMMUNITY, "cells": 2}).json()["id"]
    with database.transaction() as session:
        dead = actions.claim(session, at=clock.now())
    assert dead is not None
    assert not work(database, clock)
    clock.advance(timedelta(seconds=16))
    assert work(database, clock)
    assert job(desk, id)["state"] == "done"
    # The one that was believed dead comes back: what it says no longer counts.
    with database.transaction() as session:
        assert not actions.hear(session, dead, progress=0.2, at=clock.now())
        assert not actions.finish(session, dead, result={}, at=clock.now())
    assert job(desk, id)["progress"] == 1


def test_a_job_that_kills_every_runner_is_abandoned(
    desk: Desk, database: Database, clock: SetClock
) -> None:
    id = desk.ask("POST", "/draw", json={"within": COMMUNITY}).json()["id"]
    for _ in range(3):
        with database.transaction() as session:
            assert actions.claim(session, at=clock.now()) is not None
        clock.advance(timedelta(seconds=16))
    assert work(database, clock)
    assert job(desk, id)["problem"]["code"] == "job.abandoned"


def test_a_runner_that_is_to_stop_leaves_its_job_to_the_next(
    desk: Desk, database: Database, clock: SetClock
) -> None:
    id = desk.ask("POST", "/draw", json={"within": COMMUNITY, "cells": 2}).json()["id"]
    assert work(database, clock, stopping=True)
    assert job(desk, id)["state"] == "queued"
    assert work(database, clock)
    assert job(desk, id)["state"] == "done"


def given_up_at_two_thirds(database: Database, clock: SetClock, work: Work) -> None:
    """Work in three parts hears after the second that it is to end."""
    with database.transaction() as session:
        taken = actions.claim(session, at=clock.now())
    assert taken is not None
    told: list[float] = []
    with pytest.raises(GivenUp):
        work(database, clock, taken, told.append, lambda: len(told) == 2)
    assert told == pytest.approx([1 / 3, 2 / 3])
    with database.transaction() as session:
        assert actions.give_up(session, taken, at=clock.now())


def file(desk: Desk, id: str) -> Any:
    return desk.client.get(f"/api/v1/jobs/{id}/file", headers=desk.headers)


def test_map_sheets_of_many_communities_are_a_file_for_a_day(
    desk: Desk, database: Database, clock: SetClock, sign_in: SignIn
) -> None:
    desk.edit(op="merge", cells=[town.S1, town.S2])
    asked = desk.ask("POST", "/sheets", json={"within": "210503"})
    assert (asked.status_code, asked.json()["kind"]) == (202, "sheets"), asked.text
    id = asked.json()["id"]
    assert desk.ask("POST", "/sheets", json={"within": "210503"}).json()["id"] == id
    assert file(desk, id).json()["code"] == "job.file_not_found"
    # They show the draft as it stood.
    desk.edit(op="merge", cells=[town.N1, town.N2])
    assert work(database, clock)
    done = job(desk, id)
    assert (done["state"], done["progress"]) == ("done", 1), done
    kept = file(desk, id)
    assert (kept.status_code, kept.headers["content-type"]) == (200, "application/pdf"), kept.text
    assert len(kept.content) == done["result"]["bytes"]
    assert len(re.findall(rb"/Type /Page\b(?!s)", kept.content)) == 3
    assert quote("草案 小城区 网格图.pdf") in kept.headers["content-disposition"]
    desk.ask("DELETE", "/edits/last")
    again = desk.ask("POST", "/sheets", json={"within": "210503"}).json()["id"]
    assert again != id
    assert work(database, clock)
    assert file(desk, again).content == kept.content
    clock.advance(timedelta(hours=23))
    desk.headers = sign_in(Role.PLANNER)
    assert file(desk, id).status_code == 200
    with database.transaction() as session:
        assert actions.forget_files(session, at=clock.now()) == 0
    clock.advance(timedelta(hours=1))
    assert file(desk, id).json()["code"] == "job.file_not_found"
    with database.transaction() as session:
        assert actions.forget_files(session, at=clock.now()) == 2


def test_of_many_who_ask_for_the_same_sheets_at_once_one_begins_them(
    database: Database,
) -> None:
    asked = {"plan": str(uuid4()), "state": 0, "within": "210503101"}
    ready = threading.Barrier(8)

    def ask(_: int) -> object:
        ready.wait()
        with database.transaction() as session:
            actor = town.actor(Role.PLANNER)
            job = actions.ask_once(
                session, actor=actor, kind=JobKind.SHEETS, asked=asked, at=town.MORNING
            )
        return job.id

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(ask, range(8)))) == 1


def test_drawing_sheets_is_given_up_between_two_of_them(
    desk: Desk, database: Database, clock: SetClock
) -> None:
    id = desk.ask("POST", "/sheets", json={"within": "210503"}).json()["id"]
    given_up_at_two_thirds(database, clock, draw_sheets)
    assert file(desk, id).json()["code"] == "job.file_not_found"


def judged(desk: Desk) -> Any:
    answer = desk.ask("GET", "/impact")
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_many_check_ins_are_judged_by_a_job_and_kept_without_their_places(
    desk: Desk, database: Database, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = take(database, claim(108, 250)).check_in
    take(database, claim(108, 260))
    clock.set(NOW + timedelta(minutes=1))
    desk.edit(**transfer())
    at_once = judged(desk)["check_ins"]
    assert at_once["changed"] == 2
    monkeypatch.setattr(plan_impact, "AT_ONCE", 1)
    unknown = judged(desk)
    assert (unknown["check_ins"], unknown["job"]) == (None, None)
    assert unknown["workers"]["workers"] == 2
    asked = desk.ask("POST", "/impact", json={}).json()
    assert (asked["kind"], asked["state"]) == ("impact", "queued")
    # Whoever asks meanwhile waits for the same one.
    assert desk.ask("POST", "/impact", json={}).json()["id"] == asked["id"]
    assert judged(desk)["job"] == asked
    assert work(database, clock)
    done = job(desk, asked["id"])
    assert (done["state"], done["progress"]) == ("done", 1), done
    assert {one["lon"] for one in done["result"]["verdicts"]["items"]} == {None}
    kept = judged(desk)
    assert (kept["check_ins"], kept["job"]) == (at_once, None)
    with database.transaction() as session:
        session.execute(
            text("update check_in set point = null, raw_lon = null, raw_lat = null where id = :id"),
            {"id": refused.id},
        )
    lons = {one["id"]: one["lon"] for one in judged(desk)["check_ins"]["verdicts"]["items"]}
    assert [id for id, lon in lons.items() if lon is None] == [str(refused.id)]


def test_what_was_judged_serves_the_draft_as_it_stood_for_a_day(
    desk: Desk,
    database: Database,
    clock: SetClock,
    sign_in: SignIn,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    take(database, claim(108, 250))
    clock.set(NOW + timedelta(minutes=1))
    monkeypatch.setattr(plan_impact, "AT_ONCE", 0)
    desk.edit(**transfer())
    desk.ask("POST", "/impact", json={})
    assert work(database, clock)
    assert judged(desk)["check_ins"]["changed"] == 1
    desk.edit(op="rename", cell=town.S1, name="别的名字")
    assert judged(desk)["check_ins"] is None
    desk.ask("DELETE", "/edits/last")
    assert judged(desk)["check_ins"]["changed"] == 1
    assert desk.ask("GET", "/impact?days=30").json()["check_ins"] is None
    clock.advance(timedelta(hours=23))
    desk.headers = sign_in(Role.PLANNER)
    assert judged(desk)["check_ins"]["changed"] == 1
    clock.advance(timedelta(hours=1))
    assert judged(desk)["check_ins"] is None


def test_judging_is_given_up_between_two_days_of_check_ins(
    desk: Desk, database: Database, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan_impact, "AT_ONCE", -1)
    desk.edit(**transfer())
    id = desk.ask("POST", "/impact", json={"days": 3}).json()["id"]
    given_up_at_two_thirds(database, clock, judge)
    assert job(desk, id)["result"] is None
    given_up = desk.ask("GET", "/impact?days=3").json()
    assert (given_up["check_ins"], given_up["job"]["state"]) == (None, "cancelled")
    assert desk.ask("POST", "/impact", json={"days": 3}).json()["id"] != id
