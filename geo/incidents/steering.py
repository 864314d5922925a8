# SPDX-License-Identifier: Apache-2.0
"""What people in charge do with a linkup: widen it, take responsibility, name, keep, release."""

from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from geo.accounts.rules import Actor, OutOfScope, Role, may
from geo.ids import LinkupId, WorkerId
from geo.incidents import queries
from geo.incidents.asking import Caller, allow, ask_ring, call, end_steps, held_linkup, tell_linkup
from geo.incidents.climbing import callers, go_on
from geo.incidents.climbs import Called, ClimbState, acknowledged, took_charge
from geo.incidents.coverage import Gap, gaps
from geo.incidents.events import (
    AlreadyAcknowledged,
    AlreadyAsked,
    LinkupAcknowledged,
    NoLead,
    NotClimbing,
    NotResponsible,
    WorkerOffDuty,
)
from geo.incidents.leading import let_go, set_out
from geo.incidents.linkups import check_running
from geo.incidents.rules import (
    AskAnswered,
    AskState,
    Incident,
    IncidentNotFound,
    Linkup,
    LinkupNotFound,
    LinkupTaken,
    Released,
)
from geo.incidents.tables import AskRow, ClimbRow, LinkupRow
from geo.workforce import queries as workforce
from geo.workforce.calling import hold_on_duty

NAMED = "linkup.named"


def widen_linkup(
    session: Session, *, actor: Actor, linkup: LinkupId, at: datetime, ring: int | None = None
) -> Linkup:
    """Ask the next ring now, without waiting for the clock.

    `ring` is the one the officer saw: when the search is past it already, nothing more is done, so
    that two officers who widen at once widen once.

    Raises: NotAllowed, LinkupNotFound, LinkupTaken, LinkupEnded.
    Records: LinkupChanged, IncidentChanged, LinkupClimbed, LinkupExhausted.
    """
    subject, held = held_linkup(session, actor.district, linkup)
    try:
        allow(actor, subject)
    except IncidentNotFound:
        raise LinkupNotFound(linkup=str(linkup)) from None
    check_running(held)
    if held.lead is not None:
        raise LinkupTaken(linkup=str(linkup))
    if ring is not None and held.ring > ring:
        return queries.linkup(session, actor.district, linkup)
    policy = queries.policy_in_force(session, subject.district, at=at)
    by = actor.signature
    asked = ask_ring(session, subject, held, policy, by=by, at=at)
    kind = None if asked else go_on(session, subject, held, by=by, at=at)
    return tell_linkup(session, by, subject, linkup, at, kind=kind)


def acknowledge_linkup(session: Session, *, actor: Actor, linkup: LinkupId, at: datetime) -> Linkup:
    """Take responsibility for a linkup that nobody has accepted: it climbs no further.

    Whoever was asked on the way up may, and whoever else is in charge of the place; the first one
    is it. Again by the same account changes nothing.

    Raises: NotAllowed, LinkupNotFound, LinkupEnded, LinkupTaken, NotClimbing, AlreadyAcknowledged.
    Records: LinkupAcknowledged.
    """
    subject, held = _in_charge(session, actor, linkup)
    check_running(held)
    now = queries.linkup(session, actor.district, linkup)
    taken = acknowledged(now.climb)
    if taken is not None:
        assert taken.by is not None
        if taken.by.account == actor.id:
            return now
        raise AlreadyAcknowledged(linkup=str(linkup), by=taken.by.name)
    if held.lead is not None:
        raise LinkupTaken(linkup=str(linkup))
    if not now.climb:
        raise NotClimbing(linkup=str(linkup))
    own = [step for step in now.climb if any(one.account == actor.id for one in step.called)]
    step = (own or now.climb)[-1]
    session.execute(
        update(ClimbRow)
        .where(
            ClimbRow.district == held.district,
            ClimbRow.linkup == held.id,
            ClimbRow.step == step.step,
        )
        .values(
            state=ClimbState.ACKNOWLEDGED.value,
            answered_at=at,
            by=Called(actor.name, account=actor.id).as_fields,
        )
        .execution_options(synchronize_session=False)
    )
    end_steps(session, held, at)
    return tell_linkup(session, actor.signature, subject, linkup, at, kind=LinkupAcknowledged)


def ask_worker(
    session: Session, *, actor: Actor, linkup: LinkupId, worker: WorkerId, at: datetime
) -> Linkup:
    """Ask a worker whom somebody in charge names, once more if he was asked before.

    Raises: NotAllowed, NotResponsible, LinkupNotFound, LinkupEnded, LinkupTaken, WorkerNotFound,
    AlreadyAsked, WorkerOffDuty.
    Records: LinkupChanged, IncidentChanged.
    """
    subject, held = _in_charge(session, actor, linkup, responsible=True)
    check_running(held)
    if held.lead is not None:
        raise LinkupTaken(linkup=str(linkup))
    _call_by_name(session, actor, subject, held, worker, at)
    return tell_linkup(session, actor.signature, subject, linkup, at)


