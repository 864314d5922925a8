# SPDX-License-Identifier: Apache-2.0
"""What is doubted of whole days: marks with their reasons, for people to look at."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query

from api.deps import Now, Read, allowed
from api.shapes import Answer, Day, Page, Within
from geo.accounts.rules import Actor, Reach, reach_of
from geo.clock import civil_date
from geo.hierarchy.queries import district
from geo.settling.queries import doubted_days
from geo.workforce.queries import workers

router = APIRouter(tags=["patrol"])


class DayDoubtsAnswer(Answer):
    """A worker's day of whose track, check-ins included, something is doubted.

    Marks: whether the day or a check-in counts is decided without them.
    """

    worker: UUID
    on: date
    doubts: list[dict[str, Any]]
    settled_at: datetime


@router.get("/day-doubts")
def index(
    session: Read,
    me: Annotated[Actor, allowed("daydoubts.read")],
    now: Now,
    on: Annotated[Day | None, Query(description="Civil date; today when absent")] = None,
    within: Within = None,
) -> Page[DayDoubtsAnswer]:
    """Doubted days of workers of the caller's scope, in no order of merit; a worker sees his own.

    They are worked out some minutes after the last fix of a day came in, and erased with its track.
    """
    seen = workers(
        session,
        me.district,
        areas=me.areas,
        at=now,
        within=within,
        own=me.worker if reach_of(me, "daydoubts.read") is Reach.OWN else None,
    )
    day = on or civil_date(now, district(session, me.district).time_zone)
    found = doubted_days(session, me.district, day, [one.id for one in seen])
    return Page(items=[DayDoubtsAnswer.model_validate(one) for one in found])
