# SPDX-License-Identifier: Apache-2.0
"""Helpers, going off duty, what the lead leaves empty, and drills."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from geo.accounts.rules import Role, RoleNotAllowed
from geo.columns import Origin
from geo.db import Database
from geo.incidents.actions import report_incident
from geo.incidents.coverage import Gap, StandInReason
from geo.incidents.events import AlreadyAsked, NoLead, WorkerOffDuty
from geo.incidents.queries import incident, live_linkups
from geo.incidents.rules import AskAnswered, AskState, IncidentStatus, Linkup, Released
from geo.incidents.steering import coverage, keep_worker, release_worker
from geo.outbox import OutboxRow
from geo.workforce.rules import AssignmentRole
from tests import town
from tests.fold import folds
from tests.linkups import (
    AT,
    DESK,
    accept,
    assign,
    close,
    duty,
    emergency,
    read,
    report,
    run_out,
    states,
    worker,
)
from tests.people import AT_HOME, stand


@pytest.fixture
def everybody(database: Database) -> Database:
    """Everybody on duty stands in the middle of his cell."""
    with database.transaction() as session:
        stand(session, AT_HOME, at=AT)
    return database


def keep(database: Database, of: Linkup, name: str) -> Linkup:
    with database.transaction() as session:
        return keep_worker(session, actor=DESK, linkup=of.id, worker=town.WORKERS[name], at=AT)


def let_go(database: Database, of: Linkup, name: str) -> Linkup:
    with database.transaction() as session:
        return release_worker(session, actor=DESK, linkup=of.id, worker=town.WORKERS[name], at=AT)


def empty(database: Database, of: Linkup) -> list[Gap]:
    with database.snapshot() as session:
        return coverage(session, actor=DESK, linkup=of.id, at=AT)


def reason(found: Linkup, name: str) -> Released | None:
    return next(ask.released_for for ask in found.asked if ask.worker == town.WORKERS[name])


def kinds(database: Database, of: Linkup) -> list[str]:
    query = select(OutboxRow.kind).where(OutboxRow.subject == of.id).order_by(OutboxRow.seq)
    with database.snapshot() as session:
        return list(session.scalars(query))


def test_the_holder_in_his_own_cell_leaves_none_empty(everybody: Database) -> None:
    begun = emergency(everybody)
    assert accept(everybody, "N1", begun.id).uncovered == ()
    assert empty(everybody, begun) == []


def test_a_neighbour_leaves_his_cell_and_gives_it_back(everybody: Database) -> None:
    begun = emergency(everybody)
    led = accept(everybody, "N2", begun.id)
    assert led.uncovered == (town.N2,)
    (gap,) = empty(everybody, begun)
    assert (gap.cell, gap.left_by) == (town.N2, (town.WORKERS["N2"],))
    reasons = {one.worker: one.reason for one in gap.stand_ins}
    # N1's own cell is where the incident is: somebody is coming there.
    assert reasons.pop(town.WORKERS["N1"]) is StandInReason.SPARE
    assert set(reasons.values()) == {StandInReason.NEIGHBOUR}
    close(everybody, begun)
    assert read(everybody, begun.id).uncovered == ()
    assert empty(everybody, begun) == []


def test_an_assistant_who_is_fresh_keeps_a_cell_covered(everybody: Database) -> None:
    assign(everybody, "M2", town.N2, AssignmentRole.ASSISTANT)
    begun = emergency(everybody)
    assert accept(everybody, "N2", begun.id).uncovered == ()
    with everybody.transaction() as session:
        stand(session, {"M2": AT_HOME["M2"]}, at=AT, age_s=600)
    (gap,) = empty(everybody, begun)
    first = gap.stand_ins[0]
    assert (first.worker, first.reason) == (town.WORKERS["M2"], StandInReason.ASSIGNED_STALE)
    assert (first.name, first.age_s) == (town.WORKER_NAMES["M2"], 600.0)


def test_who_can_be_spared_comes_before_who_leaves_his_own(everybody: Database) -> None:
    # M2's cell is kept by M3 too; N1 and N3 are alone in theirs.
    assign(everybody, "M3", town.M2, AssignmentRole.ASSISTANT)
    with everybody.transaction() as session:
        stand(session, {"M2": (150.0, 210.0)}, at=AT)
    begun = emergency(everybody, town.S1)
    at = AT
    while "N2" not in states(read(everybody, begun.id)):
        at = run_out(everybody, begun.id)
    accept(everybody, "N2", begun.id, at=at)
    (gap,) = empty(everybody, begun)
    best = gap.stand_ins[0]
    assert (best.worker, best.reason) == (town.WORKERS["M2"], StandInReason.SPARE)
    assert best.leaves == ()
    assert all(one.leaves for one in gap.stand_ins if one.reason is StandInReason.NEIGHBOUR)


def test_helpers_are_kept_and_released(everybody: Database) -> None:
    begun = emergency(everybody)
    first, second, third = list(states(begun))
    with pytest.raises(NoLead):
        keep(everybody, begun, second)
    accept(everybody, first, begun.id)
    kept = keep(everybody, begun, second)
    assert states(kept)[second] is AskState.ASKED
    with pytest.raises(AlreadyAsked):
        keep(everybody, begun, second)
    helping = accept(everybody, second, begun.id)
    assert (helping.lead, states(helping)[second]) == (town.WORKERS[first], AskState.ACCEPTED)
    assert set(helping.uncovered) == {town.CELLS[second]}
    gone = let_go(everybody, begun, second)
    assert (states(gone)[second], reason(gone, second)) == (AskState.RELEASED, Released.OFFICER)
    assert gone.uncovered == ()
    with pytest.raises(AskAnswered):
        let_go(everybody, begun, third)
    with pytest.raises(WorkerOffDuty):
        keep(everybody, begun, "S3")


def test_a_late_yes_is_kept_as_a_helper_at_once(everybody: Database) -> None:
    begun = emergency(everybody)
    run_out(everybody, begun.id)
    later = AT + timedelta(seconds=21)
    accept(everybody, "N1", begun.id, at=later)
    name = next(
        one for one, state in states(read(everybody, begun.id)).items() if state is AskState.ASKED
    )
    accept(everybody, name, begun.id, at=later)
    kept = keep(everybody, begun, "N1")
    assert states(kept)["N1"] is AskState.ACCEPTED
    assert kept.lead == town.WORKERS[name]


def test_releasing_the_lead_lets_the_search_go_on(everybody: Database) -> None:
    begun = emergency(everybody)
    accept(everybody, "N1", begun.id)
    after = let_go(everybody, begun, "N1")
    assert (after.lead, after.ring) == (None, 2)
    assert AskState.ASKED in states(after).values()
    with everybody.snapshot() as session:
        subject = incident(session, town.DISTRICT, begun.incident)
    assert subject.status is IncidentStatus.OPEN


def test_off_duty_while_asked_is_released_and_the_ring_goes_on(everybody: Database) -> None:
    begun = emergency(everybody)
    for name in list(states(begun)):
        duty(everybody, name, False)
        after = read(everybody, begun.id)
        assert (states(after)[name], reason(after, name)) == (
            AskState.RELEASED,
            Released.OFF_DUTY,
        )
    assert after.ring == 2


def test_a_lead_off_duty_alerts_and_shows_until_he_is_back(everybody: Database) -> None:
    begun = emergency(everybody)
    accept(everybody, "N1", begun.id)
    duty(everybody, "N1", False)
    gone = read(everybody, begun.id)
    assert (gone.lead, gone.lead_off_at) == (town.WORKERS["N1"], AT)
    assert kinds(everybody, begun)[-1] == "linkup.lead_off"
    duty(everybody, "N1", True, at=AT + timedelta(minutes=1))
    back = read(everybody, begun.id)
    assert (back.lead_off_at, kinds(everybody, begun)[-1]) == (None, "linkup.changed")


def test_a_drill_is_marked_and_engages_nobody_for_what_is_real(everybody: Database) -> None:
    drill = emergency(everybody, drill=True)
    assert drill.origin is Origin.DRILL
    accept(everybody, "N1", drill.id)
    real = emergency(everybody)
    reasons = {ask.worker: ask.reason for ask in real.asked}
    assert reasons[town.WORKERS["N1"]] == "nearest.holder"
    assert set(reasons.values()) == {"nearest.holder", "nearest.free"}
    other = emergency(everybody, town.M1, drill=True)
    engaged = {ask.worker: ask.reason for ask in other.asked}
    assert engaged.get(town.WORKERS["N1"], "nearest.engaged") == "nearest.engaged"


def test_who_takes_what_is_real_leaves_his_drill(everybody: Database) -> None:
    drill = emergency(everybody, drill=True)
    accept(everybody, "N1", drill.id)
    real = emergency(everybody)
    accept(everybody, "N1", real.id)
    left = read(everybody, drill.id)
    assert (left.lead, reason(left, "N1")) == (None, Released.REAL_INCIDENT)
    assert left.ring == 2
    assert read(everybody, real.id).lead == town.WORKERS["N1"]


def test_a_drill_is_the_dispatchers_to_begin(everybody: Database) -> None:
    for actor in (town.actor(Role.SUPERVISOR), town.actor(Role.ADMIN), worker("N1")):
        with pytest.raises(RoleNotAllowed), everybody.transaction() as session:
            report_incident(session, actor=actor, report=report(drill=True), at=AT)


def test_old_snapshot_and_events_make_the_new_one(everybody: Database) -> None:
    def rows(session: object) -> list[dict[str, object]]:
        return live_linkups(session, town.DISTRICT, (town.DISTRICT,), AT)  # type: ignore[arg-type]

    begun = emergency(everybody)
    first, second, _ = list(states(begun))
    with folds(everybody, "linkups", rows):
        accept(everybody, first, begun.id)
    with folds(everybody, "linkups", rows):
        keep(everybody, begun, second)
    with folds(everybody, "linkups", rows):
        duty(everybody, first, False)
    with folds(everybody, "linkups", rows):
        let_go(everybody, begun, first)
