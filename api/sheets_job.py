# SPDX-License-Identifier: Apache-2.0
"""The job that draws the map sheets of many communities as one PDF."""

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

from sqlalchemy.orm import Session

from geo.clock import Clock, civil_date
from geo.db import Database
from geo.hierarchy.queries import district
from geo.ids import DistrictCode, PlanId
from geo.jobs import actions
from geo.jobs.rules import GivenUp, Job, JobFile, heeding
from geo.plans import queries
from geo.plans.drafts import PlanEntry


def draw_sheets(
    database: Database,
    clock: Clock,
    job: Job,
    report: Callable[[float], None],
    cancelled: Callable[[], bool],
) -> None:
    """Draw as the job asks. Raises: GivenUp, PlanNotFound, NoBase, CodesUsedUp, AreaUnknown."""
    # What writes documents is loaded by who asks for one, not by every process that starts.
    from geo.interchange.plan_documents import sheets_of

    asked = job.asked
    with database.snapshot() as session:
        plan = queries.entry(session, job.district, PlanId(UUID(asked["plan"])))
        zone = district(session, job.district).time_zone
        body = sheets_of(
            session,
            job.district,
            # As it stood when it was asked for, whatever has been drawn since.
            replace(plan, state=asked["state"]),
            drawn_on=civil_date(clock.now(), zone),
            within=asked["within"],
            report=heeding(report, cancelled),
        )
        name = sheets_name(session, job.district, plan, asked["within"])
    file = JobFile(name, "application/pdf", body)
    with database.transaction() as session:
        result = {"plan": asked["plan"], "bytes": len(body)}
        if not actions.finish(session, job, result=result, at=clock.now(), file=file):
            raise GivenUp


def sheets_name(session: Session, district: DistrictCode, plan: PlanEntry, within: str) -> str:
    """What the file with the sheets of an area is called: after the plan and the area."""
    upper = queries.division(session, district, plan).uppers.get(within)
    return f"{plan.name} {upper.name if upper else within} 网格图.pdf"
