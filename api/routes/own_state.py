# SPDX-License-Identifier: Apache-2.0
"""The snapshot that a worker's own page is born from."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import AwareDatetime

from api.deps import Now, Read, allowed
from api.shapes import Answer
from api.sight import Sight
from geo.accounts.rules import Actor, may
from geo.hierarchy.drawing import epoch
from geo.ids import WorkerId
from geo.incidents import queries as incidents
from geo.incidents.rules import IncidentStatus
from geo.outbox import latest_seq
from geo.workforce import queries as workforce

router = APIRouter(tags=["live"])

# More than one worker is ever asked about at once.
_MOST = 100


class OwnStateAnswer(Answer):
    """Rows by collection, and the number that the live feed continues from."""

    seq: int
    epoch: UUID
    at: AwareDatetime
    collections: dict[str, list[dict[str, Any]]]


@router.get("/workers/{worker}/state")
def show(
    worker: UUID, session: Read, me: Annotated[Actor, allowed("linkups.answer")], now: Now
) -> OwnStateAnswer:
    """What concerns a worker now: himself, what he is asked about, and how that stands.

    Rows are those of `/state`; follow them by `/live?after=seq&epoch=epoch`.
    """
    may(me, "linkups.answer", worker=worker)
    sight = Sight.of(me)
    himself = workforce.worker(session, me.district, WorkerId(worker), at=now)
    seen = incidents.incidents(session, me, limit=_MOST)
    linked = incidents.linkups_of(session, me.district, [one.id for one in seen])
    asked = {
        id: linkup
        for id, linkup in linked.items()
        if any(ask.worker == me.worker for ask in linkup.asked)
    }
    concerned = [one for one in seen if one.status is not IncidentStatus.CLOSED and one.id in asked]
    rows = {
        "workers": [himself.live_row],
        "incidents": [one.live_row for one in concerned],
        "linkups": [asked[one.id].live_row for one in concerned],
    }
    return OwnStateAnswer(
        seq=latest_seq(session, me.district),
        epoch=epoch(session, me.district),
        at=now,
        collections={
            name: [row for row in (sight.row(name, one) for one in found) if row is not None]
            for name, found in rows.items()
        },
    )
