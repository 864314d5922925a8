# SPDX-License-Identifier: Apache-2.0
"""Check-ins for the settling pass: those of a day, and the doubts that it found."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, bindparam, func, select, update
from sqlalchemy.orm import Session

from geo.accounts.rules import SYSTEM_ACTOR
from geo.crs import Fix
from geo.ids import CheckInId, DistrictCode
from geo.outbox import record
from geo.patrol import queries
from geo.patrol.doubts import Visit
from geo.patrol.records import CheckInDoubted, LateCheckInDoubted
from geo.patrol.rules import Policy
from geo.patrol.tables import CheckInRow, CheckpointRow, PolicyRow
from geo.units import Metres


@dataclass(frozen=True)
class DayCheckIn:
    """A check-in as far as doubts need it; WGS-84. `settled` is what was found before."""

    id: CheckInId
    observed_at: datetime
    lon: float
    lat: float
    accuracy_m: float
    mock: bool
    source: str | None
    policy: int
    visit: Visit
    settled: tuple[dict[str, Any], ...] | None


def day_check_ins(
    session: Session,
    district: DistrictCode,
    worker: UUID,
    *,
    begins_at: datetime,
    ends_at: datetime,
) -> list[DayCheckIn]:
    """A worker's check-ins in a half-open time, by instant and id; those whose place is kept.

    What was doubted of the others stays.
    """
    rows = session.execute(
        select(
            CheckInRow.id,
            CheckInRow.observed_at,
            func.ST_X(CheckInRow.point).label("lon"),
            func.ST_Y(CheckInRow.point).label("lat"),
            CheckInRow.accuracy_m,
            CheckInRow.mock,
            CheckInRow.source,
            CheckInRow.policy,
            CheckInRow.checkpoint,
            func.ST_X(CheckpointRow.point).label("site_lon"),
            func.ST_Y(CheckpointRow.point).label("site_lat"),
            CheckInRow.settled_doubts,
        )
        .outerjoin(
            CheckpointRow,
            (CheckpointRow.district == CheckInRow.district)
            & (CheckpointRow.id == CheckInRow.checkpoint),
        )
        .where(
            CheckInRow.district == district,
            CheckInRow.worker == worker,
            CheckInRow.observed_at >= begins_at,
            CheckInRow.observed_at < ends_at,
            CheckInRow.point.is_not(None),
        )
        .order_by(CheckInRow.observed_at, CheckInRow.id)
    )
    return [
        DayCheckIn(
            id=CheckInId(row.id),
            observed_at=row.observed_at,
            lon=row.lon,
            lat=row.lat,
            accuracy_m=row.accuracy_m,
            mock=row.mock,
            source=row.source,
            policy=row.policy,
            visit=Visit()
            if row.checkpoint is None
            else Visit(str(row.checkpoint), row.site_lon, row.site_lat),
            settled=None if row.settled_doubts is None else tuple(row.settled_doubts),
        )
        for row in rows
    ]


def policies(
    session: Session, district: DistrictCode, versions: Collection[int]
) -> dict[int, Policy]:
    """Versions of the policy by number: a check-in is doubted by the one it was judged by."""
    rows = session.execute(
        select(PolicyRow.version, PolicyRow.body).where(
            PolicyRow.district == district, PolicyRow.version.in_(versions)
        )
    )
    return {row.version: Policy.from_fields(row.body) for row in rows}


def radius_factor(policy: Policy, source: str | None) -> float:
    """By how much a policy multiplies the accuracies of a source for the 95 % radius."""
    kilometre = Fix(
        lon=0.0, lat=0.0, accuracy_m=Metres(1000.0), observed_at=_ANY_INSTANT, source=source
    )
    return policy.radius_95(kilometre) / 1000.0


_ANY_INSTANT = datetime.min.replace(tzinfo=UTC)
_TABLE = cast(Table, CheckInRow.__table__)
_WRITE = (
    update(_TABLE)
    .where(_TABLE.c.district == bindparam("of"), _TABLE.c.id == bindparam("which"))
    .values(settled_doubts=bindparam("found"), settled_at=bindparam("at"))
)


def write_doubts(
    session: Session,
    district: DistrictCode,
    found: Sequence[tuple[DayCheckIn, tuple[dict[str, Any], ...]]],
    *,
    today: bool,
    at: datetime,
) -> None:
    """Write what the whole day says of each check-in, where it says something else than before.

    Whether a check-in is accepted, and the answer a repeated one gets, stay as they are.

    Records: CheckInDoubted (of `today`) or LateCheckInDoubted for each whose doubts changed.
    """
    fresh = [(one, doubts) for one, doubts in found if one.settled != doubts]
    if not fresh:
        return
    session.execute(
        _WRITE,
        [{"of": district, "which": one.id, "found": list(d), "at": at} for one, d in fresh],
    )
    for one, doubts in fresh:
        if doubts or one.settled:
            check_in = queries.check_in(session, district, one.id)
            kind = CheckInDoubted if today else LateCheckInDoubted
            record(
                session,
                kind(
                    id=check_in.id,
                    district=district,
                    at=at,
                    actor=SYSTEM_ACTOR,
                    origin=check_in.origin,
                    area=check_in.cell or district,
                    workers=(check_in.worker,),
                    body=check_in.live_body,
                    place=check_in.place,
                ),
            )
