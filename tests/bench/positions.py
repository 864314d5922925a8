# SPDX-License-Identifier: Apache-2.0
"""Latest positions moved in batches: the rate at the start and after many rounds, and the bloat.

Workers on duty, one row each; a round moves everybody by some metres, in another order each time,
1,000 a transaction by `note_sightings`, committed with fsync on, autovacuum on as it is.

    python -m tests.bench.positions [--workers 20000] [--rounds 10] [--with fillfactor=70,...]

`--workers 1000000 --rounds 10` for the figures. An update of a position is never a HOT update: the
index of the nearest on duty covers the point. `--with` tries other storage parameters.
"""

import argparse
import statistics
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import numpy as np
from sqlalchemy import text

from geo.bulk import copy_rows
from geo.columns import Origin
from geo.db import Database
from geo.hierarchy.actions import install_district
from geo.ids import WorkerId
from geo.tracking.latest import note_sightings
from geo.tracking.rules import Seen
from geo.workforce.tables import DutyRow, WorkerRow
from tests import town
from tests.bench.servers import database, durable_database

BATCH = 1000
LOADED_AT_ONCE = 50_000


@dataclass(frozen=True)
class Size:
    """What the table and its indexes take, and what lies dead in it."""

    table_mib: float
    indexes_mib: float
    dead: int
    hot: int
    vacuums: int


def load(opened: Database, count: int, since: datetime) -> list[WorkerId]:
    """So many workers, all on duty."""
    with opened.transaction() as session:
        install_district(
            session,
            areas=town.areas(),
            buildings=town.buildings(),
            in_force_from=town.IN_FORCE_FROM,
            at=since,
            plan_name="首版方案",
        )
    workers = [
        WorkerId(UUID(int=(n * 0x9E3779B97F4A7C15 << 32 | n) % 2**128)) for n in range(count)
    ]
    for begins in range(0, count, LOADED_AT_ONCE):
        some = workers[begins : begins + LOADED_AT_ONCE]
        with opened.transaction() as session:
            copy_rows(
                session,
                WorkerRow,
                [
                    {
                        "district": town.DISTRICT,
                        "id": worker,
                        "name": "某人",
                        "phone": "",
                        "created_at": since,
                        "digest": b"",
                        "actor": "system",
                        "origin": Origin.SIMULATED.value,
                    }
                    for worker in some
                ],
            )
            copy_rows(
                session,
                DutyRow,
                [
                    {
                        "district": town.DISTRICT,
                        "id": uuid4(),
                        "worker": worker,
                        "during": f"[{since.isoformat()},)",
                        "origin": Origin.SIMULATED.value,
                    }
                    for worker in some
                ],
            )
    return workers


def a_round(
    opened: Database, workers: list[WorkerId], rng: np.random.Generator, at: datetime
) -> list[float]:
    """Move everybody once; rows a second of each batch."""
    lon, lat = 123.76 + rng.normal(0, 0.2, len(workers)), 41.3 + rng.normal(0, 0.2, len(workers))
    rates = []
    order = rng.permutation(len(workers)).tolist()
    for begins in range(0, len(order), BATCH):
        seen = [
            Seen(
                district=town.DISTRICT,
                worker=workers[n],
                lon=round(float(lon[n]), 7),
                lat=round(float(lat[n]), 7),
                accuracy_m=8.0,
                observed_at=at,
                received_at=at,
                origin=Origin.SIMULATED,
            )
            for n in order[begins : begins + BATCH]
        ]
        began = time.perf_counter()
        with opened.transaction() as session:
            note_sightings(session, seen)
        rates.append(len(seen) / (time.perf_counter() - began))
    return rates


def size(opened: Database) -> Size:
    """What PostgreSQL says of the table now."""
    with opened.transaction() as session:
        row = session.execute(
            text(
                "select pg_table_size('latest_position') as own,"
                " pg_indexes_size('latest_position') as indexes,"
                " n_dead_tup, n_tup_hot_upd, autovacuum_count"
                " from pg_stat_user_tables where relname = 'latest_position'"
            )
        ).one()
    return Size(
        row.own / 2**20,
        row.indexes / 2**20,
        row.n_dead_tup,
        row.n_tup_hot_upd,
        row.autovacuum_count,
    )


def main() -> None:
    """Measure and print one line a round, then how the last compares to the first."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--workers", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--with", dest="parameters", help="storage parameters of the table")
    asked = parser.parse_args()
    rng = np.random.default_rng(1)
    now = datetime.now(UTC)
    with durable_database() as url, database(url) as opened:
        if asked.parameters:
            with opened.transaction() as session:
                session.execute(text(f"alter table latest_position set ({asked.parameters})"))
        workers = load(opened, asked.workers, now - timedelta(hours=1))
        medians, sizes = [], []
        for number in range(asked.rounds + 1):
            began = time.perf_counter()
            rates = a_round(opened, workers, rng, now + timedelta(seconds=number))
            took = time.perf_counter() - began
            medians.append(statistics.median(rates))
            sizes.append(size(opened))
            stands = sizes[-1]
            print(
                f"round {number}{' (inserts)' if number == 0 else ''}: {medians[-1]:6.0f} rows/s"
                f" (a batch; {len(workers) / took:.0f}/s through),"
                f" table {stands.table_mib:.1f} MiB, indexes {stands.indexes_mib:.1f} MiB,"
                f" {stands.dead} dead, {stands.hot} HOT, {stands.vacuums} vacuums",
                flush=True,
            )
    print(
        f"{asked.workers} workers: {medians[1]:.0f} rows/s in the first round of updates,"
        f" {medians[-1]:.0f} in the last ({medians[-1] / medians[1]:.2f});"
        f" table {sizes[-1].table_mib / sizes[0].table_mib:.1f} times,"
        f" indexes {sizes[-1].indexes_mib / sizes[0].indexes_mib:.1f} times their first size"
    )


if __name__ == "__main__":
    main()
