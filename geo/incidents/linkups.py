# SPDX-License-Identifier: Apache-2.0
"""The instant linkup: asking, answering, widening, and the clock that runs meanwhile.

Every verb first locks its incident's row, so that the acts about one incident follow each other;
the partial unique index on asks still is what lets one worker alone take the lead.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.orm import Session

from geo.accounts.rules import SYSTEM_ACTOR, Actor, may
from geo.digests import digest
from geo.errors import IdReused
from geo.ids import DistrictCode, LinkupId
from geo.incidents import queries
from geo.incidents.asking import (
    allow,
    ask_ring,
    go_on,
    lock,
    release,
    tell_incident,
    tell_linkup,
)
from geo.incidents.rules import (
    ASKED_AT_ONCE,
    AskAnswered,
    AskState,
    Incident,
    IncidentClosed,
    IncidentNotFound,
    IncidentStatus,
    IncidentUnlocated,
    Linkup,
    LinkupEnded,
    LinkupExists,
    LinkupNotFound,
    LinkupStatus,
    LinkupTaken,
)
from geo.incidents.tables import AskRow, IncidentRow, LinkupRow


def begin_linkup(
    session: Session,
    *,
    actor: Actor,
    incident: UUID,
    id: LinkupId,
    at: datetime,
    k: int = ASKED_AT_ONCE,
) -> tuple[Linkup, bool]:
    """Ask the `k` nearest workers to take an incident; True when the linkup is new.

    The same id again for the same incident answers that linkup as it is now. With nobody to ask it
    stays open and says so.

    Raises: NotAllowed, IncidentNotFound, IncidentUnlocated, IncidentClosed, LinkupExists, IdReused.
    Records: LinkupChanged, IncidentChanged, LinkupExhausted.
    """
    subject = lock(session, actor.district, incident)
    allow(actor, subject)
    content = digest(incident=str(incident), k=k)
    known = session.execute(
        select(LinkupRow.digest, LinkupRow.actor).where(
            LinkupRow.district == actor.district, LinkupRow.id == id
        )
    ).one_or_none()
    if known is not None:
        if (known.digest, known.actor) != (content, actor.signature):
            raise IdReused(id=id)
        return queries.linkup(session, actor.district, id), False
    return start(session, subject, id=id, k=k, content=content, by=actor.signature, at=at), True


def accept_linkup(session: Session, *, actor: Actor, linkup: LinkupId, at: datetime) -> Linkup:
    """Stop the answer clock: the asked worker takes the incident, the others are released.

    Only an asked worker may accept. An acceptance after the clock ran out is kept as late and
    never takes the lead. Accepting again changes nothing.

    Raises: NotAllowed, LinkupNotFound (not asked), LinkupTaken, LinkupEnded, AskAnswered.
    Records: LinkupChanged, IncidentChanged.
    """
    subject, held, ask = _answering(session, actor, linkup)
    if ask.state in (AskState.ACCEPTED.value, AskState.ARRIVED.value, AskState.LATE.value):
        return queries.linkup(session, actor.district, linkup)
    _check_running(held)
    waited = ask.state == AskState.ASKED.value
    if ask.state == AskState.TIMED_OUT.value or (waited and at > ask.answer_by):
        _answer(session, ask, AskState.LATE, at, {AskState.ASKED, AskState.TIMED_OUT})
        if waited:
            go_on(session, subject, held, by=actor.signature, at=at)
        return tell_linkup(session, actor.signature, subject, linkup, at)
    if held.lead is not None:
        raise LinkupTaken(linkup=str(linkup))
    _answer(session, ask, AskState.ACCEPTED, at, {AskState.ASKED})
    release(session, held, at)
    held.lead = ask.worker
    session.flush()
    session.execute(
        update(IncidentRow)
        .where(
            IncidentRow.district == held.district,
            IncidentRow.id == held.incident,
            IncidentRow.status == IncidentStatus.OPEN.value,
        )
        .values(status=IncidentStatus.LINKED.value)
    )
    session.refresh(session.get_one(IncidentRow, (held.district, held.incident)))
    tell_incident(session, actor.signature, subject, at)
    return tell_linkup(session, actor.signature, subject, linkup, at)


def decline_linkup(
    session: Session, *, actor: Actor, linkup: LinkupId, at: datetime, reason: str | None = None
) -> Linkup:
    """Say no; when nobody of those asked is left to answer, the next ring is asked.

    Raises: NotAllowed, LinkupNotFound, LinkupEnded, AskAnswered.
    Records: LinkupChanged, IncidentChanged, LinkupExhausted.
    """
    subject, held, ask = _answering(session, actor, linkup)
    if ask.state == AskState.DECLINED.value:
        return queries.linkup(session, actor.district, linkup)
    _check_running(held)
    waited = ask.state == AskState.ASKED.value
    _answer(session, ask, AskState.DECLINED, at, {AskState.ASKED, AskState.TIMED_OUT}, reason)
    if waited:
        go_on(session, subject, held, by=actor.signature, at=at)
    return tell_linkup(session, actor.signature, subject, linkup, at)


def arrive_linkup(session: Session, *, actor: Actor, linkup: LinkupId, at: datetime) -> Linkup:
    """The worker in the lead is there.

    Raises: NotAllowed, LinkupNotFound, LinkupEnded, AskAnswered (not in the lead).
    Records: LinkupChanged.
    """
    subject, held, ask = _answering(session, actor, linkup)
    if ask.state == AskState.ARRIVED.value:
        return queries.linkup(session, actor.district, linkup)
    _check_running(held)
    _answer(session, ask, AskState.ARRIVED, at, {AskState.ACCEPTED})
    return tell_linkup(session, actor.signature, subject, linkup, at)


def widen_linkup(session: Session, *, actor: Actor, linkup: LinkupId, at: datetime) -> Linkup:
    """Ask the next ring now, without waiting for the clock.

    Raises: NotAllowed, LinkupNotFound, LinkupTaken, LinkupEnded.
    Records: LinkupChanged, IncidentChanged, LinkupExhausted.
    """
    subject, held = _held(session, actor.district, linkup)
    try:
        allow(actor, subject)
    except IncidentNotFound:
        raise LinkupNotFound(linkup=str(linkup)) from None
    _check_running(held)
    if held.lead is not None:
        raise LinkupTaken(linkup=str(linkup))
    ask_ring(session, subject, held, by=actor.signature, at=at)
    return tell_linkup(session, actor.signature, subject, linkup, at)


def time_out_due(session: Session, *, at: datetime) -> int:
    """Time out the due asks of one incident and widen its linkup; answers how many were due.

    For the clockwork: called again until it answers 0. An incident that somebody is acting on is
    passed over and comes at the next call.

    Records: LinkupChanged, IncidentChanged, LinkupExhausted.
    """
    due = session.execute(
        select(IncidentRow.district, IncidentRow.id, LinkupRow.id.label("linkup"))
        .join(
            LinkupRow,
            (LinkupRow.district == IncidentRow.district) & (LinkupRow.incident == IncidentRow.id),
        )
        .join(AskRow, (AskRow.district == LinkupRow.district) & (AskRow.linkup == LinkupRow.id))
        .where(AskRow.state == AskState.ASKED.value, AskRow.answer_by < at)
        .order_by(AskRow.answer_by)
        .limit(1)
        .with_for_update(of=IncidentRow, skip_locked=True)
    ).one_or_none()
    if due is None:
        return 0
    subject, held = _held(session, DistrictCode(due.district), due.linkup)
    timed_out = session.scalars(
        update(AskRow)
        .where(
            AskRow.district == held.district,
            AskRow.linkup == held.id,
            AskRow.state == AskState.ASKED.value,
            AskRow.answer_by < at,
        )
        .values(state=AskState.TIMED_OUT.value)
        .returning(AskRow.worker)
        .execution_options(synchronize_session=False)
    ).all()
    if timed_out:
        go_on(session, subject, held, by=SYSTEM_ACTOR, at=at)
        tell_linkup(session, SYSTEM_ACTOR, subject, LinkupId(held.id), at)
    return len(timed_out)


def start(
    session: Session,
    subject: Incident,
    *,
    id: LinkupId,
    k: int,
    content: bytes,
    by: str,
    at: datetime,
) -> Linkup:
    """Begin the linkup of a locked incident, whoever is behind it.

    Raises: IncidentUnlocated, IncidentClosed, LinkupExists, IdReused.
    Records: LinkupChanged, IncidentChanged, LinkupExhausted.
    """
    if subject.status is IncidentStatus.CLOSED:
        raise IncidentClosed(incident=str(subject.id))
    if subject.status is IncidentStatus.UNLOCATED:
        raise IncidentUnlocated(incident=str(subject.id))
    running = session.scalar(
        select(LinkupRow.id).where(
            LinkupRow.district == subject.district,
            LinkupRow.incident == subject.id,
            LinkupRow.status == LinkupStatus.OPEN.value,
        )
    )
    if running is not None:
        raise LinkupExists(incident=str(subject.id), linkup=str(running))
    row = session.scalars(
        pg_insert(LinkupRow)
        .values(
            district=subject.district,
            id=id,
            incident=subject.id,
            status=LinkupStatus.OPEN.value,
            ring=0,
            lead=None,
            recommendation={"k": k, "rings": []},
            began_at=at,
            digest=content,
            actor=by,
            origin=subject.origin.value,
        )
        .on_conflict_do_nothing()
        .returning(LinkupRow)
    ).one_or_none()
    if row is None:
        # Another incident's linkup took the id meanwhile.
        raise IdReused(id=id)
    ask_ring(session, subject, row, by=by, at=at)
    return tell_linkup(session, by, subject, id, at)


def end_linkups(session: Session, subject: Incident, *, by: str, at: datetime) -> None:
    """End what runs about a locked incident that is being closed. Records: LinkupChanged."""
    open_ones = session.scalars(
        select(LinkupRow).where(
            LinkupRow.district == subject.district,
            LinkupRow.incident == subject.id,
            LinkupRow.status == LinkupStatus.OPEN.value,
        )
    ).all()
    for held in open_ones:
        release(session, held, at)
        held.status = LinkupStatus.CLOSED.value
        held.ended_at = at
        session.flush()
        tell_linkup(session, by, subject, LinkupId(held.id), at)


def _held(session: Session, district: DistrictCode, linkup: UUID) -> tuple[Incident, LinkupRow]:
    """A linkup and its incident, locked by the incident. Raises: LinkupNotFound."""
    of = (LinkupRow.district == district, LinkupRow.id == linkup)
    incident = session.scalar(select(LinkupRow.incident).where(*of))
    if incident is None:
        raise LinkupNotFound(linkup=str(linkup))
    subject = lock(session, district, incident)
    # Read again: what was true before the lock was held may have changed.
    again = select(LinkupRow).where(*of).execution_options(populate_existing=True)
    return subject, session.scalars(again).one()


def _answering(
    session: Session, actor: Actor, linkup: LinkupId
) -> tuple[Incident, LinkupRow, AskRow]:
    may(actor, "linkups.answer", worker=actor.worker)
    subject, held = _held(session, actor.district, linkup)
    ask = session.scalars(
        select(AskRow)
        .where(
            AskRow.district == held.district,
            AskRow.linkup == held.id,
            AskRow.worker == actor.worker,
        )
        .execution_options(populate_existing=True)
    ).one_or_none()
    if ask is None:
        raise LinkupNotFound(linkup=str(linkup))
    return subject, held, ask


def _check_running(held: LinkupRow) -> None:
    if held.status != LinkupStatus.OPEN.value:
        raise LinkupEnded(linkup=str(held.id))


def _answer(
    session: Session,
    ask: AskRow,
    state: AskState,
    at: datetime,
    expected: set[AskState],
    text: str | None = None,
) -> None:
    """Move an ask on, provided that it is in an expected state.

    Raises: AskAnswered, LinkupTaken.
    """
    moved = session.execute(
        update(AskRow)
        .where(
            AskRow.district == ask.district,
            AskRow.linkup == ask.linkup,
            AskRow.worker == ask.worker,
            AskRow.state.in_([one.value for one in expected]),
        )
        .values(state=state.value, answered_at=at, answer_text=text)
        .returning(AskRow.worker)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if moved is None:
        if ask.state == AskState.RELEASED.value:
            raise LinkupTaken(linkup=str(ask.linkup))
        raise AskAnswered(linkup=str(ask.linkup), state=ask.state)
