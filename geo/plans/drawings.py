# SPDX-License-Identifier: Apache-2.0
"""Answers of automatic drawing: kept beside the draft, looked at, and one of them adopted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from geo.accounts.rules import Actor
from geo.errors import NotFound
from geo.ids import DistrictCode, PlanId
from geo.plans import delta, queries
from geo.plans.actions import take_step
from geo.plans.drafts import PlanEntry, RevisionStale, StepKind
from geo.plans.holding import held
from geo.plans.rules import Division
from geo.plans.tables import DrawingRow


class DrawingNotFound(NotFound):
    """The job has no such answer, or has not ended."""

    code = "plan.drawing_not_found"


@dataclass(frozen=True)
class Drawing:
    """One answer of a job: another division of a draft as it stood at a step."""

    job: UUID
    number: int
    plan: PlanId
    state: int
    summary: dict[str, Any]
    division: Division


def keep(
    session: Session,
    *,
    district: DistrictCode,
    job: UUID,
    plan: PlanId,
    state: int,
    before: Division,
    answers: Sequence[tuple[Division, Mapping[str, Any]]],
) -> None:
    """Keep the answers of a job, counted from 1."""
    session.execute(
        insert(DrawingRow),
        [
            {
                "district": district,
                "job": job,
                "number": number,
                "plan": plan,
                "state": state,
                "summary": dict(summary),
                "delta": delta.difference(before, division),
            }
            for number, (division, summary) in enumerate(answers, start=1)
        ],
    )


def drawing(
    session: Session, district: DistrictCode, plan: PlanEntry, job: UUID, number: int
) -> Drawing:
    """One answer. Raises: DrawingNotFound, NotADraft."""
    row = session.scalars(
        select(DrawingRow).where(
            DrawingRow.district == district,
            DrawingRow.job == job,
            DrawingRow.number == number,
            DrawingRow.plan == plan.id,
        )
    ).one_or_none()
    if row is None:
        raise DrawingNotFound(job=str(job), number=number)
    before = queries.division_at(session, district, plan, row.state)
    after = delta.applied(before, row.delta)
    return Drawing(row.job, row.number, plan.id, row.state, row.summary, after)


def adopt(
    session: Session,
    *,
    actor: Actor,
    plan: PlanId,
    revision: int,
    job: UUID,
    number: int,
    at: datetime,
) -> PlanEntry:
    """Make an answer the next step of its draft, which must stand as it was drawn from.

    Raises: NotAllowed, PlanNotFound, NotADraft, RevisionStale, DrawingNotFound.
    Records: DraftChanged.
    """
    draft = held(session, actor, plan, revision)
    chosen = drawing(session, actor.district, draft, job, number)
    if draft.state != chosen.state:
        missed = queries.steps(session, actor.district, plan, after=chosen.state)
        raise RevisionStale(
            plan=str(plan),
            revision=draft.revision,
            yours=chosen.state,
            steps=[step.as_fields() for step in missed],
        )
    asked = {"op": "draw", "job": str(job), "answer": number}
    return take_step(
        session, actor, draft, StepKind.DRAW, chosen.division, asked, chosen.summary, at
    )
