# SPDX-License-Identifier: Apache-2.0
"""The live feed over HTTP."""

import asyncio
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request
from starlette.responses import Response

from api.deps import allowed, authenticate, service
from api.feed import Feed
from api.stream import MEDIA_TYPE, POSITION, Start, Stream, start_of
from geo.accounts.rules import Actor
from geo.errors import Invalid, NotAllowed, NotSignedIn
from geo.hierarchy.drawing import epoch as epoch_of
from geo.outbox import KINDS, latest_seq, oldest_seq

router = APIRouter(tags=["live"])

_STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Server-Sent Events, without end",
        "content": {MEDIA_TYPE: {"schema": {"type": "string"}}},
    }
}
Number = Annotated[int | None, Query(ge=0, lt=2**63, description="The last number seen")]


class KindUnknown(Invalid):
    """A kind of event that there is not."""

    code = "live.kind_unknown"


@router.get("/live", responses=_STREAM, response_class=Response)
async def live(
    request: Request,
    me: Annotated[Actor, allowed("live.read")],
    after: Number = None,
    epoch: Annotated[UUID | None, Query(description="The epoch of the snapshot")] = None,
    kinds: Annotated[str | None, Query(max_length=1000, description="Comma-separated")] = None,
    last_event_id: Annotated[str | None, Header(max_length=100)] = None,
) -> Response:
    """What happens in the caller's scope, as it happens, from a number on.

    `Last-Event-ID` wins over `after`; without either the stream begins now.
    """
    wanted = frozenset(filter(None, (kinds or "").split(",")))
    unknown = sorted(wanted - KINDS.keys() - {POSITION})
    if unknown:
        raise KindUnknown(kinds=[name[:60] for name in unknown[:20]])
    made = service(request)
    feed: Feed = request.app.state.feed
    screen = await feed.join(me.district)
    try:
        start = await asyncio.to_thread(_start, request, me, after, epoch, last_event_id)
    except BaseException:
        feed.leave(screen)
        raise
    return Stream(
        feed,
        screen,
        actor=me,
        who=lambda: _who(request),
        start=start,
        kinds=wanted,
        now=made.clock.now,
    )


def _start(
    request: Request, me: Actor, after: int | None, known: UUID | None, last_event_id: str | None
) -> Start:
    with service(request).database.snapshot() as session:
        oldest = oldest_seq(session, me.district)
        newest = latest_seq(session, me.district)
        epoch = epoch_of(session, me.district)
    if last_event_id:
        # Something else than a number of ours cannot be gone on from.
        numeric = last_event_id.isascii() and last_event_id.isdigit()
        after = int(last_event_id) if numeric else newest + 1
    return start_of(after, known, oldest=oldest, newest=newest, epoch=epoch)


def _who(request: Request) -> Actor | None:
    """Whoever the stream's token stands for now; None when it stands for nobody."""
    try:
        return authenticate(request)
    except (NotSignedIn, NotAllowed):
        return None
