# SPDX-License-Identifier: Apache-2.0
"""The linkup under real commits: the answer clock, what is begun twice, a failed commit."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select, text

from geo.columns import Origin
from geo.db import Database
from geo.ids import LinkupId
from geo.incidents.actions import close_incident, report_incident
from geo.incidents.linkups import (
    accept_linkup,
    begin_linkup,
    decline_linkup,
    time_out_due,
)
from geo.incidents.policies import LinkupPolicy
from geo.incidents.rules import AskState, Report, Severity
from geo.incidents.steering import widen_linkup
from geo.incidents.tables import AskRow
from geo.outbox import OutboxRow
from tests import town
from tests.linkups import (
    AT,
    DESK,
    NAMES,
    accept,
    at_once,
    emergency,
    read,
    report,
    run_clock,
    states,
    worker,
)
from tests.people import AT_HOME, stand

ANSWER_WITHIN = LinkupPolicy().answer_within
MOST_RINGS = LinkupPolicy().most_rings


@pytest.fixture
def everybody(live_database: Database) -> Database:
    """Everybody on duty stands in the middle of his cell."""
    with live_database.transaction() as session:
        stand(session, AT_HOME, at=AT)
    return live_database


def test_two_reports_of_one_id_are_one_incident(everybody: Database) -> None:
    for _ in range(10):
        told = report(Severity.EMERGENCY, town.M2)
        news: list[bool] = []

        def send(told: Report = told, news: list[bool] = news) -> None:
            with everybody.transaction() as session:
                news.append(report_incident(session, actor=DESK, report=told, at=AT)[1])

        assert at_once(send, send) == ["done", "done"]
        assert sorted(news) == [False, True]
        with everybody.transaction() as session:
            close_incident(session, actor=DESK, incident=told.id, outcome="完", at=AT)


def test_two_linkups_of_one_incident_are_not_begun(everybody: Database) -> None:
    told = report(Severity.NORMAL, town.M2)
    with everybody.transaction() as session:
        report_incident(session, actor=DESK, report=told, at=AT)

    def begin() -> None:
        with everybody.transaction() as session:
            id = LinkupId(uuid4())
            begin_linkup(session, actor=DESK, incident=told.id, id=id, at=AT)

    assert sorted(at_once(begin, begin, begin)) == ["done", "linkup.exists", "linkup.exists"]


def test_silence_widens_ring_by_ring_and_then_alerts(everybody: Database) -> None:
    begun = emergency(everybody)
    at = AT
    assert run_clock(everybody, at + ANSWER_WITHIN) == 0
    for ring in (2, 3):
        at += ANSWER_WITHIN + timedelta(milliseconds=1)
        assert run_clock(everybody, at) == 3
        after = read(everybody, begun.id)
        assert after.ring == ring
        assert [ask.ring for ask in after.asked if ask.state is AskState.ASKED] == [ring] * (
            3 if ring == 2 else 2
        )
    at += ANSWER_WITHIN + timedelta(milliseconds=1)
    assert run_clock(everybody, at) == 2
    after = read(everybody, begun.id)
    assert set(states(after).values()) == {AskState.TIMED_OUT}
    assert (after.ring, after.exhausted, len(after.asked)) == (3, True, 8)
    assert len({ask.worker for ask in after.asked}) == 8
    assert run_clock(everybody, at + timedelta(hours=1)) == 0
    with everybody.snapshot() as session:
        alerts = session.scalar(
            select(func.count()).where(
                OutboxRow.subject == begun.id, OutboxRow.kind == "linkup.exhausted"
            )
        )
    assert alerts == 1


def test_the_search_stops_after_its_rings(everybody: Database) -> None:
    told = report(Severity.NORMAL, town.N1)
    id = LinkupId(uuid4())
    with everybody.transaction() as session:
        report_incident(session, actor=DESK, report=told, at=AT)
        begin_linkup(session, actor=DESK, incident=told.id, id=id, k=1, at=AT)
    at = AT
    for _ in range(MOST_RINGS + 2):
        at += ANSWER_WITHIN + timedelta(seconds=1)
        run_clock(everybody, at)
    after = read(everybody, id)
    assert (after.ring, len(after.asked), after.exhausted) == (MOST_RINGS, MOST_RINGS, True)
    with everybody.transaction() as session:
        widened = widen_linkup(session, actor=DESK, linkup=id, at=at)
    assert (widened.ring, widened.exhausted) == (MOST_RINGS + 1, False)


def test_a_late_answer_of_an_old_ring_leaves_the_new_one_alone(everybody: Database) -> None:
    begun = emergency(everybody)
    at = AT + ANSWER_WITHIN + timedelta(seconds=1)
    run_clock(everybody, at)
    accept(everybody, "N1", begun.id, at=at)
    after = read(everybody, begun.id)
    assert states(after)["N1"] is AskState.LATE
    assert (after.ring, after.lead, after.exhausted) == (2, None, False)
    name = next(NAMES[ask.worker] for ask in after.asked if ask.ring == 2)
    accept(everybody, name, begun.id, at=at)
    assert read(everybody, begun.id).lead == town.WORKERS[name]


def test_what_somebody_acts_on_is_passed_over_not_waited_for(everybody: Database) -> None:
    emergency(everybody, town.N1)
    emergency(everybody, town.S1)
    late = AT + ANSWER_WITHIN + timedelta(seconds=1)
    with everybody.transaction() as held:
        locked = held.execute(
            text("select id from incident order by reported_at, id limit 1 for update")
        ).scalar_one()
        with everybody.transaction() as session:
            assert time_out_due(session, at=late) > 0
        with everybody.transaction() as session:
            # What is left of the first is locked; the second has had its turn.
            assert time_out_due(session, at=late) == 0
        left = held.scalars(
            select(AskRow.linkup).where(AskRow.state == "asked", AskRow.answer_by < late)
        ).all()
        assert len(set(left)) == 1
    assert run_clock(everybody, late) == len(left)
    assert locked is not None


def test_an_engaged_worker_ranks_behind_the_free(everybody: Database) -> None:
    first = emergency(everybody, town.N1)
    accept(everybody, "N1", first.id)
    second = emergency(everybody, town.N2)
    assert [NAMES[ask.worker] for ask in second.asked] == ["N2", "N3", "M2"]
    third = emergency(everybody, town.M1)
    reasons = {NAMES[ask.worker]: ask.reason for ask in third.asked}
    assert reasons["M1"] == "nearest.holder"
    assert "N1" not in reasons
    with everybody.transaction() as session:
        close_incident(session, actor=DESK, incident=first.incident, outcome="完", at=AT)
    fourth = emergency(everybody, town.N1)
    assert NAMES[fourth.asked[0].worker] == "N1"


def test_nobody_on_duty_leaves_an_open_linkup_that_alerts(live_database: Database) -> None:
    with live_database.transaction() as session:
        session.execute(text("delete from duty"))
        session.execute(text("update latest_position set on_duty = false"))
    begun = emergency(live_database)
    assert (begun.ring, begun.asked, begun.exhausted) == (1, (), True)
    assert begun.recommendation["rings"][0]["shortfall"] == "nobody_on_duty"
    with live_database.snapshot() as session:
        kinds = session.scalars(select(OutboxRow.kind).where(OutboxRow.subject == begun.id)).all()
    assert kinds == ["linkup.exhausted"]


def test_a_failed_commit_leaves_nothing_of_an_acceptance(everybody: Database) -> None:
    begun = emergency(everybody)
    actor = worker("N1")

    def accept_and_fail() -> None:
        with everybody.transaction() as session:
            accept_linkup(session, actor=actor, linkup=begun.id, at=AT)
            raise ConnectionError

    with pytest.raises(ConnectionError):
        accept_and_fail()
    assert states(read(everybody, begun.id))["N1"] is AskState.ASKED
    with everybody.transaction() as session:
        told = decline_linkup(session, actor=actor, linkup=begun.id, at=AT, reason="不在附近")
    assert told.origin is Origin.REAL
