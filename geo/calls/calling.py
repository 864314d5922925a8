# SPDX-License-Identifier: Apache-2.0
"""The voice call: ringing, answering, ending. What is spoken goes from browser to browser.

A call is kept as a fact (who, when, how long). One at a time for each worker: of the desk and the
worker ringing each other at once one call comes about, and the other side then answers it.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.orm import Session

from geo.accounts.rules import SYSTEM_ACTOR, Actor, Role
from geo.calls import queries
from geo.calls.rules import (
    LOST_AFTER,
    RINGS_FOR,
    Call,
    CallChanged,
    CallEnd,
    CallExists,
    CallNotFound,
    CallOver,
    CallState,
    CallTaken,
    NobodyToCall,
    Side,
    may_talk,
)
from geo.calls.signalling import tell_end
from geo.calls.tables import CallRow
from geo.errors import IdReused
from geo.ids import CallId, DistrictCode
from geo.incidents import queries as incidents
from geo.incidents.rules import LinkupEnded, LinkupNotFound, LinkupStatus
from geo.outbox import Event, record

_LIVE = CallRow.state != CallState.ENDED.value


def ring(
    session: Session,
    *,
    actor: Actor,
    linkup: UUID,
    id: CallId,
    worker: UUID | None = None,
    at: datetime,
) -> tuple[Call, bool]:
    """Call the other end; True when the call is new.

    The desk calls the worker in the lead, or the one it names; a worker calls the desk. The same id
    again answers the call as it is now.

    Raises: NotAllowed, LinkupNotFound, LinkupEnded, NobodyToCall, CallExists, IdReused.
    Records: CallChanged.
    """
    found = queries.line(session, actor, linkup, "calls.join")
    known = session.get(CallRow, (actor.district, id))
    if known is not None:
        named = worker if actor.role is not Role.WORKER else None
        other = named not in (None, known.worker)
        if other or (known.actor, known.linkup) != (actor.signature, found.id):
            raise IdReused(id=id)
        return queries.call_of(known), False
    if found.status is not LinkupStatus.OPEN:
        raise LinkupEnded(linkup=str(linkup))
    desk = actor.role is not Role.WORKER
    called = (worker or found.lead) if desk else actor.worker
    if called is None or not may_talk(found, called):
        raise NobodyToCall(linkup=str(linkup))
    row = session.scalars(
        pg_insert(CallRow)
        .values(
            district=actor.district,
            id=id,
            linkup=found.id,
            incident=found.incident,
            worker=called,
            caller=(Side.DESK if desk else Side.WORKER).value,
            officer=actor.signature if desk else None,
            officer_name=actor.name if desk else None,
            state=CallState.RINGING.value,
            rang_at=at,
            desk_seen_at=at,
            worker_seen_at=at,
            actor=actor.signature,
            origin=found.origin.value,
        )
        .on_conflict_do_nothing()
        .returning(CallRow)
    ).one_or_none()
    if row is None:
        live = session.scalars(
            select(CallRow).where(
                CallRow.district == actor.district, CallRow.worker == called, _LIVE
            )
        ).one_or_none()
        if live is None:
            # It has ended meanwhile, or the id is somebody else's.
            raise IdReused(id=id)
        raise CallExists(call=str(live.id), linkup=str(live.linkup), worker=str(called))
    made = queries.call_of(row)
    _tell(session, made, by=actor.signature, at=at)
    return made, True


def answer(session: Session, *, actor: Actor, call: UUID, at: datetime) -> Call:
    """Take a ringing call. Of several officers the first has it; again by the same: no change.

    Raises: NotAllowed, CallNotFound, CallTaken, CallOver.  Records: CallChanged.
    """
    found = _mine(session, actor, call)
    side = _side(actor)
    values: dict[str, Any] = {"state": CallState.TALKING.value, "answered_at": at}
    if side is Side.DESK:
        values |= {"officer": actor.signature, "officer_name": actor.name, "desk_seen_at": at}
    else:
        values |= {"worker_seen_at": at}
    row = session.scalars(
        update(CallRow)
        .where(
            CallRow.district == found.district,
            CallRow.id == found.id,
            CallRow.state == CallState.RINGING.value,
            CallRow.caller == side.other.value,
        )
        .values(**values)
        .returning(CallRow)
        .execution_options(synchronize_session=False, populate_existing=True)
    ).one_or_none()
    if row is None:
        now = _read(session, found.district, found.id)
        if now.state is CallState.ENDED:
            raise CallOver(call=str(call))
        if side is Side.DESK and now.officer != actor.signature:
            raise CallTaken(call=str(call))
        return now
    made = queries.call_of(row)
    _tell(session, made, by=actor.signature, at=at)
    return made


def hang_up(
    session: Session, *, actor: Actor, call: UUID, at: datetime, why: CallEnd | None = None
) -> Call:
    """End a call, or refuse it while it rings for one. One that has ended stays as it was.

    Raises: NotAllowed, CallNotFound, CallTaken.  Records: CallChanged.
    """
    found = _mine(session, actor, call)
    if found.state is CallState.ENDED:
        return found
    side = _side(actor)
    if side is Side.DESK and found.officer not in (None, actor.signature):
        raise CallTaken(call=str(call))
    refused = found.state is CallState.RINGING and found.caller is not side
    how = why or (CallEnd.REFUSED if refused else CallEnd.HUNG_UP)
    of = (CallRow.district == found.district) & (CallRow.id == found.id)
    _end(session, of, how, by=actor.signature, at=at)
    return _read(session, found.district, found.id)


def note_seen(
    session: Session, district: DistrictCode, call: UUID, side: Side, *, at: datetime
) -> bool:
    """Note that one end of a call is there; whether the call still goes on."""
    column = "desk_seen_at" if side is Side.DESK else "worker_seen_at"
    return (
        session.execute(
            update(CallRow)
            .where(CallRow.district == district, CallRow.id == call, _LIVE)
            .values({column: at})
            .returning(CallRow.id)
            .execution_options(synchronize_session=False)
        ).one_or_none()
        is not None
    )


def end_stale(session: Session, *, at: datetime) -> int:
    """End what rings in vain, and calls of which an end is gone; how many. Records: CallChanged."""
    rings = (CallRow.state == CallState.RINGING.value) & (CallRow.rang_at < at - RINGS_FOR)
    unseen = at - LOST_AFTER
    gone = (CallRow.state == CallState.TALKING.value) & or_(
        CallRow.desk_seen_at < unseen, CallRow.worker_seen_at < unseen
    )
    missed = _end(session, rings, CallEnd.MISSED, by=SYSTEM_ACTOR, at=at)
    return missed + _end(session, gone, CallEnd.LOST, by=SYSTEM_ACTOR, at=at)


def follow_linkups(session: Session, changes: Sequence[Event]) -> None:
    """End the calls of linkups that are over, and of workers who are no part of them any more.

    Records: CallChanged.
    """
    for changed in changes:
        live = session.scalars(
            select(CallRow).where(
                CallRow.district == changed.district, CallRow.linkup == changed.id, _LIVE
            )
        ).all()
        if not live:
            continue
        now = incidents.linkup(session, changed.district, changed.id)
        for row in live:
            if not may_talk(now, row.worker):
                of = (CallRow.district == row.district) & (CallRow.id == row.id)
                _end(session, of, CallEnd.RELEASED, by=changed.actor, at=changed.at)


def _mine(session: Session, actor: Actor, call: UUID) -> Call:
    """A call that rings for the actor or is his. Raises: NotAllowed, CallNotFound."""
    row = session.get(CallRow, (actor.district, call), populate_existing=True)
    if row is None or (actor.role is Role.WORKER and row.worker != actor.worker):
        raise CallNotFound(call=str(call))
    if row.state == CallState.ENDED.value and actor.role is Role.WORKER:
        return queries.call_of(row)
    try:
        queries.line(session, actor, row.linkup, "calls.join")
    except LinkupNotFound:
        raise CallNotFound(call=str(call)) from None
    return queries.call_of(row)


def _side(actor: Actor) -> Side:
    return Side.WORKER if actor.role is Role.WORKER else Side.DESK


def _read(session: Session, district: DistrictCode, call: UUID) -> Call:
    return queries.call_of(session.get_one(CallRow, (district, call), populate_existing=True))


def _end(session: Session, of: ColumnElement[bool], how: CallEnd, *, by: str, at: datetime) -> int:
    ended = session.scalars(
        update(CallRow)
        .where(of, _LIVE)
        .values(state=CallState.ENDED.value, ending=how.value, ended_at=at)
        .returning(CallRow)
        .execution_options(synchronize_session=False, populate_existing=True)
    ).all()
    for row in ended:
        over = queries.call_of(row)
        _tell(session, over, by=by, at=at)
        tell_end(session, over)
    return len(ended)


def _tell(session: Session, call: Call, *, by: str, at: datetime) -> None:
    subject = incidents.incident(session, call.district, call.incident)
    record(
        session,
        CallChanged(
            id=call.incident,
            district=call.district,
            at=at,
            actor=by,
            origin=call.origin,
            area=subject.cell,
            workers=(call.worker,),
            body=call.row,
        ),
    )
