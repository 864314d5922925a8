# SPDX-License-Identifier: Apache-2.0
"""Plans: the list, drafts and their edits, publishing and taking back."""

from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Header, Query
from pydantic import Field
from starlette.responses import Response

from api.deps import Now, Read, Write, allowed
from api.plan_edits import EditBody
from api.shapes import Answer, Body, Day, ShortText
from geo.accounts.rules import Actor
from geo.clock import civil_date
from geo.errors import Unconditional
from geo.geojson import MEDIA_TYPE, collection, dumps, feature
from geo.hierarchy import queries as hierarchy
from geo.hierarchy.rules import PlanStatus
from geo.ids import PlanId
from geo.impact.surveying import metrics
from geo.plans import actions, edits, queries
from geo.plans.drafts import PlanEntry, StepKind
from geo.plans.faults import Problem
from geo.plans.lattice import area_m2, to_degrees
from geo.plans.metrics import change
from geo.plans.problems import problems as find_problems
from geo.plans.rules import Cell, Division, Ground
from geo.workforce.signatures import names_behind

router = APIRouter(tags=["plans"])

Reader = Annotated[Actor, allowed("plans.read")]
Writer = Annotated[Actor, allowed("plans.write")]
Publisher = Annotated[Actor, allowed("plans.publish")]
GEOJSON: dict[int | str, dict[str, Any]] = {
    200: {"content": {MEDIA_TYPE: {"schema": {"type": "object"}}}, "description": "GeoJSON"}
}


class RevisionRequired(Unconditional):
    """An edit must say which revision it was decided on."""

    code = "plan.revision_required"


def revision_of(
    if_match: Annotated[str | None, Header(description='`"<revision>"`, of the ETag')] = None,
) -> int:
    """The revision an editor saw. Raises: RevisionRequired."""
    said = (if_match or "").strip()
    number = said.removeprefix("W/").strip('"')
    if not (number.isascii() and number.isdigit()) or len(number) > 9:
        raise RevisionRequired(if_match=said[:40])
    return int(number)


Revision = Annotated[int, Depends(revision_of)]


class PlanBody(Body):
    """A draft to be begun; without `id` the service makes one."""

    id: UUID | None = None
    name: ShortText
    based_on: UUID | Literal["in-force"] = "in-force"


class NameBody(Body):
    """Another name."""

    name: ShortText


class PublishBody(Body):
    """The first civil day of the plan: tomorrow or later."""

    from_: Annotated[Day, Field(alias="from")]


class PlanAnswer(Answer):
    """A plan; the fields of drawing are null for one that was never drawn here."""

    id: UUID
    name: str
    status: PlanStatus
    begins_on: Annotated[date | None, Field(serialization_alias="from")]
    ends_on: Annotated[date | None, Field(serialization_alias="until")]
    created_at: datetime
    base: UUID | None
    revision: int | None
    can_undo: bool
    can_redo: bool
    changed_at: datetime | None
    actor: str | None


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
    return PlansAnswer(items=[_answer(one) for one in found])


@router.post("/plans", status_code=201)
def begin(body: PlanBody, session: Write, me: Writer, now: Now, response: Response) -> PlanAnswer:
    """Begin a draft from the plan in force, from another published plan, or from a draft."""
    if body.based_on == "in-force":
        home = hierarchy.district(session, me.district)
        today = civil_date(now, home.time_zone)
        based_on = hierarchy.plan_in_force(session, me.district, today).id
    else:
        based_on = PlanId(body.based_on)
    made = actions.begin_draft(
        session,
        actor=me,
        id=PlanId(body.id or uuid4()),
        name=body.name,
        based_on=based_on,
        at=now,
    )
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
    return _answer(actions.discard_draft(session, actor=me, plan=PlanId(id), at=now))


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
    return Response(dumps(collection(map(_problem_feature, found))), media_type=MEDIA_TYPE)


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


