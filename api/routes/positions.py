# SPDX-License-Identifier: Apache-2.0
"""Positions of workers on duty, and the tracks they leave."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field

from api.deps import Now, Write, allowed
from api.metrics import count_dropped
from api.shapes import (
    Answer,
    Body,
    Cursor,
    FixBody,
    Instant,
    Limit,
    Page,
    ShortText,
    instant_cursor,
    instant_of,
)
from geo.accounts.rules import Actor
from geo.crs import System
from geo.ids import WorkerId
from geo.tracking import actions

router = APIRouter(tags=["positions"])

MOST_POSITIONS = 1000


class PositionBody(Body):
    """Where a worker is."""

    worker: UUID
    fix: FixBody


class PositionsBody(Body):
    """A batch of positions. `sent_at`, the phone's clock at this sending, corrects its fixes."""

    items: Annotated[list[PositionBody], Field(max_length=MOST_POSITIONS)]
    sent_at: Instant | None = None


class DropAnswer(Answer):
    """A position that was not stored: its place in the batch and why."""

    index: int
    reason: str


class StoredAnswer(Answer):
    """How many were stored (a repeated one counts again), and what was dropped."""

    stored: int
    dropped: list[DropAnswer]


class TrackFixAnswer(Answer):
    """One fix of a track in WGS-84; `system` is what the phone spoke."""

    lon: float
    lat: float
    accuracy_m: float
    observed_at: datetime
    received_at: datetime
    system: System
    mock: bool
    source: str | None


@router.post("/positions")
def store(
    body: PositionsBody,
    session: Write,
    me: Annotated[Actor, allowed("positions.write")],
    now: Now,
) -> StoredAnswer:
    """Store one's own positions. What was observed off duty is dropped, not kept."""
    stored = actions.store_positions(
        session,
        actor=me,
        items=[(WorkerId(item.worker), item.fix.value(me.profile)) for item in body.items],
        at=now,
        sent_at=body.sent_at,
    )
    count_dropped(drop.reason for drop in stored.dropped)
    return StoredAnswer.model_validate(stored)


@router.get("/workers/{worker}/track")
def track(
    worker: UUID,
    session: Write,
    me: Annotated[Actor, allowed("tracks.read")],
    now: Now,
    begins_at: Annotated[Instant, Query(alias="from")],
    ends_at: Annotated[Instant, Query(alias="until")],
    purpose: Annotated[ShortText, Query(min_length=2)],
    cursor: Cursor = None,
    limit: Limit = 500,
) -> Page[TrackFixAnswer]:
    """Fixes of a worker's duty time, oldest first. Who reads, and what for, is kept on record."""
    found = actions.read_track(
        session,
        actor=me,
        worker=WorkerId(worker),
        begins_at=begins_at if cursor is None else max(begins_at, instant_of(cursor)),
        ends_at=ends_at,
        purpose=purpose,
        limit=limit + 1,
        at=now,
    )
    following = found[limit].observed_at if len(found) > limit else None
    return Page(
        items=[TrackFixAnswer.model_validate(fix) for fix in found[:limit]],
        next=None if following is None else instant_cursor(following),
    )
