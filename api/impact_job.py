# SPDX-License-Identifier: Apache-2.0
"""The job that judges past check-ins by a draft: many, read and judged in columns."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from pydantic import TypeAdapter

from geo.clock import Clock
from geo.db import Database
from geo.ids import PlanId
from geo.impact.past import unplaced
from geo.impact.queries import past_check_ins, scene
from geo.impact.rules import PastCheckIns
from geo.jobs import actions
from geo.jobs.rules import GivenUp, Job, heeding
from geo.plans import queries
from geo.plans.drafts import NotADraft

# What was found, as JSON and back.
FOUND = TypeAdapter(PastCheckIns)


def judge(
    database: Database,
    clock: Clock,
    job: Job,
    report: Callable[[float], None],
    cancelled: Callable[[], bool],
) -> None:
    """Judge as the job asks. Raises: GivenUp, PlanNotFound, NotADraft."""
    asked, until = job.asked, clock.now()
    with database.snapshot() as session:
        plan = queries.entry(session, job.district, PlanId(UUID(asked["plan"])))
        if plan.base is None:
            raise NotADraft(plan=str(plan.id), status=plan.status.value)
        seen = scene(
            session,
            job.district,
            plan=plan.id,
            base=plan.base,
            division=queries.division_at(session, job.district, plan, asked["state"]),
            since=until - timedelta(days=asked["days"]),
            until=until,
        )
        found = unplaced(past_check_ins(session, seen, heeding(report, cancelled)))
    with database.transaction() as session:
        result = FOUND.dump_python(found, mode="json")
        if not actions.finish(session, job, result=result, at=clock.now()):
            raise GivenUp
