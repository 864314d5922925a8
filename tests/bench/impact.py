# SPDX-License-Identifier: Apache-2.0
"""Past check-ins judged against drafts of the demo, beside geopandas.sjoin of the same points.

Check-ins of the demo's holders about their checkpoints (one in twelve names none), with errors of
2 to 60 m, one in twenty-five astray. Three drafts: one border moved, the cells of one community
split in two, and every cell of the district. For each: finding the case of every check-in, the
filter by changed land, and both verdicts of those near it. `geopandas.sjoin` answers less, with the
same points and the draft's cells: which cell holds each point; no error disc, no second plan, no
cause. Arrays in memory, one core; medians of the rounds.

With `--database` the check-ins are brought into a durable database first, and the whole of
`past_check_ins` is measured: the draft's own reading (those of changed cells alone) and judging.

    python -m tests.bench.impact [--check-ins 5000000] [--rounds 3] [--database]
"""

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from uuid import uuid4

import geopandas
import numpy as np
import shapely
from sqlalchemy import text
from sqlalchemy.orm import Session

from api.demo import DEMO_COMMUNITY, DISTRICT, FOLDER, load, worker_id
from geo.columns import Origin
from geo.crs import degrees, metres
from geo.db import Database
from geo.hierarchy.queries import plan_in_force
from geo.ids import AssignmentId, CellCode, Level, PlanId
from geo.impact.cases import Casebook, microseconds
from geo.impact.following import Following, draft_grid
from geo.impact.queries import past_check_ins, scene
from geo.impact.rules import PastCheckIns
from geo.impact.verdicts import Bench, Facts
from geo.interchange.folder import read_district_folder
from geo.patrol.grid import PlanGrid
from geo.patrol.records import Checkpoint
from geo.patrol.rules import Policy
from geo.plans.edits import Split, Transfer, apply
from geo.plans.lattice import to_degrees
from geo.plans.opening import ground, opened
from geo.plans.rules import Division, EditRefused, Ground, boundary
from geo.reactions import REACTIONS
from geo.workforce.rules import Assignment, AssignmentRole
from tests.bench.servers import durable_database

SRID = 4550
UNTIL = datetime(2026, 11, 1, tzinfo=UTC)
SINCE = UNTIL - timedelta(days=90)
AT_ONCE = 100_000


def drafts(division: Division, standing: Ground) -> Iterator[tuple[str, Division]]:
    """What is drawn, and the division it makes."""
    yield "one border moved", moved_border(division, standing)
    split = division
    for cell in division.below(DEMO_COMMUNITY):
        split = apply(split, standing, Split(cell.code, parts=2)).division
    yield f"a community of {len(division.below(DEMO_COMMUNITY))} split", split
    halved = division
    for cell in division.cells.values():
        with suppress(EditRefused):
            halved = apply(halved, standing, Split(cell.code, parts=2)).division
    yield f"all {len(division.cells)} cells split", halved


def moved_border(division: Division, standing: Ground) -> Division:
    """A cell of the demo's community grows by 40 m over its neighbours."""
    for cell in division.below(DEMO_COMMUNITY):
        shape = to_degrees(cell.shape)
        _, south, east, north = shape.bounds
        middle = (south + north) / 2
        area = shapely.box(east - 0.0003, middle - 0.0004, east + 0.0005, middle + 0.0004)
        try:
            return apply(division, standing, Transfer(area, cell.code)).division
        except EditRefused:
            continue
    raise LookupError("no border of the community can be moved")


class Made:
    """Check-ins as they are read: columns of numbers, with what numbers them."""

    def __init__(self, count: int, doors: list[Checkpoint], assignments: list[Assignment]) -> None:
        rng = np.random.default_rng(1)
        self.doors = doors
        holders = sorted({one.worker for one in assignments})
        cell_of = {one.cell: holders.index(one.worker) for one in assignments}
        door = rng.integers(len(doors), size=count)
        lon, lat = (np.array([getattr(one, axis) for one in doors]) for axis in ("lon", "lat"))
        east, north = metres(lon, lat, SRID)
        axis = np.clip(rng.lognormal(1.2, 0.6, count), 1.5, 25)
        self.accuracy = np.round(1.51 * axis * rng.uniform(0.8, 1.3, count), 1)
        astray = np.where(rng.random(count) < 0.04, 120.0, 0.0)
        error = rng.normal(0, 1, (2, count)) * (axis + astray)
        self.lon, self.lat = degrees(east[door] + error[0], north[door] + error[1], SRID)
        self.worker = np.array([cell_of[one.cell] for one in doors])[door]
        self.door = np.where(rng.random(count) < 1 / 12, -1, door)
        self.door_lon = np.where(self.door < 0, 0.0, lon[door])
        self.door_lat = np.where(self.door < 0, 0.0, lat[door])
        span = microseconds(UNTIL) - microseconds(SINCE)
        self.moment = microseconds(SINCE) + rng.integers(span, size=count)
        self.refused = rng.random(count) < 0.05

    def facts(self, book: Casebook) -> Iterator[Facts]:
        """Piece by piece, as they come from the database."""
        for begins in range(0, len(self.lon), AT_ONCE):
            some = slice(begins, begins + AT_ONCE)
            case = book.of(
                self.worker[some],
                self.door[some],
                self.door_lon[some],
                self.door_lat[some],
                self.moment[some],
            )
            size = len(case)
            yield Facts(
                case=case,
                lon=self.lon[some],
                lat=self.lat[some],
                accuracy_m=self.accuracy[some],
                sure=np.zeros(size, dtype=bool),
                policy=np.ones(size, dtype=np.int64),
                refused=self.refused[some],
                upheld=np.zeros(size, dtype=bool),
                to_door_m=np.full(size, np.inf),
            )


