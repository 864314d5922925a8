# SPDX-License-Identifier: Apache-2.0
"""A draft becomes the plan of the district from a day on, and can be taken back."""

from datetime import date, datetime

from sqlalchemy.orm import Session

from geo.accounts.rules import Actor, may
from geo.hierarchy import queries as hierarchy
from geo.hierarchy import succession
from geo.hierarchy.rules import NothingToRollBack, Plan
from geo.ids import PlanId
from geo.jobs import actions as jobs
from geo.plans import queries
from geo.plans.drafts import ProblemsRemain
from geo.plans.holding import locked_draft
from geo.plans.numbering import final_codes
from geo.plans.opening import closed
from geo.plans.problems import problems

_PROBLEMS_TOLD = 100


def publish_plan(
    session: Session,
    *,
    actor: Actor,
    plan: PlanId,
    begins_on: date,
    at: datetime,
    revision: int | None = None,
) -> tuple[Plan, dict[str, str]]:
    """Publish a draft from a civil date on; answers it with the final code of each provisional one.

    `revision` is the one that was decided on: what was drawn since is not published unseen. What
    is still being worked out for the draft is given up.

    Raises: NotAllowed, PlanNotFound, NotADraft, RevisionStale, BeingEdited, PlanDateTooEarly,
    PlanBaseMoved, PlanFollowed, ProblemsRemain, CodesUsedUp.  Records: PlanPublished.
    """
    may(actor, "plans.publish")
    draft = locked_draft(session, actor.district, plan, revision=revision)
    assert draft.base is not None
    now = succession.followed_from(
        session, district=actor.district, base=draft.base, begins_on=begins_on, at=at
    )
    division = queries.division(session, actor.district, draft)
    left = problems(division, queries.ground(session, actor.district, draft))
    if left:
        raise ProblemsRemain(
            plan=str(plan),
            count=len(left),
            problems=[problem.as_fields() for problem in left[:_PROBLEMS_TOLD]],
        )
    codes = final_codes(division, hierarchy.all_codes(session, actor.district))
    base = queries.base_of(session, actor.district, draft)
    areas = hierarchy.areas(session, actor.district, draft.base)
    buildings = hierarchy.buildings(session, actor.district, draft.base)
    made = succession.publish(
        session,
        district=actor.district,
        plan=plan,
        now=now,
        succession=closed(division, base, areas, buildings, codes),
        begins_on=begins_on,
        at=at,
        by=actor.signature,
    )
    jobs.cancel_all(session, district=actor.district, asked={"plan": str(plan)}, at=at)
    return made, codes


def roll_back_plan(session: Session, *, actor: Actor, plan: PlanId, at: datetime) -> Plan:
    """Take a published plan back; answers the plan that follows in its place.

    Raises: NotAllowed, PlanNotFound, NothingToRollBack, PlanFollowed.
    Records: PlanWithdrawn or PlanPublished.
    """
    may(actor, "plans.publish")
    found = queries.entry(session, actor.district, plan)
    if found.base is None:
        raise NothingToRollBack(plan=str(plan), status=found.status.value)
    return succession.roll_back(
        session,
        district=actor.district,
        plan=plan,
        base=found.base,
        at=at,
        by=actor.signature,
    )
