# SPDX-License-Identifier: Apache-2.0
"""Work logs, and how the patrol of a day stands."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response

from api.deps import Now, Read, Write, allowed
from api.shapes import Answer, Body, Cursor, Day, Limit, Page, Text, Within, id_cursor
from geo.accounts.rules import Actor, Reach, reach_of
from geo.clock import civil_date
from geo.hierarchy.queries import district
from geo.ids import WorkerId, WorkLogId
from geo.patrol import actions, queries
from geo.patrol.records import WorkLog
from geo.workforce.queries import workers

router = APIRouter(tags=["patrol"])


class WorkLogBody(Body):
    """The log of a patrol day, with an id made by the client."""

    id: UUID
    worker: UUID
    on: Day
    text: Text


class WorkLogAnswer(Answer):
    """A work log as it was written."""

    id: UUID
    worker: UUID
    on: date
    text: str
    received_at: datetime
    origin: str


class PatrolDayAnswer(Answer):
    """A worker's day in a cell he answers for; `log` is the id of its work log."""

    worker: UUID
    cell: str
    complete: bool
    checkpoints_due: int
    checkpoints_done: int
    missing: list[UUID]
    log: UUID | None
    reasons: list[dict[str, Any]]


@router.post("/work-logs", status_code=201, responses={200: {"model": WorkLogAnswer}})
def write(
    body: WorkLogBody,
    session: Write,
    me: Annotated[Actor, allowed("worklogs.write")],
    now: Now,
    response: Response,
) -> WorkLogAnswer:
    """Write the log of one's own day."""
    log, fresh = actions.write_work_log(
        session,
        actor=me,
        id=WorkLogId(body.id),
        worker=WorkerId(body.worker),
        on=body.on,
        text=body.text,
        at=now,
    )
    response.status_code = 201 if fresh else 200
    return _answer(log)


@router.get("/work-logs")
def logs(
    session: Read,
    me: Annotated[Actor, allowed("worklogs.read")],
    now: Now,
    worker: UUID | None = None,
    within: Within = None,
    on: Annotated[Day | None, Query()] = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[WorkLogAnswer]:
    """Work logs of the workers in the caller's scope; a worker sees his own."""
    seen = workers(
        session,
        me.district,
        areas=me.areas,
        at=now,
        within=within,
        own=me.worker if reach_of(me, "worklogs.read") is Reach.OWN else None,
        ids=None if worker is None else [worker],
    )
    found = queries.work_logs(
        session,
        me.district,
        workers=[one.id for one in seen],
        on=on,
        after=id_cursor(cursor),
        limit=limit + 1,
    )
    return Page(
        items=[_answer(log) for log in found[:limit]],
        next=str(found[limit - 1].id) if len(found) > limit else None,
    )


@router.get("/patrol-days")
def days(
    session: Read,
    me: Annotated[Actor, allowed("patroldays.read")],
    now: Now,
    on: Annotated[Day | None, Query(description="Civil date; today when absent")] = None,
    within: Within = None,
) -> Page[PatrolDayAnswer]:
    """How the patrol of a day stands, for each worker and cell; a worker sees his own."""
    found = queries.patrol_days(
        session,
        me.district,
        on or civil_date(now, district(session, me.district).time_zone),
        areas=me.areas,
        within=within,
        own=me.worker if reach_of(me, "patroldays.read") is Reach.OWN else None,
    )
    return Page(items=[PatrolDayAnswer.model_validate(day) for day in found])


def _answer(log: WorkLog) -> WorkLogAnswer:
    return WorkLogAnswer.model_validate(log)
