# SPDX-License-Identifier: Apache-2.0
"""Taking the lead and losing it, and what either means for the cells people leave."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from geo.columns import Origin
from geo.ids import DistrictCode, LinkupId, WorkerId
from geo.incidents import queries
from geo.incidents.asking import held_linkup, release, tell_incident, tell_linkup
from geo.incidents.climbing import go_on
from geo.incidents.coverage import left_behind
from geo.incidents.events import LinkupLeadOff
from geo.incidents.rules import AskState, Incident, IncidentStatus, LinkupStatus, Released
from geo.incidents.tables import AskRow, IncidentRow, LinkupRow
from geo.workforce.rules import DutyChanged

_INVOLVED = (AskState.ASKED.value, AskState.ACCEPTED.value, AskState.ARRIVED.value)


def take_lead(
    session: Session,
    subject: Incident,
    held: LinkupRow,
    worker: WorkerId,
    *,
    by: str,
    at: datetime,
) -> None:
    """Make a worker who has accepted the lead; whoever else is asked is released."""
    release(session, held, at, Released.TAKEN)
    held.lead = worker
    held.accepted_at = held.accepted_at or at
    held.lead_off_at = None
    session.execute(
        update(AskRow)
        .where(AskRow.district == held.district, AskRow.linkup == held.id, AskRow.worker == worker)
        .values(helper=False)
        .execution_options(synchronize_session=False)
    )
    _move_incident(session, held, IncidentStatus.OPEN, IncidentStatus.LINKED)
    tell_incident(session, by, subject, at)


def lose_lead(
    session: Session, subject: Incident, held: LinkupRow, *, by: str, at: datetime
) -> None:
    """Let the lead go; his ask is to be ended by the caller, who also lets the search go on."""
    held.lead = None
    held.lead_off_at = None
    _move_incident(session, held, IncidentStatus.LINKED, IncidentStatus.OPEN)
    tell_incident(session, by, subject, at)


def set_out(session: Session, subject: Incident, held: LinkupRow, at: datetime) -> None:
    """Note the cells that those engaged here leave without a fresh worker."""
    away = [
        ask.worker
        for ask in queries.linkup(session, subject.district, held.id).asked
        if ask.engages
    ]
    held.uncovered = list(left_behind(session, subject, away, at=at))
    session.flush()


def leave_drills(
    session: Session, subject: Incident, worker: WorkerId, *, by: str, at: datetime
) -> None:
    """Take whoever has accepted what is not a drill out of the drills he is in.

    Drills are locked after what is real, by everybody, so that two such acts never wait crosswise.
    """
    if subject.origin is Origin.DRILL:
        return
    for linkup in _involving(session, subject.district, [worker], drills_only=True):
        drill, held = held_linkup(session, subject.district, linkup)
        let_go(session, drill, held, worker, Released.REAL_INCIDENT, by=by, at=at)


def let_go(
    session: Session,
    subject: Incident,
    held: LinkupRow,
    worker: UUID,
    why: Released,
    *,
    by: str,
    at: datetime,
) -> bool:
    """End a worker's part in an open linkup, and look for another where he is missed.

    Answers whether he had a part. Records: LinkupChanged, IncidentChanged, LinkupClimbed,
    LinkupExhausted.
    """
    if held.status != LinkupStatus.OPEN.value:
        return False
    ended = session.execute(
        update(AskRow)
        .where(
            AskRow.district == held.district,
            AskRow.linkup == held.id,
            AskRow.worker == worker,
            AskRow.state.in_(_INVOLVED),
        )
        .values(state=AskState.RELEASED.value, answered_at=at, released_for=why.value)
        .returning(AskRow.worker)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if ended is None:
        return False
    if held.lead == worker:
        lose_lead(session, subject, held, by=by, at=at)
    if held.uncovered or held.lead is not None:
        set_out(session, subject, held, at)
    kind = go_on(session, subject, held, by=by, at=at)
    tell_linkup(session, by, subject, LinkupId(held.id), at, kind=kind)
    return True


def follow_duty(session: Session, changes: Sequence[DutyChanged]) -> None:
    """Who goes off duty is not asked any more; a lead who does stays the lead and alerts.

    He may be on his way, or carry somebody: whether another takes over is a person's decision.

    Records: LinkupChanged, LinkupLeadOff, IncidentChanged, LinkupClimbed, LinkupExhausted.
    """
    last = {(change.district, change.id): change for change in changes}
    touched = [
        (linkup, change)
        for (district, worker), change in last.items()
        for linkup in _involving(session, district, [worker])
    ]
    order = {
        linkup: place
        for place, linkup in enumerate(_in_lock_order(session, [linkup for linkup, _ in touched]))
    }
    for linkup, change in sorted(touched, key=lambda one: order[one[0]]):
        _follow(session, linkup, change)


def _follow(session: Session, linkup: LinkupId, change: DutyChanged) -> None:
    subject, held = held_linkup(session, change.district, linkup)
    if held.status != LinkupStatus.OPEN.value:
        return
    serves = bool(change.body["on_duty"])
    if held.lead != change.id:
        if not serves:
            let_go(
                session,
                subject,
                held,
                change.id,
                Released.OFF_DUTY,
                by=change.actor,
                at=change.at,
            )
    elif serves == (held.lead_off_at is not None):
        held.lead_off_at = None if serves else change.at
        session.flush()
        kind = None if serves else LinkupLeadOff
        tell_linkup(session, change.actor, subject, linkup, change.at, kind=kind)


def _involving(
    session: Session,
    district: DistrictCode,
    workers: Sequence[UUID],
    *,
    drills_only: bool = False,
) -> list[LinkupId]:
    """Open linkups in which somebody is asked or engaged, in the order in which to lock them."""
    query = (
        select(LinkupRow.id)
        .join(AskRow, (AskRow.district == LinkupRow.district) & (AskRow.linkup == LinkupRow.id))
        .where(
            AskRow.district == district,
            AskRow.worker.in_(workers),
            AskRow.state.in_(_INVOLVED),
            LinkupRow.status == LinkupStatus.OPEN.value,
        )
        .order_by(LinkupRow.origin == Origin.DRILL.value, LinkupRow.incident)
    )
    if drills_only:
        query = query.where(LinkupRow.origin == Origin.DRILL.value)
    return [LinkupId(id) for id in session.scalars(query)]


def _in_lock_order(session: Session, linkups: Sequence[LinkupId]) -> list[LinkupId]:
    query = (
        select(LinkupRow.id)
        .where(LinkupRow.id.in_(linkups))
        .order_by(LinkupRow.origin == Origin.DRILL.value, LinkupRow.incident)
    )
    return [LinkupId(id) for id in session.scalars(query)]


def _move_incident(
    session: Session, held: LinkupRow, before: IncidentStatus, after: IncidentStatus
) -> None:
    session.flush()
    session.execute(
        update(IncidentRow)
        .where(
            IncidentRow.district == held.district,
            IncidentRow.id == held.incident,
            IncidentRow.status == before.value,
        )
        .values(status=after.value)
        .execution_options(synchronize_session=False)
    )
    session.refresh(session.get_one(IncidentRow, (held.district, held.incident)))
