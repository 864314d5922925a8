# SPDX-License-Identifier: Apache-2.0
"""Findings about devices, and the points they are made of."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from geo.accounts.rules import Device
from geo.columns import Origin
from geo.ids import DistrictCode, WorkerId
from geo.patrol.findings import (
    LOOKED_BACK,
    MOST_POINTS,
    DeviceFinding,
    FindingNotFound,
    FindingState,
    Hypothesis,
)
from geo.patrol.rejudged import Stored
from geo.patrol.tables import DeviceFindingRow, DeviceSlipRow
from geo.patrol.verdict_queries import stored


def findings(
    session: Session,
    district: DistrictCode,
    *,
    workers: Iterable[UUID] | None = None,
    state: FindingState | None = None,
    before: tuple[datetime, UUID] | None = None,
    limit: int,
) -> list[DeviceFinding]:
    """Findings about the devices of some workers (None: of all), the newest first."""
    query = select(DeviceFindingRow).where(DeviceFindingRow.district == district)
    if workers is not None:
        query = query.where(DeviceFindingRow.worker.in_(list(workers)))
    if state is not None:
        query = query.where(DeviceFindingRow.state == state.value)
    if before is not None:
        query = query.where(tuple_(DeviceFindingRow.found_at, DeviceFindingRow.id) < before)
    order = (DeviceFindingRow.found_at.desc(), DeviceFindingRow.id.desc())
    rows = session.scalars(query.order_by(*order).limit(limit))
    return [finding_of(row) for row in rows]


def finding(session: Session, district: DistrictCode, id: UUID) -> DeviceFinding:
    """One finding. Raises: FindingNotFound."""
    row = session.execute(
        select(DeviceFindingRow)
        .where(DeviceFindingRow.district == district, DeviceFindingRow.id == id)
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if row is None:
        raise FindingNotFound(finding=str(id))
    return finding_of(row)


def recent_points(
    session: Session, district: DistrictCode, device: Device, *, at: datetime
) -> list[Stored]:
    """A device's newest check-ins that can say how it is to be read, newest first.

    Not declared mock, judged against a cell, and their places not expired.
    """
    newest = stored(
        session,
        district,
        device=device,
        begins_at=at - LOOKED_BACK,
        limit=2 * MOST_POINTS,
        newest_first=True,
    )
    able = [
        one
        for one in newest
        if not one.fix.mock and not one.erased and one.check_in.cell is not None
    ]
    return able[:MOST_POINTS]


def suspected(session: Session, district: DistrictCode, devices: Iterable[UUID]) -> set[UUID]:
    """Those of some devices about which a finding waits for its decision."""
    return set(
        session.scalars(
            select(DeviceFindingRow.device).where(
                DeviceFindingRow.district == district,
                DeviceFindingRow.device.in_(set(devices)),
                DeviceFindingRow.state == FindingState.OPEN.value,
            )
        )
    )


def dismissed_until(
    session: Session, district: DistrictCode, device: UUID
) -> dict[Hypothesis, datetime]:
    """When each hypothesis about a device was last dismissed."""
    rows = session.execute(
        select(DeviceFindingRow.hypothesis, func.max(DeviceFindingRow.decided_at))
        .where(
            DeviceFindingRow.district == district,
            DeviceFindingRow.device == device,
            DeviceFindingRow.state == FindingState.DISMISSED.value,
        )
        .group_by(DeviceFindingRow.hypothesis)
    )
    return {Hypothesis(name): at for name, at in rows if at is not None}


def slips(
    session: Session, district: DistrictCode, device: UUID, hypothesis: Hypothesis, since: datetime
) -> Sequence[datetime]:
    """When a device slipped by a hypothesis after an instant, oldest first."""
    return session.scalars(
        select(DeviceSlipRow.at)
        .where(
            DeviceSlipRow.district == district,
            DeviceSlipRow.device == device,
            DeviceSlipRow.hypothesis == hypothesis.value,
            DeviceSlipRow.at > since,
        )
        .order_by(DeviceSlipRow.at)
    ).all()


def finding_of(row: Any) -> DeviceFinding:
    """A row of findings as a value."""
    return DeviceFinding(
        id=row.id,
        device=row.device,
        worker=WorkerId(row.worker),
        hypothesis=Hypothesis(row.hypothesis),
        state=FindingState(row.state),
        points=row.points,
        since=row.since,
        check_ins=tuple(UUID(id) for id in row.check_ins),
        displaced_m=row.displaced_m,
        bearing_deg=row.bearing_deg,
        found_at=row.found_at,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        decision=row.decision,
        origin=Origin(row.origin),
    )
