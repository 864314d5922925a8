# SPDX-License-Identifier: Apache-2.0
"""Messages and calls as they stand, for whom they are."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from geo.accounts.rules import Actor, OutOfScope, Role, may
from geo.calls.rules import (
    Call,
    CallEnd,
    CallNotFound,
    CallState,
    Message,
    Side,
    Signal,
    may_talk,
    may_write,
)
from geo.calls.tables import CallRow, CallSignalRow, MessageRow
from geo.columns import Origin
from geo.ids import CallId, DistrictCode, IncidentId, LinkupId, MessageId, WorkerId
from geo.incidents import queries as incidents
from geo.incidents.climbs import took_charge
from geo.incidents.events import NotResponsible
from geo.incidents.rules import Incident, IncidentNotFound, IncidentStatus, Linkup, LinkupNotFound


def channel(
    session: Session, actor: Actor, incident: UUID, verb: str
) -> tuple[Incident, Linkup | None]:
    """An incident whose channel the actor may use as `verb` says, and its linkup.

    A worker while he takes part in it: asked, in the lead or kept, and the incident not closed. A
    supervisor reads, and writes where he has taken charge.

    Raises: RoleNotAllowed, NotResponsible, IncidentNotFound.
    """
    found = incidents.incident(session, actor.district, incident)
    linkup = incidents.linkups_of(session, actor.district, [found.id]).get(found.id)
    try:
        may(actor, verb, area=found.cell, worker=actor.worker)
    except OutOfScope:
        raise IncidentNotFound(incident=str(incident)) from None
    if actor.role is Role.WORKER:
        over = found.status is IncidentStatus.CLOSED or linkup is None or actor.worker is None
        if over or not may_write(linkup, actor.worker):  # type: ignore[arg-type]
            raise IncidentNotFound(incident=str(incident))
    _check_charge(actor, linkup, verb)
    return found, linkup


def line(session: Session, actor: Actor, linkup: UUID, verb: str) -> Linkup:
    """A linkup in which the actor may talk as `verb` says: officers in scope, workers who took it.

    A supervisor may read, and talks where he has taken charge.

    Raises: RoleNotAllowed, NotResponsible, LinkupNotFound.
    """
    found = incidents.linkup(session, actor.district, linkup)
    try:
        area = incidents.incident(session, actor.district, found.incident).cell
        may(actor, verb, area=area, worker=actor.worker)
    except OutOfScope:
        raise LinkupNotFound(linkup=str(linkup)) from None
    outside = actor.worker is None or not may_talk(found, actor.worker)
    if actor.role is Role.WORKER and outside:
        raise LinkupNotFound(linkup=str(linkup))
    _check_charge(actor, found, verb)
    return found


def _check_charge(actor: Actor, linkup: Linkup | None, verb: str) -> None:
    if actor.role is not Role.SUPERVISOR or verb == "messages.read":
        return
    if linkup is None or not took_charge(linkup.climb, actor.id):
        raise NotResponsible(linkup=None if linkup is None else str(linkup.id))


def messages(
    session: Session,
    district: DistrictCode,
    incident: UUID,
    *,
    before: tuple[datetime, UUID] | None = None,
    limit: int,
) -> list[Message]:
    """What was written about an incident, newest first; `before` goes on behind a page's last."""
    query = select(MessageRow).where(
        MessageRow.district == district, MessageRow.incident == incident
    )
    if before is not None:
        query = query.where(tuple_(MessageRow.at, MessageRow.id) < tuple_(*before))
    query = query.order_by(MessageRow.at.desc(), MessageRow.id.desc()).limit(limit)
    return [message_of(row) for row in session.scalars(query)]


def calls(session: Session, district: DistrictCode, linkup: UUID) -> list[Call]:
    """The calls of a linkup, newest first."""
    rows = session.scalars(
        select(CallRow)
        .where(CallRow.district == district, CallRow.linkup == linkup)
        .order_by(CallRow.rang_at.desc(), CallRow.id)
    )
    return [call_of(row) for row in rows]


def joined(session: Session, actor: Actor, call: UUID) -> tuple[Call, Side]:
    """A call that is not over, and the end of it that is the actor's.

    Raises: RoleNotAllowed, NotResponsible, CallNotFound.
    """
    row = session.get(CallRow, (actor.district, call))
    if row is None or row.state == CallState.ENDED.value:
        raise CallNotFound(call=str(call))
    try:
        line(session, actor, row.linkup, "calls.join")
    except LinkupNotFound:
        raise CallNotFound(call=str(call)) from None
    found = call_of(row)
    if actor.role is Role.WORKER:
        if actor.worker != found.worker:
            raise CallNotFound(call=str(call))
        return found, Side.WORKER
    if found.officer != actor.signature:
        raise CallNotFound(call=str(call))
    return found, Side.DESK


def signals_after(
    session: Session, district: DistrictCode, call: UUID, sender: Side, number: int
) -> Sequence[Signal]:
    """What one end of a call said after a number, oldest first."""
    rows = session.scalars(
        select(CallSignalRow)
        .where(
            CallSignalRow.district == district,
            CallSignalRow.call == call,
            CallSignalRow.sender == sender.value,
            CallSignalRow.number > number,
        )
        .order_by(CallSignalRow.number)
    )
    return [Signal(row.number, row.call, Side(row.sender), row.body) for row in rows]


def message_of(row: MessageRow) -> Message:
    """A message row as a value."""
    return Message(
        district=DistrictCode(row.district),
        id=MessageId(row.id),
        incident=IncidentId(row.incident),
        worker=None if row.worker is None else WorkerId(row.worker),
        name=row.name,
        text=row.text,
        at=row.at,
        origin=Origin(row.origin),
    )


def call_of(row: CallRow) -> Call:
    """A call row as a value."""
    return Call(
        district=DistrictCode(row.district),
        id=CallId(row.id),
        linkup=LinkupId(row.linkup),
        incident=IncidentId(row.incident),
        worker=WorkerId(row.worker),
        caller=Side(row.caller),
        officer=row.officer,
        officer_name=row.officer_name,
        state=CallState(row.state),
        ending=None if row.ending is None else CallEnd(row.ending),
        rang_at=row.rang_at,
        answered_at=row.answered_at,
        ended_at=row.ended_at,
        origin=Origin(row.origin),
    )
