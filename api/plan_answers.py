# SPDX-License-Identifier: Apache-2.0
"""Plans as they are answered: entries with their revision, cells, faults, what an edit changed."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Header
from pydantic import Field
from sqlalchemy.orm import Session
from starlette.responses import Response

from api.errors import problems as error_answers
from api.shapes import Answer
from geo.accounts.rules import Actor
from geo.errors import Outdated, Unconditional
from geo.geojson import MEDIA_TYPE, collection, dumps, feature
from geo.hierarchy.rules import PlanStatus
from geo.ids import PlanId
from geo.impact.surveying import metrics
from geo.plans import actions, queries
from geo.plans.drafts import PlanEntry
from geo.plans.edits import Edit, Edited
from geo.plans.faults import Problem
from geo.plans.lattice import area_m2, to_degrees
from geo.plans.metrics import change
from geo.plans.problems import problems
from geo.plans.rules import Cell, Division, Ground

GEOJSON: dict[int | str, dict[str, Any]] = {
    200: {"content": {MEDIA_TYPE: {"schema": {"type": "object"}}}, "description": "GeoJSON"}
}


class RevisionRequired(Unconditional):
    """An edit must say which revision it was decided on."""

    code = "plan.revision_required"


class RevisionWeak(Outdated):
    """A weak entity tag never matches in If-Match (RFC 9110, 13.1.1)."""

    code = "plan.revision_weak"


def revision_of(
    if_match: Annotated[str | None, Header(description='`"<revision>"`, of the ETag')] = None,
) -> int:
    """The revision an editor saw. Raises: RevisionRequired, RevisionWeak."""
    said = (if_match or "").strip()
    if said.startswith("W/"):
        raise RevisionWeak(if_match=said[:40])
    number = said.strip('"')
    if not (number.isascii() and number.isdigit()) or len(number) > 9:
        raise RevisionRequired(if_match=said[:40])
    return int(number)


def revision_seen(
    if_match: Annotated[str | None, Header(description='`"<revision>"`, of the ETag')] = None,
) -> int | None:
    """As `revision_of`, where it is said at all."""
    return None if if_match is None else revision_of(if_match)


Revision = Annotated[int, Depends(revision_of)]
RevisionSeen = Annotated[int | None, Depends(revision_seen)]
# What a route that asks for the revision may answer besides.
REVISION_PROBLEMS = error_answers(412, 428)


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


def carry_out(
    session: Session,
    me: Actor,
    plan: PlanId,
    revision: int,
    edit: Edit,
    asked: dict[str, Any],
    now: datetime,
) -> Response:
    """Carry out an edit; answer what it changed, as its editor needs it to go on drawing."""
    moved: dict[str, Any] = {}

    def weigh(before: Division, edited: Edited, ground: Ground) -> dict[str, Any]:
        draft = queries.entry(session, me.district, plan)
        was = metrics(session, me.district, draft, before, ground, at=now)
        will = metrics(session, me.district, draft, edited.division, ground, at=now)
        moved.update(change(was, will))
        return {"overall": moved["overall"]}

    draft, edited = actions.edit_draft(
        session,
        actor=me,
        plan=plan,
        revision=revision,
        edit=edit,
        asked=asked,
        at=now,
        outcome=weigh,
    )
    division, ground = edited.division, queries.ground(session, me.district, draft)
    cells = [division.cells[code] for code in edited.changed]
    found = problems(division, ground, codes={*edited.changed, *edited.removed})
    body = {
        "revision": draft.revision,
        "changed": collection(cell_feature(cell, ground) for cell in cells),
        "removed": list(edited.removed),
        "asked_m2": edited.asked_m2,
        "moved_m2": edited.moved_m2,
        "metrics_change": moved,
        "problems": collection(map(problem_feature, found)),
    }
    return Response(
        dumps(body), media_type="application/json", headers={"etag": f'"{draft.revision}"'}
    )


def problem_feature(problem: Problem) -> dict[str, Any]:
    """A fault of a plan as a Feature, WGS-84."""
    return feature(problem.where, problem.as_fields())


def answer(plan: PlanEntry) -> PlanAnswer:
    """A plan as it is answered."""
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
    return answer(plan)
