# SPDX-License-Identifier: Apache-2.0
"""Workers, their cells and their duty."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID, uuid4

from fastapi import APIRouter, Response
from pydantic import Field

from api.deps import Now, Read, Write, allowed
from api.shapes import (
    Answer,
    Body,
    CellCodeText,
    Cursor,
    Instant,
    Limit,
    Page,
    ShortText,
    Within,
    id_cursor,
)
from api.sight import Sight
from geo.accounts.rules import Actor, Reach, may, reach_of
from geo.ids import AssignmentId, CellCode, WorkerId
from geo.workforce import actions, queries
from geo.workforce.rules import Assignment, AssignmentRole, Held, NewWorker, Worker

router = APIRouter(tags=["workers"])

Reader = Annotated[Actor, allowed("workers.read")]
Writer = Annotated[Actor, allowed("workers.write")]


class HeldAnswer(Answer):
    """A cell a worker is assigned to, and as what."""

    cell: str
    role: AssignmentRole


class WorkerAnswer(Answer):
    """A worker as he is now; `since` is when the present stretch of duty began.

    `phone` is null to whom positions of people are not shown either.
    """

    id: UUID
    name: str
    phone: str | None
    cells: list[HeldAnswer]
    on_duty: bool
    since: datetime | None
    left_at: datetime | None
    origin: str


class AssignmentAnswer(Answer):
    """Who is assigned to which cell from when until when (null: open), as what."""

    id: UUID
    worker: UUID
    cell: str
    role: AssignmentRole
    begins_at: datetime = Field(serialization_alias="from")
    ends_at: datetime | None = Field(serialization_alias="until")
    origin: str


class AssignmentsAnswer(Answer):
    """Assignments, oldest first."""

    items: list[AssignmentAnswer]


class HeldBody(Body):
    """A cell for a new worker, from now on."""

    cell: CellCodeText
    role: AssignmentRole = AssignmentRole.HOLDER


class WorkerBody(Body):
    """A worker to be taken in. Without `id` the service makes one."""

    id: UUID | None = None
    name: ShortText
    phone: ShortText | None = None
    cells: Annotated[tuple[HeldBody, ...], Field(max_length=20)] = ()


class WorkerChangeBody(Body):
    """What to change; absent or null keeps. `left` notes that he has left, for good."""

    name: ShortText | None = None
    phone: ShortText | None = None
    left: Literal[True] | None = None


class AssignmentBody(Body):
    """A cell for a worker, from an instant until another (absent: open)."""

    cell: CellCodeText
    role: AssignmentRole = AssignmentRole.HOLDER
    begins_at: Annotated[Instant | None, Field(alias="from")] = None
    ends_at: Annotated[Instant | None, Field(alias="until")] = None


class AssignmentEndBody(Body):
    """The instant at which an assignment ends."""

    ends_at: Annotated[Instant, Field(alias="until")]


class DutyBody(Body):
    """Duty on or off, at an instant."""

    on: bool
    at: Instant


@router.get("/workers")
def index(
    session: Read,
    me: Reader,
    now: Now,
    within: Within = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[WorkerAnswer]:
    """Workers of the caller's scope; a worker sees himself."""
    found = queries.workers(
        session,
        me.district,
        areas=me.areas,
        at=now,
        within=within,
        own=me.worker if reach_of(me, "workers.read") is Reach.OWN else None,
        after=id_cursor(cursor),
        limit=limit + 1,
    )
    return Page(
        items=[_answer(me, worker) for worker in found[:limit]],
        next=str(found[limit - 1].id) if len(found) > limit else None,
    )


@router.post("/workers", status_code=201, responses={200: {"model": WorkerAnswer}})
def create(
    body: WorkerBody, session: Write, me: Writer, now: Now, response: Response
) -> WorkerAnswer:
    """Take a worker in."""
    worker, made = actions.create_worker(
        session,
        actor=me,
        new=NewWorker(
            id=WorkerId(body.id or uuid4()),
            name=body.name,
            phone=body.phone,
            cells=tuple(Held(CellCode(held.cell), held.role) for held in body.cells),
        ),
        at=now,
    )
    response.status_code = 201 if made else 200
    return _answer(me, worker)


@router.get("/workers/{worker}")
def show(worker: UUID, session: Read, me: Reader, now: Now) -> WorkerAnswer:
    """One worker."""
    _may_see(session, me, worker, now)
    return _answer(me, queries.worker(session, me.district, WorkerId(worker), at=now))


@router.patch("/workers/{worker}")
def change(
    worker: UUID, body: WorkerChangeBody, session: Write, me: Writer, now: Now
) -> WorkerAnswer:
    """Change a worker's name or phone, or note that he has left."""
    changed = actions.update_worker(
        session,
        actor=me,
        worker=WorkerId(worker),
        at=now,
        name=body.name,
        phone=body.phone,
        left=body.left is True,
    )
    return _answer(me, changed)


@router.get("/workers/{worker}/assignments")
def assignments(worker: UUID, session: Read, me: Reader, now: Now) -> AssignmentsAnswer:
    """Cells of a worker: past, present and to come."""
    _may_see(session, me, worker, now)
    found = queries.assignments(session, me.district, WorkerId(worker))
    return AssignmentsAnswer(items=[_assignment(made) for made in found])


@router.post("/workers/{worker}/assignments", status_code=201)
def assign(
    worker: UUID, body: AssignmentBody, session: Write, me: Writer, now: Now
) -> AssignmentAnswer:
    """Assign a worker to a cell; from now on when `from` is absent."""
    made = actions.assign(
        session,
        actor=me,
        worker=WorkerId(worker),
        cell=CellCode(body.cell),
        role=body.role,
        begins_at=body.begins_at or now,
        ends_at=body.ends_at,
        at=now,
    )
    return _assignment(made)


@router.patch("/workers/{worker}/assignments/{assignment}")
def end_assignment(
    worker: UUID,
    assignment: UUID,
    body: AssignmentEndBody,
    session: Write,
    me: Writer,
    now: Now,
) -> AssignmentAnswer:
    """Let an assignment end earlier."""
    ended = actions.end_assignment(
        session,
        actor=me,
        worker=WorkerId(worker),
        assignment=AssignmentId(assignment),
        ends_at=body.ends_at,
        at=now,
    )
    return _assignment(ended)


@router.post("/workers/{worker}/duty")
def duty(
    worker: UUID,
    body: DutyBody,
    session: Write,
    me: Annotated[Actor, allowed("duty.set")],
    now: Now,
) -> WorkerAnswer:
    """Begin or end duty. A worker: within 10 minutes of now; a supervisor corrects any time."""
    worked = actions.set_duty(
        session, actor=me, worker=WorkerId(worker), on=body.on, duty_at=body.at, at=now
    )
    return _answer(me, worked)


def _may_see(session: Read, me: Actor, worker: UUID, now: datetime) -> None:
    area, _ = queries.area_of_worker(session, me.district, WorkerId(worker), at=now)
    may(me, "workers.read", area=area, worker=worker)


def _answer(me: Actor, worker: Worker) -> WorkerAnswer:
    shown = WorkerAnswer.model_validate(worker)
    # Who plans cells has nobody to telephone.
    return shown if Sight.of(me).people else shown.model_copy(update={"phone": None})


def _assignment(made: Assignment) -> AssignmentAnswer:
    return AssignmentAnswer.model_validate(made)
