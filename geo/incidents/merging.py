# SPDX-License-Identifier: Apache-2.0
"""One thing told twice becomes one incident: joined when it is told, merged when it is noticed."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.orm import Session

from geo.accounts.rules import Actor
from geo.columns import Origin
from geo.digests import digest
from geo.errors import IdReused
from geo.incidents import queries
from geo.incidents.asking import allow, lock, tell_incident
from geo.incidents.calls import (
    MergedAlready,
    MergedWithItself,
    MergeReversed,
    OtherOrigin,
    progress,
)
from geo.incidents.linkups import end_linkups
from geo.incidents.rules import Incident, IncidentClosed, IncidentStatus
from geo.incidents.tables import FurtherCallRow, IncidentRow


def join_incident(
    session: Session,
    *,
    actor: Actor,
    incident: UUID,
    id: UUID,
    text: str | None,
    reporter: dict[str, str] | None,
    at: datetime,
) -> tuple[Incident, bool]:
    """Note that somebody else called about a known incident; True when the call is new.

    Raises: NotAllowed, IncidentNotFound, IncidentClosed, IdReused.  Records: IncidentChanged.
    """
    subject = lock(session, actor.district, incident)
    allow(actor, subject)
    content = digest(incident=str(incident), text=text, reporter=reporter)
    made = None
    if subject.status is not IncidentStatus.CLOSED:
        made = session.execute(
            pg_insert(FurtherCallRow)
            .values(
                district=actor.district,
                id=id,
                incident=incident,
                text=text,
                reporter=reporter,
                at=at,
                digest=content,
                actor=actor.signature,
                origin=subject.origin.value,
            )
            .on_conflict_do_nothing()
            .returning(FurtherCallRow.id)
        ).one_or_none()
    if made is None:
        known = session.execute(
            select(FurtherCallRow.digest, FurtherCallRow.actor).where(
                FurtherCallRow.district == actor.district, FurtherCallRow.id == id
            )
        ).one_or_none()
        if known is None:
            raise IncidentClosed(incident=str(incident))
        if (known.digest, known.actor) != (content, actor.signature):
            raise IdReused(id=id)
        return subject, False
    session.get_one(IncidentRow, (actor.district, incident)).calls += 1
    session.flush()
    tell_incident(session, actor.signature, subject, at)
    return queries.incident(session, actor.district, incident), True


def merge_incident(
    session: Session,
    *,
    actor: Actor,
    incident: UUID,
    into: UUID,
    text: str | None,
    at: datetime,
) -> Incident:
    """Close an incident as told already by another one, which stays; both keep their history.

    The one that is further along has to stay: one with a lead before one that rings, one that
    rings before one for which nobody was asked. Of two that are equally far the one that closes
    ends its linkup as closing does: whoever was still asked is released. `text` is the outcome of
    the one that closes. Again into the same one changes nothing. Answers the one that stays.

    Raises: NotAllowed, IncidentNotFound, MergedWithItself, OtherOrigin, MergedAlready,
    IncidentClosed, MergeReversed.
    Records: IncidentChanged, LinkupChanged.
    """
    if incident == into:
        raise MergedWithItself(incident=str(incident))
    # In one order, what is real before drills, so that nobody waits crosswise.
    origins = {id: queries.incident(session, actor.district, id).origin for id in (incident, into)}
    order = sorted(origins, key=lambda id: (origins[id] is Origin.DRILL, id))
    held = {id: lock(session, actor.district, id) for id in order}
    closing, staying = held[incident], held[into]
    allow(actor, closing)
    allow(actor, staying)
    if closing.merged_into == into:
        return staying
    if closing.merged_into is not None:
        raise MergedAlready(incident=str(incident), into=str(closing.merged_into))
    for one in (closing, staying):
        if one.status is IncidentStatus.CLOSED:
            raise IncidentClosed(incident=str(one.id))
    if closing.origin is not staying.origin:
        raise OtherOrigin(incident=str(incident), into=str(into))
    linkups = queries.linkups_of(session, actor.district, (incident, into))
    if progress(linkups.get(closing.id)) > progress(linkups.get(staying.id)):
        raise MergeReversed(incident=str(incident), into=str(into))
    end_linkups(session, closing, by=actor.signature, at=at)
    gone = session.get_one(IncidentRow, (actor.district, incident))
    gone.status, gone.closed_at = IncidentStatus.CLOSED.value, at
    gone.outcome, gone.merged_into = text, into
    session.get_one(IncidentRow, (actor.district, into)).calls += closing.calls
    session.flush()
    tell_incident(session, actor.signature, closing, at)
    tell_incident(session, actor.signature, staying, at)
    return queries.incident(session, actor.district, into)
