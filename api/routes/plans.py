# SPDX-License-Identifier: Apache-2.0
"""Plans: the list, drafts and their edits, publishing and taking back."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID, uuid4

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from api.deps import Now, Read, Write, allowed
from api.plan_answers import (
    GEOJSON,
    REVISION_PROBLEMS,
    PlanAnswer,
    Revision,
    RevisionSeen,
    answer,
    carry_out,
    cell_feature,
    problem_feature,
    tagged,
)
from api.plan_edits import EditBody
from api.shapes import Answer, Body, Day, Name
from geo.accounts.rules import Actor
from geo.geojson import MEDIA_TYPE, collection, dumps
from geo.ids import PlanId
from geo.impact.surveying import metrics
from geo.plans import actions, queries
from geo.plans.drafts import StepKind
from geo.plans.problems import problems as find_problems
from geo.plans.publishing import publish_plan, roll_back_plan
from geo.workforce.signatures import names_behind

router = APIRouter(tags=["plans"])

Reader = Annotated[Actor, allowed("plans.read", whole=True)]
Writer = Annotated[Actor, allowed("plans.write", whole=True)]
Publisher = Annotated[Actor, allowed("plans.publish", whole=True)]


class PlanBody(Body):
    """A draft to be begun; without `id` the service makes one."""

    id: UUID | None = None
    name: Name
    based_on: UUID | Literal["in-force"] = "in-force"


class NameBody(Body):
    """Another name."""

    name: Name


class PublishBody(Body):
    """The first civil day of the plan: tomorrow or later."""

    from_: Annotated[Day, Field(alias="from")]


class StepAnswer(Answer):
    """A step of a draft: what was asked for and what came of it."""

    revision: int
    kind: StepKind
    state: int
    asked: dict[str, Any] | None
    outcome: dict[str, Any] | None
    actor: str
    by: str | None
    at: datetime


class PlansAnswer(Answer):
    """Every plan of the district."""

    items: list[PlanAnswer]


class StepsAnswer(Answer):
    """Steps of a draft, oldest first."""

    items: list[StepAnswer]


class MetricsAnswer(Answer):
    """Metrics overall and by the code of each cell (`geo.plans.metrics`)."""

    overall: dict[str, Any]
    cells: dict[str, dict[str, Any]]


class PublishedAnswer(Answer):
    """The published plan, and the code that each provisional one became."""

    plan: PlanAnswer
    codes: dict[str, str]


@router.get("/plans")
def index(session: Read, me: Reader) -> PlansAnswer:
    """Every plan of the district: drafts last."""
    found = queries.plans(session, me.district)
    return PlansAnswer(items=[answer(one) for one in found])


@router.post(
    "/plans",
    status_code=201,
    responses={200: {"model": PlanAnswer, "description": "The same again: the draft as it is now"}},
)
def begin(body: PlanBody, session: Write, me: Writer, now: Now, response: Response) -> PlanAnswer:
    """Begin a draft from the plan in force, from another published plan, or from a draft."""
    made, new = actions.begin_draft(
        session,
        actor=me,
        id=PlanId(body.id or uuid4()),
        name=body.name,
        based_on=None if body.based_on == "in-force" else PlanId(body.based_on),
        at=now,
    )
    if not new:
        response.status_code = 200
    return tagged(made, response)


@router.get("/plans/{id}", responses=GEOJSON, response_model=PlanAnswer)
def show(
    id: UUID,
    session: Read,
    me: Reader,
    response: Response,
    as_: Annotated[Literal["geojson"] | None, Query(alias="as")] = None,
) -> Any:
    """A plan, or its cells as a FeatureCollection (`?as=geojson`)."""
    found = queries.entry(session, me.district, PlanId(id))
    if as_ is None:
        return tagged(found, response)
    division = queries.division(session, me.district, found)
    ground = queries.ground(session, me.district, found)
    features = [cell_feature(cell, ground) for cell in division.cells.values()]
    # What the areas above are called: their land is that of their cells.
    areas = {code: upper.name for code, upper in division.uppers.items()}
    body = {**collection(features), "areas": areas}
    answer = Response(dumps(body), media_type=MEDIA_TYPE)
    if found.revision is not None:
        answer.headers["etag"] = f'"{found.revision}"'
    return answer


@router.patch("/plans/{id}")
def rename(
    id: UUID, body: NameBody, session: Write, me: Writer, now: Now, response: Response
) -> PlanAnswer:
    """Call a draft by another name."""
    made = actions.rename_draft(session, actor=me, plan=PlanId(id), name=body.name, at=now)
    return tagged(made, response)


@router.delete("/plans/{id}")
def discard(id: UUID, session: Write, me: Writer, now: Now) -> PlanAnswer:
    """Throw a draft away; its steps stay as a record."""
    return answer(actions.discard_draft(session, actor=me, plan=PlanId(id), at=now))


@router.get("/plans/{id}/metrics")
def show_metrics(id: UUID, session: Read, me: Reader, now: Now) -> MetricsAnswer:
    """Households, patrol rounds, compactness, barriers and the like: of each cell, and overall."""
    plan = queries.entry(session, me.district, PlanId(id))
    division = queries.division(session, me.district, plan)
    ground = queries.ground(session, me.district, plan)
    found = metrics(session, me.district, plan, division, ground, at=now)
    return MetricsAnswer.model_validate(found.fields())


@router.get("/plans/{id}/problems", responses=GEOJSON, response_class=Response)
def problems(id: UUID, session: Read, me: Reader) -> Response:
    """What is wrong with a plan, each fault with its place and the repair proposed for it."""
    plan = queries.entry(session, me.district, PlanId(id))
    division = queries.division(session, me.district, plan)
    found = find_problems(division, queries.ground(session, me.district, plan))
    return Response(dumps(collection(map(problem_feature, found))), media_type=MEDIA_TYPE)


@router.get("/plans/{id}/steps")
def steps(
    id: UUID,
    session: Read,
    me: Reader,
    after: Annotated[int, Query(ge=0, le=2_147_483_647)] = 0,
) -> StepsAnswer:
    """The steps a draft was drawn by, after a revision."""
    queries.entry(session, me.district, PlanId(id))
    found = queries.steps(session, me.district, PlanId(id), after=after)
    names = names_behind(session, me.district, {step.actor for step in found})
    items = [
        StepAnswer.model_validate({**asdict(step), "by": names.get(step.actor)}) for step in found
    ]
    return StepsAnswer(items=items)


@router.post("/plans/{id}/edits", responses=GEOJSON | REVISION_PROBLEMS, response_class=Response)
def edit(
    id: UUID,
    body: EditBody,
    session: Write,
    me: Writer,
    now: Now,
    revision: Revision,
) -> Response:
    """Carry out one edit; answers the cells that changed and what that means."""
    asked = body.model_dump(mode="json", exclude_none=True)
    return carry_out(session, me, PlanId(id), revision, body.value(), asked, now)


@router.delete("/plans/{id}/edits/last", responses=REVISION_PROBLEMS)
def undo(
    id: UUID,
    session: Write,
    me: Writer,
    now: Now,
    revision: Revision,
    response: Response,
) -> PlanAnswer:
    """Undo the last edit."""
    made = actions.undo(session, actor=me, plan=PlanId(id), revision=revision, at=now)
    return tagged(made, response)


@router.post("/plans/{id}/edits/redo", responses=REVISION_PROBLEMS)
def redo(
    id: UUID,
    session: Write,
    me: Writer,
    now: Now,
    revision: Revision,
    response: Response,
) -> PlanAnswer:
    """Do again what was undone last."""
    made = actions.redo(session, actor=me, plan=PlanId(id), revision=revision, at=now)
    return tagged(made, response)


@router.post("/plans/{id}/publish", responses=REVISION_PROBLEMS)
def publish(
    id: UUID,
    body: PublishBody,
    session: Write,
    me: Publisher,
    now: Now,
    revision: RevisionSeen,
) -> PublishedAnswer:
    """Publish a draft from a day on; provisional codes become final.

    With `If-Match` only the revision that was decided on.
    """
    made, codes = publish_plan(
        session,
        actor=me,
        plan=PlanId(id),
        begins_on=body.from_,
        at=now,
        revision=revision,
    )
    return PublishedAnswer(plan=answer(queries.entry(session, me.district, made.id)), codes=codes)


@router.post("/plans/{id}/rollback")
def roll_back(id: UUID, session: Write, me: Publisher, now: Now) -> PlanAnswer:
    """Take a published plan back; answers the plan that follows in its place."""
    made = roll_back_plan(session, actor=me, plan=PlanId(id), at=now)
    return answer(queries.entry(session, me.district, made.id))
