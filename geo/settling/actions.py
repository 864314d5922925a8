# SPDX-License-Identifier: Apache-2.0
"""The settling pass: a worker's day judged from everything stored of it.

What it finds is a function of what is stored and not of the order in which that came: fixes that
arrive late, twice or shuffled end in the same doubts. A day whose path changed has the days that
may repeat it settled again, and so has one whose end changed the day after it: a leap across
midnight is doubted of the day it leads into.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import delete, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.orm import Session

from geo.clock import civil_date, civil_day
from geo.hierarchy import queries as hierarchy
from geo.patrol import settled as patrol
from geo.patrol.doubts import DayDoubts, Track, day_doubts
from geo.patrol.prints import Path
from geo.patrol.rules import Policy
from geo.patrol.settled import DayCheckIn
from geo.settling import queries
from geo.settling.rules import Beside, repeats
from geo.settling.tables import SettledDayRow
from geo.tracking.queries import DayFixes, day_fixes
from geo.unsettled import WorkerDay, claim_due, note_days

# A leap into the morning is seen beside the end of the evening: so late, and so much of it.
_EVENING = timedelta(hours=1)
_END_S = 120.0


def settle_due(session: Session, *, at: datetime) -> int:
    """Settle one day that is due; 0 when none is.

    Records: CheckInDoubted or LateCheckInDoubted for each check-in whose doubts changed.
    """
    due = claim_due(session, at=at)
    if due is None:
        return 0
    settle(session, due, at=at)
    return 1


def settle(session: Session, of: WorkerDay, *, at: datetime) -> None:
    """Work a day's doubts out and write them; nothing changes when nothing did.

    Records: CheckInDoubted or LateCheckInDoubted for each check-in whose doubts changed.
    """
    zone = hierarchy.district(session, of.district).time_zone
    fixes, check_ins = _stored(session, of, zone)
    path = track_of(fixes, check_ins, Policy()).path
    _keep_prints(session, of, path, _end_of(fixes, check_ins), at)
    evening = _evening(session, of, zone)
    beside = [
        Beside(
            day.day,
            day.worker == of.worker,
            track_of(*_stored(session, day, zone), Policy()).path,
        )
        for day in queries.days_repeated(session, of, {*path.prints, *path.backwards.prints})
    ]
    found = {
        version: _judged(evening, fixes, check_ins, policy, of.day, path, beside)
        for version, policy in patrol.policies(
            session, of.district, {one.policy for one in check_ins}
        ).items()
    }
    # Without a check-in nothing was judged by any policy yet.
    whole = (
        found[max(found)] if found else _judged(evening, fixes, (), Policy(), of.day, path, beside)
    )
    patrol.write_doubts(
        session,
        of.district,
        [(one, found[one.policy].visits[place]) for place, one in enumerate(check_ins)],
        today=civil_date(at, zone) == of.day,
        at=at,
    )
    _keep_doubts(session, of, whole, at)


def forget_settled(session: Session, *, at: datetime, kept: timedelta) -> int:
    """Erase what was made of tracks that are no longer kept; how many days."""
    gone = session.execute(
        delete(SettledDayRow)
        .where(SettledDayRow.day < (at - kept).date())
        .returning(SettledDayRow.worker)
        .execution_options(synchronize_session=False)
    )
    return len(gone.all())


def track_of(fixes: DayFixes, check_ins: Sequence[DayCheckIn], policy: Policy) -> Track:
    """Everything stored of a day as one track, check-ins as visits in their order."""
    sources = [*fixes.source, *(one.source for one in check_ins)]
    names = sorted({source or "" for source in sources})
    numbers = {name: n for n, name in enumerate(names)}
    stream = np.array([numbers[source or ""] for source in sources], dtype=np.int64)
    factor = np.array([patrol.radius_factor(policy, name or None) for name in names] or [1.0])
    accuracy = np.concatenate([fixes.accuracy_m, [one.accuracy_m for one in check_ins]])
    count = len(check_ins)
    return Track(
        at=np.concatenate([fixes.at, [one.observed_at.timestamp() for one in check_ins]]),
        lon=np.concatenate([fixes.lon, [one.lon for one in check_ins]]),
        lat=np.concatenate([fixes.lat, [one.lat for one in check_ins]]),
        radius_m=np.maximum(accuracy * factor[stream], policy.least_radius_m)
        if len(stream)
        else accuracy,
        accuracy_m=accuracy,
        mock=np.concatenate([fixes.mock, np.array([one.mock for one in check_ins], dtype=bool)]),
        stream=stream,
        visit=np.concatenate([np.full(len(fixes.at), -1), np.arange(count)]).astype(np.int64),
    ).in_order()


def _stored(session: Session, of: WorkerDay, zone: str) -> tuple[DayFixes, list[DayCheckIn]]:
    begins, ends = civil_day(of.day, zone)
    return (
        day_fixes(session, of.district, of.worker, begins_at=begins, ends_at=ends),
        patrol.day_check_ins(session, of.district, of.worker, begins_at=begins, ends_at=ends),
    )


@dataclass(frozen=True)
class _Evening:
    """The end of the day before one that `begins`, in epoch seconds; check-ins are fixes here."""

    end: DayFixes
    begins: float


def _evening(session: Session, of: WorkerDay, zone: str) -> _Evening:
    begins, _ = civil_day(of.day, zone)
    late = {"begins_at": begins - _EVENING, "ends_at": begins}
    fixes = day_fixes(session, of.district, of.worker, **late)
    check_ins = patrol.day_check_ins(session, of.district, of.worker, **late)
    return _Evening(_end_of(fixes, check_ins), begins.timestamp())


def _end_of(fixes: DayFixes, check_ins: Sequence[DayCheckIn]) -> DayFixes:
    """The last of what was observed, check-ins too, in order."""
    whole = _joined(
        fixes,
        DayFixes(
            at=np.array([one.observed_at.timestamp() for one in check_ins]),
            lon=np.array([one.lon for one in check_ins]),
            lat=np.array([one.lat for one in check_ins]),
            accuracy_m=np.array([one.accuracy_m for one in check_ins]),
            mock=np.array([one.mock for one in check_ins], dtype=bool),
            source=tuple(one.source for one in check_ins),
        ),
    )
    order = np.lexsort((whole.mock, whole.accuracy_m, whole.lat, whole.lon, whole.at))
    return _some(whole, order[whole.at[order] >= whole.at.max(initial=0.0) - _END_S])


def _joined(first: DayFixes, then: DayFixes) -> DayFixes:
    columns = {
        name: np.concatenate([column, getattr(then, name)])
        for name, column in vars(first).items()
        if name != "source"
    }
    return DayFixes(**columns, source=first.source + then.source)


def _some(fixes: DayFixes, places: NDArray[np.int64]) -> DayFixes:
    columns = {name: column[places] for name, column in vars(fixes).items() if name != "source"}
    return DayFixes(**columns, source=tuple(fixes.source[place] for place in places))


def _judged(
    evening: _Evening,
    fixes: DayFixes,
    check_ins: Sequence[DayCheckIn],
    policy: Policy,
    day: date,
    path: Path,
    beside: Sequence[Beside],
) -> DayDoubts:
    track = track_of(_joined(evening.end, fixes), check_ins, policy)
    visits = [one.visit for one in check_ins]
    repeated = repeats(day, path, beside, policy)
    return day_doubts(track, visits, policy, repeated, evening.begins)


def _keep_prints(session: Session, of: WorkerDay, path: Path, end: DayFixes, at: datetime) -> None:
    """Store the prints of a path; when it changed, the days that may repeat it are noted.

    So is the day after it, which is looked at beside its end.
    """
    columns = (path.at, path.x, path.y, end.at, end.lon, end.lat, end.accuracy_m, end.mock)
    said = sha256(b"".join(column.tobytes() for column in columns)).digest()
    known = queries.settled_day(session, of)
    if known is not None and known.digest == said:
        return
    prints, backwards = path.prints, path.backwards.prints
    values = {"prints": prints, "backwards": backwards, "digest": said, "settled_at": at}
    session.execute(
        pg_insert(SettledDayRow)
        .values(**of._asdict(), **values, doubts=[])
        .on_conflict_do_update(index_elements=["district", "worker", "day"], set_=values)
    )
    old = set() if known is None else {*known.prints, *known.backwards}
    later = queries.days_repeating(session, of, {*prints, *backwards} | old)
    after = of._replace(day=of.day + timedelta(days=1))
    if queries.settled_day(session, after) is not None:
        later = [*later, after]
    note_days(session, set(later), at=at)


def _keep_doubts(session: Session, of: WorkerDay, found: DayDoubts, at: datetime) -> None:
    session.execute(
        update(SettledDayRow)
        .where(
            SettledDayRow.district == of.district,
            SettledDayRow.worker == of.worker,
            SettledDayRow.day == of.day,
            SettledDayRow.doubts != list(found.track),
        )
        .values(doubts=list(found.track), settled_at=at)
        .execution_options(synchronize_session=False)
    )
