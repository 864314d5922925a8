# SPDX-License-Identifier: Apache-2.0
"""The linkup under real commits: races for the lead, the answer clock, lost processes."""

import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select, text

from geo.accounts.rules import Role
from geo.columns import Origin
from geo.db import Database
from geo.errors import GeoError
from geo.ids import CellCode, IncidentId, LinkupId
from geo.incidents.actions import close_incident, report_incident
from geo.incidents.linkups import (
    accept_linkup,
    begin_linkup,
    decline_linkup,
    time_out_due,
)
from geo.incidents.policies import LinkupPolicy
from geo.incidents.queries import incident, linkup, linkups_of
from geo.incidents.rules import (
    AskState,
    Incident,
    IncidentStatus,
    Linkup,
    Report,
    SaidPlace,
    Severity,
)
from geo.incidents.steering import widen_linkup
from geo.incidents.tables import AskRow
from geo.outbox import OutboxRow
from tests import town
from tests.people import AT_HOME, stand

AT = town.MORNING
ANSWER_WITHIN = LinkupPolicy().answer_within
MOST_RINGS = LinkupPolicy().most_rings
DESK = town.actor(Role.DISPATCHER)
NAMES = {id: name for name, id in town.WORKERS.items()}


@pytest.fixture
def everybody(live_database: Database) -> Database:
    """Everybody on duty stands in the middle of his cell."""
    with live_database.transaction() as session:
        stand(session, AT_HOME, at=AT)
    return live_database


def said(severity: Severity, cell: str = town.N1) -> Report:
    return Report(
        id=IncidentId(uuid4()),
        title="枯树倾斜",
        category="突发事件",
        severity=severity,
        place=SaidPlace(cell=CellCode(cell)),
    )


def emergency(database: Database, cell: str = town.N1, *, at: datetime = AT) -> Linkup:
    report = said(Severity.EMERGENCY, cell)
    with database.transaction() as session:
        made, _ = report_incident(session, actor=DESK, report=report, at=at)
    return open_linkup(database, made)


def open_linkup(database: Database, of: Incident) -> Linkup:
    with database.snapshot() as session:
        return linkups_of(session, town.DISTRICT, [of.id])[of.id]


def read(database: Database, id: LinkupId) -> Linkup:
    with database.snapshot() as session:
        return linkup(session, town.DISTRICT, id)


def states(found: Linkup) -> dict[str, AskState]:
    return {NAMES[ask.worker]: ask.state for ask in found.asked}


def at_once(*acts: Callable[[], object]) -> list[str]:
    """Start all acts at the same moment; answers what each came to."""
    barrier = threading.Barrier(len(acts))
    came_to = [""] * len(acts)

    def run(number: int) -> None:
        barrier.wait()
        try:
            acts[number]()
            came_to[number] = "done"
        except GeoError as error:
            came_to[number] = error.code

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return came_to


def accepting(
    database: Database, name: str, id: LinkupId, *, at: datetime = AT
) -> Callable[[], None]:
    actor = town.actor(Role.WORKER, worker=town.WORKERS[name])

    def act() -> None:
        with database.transaction() as session:
            accept_linkup(session, actor=actor, linkup=id, at=at)

    return act


def test_of_two_accepts_exactly_one_takes_the_lead(everybody: Database, deep: bool) -> None:
    rounds = 1000 if deep else 100
    outcomes: Counter[tuple[str, ...]] = Counter()
    for _ in range(rounds):
        begun = emergency(everybody)
        first, second, third = (NAMES[ask.worker] for ask in begun.asked)
        came_to = at_once(
            accepting(everybody, first, begun.id),
            accepting(everybody, second, begun.id),
        )
        outcomes[tuple(sorted(came_to))] += 1
        after = read(everybody, begun.id)
        won = first if came_to[0] == "done" else second
        assert states(after) == {
            first: AskState.RELEASED,
            second: AskState.RELEASED,
            third: AskState.RELEASED,
        } | {won: AskState.ACCEPTED}
        assert after.lead == town.WORKERS[won]
        with everybody.transaction() as session:
            subject = incident(session, town.DISTRICT, begun.incident)
            assert subject.status is IncidentStatus.LINKED
            close_incident(session, actor=DESK, incident=begun.incident, outcome="完", at=AT)
    assert outcomes == {("done", "linkup.taken"): rounds}


def test_accepting_while_the_clock_runs_out_or_somebody_closes(
    everybody: Database, deep: bool
) -> None:
    late = AT + ANSWER_WITHIN + timedelta(seconds=1)

    def time_out() -> None:
        with everybody.transaction() as session:
            time_out_due(session, at=late)

    for _ in range(200 if deep else 20):
        begun = emergency(everybody)
        name = NAMES[begun.asked[0].worker]

        def close(begun: Linkup = begun) -> None:
            with everybody.transaction() as session:
                close_incident(session, actor=DESK, incident=begun.incident, outcome="完", at=AT)

        came_to = at_once(accepting(everybody, name, begun.id), time_out)
        after = read(everybody, begun.id)
        assert came_to == ["done", "done"]
        assert states(after)[name] in (AskState.ACCEPTED, AskState.LATE)
        assert (after.lead is None) == (states(after)[name] is AskState.LATE)
        other = NAMES[after.asked[-1].worker]
        came_to = at_once(accepting(everybody, other, begun.id, at=late), close)
        assert came_to[1] == "done"
        final = read(everybody, begun.id)
        assert AskState.ASKED not in states(final).values()


def test_two_reports_of_one_id_are_one_incident(everybody: Database) -> None:
    for _ in range(10):
        report = said(Severity.EMERGENCY, town.M2)
        news: list[bool] = []

        def send(report: Report = report, news: list[bool] = news) -> None:
            with everybody.transaction() as session:
                news.append(report_incident(session, actor=DESK, report=report, at=AT)[1])

        assert at_once(send, send) == ["done", "done"]
        assert sorted(news) == [False, True]
        with everybody.transaction() as session:
            close_incident(session, actor=DESK, incident=report.id, outcome="完", at=AT)


def test_two_linkups_of_one_incident_are_not_begun(everybody: Database) -> None:
    report = said(Severity.NORMAL, town.M2)
    with everybody.transaction() as session:
        report_incident(session, actor=DESK, report=report, at=AT)

    def begin() -> None:
        with everybody.transaction() as session:
            id = LinkupId(uuid4())
            begin_linkup(session, actor=DESK, incident=report.id, id=id, at=AT)

    assert sorted(at_once(begin, begin, begin)) == ["done", "linkup.exists", "linkup.exists"]


def run_clock(database: Database, at: datetime) -> int:
    total = 0
    while True:
        with database.transaction() as session:
            done = time_out_due(session, at=at)
        if not done:
            return total
        total += done


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
    report = said(Severity.NORMAL, town.N1)
    id = LinkupId(uuid4())
    with everybody.transaction() as session:
        report_incident(session, actor=DESK, report=report, at=AT)
        begin_linkup(session, actor=DESK, incident=report.id, id=id, k=1, at=AT)
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
    accepting(everybody, "N1", begun.id, at=at)()
    after = read(everybody, begun.id)
    assert states(after)["N1"] is AskState.LATE
    assert (after.ring, after.lead, after.exhausted) == (2, None, False)
    name = next(NAMES[ask.worker] for ask in after.asked if ask.ring == 2)
    accepting(everybody, name, begun.id, at=at)()
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
    accepting(everybody, "N1", first.id)()
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
    actor = town.actor(Role.WORKER, worker=town.WORKERS["N1"])

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
