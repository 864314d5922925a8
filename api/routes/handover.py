# SPDX-License-Identifier: Apache-2.0
"""What a published plan hands over, and who has looked at it."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy.orm import Session

from api.deps import Now, Read, Write, allowed
from api.shapes import Answer, Body
from geo.accounts.rules import Actor, in_scope
from geo.handover import queries
from geo.handover.actions import finish_task
from geo.handover.rules import Subject, Task, TaskKind
from geo.ids import PlanId
from geo.plans.queries import entry

router = APIRouter(tags=["plans"])


class DoneBody(Body):
    """Whether it has been looked at."""

    done: bool = True


class TaskAnswer(Answer):
    """One thing handed over: from an area to another (null: for people to decide).

    `name` is what the subject is called: a worker, a checkpoint with its code, an account; of an
    incident its category, with `reported_at`.
    """

    id: UUID
    plan: UUID
    kind: TaskKind
    area: str
    to: str | None
    subject: UUID | None
    name: str | None
    reported_at: datetime | None
    body: dict[str, Any]
    done_at: datetime | None
    done_by: str | None


class TasksAnswer(Answer):
    """Everything a plan hands over in the caller's scope, and how much of it is done."""

    items: list[TaskAnswer]
    done: int


@router.get("/plans/{id}/handover")
def index(id: UUID, session: Read, me: Annotated[Actor, allowed("handover.read")]) -> TasksAnswer:
    """What a plan hands over: assignments, checkpoints, open incidents, accounts."""
    entry(session, me.district, PlanId(id))
    found = queries.tasks(session, me.district, PlanId(id))
    mine = [task for task in found if _concerns(me, task)]
    return TasksAnswer(
        items=_answers(session, me, mine),
        done=sum(task.done_at is not None for task in mine),
    )


@router.post("/plans/{id}/handover/{task}")
def finish(
    id: UUID,
    task: UUID,
    body: DoneBody,
    session: Write,
    me: Annotated[Actor, allowed("handover.write")],
    now: Now,
) -> TaskAnswer:
    """Note that it has been looked at, or that it has not after all."""
    done = finish_task(session, actor=me, plan=PlanId(id), task=task, done=body.done, at=now)
    return _answers(session, me, [done])[0]


def _answers(session: Session, me: Actor, tasks: list[Task]) -> list[TaskAnswer]:
    about = queries.subjects(session, me.district, tasks)
    nobody = Subject("")
    answers = []
    for task in tasks:
        subject = about.get(task.subject, nobody) if task.subject else nobody
        named = {"name": subject.name or None, "reported_at": subject.reported_at}
        answers.append(TaskAnswer.model_validate({**asdict(task), **named}))
    return answers


def _concerns(me: Actor, task: Task) -> bool:
    return in_scope(me, task.area) or (task.to is not None and in_scope(me, task.to))
