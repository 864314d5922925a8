# SPDX-License-Identifier: Apache-2.0
"""Cells drawn automatically: asked for as a job, looked at, and one answer adopted."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Request
from pydantic import Field
from starlette.responses import Response

from api.deps import Now, Read, Write, allowed
from api.plan_answers import GEOJSON, REVISION_PROBLEMS, PlanAnswer, Revision, cell_feature, tagged
from api.plan_edits import DraftCode
from api.routes.jobs import JobAnswer, job_answer
from api.shapes import Body
from geo.accounts.rules import Actor
from geo.geojson import MEDIA_TYPE, collection, dumps
from geo.ids import PlanId
from geo.jobs import actions as jobs
from geo.jobs.rules import JobKind
from geo.plans import drawings, queries
from geo.plans.holding import locked_draft

router = APIRouter(tags=["plans"])

Reader = Annotated[Actor, allowed("plans.read", whole=True)]
Writer = Annotated[Actor, allowed("plans.write", whole=True)]
Number = Annotated[int, Path(ge=1, le=3)]


class DrawBody(Body):
    """What to draw anew. Without `cells` each community gets as many as it has.

    `keep` starts from today's cells and moves few households; without it only the land, its streets
    and its people count. The same `seed` gives the same answers.
    """

    within: DraftCode
    cells: Annotated[int, Field(ge=1, le=100_000)] | None = None
    balance: Literal["households", "workload"] = "households"
    tolerance: Annotated[float, Field(gt=0, le=1)] = 0.05
    seed: Annotated[int, Field(ge=0, le=2_147_483_647)] = 1
    keep: bool = False


@router.post("/plans/{id}/draw", status_code=202)
def draw(
    id: UUID, body: DrawBody, session: Write, me: Writer, now: Now, request: Request
) -> JobAnswer:
    """Ask for three drawings of an area; the job shows how far they are."""
    plan = locked_draft(session, me.district, PlanId(id))
    asked = {"plan": str(id), "state": plan.state, **body.model_dump(mode="json")}
    job = jobs.ask(session, actor=me, kind=JobKind.DRAW, asked=asked, at=now)
    return job_answer(job, request)


@router.get("/plans/{id}/drawings/{job}/{number}", responses=GEOJSON, response_class=Response)
def show(id: UUID, job: UUID, number: Number, session: Read, me: Reader) -> Response:
    """The cells of one answer, as a FeatureCollection, before it is adopted."""
    plan = queries.entry(session, me.district, PlanId(id))
    found = drawings.drawing(session, me.district, plan, job, number)
    ground = queries.ground(session, me.district, plan)
    cells = found.division.cells.values()
    return Response(
        dumps(collection(cell_feature(cell, ground) for cell in cells)), media_type=MEDIA_TYPE
    )


@router.post("/plans/{id}/drawings/{job}/{number}", responses=REVISION_PROBLEMS)
def adopt(
    id: UUID,
    job: UUID,
    number: Number,
    session: Write,
    me: Writer,
    now: Now,
    revision: Revision,
    response: Response,
) -> PlanAnswer:
    """Make one answer the next step of the draft it was drawn from."""
    made = drawings.adopt(
        session, actor=me, plan=PlanId(id), revision=revision, job=job, number=number, at=now
    )
    return tagged(made, response)
