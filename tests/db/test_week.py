# SPDX-License-Identifier: Apache-2.0
"""A week delivered in any order, twice and three days late, ends as one delivered in order.

In the week a new plan comes into force on Wednesday and another policy on Thursday, cells change
hands, and everybody goes on and off duty every day: each item is judged by what held when it was
observed. Receipt times, marks of late delivery and sequence numbers are the delivery's own.
"""

import random
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4, uuid5

import pytest
from sqlalchemy import Engine, insert, text
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from api import demo
from geo.accounts.rules import Role
from geo.clock import civil_date, civil_day
from geo.cluster import Cluster
from geo.crs import Fix
from geo.db import Database, engine, migrate
from geo.ids import AreaCode, CellCode, CheckInId, CheckpointId, WorkerId, WorkLogId
from geo.outbox import history_of
from geo.patrol import queries as patrol
from geo.patrol.actions import change_policy, write_work_log
from geo.patrol.check_ins import Taken, take_check_ins
from geo.patrol.records import CheckIn, Claim, PolicyNotLater
from geo.patrol.rules import Policy
from geo.reactions import REACTIONS
from geo.settling.actions import settle_due
from geo.settling.queries import settled_day
from geo.sim import acts
from geo.sim.day import WORKDAY, Day, Hand, Rhythm
from geo.sim.town import Town, read_town
from geo.tracking.actions import store_positions
from geo.units import Metres
from geo.unsettled import WorkerDay
from geo.workforce.actions import assign, end_assignment
from geo.workforce.duty import set_duty
from geo.workforce.queries import assignments
from geo.workforce.rules import AssignmentRole
from geo.workforce.tables import AssignmentRow
from tests import town
from tests.db.plans import cells_in_force, issue, publish, renumbered
from tests.play import playground

ZONE = "Asia/Shanghai"
MONDAY = town.MORNING
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WEDNESDAY, THURSDAY = (MONDAY.date() + DAY * n for n in (2, 3))
ADMIN = town.actor(Role.ADMIN)
# A quarter of an hour of work is enough of a day for a town of nine cells.
BRIEF = Rhythm(
    incident_every_s=None,
    check_in_every_s=(360.0, 480.0),
    log_every_s=600.0,
    report_every_s=240.0,
    break_every_s=None,
    shifts=((0.0, 1500.0),),
)
STRICTER = Policy(inside_from=0.97, outside_up_to=0.2, accuracy_factor=2.0)
AHEAD = timedelta(minutes=10)
SLOTS_H = 3
_SPACE = UUID("7ee4d0c0-0000-4000-8000-000000000000")

Happening = Callable[[Session, datetime], None]


@dataclass(frozen=True)
class Parcel:
    """What a phone has to send from an instant on; its clock may run ahead."""

    worker: WorkerId
    due: datetime
    fixes: tuple[Fix, ...] = ()
    claim: Claim | None = None
    log: acts.WriteLog | None = None
    ahead: timedelta = timedelta(0)


@dataclass(frozen=True)
class Week:
    """What happens at its hour, and what phones have to send."""

    happens: Sequence[tuple[datetime, Happening]]
    parcels: Sequence[Parcel]
    crew: Mapping[WorkerId, str]
    days: int


def lived(stage: Town, crew: Mapping[WorkerId, str], rhythm: Rhythm, days: int) -> Week:
    """The crew's week. The first one's phone has a clock that runs ahead."""
    happens: list[tuple[datetime, Happening]] = []
    parcels: list[Parcel] = []
    known: set[UUID] = set()
    hands = [Hand(worker, cell) for worker, cell in crew.items()]
    first = min(crew)
    for n in range(days):
        for act in whole(stage, hands, rhythm, n):
            assert isinstance(act, acts.WorkerAct)
            who = WorkerId(act.worker)
            ahead = AHEAD if who == first else timedelta(0)
            if isinstance(act, acts.GoOnDuty | acts.GoOffDuty):
                happens.append((act.at, duty(who, isinstance(act, acts.GoOnDuty))))
                if isinstance(act, acts.GoOffDuty):
                    parcels += about_the_end(act, parcels, ahead)
            elif isinstance(act, acts.Position):
                said = tuple(moved(fix, ahead) for fix in act.fixes)
                parcels.append(Parcel(who, act.at, said, ahead=ahead))
            elif isinstance(act, acts.CheckIn):
                at = None if act.checkpoint is None else CheckpointId(UUID(act.checkpoint))
                claim = Claim(CheckInId(act.id), who, at, moved(act.fix, ahead))
                if act.id in known:
                    continue  # stood at two checkpoints before duty began: one check-in
                known.add(act.id)
                parcels.append(Parcel(who, act.at, claim=claim, ahead=ahead))
            elif isinstance(act, acts.WriteLog):
                parcels.append(Parcel(who, act.at, log=act))
    # Two of one instant that do not agree, as a phone with two providers sends them; also the very
    # last of each, but for one who ends with a check-in.
    twins = [
        replace(one, fixes=tuple(replace(fix, lon=fix.lon + 1e-5) for fix in one.fixes))
        for one in parcels[::9]
    ]
    for worker in set(crew) - {first}:
        last = [one for one in parcels if one.worker == worker and one.claim][-2]
        assert last.claim is not None
        twin = replace(last.claim.fix, lon=last.claim.fix.lon + 1e-5)
        twins.append(Parcel(worker, last.due, (twin,)))
    happens += changes(crew)
    return Week(
        sorted(happens, key=lambda one: one[0]),
        sorted([*parcels, *(one for one in twins if one.fixes)], key=lambda one: one.due),
        crew,
        days,
    )


