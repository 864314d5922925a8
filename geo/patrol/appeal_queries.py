# SPDX-License-Identifier: Apache-2.0
"""Appeals, and the checkpoints that they say are badly placed."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, func, or_, select, tuple_
from sqlalchemy.orm import Session

from geo.columns import Origin
from geo.hierarchy import queries as hierarchy
from geo.ids import CellCode, CheckInId, CheckpointId, DistrictCode, WorkerId
from geo.patrol.appeals import (
    LEAST_UPHELD,
    LOOKED_BACK,
    Appeal,
    AppealState,
    Misplaced,
    NoAppeal,
    Overturned,
    misplaced,
)
from geo.patrol.queries import in_areas
from geo.patrol.rejudged import UPHELD
from geo.patrol.tables import AppealRow, CheckInRow, CheckpointRow

# A checkpoint that stands within this of where it stood then has not been moved.
_SAME_DEGREES = 1e-7


def appeals(
    session: Session,
    district: DistrictCode,
    *,
    areas: Sequence[str],
    own: WorkerId | None = None,
    within: str | None = None,
    decided: bool | None = None,
    before: tuple[datetime, UUID] | None = None,
    limit: int,
) -> list[Appeal]:
    """Appeals against check-ins of cells in the `areas`, or one's `own`; the newest first."""
    query = _appeal_columns(district)
    if own is not None:
        query = query.where(AppealRow.worker == own)
    else:
        query = query.where(in_areas(CheckInRow.cell, district, areas))
    if within is not None:
        query = query.where(in_areas(CheckInRow.cell, district, (within,)))
    if decided is not None:
        is_open = AppealRow.state == AppealState.OPEN.value
        query = query.where(~is_open if decided else is_open)
    if before is not None:
        query = query.where(tuple_(AppealRow.made_at, AppealRow.id) < before)
    rows = session.execute(
        query.order_by(AppealRow.made_at.desc(), AppealRow.id.desc()).limit(limit)
    )
    return [_appeal(row) for row in rows]


def appeal(session: Session, district: DistrictCode, id: UUID) -> Appeal:
    """One appeal that is known to be there."""
    return _appeal(session.execute(_appeal_columns(district).where(AppealRow.id == id)).one())


def latest_appeal(session: Session, district: DistrictCode, check_in: CheckInId) -> Appeal:
    """The newest appeal against a check-in: the open one if any. Raises: NoAppeal."""
    row = session.execute(
        _appeal_columns(district)
        .where(AppealRow.check_in == check_in)
        .order_by(AppealRow.state == AppealState.OPEN.value, AppealRow.made_at)
    ).all()
    if not row:
        raise NoAppeal(check_in=str(check_in))
    return _appeal(row[-1])


def misplaced_checkpoints(
    session: Session,
    district: DistrictCode,
    *,
    areas: Sequence[str],
    within: str | None = None,
    at: datetime,
) -> list[Misplaced]:
    """Checkpoints of the `areas` whose refusals are often overturned, by id.

    Only what was judged by the place where a checkpoint stands now counts.
    """
    since = at - LOOKED_BACK
    refused_there = and_(
        AppealRow.decided_at >= since,
        CheckInRow.reasons.contains([{"code": "checkpoint.not_reached"}]),
    )
    upheld = func.count().filter(AppealRow.state == AppealState.UPHELD.value)
    columns: list[Any] = [CheckpointRow.id, func.count().label("decided"), upheld.label("upheld")]
    counted = (
        select(*columns)
        .select_from(AppealRow)
        .join(
            CheckInRow,
            and_(CheckInRow.district == AppealRow.district, CheckInRow.id == AppealRow.check_in),
        )
    )
    counts = (
        _at_checkpoints(counted, district)
        .where(refused_there, in_areas(CheckpointRow.cell, district, areas))
        .group_by(CheckpointRow.id)
        .having(upheld >= LEAST_UPHELD)
    )
    if within is not None:
        counts = counts.where(in_areas(CheckpointRow.cell, district, (within,)))
    found = {row.id: row for row in session.execute(counts)}
    honest: dict[UUID, list[tuple[float, float]]] = defaultdict(list)
    fixes = _at_checkpoints(
        select(
            CheckpointRow.id,
            func.ST_X(CheckInRow.point).label("lon"),
            func.ST_Y(CheckInRow.point).label("lat"),
        ).select_from(CheckInRow),
        district,
    ).where(
        CheckInRow.checkpoint.in_(list(found)),
        CheckInRow.observed_at >= since,
        CheckInRow.accepted,
        CheckInRow.point.is_not(None),
        or_(
            CheckInRow.reasons.contains([{"code": UPHELD}]),
            func.jsonb_array_length(CheckInRow.doubts) == 0,
        ),
    )
    for row in session.execute(fixes):
        honest[row.id].append((row.lon, row.lat))
    srid = hierarchy.district(session, district).metric_srid
    stand = {row.id: row for row in session.execute(_standing(district, list(found)))}
    outcome = [
        misplaced(
            Overturned(
                checkpoint=CheckpointId(id),
                cell=CellCode(stand[id].cell),
                name=stand[id].name,
                lon=stand[id].lon,
                lat=stand[id].lat,
                decided=found[id].decided,
                upheld=found[id].upheld,
                honest=tuple(honest[id]),
            ),
            srid,
        )
        for id in sorted(found)
    ]
    return [one for one in outcome if one is not None]


def _at_checkpoints(query: Select[Any], district: DistrictCode) -> Select[Any]:
    """Joined with the checkpoints in use, where they have not been moved since."""
    return query.join(
        CheckpointRow,
        and_(
            CheckpointRow.district == CheckInRow.district,
            CheckpointRow.id == CheckInRow.checkpoint,
            CheckpointRow.retired_at.is_(None),
            or_(
                CheckInRow.site_lon.is_(None),
                and_(
                    func.abs(CheckInRow.site_lon - func.ST_X(CheckpointRow.point)) < _SAME_DEGREES,
                    func.abs(CheckInRow.site_lat - func.ST_Y(CheckpointRow.point)) < _SAME_DEGREES,
                ),
            ),
        ),
    ).where(CheckInRow.district == district)


def _standing(district: DistrictCode, ids: Sequence[UUID]) -> Select[Any]:
    return select(
        CheckpointRow.id,
        CheckpointRow.cell,
        CheckpointRow.name,
        func.ST_X(CheckpointRow.point).label("lon"),
        func.ST_Y(CheckpointRow.point).label("lat"),
    ).where(CheckpointRow.district == district, CheckpointRow.id.in_(ids))


def _appeal_columns(district: DistrictCode) -> Select[Any]:
    kept = "id check_in worker state text made_at decided_by decided_at decision origin"
    return (
        select(*(getattr(AppealRow, name) for name in kept.split()), CheckInRow.cell)
        .join(
            CheckInRow,
            and_(CheckInRow.district == AppealRow.district, CheckInRow.id == AppealRow.check_in),
        )
        .where(AppealRow.district == district)
    )


def _appeal(row: Any) -> Appeal:
    return Appeal(
        id=row.id,
        check_in=CheckInId(row.check_in),
        worker=WorkerId(row.worker),
        cell=row.cell,
        state=AppealState(row.state),
        text=row.text,
        made_at=row.made_at,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        decision=row.decision,
        origin=Origin(row.origin),
    )
