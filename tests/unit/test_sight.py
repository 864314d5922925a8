# SPDX-License-Identifier: Apache-2.0
"""What of the live state each role sees."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from api.sight import Sight
from geo.accounts.rules import Role
from geo.outbox import Recorded

ROWS = {
    "workers": {"id": "w", "name": "王芳", "cells": [], "on_duty": True, "since": None},
    "check_ins": {
        "id": "c",
        "worker": "w",
        "cell": "210503101001001",
        "checkpoint": "p",
        "verdict": "inside",
        "accepted": True,
        "observed_at": "2026-03-02T00:00:00Z",
        "lon": 123.7,
        "lat": 41.3,
    },
    "positions": {"worker": "w", "lon": 123.7, "lat": 41.3},
    "incidents": {"id": "i", "title": "枯树", "lon": 123.7, "lat": 41.3},
    "linkups": {
        "id": "l",
        "incident": "i",
        "lead": "w",
        "asked": [
            {"worker": "w", "state": "accepted", "rank": 1, "ring": 1, "distance_m": 20.0},
            {"worker": "v", "state": "asked", "rank": 2, "ring": 1, "distance_m": 30.0},
        ],
    },
}


@pytest.mark.parametrize("role", [Role.ADMIN, Role.DISPATCHER, Role.SUPERVISOR])
def test_those_who_lead_see_all(role: Role) -> None:
    sight = Sight(("210503",), None, role)
    assert {name: sight.row(name, row) for name, row in ROWS.items()} == ROWS


def test_a_viewer_sees_states_and_no_people() -> None:
    sight = Sight(("210503",), None, Role.VIEWER)
    assert "name" not in (sight.row("workers", ROWS["workers"]) or {})
    assert sight.row("positions", ROWS["positions"]) is None
    check_in = sight.row("check_ins", ROWS["check_ins"]) or {}
    assert check_in.keys() == {"id", "cell", "verdict", "accepted", "observed_at"}
    assert sight.row("incidents", ROWS["incidents"]) == ROWS["incidents"]
    linkup = sight.row("linkups", ROWS["linkups"]) or {}
    assert linkup["lead"] is None
    assert [ask.keys() for ask in linkup["asked"]] == [{"state", "rank", "ring"}] * 2


def test_a_planner_sees_workers_and_the_counts_of_check_ins_only() -> None:
    sight = Sight(("210503",), None, Role.PLANNER)
    assert sight.row("workers", ROWS["workers"]) == ROWS["workers"]
    assert "lon" not in (sight.row("check_ins", ROWS["check_ins"]) or {})
    assert sight.row("positions", ROWS["positions"]) is None
    assert sight.row("incidents", ROWS["incidents"]) is None
    assert sight.row("linkups", ROWS["linkups"]) is None


def test_a_worker_sees_his_own_ask_alone() -> None:
    sight = Sight(("210503101001001",), "w", Role.WORKER)
    linkup = sight.row("linkups", ROWS["linkups"]) or {}
    assert [ask["worker"] for ask in linkup["asked"]] == ["w"]
    assert sight.holds("210503102", ("w",))
    assert not sight.holds("210503101001001", ("v",))


@pytest.mark.parametrize(
    ("own", "area", "seen"),
    [
        ("210503101", "210503101001001", True),
        ("210503101", "210503101", True),
        ("210503101", "210503102001001", False),
        ("210503101", "210503", False),
        ("210503101", None, False),
        ("210503", None, True),
    ],
)
def test_scope_is_a_prefix(own: str, area: str | None, seen: bool) -> None:
    assert Sight((own,), None, Role.SUPERVISOR).holds(area, ()) is seen


@pytest.mark.parametrize(
    ("kind", "seen_by"),
    [
        ("account.changed", {Role.ADMIN}),
        ("work_log.written", {Role.ADMIN, Role.SUPERVISOR, Role.WORKER}),
        ("device.changed", {Role.ADMIN, Role.SUPERVISOR, Role.WORKER}),
        ("device.suspected", {Role.ADMIN, Role.SUPERVISOR, Role.WORKER}),
        ("appeal.made", {Role.ADMIN, Role.SUPERVISOR, Role.WORKER}),
        ("plan.published", set(Role)),
        ("newer.kind", {Role.ADMIN, Role.DISPATCHER, Role.SUPERVISOR, Role.WORKER}),
    ],
)
def test_events_without_a_row_pass_by_the_verb_of_their_facts(
    kind: str, seen_by: set[Role]
) -> None:
    at = datetime(2026, 3, 2, tzinfo=UTC)
    event = Recorded(1, kind, uuid4(), None, ("w",), {"a": 1}, None, "test", "real", at)
    saw = {
        role
        for role in Role
        if Sight(("210503",), "w" if role is Role.WORKER else None, role).event(event)
    }
    assert saw == seen_by
