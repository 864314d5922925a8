# SPDX-License-Identifier: Apache-2.0
"""Workers, their cells and their duty, in a real database."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy.orm import Session

from geo.accounts.rules import NotSelf, OutOfScope, Role
from geo.columns import Origin
from geo.db import Database
from geo.errors import IdReused
from geo.hierarchy.rules import CellNotFound
from geo.ids import CellCode, WorkerId
from geo.outbox import events_after, history_of, latest_seq
from geo.workforce import actions, queries
from geo.workforce.rules import (
    AlreadyAssigned,
    AssignmentEmpty,
    AssignmentRole,
    CellHeld,
    DutyInFuture,
    DutyTimeFar,
    Held,
    NewWorker,
    WorkerLeft,
    WorkerNotFound,
)
from tests import town
from tests.fold import folds

NOW = town.MORNING
HOUR = timedelta(hours=1)
N1, N2, S3 = town.WORKERS["N1"], town.WORKERS["N2"], town.WORKERS["S3"]
HOLDER, ASSISTANT = AssignmentRole.HOLDER, AssignmentRole.ASSISTANT
ADMIN = town.actor(Role.ADMIN)


def rows(session: Session) -> list[dict[str, Any]]:
    return queries.live_rows(session, town.DISTRICT, (town.DISTRICT,), NOW)


def assign(session: Session, worker: WorkerId, cell: str, role: AssignmentRole, **more: Any) -> Any:
    said = {"begins_at": NOW, "ends_at": None, "at": NOW, "actor": ADMIN, **more}
    return actions.assign(session, worker=worker, cell=CellCode(cell), role=role, **said)


def test_every_cell_of_the_town_has_its_holder(database: Database) -> None:
    with database.snapshot() as session:
        found = queries.workers(session, town.DISTRICT, areas=(town.DISTRICT,), at=NOW)
        assert {worker.name for worker in found} == set(town.WORKER_NAMES.values())
        assert queries.holders(session, town.DISTRICT, at=NOW) == {
            town.CELLS[name]: worker for name, worker in town.WORKERS.items()
        }
        assert queries.count_on_duty(session, town.DISTRICT) == 8
        assert queries.keepers(session, town.DISTRICT, town.N1, at=NOW).holder == N1


@pytest.mark.parametrize(
    ("areas", "within", "names"),
    [
        (("210503",), "210503102", ["S1", "S2", "S3"]),
        (("210503101001",), None, ["N1", "N2", "N3"]),
        (("210503101001",), "210503101", ["N1", "N2", "N3"]),
        (("210503101001",), "210503102", []),
        ((), None, []),
    ],
)
def test_listing_by_scope_and_area(
    database: Database, areas: tuple[str, ...], within: str | None, names: list[str]
) -> None:
    with database.snapshot() as session:
        found = queries.workers(session, town.DISTRICT, areas=areas, within=within, at=NOW)
    assert [worker.id for worker in found] == [town.WORKERS[name] for name in names]


def test_a_worker_of_two_communities_belongs_above_both(database: Database) -> None:
    with database.transaction() as session:
        assign(session, N1, town.M1, ASSISTANT)
    with database.snapshot() as session:
        lower = queries.workers(session, town.DISTRICT, areas=("210503101001",), at=NOW)
        upper = queries.workers(session, town.DISTRICT, areas=("210503101",), at=NOW)
        assert queries.area_of_worker(session, town.DISTRICT, N1, at=NOW)[0] == "210503101"
    assert N1 not in [worker.id for worker in lower]
    assert N1 in [worker.id for worker in upper]


def test_a_cell_has_one_holder_at_a_time(database: Database) -> None:
    with pytest.raises(CellHeld) as refused, database.transaction() as session:
        assign(session, N2, town.N1, HOLDER)
    assert refused.value.fields == {"cell": town.N1, "role": "holder"}
    with database.transaction() as session:
        (held,) = queries.assignments(session, town.DISTRICT, N1)
        actions.end_assignment(
            session, actor=ADMIN, worker=N1, assignment=held.id, ends_at=NOW + HOUR, at=NOW
        )
        assign(session, N2, town.N1, HOLDER, begins_at=NOW + HOUR)
    with database.snapshot() as session:
        assert queries.keepers(session, town.DISTRICT, town.N1, at=NOW).holder == N1
        assert queries.keepers(session, town.DISTRICT, town.N1, at=NOW + HOUR).holder == N2


def test_one_worker_has_one_role_in_a_cell(database: Database) -> None:
    with pytest.raises(AlreadyAssigned), database.transaction() as session:
        assign(session, N1, town.N1, ASSISTANT)


def test_stand_in_beside_the_holder(database: Database) -> None:
    with folds(database, "workers", rows), database.transaction() as session:
        assign(session, N2, town.N1, AssignmentRole.STAND_IN, ends_at=NOW + HOUR)
    with database.snapshot() as session:
        assert queries.keepers(session, town.DISTRICT, town.N1, at=NOW).stand_in == N2
        assert queries.keepers(session, town.DISTRICT, town.N1, at=NOW + HOUR).stand_in is None


def test_assigning_needs_a_cell_of_the_plan_and_a_real_interval(database: Database) -> None:
    with pytest.raises(CellNotFound), database.transaction() as session:
        assign(session, N1, "210503101001009", HOLDER)
    with pytest.raises(AssignmentEmpty), database.transaction() as session:
        assign(session, N1, town.M1, ASSISTANT, ends_at=NOW)
    with pytest.raises(WorkerNotFound), database.transaction() as session:
        assign(session, WorkerId(uuid4()), town.M1, ASSISTANT)
    below = town.actor(Role.SUPERVISOR, scope="210503102")
    with pytest.raises(OutOfScope), database.transaction() as session:
        assign(session, N1, town.S1, ASSISTANT, actor=below)


def test_an_assignment_is_only_ever_shortened(database: Database) -> None:
    with database.transaction() as session:
        made = assign(session, N1, town.M1, ASSISTANT, ends_at=NOW + HOUR)
    for ends_at in (NOW, NOW + 2 * HOUR):
        with pytest.raises(AssignmentEmpty), database.transaction() as session:
            actions.end_assignment(
                session, actor=ADMIN, worker=N1, assignment=made.id, ends_at=ends_at, at=NOW
            )


def test_taking_a_worker_in_twice_is_once(database: Database) -> None:
    new = NewWorker(id=WorkerId(uuid4()), name="何平", cells=(Held(town.N1, ASSISTANT),))
    with folds(database, "workers", rows), database.transaction() as session:
        made, fresh = actions.create_worker(session, actor=ADMIN, new=new, at=NOW)
    assert (fresh, made.cells) == (True, new.cells)
    with database.transaction() as session:
        seq = latest_seq(session, town.DISTRICT)
        again, fresh = actions.create_worker(session, actor=ADMIN, new=new, at=NOW)
    assert (again, fresh) == (made, False)
    with database.snapshot() as session:
        assert events_after(session, town.DISTRICT, seq) == []
    other = NewWorker(id=new.id, name="别人")
    with pytest.raises(IdReused), database.transaction() as session:
        actions.create_worker(session, actor=ADMIN, new=other, at=NOW)
    with pytest.raises(IdReused), database.transaction() as session:
        actions.create_worker(session, actor=town.actor(Role.ADMIN), new=new, at=NOW)


def test_changing_and_leaving(database: Database) -> None:
    with folds(database, "workers", rows), database.transaction() as session:
        actions.update_worker(session, actor=ADMIN, worker=N1, name="王芳芳", at=NOW)
    with folds(database, "workers", rows), database.transaction() as session:
        gone = actions.update_worker(session, actor=ADMIN, worker=N1, left=True, at=NOW)
    assert (gone.cells, gone.on_duty, gone.left_at) == ((), False, NOW)
    for again in (
        lambda session: assign(session, N1, town.N1, HOLDER),
        lambda session: actions.update_worker(session, actor=ADMIN, worker=N1, left=True, at=NOW),
        lambda session: actions.set_duty(
            session, actor=ADMIN, worker=N1, on=True, duty_at=NOW, at=NOW
        ),
    ):
        with pytest.raises(WorkerLeft), database.transaction() as session:
            again(session)


def test_duty_on_and_off(database: Database) -> None:
    me = town.actor(Role.WORKER, worker=S3)

    def switch(on: bool, at: Any) -> Any:
        with database.transaction() as session:
            return actions.set_duty(session, actor=me, worker=S3, on=on, duty_at=at, at=NOW)

    with folds(database, "workers", rows):
        begun = switch(True, NOW)
    assert (begun.on_duty, begun.since) == (True, NOW)
    assert switch(True, NOW + timedelta(minutes=5)) == begun
    with folds(database, "workers", rows):
        assert not switch(False, NOW + timedelta(minutes=9)).on_duty
    with database.snapshot() as session:
        asked = [(S3, NOW), (S3, NOW + timedelta(minutes=9)), (N1, NOW), (S3, NOW - HOUR)]
        answered = queries.on_duty_at(session, town.DISTRICT, asked)
        assert answered == [True, False, True, False]


def test_own_duty_is_set_near_now(database: Database) -> None:
    me = town.actor(Role.WORKER, worker=S3)
    for minutes in (-11, 11):
        far = NOW + timedelta(minutes=minutes)
        with pytest.raises(DutyTimeFar), database.transaction() as session:
            actions.set_duty(session, actor=me, worker=S3, on=True, duty_at=far, at=NOW)
    with pytest.raises(NotSelf), database.transaction() as session:
        actions.set_duty(session, actor=me, worker=N1, on=False, duty_at=NOW, at=NOW)
    with pytest.raises(DutyInFuture), database.transaction() as session:
        actions.set_duty(session, actor=ADMIN, worker=S3, on=True, duty_at=NOW + HOUR, at=NOW)


def test_a_correction_joins_what_follows_and_is_on_record(database: Database) -> None:
    boss = town.actor(Role.SUPERVISOR)
    with folds(database, "workers", rows), database.transaction() as session:
        corrected = actions.set_duty(
            session, actor=boss, worker=N1, on=True, duty_at=NOW - 3 * HOUR, at=NOW
        )
    assert corrected.since == NOW - 3 * HOUR
    with database.transaction() as session:
        actions.set_duty(session, actor=boss, worker=N1, on=False, duty_at=NOW - 2 * HOUR, at=NOW)
    with database.snapshot() as session:
        assert not queries.on_duty(session, town.DISTRICT, N1, at=NOW - HOUR)
        recorded = [e for e in history_of(session, town.DISTRICT, N1) if "corrected" in e.kind]
    assert [(e.actor, e.body["on"]) for e in recorded] == [
        (boss.signature, True),
        (boss.signature, False),
    ]


def test_cells_at_their_moments_in_one_statement(database: Database) -> None:
    with database.transaction() as session:
        assign(session, N1, town.M1, ASSISTANT)
        asked = [(N1, NOW - HOUR), (N1, NOW), (WorkerId(uuid4()), NOW)]
        answered = queries.assigned_at(session, town.DISTRICT, asked)
        assert queries.origins(session, town.DISTRICT, [N1, uuid4()]) == {N1: Origin.REAL}
    assert answered == [[town.N1], [town.N1, town.M1], []]


def _race(count: int, act: Callable[[int], None]) -> None:
    threads = [threading.Thread(target=act, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_two_who_want_one_cell_at_once(live_database: Database) -> None:
    with live_database.transaction() as session:
        (held,) = queries.assignments(session, town.DISTRICT, N1)
        actions.end_assignment(
            session, actor=ADMIN, worker=N1, assignment=held.id, ends_at=NOW, at=NOW
        )
    outcomes: list[str] = []

    def take(number: int) -> None:
        try:
            with live_database.transaction() as session:
                assign(session, list(town.WORKERS.values())[number + 1], town.N1, HOLDER)
            outcomes.append("held")
        except CellHeld:
            outcomes.append("refused")

    _race(4, take)
    assert sorted(outcomes) == ["held", "refused", "refused", "refused"]


def test_beginning_duty_twice_at_once_is_once(live_database: Database) -> None:
    me = town.actor(Role.WORKER, worker=S3)

    def begin(_: int) -> None:
        with live_database.transaction() as session:
            actions.set_duty(session, actor=me, worker=S3, on=True, duty_at=NOW, at=NOW)

    _race(4, begin)
    with live_database.snapshot() as session:
        history = history_of(session, town.DISTRICT, S3)
    assert [event.kind for event in history] == ["worker.changed", "worker.duty"]
