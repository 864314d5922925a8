# SPDX-License-Identifier: Apache-2.0
"""Latest positions: moved by whatever saw somebody, never back, and told after the commit."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.orm import Session

from geo import prepared
from geo.clock import rfc3339
from geo.columns import STORAGE_SRID
from geo.ids import DistrictCode, WorkerId
from geo.outbox import Notice, tell
from geo.tracking.rules import NOTIFY_CHANNEL, NOTIFY_LIMIT_BYTES, VAGUEST_FIX, Seen
from geo.workforce import queries as workforce
from geo.workforce.rules import DutyChanged, shared_area

_ON_DUTY = """exists (
  select from duty
  where duty.district = {row}.district and duty.worker = {row}.worker and upper_inf(duty.during)
)"""
# As `Seen.rank`.
_RANK = "({row}.observed_at, -{row}.accuracy_m, ST_X({row}.point), ST_Y({row}.point))"
# The copy of duty is written once, when a worker was first seen (`_duty_of_newcomers`); from then
# on duty itself keeps it.
_MOVE = f"""
insert into latest_position as latest
  (district, worker, point, accuracy_m, observed_at, received_at, origin, on_duty)
select district, worker, ST_SetSRID(ST_MakePoint(lon, lat), {STORAGE_SRID}), accuracy_m,
  observed_at, received_at, origin, false
from unnest(
  %(district)s::text[], %(worker)s::uuid[], %(lon)s::float8[], %(lat)s::float8[],
  %(accuracy_m)s::float8[], %(observed_at)s::timestamptz[], %(received_at)s::timestamptz[],
  %(origin)s::text[]
) as seen (district, worker, lon, lat, accuracy_m, observed_at, received_at, origin)
on conflict (district, worker) do update set
  point = excluded.point, accuracy_m = excluded.accuracy_m, observed_at = excluded.observed_at,
  received_at = excluded.received_at, origin = excluded.origin
where {_RANK.format(row="excluded")} > {_RANK.format(row="latest")}
returning district, worker, on_duty, latest.xmax = 0 as first_seen
"""  # noqa: S608
_CELLS = """
select array(
  select assignment.cell from assignment
  -- Without the district in the index condition: see `patrol.circumstances`.
  where (assignment.district = seen.district) is true and assignment.worker = seen.worker
    and assignment.during @> seen.at
  order by assignment.cell
) as cells
from unnest(%(district)s::text[], %(worker)s::uuid[], %(at)s::timestamptz[]) with ordinality
  as seen (district, worker, at, nth)
order by seen.nth
"""
_COPY_DUTY = f"""
update latest_position as latest set on_duty = {_ON_DUTY.format(row="latest")}
where district = %(district)s and worker = any(%(workers)s::uuid[])
returning worker, on_duty
"""  # noqa: S608
_FOLLOW = """
update latest_position as latest set on_duty = changed.on_duty
from unnest(%(district)s::text[], %(worker)s::uuid[], %(on_duty)s::bool[])
  as changed (district, worker, on_duty)
where latest.district = changed.district and latest.worker = changed.worker
"""


def note_sightings(session: Session, seen: Iterable[Seen]) -> None:
    """Move the latest position of everybody who was seen, on duty, later than his last one.

    Of sightings at one instant the one that `Seen.rank` puts last stands, whichever came first.
    What is vaguer than a position may be says nothing. Positions of those who are on duty go out
    to the live feed after the commit.
    """
    newest: dict[tuple[DistrictCode, WorkerId], Seen] = {}
    for sighting in seen:
        if 0 <= sighting.accuracy_m <= VAGUEST_FIX:
            who = (sighting.district, sighting.worker)
            known = newest.setdefault(who, sighting)
            if known is not sighting and sighting.rank > known.rank:
                newest[who] = sighting
    if not newest:
        return
    # In one order for everybody: two batches never wait for each other's rows crosswise.
    rows = sorted(newest.values(), key=lambda row: (row.district, row.worker.int))
    moved = prepared.rows(
        session,
        _MOVE,
        district=[row.district for row in rows],
        worker=[row.worker for row in rows],
        lon=[row.lon for row in rows],
        lat=[row.lat for row in rows],
        accuracy_m=[row.accuracy_m for row in rows],
        observed_at=[row.observed_at for row in rows],
        received_at=[row.received_at for row in rows],
        origin=[row.origin.value for row in rows],
    )
    duty = _duty_of_newcomers(session, moved)
    told = [
        newest[row.district, row.worker]
        for row in moved
        if duty.get((row.district, row.worker), row.on_duty)
    ]
    others = _cells_of_others(session, told)
    items: dict[DistrictCode, list[list[Any]]] = {}
    for now in told:
        cells = others[now.district, now.worker] if now.cells is None else now.cells
        item = [
            str(now.worker),
            round(now.lon, 7),
            round(now.lat, 7),
            now.accuracy_m,
            rfc3339(now.observed_at),
            shared_area(now.district, cells),
        ]
        items.setdefault(now.district, []).append(item)
    for district, some in items.items():
        tell(session, [Notice(NOTIFY_CHANNEL, piece) for piece in payloads(district, some)])


def follow_duty(session: Session, changed: Sequence[DutyChanged]) -> None:
    """A reaction: the copy of duty beside the latest position follows duty."""
    last = {(happened.district, happened.id): happened for happened in changed}
    prepared.run(
        session,
        _FOLLOW,
        district=[district for district, _ in last],
        worker=[worker for _, worker in last],
        on_duty=[happened.body["on_duty"] for happened in last.values()],
    )


def payloads(district: DistrictCode, items: Sequence[list[Any]]) -> list[str]:
    """Positions as notices below PostgreSQL's limit: district and items."""
    begin, end = b'{"district":%b,"items":[' % orjson.dumps(district), b"]}"
    room = NOTIFY_LIMIT_BYTES - len(begin) - len(end)
    pieces: list[list[bytes]] = []
    left = 0
    for spelled in map(orjson.dumps, items):
        if len(spelled) + 1 > left:
            pieces.append([])
            left = room
        pieces[-1].append(spelled)
        left -= len(spelled) + 1
    return [(begin + b",".join(piece) + end).decode() for piece in pieces]


def _cells_of_others(
    session: Session, seen: Sequence[Seen]
) -> dict[tuple[DistrictCode, WorkerId], Sequence[str]]:
    """The cells of those of whom they are not known yet."""
    others = [one for one in seen if one.cells is None]
    if not others:
        return {}
    found = prepared.rows(
        session,
        _CELLS,
        district=[one.district for one in others],
        worker=[one.worker for one in others],
        at=[one.received_at for one in others],
    )
    return {(one.district, one.worker): row.cells for one, row in zip(others, found, strict=True)}


def _duty_of_newcomers(session: Session, moved: Sequence[Any]) -> dict[tuple[str, UUID], bool]:
    """The copy of duty of those who were never seen before, held until the transaction ends.

    A change of duty that commits while their first row is being written finds no row to follow;
    once they are held, either it has committed and is read here, or it will find the row.
    """
    newcomers: dict[str, list[UUID]] = {}
    for row in moved:
        if row.first_seen:
            newcomers.setdefault(row.district, []).append(row.worker)
    duty: dict[tuple[str, UUID], bool] = {}
    for district, workers in newcomers.items():
        workforce.hold(session, DistrictCode(district), workers)
        for row in prepared.rows(session, _COPY_DUTY, district=district, workers=workers):
            duty[(district, row.worker)] = row.on_duty
    return duty
