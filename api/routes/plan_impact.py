# SPDX-License-Identifier: Apache-2.0
"""What a draft would change, before it is adopted."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.deps import Now, Read, allowed
from geo.accounts.rules import Actor
from geo.hierarchy.rules import PlanStatus
from geo.ids import PlanId
from geo.impact.queries import impact
from geo.impact.rules import Impact
from geo.plans import queries
from geo.plans.drafts import NotADraft

router = APIRouter(tags=["plans"])


@router.get("/plans/{id}/impact")
def show(
    id: UUID,
    session: Read,
    me: Annotated[Actor, allowed("plans.read")],
    now: Now,
    response: Response,
    days: Annotated[int, Query(ge=1, le=366)] = 90,
) -> Impact:
    """What adopting a draft would change: people, holders, checkpoints, open incidents, and how the
    check-ins of the last days would have been judged.

    Lists are bounded and say how many there are in all; the ETag is the revision looked at.
    """
    plan = queries.entry(session, me.district, PlanId(id))
    if plan.base is None or plan.status is not PlanStatus.DRAFT:
        raise NotADraft(plan=str(plan.id), status=plan.status.value)
    response.headers["etag"] = f'"{plan.revision}"'
    return impact(
        session,
        me.district,
        plan=plan.id,
        base=plan.base,
        division=queries.division(session, me.district, plan),
        at=now,
        since=now - timedelta(days=days),
    )
