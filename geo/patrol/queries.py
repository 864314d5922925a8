# SPDX-License-Identifier: Apache-2.0
"""Policies, checkpoints, check-ins, work logs, and how patrol days stand."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, false, func, or_, select, true, tuple_
from sqlalchemy.orm import Session

from geo.clock import civil_date, civil_day
from geo.columns import Origin
from geo.crs import System
from geo.hierarchy import queries as hierarchy
from geo.ids import (
    CellCode,
    CheckInId,
    CheckpointId,
    DistrictCode,
    Level,
    PlanId,
    WorkerId,
    WorkLogId,
    contains,
)
from geo.patrol.grid import PlanGrid, PlanGrids
from geo.patrol.policies import PolicyVersion
from geo.patrol.proofs import ProofState
from geo.patrol.records import (
    CheckIn,
    CheckInNotFound,
    Checkpoint,
    CheckpointNotFound,
    PatrolDay,
    WorkLog,
    patrol_day,
)
from geo.patrol.rules import Policy, VerdictKind
from geo.patrol.tables import CheckInRow, CheckpointRow, CheckpointWasRow, PolicyRow, WorkLogRow
from geo.units import Metres
from geo.workforce.queries import responsible_during

# Published plans do not change, so what was built for one holds as long as the process.
_GRIDS = PlanGrids()


def grid_of(session: Session, district: DistrictCode, plan: PlanId) -> PlanGrid:
    """The cells of a published plan, indexed."""

    def build() -> PlanGrid:
        cells = hierarchy.areas(session, district, plan, level=Level.CELL)
        return PlanGrid(plan, hierarchy.district(session, district).metric_srid, cells)

    return _GRIDS.of(plan, build)


def policy_versions(session: Session, district: DistrictCode) -> list[PolicyVersion]:
    """Every check-in policy of a district, the first one first."""
    rows = session.execute(
        select(PolicyRow.during, PolicyRow.body)
        .where(PolicyRow.district == district)
        .order_by(PolicyRow.version)
    )
    return [
        PolicyVersion(Policy.from_fields(body), during.lower, during.upper) for during, body in rows
    ]


def checkpoints(
    session: Session,
    district: DistrictCode,
    *,
    areas: Sequence[str],
    within: str | None = None,
    after: UUID | None = None,
    limit: int | None = None,
    retired: bool = False,
) -> list[Checkpoint]:
    """Checkpoints of cells in the `areas` and within one of them, by id; the retired if asked."""
    query = checkpoint_columns(district).where(in_areas(CheckpointRow.cell, district, areas))
    if not retired:
        query = query.where(CheckpointRow.retired_at.is_(None))
    if within is not None:
        query = query.where(in_areas(CheckpointRow.cell, district, (within,)))
    if after is not None:
        query = query.where(CheckpointRow.id > after)
    rows = session.execute(query.order_by(CheckpointRow.id).limit(limit))
    return [_checkpoint(row) for row in rows]


def checkpoint(session: Session, district: DistrictCode, id: CheckpointId) -> Checkpoint:
    """One checkpoint, retired or not. Raises: CheckpointNotFound."""
    found = checkpoints_by_id(session, district, [id])
    if id not in found:
        raise CheckpointNotFound(checkpoint=str(id))
    return found[id]


def checkpoints_by_id(
    session: Session, district: DistrictCode, ids: Iterable[UUID]
) -> dict[UUID, Checkpoint]:
    """Some checkpoints by id, retired or not; those that do not exist are absent."""
    rows = session.execute(checkpoint_columns(district).where(CheckpointRow.id.in_(set(ids))))
    return {row.id: _checkpoint(row) for row in rows}


def check_in(session: Session, district: DistrictCode, id: CheckInId) -> CheckIn:
    """One check-in. Raises: CheckInNotFound."""
    row = session.execute(check_in_columns(district).where(CheckInRow.id == id)).one_or_none()
    if row is None:
        raise CheckInNotFound(check_in=str(id))
    return check_in_of(row)


def check_ins_by_id(
    session: Session, district: DistrictCode, ids: Iterable[UUID]
) -> dict[UUID, tuple[CheckIn, bytes]]:
    """Some check-ins as they were answered first, with the digests of what was said, by id."""
    rows = session.execute(check_in_columns(district).where(CheckInRow.id.in_(set(ids))))
    return {row.id: (_as_answered(row), row.digest) for row in rows}


def check_in_ids(session: Session, ids: Sequence[CheckInId]) -> set[tuple[DistrictCode, CheckInId]]:
    """Which of these ids are kept, each with its district."""
    rows = session.execute(select(CheckInRow.district, CheckInRow.id).where(CheckInRow.id.in_(ids)))
    return {(DistrictCode(district), CheckInId(id)) for district, id in rows}


def check_ins(
    session: Session,
    district: DistrictCode,
    *,
    areas: Sequence[str],
    own: WorkerId | None = None,
    worker: WorkerId | None = None,
    within: str | None = None,
    verdict: VerdictKind | None = None,
    begins_at: datetime | None = None,
    ends_at: datetime | None = None,
    before: tuple[datetime, UUID] | None = None,
    limit: int,
) -> list[CheckIn]:
    """Check-ins, the newest observation first.

    Of cells in the `areas` (those without a cell are the whole district's), or one's `own`;
    `before` goes on after an observation and id already seen.
    """
    query = check_in_columns(district)
    if own is not None:
        query = query.where(CheckInRow.worker == own)
    else:
        query = query.where(in_areas(CheckInRow.cell, district, areas))
    if worker is not None:
        query = query.where(CheckInRow.worker == worker)
    if within is not None:
        query = query.where(in_areas(CheckInRow.cell, district, (within,)))
    if verdict is not None:
        query = query.where(CheckInRow.verdict == verdict.value)
    if begins_at is not None:
        query = query.where(CheckInRow.observed_at >= begins_at)
    if ends_at is not None:
        query = query.where(CheckInRow.observed_at < ends_at)
    if before is not None:
        query = query.where(tuple_(CheckInRow.observed_at, CheckInRow.id) < before)
    rows = session.execute(
        query.order_by(CheckInRow.observed_at.desc(), CheckInRow.id.desc()).limit(limit)
    )
    return [check_in_of(row) for row in rows]


def live_rows(
    session: Session, district: DistrictCode, areas: tuple[str, ...], at: datetime
) -> list[dict[str, Any]]:
    """Check-ins observed on the civil day of an instant, as the live snapshot shows them."""
    zone = hierarchy.district(session, district).time_zone
    begins, ends = civil_day(civil_date(at, zone), zone)
    rows = session.execute(
        check_in_columns(district)
        .where(
            in_areas(CheckInRow.cell, district, areas),
            CheckInRow.observed_at >= begins,
            CheckInRow.observed_at < ends,
        )
        .order_by(CheckInRow.observed_at, CheckInRow.id)
    )
    found = (check_in_of(row) for row in rows)
    return [{**check_in.live_body, **(check_in.place or {})} for check_in in found]


def work_logs(
    session: Session,
    district: DistrictCode,
    *,
    workers: Sequence[UUID] | None = None,
    on: date | None = None,
    after: UUID | None = None,
    limit: int,
) -> list[WorkLog]:
    """Work logs by id; of some workers and of one day when said."""
    query = select(WorkLogRow).where(WorkLogRow.district == district)
    if workers is not None:
        query = query.where(WorkLogRow.worker.in_(workers))
    if on is not None:
        query = query.where(WorkLogRow.on_date == on)
    if after is not None:
        query = query.where(WorkLogRow.id > after)
    return [_work_log(row) for row in session.scalars(query.order_by(WorkLogRow.id).limit(limit))]


def work_log_with_digest(
    session: Session, district: DistrictCode, id: WorkLogId
) -> tuple[WorkLog, bytes]:
    """A work log that is known to be there, with the digest of what was said."""
    row = session.execute(
        select(WorkLogRow).where(WorkLogRow.district == district, WorkLogRow.id == id)
    ).scalar_one()
    return _work_log(row), row.digest


def patrol_days(
    session: Session,
    district: DistrictCode,
    on: date,
    *,
    areas: Sequence[str],
    within: str | None = None,
    own: WorkerId | None = None,
) -> list[PatrolDay]:
    """How the patrol of a civil day stands, for each holder and stand-in and his cell.

    Of cells in the `areas`, or one's `own`; ordered by cell.
    """
    zone = hierarchy.district(session, district).time_zone
    begins, ends = civil_day(on, zone)
    held = [
        (worker, cell)
        for worker, cell in responsible_during(session, district, begins, ends, worker=own)
        if (own is not None or any(contains(area, cell) for area in areas))
        and (within is None or contains(within, cell))
    ]
    if not held:
        return []
    workers = {worker for worker, _ in held}
    due: dict[str, list[CheckpointId]] = defaultdict(list)
    stood_in = _cell_until(ends)
    for id, cell in session.execute(
        select(CheckpointRow.id, stood_in)
        .where(
            CheckpointRow.district == district,
            stood_in.in_({cell for _, cell in held}),
            CheckpointRow.created_at < ends,
            or_(CheckpointRow.retired_at.is_(None), CheckpointRow.retired_at >= ends),
        )
        .order_by(CheckpointRow.code)
    ):
        due[cell].append(CheckpointId(id))
    reached: dict[UUID, set[CheckpointId]] = defaultdict(set)
    for who, at_checkpoint in session.execute(
        select(CheckInRow.worker, CheckInRow.checkpoint)
        .where(
            CheckInRow.district == district,
            CheckInRow.worker.in_(workers),
            CheckInRow.observed_at >= begins,
            CheckInRow.observed_at < ends,
            CheckInRow.accepted,
            CheckInRow.checkpoint.is_not(None),
        )
        .distinct()
    ):
        if at_checkpoint is not None:
            reached[who].add(CheckpointId(at_checkpoint))
    logs: dict[UUID, WorkLogId] = {}
    for who, id in session.execute(
        select(WorkLogRow.worker, WorkLogRow.id)
        .where(
            WorkLogRow.district == district,
            WorkLogRow.worker.in_(workers),
            WorkLogRow.on_date == on,
        )
        # Not by receipt: which of two logs is named never depends on which was held up.
        .order_by(WorkLogRow.id)
    ):
        logs.setdefault(who, WorkLogId(id))
    return [
        patrol_day(
            worker,
            cell,
            due=due[cell],
            reached=reached[worker],
            log=logs.get(worker),
        )
        for worker, cell in held
    ]


def _cell_until(ends: datetime) -> ColumnElement[str]:
    """An SQL expression: the cell a checkpoint belonged to just before an instant."""
    was = (
        select(CheckpointWasRow.cell)
        .where(
            CheckpointWasRow.district == CheckpointRow.district,
            CheckpointWasRow.checkpoint == CheckpointRow.id,
            CheckpointWasRow.until >= ends,
        )
        .order_by(CheckpointWasRow.until)
        .limit(1)
        .scalar_subquery()
    )
    return func.coalesce(was, CheckpointRow.cell)


def in_areas(column: Any, district: DistrictCode, areas: Sequence[str]) -> ColumnElement[bool]:
    """An SQL expression: whether a column of area codes lies in one of the areas."""
    if district in areas:
        # Everything of the district, what has no cell included.
        return true()
    if not areas:
        return false()
    return or_(*(column.startswith(area, autoescape=True) for area in areas))


def checkpoint_columns(district: DistrictCode) -> Select[Any]:
    """What a checkpoint is read from."""
    return select(
        CheckpointRow.id,
        CheckpointRow.cell,
        CheckpointRow.code,
        CheckpointRow.name,
        func.ST_X(CheckpointRow.point).label("lon"),
        func.ST_Y(CheckpointRow.point).label("lat"),
        CheckpointRow.radius_m,
        CheckpointRow.asks_proof,
        CheckpointRow.created_at,
        CheckpointRow.retired_at,
        CheckpointRow.origin,
    ).where(CheckpointRow.district == district)


def _checkpoint(row: Any) -> Checkpoint:
    return Checkpoint(
        id=CheckpointId(row.id),
        cell=CellCode(row.cell),
        code=row.code,
        name=row.name,
        lon=row.lon,
        lat=row.lat,
        radius_m=Metres(row.radius_m),
        asks_proof=row.asks_proof,
        created_at=row.created_at,
        retired_at=row.retired_at,
        origin=Origin(row.origin),
    )


def _work_log(row: WorkLogRow) -> WorkLog:
    return WorkLog(
        id=WorkLogId(row.id),
        worker=WorkerId(row.worker),
        on=row.on_date,
        text=row.text,
        received_at=row.received_at,
        origin=Origin(row.origin),
    )


def check_in_columns(district: DistrictCode) -> Select[Any]:
    """The statement whose rows `check_in_of` reads."""
    kept = (
        "id worker checkpoint system accuracy_m cell verdict accepted reasons doubts settled_doubts"
        " share_inside distance_to_border_m distance_to_checkpoint_m located_cell proof plan policy"
        " observed_at"
        " received_at origin digest"
    )
    return select(
        *(getattr(CheckInRow, name) for name in kept.split()),
        func.ST_X(CheckInRow.point).label("lon"),
        func.ST_Y(CheckInRow.point).label("lat"),
    ).where(CheckInRow.district == district)


def check_in_of(row: Any) -> CheckIn:
    """A row of `check_in_columns` as a value.

    With what the whole day says beside what was known when it came in.
    """
    return replace(_as_answered(row), doubts=(*row.doubts, *(row.settled_doubts or ())))


def _as_answered(row: Any) -> CheckIn:
    return CheckIn(
        id=CheckInId(row.id),
        worker=WorkerId(row.worker),
        checkpoint=None if row.checkpoint is None else CheckpointId(row.checkpoint),
        lon=row.lon,
        lat=row.lat,
        system=System(row.system),
        accuracy_m=row.accuracy_m,
        cell=row.cell,
        verdict=None if row.verdict is None else VerdictKind(row.verdict),
        accepted=row.accepted,
        reasons=tuple(row.reasons),
        doubts=tuple(row.doubts),
        share_inside=row.share_inside,
        distance_to_border_m=row.distance_to_border_m,
        distance_to_checkpoint_m=row.distance_to_checkpoint_m,
        located_cell=row.located_cell,
        proof=None if row.proof is None else ProofState(row.proof),
        plan=PlanId(row.plan),
        policy=row.policy,
        observed_at=row.observed_at,
        received_at=row.received_at,
        origin=Origin(row.origin),
    )