class Took(NamedTuple):
    """Seconds by the clock, seconds of processor time, and what came of it."""

    seconds: float
    processor: float
    found: Any


def timed(work: Callable[[], Any]) -> Took:
    """Do it once."""
    began, spent = time.perf_counter(), time.process_time()
    found = work()
    return Took(time.perf_counter() - began, time.process_time() - spent, found)


def said(what: str, took: list[Took], count: int, more: str) -> None:
    """One line of the outcome."""
    seconds = [one.seconds for one in took]
    middle = statistics.median(seconds)
    processor = statistics.median(one.processor for one in took)
    print(
        f"{what}: {middle:.1f} s ({min(seconds):.1f} to {max(seconds):.1f}),"
        f" {count / middle:,.0f} rows/s; {processor:.1f} s of our processor time; {more}",
        flush=True,
    )


def in_memory(
    made: Made, grid: PlanGrid, follow: Following, assignments: list[Assignment]
) -> tuple[int, int, int]:
    """Judge all of them: how many were concerned, near, changed."""
    book = Casebook(follow, assignments, made.doors, since=SINCE, until=UNTIL)
    bench = Bench(grid, follow.draft, book.cases, [Policy()])
    concerned = near = changed = 0
    for facts in made.facts(book):
        found = bench.differences(facts)
        concerned += len(facts)
        near += found.near
        changed += len(found.at)
    return concerned, near, changed


def joined(made: Made, division: Division) -> int:
    """The cell of the draft that holds each point, by geopandas."""
    cells = geopandas.GeoDataFrame(
        {"code": list(division.cells)},
        geometry=[to_degrees(cell.shape) for cell in division.cells.values()],
        crs=4326,
    )
    points = geopandas.GeoDataFrame(geometry=geopandas.points_from_xy(made.lon, made.lat), crs=4326)
    return len(geopandas.sjoin(points, cells, predicate="within"))


_INSERT = """
insert into check_in (
  district, id, worker, checkpoint, raw_lon, raw_lat, system, accuracy_m, mock, source, observed_at,
  received_at, site_lon, site_lat, site_radius_m, point, cell, verdict, accepted, reasons, doubts,
  share_inside, distance_to_border_m, distance_to_checkpoint_m, located_cell, plan, policy, digest,
  actor, origin
)
select
  checkpoint.district, gen_random_uuid(), assignment.worker,
  case when random() > 1.0 / 12 then checkpoint.id end, x, y, 'wgs84',
  round((spread * 1.5)::numeric, 1), false, 'android', moment,
  moment + interval '2 seconds', ST_X(point), ST_Y(point), radius_m,
  ST_SetSRID(ST_MakePoint(x, y), 4326), checkpoint.cell, 'inside', random() > 0.05,
  jsonb_build_array(
    jsonb_build_object('code', 'cell.inside', 'cell', checkpoint.cell, 'located_cell',
      checkpoint.cell, 'distance_m', 41.5, 'share_inside', 1.0),
    jsonb_build_object('code', 'checkpoint.reached', 'checkpoint', checkpoint.id, 'name', name,
      'distance_m', 6.1, 'radius_m', radius_m)
  ),
  '[]', 1, 41.52, 6.13, checkpoint.cell, :plan, 1, sha256(checkpoint.code::bytea), 'bench',
  'simulated'
from checkpoint
join assignment on assignment.district = checkpoint.district and assignment.cell = checkpoint.cell
cross join generate_series(1, :each) as series (number)
cross join lateral (
  -- Of the row it is for, or it would be drawn once for all of them.
  select 2 + 10 * random() * random() as spread, random() as one, random() as other,
    :since + random() * interval '90 days' as moment
  where number > 0 and checkpoint.code <> ''
) as made
cross join lateral (
  select ST_X(point) + cos(6.283 * one) * away / 83600 as x,
    ST_Y(point) + sin(6.283 * one) * away / 111100 as y
  from (select sqrt(-2 * ln(greatest(other, 1e-9))) * spread as away) as error
) as spot
-- As they come in: a day's check-ins lie side by side.
order by moment
"""


