# SPDX-License-Identifier: Apache-2.0
"""Storing positions, reading a track, and erasing what has expired."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, text
from sqlalchemy.orm import Session

from geo import prepared
from geo.accounts.rules import Actor, may
from geo.clock import civil_date, rfc3339
from geo.columns import STORAGE_SRID, Origin
from geo.crs import Fix
from geo.hierarchy import queries as hierarchy
from geo.ids import DistrictCode, WorkerId
from geo.outbox import erase_places, record
from geo.tracking import queries
from geo.tracking.latest import note_sightings
from geo.tracking.rules import (
    LONGEST_TRACK,
    OLDEST_FIX,
    Circumstances,
    Drop,
    Seen,
    Sighting,
    Stored,
    TrackFix,
    TrackRangeInvalid,
    TrackRead,
    pass_chain,
    track_read_body,
)
from geo.tracking.tables import LatestPositionRow, TrackFixRow
from geo.unsettled import note_unsettled
from geo.workforce import queries as workforce
from geo.workforce.rules import WorkerNotFound

# Of several fixes of one worker and instant the first by `Sighting.rank` is kept, here and there:
# what a track says never depends on which came first. Text by code points, as Python orders it.
_RANK = """(
  not {row}.mock, {row}.accuracy_m, {row}.raw_lon, {row}.raw_lat, {row}.system collate "C",
  coalesce({row}.source, '') collate "C", ST_X({row}.point), ST_Y({row}.point)
)"""
_INSERT_TRACK = f"""
insert into track_fix (district, received_at, point, worker, observed_at, raw_lon, raw_lat, system,
  accuracy_m, mock, source, origin)
select %(district)s, %(received_at)s, ST_SetSRID(ST_MakePoint(lon, lat), {STORAGE_SRID}), worker,
  observed_at, raw_lon, raw_lat, system, accuracy_m, mock, source, origin
from unnest(
  %(worker)s::uuid[], %(observed_at)s::timestamptz[], %(lon)s::float8[], %(lat)s::float8[],
  %(raw_lon)s::float8[], %(raw_lat)s::float8[], %(system)s::text[], %(accuracy_m)s::float8[],
  %(mock)s::bool[], %(source)s::text[], %(origin)s::text[]
) as seen (worker, observed_at, lon, lat, raw_lon, raw_lat, system, accuracy_m, mock, source,
  origin)
on conflict (district, worker, observed_at) do update set
  received_at = excluded.received_at, point = excluded.point, raw_lon = excluded.raw_lon,
  raw_lat = excluded.raw_lat, system = excluded.system, accuracy_m = excluded.accuracy_m,
  mock = excluded.mock, source = excluded.source
where {_RANK.format(row="excluded")} < {_RANK.format(row="track_fix")}
"""  # noqa: S608

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
    workers = {worker for worker, _ in items}
    origins = workforce.origins(session, district, workers)
    if missing := workers - origins.keys():
        raise WorkerNotFound(worker=str(min(missing)))
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
        _insert_track(session, district, left, origins, at)
        note_unsettled(session, district, ((one.worker, one.observed_at) for one in left), at=at)
        note_sightings(
            session,
            [
                Seen(
                    district=district,
                    worker=sighting.worker,
                    lon=sighting.lon,
                    lat=sighting.lat,
                    accuracy_m=float(sighting.fix.accuracy_m),
                    observed_at=sighting.observed_at,
                    received_at=at,
                    origin=origins[sighting.worker],
                )
                for sighting in left
                if not sighting.fix.mock
            ],
        )
    return Stored(
        stored=len(left),
        dropped=tuple(
            Drop(sighting.index, sighting.dropped)
            for sighting in sightings
            if sighting.dropped is not None
        ),
    )


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


def erase_expired(session: Session, *, at: datetime, kept: timedelta) -> int:
    """Erase tracks, latest positions and the outbox's coordinates older than they may be kept.

    Answers how much was erased; call again until none is.
    """
    oldest = at - kept
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


def _insert_track(
    session: Session,
    district: DistrictCode,
    sightings: Sequence[Sighting],
    origins: dict[WorkerId, Origin],
    at: datetime,
) -> None:
    first: dict[tuple[WorkerId, datetime], Sighting] = {}
    for one in sightings:
        known = first.setdefault((one.worker, one.observed_at), one)
        if one.rank < known.rank:
            first[(one.worker, one.observed_at)] = one
    # In one order for everybody: two batches never wait for each other's rows crosswise.
    sightings = [first[key] for key in sorted(first)]
    prepared.run(
        session,
        _INSERT_TRACK,
        district=district,
        received_at=at,
        worker=[one.worker for one in sightings],
        observed_at=[one.observed_at for one in sightings],
        lon=[one.lon for one in sightings],
        lat=[one.lat for one in sightings],
        raw_lon=[one.fix.lon for one in sightings],
        raw_lat=[one.fix.lat for one in sightings],
        system=[one.fix.system.value for one in sightings],
        accuracy_m=[float(one.fix.accuracy_m) for one in sightings],
        mock=[one.fix.mock for one in sightings],
        source=[one.fix.source for one in sightings],
        origin=[origins[one.worker].value for one in sightings],
    )


def _partitions(session: Session) -> list[tuple[str, datetime]]:
    names = session.scalars(
        text(
            "select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid"
            " where i.inhparent = 'track_fix'::regclass and c.relname <> 'track_fix_default'"
            " order by c.relname"
        )
    )
    return [(name, datetime.strptime(f"{name[-8:]}+0000", "%Y%m%d%z")) for name in names]
