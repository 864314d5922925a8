# SPDX-License-Identifier: Apache-2.0
"""Appeals: made by the worker, decided once by somebody else, and never undone by judging again."""

import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from geo.accounts.rules import NotSelf, OutOfScope, Role, RoleNotAllowed
from geo.clock import civil_date
from geo.crs import Point
from geo.db import Database
from geo.errors import GeoError
from geo.outbox import history_of
from geo.patrol import queries
from geo.patrol.appeal_queries import appeals, misplaced_checkpoints
from geo.patrol.appealing import decide_appeal, make_appeal
from geo.patrol.appeals import (
    Appeal,
    AppealIsDecided,
    AppealOpen,
    AppealState,
    Misplaced,
    NoAppeal,
    NothingToAppeal,
    OwnAppeal,
)
from geo.patrol.checkpoints import change_checkpoint
from geo.patrol.records import CheckIn, CheckInNotFound
from geo.patrol.rejudged import UPHELD, Cause
from geo.patrol.rules import VerdictKind
from geo.patrol.verdict_queries import first_answers, history
from geo.units import Metres
from geo.workforce.duty import set_duty
from tests import town
from tests.db.patrol.test_check_ins import AT_N1, BOSS, DAY, MINUTE, N1, NOW, claim, take
from tests.db.patrol.test_rejudging import live, stands
from tests.fold import folds

ME = town.actor(Role.WORKER, worker=N1)
LATER = NOW + timedelta(hours=1)


def refused(database: Database, east: float = 95, north: float = 250, minute: int = 0) -> CheckIn:
    """A check-in inside its cell and too far from its checkpoint."""
    said = claim(
        east, north, checkpoint=AT_N1, accuracy_m=Metres(1), observed_at=NOW - minute * MINUTE
    )
    found = take(database, said).check_in
    assert (found.verdict, found.accepted) == (VerdictKind.INSIDE, False)
    return found


def appeal(database: Database, of: CheckIn, *, actor: Any = ME) -> Appeal:
    with database.transaction() as session:
        return make_appeal(session, actor=actor, check_in=of.id, text="门在另一侧", at=LATER)


def decide(database: Database, of: CheckIn, uphold: bool = True, *, actor: Any = BOSS) -> Appeal:
    with database.transaction() as session:
        return decide_appeal(
            session, actor=actor, check_in=of.id, uphold=uphold, text="属实", at=LATER
        )


def missing(database: Database) -> int:
    """How many checkpoints the worker's day lacks."""
    with database.snapshot() as session:
        zone = "Asia/Shanghai"
        (day,) = queries.patrol_days(
            session, town.DISTRICT, civil_date(NOW, zone), areas=(), own=N1
        )
    return len(day.missing)


def test_upheld_the_check_in_counts_and_the_first_verdict_stays(database: Database) -> None:
    first = refused(database)
    assert missing(database) == 1
    made = appeal(database, first)
    assert (made.state, made.worker, made.cell) == (AppealState.OPEN, N1, town.N1)
    with folds(database, "check_ins", live):
        decided = decide(database, first)
    assert (decided.id, decided.state, decided.decision) == (made.id, AppealState.UPHELD, "属实")
    counts = stands(database, first.id)
    upheld = {"code": UPHELD, "by": BOSS.signature, "text": "属实"}
    assert counts == replace(first, accepted=True, reasons=(upheld, *first.reasons))
    assert missing(database) == 0
    # Whatever is judged again later, it stays upheld.
    with database.transaction() as session:
        set_duty(session, actor=BOSS, worker=N1, on=False, duty_at=NOW - MINUTE, at=LATER)
    since = stands(database, first.id)
    assert since.accepted
    assert since.reasons[0] == upheld
    assert "duty.off" in {reason["code"] for reason in since.reasons}
    with database.snapshot() as session:
        given = history(session, town.DISTRICT, first.id)
        assert [each.cause for each in given] == [Cause.FIRST, Cause.APPEAL, Cause.REJUDGED]
        assert given[0].check_in == first
        assert first_answers(session, town.DISTRICT, [first.id]) == {first.id: first}
        kinds = [event.kind for event in history_of(session, town.DISTRICT, made.id)]
        assert kinds == ["appeal.made", "appeal.decided"]
    with pytest.raises(NothingToAppeal):
        appeal(database, first)


def test_rejected_nothing_changes(database: Database) -> None:
    first = refused(database)
    appeal(database, first)
    assert decide(database, first, False).state is AppealState.REJECTED
    assert stands(database, first.id) == first
    with pytest.raises(AppealIsDecided):
        decide(database, first)
    # With something new to say he may appeal again.
    appeal(database, first)
    assert decide(database, first).state is AppealState.UPHELD


