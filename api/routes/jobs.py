# SPDX-License-Identifier: Apache-2.0
"""Long work: how far it is, what came of it, and giving it up."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.deps import Now, Read, Write, allowed
from api.downloads import download, file_answer
from api.shapes import Answer
from api.texts import language_of, say
from geo.accounts.rules import Actor
from geo.jobs import actions, queries
from geo.jobs.rules import Job, JobKind, JobState

router = APIRouter(tags=["jobs"])

Reader = Annotated[Actor, allowed("plans.read", whole=True)]
Writer = Annotated[Actor, allowed("plans.write", whole=True)]


class JobAnswer(Answer):
    """A job: `progress` from 0 to 1; `result` when done, `problem` when it failed."""

    id: UUID
    kind: JobKind
    state: JobState
    progress: float
    result: dict[str, Any] | None
    problem: dict[str, Any] | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


@router.get("/jobs/{id}")
def show(id: UUID, session: Read, me: Reader, request: Request) -> JobAnswer:
    """How far a job is, and what came of it."""
    return job_answer(queries.job(session, me.district, id), request)


@router.post("/jobs/{id}/cancel")
def cancel(id: UUID, session: Write, me: Writer, now: Now, request: Request) -> JobAnswer:
    """Give a job up; one that runs ends within seconds."""
    return job_answer(actions.cancel(session, actor=me, id=id, at=now), request)


@router.get("/jobs/{id}/file", responses=file_answer(), response_class=Response)
def file(id: UUID, session: Read, me: Reader, now: Now) -> Response:
    """The file that a job made; it is kept for a day."""
    found = queries.file(session, me.district, id, at=now)
    return download(found.body, found.name, found.media_type)


def job_answer(job: Job, request: Request) -> JobAnswer:
    """A job as it is answered; why it failed in the reader's language."""
    problem = None
    if job.problem is not None:
        language = language_of(request.headers.get("accept-language"))
        said = say(job.problem["code"], job.problem["fields"], language)
        problem = {
            **job.problem["fields"],
            "code": job.problem["code"],
            "title": said.title,
            "detail": said.detail,
        }
    return JobAnswer(
        id=job.id,
        kind=job.kind,
        state=job.state,
        progress=job.progress,
        result=job.result,
        problem=problem,
        created_at=job.created_at,
        started_at=job.started_at,
        ended_at=job.ended_at,
    )
