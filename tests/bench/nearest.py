# SPDX-License-Identifier: Apache-2.0
"""The 5 nearest on duty while positions move: in a straight line, beside Redis; and on foot.

The demo district, its 315 holders on duty and as many more workers as asked for, each near a
building. A second process moves 2,000 of them a second through `note_sightings`, committed with
fsync on, and in Redis as well. Three questions about the same points, in turn: `nearest_on_duty`
(the call in an open session, one round trip), GEOSEARCH (5 within 3 km, with distances), and the
whole of `nearest`: cell, holder, engaged, ways on foot, ranking.

    python -m tests.bench.nearest [--workers 315 10000 1000000] [--questions 2000]
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import numpy as np
import shapely
from sqlalchemy import text

from api.demo import DISTRICT, load
from geo.bulk import copy_rows
from geo.columns import Origin
from geo.db import Database
from geo.hierarchy.queries import district
from geo.ids import WorkerId
from geo.incidents.inquiry import Measure
from geo.incidents.nearest import nearest
from geo.reactions import REACTIONS
from geo.tracking.latest import note_sightings
from geo.tracking.nearby import nearest_on_duty
from geo.tracking.rules import Seen
from geo.tracking.tables import LatestPositionRow
from geo.workforce.queries import holders
from geo.workforce.tables import WorkerRow
from tests.bench.redis import Redis, redis
from tests.bench.servers import ROOT, begin_duty, database, durable_database

K = 5
WITHIN_M = 3_000
MOVED_A_SECOND = 2_000
_BATCH = 200
_LOADED_AT_ONCE = 50_000
# Spread round buildings by about so many degrees: 150 m.
_SPREAD = 0.0015


@contextmanager
def patient(url: str) -> Iterator[Database]:
    """A database whose statements may take long: a million rows come in."""
    opened = Database(url, reactions=REACTIONS, statement_timeout_s=600)
    try:
        yield opened
    finally:
        opened.close()


def buildings(opened: Database) -> np.ndarray:
    """Longitude and latitude of every building."""
    with opened.snapshot() as session:
        rows = session.execute(
            text("select ST_X(point), ST_Y(point) from place where kind = 'building'")
        ).all()
    return np.array([tuple(row) for row in rows])


def spots(houses: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Places near buildings."""
    chosen = houses[rng.integers(len(houses), size=count)]
    return np.round(chosen + rng.normal(0, _SPREAD, (count, 2)), 7)


def people(opened: Database, count: int, rng: np.random.Generator) -> list[WorkerId]:
    """The holders of the cells, on duty, and others up to `count`; all just seen."""
    now = datetime.now(UTC)
    with opened.snapshot() as session:
        keepers = list(holders(session, DISTRICT, at=now).values())
    begin_duty(opened, keepers)
    others = [
        WorkerId(UUID(int=(n * 0x9E3779B97F4A7C15 << 32 | n) % 2**128))
        for n in range(1, count - len(keepers) + 1)
    ]
    places = spots(buildings(opened), len(keepers) + len(others), rng)
    everybody = [*keepers, *others]
    for begins in range(0, len(everybody), _LOADED_AT_ONCE):
        some = everybody[begins : begins + _LOADED_AT_ONCE]
        there = shapely.points(places[begins : begins + len(some)])
        with opened.transaction() as session:
            copy_rows(
                session,
                WorkerRow,
                [
                    {
                        "district": DISTRICT,
                        "id": worker,
                        "name": "某人",
                        "created_at": now,
                        "digest": b"",
                        "actor": "system",
                        "origin": Origin.SIMULATED.value,
                    }
                    for worker in some[max(0, len(keepers) - begins) :]
                ],
            )
            copy_rows(
                session,
                LatestPositionRow,
                [
                    {
                        "district": DISTRICT,
                        "worker": worker,
                        "point": point,
                        "accuracy_m": 8.0,
                        "observed_at": now,
                        "received_at": now,
                        "on_duty": True,
                        "origin": Origin.SIMULATED.value,
                    }
                    for worker, point in zip(some, there, strict=True)
                ],
            )
    return everybody


def fill(store: Redis, opened: Database) -> None:
    """The same positions in Redis."""
    with opened.snapshot() as session:
        rows = session.execute(text("select worker, ST_X(point), ST_Y(point) from latest_position"))
        store.add([(str(worker), lon, lat) for worker, lon, lat in rows])