@router.post("/plans/{id}/edits", responses=GEOJSON, response_class=Response)
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
    moved: dict[str, Any] = {}

    def weigh(before: Division, edited: edits.Edited, ground: Ground) -> dict[str, Any]:
        draft = queries.entry(session, me.district, PlanId(id))
        was = metrics(session, me.district, draft, before, ground, at=now)
        moved.update(
            change(was, metrics(session, me.district, draft, edited.division, ground, at=now))
        )
        return {"overall": moved["overall"]}

    now_is, edited = actions.edit_draft(
        session,
        actor=me,
        plan=PlanId(id),
        revision=revision,
        edit=body.value(),
        asked=asked,
        at=now,
        outcome=weigh,
    )
    ground = queries.ground(session, me.district, now_is)
    return changed_answer(now_is, edited, ground, moved)


@router.delete("/plans/{id}/edits/last")
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


@router.post("/plans/{id}/edits/redo")
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


@router.post("/plans/{id}/publish")
def publish(
    id: UUID, body: PublishBody, session: Write, me: Publisher, now: Now
) -> PublishedAnswer:
    """Publish a draft from a day on; provisional codes become final."""
    made, codes = actions.publish_plan(
        session, actor=me, plan=PlanId(id), begins_on=body.from_, at=now
    )
    return PublishedAnswer(plan=_answer(queries.entry(session, me.district, made.id)), codes=codes)


@router.post("/plans/{id}/rollback")
def roll_back(id: UUID, session: Write, me: Publisher, now: Now) -> PlanAnswer:
    """Take a published plan back; answers the plan that follows in its place."""
    made = actions.roll_back_plan(session, actor=me, plan=PlanId(id), at=now)
    return _answer(queries.entry(session, me.district, made.id))


def cell_feature(cell: Cell, ground: Ground) -> dict[str, Any]:
    """A cell of a draft as a Feature, WGS-84."""
    return feature(
        to_degrees(cell.shape),
        {
            "code": cell.code,
            "name": cell.name,
            "community": cell.community,
            "households": ground.households(cell.buildings),
            "buildings": len(cell.buildings),
            "groups": len(cell.groups),
            "area_m2": round(area_m2(cell.shape, ground.srid), 1),
            "came_from": list(cell.came_from),
            "locked": cell.locked,
        },
    )


def changed_answer(
    plan: PlanEntry, edited: edits.Edited, ground: Ground, moved: dict[str, Any]
) -> Response:
    """What an edit changed, as the editor needs it to go on drawing."""
    division = edited.division
    cells = [division.cells[code] for code in edited.changed]
    found = find_problems(division, ground, codes={*edited.changed, *edited.removed})
    body = {
        "revision": plan.revision,
        "changed": collection(cell_feature(cell, ground) for cell in cells),
        "removed": list(edited.removed),
        "asked_m2": edited.asked_m2,
        "moved_m2": edited.moved_m2,
        "metrics_change": moved,
        "problems": collection(map(_problem_feature, found)),
    }
    return Response(
        dumps(body), media_type="application/json", headers={"etag": f'"{plan.revision}"'}
    )


def _problem_feature(problem: Problem) -> dict[str, Any]:
    return feature(problem.where, problem.as_fields())


def _answer(plan: PlanEntry) -> PlanAnswer:
    return PlanAnswer(
        id=plan.id,
        name=plan.name,
        status=plan.status,
        begins_on=plan.begins_on,
        ends_on=plan.ends_on,
        created_at=plan.created_at,
        base=plan.base,
        revision=plan.revision,
        can_undo=bool(plan.state) and plan.status is PlanStatus.DRAFT,
        can_redo=bool(plan.undone) and plan.status is PlanStatus.DRAFT,
        changed_at=plan.changed_at,
        actor=plan.actor,
    )


def tagged(plan: PlanEntry, response: Response) -> PlanAnswer:
    """A plan as it is answered, its revision as the ETag."""
    response.headers["etag"] = f'"{plan.revision}"'
    return _answer(plan)
