# SPDX-License-Identifier: Apache-2.0
"""A job: what was asked for, how far it is, and what came of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from geo.errors import NotFound, WrongState
from geo.ids import DistrictCode

# A runner is heard of every two seconds; one that is silent for so long has died.
SILENT_AFTER = timedelta(seconds=15)
# A job that killed its runner so often will kill the next one too.
MOST_TRIES = 3


class JobKind(StrEnum):
    """What a job does."""

    DRAW = "draw"
    IMPACT = "impact"


class JobState(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


ENDED = (JobState.DONE, JobState.FAILED, JobState.CANCELLED)


class JobNotFound(NotFound):
    """No such job, or not this actor's."""

    code = "job.not_found"


class JobEnded(WrongState):
    """The job has ended already."""

    code = "job.ended"


class GivenUp(Exception):
    """The work has ended because it was told to."""


@dataclass(frozen=True)
class Job:
    """Long work. `progress` from 0 to 1; `result` when done, `problem` (code, fields) when failed.

    `claim` tells one try at it from another.
    """

    id: UUID
    district: DistrictCode
    kind: JobKind
    state: JobState
    progress: float
    asked: dict[str, Any]
    result: dict[str, Any] | None
    problem: dict[str, Any] | None
    cancelling: bool
    claim: UUID | None
    actor: str
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
