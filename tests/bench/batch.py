# SPDX-License-Identifier: Apache-2.0
"""Batches of check-ins, as a ratio to COPY of the same rows into the same table, in one run.

`take_check_ins` of 1,000 claims a transaction (judged, kept, told in the outbox, latest positions
moved, committed with fsync on), and in turn `copy_rows` of just those rows under other ids into the
same table with its indexes and constraints, committed. The demo district; each phone checks in
about its own cell.

    python -m tests.bench.batch [--rounds 9] [--size 1000] [--profile]
"""

import argparse
import cProfile
import pstats
import random
import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.demo import DISTRICT, load, worker_id
from api.serve import quicken
from geo.accounts.rules import Actor, Role
from geo.bulk import copy_rows
from geo.crs import Fix
from geo.db import Database
from geo.hierarchy.queries import areas, plan_in_force
from geo.ids import CheckInId, Level, WorkerId
from geo.patrol.check_ins import Said, Taken, take_check_ins
from geo.patrol.records import Claim
from geo.patrol.tables import CheckInRow
from geo.units import Metres
from tests.bench.servers import begin_duty, database, durable_database

COLUMNS = tuple(column.name for column in CheckInRow.__table__.columns)


def places(opened: Database) -> dict[WorkerId, tuple[float, float]]:
    """A point in the cell of each of the demo's workers."""
    with opened.snapshot() as session:
        plan = plan_in_force(session, DISTRICT, datetime.now(UTC).date())
        cells = areas(session, DISTRICT, plan.id, level=Level.CELL)
    return {
        worker_id(cell.code): (cell.boundary.representative_point().x, cell.boundary.centroid.y)
        for cell in cells
        if cell.boundary is not None
    }


def batch(
    rng: random.Random, where: dict[WorkerId, tuple[float, float]], size: int, at: datetime
) -> list[Said]:
    """Claims of many phones: within some metres of their places, of the last minutes."""
    made = []
    for worker in rng.choices(sorted(where), k=size):
        lon, lat = where[worker]
        fix = Fix(
            lon=round(lon + rng.gauss(0, 5e-4), 7),
            lat=round(lat + rng.gauss(0, 4e-4), 7),
            accuracy_m=Metres(round(rng.uniform(4, 30), 1)),
            observed_at=at - timedelta(milliseconds=rng.randrange(300_000)),
            source="android",
        )
        actor = Actor(
            id=UUID(int=worker.int ^ 1),
            district=DISTRICT,
            name="",
            role=Role.WORKER,
            scope=None,
            worker=worker,
        )
        made.append((actor, Claim(CheckInId(uuid4()), worker, None, fix)))
    return made


def taken_in(opened: Database, said: list[Said]) -> float:
    """Seconds to take a batch in, commit included."""
    began = time.perf_counter()
    with opened.transaction() as session:
        answers = take_check_ins(session, said, at=datetime.now(UTC))
    took = time.perf_counter() - began
    refused = [answer for answer in answers if not isinstance(answer, Taken)]
    if refused:
        raise SystemExit(f"{len(refused)} of {len(answers)} not taken: {refused[0]}")
    return took


def copied(opened: Database, said: list[Said]) -> float:
    """Seconds to append the same rows under other ids, commit included."""
    ids = [claim.id for _, claim in said]
    columns = [getattr(CheckInRow, name) for name in COLUMNS]
    with opened.snapshot() as session:
        found = session.execute(select(*columns).where(CheckInRow.id.in_(ids))).mappings().all()
    rows: list[dict[str, Any]] = [{**row, "id": uuid4()} for row in found]
    with opened.transaction() as session:
        connected(session)
        began = time.perf_counter()
        copy_rows(session, CheckInRow, rows)
        session.commit()
        return time.perf_counter() - began


def connected(session: Session) -> None:
    """A connection from the pool, outside what is measured."""
    session.connection()


def main() -> None:
    """Measure in turn and print one line a round, then the medians."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--size", type=int, default=1000)
    parser.add_argument("--profile", action="store_true", help="say where the time goes")
    asked = parser.parse_args()
    rng = random.Random(1)
    with durable_database() as url, tempfile.TemporaryDirectory() as place:
        load(url, Path(place), "http://127.0.0.1")
        with database(url) as opened:
            where = places(opened)
            begin_duty(opened, where)
            quicken()  # as a service process is
            rounds = []
            for number in range(asked.rounds + 2):
                said = batch(rng, where, asked.size, datetime.now(UTC))
                ours = taken_in(opened, said)
                plain = copied(opened, said)
                if number < 2:
                    continue  # warm-ups
                rounds.append((asked.size / ours, asked.size / plain, plain / ours))
                print(
                    f"round {number - 1}: {asked.size / ours:7.0f} rows/s,"
                    f" COPY {asked.size / plain:7.0f} rows/s, ratio {plain / ours:.3f}"
                )
            if asked.profile:
                profile(opened, [batch(rng, where, asked.size, datetime.now(UTC)) for _ in "12345"])
    ratios = [found[2] for found in rounds]
    print(
        f"median {statistics.median(found[0] for found in rounds):.0f} rows/s, COPY"
        f" {statistics.median(found[1] for found in rounds):.0f} rows/s,"
        f" ratio {statistics.median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f})"
    )


def profile(opened: Database, batches: list[list[Said]]) -> None:
    """Print where the time of some batches goes."""
    profiler = cProfile.Profile()
    profiler.enable()
    for said in batches:
        taken_in(opened, said)
    profiler.disable()
    pstats.Stats(profiler).sort_stats("cumulative").print_stats(45)
    pstats.Stats(profiler).sort_stats("tottime").print_stats(30)


if __name__ == "__main__":
    main()