def test_who_may_appeal_and_against_what(database: Database) -> None:
    first, fine = refused(database), take(database, claim(observed_at=NOW - MINUTE)).check_in
    edge = take(database, claim(100, 250)).check_in
    assert edge.verdict is VerdictKind.UNCERTAIN
    appeal(database, first)
    appeal(database, edge)
    for of, actor, error in (
        (first, ME, AppealOpen),
        (fine, ME, NothingToAppeal),
        (first, town.actor(Role.WORKER, worker=town.WORKERS["N2"]), OutOfScope),
        (first, BOSS, NotSelf),
        (replace(first, id=uuid4()), ME, CheckInNotFound),
    ):
        expected = RoleNotAllowed if actor is BOSS else error
        with pytest.raises(expected):
            appeal(database, of, actor=actor)


def test_somebody_else_in_scope_decides(database: Database) -> None:
    said = claim(95, 250, checkpoint=AT_N1, accuracy_m=Metres(1))
    taken_for_him = take(database, said, actor=BOSS).check_in
    with pytest.raises(NoAppeal):
        decide(database, taken_for_him, actor=town.actor(Role.ADMIN))
    appeal(database, taken_for_him)
    for actor, error in (
        (BOSS, OwnAppeal),
        (town.actor(Role.SUPERVISOR, scope="210503102"), OutOfScope),
        (ME, RoleNotAllowed),
        (town.actor(Role.DISPATCHER), RoleNotAllowed),
    ):
        with pytest.raises(error):
            decide(database, taken_for_him, actor=actor)
    assert decide(database, taken_for_him, actor=town.actor(Role.SUPERVISOR)).decided_at == LATER


def test_of_two_deciders_one_decides(live_database: Database) -> None:
    first = refused(live_database)
    appeal(live_database, first)
    outcomes: list[Any] = []
    ready = threading.Barrier(6)

    def one(number: int) -> None:
        ready.wait()
        try:
            boss = town.actor(Role.SUPERVISOR)
            outcomes.append(decide(live_database, first, number % 2 == 0, actor=boss))
        except GeoError as error:
            outcomes.append(error)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (winner,) = [each for each in outcomes if isinstance(each, Appeal)]
    assert [type(each) for each in outcomes if each is not winner] == [AppealIsDecided] * 5
    upheld = winner.state is AppealState.UPHELD
    assert stands(live_database, first.id).accepted is upheld
    with live_database.snapshot() as session:
        assert len(history(session, town.DISTRICT, first.id)) == (2 if upheld else 1)


def suggested(database: Database, *areas: str, within: str | None = None) -> list[Misplaced]:
    with database.snapshot() as session:
        return misplaced_checkpoints(
            session, town.DISTRICT, areas=areas or (town.DISTRICT,), within=within, at=LATER
        )


def test_a_checkpoint_that_is_often_overturned_is_badly_placed(database: Database) -> None:
    spots = [(92, 290), (94, 292), (93, 291), (10, 210)]
    some = [refused(database, *spot, minute=n) for n, spot in enumerate(spots)]
    for number, one in enumerate(some):
        assert len(suggested(database)) == (number == 3)
        appeal(database, one)
        decide(database, one, number < 3)
    (found,) = suggested(database)
    assert (found.checkpoint, found.decided, found.upheld, found.fixes) == (AT_N1, 4, 3, 3)
    assert (found.suggested_lon, found.suggested_lat) == pytest.approx(
        town.point(93, 291), abs=2e-5
    )
    assert found.distance_m == pytest.approx(59.4, abs=1.5)
    assert suggested(database, "210503102") == []
    assert suggested(database, within=town.N2) == []
    with database.snapshot() as session:
        later = misplaced_checkpoints(
            session, town.DISTRICT, areas=(town.DISTRICT,), at=NOW + 91 * DAY
        )
        assert later == []
        listed = appeals(session, town.DISTRICT, areas=(town.N1,), decided=True, limit=9)
        assert len(listed) == 4
        assert appeals(session, town.DISTRICT, areas=(town.N2,), limit=9) == []
        assert appeals(session, town.DISTRICT, areas=(), own=N1, decided=False, limit=9) == []
    # Moved since, what was said of its old place counts no more.
    lon, lat = town.point(50, 250)
    with database.transaction() as session:
        session.execute(
            text("update check_in set site_lon = :lon, site_lat = :lat, site_radius_m = 30"),
            {"lon": lon, "lat": lat},
        )
    assert len(suggested(database)) == 1
    with database.transaction() as session:
        there = Point(found.suggested_lon, found.suggested_lat)
        change_checkpoint(session, actor=BOSS, id=AT_N1, at=LATER, point=there)
    assert suggested(database) == []
