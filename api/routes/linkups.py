# SPDX-License-Identifier: Apache-2.0
"""The instant linkup: workers answer, those in charge widen, acknowledge, name, keep, release."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field

from api.deps import Now, Read, Write, allowed
from api.shapes import Answer, Body, Page, ShortText
from geo.accounts.rules import Actor, Role
from geo.columns import Origin
from geo.ids import LinkupId, WorkerId
from geo.incidents import linkups, steering
from geo.incidents.climbs import ClimbLevel, ClimbState
from geo.incidents.coverage import StandInReason
from geo.incidents.rules import AskState, Linkup, LinkupStatus, Released

router = APIRouter(tags=["linkups"])

Asked = Annotated[Actor, allowed("linkups.answer")]
Manager = Annotated[Actor, allowed("incidents.manage")]
InCharge = Annotated[Actor, allowed("linkups.lead")]


class DeclineBody(Body):
    """Why not, if the worker wants to say."""

    reason: ShortText | None = None


class WidenBody(Body):
    """The ring that the officer saw: of two who widen at once, one does."""

    ring: Annotated[int, Field(ge=0, le=1000)] | None = None


class WorkerBody(Body):
    """Whom it is about."""

    worker: UUID


class AskAnswer(Answer):
    """One worker's ask; who and how far are null to whom people are not shown."""

    worker: UUID | None
    reason: str
    distance_m: float | None
    age_s: float | None
    state: AskState
    ring: int
    rank: int
    asked_at: datetime
    answer_by: datetime
    answered_at: datetime | None
    arrived_at: datetime | None
    answer_text: str | None
    released_for: Released | None
    helper: bool


class CalledAnswer(Answer):
    """Somebody asked by a step of the climb: a worker or an account."""

    name: str
    worker: UUID | None
    account: UUID | None


class ClimbAnswer(Answer):
    """One step of the climb. `answer_by` is null for command, which stays until acknowledged."""

    step: int
    level: ClimbLevel
    state: ClimbState
    area: str
    called: list[CalledAnswer]
    asked_at: datetime
    answer_by: datetime | None
    answered_at: datetime | None
    by: CalledAnswer | None


class LinkupAnswer(Answer):
    """A linkup as it stands. `recommendation` is what was recommended, ring by ring, as made.

    `uncovered` are the cells left without a fresh worker when those engaged here set out;
    `lead_off_at` is when the lead went off duty, if he did and is not back.
    """

    id: UUID
    incident: UUID
    status: LinkupStatus
    ring: int
    lead: UUID | None
    asked: list[AskAnswer]
    climb: list[ClimbAnswer]
    recommendation: dict[str, Any] | None
    began_at: datetime
    accepted_at: datetime | None
    lead_off_at: datetime | None
    ended_at: datetime | None
    uncovered: list[str]
    origin: Origin


class StandInAnswer(Answer):
    """Who could stand in, and why he. `leaves` are the cells that he would leave in turn."""

    worker: UUID
    name: str
    reason: StandInReason
    distance_m: float
    age_s: float
    leaves: list[str]


class GapAnswer(Answer):
    """A cell without a fresh worker on duty, and who left it."""

    cell: str
    name: str
    left_by: list[UUID]
    stand_ins: list[StandInAnswer]


@router.post("/linkups/{linkup}/accept")
def accept(linkup: UUID, session: Write, me: Asked, now: Now) -> LinkupAnswer:
    """Take the incident. After the clock ran out the answer is kept as late."""
    done = linkups.accept_linkup(session, actor=me, linkup=LinkupId(linkup), at=now)
    return linkup_answer(me, done)


@router.post("/linkups/{linkup}/decline")
def decline(
    linkup: UUID, session: Write, me: Asked, now: Now, body: DeclineBody | None = None
) -> LinkupAnswer:
    """Say no."""
    reason = None if body is None else body.reason
    done = linkups.decline_linkup(session, actor=me, linkup=LinkupId(linkup), at=now, reason=reason)
    return linkup_answer(me, done)


