# SPDX-License-Identifier: Apache-2.0
"""Storing positions, reading a track, and erasing what has expired."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID

import orjson
from sqlalchemy import (
    ARRAY,
    Boolean,
    DateTime,
    Double,
    Table,
    Text,
    Uuid,
    bindparam,
    column,
    delete,
    func,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine

from geo.accounts.rules import Actor, may
from geo.clock import civil_date, rfc3339
from geo.columns import STORAGE_SRID
from geo.crs import Fix
from geo.hierarchy import queries as hierarchy
from geo.ids import DistrictCode, WorkerId
from geo.outbox import Event, erase_places, record
from geo.tracking import queries
from geo.tracking.rules import (
    LONGEST_TRACK,
    NOTIFY_CHANNEL,
    NOTIFY_LIMIT_BYTES,
    OLDEST_FIX,
    TRACK_KEPT,
    VAGUEST_FIX,
    Circumstances,
    Drop,
    Sighting,
    Stored,
    TrackFix,
    TrackRangeInvalid,
    TrackRead,
    pass_chain,
    track_read_body,
)
from geo.tracking.tables import LatestPositionRow, TrackFixRow
from geo.units import Metres
from geo.workforce import queries as workforce
from geo.workforce.rules import DutyChanged, WorkerNotFound, shared_area

# Partitions are made this far ahead, so that a clockwork that stands still harms nothing soon.
_PARTITIONS_AHEAD = timedelta(days=7)
_PARTITION_LOCK = 0x77616E68
_ONE_DAY = timedelta(days=1)


def store_positions(
    session: Session,
    *,
    actor: Actor,
    items: Sequence[tuple[WorkerId, Fix]],
    at: datetime,
    sent_at: datetime | None = None,
) -> Stored:
    """Store a batch of fixes: the track, and each worker's latest position.

    Every fix passes `rules.CHAIN`; what is dropped is answered with its index and reason. A latest
    position never goes back in time, and goes out to the live feed after the commit. A declared
    mock fix is kept in the track alone.

    Raises: NotAllowed (somebody else's), WorkerNotFound.
    """
    for worker in {worker for worker, _ in items}:
        may(actor, "positions.write", worker=worker)
    district = actor.district
    origins = _hold_workers(session, district, {worker for worker, _ in items})
    zone = hierarchy.district(session, district).time_zone
    plan = hierarchy.plan_in_force(session, district, civil_date(at, zone))
    sightings = [
        Sighting(index, worker, fix, fix.observed_at) for index, (worker, fix) in enumerate(items)
    ]
    left = pass_chain(
        sightings,
        Circumstances(
            received_at=at,
            sent_at=sent_at,
            extent=hierarchy.extent(session, district, plan.id),
            on_duty=lambda asked: workforce.on_duty_at(session, district, asked),
        ),
    )
    if left:
        session.execute(_INSERT_TRACK, _columns(district, left, origins, at))
        newest: dict[WorkerId, Sighting] = {}
        for sighting in left:
            seen = newest.get(sighting.worker)
            if not sighting.fix.mock and (seen is None or sighting.observed_at > seen.observed_at):
                newest[sighting.worker] = sighting
        _move_latest(session, district, _columns(district, newest.values(), origins, at), at)
    return Stored(
        stored=len(left),
        dropped=tuple(
            Drop(sighting.index, sighting.dropped)
            for sighting in sightings
            if sighting.dropped is not None
        ),
    )


def follow_duty(session: Session, happened: Event) -> None:
    """A reaction: the copy of duty beside the latest position follows duty."""
    assert isinstance(happened, DutyChanged)
    session.execute(
        update(LatestPositionRow)
        .where(
            LatestPositionRow.district == happened.district,
            LatestPositionRow.worker == happened.id,
        )
        .values(on_duty=happened.body["on_duty"])
        .execution_options(synchronize_session=False)
    )


def note_sighting(
    session: Session,
    *,
    district: DistrictCode,
    worker: WorkerId,
    lon: float,
    lat: float,
    accuracy_m: float,
    observed_at: datetime,
    received_at: datetime,
) -> None:
    """Move a worker's latest position to where something else than a track saw him, in WGS-84.

    Off duty, or vaguer than a position may be, it says nothing.
    """
    on_duty = workforce.on_duty(session, district, worker, at=observed_at)
    if not on_duty or not 0 <= accuracy_m <= VAGUEST_FIX:
        return
    origins = _hold_workers(session, district, {worker})
    fix = Fix(lon=lon, lat=lat, accuracy_m=Metres(accuracy_m), observed_at=observed_at)
    seen = Sighting(0, worker, fix, observed_at, lon, lat)
    columns = _columns(district, [seen], origins, received_at)
    _move_latest(session, district, columns, received_at)


def read_track(
    session: Session,
    *,
    actor: Actor,
    worker: WorkerId,
    begins_at: datetime,
    ends_at: datetime,
    purpose: str,
    limit: int,
    at: datetime,
) -> list[TrackFix]:
    """Fixes of a worker from an instant until another; who reads, and what for, is recorded.

    Raises: NotAllowed, NotFound, TrackRangeInvalid.  Records: TrackRead.
    """
    area, origin = workforce.area_of_worker(session, actor.district, worker, at=at)
    may(actor, "tracks.read", area=area, worker=worker)
    if not begins_at < ends_at <= begins_at + LONGEST_TRACK:
        raise TrackRangeInvalid(
            begins_at=rfc3339(begins_at), ends_at=rfc3339(ends_at), most_days=LONGEST_TRACK.days
        )
    record(
        session,
        TrackRead(
            id=worker,
            district=actor.district,
            at=at,
            actor=actor.signature,
            origin=origin,
            area=area,
            workers=(worker,),
            body=track_read_body(worker, begins_at, ends_at, purpose),
        ),
    )
    return queries.track(
        session, actor.district, worker, begins_at=begins_at, ends_at=ends_at, limit=limit
    )


def ensure_partitions(session: Session, *, at: datetime) -> int:
    """Make the track's daily partitions for the fixes that may come; how many were missing."""
    session.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": _PARTITION_LOCK})
    there = {day for _, day in _partitions(session)}
    first, last = _day_of(at - OLDEST_FIX), _day_of(at + _PARTITIONS_AHEAD)
    days = (first + _ONE_DAY * more for more in range((last - first).days + 1))
    missing = [day for day in days if day not in there]
    for day in missing:
        name = f"track_fix_{day:%Y%m%d}"
        begins, ends = day.isoformat(), (day + _ONE_DAY).isoformat()
        session.execute(text(f"create table {name} (like track_fix including all)"))
        # What came while the day had no partition of its own lies in the default one.
        session.execute(
            text(
                "with strayed as (delete from track_fix_default"  # noqa: S608
                " where observed_at >= :begins and observed_at < :ends returning *)"
                f" insert into {name} select * from strayed"
            ),
            {"begins": day, "ends": day + _ONE_DAY},
        )
        session.execute(
            text(
                f"alter table track_fix attach partition {name}"
                f" for values from ('{begins}') to ('{ends}')"
            )
        )
    return len(missing)


def erase_expired(session: Session, *, at: datetime) -> int:
    """Erase tracks, latest positions and the outbox's coordinates older than `TRACK_KEPT`.

    Answers how much was erased; call again until none is.
    """
    oldest = at - TRACK_KEPT
    expired = [name for name, day in _partitions(session) if day + _ONE_DAY <= oldest]
    for name in expired:
        session.execute(text(f"drop table {name}"))
    gone = 0
    for table in (LatestPositionRow, TrackFixRow):
        erased = session.execute(
            delete(table)
            .where(table.observed_at < oldest)
            .returning(table.worker)
            .execution_options(synchronize_session=False)
        )
        gone += len(erased.all())
    return len(expired) + gone + erase_places(session, before=oldest)


def _day_of(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _hold_workers(
    session: Session, district: DistrictCode, workers: Iterable[WorkerId]
) -> dict[UUID, str]:
    # Held against a change of duty until we commit: the copy of duty beside the position, written
    # below, would otherwise miss one that commits in between.
    asked = set(workers)
    found = workforce.hold(session, district, asked)
    missing = asked - found.keys()
    if missing:
        raise WorkerNotFound(worker=str(min(missing)))
    return {worker: origin.value for worker, origin in found.items()}


def _columns(
    district: DistrictCode,
    sightings: Iterable[Sighting],
    origins: dict[UUID, str],
    received_at: datetime,
) -> dict[str, Any]:
    rows = list(sightings)
    return {
        "district": district,
        "received_at": received_at,
        "worker": [row.worker for row in rows],
        "observed_at": [row.observed_at for row in rows],
        "lon": [row.lon for row in rows],
        "lat": [row.lat for row in rows],
        "raw_lon": [row.fix.lon for row in rows],
        "raw_lat": [row.fix.lat for row in rows],
        "system": [row.fix.system.value for row in rows],
        "accuracy_m": [float(row.fix.accuracy_m) for row in rows],
        "mock": [row.fix.mock for row in rows],
        "source": [row.fix.source for row in rows],
        "origin": [origins[row.worker] for row in rows],
    }


def _move_latest(
    session: Session, district: DistrictCode, columns: dict[str, Any], at: datetime
) -> None:
    moved = session.execute(_UPSERT_LATEST, columns).all()
    live = [row for row in moved if row.on_duty]
    held = workforce.assigned_at(session, district, [(row.worker, at) for row in live])
    items = [
        [
            str(row.worker),
            round(row.lon, 7),
            round(row.lat, 7),
            row.accuracy_m,
            rfc3339(row.observed_at),
            shared_area(district, cells),
        ]
        for row, cells in zip(live, held, strict=True)
    ]
    for payload in payloads(district, items):
        session.execute(
            text("select pg_notify(:channel, :payload)"),
            {"channel": NOTIFY_CHANNEL, "payload": payload},
        )


def payloads(district: DistrictCode, items: Sequence[list[Any]]) -> list[str]:
    """Positions as notices below PostgreSQL's limit: district and items."""
    made: list[str] = []
    piece: list[list[Any]] = []
    size = 0
    for item in items:
        length = len(orjson.dumps(item)) + 1
        if piece and size + length > NOTIFY_LIMIT_BYTES - 60:
            made.append(orjson.dumps({"district": district, "items": piece}).decode())
            piece, size = [], 0
        piece.append(item)
        size += length
    if piece:
        made.append(orjson.dumps({"district": district, "items": piece}).decode())
    return made


def _partitions(session: Session) -> list[tuple[str, datetime]]:
    names = session.scalars(
        text(
            "select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid"
            " where i.inhparent = 'track_fix'::regclass and c.relname <> 'track_fix_default'"
            " order by c.relname"
        )
    )
    return [(name, datetime.strptime(f"{name[-8:]}+0000", "%Y%m%d%z")) for name in names]


_ARRAYS: dict[str, TypeEngine[Any]] = {
    "worker": Uuid(),
    "observed_at": DateTime(timezone=True),
    "lon": Double(),
    "lat": Double(),
    "raw_lon": Double(),
    "raw_lat": Double(),
    "system": Text(),
    "accuracy_m": Double(),
    "mock": Boolean(),
    "source": Text(),
    "origin": Text(),
}
# Built once: making a statement costs more than PostgreSQL takes to run it.
_SEEN = (
    func.unnest(*(bindparam(name, type_=ARRAY(kind)) for name, kind in _ARRAYS.items()))
    .table_valued(*(column(name, kind) for name, kind in _ARRAYS.items()), name="seen")
    .render_derived()
)
_POINT = func.ST_SetSRID(func.ST_MakePoint(_SEEN.c.lon, _SEEN.c.lat), STORAGE_SRID)
_DISTRICT = bindparam("district", type_=Text())
_RECEIVED_AT = bindparam("received_at", type_=DateTime(timezone=True))
# The tables themselves: an insert by the ORM takes bound arrays for columns.
_TRACK_TABLE = cast(Table, TrackFixRow.__table__)
_LATEST_TABLE = cast(Table, LatestPositionRow.__table__)
_TRACK_COLUMNS = ("worker", "observed_at", "raw_lon", "raw_lat", "system", "accuracy_m", "mock")
_INSERT_TRACK = (
    pg_insert(_TRACK_TABLE)
    .from_select(
        ["district", "received_at", "point", *_TRACK_COLUMNS, "source", "origin"],
        select(
            _DISTRICT,
            _RECEIVED_AT,
            _POINT,
            *(_SEEN.c[name] for name in (*_TRACK_COLUMNS, "source", "origin")),
        ).select_from(_SEEN),
    )
    .on_conflict_do_nothing()
)
_LATEST = pg_insert(_LATEST_TABLE).from_select(
    [
        "district",
        "received_at",
        "point",
        "worker",
        "observed_at",
        "accuracy_m",
        "origin",
        "on_duty",
    ],
    select(
        _DISTRICT,
        _RECEIVED_AT,
        _POINT,
        _SEEN.c.worker,
        _SEEN.c.observed_at,
        _SEEN.c.accuracy_m,
        _SEEN.c.origin,
        workforce.is_on_duty(_DISTRICT, _SEEN.c.worker),
    ).select_from(_SEEN),
)
_UPSERT_LATEST = _LATEST.on_conflict_do_update(
    index_elements=["district", "worker"],
    set_={
        name: _LATEST.excluded[name]
        for name in ("point", "accuracy_m", "observed_at", "received_at", "on_duty", "origin")
    },
    where=_LATEST.excluded.observed_at > _LATEST_TABLE.c.observed_at,
).returning(
    _LATEST_TABLE.c.worker,
    func.ST_X(_LATEST_TABLE.c.point).label("lon"),
    func.ST_Y(_LATEST_TABLE.c.point).label("lat"),
    _LATEST_TABLE.c.accuracy_m,
    _LATEST_TABLE.c.observed_at,
    _LATEST_TABLE.c.on_duty,
)
