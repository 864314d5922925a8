# SPDX-License-Identifier: Apache-2.0
"""Positions and tracks in a real database: what is stored, what is dropped, what is erased."""

import random
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import numpy as np
import orjson
import psycopg
import pytest
from sqlalchemy import text

from geo.accounts.rules import NotSelf, OutOfScope, Role, RoleNotAllowed
from geo.columns import Origin
from geo.crs import Fix, System, system_arrays
from geo.db import Database
from geo.ids import WorkerId
from geo.outbox import history_of, record
from geo.tracking import actions, queries
from geo.tracking.latest import notices
from geo.tracking.rules import (
    NOTIFY_CHANNEL,
    NOTIFY_LIMIT_BYTES,
    Stored,
    TrackRangeInvalid,
    TrackRead,
)
from geo.units import Metres
from geo.workforce import actions as workforce
from geo.workforce.rules import WorkerNotFound
from tests import town

NOW = town.MORNING
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
N1, S1, S3 = town.WORKERS["N1"], town.WORKERS["S1"], town.WORKERS["S3"]


def fix(
    east: float = 50, north: float = 250, *, at: datetime = NOW, accuracy_m: float = 5, **said: Any
) -> Fix:
    lon, lat = town.point(east, north)
    return Fix(
        **{"lon": lon, "lat": lat, "observed_at": at, "accuracy_m": Metres(accuracy_m), **said}
    )


def store(
    database: Database,
    *fixes: Fix,
    worker: WorkerId = N1,
    at: datetime = NOW,
    sent_at: datetime | None = None,
) -> Stored:
    with database.transaction() as session:
        return actions.store_positions(
            session,
            actor=town.actor(Role.WORKER, worker=worker),
            items=[(worker, said) for said in fixes],
            at=at,
            sent_at=sent_at,
        )


def reasons(stored: Stored) -> list[str]:
    return [drop.reason for drop in stored.dropped]


def latest(database: Database, areas: tuple[str, ...] = (town.DISTRICT,)) -> Sequence[Any]:
    with database.snapshot() as session:
        return queries.positions(session, town.DISTRICT, areas, NOW)


def read(database: Database, **said: Any) -> Any:
    asked = {
        "actor": town.actor(Role.SUPERVISOR),
        "worker": N1,
        "begins_at": NOW - DAY,
        "ends_at": NOW + DAY,
        "purpose": "核对投诉",
        "limit": 100,
        "at": NOW,
    }
    with database.transaction() as session:
        return actions.read_track(session, **{**asked, **said})


def test_a_position_is_stored_and_seen(database: Database) -> None:
    assert store(database, fix(60, 250)) == Stored(1, ())
    (seen,) = latest(database)
    assert (seen.worker, seen.observed_at) == (N1, NOW)
    assert (seen.lon, seen.lat) == pytest.approx(town.point(60, 250), abs=1e-9)
    assert latest(database, ("210503101001",)) == [seen]
    assert latest(database, ("210503102",)) == []
    assert latest(database, ()) == []


def test_the_latest_position_never_goes_back(database: Database) -> None:
    store(database, fix(60), fix(10, at=NOW - MINUTE))
    store(database, fix(20, at=NOW - 2 * MINUTE), at=NOW + MINUTE)
    (seen,) = latest(database)
    assert seen.observed_at == NOW
    assert seen.lon == pytest.approx(town.point(60, 250)[0], abs=1e-9)
    assert [kept.observed_at for kept in read(database)] == [
        NOW - 2 * MINUTE,
        NOW - MINUTE,
        NOW,
    ]


def test_the_same_fix_again_is_one_fix(database: Database) -> None:
    assert store(database, fix(), fix()) == Stored(2, ())
    assert store(database, fix()) == Stored(1, ())
    assert len(read(database)) == 1


TWINS = [
    fix(30, 250, accuracy_m=9),
    fix(60, 250, accuracy_m=5),
    fix(60, 240, accuracy_m=5),
    fix(10, 210, accuracy_m=50, mock=True),
    fix(90, 250, accuracy_m=5, source="B"),
    fix(90, 250, accuracy_m=5, source="a"),
    fix(90, 250, accuracy_m=5),
]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("at_once", [True, False])
def test_of_fixes_of_one_instant_one_is_kept_whichever_came_first(
    database: Database, seed: int, at_once: bool
) -> None:
    mixed = random.Random(seed).sample(TWINS, len(TWINS))
    for said in [mixed] if at_once else [[one] for one in mixed]:
        assert store(database, *said).stored == len(said)
    (kept,) = read(database)
    # A declared mock stays visible in the track, and is nobody's latest position.
    assert (kept.mock, kept.accuracy_m) == (True, 50)
    (seen,) = latest(database)
    assert (seen.lon, seen.lat) == pytest.approx(town.point(90, 250), abs=1e-9)
    honest = [one for one in mixed if not one.mock]
    later = [replace(one, observed_at=NOW + MINUTE) for one in honest]
    for said in [later] if at_once else [[one] for one in later]:
        store(database, *said, at=NOW + MINUTE)
    (_, other) = read(database)
    assert (other.lon, other.lat) == pytest.approx(town.point(60, 240), abs=1e-9)
    by_source = [one for one in honest if one.lon == fix(90, 250).lon]
    for one in by_source:
        store(database, replace(one, observed_at=NOW + 2 * MINUTE), at=NOW + 2 * MINUTE)
    assert read(database)[-1].source is None