@router.post("/linkups/{linkup}/arrive")
def arrive(linkup: UUID, session: Write, me: Asked, now: Now) -> LinkupAnswer:
    """Say that one is there."""
    done = linkups.arrive_linkup(session, actor=me, linkup=LinkupId(linkup), at=now)
    return linkup_answer(me, done)


@router.post("/linkups/{linkup}/widen")
def widen(
    linkup: UUID, session: Write, me: Manager, now: Now, body: WidenBody | None = None
) -> LinkupAnswer:
    """Ask the next ring now. With `ring`, only if the search is not past that one."""
    ring = None if body is None else body.ring
    done = steering.widen_linkup(session, actor=me, linkup=LinkupId(linkup), at=now, ring=ring)
    return linkup_answer(me, done)


@router.post("/linkups/{linkup}/acknowledge")
def acknowledge(linkup: UUID, session: Write, me: InCharge, now: Now) -> LinkupAnswer:
    """Take responsibility for a linkup that has climbed; the first one does."""
    done = steering.acknowledge_linkup(session, actor=me, linkup=LinkupId(linkup), at=now)
    return linkup_answer(me, done)


@router.post("/linkups/{linkup}/ask")
def ask(linkup: UUID, body: WorkerBody, session: Write, me: InCharge, now: Now) -> LinkupAnswer:
    """Ask a worker by name. A supervisor may once he has acknowledged."""
    done = steering.ask_worker(
        session, actor=me, linkup=LinkupId(linkup), worker=WorkerId(body.worker), at=now
    )
    return linkup_answer(me, done)


@router.post("/linkups/{linkup}/keep")
def keep(linkup: UUID, body: WorkerBody, session: Write, me: InCharge, now: Now) -> LinkupAnswer:
    """Keep a worker as a helper beside the lead."""
    done = steering.keep_worker(
        session, actor=me, linkup=LinkupId(linkup), worker=WorkerId(body.worker), at=now
    )
    return linkup_answer(me, done)


@router.post("/linkups/{linkup}/release")
def release(linkup: UUID, body: WorkerBody, session: Write, me: InCharge, now: Now) -> LinkupAnswer:
    """Let somebody go who is asked, helps or leads; without a lead the search goes on."""
    done = steering.release_worker(
        session, actor=me, linkup=LinkupId(linkup), worker=WorkerId(body.worker), at=now
    )
    return linkup_answer(me, done)


@router.get("/linkups/{linkup}/coverage")
def coverage(linkup: UUID, session: Read, me: InCharge, now: Now) -> Page[GapAnswer]:
    """The cells it leaves without a fresh worker now, and who could stand in, best first."""
    found = steering.coverage(session, actor=me, linkup=LinkupId(linkup), at=now)
    return Page(items=[GapAnswer.model_validate(gap) for gap in found])


def linkup_answer(me: Actor, linkup: Linkup, *, within_reach: bool = True) -> LinkupAnswer:
    """A linkup as this actor may see it: a worker himself alone, a viewer no people at all.

    Nor does whoever reported an incident beyond his own area: `within_reach` is false then.
    """
    shown = LinkupAnswer.model_validate(linkup)
    if me.role is Role.WORKER:
        mine = [ask for ask in shown.asked if ask.worker == me.worker]
        hidden = {"asked": mine, "recommendation": None, "climb": [], "uncovered": []}
        return shown.model_copy(update=hidden)
    if me.role is Role.VIEWER or not within_reach:
        nobody = {"worker": None, "distance_m": None, "age_s": None, "answer_text": None}
        asked = [ask.model_copy(update=nobody) for ask in shown.asked]
        climb = [step.model_copy(update={"called": [], "by": None}) for step in shown.climb]
        update = {"asked": asked, "climb": climb, "recommendation": None, "lead": None}
        return shown.model_copy(update=update)
    return shown
