# SPDX-License-Identifier: Apache-2.0
"""Latest positions: moved by whatever saw somebody, never back, and told after the commit."""

from collections.abc import Hashable, Iterable, Sequence
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.orm import Session

from geo import prepared
from geo.clock import rfc3339
from geo.columns import STORAGE_SRID
from geo.ids import DistrictCode, WorkerId
from geo.outbox import Notice, tell
from geo.standing import Standing, asked
from geo.tracking.rules import NOTIFY_CHANNEL, NOTIFY_LIMIT_BYTES, VAGUEST_FIX, Seen
from geo.workforce import queries as workforce
from geo.workforce.rules import DutyChanged, shared_area

# District and items, and how long those may be together, with their commas.
_NOTICE = '{{"district":"{}","items":[{}]}}'
_ROOM_BYTES = NOTIFY_LIMIT_BYTES - len(_NOTICE.format("210503", ""))
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
from seen
on conflict (district, worker) do update set
  point = excluded.point, accuracy_m = excluded.accuracy_m, observed_at = excluded.observed_at,
  received_at = excluded.received_at, origin = excluded.origin
where {_RANK.format(row="excluded")} > {_RANK.format(row="latest")}
"""  # noqa: S608
_SEEN = """unnest(
    %(district)s::text[], %(worker)s::uuid[], %(lon)s::float8[], %(lat)s::float8[],
    %(accuracy_m)s::float8[], %(observed_at)s::timestamptz[], %(received_at)s::timestamptz[],
    %(origin)s::text[]{more}
  ) as seen (district, worker, lon, lat, accuracy_m, observed_at, received_at, origin{names})"""
_MOVE_ANYBODY = f"""
with seen as (select * from {_SEEN.format(more="", names="")}), moved as (
  {_MOVE} returning district, worker, on_duty, latest.xmax = 0 as first_seen
)
select * from moved
"""  # noqa: S608
# Of those who have a position, told as well: nobody waits for what comes of it. Where one has been
# erased meanwhile the transaction fails as one that has been overtaken.
_MOVE_KNOWN = f"""
with seen as (
  select * from {_SEEN.format(more=", %(item)s::text[], %(piece)s::int[]", names=", item, piece")}
), moved as (
  {_MOVE} returning district, worker,
    case when latest.xmax = 0 then position_was_erased() else on_duty end as on_duty
)
select pg_notify(
  %(channel)s::text, format('{_NOTICE.format("%s", "%s")}', district, string_agg(item, ','))
)
from moved join seen using (district, worker)
where on_duty
group by district, piece
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
            before = newest.setdefault(who, sighting)
            if before is not sighting and sighting.rank > before.rank:
                newest[who] = sighting
    if not newest:
        return
    # In one order for everybody: two batches never wait for each other's rows crosswise.
    rows = sorted(newest.values(), key=lambda row: (row.district, row.worker.int))
    known = asked(session)
    if known and all(row.cells is not None and known.recall(_position_of(row)) for row in rows):
        _move_known(session, rows)
    else:
        _move_anybody(session, rows, known)


def _move_known(session: Session, rows: Sequence[Seen]) -> None:
    """Move those who are known to have a position, and tell it, with what the session does next."""
    items = [_item(row, row.cells or ()) for row in rows]
    columns = _columns(rows)
    prepared.soon(
        session,
        _MOVE_KNOWN,
        **columns,
        item=[item.decode() for item in items],
        piece=_pieces(columns["district"], items),
        channel=NOTIFY_CHANNEL,
    )


def _move_anybody(session: Session, rows: Sequence[Seen], known: Standing | None) -> None:
    """Move whoever it is, tell it, and remember who had a position before."""
    moved = prepared.rows(session, _MOVE_ANYBODY, **_columns(rows))
    duty = _duty_of_newcomers(session, moved)
    seen = {(row.district, row.worker): row for row in rows}
    told = []
    for row in moved:
        one = seen[row.district, row.worker]
        # His first one may yet be undone.
        if known is not None and not row.first_seen:
            known.remember((one.district, one.worker), _position_of(one), True)
        if duty.get((row.district, row.worker), row.on_duty):
            told.append(one)
    others = _cells_of_others(session, told)
    items = [
        _item(one, others[one.district, one.worker] if one.cells is None else one.cells)
        for one in told
    ]
    tell(session, notices([one.district for one in told], items))


def _position_of(seen: Seen) -> Hashable:
    """By what it is remembered that somebody has a position."""
    return "position", seen.district, seen.worker


def _columns(rows: Sequence[Seen]) -> dict[str, list[Any]]:
    return {
        "district": [row.district for row in rows],
        "worker": [row.worker for row in rows],
        "lon": [row.lon for row in rows],
        "lat": [row.lat for row in rows],
        "accuracy_m": [row.accuracy_m for row in rows],
        "observed_at": [row.observed_at for row in rows],
        "received_at": [row.received_at for row in rows],
        "origin": [row.origin.value for row in rows],
    }


def _item(seen: Seen, cells: Sequence[str]) -> bytes:
    """A position as the live feed reads it."""
    return orjson.dumps(
        [
            str(seen.worker),
            round(seen.lon, 7),
            round(seen.lat, 7),
            seen.accuracy_m,
            rfc3339(seen.observed_at),
            shared_area(seen.district, cells),
        ]
    )


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


def notices(districts: Sequence[DistrictCode], items: Sequence[bytes]) -> list[Notice]:
    """Positions as notices below PostgreSQL's limit; each item with its district."""
    pieces: dict[tuple[DistrictCode, int], list[bytes]] = {}
    for district, piece, item in zip(districts, _pieces(districts, items), items, strict=True):
        pieces.setdefault((district, piece), []).append(item)
    return [
        Notice(NOTIFY_CHANNEL, _NOTICE.format(district, b",".join(some).decode()))
        for (district, _), some in pieces.items()
    ]


def _pieces(districts: Sequence[DistrictCode], items: Sequence[bytes]) -> list[int]:
    """In which notice of its district each item goes: as many in one as its limit allows."""
    last: dict[DistrictCode, tuple[int, int]] = {}
    numbers = []
    for district, item in zip(districts, items, strict=True):
        number, left = last.get(district, (0, _ROOM_BYTES))
        if len(item) >= left:
            number, left = number + 1, _ROOM_BYTES
        last[district] = number, left - len(item) - 1
        numbers.append(number)
    return numbers


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
