# SPDX-License-Identifier: Apache-2.0
"""Settled days: which share prints."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Date, Text, Uuid, bindparam, func, select, text
from sqlalchemy.orm import Session

from geo.ids import DistrictCode, WorkerId
from geo.patrol.prints import LEAST_SHARED
from geo.settling.tables import SettledDayRow
from geo.unsettled import WorkerDay

# So many tracks are laid beside a day's: those that share most prints.
_MOST_BESIDE = 3


@dataclass(frozen=True)
class SettledDay:
    """What is kept of a settled day; `doubts` are those of the track as a whole."""

    prints: tuple[int, ...]
    backwards: tuple[int, ...]
    digest: bytes
    doubts: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class DoubtedDay:
    """A worker's day of whose track something is doubted."""

    worker: WorkerId
    on: date
    doubts: tuple[dict[str, Any], ...]
    settled_at: datetime


_SHARING = (
    "select worker, day from (select worker, day, cardinality(array("
    "select unnest(prints) intersect select unnest(cast(:prints as bigint[])))) as shared"
    " from settled_day where district = :district and prints && cast(:prints as bigint[])"
    " and {which}) as found where shared >= :least order by shared desc, day, worker"
)
_BINDS = (
    bindparam("prints", type_=ARRAY(BigInteger())),
    bindparam("district", type_=Text()),
    bindparam("worker", type_=Uuid()),
    bindparam("day", type_=Date()),
)
_EARLIER = text(
    _SHARING.format(which="(day < :day or day = :day and worker <> :worker)") + " limit :most"
).bindparams(*_BINDS)
_LATER = text(_SHARING.format(which="(day > :day or day = :day and worker <> :worker)")).bindparams(
    *_BINDS
)


def settled_day(session: Session, of: WorkerDay) -> SettledDay | None:
    """What was found of a day when it was last settled."""
    row = session.execute(
        select(
            SettledDayRow.prints,
            SettledDayRow.backwards,
            SettledDayRow.digest,
            SettledDayRow.doubts,
        ).where(
            SettledDayRow.district == of.district,
            SettledDayRow.worker == of.worker,
            SettledDayRow.day == of.day,
        )
    ).one_or_none()
    if row is None:
        return None
    return SettledDay(tuple(row.prints), tuple(row.backwards), row.digest, tuple(row.doubts))


def doubted_days(
    session: Session, district: DistrictCode, on: date, workers: Collection[WorkerId]
) -> list[DoubtedDay]:
    """The days of these workers of which something is doubted, by worker: never by how much."""
    rows = session.execute(
        select(SettledDayRow.worker, SettledDayRow.doubts, SettledDayRow.settled_at)
        .where(
            SettledDayRow.district == district,
            SettledDayRow.day == on,
            SettledDayRow.worker.in_(workers),
            func.jsonb_array_length(SettledDayRow.doubts) > 0,
        )
        .order_by(SettledDayRow.worker)
    )
    return [DoubtedDay(WorkerId(row.worker), on, tuple(row.doubts), row.settled_at) for row in rows]


def days_repeated(session: Session, of: WorkerDay, prints: Collection[int]) -> list[WorkerDay]:
    """The days which a day may repeat: earlier ones, and others' same day; most alike first."""
    return _sharing(session, _EARLIER, of, prints, most=_MOST_BESIDE)


def days_repeating(session: Session, of: WorkerDay, prints: Collection[int]) -> list[WorkerDay]:
    """The days which may repeat a day."""
    return _sharing(session, _LATER, of, prints)


def _sharing(
    session: Session, statement: Any, of: WorkerDay, prints: Collection[int], **more: int
) -> list[WorkerDay]:
    if not prints:
        return []
    asked = {**of._asdict(), "prints": sorted(prints), "least": LEAST_SHARED, **more}
    return [
        WorkerDay(of.district, row.worker, row.day) for row in session.execute(statement, asked)
    ]
