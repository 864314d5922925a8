# SPDX-License-Identifier: Apache-2.0
"""Jobs as they stand."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from geo.ids import DistrictCode
from geo.jobs.rules import Job, JobFile, JobFileNotFound, JobKind, JobNotFound, JobState
from geo.jobs.tables import JobFileRow, JobRow


def job(session: Session, district: DistrictCode, id: UUID) -> Job:
    """One job. Raises: JobNotFound."""
    row = session.scalars(
        select(JobRow)
        .where(JobRow.district == district, JobRow.id == id)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        raise JobNotFound(job=str(id))
    return job_of(row)


def newest(
    session: Session, district: DistrictCode, kind: JobKind, asked: dict[str, Any]
) -> Job | None:
    """The job that was asked for last with exactly these words."""
    row = session.scalars(
        select(JobRow)
        .where(JobRow.district == district, JobRow.kind == kind.value, JobRow.asked == asked)
        .order_by(JobRow.created_at.desc())
        .limit(1)
        .execution_options(populate_existing=True)
    ).one_or_none()
    return None if row is None else job_of(row)


def file(session: Session, district: DistrictCode, id: UUID, *, at: datetime) -> JobFile:
    """The file that a job made. Raises: JobFileNotFound."""
    row = session.scalars(
        select(JobFileRow).where(
            JobFileRow.district == district, JobFileRow.job == id, JobFileRow.expires_at > at
        )
    ).one_or_none()
    if row is None:
        raise JobFileNotFound(job=str(id))
    return JobFile(name=row.name, media_type=row.media_type, body=row.body)


def job_of(row: JobRow) -> Job:
    """A row as the value it stands for."""
    return Job(
        id=row.id,
        district=DistrictCode(row.district),
        kind=JobKind(row.kind),
        state=JobState(row.state),
        progress=row.progress,
        asked=row.asked,
        result=row.result,
        problem=row.problem,
        cancelling=row.cancelling,
        claim=row.claim,
        actor=row.actor,
        created_at=row.created_at,
        started_at=row.started_at,
        ended_at=row.ended_at,
    )
