# SPDX-License-Identifier: Apache-2.0
"""Writing about an incident: the text channel between the desk and the workers of its linkup."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.orm import Session

from geo.accounts.rules import Actor
from geo.calls import queries
from geo.calls.rules import Message, MessageWritten, writers
from geo.calls.tables import MessageRow
from geo.digests import digest
from geo.errors import IdReused
from geo.ids import MessageId
from geo.incidents.rules import IncidentClosed, IncidentStatus
from geo.outbox import record
from geo.workforce import queries as workforce


def write_message(
    session: Session, *, actor: Actor, incident: UUID, id: MessageId, text: str, at: datetime
) -> tuple[Message, bool]:
    """Write about an incident; True when the message is new.

    The same id with the same content by the same actor answers the message as it was written.

    Raises: NotAllowed, IncidentNotFound, IncidentClosed, IdReused.  Records: MessageWritten.
    """
    content = digest(incident=str(incident), text=text)
    # First: who is out of the channel is told nothing of it, his own words included.
    subject, linkup = queries.channel(session, actor, incident, "messages.write")
    known = _known(session, actor, id, content)
    if known is not None:
        return known, False
    if subject.status is IncidentStatus.CLOSED:
        raise IncidentClosed(incident=str(incident))
    row = session.scalars(
        pg_insert(MessageRow)
        .values(
            district=actor.district,
            id=id,
            incident=subject.id,
            worker=actor.worker,
            name=_name(session, actor, at),
            text=text,
            at=at,
            digest=content,
            actor=actor.signature,
            origin=subject.origin.value,
        )
        .on_conflict_do_nothing()
        .returning(MessageRow)
    ).one_or_none()
    if row is None:
        # The same was faster on another way; a new statement sees what it wrote.
        same = _known(session, actor, id, content)
        assert same is not None
        return same, False
    made = queries.message_of(row)
    record(
        session,
        MessageWritten(
            id=subject.id,
            district=subject.district,
            at=at,
            actor=actor.signature,
            origin=subject.origin,
            area=subject.cell,
            workers=() if linkup is None else writers(linkup),
            body=made.row,
        ),
    )
    return made, True


def _known(session: Session, actor: Actor, id: MessageId, content: bytes) -> Message | None:
    row = session.get(MessageRow, (actor.district, id), populate_existing=True)
    if row is None:
        return None
    if (row.digest, row.actor) != (content, actor.signature):
        raise IdReused(id=id)
    return queries.message_of(row)


def _name(session: Session, actor: Actor, at: datetime) -> str:
    # A paired phone is called by its own name: the worker's is what people know.
    if actor.worker is None:
        return actor.name
    return workforce.worker(session, actor.district, actor.worker, at=at).name