def test_batches_with_the_same_instants_in_other_orders_do_not_wait_crosswise(
    live_database: Database,
) -> None:
    first = [fix(60 + n / 10, at=NOW - timedelta(seconds=n)) for n in range(200)]
    second = [fix(40 + n / 10, at=NOW - timedelta(seconds=n), accuracy_m=4) for n in range(200)]
    with ThreadPoolExecutor(3) as threads:
        sent = [
            threads.submit(store, live_database, *one) for one in (first, second[::-1], first[::-1])
        ]
    assert [one.result().stored for one in sent] == [200] * 3
    assert {kept.accuracy_m for kept in read(live_database, limit=500)} == {4}


def test_what_is_dropped_and_why(database: Database) -> None:
    lon, lat = town.point(50, 250)
    stored = store(
        database,
        fix(at=NOW - HOUR),
        fix(at=NOW + 3 * MINUTE),
        fix(at=NOW - 4 * DAY),
        fix(lon=lat, lat=lon % 90),
        fix(lon=float("nan")),
        fix(lon=float("inf")),
        fix(accuracy_m=5000),
        fix(accuracy_m=float("nan")),
        fix(),
    )
    assert stored.stored == 1
    assert [drop.index for drop in stored.dropped] == list(range(8))
    assert reasons(stored) == [
        "duty.off",
        "clock.ahead",
        "fix.too_old",
        "fix.far_from_district",
        "point.out_of_range",
        "point.out_of_range",
        "fix.too_vague",
        "fix.too_vague",
    ]


def test_off_duty_leaves_no_trace(database: Database) -> None:
    stored = store(database, fix(250, 50), worker=S3)
    assert reasons(stored) == ["duty.off"]
    assert latest(database) == []
    assert read(database, worker=S3) == []


def test_a_clock_that_runs_ahead_is_corrected_by_the_send_time(database: Database) -> None:
    ahead = timedelta(hours=8)
    stored = store(database, fix(at=NOW + ahead - MINUTE), sent_at=NOW + ahead)
    assert stored == Stored(1, ())
    assert latest(database)[0].observed_at == NOW - MINUTE


@pytest.mark.parametrize("system", [System.GCJ02, System.BD09, System.CGCS2000])
def test_other_systems_are_converted_and_the_raw_fix_is_kept(
    database: Database, system: System
) -> None:
    lon, lat = town.point(150, 150)
    said = system_arrays(np.array([lon]), np.array([lat]), system)
    store(database, fix(lon=float(said[0][0]), lat=float(said[1][0]), system=system))
    (seen,) = latest(database)
    assert (seen.lon, seen.lat) == pytest.approx((lon, lat), abs=1e-7)
    with database.snapshot() as session:
        raw = session.execute(text("select raw_lon, system from track_fix")).one()
    assert raw == (float(said[0][0]), system.value)


def test_a_declared_mock_moves_nobody(database: Database) -> None:
    assert store(database, fix(mock=True)) == Stored(1, ())
    assert latest(database) == []
    assert [kept.mock for kept in read(database)] == [True]


def test_nobody_else_is_moved(database: Database) -> None:
    with pytest.raises(NotSelf), database.transaction() as session:
        actions.store_positions(
            session, actor=town.actor(Role.WORKER, worker=N1), items=[(S1, fix())], at=NOW
        )
    ghost = WorkerId(uuid4())
    with pytest.raises(WorkerNotFound), database.transaction() as session:
        actions.store_positions(
            session, actor=town.actor(Role.WORKER, worker=ghost), items=[(ghost, fix())], at=NOW
        )


def test_duty_follows_to_the_latest_position(database: Database) -> None:
    me = town.actor(Role.WORKER, worker=N1)
    store(database, fix())
    with database.transaction() as session:
        workforce.set_duty(session, actor=me, worker=N1, on=False, duty_at=NOW, at=NOW)
    assert latest(database) == []
    # What was observed on duty and comes late is kept, but shows nobody who has gone home.
    assert store(database, fix(at=NOW - MINUTE), at=NOW + MINUTE) == Stored(1, ())
    assert latest(database) == []
    with database.transaction() as session:
        workforce.set_duty(
            session, actor=me, worker=N1, on=True, duty_at=NOW + MINUTE, at=NOW + MINUTE
        )
    assert [seen.worker for seen in latest(database)] == [N1]


