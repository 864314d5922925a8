# SPDX-License-Identifier: Apache-2.0
"""Up the ladder: grid leader, community, subdistrict, command; and who may acknowledge."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from geo.accounts.actions import disable_account
from geo.accounts.rules import Actor, Role
from geo.clock import rfc3339
from geo.columns import Origin
from geo.db import Database
from geo.errors import GeoError
from geo.incidents.climbs import ClimbLevel, ClimbState
from geo.incidents.events import (
    AlreadyAcknowledged,
    AlreadyAsked,
    NotClimbing,
    NotResponsible,
    WorkerOffDuty,
)
from geo.incidents.policies import LinkupPolicy
from geo.incidents.queries import live_linkups, policy_in_force
from geo.incidents.rules import AskState, Linkup, LinkupNotFound, LinkupTaken
from geo.incidents.setting import change_linkup_policy
from geo.incidents.steering import acknowledge_linkup, ask_worker, widen_linkup
from geo.outbox import OutboxRow
from geo.patrol.records import PolicyNotLater
from geo.workforce.rules import AssignmentRole
from tests import town
from tests.fold import folds
from tests.linkups import (
    AT,
    DESK,
    accept,
    account,
    assign,
    close,
    decline,
    duty,
    emergency,
    read,
    run_clock,
    run_out,
    states,
)
from tests.people import AT_HOME, stand

COMMUNITY, SUBDISTRICT = town.N1[:12], town.N1[:9]


@pytest.fixture
def alone(database: Database) -> Database:
    """N1 and N2 are on duty; one ring of one worker, then the ladder."""
    with database.transaction() as session:
        stand(session, AT_HOME, at=AT)
        change_linkup_policy(
            session,
            district=town.DISTRICT,
            policy=LinkupPolicy(ring_size=1, most_rings=1),
            since=AT - timedelta(hours=1),
            at=AT - timedelta(hours=2),
        )
    for name in town.WORKERS:
        if name not in ("N1", "N2", town.OFF_DUTY):
            duty(database, name, False)
    return database


def ladder(found: Linkup) -> list[tuple[str, str]]:
    return [(step.level.value, step.state.value) for step in found.climb]


def kinds(database: Database, of: Linkup) -> list[str]:
    with database.snapshot() as session:
        return list(
            session.scalars(
                select(OutboxRow.kind).where(OutboxRow.subject == of.id).order_by(OutboxRow.seq)
            )
        )


def acknowledge(database: Database, actor: Actor, of: Linkup) -> Linkup:
    with database.transaction() as session:
        return acknowledge_linkup(session, actor=actor, linkup=of.id, at=AT)


def name_worker(database: Database, actor: Actor, of: Linkup, name: str) -> Linkup:
    with database.transaction() as session:
        return ask_worker(session, actor=actor, linkup=of.id, worker=town.WORKERS[name], at=AT)


def test_silence_climbs_step_by_step_and_stays_with_command(alone: Database) -> None:
    assign(alone, "N2", town.N1, AssignmentRole.GRID_LEADER)
    community = account(alone, Role.SUPERVISOR, COMMUNITY, "社区主任")
    account(alone, Role.SUPERVISOR, SUBDISTRICT, "街道主任")
    account(alone, Role.DISPATCHER, town.DISTRICT, "指挥长")
    account(alone, Role.SUPERVISOR, COMMUNITY, "已离任")
    account(alone, Role.SUPERVISOR, town.S1[:12], "别的社区")
    account(alone, Role.DISPATCHER, town.DISTRICT, "模拟", origin=Origin.SIMULATED)
    with alone.transaction() as session:
        disable_account(session, username="supervisor-已离任", at=AT)
    begun = emergency(alone)
    assert (states(begun), begun.climb) == ({"N1": AskState.ASKED}, ())
    at = run_out(alone, begun.id)
    after = read(alone, begun.id)
    assert ladder(after) == [("grid_leader", "asked")]
    (leader,) = [ask for ask in after.asked if ask.ring == 2]
    assert (leader.reason, leader.worker) == ("climb.grid_leader", town.WORKERS["N2"])
    assert leader.answer_by == at + timedelta(seconds=30)
    assert not after.exhausted
    at = run_out(alone, begun.id)
    (_, step) = read(alone, begun.id).climb
    assert (step.level, step.area) == (ClimbLevel.COMMUNITY, COMMUNITY)
    assert [one.account for one in step.called] == [community.id]
    assert step.answer_by == at + timedelta(seconds=60)
    assert run_clock(alone, at + timedelta(seconds=60)) == 0
    run_out(alone, begun.id)
    at = run_out(alone, begun.id)
    last = read(alone, begun.id)
    assert ladder(last) == [
        ("grid_leader", "timed_out"),
        ("community", "timed_out"),
        ("subdistrict", "timed_out"),
        ("command", "asked"),
    ]
    assert [one.name for one in last.climb[-1].called] == ["指挥长"]
    assert (last.climb[-1].answer_by, last.exhausted) == (None, True)
    assert run_clock(alone, at + timedelta(days=1)) == 0
    assert kinds(alone, begun) == [
        "linkup.changed",
        "linkup.climbed",
        "linkup.climbed",
        "linkup.climbed",
        "linkup.exhausted",
    ]


def test_what_nobody_holds_is_passed_and_seen(alone: Database) -> None:
    begun = emergency(alone)
    run_out(alone, begun.id)
    after = read(alone, begun.id)
    assert ladder(after) == [
        ("grid_leader", "unmanned"),
        ("community", "unmanned"),
        ("subdistrict", "unmanned"),
        ("command", "asked"),
    ]
    assert kinds(alone, begun) == ["linkup.changed", "linkup.exhausted"]


def test_a_grid_leader_off_duty_or_asked_already_is_passed(alone: Database) -> None:
    assign(alone, "M1", town.N1, AssignmentRole.GRID_LEADER)
    begun = emergency(alone)
    run_out(alone, begun.id)
    assert ladder(read(alone, begun.id))[0] == ("grid_leader", "unmanned")


def test_a_grid_leader_of_the_community_accepts(alone: Database) -> None:
    assign(alone, "N2", town.N3, AssignmentRole.GRID_LEADER)
    begun = emergency(alone)
    at = run_out(alone, begun.id)
    led = accept(alone, "N2", begun.id, at=at)
    assert (led.lead, ladder(led)) == (town.WORKERS["N2"], [("grid_leader", "released")])


def test_a_grid_leader_who_declines_is_climbed_over_at_once(alone: Database) -> None:
    assign(alone, "N2", town.N1, AssignmentRole.GRID_LEADER)
    account(alone, Role.SUPERVISOR, COMMUNITY, "社区主任")
    begun = emergency(alone)
    at = run_out(alone, begun.id)
    after = decline(alone, "N2", begun.id, at=at)
    assert ladder(after) == [("grid_leader", "declined"), ("community", "asked")]


def test_a_level_without_seconds_is_left_out(alone: Database) -> None:
    account(alone, Role.SUPERVISOR, COMMUNITY, "社区主任")
    with alone.transaction() as session:
        change_linkup_policy(
            session,
            district=town.DISTRICT,
            policy=LinkupPolicy(ring_size=1, most_rings=1, leader_within_s=0, community_within_s=0),
            since=AT - timedelta(minutes=1),
            at=AT - timedelta(minutes=2),
        )
    begun = emergency(alone)
    run_out(alone, begun.id)
    assert [level for level, _ in ladder(read(alone, begun.id))] == ["subdistrict", "command"]


def test_who_acknowledges_takes_responsibility_and_names_a_worker(alone: Database) -> None:
    boss = account(alone, Role.SUPERVISOR, COMMUNITY, "社区主任")
    begun = emergency(alone)
    with pytest.raises(NotClimbing):
        acknowledge(alone, boss, begun)
    run_out(alone, begun.id)
    with pytest.raises(NotResponsible):
        name_worker(alone, boss, begun, "N1")
    taken = acknowledge(alone, boss, begun)
    step = taken.climb[-1]
    assert (step.level, step.state) == (ClimbLevel.COMMUNITY, ClimbState.ACKNOWLEDGED)
    assert step.by is not None
    assert (step.by.account, step.by.name) == (boss.id, "社区主任")
    assert acknowledge(alone, boss, begun) == taken
    with pytest.raises(AlreadyAcknowledged) as refused:
        acknowledge(alone, DESK, begun)
    assert refused.value.fields["by"] == "社区主任"
    # Nobody is asked by the clock any more: he decides.
    assert run_clock(alone, AT + timedelta(days=1)) == 0
    with pytest.raises(WorkerOffDuty):
        name_worker(alone, boss, begun, "M1")
    asked = name_worker(alone, boss, begun, "N1")
    (again,) = asked.asked
    assert (again.state, again.reason, again.ring) == (AskState.ASKED, "linkup.named", 2)
    with pytest.raises(AlreadyAsked):
        name_worker(alone, boss, begun, "N1")
    assert accept(alone, "N1", begun.id).lead == town.WORKERS["N1"]
    with pytest.raises(LinkupTaken):
        name_worker(alone, boss, begun, "N2")


def test_a_named_worker_who_declines_leaves_it_with_the_person(alone: Database) -> None:
    boss = account(alone, Role.SUPERVISOR, COMMUNITY, "社区主任")
    begun = emergency(alone)
    run_out(alone, begun.id)
    acknowledge(alone, boss, begun)
    name_worker(alone, boss, begun, "N2")
    after = decline(alone, "N2", begun.id)
    assert ladder(after)[-1] == ("community", "acknowledged")
    assert after.exhausted
    assert kinds(alone, begun)[-1] == "linkup.exhausted"


def test_somebody_asked_lower_may_still_acknowledge(alone: Database) -> None:
    boss = account(alone, Role.SUPERVISOR, COMMUNITY, "社区主任")
    begun = emergency(alone)
    run_out(alone, begun.id)
    run_out(alone, begun.id)
    assert ladder(read(alone, begun.id))[-1] == ("command", "asked")
    assert ladder(acknowledge(alone, boss, begun)) == [
        ("grid_leader", "unmanned"),
        ("community", "acknowledged"),
        ("subdistrict", "unmanned"),
        ("command", "released"),
    ]


def test_outside_his_area_there_is_no_such_linkup(alone: Database) -> None:
    stranger = account(alone, Role.SUPERVISOR, town.S1[:12], "别的社区")
    begun = emergency(alone)
    run_out(alone, begun.id)
    for verb in (acknowledge, lambda *args: name_worker(*args, "N1")):
        with pytest.raises(LinkupNotFound):
            verb(alone, stranger, begun)


def test_an_accept_ends_the_climb_and_a_close_too(alone: Database) -> None:
    account(alone, Role.SUPERVISOR, COMMUNITY, "社区主任")
    begun = emergency(alone)
    run_out(alone, begun.id)
    with alone.transaction() as session:
        widen_linkup(session, actor=DESK, linkup=begun.id, at=AT)
    led = accept(alone, "N2", begun.id)
    assert ladder(led)[-1] == ("community", "released")
    other = emergency(alone, town.N3)
    run_out(alone, other.id)
    close(alone, other)
    assert ladder(read(alone, other.id))[-1][1] == "released"


def test_widening_while_it_climbs_keeps_its_place_on_the_ladder(alone: Database) -> None:
    account(alone, Role.SUPERVISOR, COMMUNITY, "社区主任")
    begun = emergency(alone)
    at = run_out(alone, begun.id)
    with alone.transaction() as session:
        widened = widen_linkup(session, actor=DESK, linkup=begun.id, at=at, ring=1)
    assert states(widened)["N2"] is AskState.ASKED
    with alone.transaction() as session:
        again = widen_linkup(session, actor=DESK, linkup=begun.id, at=at, ring=1)
    assert again == widened
    run_clock(alone, at + timedelta(seconds=61))
    assert ladder(read(alone, begun.id))[1:] == [
        ("community", "timed_out"),
        ("subdistrict", "unmanned"),
        ("command", "asked"),
    ]


def test_who_is_beyond_reach_is_not_asked(alone: Database) -> None:
    with alone.transaction() as session:
        stand(session, {"N2": (9_000, 0)}, at=AT)
    begun = emergency(alone)
    decline(alone, "N1", begun.id)
    with alone.transaction() as session:
        widened = widen_linkup(session, actor=DESK, linkup=begun.id, at=AT)
    assert set(states(widened)) == {"N1"}


def test_policies_are_versions_in_time(database: Database) -> None:
    with database.snapshot() as session:
        assert policy_in_force(session, town.DISTRICT, at=AT) == LinkupPolicy()
    for number, seconds in enumerate((15.0, 12.0), start=1):
        with database.transaction() as session:
            made = change_linkup_policy(
                session,
                district=town.DISTRICT,
                policy=LinkupPolicy(answer_within_s=seconds),
                since=AT + timedelta(hours=number),
                at=AT,
            )
        assert made.version == number
    with database.snapshot() as session:
        found = [
            policy_in_force(session, town.DISTRICT, at=AT + timedelta(hours=hours, minutes=1))
            for hours in (0, 1, 2)
        ]
    assert [(one.version, one.answer_within_s) for one in found] == [(0, 20), (1, 15), (2, 12)]
    with pytest.raises(PolicyNotLater), database.transaction() as session:
        change_linkup_policy(
            session,
            district=town.DISTRICT,
            policy=LinkupPolicy(),
            since=AT + timedelta(hours=2),
            at=AT,
        )


def test_a_ring_says_by_which_policy_it_was_asked(alone: Database) -> None:
    begun = emergency(alone)
    (ring,) = begun.recommendation["rings"]
    assert (ring["policy"], ring["inquiry"]["reach_m"], ring["at"]) == (1, 5000, rfc3339(AT))


def test_old_snapshot_and_events_make_the_new_one(alone: Database) -> None:
    assign(alone, "N2", town.N1, AssignmentRole.GRID_LEADER)
    boss = account(alone, Role.SUPERVISOR, COMMUNITY, "社区主任")

    def rows(session: object) -> list[dict[str, object]]:
        return live_linkups(session, town.DISTRICT, (town.DISTRICT,), AT)  # type: ignore[arg-type]

    with folds(alone, "linkups", rows):
        begun = emergency(alone)
    for _ in range(2):
        with folds(alone, "linkups", rows):
            run_out(alone, begun.id)
    with folds(alone, "linkups", rows):
        acknowledge(alone, boss, begun)
    with folds(alone, "linkups", rows):
        name_worker(alone, boss, begun, "N1")
    with folds(alone, "linkups", rows):
        accept(alone, "N1", begun.id)
    with folds(alone, "linkups", rows):
        close(alone, begun)
    with pytest.raises(GeoError):
        acknowledge(alone, boss, begun)
