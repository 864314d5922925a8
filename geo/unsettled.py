# SPDX-License-Identifier: Apache-2.0
"""Worker-days whose doubts must be worked out anew, because something of them came in.

A log and not a set: whoever notes a day appends, so that no intake ever waits for another or for
the pass that settles. The pass takes all notes of a day at once.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import BigInteger, Date, Identity, Index, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from geo import prepared
from geo.columns import DISTRICT, Base, UtcInstant
from geo.ids import DistrictCode

# Fixes come every few seconds; a day is settled when its oldest note has waited this long.
SETTLES_AFTER = timedelta(minutes=2)


class UnsettledRow(Base):
    """A note that a worker's civil day is to be settled."""

    __tablename__ = "unsettled"

    district: Mapped[str] = mapped_column(DISTRICT, primary_key=True)
    worker: Mapped[UUID] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    noted_at: Mapped[datetime] = mapped_column(UtcInstant)

    __table_args__ = (Index(None, "noted_at"),)


class WorkerDay(NamedTuple):
    """A civil day of a worker."""

    district: DistrictCode
    worker: UUID
    day: date


# The civil day is the district's own: worked out where its time zone is kept.
_NOTE = """
insert into unsettled (district, worker, day, noted_at)
select distinct district.code, seen.worker,
  (seen.observed_at at time zone district.time_zone)::date, %(at)s::timestamptz
from unnest(%(workers)s::uuid[], %(moments)s::timestamptz[]) as seen (worker, observed_at), district
where district.code = %(district)s
"""
_NOTE_DAYS = """
insert into unsettled (district, worker, day, noted_at)
select district, worker, day, %(at)s::timestamptz
from unnest(%(districts)s::text[], %(workers)s::uuid[], %(days)s::date[])
  as noted (district, worker, day)
"""
_DUE = text(
    "select district, worker, day from unsettled where noted_at <= :before"
    " group by district, worker, day order by min(noted_at), worker, day limit 16"
)
# Held to the end of the transaction: two passes share the days, and never one day.
_HOLD = text("select pg_try_advisory_xact_lock(hashtextextended(:name, 0))")
_TAKE = text(
    "delete from unsettled where district = :district and worker = :worker and day = :day"
    " and seq in (select seq from unsettled"
    " where district = :district and worker = :worker and day = :day for update skip locked)"
)


def note_unsettled(
    session: Session,
    district: DistrictCode,
    pairs: Iterable[tuple[UUID, datetime]],
    *,
    at: datetime,
) -> None:
    """Note the civil days of (worker, instant of observation): one statement, which never waits.

    In the transaction that stores what was observed.
    """
    seen = list(pairs)
    if seen:
        workers, moments = (list(column) for column in zip(*seen, strict=True))
        prepared.run(session, _NOTE, district=district, workers=workers, moments=moments, at=at)


def note_days(session: Session, days: Iterable[WorkerDay], *, at: datetime) -> None:
    """Note days that are known already. As `note_unsettled`, by the end of the transaction."""
    noted = list(days)
    if noted:
        prepared.soon(
            session,
            _NOTE_DAYS,
            districts=[day.district for day in noted],
            workers=[day.worker for day in noted],
            days=[day.day for day in noted],
            at=at,
        )


def claim_due(session: Session, *, at: datetime) -> WorkerDay | None:
    """Take a day that is due, with all its notes; None when none is, or others settle them.

    What is stored after this stays noted, so the day is settled again.
    """
    for row in session.execute(_DUE, {"before": at - SETTLES_AFTER}).all():
        due = WorkerDay(DistrictCode(row.district), row.worker, row.day)
        name = f"settle {due.district} {due.worker} {due.day}"
        if session.scalar(_HOLD, {"name": name}):
            taken = session.connection().execute(_TAKE, due._asdict())
            # Another pass may have settled it and gone since it was found.
            if taken.rowcount:
                return due
    return None
