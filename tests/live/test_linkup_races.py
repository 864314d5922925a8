# SPDX-License-Identifier: Apache-2.0
"""Two want something of one linkup at the same moment: there is one truth, and all see it."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from geo.accounts.rules import Role
from geo.db import Database
from geo.ids import DepartmentId
from geo.incidents.actions import close_incident
from geo.incidents.departments import Department
from geo.incidents.linkups import accept_linkup, time_out_due
from geo.incidents.policies import LinkupPolicy
from geo.incidents.queries import incident
from geo.incidents.rules import AskState, IncidentStatus, Linkup, LinkupStatus
from geo.incidents.setting import change_linkup_policy
from geo.incidents.steering import acknowledge_linkup, widen_linkup
from geo.incidents.transferring import add_department, change_department, transfer_incident
from geo.outbox import events_after, latest_seq
from geo.workforce.duty import set_duty
from tests import town
from tests.linkups import (
    AT,
    DESK,
    NAMES,
    at_once,
    close,
    duty,
    emergency,
    read,
    run_clock,
    run_out,
    states,
    worker,
)
from tests.people import AT_HOME, stand

# A thousand of each kind take minutes.
pytestmark = pytest.mark.timeout(3600)

LATE = AT + LinkupPolicy().answer_within + timedelta(milliseconds=1)
Act = Callable[[], object]


@pytest.fixture
def everybody(live_database: Database) -> Database:
    """Everybody on duty stands in the middle of his cell."""
    with live_database.transaction() as session:
        stand(session, AT_HOME, at=AT)
    return live_database


@pytest.fixture
def rounds(deep: bool) -> int:
    """How often each race is run."""
    return 1000 if deep else 6


def accepting(database: Database, of: Linkup, name: str, *, at: datetime = AT) -> Act:
    def act() -> None:
        with database.transaction() as session:
            accept_linkup(session, actor=worker(name), linkup=of.id, at=at)

    return act


def closing(database: Database, of: Linkup) -> Act:
    def act() -> None:
        with database.transaction() as session:
            close_incident(session, actor=DESK, incident=of.incident, outcome="完", at=AT)

    return act


def widening(database: Database, of: Linkup) -> Act:
    def act() -> None:
        with database.transaction() as session:
            widen_linkup(session, actor=DESK, linkup=of.id, at=AT, ring=of.ring)

    return act


def leaving(database: Database, name: str) -> Act:
    def act() -> None:
        with database.transaction() as session:
            set_duty(
                session,
                actor=worker(name),
                worker=town.WORKERS[name],
                on=False,
                duty_at=AT,
                at=AT,
            )

    return act


def ticking(database: Database, at: datetime) -> Act:
    def act() -> None:
        with database.transaction() as session:
            time_out_due(session, at=at)

    return act


def told(database: Database, of: Linkup, since: int) -> None:
    """What the events said last is what stands."""
    with database.snapshot() as session:
        said = [
            one.body for one in events_after(session, town.DISTRICT, since) if one.subject == of.id
        ]
    assert said[-1] == read(database, of.id).live_row


def seq(database: Database) -> int:
    with database.snapshot() as session:
        return latest_seq(session, town.DISTRICT)


def test_of_two_accepts_exactly_one_takes_the_lead(everybody: Database, rounds: int) -> None:
    outcomes: Counter[tuple[str, ...]] = Counter()
    for _ in range(rounds):
        since = seq(everybody)
        begun = emergency(everybody)
        first, second, third = states(begun)
        came_to = at_once(accepting(everybody, begun, first), accepting(everybody, begun, second))
        outcomes[tuple(sorted(came_to))] += 1
        after = read(everybody, begun.id)
        won = first if came_to[0] == "done" else second
        released = dict.fromkeys((first, second, third), AskState.RELEASED)
        assert states(after) == released | {won: AskState.ACCEPTED}
        assert after.lead == town.WORKERS[won]
        with everybody.snapshot() as session:
            subject = incident(session, town.DISTRICT, begun.incident)
        assert subject.status is IncidentStatus.LINKED
        told(everybody, begun, since)
        close(everybody, begun)
    assert outcomes == {("done", "linkup.taken"): rounds}


def test_accepting_while_the_clock_runs_out(everybody: Database, rounds: int) -> None:
    for number in range(rounds):
        since = seq(everybody)
        begun = emergency(everybody)
        name, *_ = states(begun)
        # Said in time, said too late; the clock comes by in either case.
        at = LATE if number % 2 else AT
        came_to = at_once(accepting(everybody, begun, name, at=at), ticking(everybody, LATE))
        # The clockwork passes over what somebody acts on, and comes again.
        run_clock(everybody, LATE)
        after = read(everybody, begun.id)
        assert came_to == ["done", "done"]
        state = states(after)[name]
        assert state in (AskState.ACCEPTED, AskState.LATE)
        assert (after.lead == town.WORKERS[name]) == (state is AskState.ACCEPTED)
        assert after.lead is not None or after.ring == 2
        told(everybody, begun, since)
        close(everybody, begun)


def test_closing_while_it_rings(everybody: Database, rounds: int) -> None:
    for _ in range(rounds):
        since = seq(everybody)
        begun = emergency(everybody)
        name, other, _ = states(begun)
        came_to = at_once(
            accepting(everybody, begun, name),
            closing(everybody, begun),
            ticking(everybody, LATE),
        )
        after = read(everybody, begun.id)
        assert came_to[0] in ("done", "linkup.ended")
        assert came_to[1:] == ["done", "done"]
        assert after.status is LinkupStatus.CLOSED
        assert AskState.ASKED not in states(after).values()
        assert (after.lead is not None) == (states(after)[name] is AskState.ACCEPTED)
        assert after.uncovered == ()
        told(everybody, begun, since)
        assert at_once(accepting(everybody, begun, other)) == ["linkup.ended"]


def test_going_off_duty_while_accepting(everybody: Database, rounds: int) -> None:
    for _ in range(rounds):
        since = seq(everybody)
        begun = emergency(everybody)
        name, *_ = states(begun)
        came_to = at_once(accepting(everybody, begun, name), leaving(everybody, name))
        after = read(everybody, begun.id)
        assert came_to[1] == "done"
        if came_to[0] == "done":
            assert (after.lead, after.lead_off_at) == (town.WORKERS[name], AT)
        else:
            assert came_to[0] == "linkup.wrong_state"
            assert (after.lead, states(after)[name]) == (None, AskState.RELEASED)
        told(everybody, begun, since)
        close(everybody, begun)
        duty(everybody, name, True)


def test_going_off_duty_while_being_asked(everybody: Database, rounds: int) -> None:
    for _ in range(rounds):
        begun = emergency(everybody)
        free = next(name for name in town.WORKERS if name not in (*states(begun), town.OFF_DUTY))
        came_to = at_once(
            widening(everybody, begun), widening(everybody, begun), leaving(everybody, free)
        )
        after = read(everybody, begun.id)
        assert came_to == ["done", "done", "done"]
        # Nobody rings who is off duty, whichever came first.
        assert states(after).get(free) in (None, AskState.RELEASED)
        close(everybody, begun)
        duty(everybody, free, True)


def test_two_officers_widen_once(everybody: Database, rounds: int) -> None:
    for _ in range(rounds):
        begun = emergency(everybody)
        acts = [widening(everybody, begun)] * 2
        assert at_once(*acts) == ["done", "done"]
        after = read(everybody, begun.id)
        assert (after.ring, len(after.asked)) == (2, 6)
        assert len({NAMES[ask.worker] for ask in after.asked}) == 6
        close(everybody, begun)


def test_two_people_acknowledge(everybody: Database, rounds: int) -> None:
    with everybody.transaction() as session:
        change_linkup_policy(
            session,
            district=town.DISTRICT,
            policy=LinkupPolicy(ring_size=1, most_rings=1),
            since=AT - timedelta(hours=1),
            at=AT - timedelta(hours=2),
        )

    def acknowledging(of: Linkup, actor: object) -> Act:
        def act() -> None:
            with everybody.transaction() as session:
                acknowledge_linkup(session, actor=actor, linkup=of.id, at=AT)  # type: ignore[arg-type]

        return act

    people = (DESK, town.actor(DESK.role))
    for _ in range(rounds):
        begun = emergency(everybody)
        run_out(everybody, begun.id)
        came_to = at_once(*(acknowledging(begun, actor) for actor in people))
        assert sorted(came_to) == ["done", "linkup.acknowledged"]
        (step,) = [one for one in read(everybody, begun.id).climb if one.by is not None]
        assert step.by is not None
        assert step.by.account == people[came_to.index("done")].id
        close(everybody, begun)


def test_a_real_incident_calls_out_of_a_drill_while_he_goes_off_duty(
    everybody: Database, rounds: int
) -> None:
    for _ in range(rounds):
        drill = emergency(everybody, drill=True)
        assert at_once(accepting(everybody, drill, "N1")) == ["done"]
        real = emergency(everybody)
        came_to = at_once(accepting(everybody, real, "N1"), leaving(everybody, "N1"))
        assert came_to[1] == "done"
        after, practice = read(everybody, real.id), read(everybody, drill.id)
        if came_to[0] == "done":
            assert (after.lead, after.lead_off_at) == (town.WORKERS["N1"], AT)
            assert practice.lead is None
        else:
            assert came_to[0] == "linkup.wrong_state"
            assert (practice.lead, practice.lead_off_at) == (town.WORKERS["N1"], AT)
        close(everybody, real)
        close(everybody, drill)
        duty(everybody, "N1", True)


def test_a_department_is_renamed_while_an_incident_is_handed_to_it(
    everybody: Database, rounds: int
) -> None:
    admin = town.actor(Role.ADMIN)
    office = Department(district=town.DISTRICT, id=DepartmentId(uuid4()), name="第0处")
    with everybody.transaction() as session:
        add_department(session, actor=admin, added=office, at=AT)
    linkups = [emergency(everybody) for _ in range(2)]
    for n in range(1, rounds + 1):

        def renaming(name: str = f"第{n}处") -> None:
            with everybody.transaction() as session:
                change_department(session, actor=admin, department=office.id, at=AT, name=name)

        def handing(of: Linkup = linkups[n % 2], text: str = str(n)) -> None:
            with everybody.transaction() as session:
                transfer_incident(
                    session, actor=DESK, incident=of.incident, to=office.id, text=text, at=AT
                )

        assert at_once(renaming, handing) == ["done", "done"]
        with everybody.snapshot() as session:
            lies = [incident(session, town.DISTRICT, of.incident).department for of in linkups]
        assert set(lies) <= {f"第{n}处", None}