def whole(stage: Town, hands: Sequence[Hand], rhythm: Rhythm, day: int) -> Iterator[acts.Act]:
    """Everything of one day until the last has gone off duty."""
    left = sum(len(rhythm.shifts) for _ in hands)
    start = MONDAY + DAY * day
    for act in Day(stage, hands, seed=day, start=start, rhythm=replace(rhythm)).acts():
        if not isinstance(act, acts.WorkerAct) or isinstance(act, acts.ReportIncident):
            continue
        yield act
        left -= isinstance(act, acts.GoOffDuty)
        if not left:
            return


def moved(fix: Fix, by: timedelta) -> Fix:
    return replace(fix, observed_at=fix.observed_at + by)


def about_the_end(act: acts.GoOffDuty, parcels: Sequence[Parcel], ahead: timedelta) -> list[Parcel]:
    """A check-in as the last that is seen of him on duty, and one when duty has ended.

    With a held-up delivery the second comes when he is on duty again.
    """
    last = next(one for one in reversed(parcels) if one.worker == act.worker and one.fixes)
    made = []
    for at in (act.at - timedelta(seconds=1), act.at + timedelta(minutes=20)):
        fix = replace(last.fixes[-1], observed_at=at + ahead)
        claim = Claim(CheckInId(uuid5(_SPACE, f"{act.worker} {at}")), last.worker, None, fix)
        made.append(Parcel(last.worker, at, claim=claim, ahead=ahead))
    return made


def duty(worker: WorkerId, on: bool) -> Happening:
    def happen(session: Session, at: datetime) -> None:
        set_duty(
            session,
            actor=town.actor(Role.WORKER, worker=worker),
            worker=worker,
            on=on,
            duty_at=at,
            at=at,
        )

    return happen


def changes(crew: Mapping[WorkerId, str]) -> list[tuple[datetime, Happening]]:
    """The plan from Wednesday, the policy from Thursday, and a cell that changes hands."""
    community = min(crew.values())[:12]

    def another_policy(session: Session, at: datetime) -> None:
        since, _ = civil_day(THURSDAY, ZONE)
        change_policy(session, district=town.DISTRICT, policy=STRICTER, since=since, at=at)

    def another_plan(session: Session, at: datetime) -> None:
        since, _ = civil_day(WEDNESDAY, ZONE)
        cells = cells_in_force(session, town.DISTRICT, WEDNESDAY)
        new = renumbered(cells, community, merge=True)
        publish(session, town.DISTRICT, list(new.values()), WEDNESDAY)
        taken: set[str] = set()
        for worker, cell in sorted(crew.items()):
            if cell.startswith(community):
                code = CellCode(new[cell].code)
                role = AssignmentRole.ASSISTANT if code in taken else AssignmentRole.HOLDER
                hand_over(session, worker, code, role, since, at)
                taken.add(code)

    def another_cell(session: Session, at: datetime) -> None:
        (*_, one, other) = sorted(crew)
        (held,) = (now for now in assignments(session, town.DISTRICT, one) if now.ends_at is None)
        hand_over(session, other, held.cell, AssignmentRole.ASSISTANT, at + HOUR / 4, at)

    return [
        (MONDAY + 6 * HOUR, another_policy),
        (MONDAY + DAY + 12 * HOUR, another_plan),
        (MONDAY + 4 * DAY, another_cell),
    ]


