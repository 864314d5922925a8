# SPDX-License-Identifier: Apache-2.0
"""Beginning, ending and correcting a worker's duty."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from geo.accounts.rules import Actor, may
from geo.clock import rfc3339
from geo.columns import Origin
from geo.ids import DistrictCode, WorkerId
from geo.outbox import record
from geo.workforce import queries
from geo.workforce.rules import (
    DUTY_TOLERANCE,
    DutyChanged,
    DutyCorrected,
    DutyInFuture,
    DutyTimeFar,
    Worker,
    WorkerLeft,
    WorkerNotFound,
)
from geo.workforce.tables import DutyRow, WorkerRow


def set_duty(
    session: Session, *, actor: Actor, worker: WorkerId, on: bool, duty_at: datetime, at: datetime
) -> Worker:
    """Begin or end a worker's duty at `duty_at`; what is so already stays as it is.

    A worker does it for himself within `DUTY_TOLERANCE` of now. A supervisor may correct the past:
    duty is then `on` from that moment until the next change on record.

    Raises: NotAllowed, NotFound, DutyTimeFar, DutyInFuture, WorkerLeft.
    Records: DutyChanged, and DutyCorrected when it was not himself.
    """
    area, origin = queries.area_of_worker(session, actor.district, worker, at=at)
    may(actor, "duty.set", area=area, worker=worker)
    himself = actor.worker == worker
    if himself and abs(duty_at - at) > DUTY_TOLERANCE:
        raise DutyTimeFar(
            at=rfc3339(duty_at), now=rfc3339(at), minutes=DUTY_TOLERANCE.seconds // 60
        )
    if duty_at > at + DUTY_TOLERANCE:
        raise DutyInFuture(at=rfc3339(duty_at), now=rfc3339(at))
    row = locked(session, actor.district, worker)
    if on and row.left_at is not None:
        raise WorkerLeft(worker=str(worker))
    if switch_duty(session, row, on=on, at=duty_at):
        record(session, duty_event(session, actor, worker, area, at))
        if not himself:
            record(
                session,
                DutyCorrected(
                    id=worker,
                    district=actor.district,
                    at=at,
                    actor=actor.signature,
                    origin=origin,
                    area=area,
                    workers=(worker,),
                    body={"worker": str(worker), "on": on, "at": rfc3339(duty_at)},
                ),
            )
    return queries.worker(session, actor.district, worker, at=at)


def locked(session: Session, district: DistrictCode, worker: WorkerId) -> WorkerRow:
    """A worker's row, locked against other changes of him. Raises: WorkerNotFound."""
    # Changes of one worker queue here; facts that only refer to him do not.
    row = session.execute(
        select(WorkerRow)
        .where(WorkerRow.district == district, WorkerRow.id == worker)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if row is None:
        raise WorkerNotFound(worker=str(worker))
    return row


def switch_duty(session: Session, row: WorkerRow, *, on: bool, at: datetime) -> bool:
    """Make duty `on` from `at` until the next change on record; whether that changed anything."""
    of_worker = (DutyRow.district == row.district, DutyRow.worker == row.id)
    running = session.execute(
        select(DutyRow.id, func.lower(DutyRow.during).label("began")).where(
            *of_worker, DutyRow.during.contains(at)
        )
    ).one_or_none()
    if on == (running is not None):
        return False
    if running is not None:
        this = (*of_worker, DutyRow.id == running.id)
        if running.began == at:
            session.execute(delete(DutyRow).where(*this))
        else:
            _set_during(session, this, running.began, at)
        return True
    following = session.execute(
        select(DutyRow.id, func.upper(DutyRow.during).label("ends"))
        .where(*of_worker, func.lower(DutyRow.during) > at)
        .order_by(func.lower(DutyRow.during))
        .limit(1)
    ).one_or_none()
    if following is not None:
        _set_during(session, (*of_worker, DutyRow.id == following.id), at, following.ends)
    else:
        values = duty_values(DistrictCode(row.district), row.id, at, Origin(row.origin))
        session.execute(insert(DutyRow).values(values))
    return True


def _set_during(
    session: Session, which: tuple[Any, ...], begins: datetime, ends: datetime | None
) -> None:
    session.execute(
        update(DutyRow)
        .where(*which)
        .values(during=Range(begins, ends, bounds="[)"))
        .execution_options(synchronize_session=False)
    )


def duty_values(
    district: DistrictCode, worker: UUID, begins_at: datetime, origin: Origin
) -> dict[str, Any]:
    """The row of a stretch of duty that lasts."""
    return {
        "district": district,
        "id": uuid4(),
        "worker": worker,
        "during": Range(begins_at, None, bounds="[)"),
        "origin": origin.value,
    }


def install_duty(
    session: Session,
    *,
    district: DistrictCode,
    stretches: Sequence[tuple[WorkerId, datetime, datetime]],
    origin: Origin,
) -> None:
    """Keep stretches of duty that are over, from an instant until another; nobody is told."""
    rows = [
        duty_values(district, worker, begins_at, origin)
        | {"during": Range(begins_at, ends_at, bounds="[)")}
        for worker, begins_at, ends_at in stretches
    ]
    if rows:
        session.execute(insert(DutyRow), rows)


def duty_event(
    session: Session, actor: Actor, worker: WorkerId, area: str, at: datetime
) -> DutyChanged:
    """That a worker's duty changed, with the row the live snapshot shows of him now."""
    now = queries.worker(session, actor.district, worker, at=at)
    return DutyChanged(
        id=worker,
        district=actor.district,
        at=at,
        actor=actor.signature,
        origin=now.origin,
        area=area,
        workers=(worker,),
        body=now.live_row,
    )
