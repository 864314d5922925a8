# SPDX-License-Identifier: Apache-2.0
"""Jobs asked for, taken up, heard of, ended.

A job is a row. A runner that takes one up makes it his by a claim; whatever he says of it counts
only while the claim is his, so that of two runners who believe in the same job one is heard.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import case, delete, insert, or_, select, text, update
from sqlalchemy.orm import Session

from geo.accounts.rules import Actor
from geo.ids import DistrictCode
from geo.jobs import queries
from geo.jobs.rules import (
    ENDED,
    FILE_KEPT,
    MOST_TRIES,
    SILENT_AFTER,
    Job,
    JobEnded,
    JobFile,
    JobKind,
    JobState,
)
from geo.jobs.tables import JobFileRow, JobRow

# Two who ask for the same at the same moment: the second finds the job of the first.
_ONE_AT_A_TIME = text("select pg_advisory_xact_lock(hashtextextended('job ' || :words, 0))")
_ABANDONED = {"code": "job.abandoned", "fields": {"tries": MOST_TRIES}}


def ask(
    session: Session, *, actor: Actor, kind: JobKind, asked: dict[str, Any], at: datetime
) -> Job:
    """Ask for long work; a runner takes it up when it is free. Who may ask, the caller decides."""
    id = uuid4()
    session.execute(
        insert(JobRow).values(
            district=actor.district,
            id=id,
            kind=kind.value,
            state=JobState.QUEUED.value,
            progress=0.0,
            asked=asked,
            cancelling=False,
            tries=0,
            actor=actor.signature,
            created_at=at,
        )
    )
    return queries.job(session, actor.district, id)


def ask_once(
    session: Session, *, actor: Actor, kind: JobKind, asked: dict[str, Any], at: datetime
) -> Job:
    """As `ask`; a job that was asked for with exactly these words and has not ended serves all."""
    words = f"{actor.district} {kind.value} {json.dumps(asked, sort_keys=True)}"
    session.execute(_ONE_AT_A_TIME, {"words": words})
    known = queries.newest(session, actor.district, kind, asked)
    if known is not None and known.state not in ENDED:
        return known
    return ask(session, actor=actor, kind=kind, asked=asked, at=at)


def cancel(session: Session, *, actor: Actor, id: UUID, at: datetime) -> Job:
    """Give a job up: at once while it waits, as soon as its runner hears of it while it runs.

    Raises: JobNotFound, JobEnded.
    """
    row = session.scalars(
        select(JobRow).where(JobRow.district == actor.district, JobRow.id == id).with_for_update()
    ).one_or_none()
    found = queries.job(session, actor.district, id)
    if found.state in ENDED or row is None:
        raise JobEnded(job=str(id), state=found.state.value)
    row.cancelling = True
    if found.state is JobState.QUEUED:
        row.state, row.ended_at = JobState.CANCELLED.value, at
    session.flush()
    return queries.job(session, actor.district, id)


def cancel_all(
    session: Session, *, district: DistrictCode, asked: Mapping[str, Any], at: datetime
) -> None:
    """Give up every job that has not ended and was asked for with these words among others."""
    waits = JobRow.state == JobState.QUEUED.value
    session.execute(
        update(JobRow)
        .where(
            JobRow.district == district,
            JobRow.state.in_((JobState.QUEUED.value, JobState.RUNNING.value)),
            JobRow.asked.contains(asked),
        )
        .values(
            cancelling=True,
            state=case((waits, JobState.CANCELLED.value), else_=JobRow.state),
            ended_at=case((waits, at)),
        )
    )


def claim(session: Session, *, at: datetime) -> Job | None:
    """Take up the job that waits longest, or one whose runner has died; None when there is none."""
    silent = (JobRow.state == JobState.RUNNING.value) & (JobRow.heard_at < at - SILENT_AFTER)
    row = session.scalars(
        select(JobRow)
        .where(or_(JobRow.state == JobState.QUEUED.value, silent))
        .order_by(JobRow.created_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).one_or_none()
    if row is None:
        return None
    if row.cancelling or row.tries >= MOST_TRIES:
        row.state = JobState.CANCELLED.value if row.cancelling else JobState.FAILED.value
        row.problem = None if row.cancelling else _ABANDONED
        row.ended_at = at
    else:
        row.state, row.claim, row.tries = JobState.RUNNING.value, uuid4(), row.tries + 1
        row.started_at, row.heard_at, row.progress = at, at, 0.0
    session.flush()
    return queries.job(session, DistrictCode(row.district), row.id)


def hear(session: Session, job: Job, *, progress: float, at: datetime) -> bool:
    """A runner says that it lives and how far it is; whether it is to go on."""
    going = session.execute(
        update(JobRow)
        .where(*_his(job))
        .values(progress=min(max(progress, 0.0), 1.0), heard_at=at)
        .returning(JobRow.cancelling)
    ).scalar_one_or_none()
    return going is False


def finish(
    session: Session,
    job: Job,
    *,
    result: dict[str, Any],
    at: datetime,
    file: JobFile | None = None,
) -> bool:
    """A runner is done; False: the job is no longer his, and what he made must not count."""
    ended = _end(session, job, JobState.DONE, at, progress=1.0, result=result)
    if ended and file is not None:
        session.execute(
            insert(JobFileRow).values(
                district=job.district, job=job.id, expires_at=at + FILE_KEPT, **vars(file)
            )
        )
    return ended


def forget_files(session: Session, *, at: datetime) -> int:
    """Drop the files of jobs that have expired. Answers how many."""
    gone = session.execute(
        delete(JobFileRow).where(JobFileRow.expires_at <= at).returning(JobFileRow.job)
    )
    return len(gone.all())


def fail(session: Session, job: Job, *, problem: dict[str, Any], at: datetime) -> bool:
    """A job could not be done: `problem` has `code` and `fields`."""
    return _end(session, job, JobState.FAILED, at, problem=problem)


def give_up(session: Session, job: Job, *, at: datetime) -> bool:
    """A runner has stopped because it was told to."""
    return _end(session, job, JobState.CANCELLED, at)


def put_back(session: Session, job: Job) -> None:
    """A runner that is to stop leaves its job to the next, as if it had not begun."""
    session.execute(
        update(JobRow)
        .where(*_his(job))
        .values(state=JobState.QUEUED.value, claim=None, progress=0.0, tries=JobRow.tries - 1)
    )


def _end(session: Session, job: Job, state: JobState, at: datetime, **more: Any) -> bool:
    ended = session.execute(
        update(JobRow)
        .where(*_his(job))
        .values(state=state.value, ended_at=at, **more)
        .returning(JobRow.id)
    ).one_or_none()
    return ended is not None


def _his(job: Job) -> tuple[Any, ...]:
    return (
        JobRow.district == job.district,
        JobRow.id == job.id,
        JobRow.state == JobState.RUNNING.value,
        JobRow.claim == job.claim,
    )