def hand_over(
    session: Session,
    worker: WorkerId,
    cell: CellCode,
    role: AssignmentRole,
    since: datetime,
    at: datetime,
) -> None:
    for held in assignments(session, town.DISTRICT, worker):
        if held.ends_at is None:
            end_assignment(
                session, actor=ADMIN, worker=worker, assignment=held.id, ends_at=since, at=at
            )
    assign(
        session,
        actor=ADMIN,
        worker=worker,
        cell=cell,
        role=role,
        begins_at=since,
        ends_at=None,
        at=at,
    )


def send(database: Database, parcels: Sequence[Parcel], at: datetime) -> None:
    """Deliver what arrives together: check-ins in one batch, each worker's fixes in one."""
    claims = [
        (
            town.actor(Role.WORKER, worker=one.worker),
            replace(one.claim, sent_at=at + one.ahead if one.ahead else None),
        )
        for one in parcels
        if one.claim is not None
    ]
    with database.transaction() as session:
        for taken in take_check_ins(session, claims, at=at):
            assert isinstance(taken, Taken), taken
        for worker in dict.fromkeys(one.worker for one in parcels if one.fixes):
            mine = [one for one in parcels if one.worker == worker and one.fixes]
            stored = store_positions(
                session,
                actor=town.actor(Role.WORKER, worker=worker),
                items=[(worker, fix) for one in mine for fix in one.fixes],
                at=at,
                sent_at=at + mine[0].ahead if mine[0].ahead else None,
            )
            assert stored.dropped == ()
        for one in parcels:
            if one.log is not None:
                write_work_log(
                    session,
                    actor=town.actor(Role.WORKER, worker=one.worker),
                    id=WorkLogId(one.log.id),
                    worker=one.worker,
                    on=one.log.on,
                    text=one.log.text,
                    at=at,
                )


def settle_all(database: Database, at: datetime) -> None:
    more = 1
    while more:
        with database.transaction() as session:
            more = settle_due(session, at=at)


Deliveries = Sequence[tuple[datetime, Sequence[Parcel]]]


def in_order(week: Week) -> Deliveries:
    return [(one.due, [one]) for one in week.parcels]


