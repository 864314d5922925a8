# SPDX-License-Identifier: Apache-2.0
"""Tasks of a hand-over: each was carried out or prepared, and somebody should look at it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from geo.errors import NotFound
from geo.ids import PlanId
from geo.outbox import Event
from geo.values import value


class TaskKind(StrEnum):
    """What is handed over."""

    ASSIGNMENT = "assignment"
    UNHELD = "unheld"
    CHECKPOINT = "checkpoint"
    INCIDENT = "incident"
    ACCOUNT = "account"


class TaskNotFound(NotFound):
    """The plan has no such hand-over task."""

    code = "handover.task_not_found"


@dataclass(frozen=True)
class Task:
    """One thing that a plan hands over.

    `area` is the cell (or scope) that it leaves, `to` where it goes, None where that is for people
    to decide. `body` says who or what, in JSON values.
    """

    id: UUID
    plan: PlanId
    kind: TaskKind
    area: str
    to: str | None
    subject: UUID | None
    body: dict[str, Any]
    done_at: datetime | None
    done_by: str | None


@dataclass(frozen=True)
class Subject:
    """Whom or what a task is about, so that it is told from the others.

    `name` is that of a worker or an account, name and code of a checkpoint, the category of an
    incident, which says nothing of people; `reported_at` is when that incident was reported.
    """

    name: str
    reported_at: datetime | None = None


@value(kw_only=True)
class TaskDone(Event):
    """Somebody looked at what a plan hands over."""

    kind: ClassVar[str] = "handover.looked_at"
