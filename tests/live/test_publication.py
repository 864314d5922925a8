# SPDX-License-Identifier: Apache-2.0
"""A plan is published and its day begins while check-ins flow: no verdict knows two plans."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from shapely.geometry import mapping
from sqlalchemy import text

from api.clockwork import chores, do
from geo.accounts.rules import Role
from geo.clock import SetClock, rfc3339
from geo.ids import PlanId
from geo.plans.holding import locked_draft
from geo.settings import Settings
from tests import drawing, town
from tests.serving import Served

MIDNIGHT = datetime(2026, 3, 2, 16, 0, tzinfo=UTC)
MIDDLE = mapping(drawing.line((150, 90), (150, 210)))
BASE = "/api/v1"
# As many connections as a process of the service has.
POOL = 10


def check_in(served: Served, token: str, observed_at: datetime, east_m: float) -> dict[str, Any]:
    lon, lat = town.point(east_m, 150)
    body = {
        "id": str(uuid4()),
        "worker": str(town.WORKERS["M2"]),
        "checkpoint": None,
        "fix": {
            "lon": lon,
            "lat": lat,
            "accuracy_m": 4,
            "observed_at": rfc3339(observed_at),
        },
    }
    status, said = served.ask("POST", f"{BASE}/check-ins", token, body)
    assert status == 201, said
    return {**said, "observed": observed_at}


def test_who_finds_a_draft_being_edited_does_not_wait_for_long(served: Served) -> None:
    planner = served.sign_in(served.account(Role.PLANNER))
    _, draft = served.ask("POST", f"{BASE}/plans", planner, {"name": "两人同改"})
    edit = {"op": "rename", "cell": town.N1, "name": "甲"}
    path = f"{BASE}/plans/{draft['id']}/edits"
    with served.database.transaction() as session:
        locked_draft(session, town.DISTRICT, PlanId(UUID(draft["id"])))
        began = time.monotonic()
        status, said = served.ask("POST", path, planner, edit, if_match='"0"')
        assert (status, said["code"], said["retry_after_s"]) == (503, "plan.being_edited", 2)
        assert time.monotonic() - began < 5
    status, _ = served.ask("POST", path, planner, edit, if_match='"0"')
    assert status == 200


def test_no_verdict_mixes_two_plans(served: Served, clock: SetClock, deep: bool) -> None:
    clock.set(MIDNIGHT - timedelta(minutes=5))
    token = served.sign_in(served.account(Role.WORKER, worker=town.WORKERS["M2"]))
    planner = served.sign_in(served.account(Role.PLANNER))
    _, draft = served.ask("POST", f"{BASE}/plans", planner, {"name": "明日方案"})
    _, before = served.ask("GET", f"{BASE}/plans", planner)
    (today,) = (plan["id"] for plan in before["items"] if plan["status"] == "published")
    edit = {"op": "split", "cell": town.M2, "line": MIDDLE}
    path = f"{BASE}/plans/{draft['id']}/edits"
    status, _ = served.ask("POST", path, planner, edit, if_match='"0"')
    assert status == 200

    over = threading.Event()
    found: list[dict[str, Any]] = []

    def walk(number: int) -> None:
        turn = 0
        while not over.is_set():
            turn += 1
            # Some of these are late: observed before midnight and sent after it.
            observed = clock.now() - timedelta(seconds=(turn * 7 + number) % 60)
            found.append(check_in(served, token, observed, 120 + 60 * (turn % 2)))

    with ThreadPoolExecutor(4) as people:
        walking = [people.submit(walk, number) for number in range(4)]
        until(lambda: len(found) > 20)
        status, published = served.ask(
            "POST", f"{BASE}/plans/{draft['id']}/publish", planner, {"from": "2026-03-03"}
        )
        assert status == 200, published
        rounds = 400 if deep else 40
        for step in range(1, rounds + 1):
            clock.set(MIDNIGHT + timedelta(seconds=(step - rounds / 2) * 300 / rounds))
            if step == rounds // 2 + 2:
                (chore,) = (one for one in chores(Settings()) if one.name == "plans take effect")
                do(served.database, clock, chore)
            enough = len(found) + 4
            until(lambda enough=enough: len(found) >= enough)
        over.set()
        for one in walking:
            one.result()
    halves = {code for code in published["codes"].values() if len(code) == 15}
    early = [one for one in found if one["observed"] < MIDNIGHT]
    late = [one for one in found if one["observed"] >= MIDNIGHT]
    assert len(early) > 40
    assert len(late) > 20
    for one in early:
        assert (one["plan"], one["located_cell"], one["cell"]) == (today, town.M2, town.M2)
    for one in late:
        assert one["plan"] == draft["id"]
        assert one["located_cell"] in halves
        assert one["cell"] in halves
    assert {one["verdict"] for one in found} == {"inside"}


def until(true: Any) -> None:
    deadline = datetime.now(UTC) + timedelta(seconds=60)
    pause = threading.Event()
    while not true():
        assert datetime.now(UTC) < deadline
        pause.wait(0.01)


def test_a_plan_is_published_while_somebody_writes_for_long(served: Served) -> None:
    planner = served.sign_in(served.account(Role.PLANNER))
    _, draft = served.ask("POST", f"{BASE}/plans", planner, {"name": "明日方案"})
    # A fact of the district, of a transaction that goes on: it refers to the district's row.
    with served.database.transaction() as session:
        session.execute(
            text(
                "insert into job (district, id, kind, state, progress, asked, cancelling, tries,"
                " actor, created_at) values (:district, gen_random_uuid(), 'draw', 'queued', 0,"
                " '{}', false, 0, 'x', now())"
            ),
            {"district": town.DISTRICT},
        )
        status, said = served.ask(
            "POST", f"{BASE}/plans/{draft['id']}/publish", planner, {"from": "2026-03-03"}
        )
        assert status == 200, said
        session.rollback()


def test_check_ins_wait_for_no_connection_of_others(served: Served, clock: SetClock) -> None:
    token = served.sign_in(served.account(Role.WORKER, worker=town.WORKERS["M2"]))
    with ExitStack() as others:
        for _ in range(POOL):
            session = others.enter_context(served.database.transaction())
            session.execute(text("select 1"))
        began = time.monotonic()
        check_in(served, token, clock.now(), 150)
        # Somebody else would wait his five seconds, and be told that it is too much.
        assert time.monotonic() - began < 4
        path = f"{BASE}/workers/{town.WORKERS['M2']}/state"
        status, said = served.ask("GET", path, token)
        assert (status, said["code"]) == (503, "service.busy")
