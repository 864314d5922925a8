# SPDX-License-Identifier: Apache-2.0
"""What a draft would change, before it is adopted."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.responses import Response

from api.deps import Now, Read, Write, allowed
from api.impact_job import FOUND
from api.routes.jobs import JobAnswer, job_answer
from api.shapes import Body
from geo.accounts.rules import Actor
from geo.ids import PlanId
from geo.impact.past import placed
from geo.impact.queries import are_many, impact, past_check_ins, scene
from geo.impact.rules import Impact, PastCheckIns
from geo.jobs import actions as jobs
from geo.jobs.queries import newest
from geo.jobs.rules import ENDED, Job, JobKind, JobState
from geo.plans import queries
from geo.plans.drafts import PlanEntry
from geo.plans.holding import locked_draft, open_draft

router = APIRouter(tags=["plans"])

Reader = Annotated[Actor, allowed("plans.read", whole=True)]
Writer = Annotated[Actor, allowed("plans.write", whole=True)]
Days = Annotated[int, Field(ge=1, le=366)]
# So many past check-ins are judged while somebody waits for the answer: about two seconds.
AT_ONCE = 100_000
# Check-ins go on: what they would have been judged is worked out anew after this.
SERVES_FOR = timedelta(days=1)


class JudgeBody(Body):
    """The check-ins of so many days."""

    days: Days = 90


@dataclass(frozen=True)
class ImpactAnswer(Impact):
    """What a draft would change; `job` is the one asked for to judge past check-ins while
    `check_ins` is null."""

    job: JobAnswer | None


@router.get("/plans/{id}/impact")
def show(
    id: UUID,
    session: Read,
    me: Reader,
    now: Now,
    request: Request,
    response: Response,
    days: Annotated[int, Query(ge=1, le=366)] = 90,
) -> ImpactAnswer:
    """What adopting a draft would change: people, holders, checkpoints, open incidents, and how the
    check-ins of the last days would have been judged.

    `check_ins` is null where they are too many to be judged at once and no job has done it for the
    draft as it stands within a day: POST asks for that. Lists are bounded and say how many there
    are in all; the ETag is the revision looked at.
    """
    plan = open_draft(session, me.district, PlanId(id))
    assert plan.base is not None
    response.headers["etag"] = f'"{plan.revision}"'
    seen = scene(
        session,
        me.district,
        plan=plan.id,
        base=plan.base,
        division=queries.division(session, me.district, plan),
        since=now - timedelta(days=days),
        until=now,
    )
    job = newest(session, me.district, JobKind.IMPACT, _asked(plan, days))
    past: PastCheckIns | None = None
    if job is not None and _serves(job, now):
        past = placed(session, me.district, FOUND.validate_python(job.result))
    elif (job is None or job.state in ENDED) and not are_many(session, seen, AT_ONCE):
        past = past_check_ins(session, seen)
    told = None if past or job is None else job_answer(job, request)
    return ImpactAnswer(**vars(impact(session, seen, past)), job=told)


@router.post("/plans/{id}/impact", status_code=202)
def judge(
    id: UUID, body: JudgeBody, session: Write, me: Writer, now: Now, request: Request
) -> JobAnswer:
    """Have past check-ins judged by a draft as it stands; the job shows how far that is.

    One that is under way already is not begun again.
    """
    plan = locked_draft(session, me.district, PlanId(id))
    asked = _asked(plan, body.days)
    job = jobs.ask_once(session, actor=me, kind=JobKind.IMPACT, asked=asked, at=now)
    return job_answer(job, request)


def _asked(plan: PlanEntry, days: int) -> dict[str, Any]:
    return {"plan": str(plan.id), "state": plan.state, "days": days}


def _serves(job: Job, now: datetime) -> bool:
    """Whether a job has judged what is asked for, not long ago."""
    judged_at = job.ended_at if job.state is JobState.DONE else None
    return judged_at is not None and now - judged_at < SERVES_FOR
