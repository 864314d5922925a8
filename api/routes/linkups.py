# SPDX-License-Identifier: Apache-2.0
"""The instant linkup: workers answer, the dispatcher widens."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter

from api.deps import Now, Write, allowed
from api.shapes import Answer, Body, ShortText
from geo.accounts.rules import Actor, Role
from geo.columns import Origin
from geo.ids import LinkupId
from geo.incidents import linkups
from geo.incidents.rules import AskState, Linkup, LinkupStatus

router = APIRouter(tags=["linkups"])

Asked = Annotated[Actor, allowed("linkups.answer")]


class DeclineBody(Body):
    """Why not, if the worker wants to say."""

    reason: ShortText | None = None


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
    answer_text: str | None


class LinkupAnswer(Answer):
    """A linkup as it stands. `recommendation` is what was recommended, ring by ring, as made."""

    id: UUID
    incident: UUID
    status: LinkupStatus
    ring: int
    lead: UUID | None
    asked: list[AskAnswer]
    recommendation: dict[str, Any] | None
    began_at: datetime
    ended_at: datetime | None
    origin: Origin


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
    linkup: UUID, session: Write, me: Annotated[Actor, allowed("incidents.manage")], now: Now
) -> LinkupAnswer:
    """Ask the next ring now."""
    done = linkups.widen_linkup(session, actor=me, linkup=LinkupId(linkup), at=now)
    return linkup_answer(me, done)


def linkup_answer(me: Actor, linkup: Linkup) -> LinkupAnswer:
    """A linkup as this actor may see it: a worker himself alone, a viewer no people at all."""
    shown = LinkupAnswer.model_validate(linkup)
    if me.role is Role.WORKER:
        mine = [ask for ask in shown.asked if ask.worker == me.worker]
        return shown.model_copy(update={"asked": mine, "recommendation": None})
    if me.role is Role.VIEWER:
        hidden = {"worker": None, "distance_m": None, "age_s": None, "answer_text": None}
        asked = [ask.model_copy(update=hidden) for ask in shown.asked]
        return shown.model_copy(update={"asked": asked, "recommendation": None, "lead": None})
    return shown
