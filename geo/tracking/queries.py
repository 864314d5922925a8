# SPDX-License-Identifier: Apache-2.0
"""Where workers were seen last, and the fixes of a track."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Double, cast, func, select
from sqlalchemy.orm import Session

from geo.crs import System
from geo.ids import DistrictCode, WorkerId, contains
from geo.tracking.rules import LatestPosition, TrackFix
from geo.tracking.tables import LatestPositionRow, TrackFixRow
from geo.units import Metres
from geo.workforce.queries import assigned_at
from geo.workforce.rules import shared_area


def positions(
    session: Session, district: DistrictCode, areas: tuple[str, ...], at: datetime
) -> list[LatestPosition]:
    """Latest positions of the workers on duty who belong to one of the `areas`, by worker."""
    rows = session.execute(
        select(
            LatestPositionRow.worker,
            func.ST_X(LatestPositionRow.point).label("lon"),
            func.ST_Y(LatestPositionRow.point).label("lat"),
            LatestPositionRow.accuracy_m,
            LatestPositionRow.observed_at,
        )
        .where(LatestPositionRow.district == district, LatestPositionRow.on_duty)
        .order_by(LatestPositionRow.worker)
    ).all()
    if district not in areas:
        held = assigned_at(session, district, [(row.worker, at) for row in rows])
        belongs = [shared_area(district, cells) for cells in held]
        rows = [
            row
            for row, home in zip(rows, belongs, strict=True)
            if any(contains(area, home) for area in areas)
        ]
    return [
        LatestPosition(
            worker=WorkerId(row.worker),
            lon=row.lon,
            lat=row.lat,
            accuracy_m=Metres(row.accuracy_m),
            observed_at=row.observed_at,
        )
        for row in rows
    ]


def track(
    session: Session,
    district: DistrictCode,
    worker: WorkerId,
    *,
    begins_at: datetime,
    ends_at: datetime,
    limit: int,
) -> list[TrackFix]:
    """Fixes of a worker in a half-open time, oldest first, at most `limit`.

    For `actions.read_track`, which leaves the audit row that a reading owes.
    """
    rows = session.execute(
        select(
            func.ST_X(TrackFixRow.point).label("lon"),
            func.ST_Y(TrackFixRow.point).label("lat"),
            TrackFixRow.accuracy_m,
            TrackFixRow.observed_at,
            TrackFixRow.received_at,
            TrackFixRow.system,
            TrackFixRow.mock,
            TrackFixRow.source,
        )
        .where(
            TrackFixRow.district == district,
            TrackFixRow.worker == worker,
            TrackFixRow.observed_at >= begins_at,
            TrackFixRow.observed_at < ends_at,
        )
        .order_by(TrackFixRow.observed_at)
        .limit(limit)
    )
    return [
        TrackFix(
            lon=row.lon,
            lat=row.lat,
            accuracy_m=Metres(row.accuracy_m),
            observed_at=row.observed_at,
            received_at=row.received_at,
            system=System(row.system),
            mock=row.mock,
            source=row.source,
        )
        for row in rows
    ]


@dataclass(frozen=True)
class DayFixes:
    """Stored fixes as columns of one length: epoch seconds, WGS-84 degrees, what was claimed."""

    at: NDArray[np.float64]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    accuracy_m: NDArray[np.float64]
    mock: NDArray[np.bool_]
    source: tuple[str | None, ...]


def day_fixes(
    session: Session,
    district: DistrictCode,
    worker: UUID,
    *,
    begins_at: datetime,
    ends_at: datetime,
) -> DayFixes:
    """All fixes of a worker in a half-open time, for the settling pass: no person reads them."""
    rows = session.execute(
        select(
            cast(func.extract("epoch", TrackFixRow.observed_at), Double),
            func.ST_X(TrackFixRow.point),
            func.ST_Y(TrackFixRow.point),
            TrackFixRow.accuracy_m,
            TrackFixRow.mock,
            TrackFixRow.source,
        ).where(
            TrackFixRow.district == district,
            TrackFixRow.worker == worker,
            TrackFixRow.observed_at >= begins_at,
            TrackFixRow.observed_at < ends_at,
        )
    ).all()
    at, lon, lat, accuracy, mock, source = zip(*rows, strict=True) if rows else ((),) * 6
    return DayFixes(
        at=np.array(at, dtype=np.float64),
        lon=np.array(lon, dtype=np.float64),
        lat=np.array(lat, dtype=np.float64),
        accuracy_m=np.array(accuracy, dtype=np.float64),
        mock=np.array(mock, dtype=bool),
        source=tuple(source),
    )
