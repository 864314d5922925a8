# SPDX-License-Identifier: Apache-2.0
"""Which cells stand empty because somebody set out, and who could stand in for him there.

A cell is covered while somebody assigned to it, in whatever role, is on duty, freshly seen and not
away on an incident. Who goes to an incident in his own cell does not leave that one.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy.orm import Session

from geo.clock import civil_date
from geo.hierarchy import queries as hierarchy
from geo.ids import AreaCode, CellCode, DistrictCode, WorkerId
from geo.incidents import queries
from geo.incidents.inquiry import FRESH_FOR
from geo.incidents.rules import Incident, Linkup
from geo.tracking.nearby import Seen, last_seen, nearest_on_duty
from geo.units import Metres, Seconds
from geo.workforce import queries as workforce

_STAND_INS = 3


class StandInReason(StrEnum):
    """Why somebody could stand in for a cell."""

    ASSIGNED_STALE = "coverage.assigned_stale"  # assigned there, on duty, not freshly seen
    ASSIGNED_ENGAGED = "coverage.assigned_engaged"  # assigned there, away on another incident
    SPARE = "coverage.spare"  # near and free, and his own cells stay covered
    NEIGHBOUR = "coverage.neighbour"  # near and free, but he would leave a cell of his own


@dataclass(frozen=True, kw_only=True)
class StandIn:
    """Somebody who could stand in. `leaves` are the cells he would leave in turn."""

    worker: WorkerId
    name: str
    reason: StandInReason
    distance_m: Metres
    age_s: Seconds
    leaves: tuple[CellCode, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Gap:
    """A cell without a fresh worker, who left it, and who could stand in, best first."""

    cell: CellCode
    name: str
    left_by: tuple[WorkerId, ...]
    stand_ins: tuple[StandIn, ...]


def left_behind(
    session: Session, subject: Incident, away: Collection[UUID], *, at: datetime
) -> tuple[CellCode, ...]:
    """Cells of those who are away on an incident that nobody else covers now; sorted."""
    gone = {*queries.engaged_workers(session, subject.district, subject.origin), *away}
    return _uncovered(session, subject, away, gone, at)


def gaps(session: Session, subject: Incident, linkup: Linkup, *, at: datetime) -> list[Gap]:
    """The cells that a linkup leaves without a fresh worker now, with who could stand in."""
    away = [ask.worker for ask in linkup.asked if ask.engages and linkup.ended_at is None]
    engaged = queries.engaged_workers(session, subject.district, subject.origin)
    cells = _uncovered(session, subject, away, {*engaged, *away}, at)
    if not cells:
        return []
    assigned = workforce.assigned_workers(session, subject.district, at=at)
    district = hierarchy.district(session, subject.district)
    plan = hierarchy.plan_in_force(session, district.code, civil_date(at, district.time_zone)).id
    made = []
    for cell in cells:
        area = hierarchy.area(session, district.code, plan, AreaCode(cell))
        assert area.boundary is not None
        middle = area.boundary.representative_point()
        there = {UUID(one) for one in assigned.get(cell, ())}
        found = _stand_ins(
            session, subject, there - set(away), engaged, {*away}, (middle.x, middle.y), at
        )
        left_by = tuple(WorkerId(worker) for worker in away if worker in there)
        made.append(Gap(cell=cell, name=area.name, left_by=left_by, stand_ins=tuple(found)))
    return made


def _uncovered(
    session: Session,
    subject: Incident,
    leaving: Collection[UUID],
    gone: Collection[UUID],
    at: datetime,
) -> tuple[CellCode, ...]:
    cells = {
        cell
        for worker in leaving
        for cell in workforce.cells_of(session, subject.district, WorkerId(worker), at=at)
        if cell != subject.cell
    }
    if not cells:
        return ()
    assigned = workforce.assigned_workers(session, subject.district, at=at)
    staying = {UUID(one) for cell in cells for one in assigned.get(cell, ())} - set(gone)
    fresh = {
        worker
        for worker, seen in _seen(session, subject, staying).items()
        if seen.observed_at >= at - FRESH_FOR
    }
    return tuple(
        CellCode(cell)
        for cell in sorted(cells)
        if not any(UUID(one) in fresh for one in assigned.get(cell, ()))
    )


def _stand_ins(
    session: Session,
    subject: Incident,
    assigned: Collection[UUID],
    engaged: Collection[UUID],
    away: Collection[UUID],
    middle: tuple[float, float],
    at: datetime,
) -> list[StandIn]:
    district: DistrictCode = subject.district
    own = last_seen(session, district, *middle, assigned)
    near = nearest_on_duty(
        session,
        district,
        *middle,
        k=_STAND_INS,
        since=at - FRESH_FOR,
        without={*engaged, *away, *own},
    )
    names = {
        worker.id: worker.name
        for worker in workforce.workers(
            session,
            district,
            areas=(district,),
            at=at,
            ids=[*own, *(seen.worker for seen in near)],
        )
    }

    def stand_in(seen: Seen, reason: StandInReason, leaves: tuple[CellCode, ...] = ()) -> StandIn:
        return StandIn(
            worker=seen.worker,
            name=names[seen.worker],
            reason=reason,
            distance_m=seen.distance_m,
            age_s=Seconds(max(0.0, round((at - seen.observed_at).total_seconds(), 1))),
            leaves=leaves,
        )

    found = [
        stand_in(
            seen,
            StandInReason.ASSIGNED_ENGAGED if worker in engaged else StandInReason.ASSIGNED_STALE,
        )
        for worker, seen in own.items()
    ]
    for seen in near:
        gone = {*engaged, *away, seen.worker}
        leaves = _uncovered(session, subject, [seen.worker], gone, at)
        reason = StandInReason.NEIGHBOUR if leaves else StandInReason.SPARE
        found.append(stand_in(seen, reason, leaves))
    order = [
        StandInReason.ASSIGNED_STALE,
        StandInReason.SPARE,
        StandInReason.NEIGHBOUR,
        StandInReason.ASSIGNED_ENGAGED,
    ]
    found.sort(key=lambda one: (order.index(one.reason), one.distance_m, str(one.worker)))
    return found


def _seen(
    session: Session, subject: Incident, workers: Sequence[UUID] | Collection[UUID]
) -> dict[UUID, Seen]:
    assert subject.lon is not None
    assert subject.lat is not None
    return last_seen(session, subject.district, subject.lon, subject.lat, workers)
