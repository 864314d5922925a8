# SPDX-License-Identifier: Apache-2.0
"""The instant linkup: asking, answering, widening, and the clock that runs meanwhile.

Every verb first locks its incident's row, so that the acts about one incident follow each other;
the partial unique index on asks still is what lets one worker alone take the lead.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.orm import Session

from geo.accounts.rules import SYSTEM_ACTOR, Actor, may
from geo.digests import digest
from geo.errors import IdReused
from geo.ids import DistrictCode, LinkupId, WorkerId
from geo.incidents import queries
from geo.incidents.asking import (
    allow,
    ask_ring,
    held_linkup,
    lock,
    release,
    tell_linkup,
)
from geo.incidents.climbing import go_on
from geo.incidents.climbs import ClimbState
from geo.incidents.leading import leave_drills, set_out, take_lead
from geo.incidents.rules import (
    AskAnswered,
    AskState,
    Incident,
    IncidentClosed,
    IncidentStatus,
    IncidentUnlocated,
    Linkup,
    LinkupEnded,
    LinkupExists,
    LinkupNotFound,
    LinkupStatus,
    LinkupTaken,
    Released,
)
from geo.incidents.tables import AskRow, ClimbRow, IncidentRow, LinkupRow


def begin_linkup(
    session: Session,
    *,
    actor: Actor,
    incident: UUID,
    id: LinkupId,
    at: datetime,
    k: int | None = None,
) -> tuple[Linkup, bool]:
    """Ask the `k` nearest workers (the policy's ring when unsaid); True when the linkup is new.

    The same id again for the same incident answers that linkup as it is now. With nobody to ask it
    stays open and says so.

    Raises: NotAllowed, IncidentNotFound, IncidentUnlocated, IncidentClosed, LinkupExists, IdReused.
    Records: LinkupChanged, IncidentChanged, LinkupClimbed, LinkupExhausted.
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
    never takes the lead. Accepting again changes nothing. A helper goes there beside the lead.
    Whoever takes a real incident leaves the drills he is in.

    Raises: NotAllowed, LinkupNotFound (not asked), LinkupTaken, LinkupEnded, AskAnswered.
    Records: LinkupChanged, IncidentChanged, LinkupClimbed, LinkupExhausted.
    """
    subject, held, ask = _answering(session, actor, linkup)
    if ask.state in (AskState.ACCEPTED.value, AskState.ARRIVED.value, AskState.LATE.value):
        return queries.linkup(session, actor.district, linkup)
    check_running(held)
    by = actor.signature
    waited = ask.state == AskState.ASKED.value
    if ask.state == AskState.TIMED_OUT.value or (waited and at > ask.answer_by):
        _answer(session, ask, AskState.LATE, at, {AskState.ASKED, AskState.TIMED_OUT})
        kind = go_on(session, subject, held, by=by, at=at) if waited else None
        return tell_linkup(session, by, subject, linkup, at, kind=kind)
    helps = ask.helper and held.lead is not None
    if held.lead is not None and not helps:
        raise LinkupTaken(linkup=str(linkup))
    _answer(session, ask, AskState.ACCEPTED, at, {AskState.ASKED})
    worker = WorkerId(ask.worker)
    if not helps:
        take_lead(session, subject, held, worker, by=by, at=at)
    set_out(session, subject, held, at)
    leave_drills(session, subject, worker, by=by, at=at)
    return tell_linkup(session, by, subject, linkup, at)


def decline_linkup(
    session: Session, *, actor: Actor, linkup: LinkupId, at: datetime, reason: str | None = None
) -> Linkup:
    """Say no; when nobody of those asked is left to answer, the next ring is asked.

    Raises: NotAllowed, LinkupNotFound, LinkupEnded, AskAnswered.
    Records: LinkupChanged, IncidentChanged, LinkupClimbed, LinkupExhausted.
    """
    subject, held, ask = _answering(session, actor, linkup)
    if ask.state == AskState.DECLINED.value:
        return queries.linkup(session, actor.district, linkup)
    check_running(held)
    waited = ask.state == AskState.ASKED.value
    _answer(session, ask, AskState.DECLINED, at, {AskState.ASKED, AskState.TIMED_OUT}, reason)
    by = actor.signature
    kind = go_on(session, subject, held, by=by, at=at) if waited else None
    return tell_linkup(session, by, subject, linkup, at, kind=kind)


def arrive_linkup(session: Session, *, actor: Actor, linkup: LinkupId, at: datetime) -> Linkup:
    """The worker in the lead, or a helper, is there.

    Raises: NotAllowed, LinkupNotFound, LinkupEnded, AskAnswered (he has not accepted).
    Records: LinkupChanged.
    """
    subject, held, ask = _answering(session, actor, linkup)
    if ask.state == AskState.ARRIVED.value:
        return queries.linkup(session, actor.district, linkup)
    check_running(held)
    _answer(session, ask, AskState.ARRIVED, at, {AskState.ACCEPTED})
    return tell_linkup(session, actor.signature, subject, linkup, at)


def time_out_due(session: Session, *, at: datetime) -> int:
    """Let the clocks of one linkup that ran out have their effect; answers how many there were.

    Clocks of asks and of the climb alike. For the clockwork: called again until it answers 0. An
    incident that somebody is acting on is passed over and comes at the next call.

    Records: LinkupChanged, IncidentChanged, LinkupClimbed, LinkupExhausted.
    """
    due = _claim(session, AskRow, at) or _claim(session, ClimbRow, at)
    if due is None:
        return 0
    subject, held = held_linkup(session, *due)
    ended = _run_out(session, held, AskRow, AskState.TIMED_OUT.value, at)
    ended += _run_out(session, held, ClimbRow, ClimbState.TIMED_OUT.value, at)
    if ended:
        kind = go_on(session, subject, held, by=SYSTEM_ACTOR, at=at)
        tell_linkup(session, SYSTEM_ACTOR, subject, LinkupId(held.id), at, kind=kind)
    return ended


def start(
    session: Session,
    subject: Incident,
    *,
    id: LinkupId,
    content: bytes,
    by: str,
    at: datetime,
    k: int | None = None,
) -> Linkup:
    """Begin the linkup of a locked incident, whoever is behind it.

    Raises: IncidentUnlocated, IncidentClosed, LinkupExists, IdReused.
    Records: LinkupChanged, IncidentChanged, LinkupClimbed, LinkupExhausted.
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
    policy = queries.policy_in_force(session, subject.district, at=at)
    row = session.scalars(
        pg_insert(LinkupRow)
        .values(
            district=subject.district,
            id=id,
            incident=subject.id,
            status=LinkupStatus.OPEN.value,
            ring=0,
            lead=None,
            recommendation={"k": k or policy.ring_size, "rings": []},
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
    asked = ask_ring(session, subject, row, policy, by=by, at=at)
    kind = None if asked else go_on(session, subject, row, by=by, at=at)
    return tell_linkup(session, by, subject, id, at, kind=kind)


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
        release(session, held, at, Released.CLOSED)
        held.status = LinkupStatus.CLOSED.value
        held.ended_at = at
        # Whoever was away on it answers for his own cell again.
        held.uncovered = []
        session.flush()
        tell_linkup(session, by, subject, LinkupId(held.id), at)


def check_running(held: LinkupRow) -> None:
    """Return if a linkup still runs. Raises: LinkupEnded."""
    if held.status != LinkupStatus.OPEN.value:
        raise LinkupEnded(linkup=str(held.id))


def _claim(
    session: Session, clock: type[AskRow] | type[ClimbRow], at: datetime
) -> tuple[DistrictCode, LinkupId] | None:
    """The linkup whose clock ran out first, its incident locked; not what somebody acts on."""
    due = session.execute(
        select(IncidentRow.district, LinkupRow.id)
        .join(
            LinkupRow,
            (LinkupRow.district == IncidentRow.district) & (LinkupRow.incident == IncidentRow.id),
        )
        .join(clock, (clock.district == LinkupRow.district) & (clock.linkup == LinkupRow.id))
        .where(clock.state == AskState.ASKED.value, clock.answer_by < at)
        .order_by(clock.answer_by)
        .limit(1)
        .with_for_update(of=IncidentRow, skip_locked=True)
    ).one_or_none()
    return None if due is None else (DistrictCode(due.district), LinkupId(due.id))


def _run_out(
    session: Session,
    held: LinkupRow,
    clock: type[AskRow] | type[ClimbRow],
    state: str,
    at: datetime,
) -> int:
    ended = session.execute(
        update(clock)
        .where(
            clock.district == held.district,
            clock.linkup == held.id,
            clock.state == AskState.ASKED.value,
            clock.answer_by < at,
        )
        .values(state=state)
        .returning(clock.linkup)
        .execution_options(synchronize_session=False)
    )
    return len(ended.all())


def _answering(
    session: Session, actor: Actor, linkup: LinkupId
) -> tuple[Incident, LinkupRow, AskRow]:
    may(actor, "linkups.answer", worker=actor.worker)
    subject, held = held_linkup(session, actor.district, linkup)
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
    values: dict[str, Any] = {"state": state.value}
    if state is AskState.ARRIVED:
        values["arrived_at"] = at
    else:
        values |= {"answered_at": at, "answer_text": text}
    moved = session.execute(
        update(AskRow)
        .where(
            AskRow.district == ask.district,
            AskRow.linkup == ask.linkup,
            AskRow.worker == ask.worker,
            AskRow.state.in_([one.value for one in expected]),
        )
        .values(**values)
        .returning(AskRow.worker)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if moved is None:
        if ask.released_for == Released.TAKEN.value:
            raise LinkupTaken(linkup=str(ask.linkup))
        raise AskAnswered(linkup=str(ask.linkup), state=ask.state)
