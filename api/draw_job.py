# SPDX-License-Identifier: Apache-2.0
"""The job that draws the cells of an area anew: read what there is, draw, keep the answers."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import numpy as np

from geo.clock import Clock
from geo.db import Database
from geo.ids import PlanId
from geo.incidents.queries import places_since
from geo.jobs import actions
from geo.jobs.rules import GivenUp, Job
from geo.plans import drawings, queries
from geo.plans.autodraw import HOUSEHOLDS, DrawingCancelled, measured, workload
from geo.plans.autodraw import draw as drawn
from geo.walking.queries import barriers, streets

# So many days of incidents count as the work of a cell.
WORK_DAYS = 90


def draw(
    database: Database,
    clock: Clock,
    job: Job,
    report: Callable[[float], None],
    cancelled: Callable[[], bool],
) -> None:
    """Draw as the job asks. Raises: GivenUp, and what drawing raises."""
    asked = job.asked
    with database.snapshot() as session:
        plan = queries.entry(session, job.district, PlanId(UUID(asked["plan"])))
        before = queries.division_at(session, job.district, plan, asked["state"])
        ground = queries.ground(session, job.district, plan)
        lines = streets(session, job.district)
        walls = barriers(session, job.district)
        balance = HOUSEHOLDS
        if asked["balance"] == "workload":
            since = clock.now() - timedelta(days=WORK_DAYS)
            places = places_since(session, job.district, since)
            balance = workload(np.array(places, dtype=np.float64).reshape(-1, 2))
    try:
        answers = drawn(
            before,
            ground,
            within=asked["within"],
            cells=asked["cells"],
            balance=balance,
            tolerance=asked["tolerance"],
            seed=asked["seed"],
            keep=asked["keep"],
            streets=lines,
            barriers=walls,
            report=report,
            cancelled=cancelled,
        )
    except DrawingCancelled:
        raise GivenUp from None
    told = [dict(answer.summary) for answer in answers]
    # What is there now, to set them against.
    now = measured(before, ground, asked["within"], balance, asked["tolerance"])
    result = {"plan": asked["plan"], "state": asked["state"], "answers": told, "now": now}
    with database.transaction() as session:
        drawings.keep(
            session,
            district=job.district,
            job=job.id,
            plan=plan.id,
            state=asked["state"],
            before=before,
            answers=[(answer.division, answer.summary) for answer in answers],
        )
        if not actions.finish(session, job, result=result, at=clock.now()):
            # Somebody else has it by now: what was drawn here does not count.
            session.rollback()
            raise GivenUp
