# SPDX-License-Identifier: Apache-2.0
"""The text channel of an incident: what the desk and the workers of its linkup write."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response

from api.deps import Now, Read, Write, allowed
from api.shapes import Answer, Body, Cursor, Limit, Page, Text, seen_cursor, seen_of
from geo.accounts.rules import Actor
from geo.calls import queries
from geo.calls.actions import write_message
from geo.columns import Origin
from geo.ids import MessageId

router = APIRouter(tags=["channel"])


class MessageBody(Body):
    """Something to write; the id is made by the sender, so that sending it twice is one message."""

    id: UUID
    text: Text


class MessageAnswer(Answer):
    """Something written about an incident; `worker` is null when the desk wrote it."""

    id: UUID
    incident: UUID
    worker: UUID | None
    name: str
    text: str
    at: datetime
    origin: Origin


@router.get("/incidents/{incident}/messages")
def index(
    incident: UUID,
    session: Read,
    me: Annotated[Actor, allowed("messages.read")],
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[MessageAnswer]:
    """What was written about an incident, newest first; a worker while he takes part."""
    subject, _ = queries.channel(session, me, incident, "messages.read")
    before = seen_of(cursor)
    found = queries.messages(session, me.district, subject.id, before=before, limit=limit + 1)
    shown = found[:limit]
    return Page(
        items=[MessageAnswer.model_validate(one) for one in shown],
        next=seen_cursor(shown[-1].at, shown[-1].id) if len(found) > limit else None,
    )


@router.post(
    "/incidents/{incident}/messages",
    status_code=201,
    responses={200: {"model": MessageAnswer, "description": "The same again"}},
)
def write(
    incident: UUID,
    body: MessageBody,
    session: Write,
    me: Annotated[Actor, allowed("messages.write")],
    now: Now,
    response: Response,
) -> MessageAnswer:
    """Write to everybody who takes part."""
    made, new = write_message(
        session, actor=me, incident=incident, id=MessageId(body.id), text=body.text, at=now
    )
    if not new:
        response.status_code = 200
    return MessageAnswer.model_validate(made)