def keep_worker(
    session: Session, *, actor: Actor, linkup: LinkupId, worker: WorkerId, at: datetime
) -> Linkup:
    """Keep a worker as a helper beside the lead.

    Who had said yes too late goes at once; anybody else is asked again, and helps when he accepts.

    Raises: NotAllowed, NotResponsible, LinkupNotFound, LinkupEnded, NoLead, WorkerNotFound,
    AlreadyAsked, WorkerOffDuty.
    Records: LinkupChanged, IncidentChanged.
    """
    subject, held = _in_charge(session, actor, linkup, responsible=True)
    check_running(held)
    if held.lead is None:
        raise NoLead(linkup=str(linkup))
    state = _state_of(session, held, worker)
    if state is not AskState.LATE:
        _call_by_name(session, actor, subject, held, worker, at)
    elif not hold_on_duty(session, subject.district, [worker], at=at):
        raise WorkerOffDuty(worker=str(worker))
    values: dict[str, Any] = {"helper": True}
    if state is AskState.LATE:
        values |= {"state": AskState.ACCEPTED.value}
    session.execute(
        update(AskRow)
        .where(AskRow.district == held.district, AskRow.linkup == held.id, AskRow.worker == worker)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    set_out(session, subject, held, at)
    return tell_linkup(session, actor.signature, subject, linkup, at)


def release_worker(
    session: Session, *, actor: Actor, linkup: LinkupId, worker: WorkerId, at: datetime
) -> Linkup:
    """Let somebody go who is asked, helps or leads; without a lead the search goes on.

    Raises: NotAllowed, NotResponsible, LinkupNotFound, LinkupEnded, AskAnswered (no part in it).
    Records: LinkupChanged, IncidentChanged, LinkupClimbed, LinkupExhausted.
    """
    subject, held = _in_charge(session, actor, linkup, responsible=True)
    check_running(held)
    by = actor.signature
    if not let_go(session, subject, held, worker, Released.OFFICER, by=by, at=at):
        state = _state_of(session, held, worker)
        raise AskAnswered(linkup=str(linkup), state=None if state is None else state.value)
    return queries.linkup(session, actor.district, linkup)


def coverage(session: Session, *, actor: Actor, linkup: LinkupId, at: datetime) -> list[Gap]:
    """The cells a linkup leaves without a fresh worker now, and who could stand in there.

    Raises: NotAllowed, LinkupNotFound.
    """
    found = queries.linkup(session, actor.district, linkup)
    subject = queries.incident(session, actor.district, found.incident)
    _may_lead(actor, subject, linkup)
    return gaps(session, subject, found, at=at)


def _in_charge(
    session: Session,
    actor: Actor,
    linkup: LinkupId,
    *,
    responsible: bool = False,
) -> tuple[Incident, LinkupRow]:
    """A locked linkup of the actor's area; `responsible` asks a supervisor to have taken it on."""
    subject, held = held_linkup(session, actor.district, linkup)
    _may_lead(actor, subject, linkup)
    if responsible and actor.role is Role.SUPERVISOR:
        climb = queries.linkup(session, actor.district, linkup).climb
        if not took_charge(climb, actor.id):
            raise NotResponsible(linkup=str(linkup))
    return subject, held


def _may_lead(actor: Actor, subject: Incident, linkup: LinkupId) -> None:
    try:
        may(actor, "linkups.lead", area=subject.cell)
    except OutOfScope:
        raise LinkupNotFound(linkup=str(linkup)) from None


def _state_of(session: Session, held: LinkupRow, worker: WorkerId) -> AskState | None:
    state = session.scalar(
        select(AskRow.state).where(
            AskRow.district == held.district, AskRow.linkup == held.id, AskRow.worker == worker
        )
    )
    return None if state is None else AskState(state)


def _call_by_name(
    session: Session,
    actor: Actor,
    subject: Incident,
    held: LinkupRow,
    worker: WorkerId,
    at: datetime,
) -> None:
    workforce.worker(session, subject.district, worker, at=at)
    state = _state_of(session, held, worker)
    if state in (AskState.ASKED, AskState.ACCEPTED, AskState.ARRIVED):
        raise AlreadyAsked(linkup=str(held.id), worker=str(worker))
    policy = queries.policy_in_force(session, subject.district, at=at)
    named: list[Caller] = callers(session, subject, [worker], NAMED, at)
    asked = call(
        session,
        subject,
        held,
        named,
        policy,
        within=policy.answer_within,
        by=actor.signature,
        at=at,
        more={"named_by": actor.signature},
    )
    if not asked:
        raise WorkerOffDuty(worker=str(worker))
