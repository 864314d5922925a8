# SPDX-License-Identifier: Apache-2.0
"""Calls between the desk and the workers of a linkup, as facts: who, when, for how long."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import Field

from api.deps import Now, Read, Write, allowed
from api.shapes import Answer, Body
from geo.accounts.rules import Actor
from geo.calls import calling, queries
from geo.calls.rules import Call, CallEnd, CallState, Side
from geo.columns import Origin
from geo.ids import CallId

router = APIRouter(tags=["channel"])

Caller = Annotated[Actor, allowed("calls.join")]


class VoiceCallBody(Body):
    """A call to make. `worker` is whom the desk calls: the one in the lead when absent."""

    id: UUID
    worker: UUID | None = None


class HangUpBody(Body):
    """Why, when it is not just over: no microphone at this end, or the line is lost for good."""

    why: Literal["no_microphone", "lost"] | None = None


class VoiceCallAnswer(Answer):
    """A call as it stands. `seconds` is how long they talked, `officer` who sits at the desk."""

    id: UUID
    linkup: UUID
    incident: UUID
    worker: UUID
    caller: Side
    officer: str | None = Field(validation_alias="officer_name")
    state: CallState
    ending: CallEnd | None
    rang_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    seconds: float | None
    origin: Origin


class VoiceCallsAnswer(Answer):
    """Calls, newest first."""

    items: list[VoiceCallAnswer]


@router.get("/linkups/{linkup}/calls")
def index(
    linkup: UUID, session: Read, me: Annotated[Actor, allowed("messages.read")]
) -> VoiceCallsAnswer:
    """The calls of a linkup, newest first; a worker's own while he takes part."""
    found = queries.line(session, me, linkup, "messages.read")
    made = queries.calls(session, me.district, found.id)
    mine = [call for call in made if me.worker in (None, call.worker)]
    return VoiceCallsAnswer(items=[_answer(call) for call in mine])


@router.post(
    "/linkups/{linkup}/calls",
    status_code=201,
    responses={
        200: {"model": VoiceCallAnswer, "description": "The same again: the call as it is now"}
    },
)
def ring(
    linkup: UUID, body: VoiceCallBody, session: Write, me: Caller, now: Now, response: Response
) -> VoiceCallAnswer:
    """Ring at the other end: the desk at a worker's, a worker at the desk's."""
    made, new = calling.ring(
        session, actor=me, linkup=linkup, id=CallId(body.id), worker=body.worker, at=now
    )
    if not new:
        response.status_code = 200
    return _answer(made)


@router.post("/calls/{call}/answer")
def answer(call: UUID, session: Write, me: Caller, now: Now) -> VoiceCallAnswer:
    """Take a ringing call."""
    return _answer(calling.answer(session, actor=me, call=call, at=now))


@router.post("/calls/{call}/hang-up")
def hang_up(
    call: UUID, session: Write, me: Caller, now: Now, body: HangUpBody | None = None
) -> VoiceCallAnswer:
    """End a call, or refuse it while it rings."""
    why = None if body is None or body.why is None else CallEnd(body.why)
    return _answer(calling.hang_up(session, actor=me, call=call, at=now, why=why))


def _answer(call: Call) -> VoiceCallAnswer:
    return VoiceCallAnswer.model_validate(call)