def mixed(week: Week, rng: random.Random) -> Deliveries:
    """Everything up to 70 hours late, much of it together, a third twice, some twice at once."""
    slots: dict[datetime, list[Parcel]] = {}
    for one in week.parcels:
        for _ in range(rng.choice([1, 1, 2])):
            late = one.due + timedelta(hours=rng.choice([0.0, rng.uniform(0, 70 - SLOTS_H)]))
            if rng.random() < 0.9:
                hours = (late - MONDAY) / HOUR
                late = MONDAY + HOUR * SLOTS_H * (int(hours // SLOTS_H) + 1)
            slots.setdefault(late, []).extend([one] * rng.choice([1, 1, 1, 2]))
    for together in slots.values():
        rng.shuffle(together)
        for n, one in enumerate(together):
            together[n] = replace(one, fixes=tuple(rng.sample(one.fixes, len(one.fixes))))
    return sorted(slots.items(), key=lambda slot: slot[0])


def play(database: Database, week: Week, deliveries: Deliveries, settles: float) -> None:
    """Let the week happen; now and then a pass settles what is due."""
    rng = random.Random(0)
    steps: list[tuple[datetime, int, Any]] = [(at, 0, what) for at, what in week.happens]
    steps += [(at, 1, parcels) for at, parcels in deliveries]
    at = MONDAY
    for at, kind, what in sorted(steps, key=lambda step: step[:2]):
        if kind:
            send(database, what, at)
        else:
            with database.transaction() as session:
                what(session, at)
        if rng.random() < settles:
            settle_all(database, at)
    settle_all(database, at + HOUR)


def end_of(database: Database, week: Week) -> dict[str, Any]:
    """Everything that must not depend on the delivery, by what it is about."""
    with database.snapshot() as session:
        kept = patrol.check_ins(session, town.DISTRICT, areas=(town.DISTRICT,), limit=1_000_000)
        days = [MONDAY.date() + DAY * n for n in range(week.days)]
        plans = dict(session.execute(text("select id, name from plan")).all())
        return {
            "check-ins": {
                one.id: {
                    field.name: getattr(one, field.name)
                    for field in fields(CheckIn)
                    if field.name not in ("received_at", "doubts", "plan")
                }
                # A plan has another id in each database.
                | {"doubts": undelivered(one), "plan": plans[one.plan]}
                for one in kept
            },
            "said": rows(
                session,
                "select id, raw_lon, raw_lat, mock, source, digest from check_in order by id",
            ),
            "tracks": rows(
                session,
                "select worker, observed_at, raw_lon, raw_lat, system, accuracy_m, mock, source,"
                " ST_AsText(point) from track_fix order by worker, observed_at",
            ),
            "latest": rows(
                session,
                "select worker, observed_at, accuracy_m, on_duty, ST_AsText(point)"
                " from latest_position order by worker",
            ),
            "patrol days": {
                day: patrol.patrol_days(session, town.DISTRICT, day, areas=(town.DISTRICT,))
                for day in days
            },
            "settled days": {
                (worker, day): settled_day(session, WorkerDay(town.DISTRICT, worker, day))
                for worker in week.crew
                for day in days
            },
        }


def undelivered(one: CheckIn) -> list[dict[str, Any]]:
    """Doubts without the mark of a late delivery."""
    return [doubt for doubt in one.doubts if doubt["code"] != "delivery.late"]


def rows(session: Session, statement: str) -> list[Any]:
    return [tuple(row) for row in session.execute(text(statement))]


@contextmanager
def rolled_back(engine: Engine) -> Iterator[Database]:
    with engine.connect() as connection:
        outer = connection.begin()
        yield Database("", reactions=REACTIONS, connection=connection)
        outer.rollback()


def same_end(engine: Engine, week: Week, seeds: Sequence[int]) -> dict[str, Any]:
    """Deliver in order, and mixed by each seed; what both came to."""
    with rolled_back(engine) as database:
        play(database, week, in_order(week), settles=0.02)
        expected = end_of(database, week)
    for seed in seeds:
        with rolled_back(engine) as database:
            play(database, week, mixed(week, random.Random(seed)), settles=0.1)
            found = end_of(database, week)
        for what, said in expected.items():
            assert found[what] == said, what
    return expected


def check_that_it_mattered(week: Week, ended: Mapping[str, Any]) -> None:
    """The changes of the week are seen in what was judged, each from its moment on."""
    judged = list(ended["check-ins"].values())
    claims = [one for one in week.parcels if one.claim is not None]
    assert len(judged) == len({one.claim.id for one in claims if one.claim is not None})
    for one in judged:
        on = civil_date(one["observed_at"], ZONE)
        assert one["plan"].startswith("第二版") == (on >= WEDNESDAY)
        assert one["policy"] == (2 if on >= THURSDAY else 1)
    reasons = {reason["code"] for one in judged for reason in one["reasons"]}
    assert {"cell.inside", "cell.outside", "duty.off"} <= reasons
    located = {one["located_cell"] for one in judged if one["plan"].startswith("第二版")}
    assert any(str(code)[12:].startswith("5") for code in located)
    assert {"clock.corrected"} <= {d["code"] for one in judged for d in one["doubts"]}
    assert {one["accepted"] for one in judged} == {True, False}
    assert all(day is not None for day in ended["settled days"].values())


def small_town() -> Town:
    return playground(
        {
            site.cell: [{"id": str(site.id), "name": site.name, "lon": site.lon, "lat": site.lat}]
            for site in town.checkpoints()
        }
    )


@pytest.mark.timeout(900)
def test_a_week_in_any_order_ends_alike(shared_engine: Engine, deep: bool) -> None:
    names = ("N1", "N2", "S1", "S2") if not deep else tuple(set(town.CELLS) - {town.OFF_DUTY})
    crew = {town.WORKERS[name]: town.CELLS[name] for name in names}
    week = lived(small_town(), crew, BRIEF, 7 if deep else 5)
    check_that_it_mattered(week, same_end(shared_engine, week, range(5) if deep else [1]))


@pytest.fixture
def demo_engine(cluster: Cluster, deep: bool) -> Iterator[Engine | None]:
    """The demo district in a database of its own, where large counts are asked for."""
    if not deep:
        yield None
        return
    name = "demo_week"
    url = cluster.create_database(name)
    migrate(url)
    with tempfile.TemporaryDirectory() as home:
        assert demo.load(url, Path(home), "http://127.0.0.1")
    made = engine(url)
    yield made
    made.dispose()
    cluster.drop_database(name)


@pytest.mark.timeout(900)
def test_a_week_of_the_demo_in_any_order_ends_alike(demo_engine: Engine | None) -> None:
    """Six of its cells with whole working days; without `--deep` only that they can be lived."""
    stage = read_town(demo.FOLDER)
    codes = sorted(code for code in stage.grounds if code.startswith(demo.DEMO_COMMUNITY))[:6]
    crew = {demo.worker_id(code): code for code in codes}
    week = lived(stage, crew, WORKDAY if demo_engine else BRIEF, 7 if demo_engine else 5)
    assert {one.worker for one in week.parcels} == set(crew)
    if demo_engine is not None:
        check_that_it_mattered(week, same_end(demo_engine, week, [1]))


def test_a_policy_holds_from_later_than_now_and_than_the_one_before(database: Database) -> None:
    with database.transaction() as session:
        told = change_policy(
            session, district=town.DISTRICT, policy=STRICTER, since=MONDAY + HOUR, at=MONDAY
        )
    assert told == replace(STRICTER, version=2)
    for since in (MONDAY, MONDAY + HOUR):
        with pytest.raises(PolicyNotLater), database.transaction() as session:
            change_policy(session, district=town.DISTRICT, policy=Policy(), since=since, at=MONDAY)
    with database.snapshot() as session:
        versions = patrol.policy_versions(session, town.DISTRICT)
        seen = history_of(session, town.DISTRICT, UUID(int=2))
    assert [version.policy for version in versions] == [Policy(), told]
    assert versions[0].ends_at == versions[1].begins_at == MONDAY + HOUR
    assert versions[1].ends_at is None
    assert [(event.kind, event.body["inside_from"]) for event in seen] == [
        ("check_in_policy.changed", STRICTER.inside_from)
    ]


def test_a_plan_that_is_published_meanwhile_never_mixes_into_a_verdict(
    live_database: Database,
) -> None:
    """Two phones send while it is published, of moments before and after it comes into force."""
    day = MONDAY.date()
    with live_database.transaction() as session:
        old = cells_in_force(session, town.DISTRICT, day)
        new = list(renumbered(old, "21050310", merge=False).values())
        issue(session, town.DISTRICT, new, day)
        # Nobody may be given a cell of a plan that is still to come: both at once, by hand.
        numbers = {was.code: cell.code for was, cell in zip(old, new, strict=True)}
        session.execute(
            insert(AssignmentRow),
            [
                {
                    "district": town.DISTRICT,
                    "id": uuid4(),
                    "worker": town.WORKERS[name],
                    "cell": numbers[AreaCode(town.CELLS[name])],
                    "role": AssignmentRole.HOLDER.value,
                    "during": Range(town.ASSIGNED_SINCE, None, bounds="[)"),
                    "origin": "real",
                }
                for name in ("N1", "S1")
            ],
        )
    published, started = threading.Event(), threading.Semaphore(0)

    def flow(name: str) -> int:
        sent = 0
        rng = random.Random(name)
        east, north = int(name[1]) * 100 - 50, town.ROWS[name[0]][1] + 50
        worker = town.WORKERS[name]
        more = 10
        while more:
            more -= published.is_set()
            claims = []
            for _ in range(20):
                lon, lat = town.point(east + rng.uniform(-70, 70), north + rng.uniform(-40, 40))
                at = MONDAY - timedelta(hours=rng.uniform(0, 30))
                fix = Fix(lon=lon, lat=lat, accuracy_m=Metres(5), observed_at=at)
                claims.append(Claim(CheckInId(uuid4()), worker, None, fix))
            actor = town.actor(Role.WORKER, worker=worker)
            with live_database.transaction() as session:
                taken = take_check_ins(session, [(actor, one) for one in claims], at=MONDAY)
            assert all(isinstance(one, Taken) for one in taken)
            sent += len(taken)
            if sent >= 200:
                started.release()
        return sent

    with ThreadPoolExecutor(2) as threads:
        flows = [threads.submit(flow, name) for name in ("N1", "S1")]
        assert started.acquire(timeout=30)
        assert started.acquire(timeout=30)
        with live_database.transaction() as session:
            second = publish(session, town.DISTRICT, new, day)
        published.set()
        sent = sum(one.result() for one in flows)
    with live_database.snapshot() as session:
        kept = patrol.check_ins(session, town.DISTRICT, areas=(town.DISTRICT,), limit=1_000_000)
    assert len(kept) == sent
    before, after = {cell.code for cell in old}, {cell.code for cell in new}
    assert before.isdisjoint(after)
    for one in kept:
        codes = after if one.plan == second else before
        said = {one.cell, one.located_cell} | {
            reason[name]
            for reason in one.reasons
            for name in ("cell", "located_cell")
            if reason.get(name)
        }
        assert said - {None} <= codes
        # Of what came into force that day only those that came before it say the old plan.
        assert one.plan != second or civil_date(one.observed_at, ZONE) >= day
    today = {one.plan == second for one in kept if civil_date(one.observed_at, ZONE) >= day}
    assert today == {True, False}
