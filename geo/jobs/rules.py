# SPDX-License-Identifier: Apache-2.0
"""A job: what was asked for, how far it is, and what came of it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from geo.errors import NotFound, WrongState
from geo.ids import DistrictCode

# A runner is heard of every two seconds; one that is silent for so long has died.
SILENT_AFTER = timedelta(seconds=15)
# A file that a job made is there to be fetched for so long.
FILE_KEPT = timedelta(days=1)
# A job that killed its runner so often will kill the next one too.
MOST_TRIES = 3


class JobKind(StrEnum):
    """What a job does."""

    DRAW = "draw"
    IMPACT = "impact"
    SHEETS = "sheets"


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


class JobFileNotFound(NotFound):
    """The job made no file, has not ended, or its file has expired."""

    code = "job.file_not_found"


class GivenUp(Exception):
    """The work has ended because it was told to."""


def heeding(
    report: Callable[[float], None], cancelled: Callable[[], bool]
) -> Callable[[float], None]:
    """A report of how far work is that ends it when it is given up: it raises GivenUp."""

    def heed(progress: float) -> None:
        report(progress)
        if cancelled():
            raise GivenUp

    return heed


@dataclass(frozen=True)
class JobFile:
    """A file that a job made; `name` is what it is to be called by who fetches it."""

    name: str
    media_type: str
    body: bytes


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
