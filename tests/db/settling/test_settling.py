# SPDX-License-Identifier: Apache-2.0
"""However a day comes in, it settles to the same doubts."""

import random
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import numpy as np
from sqlalchemy import Engine, text

from geo.accounts.rules import Role
from geo.crs import Fix
from geo.db import Database
from geo.ids import CheckInId, WorkerId
from geo.outbox import history_of
from geo.patrol import queries
from geo.patrol.check_ins import take_check_in, take_check_ins
from geo.patrol.records import Claim
from geo.reactions import REACTIONS
from geo.settling.actions import forget_settled, settle, settle_due
from geo.settling.queries import doubted_days, settled_day
from geo.tracking import actions as tracking
from geo.units import Metres
from geo.unsettled import SETTLES_AFTER, WorkerDay, claim_due, note_unsettled
from tests import town, tracks
from tests.fold import folds

NOW = town.MORNING
TODAY = NOW.date()
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
N1, N2, M1, S1 = (town.WORKERS[name] for name in ("N1", "N2", "M1", "S1"))
_SPACE = UUID("5e7713d0-0000-4000-8000-000000000000")
Deliver = Callable[[datetime], None]


@dataclass(frozen=True)
class Parcel:
    """What a phone sends at once."""

    worker: WorkerId
    due: datetime
    fixes: tuple[Fix, ...] = ()
    claim: Claim | None = None


def fixes_of(words: tracks.Said, *, later: timedelta = timedelta(0)) -> list[Fix]:
    """A phone's words in town, the first of them at eight in the morning."""
    west, south = town.point(0, 0)
    lon, lat = tracks.degrees(words.x - words.x[0] + 60, words.y - words.y[0] + 60)
    return [
        Fix(
            lon=round(float(x) - tracks.LON + west, 7),
            lat=round(float(y) - tracks.LAT + south, 7),
            accuracy_m=Metres(float(accuracy)),
            observed_at=NOW + later + timedelta(seconds=round(float(at - words.at[0]), 3)),
            source="android",
        )
        for at, x, y, accuracy in zip(words.at, lon, lat, words.accuracy_m, strict=True)
    ]


