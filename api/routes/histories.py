# SPDX-License-Identifier: Apache-2.0
"""The whole story of an incident: who did what, and when, as far as the reader may see it."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter

from api.deps import Read, allowed
from api.shapes import Answer, Page
from api.sight import Sight
from geo.accounts.rules import Actor, Role
from geo.incidents import queries
from geo.outbox import history_of
from geo.workforce.signatures import names_behind

router = APIRouter(tags=["incidents"])


class StoryEntry(Answer):
    """One thing that happened: `body` is how `subject` stood afterwards.

    `name` is who did it, null for the system; both are null to whom people are not shown.
    """

    seq: int
    kind: str
    subject: UUID
    at: datetime
    actor: str | None
    name: str | None
    body: dict[str, Any]


@router.get("/incidents/{incident}/history")
def history(
    incident: UUID, session: Read, me: Annotated[Actor, allowed("incidents.read")]
) -> Page[StoryEntry]:
    """Everything recorded about an incident, its linkups and its channel, oldest first.

    A worker reads what he was told; a viewer reads states, without people.
    """
    found = queries.seen_incident(session, me, incident)
    subjects = [found.id, *queries.linkup_ids(session, me.district, found.id)]
    recorded = [one for subject in subjects for one in history_of(session, me.district, subject)]
    recorded.sort(key=lambda one: one.seq)
    sight = Sight.of(me)
    people = me.role not in (Role.VIEWER, Role.WORKER)
    names = names_behind(session, me.district, {one.actor for one in recorded}) if people else {}
    items = []
    for one in recorded:
        body = sight.event(one)
        if body is not None:
            items.append(
                StoryEntry(
                    seq=one.seq,
                    kind=one.kind,
                    subject=one.subject,
                    at=one.at,
                    actor=one.actor if people else None,
                    name=names.get(one.actor),
                    body=body,
                )
            )
    return Page(items=items)