def test_reading_a_track_is_on_record(database: Database) -> None:
    store(database, fix())
    boss = town.actor(Role.SUPERVISOR, scope="210503101")
    assert len(read(database, actor=boss)) == 1
    with database.snapshot() as session:
        (event,) = [e for e in history_of(session, town.DISTRICT, N1) if e.kind == "track.read"]
    assert (event.actor, event.workers) == (boss.signature, (str(N1),))
    assert event.body["purpose"] == "核对投诉"
    assert event.place is None


def test_who_may_not_read_a_track(database: Database) -> None:
    with pytest.raises(OutOfScope):
        read(database, actor=town.actor(Role.SUPERVISOR, scope="210503102"))
    with pytest.raises(RoleNotAllowed):
        read(database, actor=town.actor(Role.DISPATCHER))
    with pytest.raises(OutOfScope):
        read(database, actor=town.actor(Role.WORKER, worker=S1))
    for ends_at in (NOW - DAY, NOW + 8 * DAY):
        with pytest.raises(TrackRangeInvalid):
            read(database, ends_at=ends_at)


def test_expiry_erases_tracks_positions_and_coordinates(database: Database) -> None:
    store(database, fix())
    with database.transaction() as session:
        record(
            session,
            TrackRead(
                id=N1,
                district=town.DISTRICT,
                at=NOW,
                actor="system",
                origin=Origin.REAL,
                body={"id": str(N1)},
                place={"lon": 123.0, "lat": 41.0},
            ),
        )

    def erase(at: datetime) -> int:
        with database.transaction() as session:
            return actions.erase_expired(session, at=at, kept=timedelta(days=30))

    assert erase(NOW + 29 * DAY) == 0
    assert erase(NOW + 32 * DAY) >= 3
    assert erase(NOW + 32 * DAY) == 0
    assert latest(database) == []
    assert read(database) == []
    with database.snapshot() as session:
        events = history_of(session, town.DISTRICT, N1)
    assert {event.place is None for event in events} == {True}
    assert any(event.body == {"id": str(N1)} for event in events)


def test_partitions_are_made_ahead_once_and_take_in_what_came_before(database: Database) -> None:
    store(database, fix())
    with database.transaction() as session:
        assert actions.ensure_partitions(session, at=NOW) == 11
        assert actions.ensure_partitions(session, at=NOW) == 0
        assert actions.ensure_partitions(session, at=NOW + DAY) == 1
        assert session.scalar(text("select count(*) from track_fix_default")) == 0
    assert len(read(database)) == 1


def test_positions_reach_listeners_after_the_commit(live_database: Database) -> None:
    listening = psycopg.connect(live_database.url.replace("+psycopg", ""), autocommit=True)
    with listening:
        listening.execute(f"listen {NOTIFY_CHANNEL}")
        store(live_database, fix(60, 250))
        (notice,) = listening.notifies(timeout=5, stop_after=1)
    said = orjson.loads(notice.payload)
    assert said["district"] == town.DISTRICT
    lon, lat = town.point(60, 250)
    assert said["items"] == [[str(N1), lon, lat, 5.0, NOW.isoformat(), town.N1]]


def test_notices_stay_below_the_limit() -> None:
    items: list[list[Any]] = [
        [str(uuid4()), 123.7654321, 41.3210987, 12.5, NOW.isoformat(), town.N1] for _ in range(1000)
    ]
    made = notices([town.DISTRICT] * len(items), list(map(orjson.dumps, items)))
    sizes = [len(notice.payload.encode()) for notice in made]
    assert max(sizes) <= NOTIFY_LIMIT_BYTES
    # And full, but for what is left over for the last.
    assert min(sizes[:-1]) > NOTIFY_LIMIT_BYTES - len(orjson.dumps(items[0]))
    assert [item for notice in made for item in orjson.loads(notice.payload)["items"]] == items


def test_many_phones_at_once(live_database: Database) -> None:
    stored: list[int] = []

    def send(worker: WorkerId) -> None:
        for second in range(5):
            said = fix(at=NOW - timedelta(seconds=second))
            stored.append(store(live_database, said, worker=worker).stored)

    threads = [
        threading.Thread(target=send, args=(worker,))
        for name, worker in town.WORKERS.items()
        if name != town.OFF_DUTY
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert stored == [1] * 40
    seen = latest(live_database)
    assert len(seen) == 8
    assert {position.observed_at for position in seen} == {NOW}