def parcels() -> list[Parcel]:
    """A day: N1 and M1 walk, N2 replays N1's walk two hours later, S1 sits with a typed-in place.

    A batch of fixes every five minutes, a check-in every twenty.
    """
    said = {
        who: tracks.walked(np.random.default_rng(seed), 3, rough=0.0, hours=0.7)[0]
        for who, seed in ((N1, 1), (M1, 2), (S1, 3))
    }
    said[S1].x[:], said[S1].y[:], said[S1].accuracy_m[:] = 50.0, 50.0, 5.0
    day = {who: fixes_of(words) for who, words in said.items()}
    day[N2] = fixes_of(said[N1], later=2 * HOUR)
    made = []
    for who, fixes in day.items():
        for k in range(0, len(fixes), 40):
            piece = tuple(fixes[k : k + 40])
            made.append(Parcel(who, piece[-1].observed_at, piece))
        for fix in fixes[30 :: len(fixes) // 3]:
            fix = replace(fix, observed_at=fix.observed_at + timedelta(seconds=1))
            id = CheckInId(uuid5(_SPACE, f"{who} {fix.observed_at}"))
            made.append(Parcel(who, fix.observed_at, claim=Claim(id, who, None, fix)))
    return sorted(made, key=lambda parcel: parcel.due)


def send(database: Database, parcel: Parcel, at: datetime) -> None:
    actor = town.actor(Role.WORKER, worker=parcel.worker)
    with database.transaction() as session:
        if parcel.claim is not None:
            (taken,) = take_check_ins(session, [(actor, parcel.claim)], at=at)
            assert not isinstance(taken, Exception)
            return
        tracking.store_positions(
            session, actor=actor, items=[(parcel.worker, fix) for fix in parcel.fixes], at=at
        )


def settle_all(database: Database, at: datetime) -> int:
    done = 0
    while True:
        with database.transaction() as session:
            more = settle_due(session, at=at)
        if not more:
            return done
        done += 1


@contextmanager
def fresh_town(engine: Engine) -> Iterator[Database]:
    with engine.connect() as connection:
        outer = connection.begin()
        yield Database("", reactions=REACTIONS, connection=connection)
        outer.rollback()


def end_of(database: Database) -> dict[Any, Any]:
    """The doubts of every check-in, delivery marks aside, and of every day."""
    with database.snapshot() as session:
        found = queries.check_ins(session, town.DISTRICT, areas=(town.DISTRICT,), limit=1000)
        ended: dict[Any, Any] = {
            one.id: [doubt for doubt in one.doubts if doubt["code"] != "delivery.late"]
            for one in found
        }
        for worker in (N1, N2, M1, S1):
            day = settled_day(session, WorkerDay(town.DISTRICT, worker, TODAY))
            assert day is not None
            ended[worker] = day
    return ended


def codes(database: Database, worker: WorkerId) -> set[str]:
    with database.snapshot() as session:
        found = queries.check_ins(
            session, town.DISTRICT, areas=(town.DISTRICT,), worker=worker, limit=100
        )
    return {doubt["code"] for one in found for doubt in one.doubts}


def orderly(engine: Engine, sent: Sequence[Parcel]) -> dict[Any, Any]:
    with fresh_town(engine) as database:
        for n, parcel in enumerate(sent):
            send(database, parcel, parcel.due)
            if n % 40 == 39:
                settle_all(database, parcel.due)
        settle_all(database, NOW + 6 * HOUR)
        assert codes(database, N1) == codes(database, M1) == set()
        assert codes(database, N2) == {"track.replayed"}
        assert codes(database, S1) == {"track.lifeless"}
        return end_of(database)


def test_shuffled_doubled_and_delayed_a_day_ends_in_the_same_doubts(
    shared_engine: Engine, deep: bool
) -> None:
    sent = parcels()
    expected = orderly(shared_engine, sent)
    for seed in range(5 if deep else 2):
        rng = random.Random(seed)
        mixed = [*sent, *rng.sample(sent, len(sent) // 3)]
        rng.shuffle(mixed)
        with fresh_town(shared_engine) as database:
            at = NOW + 5 * HOUR
            for parcel in mixed:
                at += timedelta(seconds=rng.randint(0, 120))
                send(database, parcel, at)
                if rng.random() < 0.05:
                    settle_all(database, at)
            settle_all(database, at + HOUR)
            assert end_of(database) == expected


def test_settling_twice_changes_nothing_and_tells_once(database: Database) -> None:
    mine = [parcel for parcel in parcels() if parcel.worker == S1]
    for parcel in mine:
        send(database, parcel, parcel.due)
    at = NOW + 3 * HOUR

    def live(session: Any) -> list[dict[str, Any]]:
        return queries.live_rows(session, town.DISTRICT, (town.DISTRICT,), at)

    with folds(database, "check_ins", live):
        assert settle_all(database, at) == 1
    (claim, *_) = [parcel.claim for parcel in mine if parcel.claim is not None]
    with database.transaction() as session:
        settle(session, WorkerDay(town.DISTRICT, S1, TODAY), at=at + HOUR)
    with database.snapshot() as session:
        kinds = [event.kind for event in history_of(session, town.DISTRICT, claim.id)]
        assert [row["doubts"] for row in live(session)] == [["track.lifeless"]] * 3
        settled = session.scalar(text("select max(settled_at) from check_in"))
    assert kinds == ["check_in.judged", "check_in.doubted"]
    assert settled == at
    # The first answer stays the answer of the same id.
    with database.transaction() as session:
        again = take_check_in(
            session, actor=town.actor(Role.WORKER, worker=S1), claim=claim, at=at + HOUR
        )
    assert (again.fresh, again.check_in.doubts) == (False, ())
    with database.snapshot() as session:
        kept = queries.check_in(session, town.DISTRICT, claim.id)
    assert (kept.accepted, [doubt["code"] for doubt in kept.doubts]) == (
        again.check_in.accepted,
        ["track.lifeless"],
    )


def test_what_comes_later_takes_a_doubt_back(database: Database) -> None:
    """A phone that seemed to repeat one place all the time had only not sent the rest yet."""
    for parcel in parcels():
        if parcel.worker == S1:
            send(database, parcel, parcel.due)
    settle_all(database, NOW + 2 * HOUR)
    before = codes(database, S1)
    with database.transaction() as session:
        for n in range(0, 2400, 60):
            lon, lat = town.point(100 + n / 20, 120)
            there = Fix(
                lon=lon, lat=lat, accuracy_m=Metres(8), observed_at=NOW + timedelta(seconds=n)
            )
            tracking.store_positions(
                session,
                actor=town.actor(Role.WORKER, worker=S1),
                items=[(S1, there)],
                at=NOW + 3 * HOUR,
            )
    assert settle_all(database, NOW + 4 * HOUR) == 1
    assert "track.lifeless" in before
    assert "track.lifeless" not in codes(database, S1)


def test_two_passes_share_the_days_and_never_one_day(live_database: Database) -> None:
    with live_database.transaction() as session:
        note_unsettled(session, town.DISTRICT, [(N1, NOW), (N1, NOW), (N2, NOW)], at=NOW)
    at = NOW + SETTLES_AFTER
    claimed: list[WorkerDay | None] = []
    with live_database.transaction() as session:
        assert claim_due(session, at=at - timedelta(seconds=1)) is None
        first = claim_due(session, at=at)

        def other() -> None:
            with live_database.transaction() as second:
                claimed.extend([claim_due(second, at=at), claim_due(second, at=at)])
                # An intake waits for neither.
                note_unsettled(second, town.DISTRICT, [(N1, NOW), (N2, NOW)], at=at)

        beside = threading.Thread(target=other)
        beside.start()
        beside.join(10)
        assert not beside.is_alive()
    assert {first, claimed[0]} == {WorkerDay(town.DISTRICT, who, TODAY) for who in (N1, N2)}
    assert claimed[1] is None
    with live_database.transaction() as session:
        assert claim_due(session, at=at + SETTLES_AFTER) is not None


def test_a_day_is_the_civil_one(database: Database) -> None:
    late = NOW.replace(hour=15, minute=59)
    with database.transaction() as session:
        note_unsettled(
            session, town.DISTRICT, [(N1, late), (N1, late + timedelta(minutes=1))], at=NOW
        )
        days = {claim_due(session, at=NOW + HOUR) for _ in range(2)}
    assert days == {WorkerDay(town.DISTRICT, N1, TODAY + DAY * n) for n in (0, 1)}


def test_a_leap_across_midnight_is_doubted_of_the_day_it_leads_into(database: Database) -> None:
    midnight = NOW.replace(hour=16)

    def around(second: int, north: float) -> Parcel:
        # Before midnight round one corner, after it two kilometres off.
        lon, lat = town.point(50 + second % 7, 250 + north)
        at = midnight + timedelta(seconds=second)
        fix = Fix(lon=lon, lat=lat, accuracy_m=Metres(5), observed_at=at, source="android")
        claim = Claim(CheckInId(uuid5(_SPACE, f"midnight {second}")), N1, None, fix)
        return Parcel(N1, at, claim=claim) if second == 20 else Parcel(N1, at, (fix,))

    evening = [around(second, 0) for second in range(-120, 0, 10)]
    morning = [around(second, 2000) for second in range(5, 120, 5)]
    for parcel in morning:
        send(database, parcel, midnight + HOUR)
    settle_all(database, midnight + 2 * HOUR)
    assert codes(database, N1) == {"delivery.late"}
    # What comes late of the evening before is looked at again with the morning after it.
    for parcel in evening:
        send(database, parcel, midnight + 3 * HOUR)
    settle_all(database, midnight + 4 * HOUR)
    settle_all(database, midnight + 5 * HOUR)
    assert codes(database, N1) == {"delivery.late", "track.jump"}
    with database.snapshot() as session:
        marked = [
            [one.worker for one in doubted_days(session, town.DISTRICT, TODAY + n * DAY, [N1, N2])]
            for n in (0, 1)
        ]
        (day,) = doubted_days(session, town.DISTRICT, TODAY + DAY, [N1])
    assert marked == [[], [N1]]
    assert [doubt["code"] for doubt in day.doubts] == ["track.jump"]


def test_settled_days_expire_with_their_tracks(database: Database) -> None:
    with database.transaction() as session:
        settle(session, WorkerDay(town.DISTRICT, N1, TODAY), at=NOW)
    with database.transaction() as session:
        assert forget_settled(session, at=NOW + 30 * DAY, kept=30 * DAY) == 0
        assert forget_settled(session, at=NOW + 31 * DAY, kept=30 * DAY) == 1


def test_a_long_day_of_honest_walking_is_settled_without_a_doubt(database: Database) -> None:
    words, _ = tracks.walked(np.random.default_rng(5), 3, hours=8.4)
    said = fixes_of(words)[:3000]
    assert len(said) == 3000
    with database.transaction() as session:
        for k in range(0, len(said), 1000):
            tracking.store_positions(
                session,
                actor=town.actor(Role.WORKER, worker=N1),
                items=[(N1, fix) for fix in said[k : k + 1000]],
                at=NOW + 9 * HOUR,
            )
    with database.transaction() as session:
        settle(session, WorkerDay(town.DISTRICT, N1, TODAY), at=NOW + 10 * HOUR)
    with database.snapshot() as session:
        day = settled_day(session, WorkerDay(town.DISTRICT, N1, TODAY))
        assert day is not None
        assert day.doubts == ()
