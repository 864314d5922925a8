# SPDX-License-Identifier: Apache-2.0
"""Findings about devices: made of joint evidence, once, and decided once."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from geo.accounts.queries import devices
from geo.accounts.rules import Actor, OutOfScope, Role, RoleNotAllowed
from geo.crs import Fix, Mistake, System
from geo.db import Database
from geo.outbox import events_after, history_of
from geo.patrol.finding_queries import findings
from geo.patrol.findings import (
    DeviceFinding,
    FindingDecided,
    FindingState,
    Hypothesis,
    worth_a_look,
)
from geo.patrol.records import CheckIn, Claim
from geo.patrol.suspecting import (
    confirm_finding,
    dismiss_finding,
    forget_slips,
    note_slips,
)
from tests import town
from tests.db.patrol.test_check_ins import BOSS, DAY, MINUTE, N1, NOW, claim, take
from tests.db.patrol.test_rejudging import phone, said_in

SPOTS = [(50.0, 250.0), (60.0, 260.0), (45.0, 240.0), (30.0, 230.0)]


def said_by(database: Database, me: Actor, claims: Sequence[Claim]) -> list[CheckIn]:
    return [take(database, one, actor=me).check_in for one in claims]


def look(database: Database, me: Actor) -> list[DeviceFinding]:
    """What the intake has found of a phone and nobody has decided yet."""
    with database.snapshot() as session:
        found = findings(session, town.DISTRICT, state=FindingState.OPEN, limit=9)
    return [one for one in found if one.device == me.device]


def reading_of(database: Database, me: Actor) -> Mistake | None:
    assert me.device is not None
    with database.snapshot() as session:
        return devices(session, town.DISTRICT, [me.device])[me.device].profile.read_as


@pytest.mark.parametrize("system", [System.GCJ02, System.BD09])
def test_three_points_that_one_reading_explains(database: Database, system: System) -> None:
    me = phone(database)
    taken = said_by(database, me, said_in(system, *SPOTS[:2]))
    assert all(worth_a_look(one, None) for one in taken)
    assert look(database, me) == []
    taken += said_by(database, me, said_in(system, SPOTS[2], observed_at=NOW - 5 * MINUTE))
    (found,) = look(database, me)
    assert (found.hypothesis.value, found.points, found.worker) == (system.value, 3, N1)
    assert set(found.check_ins) == {one.id for one in taken}
    assert found.since == min(one.observed_at for one in taken)
    if system is System.GCJ02:
        assert found.displaced_m == pytest.approx(540, abs=25)
        assert found.bearing_deg == pytest.approx(65, abs=4)
    # Once: more of the same evidence makes no second one.
    said_by(database, me, said_in(system, SPOTS[3], observed_at=NOW - 4 * MINUTE))
    assert look(database, me) == [found]
    with database.snapshot() as session:
        (event,) = history_of(session, town.DISTRICT, found.id)
        assert (event.kind, event.area, event.workers) == (
            "device.suspected",
            town.N1,
            (str(N1),),
        )
        assert event.place is None


def test_honest_points_and_mixed_ones_make_none(database: Database) -> None:
    me = phone(database)
    said_by(database, me, [claim(200, 250, observed_at=NOW - n * MINUTE) for n in range(4)])
    assert look(database, me) == []
    # The newest one lies inside as it was said.
    said_by(database, me, [claim(observed_at=NOW + MINUTE)])
    said_by(database, me, said_in(System.GCJ02, *SPOTS[:3]))
    assert look(database, me) == []


def test_old_points_and_mock_ones_do_not_count(database: Database) -> None:
    me = phone(database)
    said_by(database, me, said_in(System.GCJ02, *SPOTS, mock=True))
    assert look(database, me) == []
    said_by(database, me, said_in(System.GCJ02, *SPOTS[:2]))
    assert me.device is not None
    with database.transaction() as session:
        session.execute(text("update check_in set observed_at = observed_at - interval '8 days'"))
    said_by(database, me, said_in(System.GCJ02, *SPOTS[2:]))
    assert look(database, me) == []
    said_by(database, me, said_in(System.GCJ02, (40.0, 245.0)))
    assert len(look(database, me)) == 1


def test_confirmed_it_is_read_so_from_now_on_until_it_speaks_rightly(database: Database) -> None:
    me = phone(database, profile={"system": "wgs84", "app": "android"})
    said_by(database, me, said_in(System.GCJ02, *SPOTS))
    (found,) = look(database, me)
    with database.transaction() as session:
        decided = confirm_finding(session, actor=BOSS, id=found.id, at=NOW)
    assert (decided.state, decided.decided_by) == (FindingState.CONFIRMED, BOSS.signature)
    assert reading_of(database, me) is Mistake.GCJ02
    assert me.device is not None
    with database.snapshot() as session:
        # What else is known of it stays.
        assert devices(session, town.DISTRICT, [me.device])[me.device].profile.app == "android"
        kinds = [event.kind for event in history_of(session, town.DISTRICT, found.id)]
        assert kinds == ["device.suspected", "device.finding_decided"]
        changed = history_of(session, town.DISTRICT, me.device)[-1]
        assert (changed.kind, changed.actor) == ("device.changed", BOSS.signature)
    assert look(database, me) == []
    with pytest.raises(FindingDecided), database.transaction() as session:
        dismiss_finding(session, actor=BOSS, id=found.id, text="误判", at=NOW)
    # The app is updated: what is said rightly now is spoiled by the correction.
    rightly = [claim(*spot, observed_at=NOW + n * MINUTE) for n, spot in enumerate(SPOTS[:3], 1)]
    rightly = [replace(one, fix=replace(one.fix, read_as=Mistake.GCJ02)) for one in rightly]
    taken = [take(database, one, actor=me, at=NOW + 5 * MINUTE).check_in for one in rightly]
    assert all(worth_a_look(one, Mistake.GCJ02) for one in taken)
    (opposite,) = look(database, me)
    assert opposite.hypothesis is Hypothesis.NONE
    with database.transaction() as session:
        confirm_finding(session, actor=BOSS, id=opposite.id, at=NOW + 5 * MINUTE)
    assert reading_of(database, me) is None


def test_dismissed_it_needs_newer_points(database: Database) -> None:
    me = phone(database)
    said_by(database, me, said_in(System.GCJ02, *SPOTS))
    (found,) = look(database, me)
    with database.transaction() as session:
        dismissed = dismiss_finding(session, actor=BOSS, id=found.id, text="借用", at=NOW)
    assert (dismissed.state, dismissed.decision) == (FindingState.DISMISSED, "借用")
    assert reading_of(database, me) is None
    assert look(database, me) == []
    newer = [
        replace(one, fix=replace(one.fix, observed_at=NOW + (n + 1) * MINUTE))
        for n, one in enumerate(said_in(System.GCJ02, *SPOTS[:3]))
    ]
    for one in newer:
        assert look(database, me) == []
        take(database, one, actor=me, at=NOW + 9 * MINUTE)
    (again,) = look(database, me)
    assert again.points == 3


def slip(database: Database, me: Actor, minute: int, **said: Any) -> list[DeviceFinding]:
    lon, lat = town.point(50, 250)
    fix = Fix(**{**vars(claim().fix), "lon": lat, "lat": lon, "observed_at": NOW, **said})
    assert me.device is not None
    at = NOW + minute * MINUTE
    with database.transaction() as session:
        return note_slips(session, district=town.DISTRICT, slipped=[(me.device, fix)], at=at)


def test_three_slips_make_a_finding(database: Database) -> None:
    me = phone(database)
    assert slip(database, me, 0) == []
    # The same sent again is no second slip; nor is what is at home in no reading.
    assert slip(database, me, 1) == []
    assert slip(database, me, 1, lat=200.0, observed_at=NOW + MINUTE) == []
    assert slip(database, me, 2, observed_at=NOW + 2 * MINUTE) == []
    (found,) = slip(database, me, 3, observed_at=NOW + 3 * MINUTE)
    assert (found.hypothesis, found.points, found.check_ins) == (Hypothesis.SWAPPED, 3, ())
    assert (found.displaced_m, found.bearing_deg) == (None, None)
    assert slip(database, me, 4, observed_at=NOW + 4 * MINUTE) == []
    with database.transaction() as session:
        assert forget_slips(session, at=NOW + DAY) == 0
        assert forget_slips(session, at=NOW + 8 * DAY) == 4
    with database.transaction() as session:
        confirm_finding(session, actor=BOSS, id=found.id, at=NOW)
    assert reading_of(database, me) is Mistake.SWAPPED


def test_slips_hold_no_place(database: Database) -> None:
    with database.snapshot() as session:
        columns = session.scalars(
            text(
                "select column_name from information_schema.columns"
                " where table_name = 'device_slip'"
            )
        )
        assert set(columns) == {"district", "device", "observed_at", "at", "hypothesis", "origin"}


def test_decided_in_scope_only(database: Database) -> None:
    me = phone(database)
    said_by(database, me, said_in(System.GCJ02, *SPOTS))
    (found,) = look(database, me)
    for actor, error in (
        (town.actor(Role.SUPERVISOR, scope="210503102"), OutOfScope),
        (town.actor(Role.WORKER, worker=N1), RoleNotAllowed),
        (town.actor(Role.DISPATCHER), RoleNotAllowed),
    ):
        with pytest.raises(error), database.transaction() as session:
            confirm_finding(session, actor=actor, id=found.id, at=NOW)
    with database.snapshot() as session:
        assert findings(session, town.DISTRICT, workers=[UUID(int=3)], limit=9) == []
        assert findings(session, town.DISTRICT, state=FindingState.OPEN, limit=9) == [found]
        told = [event.kind for event in events_after(session, town.DISTRICT, 0)]
    assert told.count("device.suspected") == 1