def move(url: str, path: str) -> None:
    """Move people about for ever, 2,000 a second, in a process of its own."""
    store = Redis(Path(path)) if path else None
    rng = np.random.default_rng(os.getpid())
    with database(url) as opened:
        with opened.snapshot() as session:
            workers = session.scalars(text("select worker from latest_position")).all()
        houses = buildings(opened)
        began, moved, told = time.perf_counter(), 0, time.perf_counter()
        while True:
            some = np.unique(rng.integers(len(workers), size=_BATCH))
            places = spots(houses, len(some), rng)
            now = datetime.now(UTC)
            seen = [
                Seen(
                    district=DISTRICT,
                    worker=WorkerId(workers[n]),
                    lon=float(lon),
                    lat=float(lat),
                    accuracy_m=8.0,
                    observed_at=now,
                    received_at=now,
                    origin=Origin.SIMULATED,
                )
                for n, (lon, lat) in zip(some, places, strict=True)
            ]
            with opened.transaction() as session:
                note_sightings(session, seen)
            if store is not None:
                store.add([(str(one.worker), one.lon, one.lat) for one in seen])
            moved += len(seen)
            if time.perf_counter() - told > 10:
                told = time.perf_counter()
                print(f"  moved {moved / (told - began):.0f}/s", flush=True)
            time.sleep(max(0.0, began + moved / MOVED_A_SECOND - time.perf_counter()))


@contextmanager
def moving(url: str, path: Path | None) -> Iterator[None]:
    """People move while the block runs."""
    command = [
        sys.executable,
        "-m",
        "tests.bench.nearest",
        "--move",
        url,
        "--redis",
        str(path or ""),
    ]
    child = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})
    try:
        time.sleep(5)
        yield
    finally:
        child.terminate()
        child.wait()


def measure(opened: Database, path: Path | None, count: int, rng: np.random.Generator) -> None:
    """Ask and print."""
    asked = spots(buildings(opened), count, rng)
    store = None if path is None else Redis(path)
    took: dict[str, list[float]] = {"straight": [], "redis": [], "on foot": []}
    looked: list[int] = []
    unsure = on_foot = 0
    with opened.snapshot() as session:
        place = district(session, DISTRICT)
    for n, (lon, lat) in enumerate(asked.tolist()):
        with opened.snapshot() as session:
            session.execute(text("select 1"))
            began = time.perf_counter()
            nearest_on_duty(session, DISTRICT, lon, lat, k=K)
            took["straight"].append(time.perf_counter() - began)
        if store is not None:
            began = time.perf_counter()
            store.nearest(lon, lat, k=K, within_m=WITHIN_M)
            took["redis"].append(time.perf_counter() - began)
        if n % 4 == 0:
            with opened.snapshot() as session:
                session.execute(text("select 1"))
                began = time.perf_counter()
                found = nearest(session, place, lon, lat, k=K, at=datetime.now(UTC))
                took["on foot"].append(time.perf_counter() - began)
            looked.append(len(found.inquiry.considered))
            unsure += not found.inquiry.exact
            on_foot += found.inquiry.measure is Measure.WALK
    for name, some in took.items():
        if some:
            # The first ones prepare statements and build the network.
            p50, p99 = np.percentile(np.array(some[20:]) * 1000, [50, 99])
            print(f"  {name:9} p50 {p50:6.2f} ms, p99 {p99:6.2f} ms ({len(some)} questions)")
    mean = np.mean(looked)
    print(
        f"  on foot: {on_foot} of {len(looked)}, {mean:.0f} people considered, {unsure} not exact"
    )


def main() -> None:
    """Measure one number of workers after the other."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--workers", type=int, nargs="+", default=[315, 10_000, 1_000_000])
    parser.add_argument("--questions", type=int, default=2_000)
    parser.add_argument("--move", help=argparse.SUPPRESS)
    parser.add_argument("--redis", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.move:
        move(asked.move, asked.redis)
        return
    for count in asked.workers:
        rng = np.random.default_rng(1)
        home = Path(tempfile.mkdtemp(prefix="wangge-bench-"))
        try:
            with durable_database() as url, redis() as path:
                load(url, home, "http://127.0.0.1")
                with patient(url) as opened:
                    began = time.perf_counter()
                    everybody = people(opened, count, rng)
                    with opened.transaction() as session:
                        session.execute(text("analyze latest_position"))
                    if path is not None:
                        fill(Redis(path), opened)
                    took = time.perf_counter() - began
                    print(f"{len(everybody)} on duty, loaded in {took:.0f} s", flush=True)
                    with moving(url, path):
                        measure(opened, path, asked.questions, rng)
        finally:
            shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