def fill(session: Session, plan: PlanId, count: int) -> int:
    """Put about so many check-ins into the table; its indexes and keys are made again after."""
    doors = session.scalar(text("select count(*) from checkpoint")) or 1
    session.execute(text("set local session_replication_role = replica"))
    session.execute(text("set local synchronous_commit = off"))
    session.execute(text("set local maintenance_work_mem = '512MB'"))
    session.execute(text("set local work_mem = '512MB'"))
    indexes = session.execute(
        text(
            "select indexname, indexdef from pg_indexes where tablename = 'check_in'"
            " and indexname not like 'pk_%'"
        )
    ).all()
    for name, _ in indexes:
        session.execute(text(f"drop index {name}"))
    session.execute(text(_INSERT), {"plan": plan, "each": count // doors, "since": SINCE})
    for _, made in indexes:
        session.execute(text(made))
    count, moments = session.execute(
        text("select count(*), count(distinct observed_at) from check_in")
    ).one()
    # Rounded to microseconds; a few are bound to meet.
    assert moments > 0.99 * count, f"{moments} moments of {count} check-ins"
    return int(count)


@contextmanager
def filled(count: int) -> Iterator[tuple[Database, PlanId, int]]:
    """A durable database of the demo with so many check-ins, and the plan in force."""
    with durable_database() as url, TemporaryDirectory() as home:
        load(url, Path(home), "http://127.0.0.1")
        database = Database(url, reactions=REACTIONS, statement_timeout_s=3600)
        with database.transaction() as session:
            plan = plan_in_force(session, DISTRICT, UNTIL.date()).id
            count = fill(session, plan, count)
        with database.transaction() as session:
            session.execute(text("analyze check_in"))
        yield database, plan, count
        database.close()


def from_database(count: int, rounds: int, division: Division, standing: Ground) -> None:
    """The whole of it, from the rows of the table to the verdicts that change."""
    with filled(count) as (database, plan, rows):
        print(f"{rows:,} check-ins in the database", flush=True)
        for name, drawn in drafts(division, standing):
            judge = partial(judged, database, plan, drawn)
            took = [timed(judge) for _ in range(rounds)]
            past = took[0].found
            more = f"{past.concerned:,} read, {past.near:,} near, {past.changed:,} changed"
            said(f"from the database, {name}", took, rows, more)


def judged(database: Database, plan: PlanId, drawn: Division) -> PastCheckIns:
    """What the job does of it."""
    with database.snapshot() as session:
        draft = PlanId(uuid4())
        during = {"since": SINCE, "until": UNTIL}
        return past_check_ins(
            session, scene(session, DISTRICT, plan=draft, base=plan, division=drawn, **during)
        )


def main() -> None:
    """Measure each draft and print its line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--check-ins", type=int, default=5_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--database", action="store_true")
    asked = parser.parse_args()
    folder = read_district_folder(FOLDER)
    division = opened(folder.areas, {one.id: one.group for one in folder.buildings})
    standing = ground(folder.buildings, SRID, boundary(division, DISTRICT))
    if asked.database:
        from_database(asked.check_ins, asked.rounds, division, standing)
        return
    grid = PlanGrid(
        PlanId(uuid4()), SRID, [area for area in folder.areas if area.level is Level.CELL]
    )
    doors = [
        Checkpoint(**vars(site), asks_proof=False, created_at=SINCE, retired_at=None,
                   origin=Origin.SIMULATED)
        for site in folder.checkpoints
    ]  # fmt: skip
    assignments = [
        Assignment(AssignmentId(uuid4()), worker_id(code), CellCode(code), AssignmentRole.HOLDER,
                   SINCE - timedelta(days=1), None, Origin.SIMULATED)
        for code in grid.codes
    ]  # fmt: skip
    made = Made(asked.check_ins, doors, assignments)
    print(f"{asked.check_ins:,} check-ins at {len(doors)} checkpoints", flush=True)
    drawn = division
    for name, drawn in drafts(division, standing):
        follow = Following(drawn, grid, draft_grid(drawn, PlanId(uuid4()), SRID))
        judge = partial(in_memory, made, grid, follow, assignments)
        took = [timed(judge) for _ in range(asked.rounds)]
        _, near, changed = took[0].found
        said(name, took, asked.check_ins, f"{near:,} near, {changed:,} changed")
    beside = [timed(partial(joined, made, drawn)) for _ in range(asked.rounds)]
    said("geopandas.sjoin", beside, asked.check_ins, f"{beside[0].found:,} held by a cell")


if __name__ == "__main__":
    main()
