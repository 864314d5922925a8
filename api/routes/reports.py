# SPDX-License-Identifier: Apache-2.0
"""Reports over time: by hour and area, never by person."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy.orm import Session

from api.deps import Now, Read, allowed
from api.shapes import Answer, Instant, Within
from geo.accounts.rules import Actor
from geo.clock import civil_date
from geo.columns import Origin
from geo.hierarchy import queries as hierarchy
from geo.ids import AreaCode, level_of
from geo.reports.queries import linkup_report

router = APIRouter(tags=["reports"])

_USUALLY = timedelta(days=30)


class SpreadAnswer(Answer):
    """Seconds from the alarm on: median, tails and the worst, by nearest rank."""

    count: int
    p50: float | None
    p90: float | None
    p95: float | None
    most: float | None


class MeasuresAnswer(Answer):
    """A group of linkups: how many there were, and how long they took."""

    key: str
    linkups: int
    accepted: int
    connected: int
    timeouts: int
    climbed: int
    to_command: int
    key_to_ask: SpreadAnswer
    to_ask: SpreadAnswer
    to_accept: SpreadAnswer
    to_connect: SpreadAnswer


class LinkupReportAnswer(Answer):
    """Times to connect. `by_hour` is the hour of the alarm, `names` those of the areas."""

    within: str
    begins_at: datetime
    ends_at: datetime
    origin: Origin
    total: MeasuresAnswer
    by_hour: list[MeasuresAnswer]
    by_area: list[MeasuresAnswer]
    names: dict[str, str]


@router.get("/reports/linkups")
def linkups(
    session: Read,
    me: Annotated[Actor, allowed("reports.read")],
    now: Now,
    begins_at: Annotated[Instant | None, Query(alias="from")] = None,
    ends_at: Annotated[Instant | None, Query(alias="until")] = None,
    within: Within = None,
    origin: Origin = Origin.REAL,
) -> LinkupReportAnswer:
    """From alarm to first ask, acceptance and connection; the last 30 days when unsaid."""
    until = ends_at or now
    found = linkup_report(
        session,
        me,
        begins_at=begins_at or until - _USUALLY,
        ends_at=until,
        within=within,
        origin=origin,
    )
    codes = [found.within, *(one.key for one in found.by_area)]
    return LinkupReportAnswer(
        within=found.within,
        begins_at=found.begins_at,
        ends_at=found.ends_at,
        origin=found.origin,
        total=MeasuresAnswer.model_validate(found.total),
        by_hour=[MeasuresAnswer.model_validate(one) for one in found.by_hour],
        by_area=[MeasuresAnswer.model_validate(one) for one in found.by_area],
        names=_names(session, me, codes, now),
    )


def _names(session: Session, me: Actor, codes: list[str], now: datetime) -> dict[str, str]:
    """Names by the plan in force today; an area that is no more has none."""
    today = civil_date(now, hierarchy.district(session, me.district).time_zone)
    plan = hierarchy.plan_in_force(session, me.district, today).id
    named = {
        area.code: area.name
        for level in {level_of(code) for code in codes}
        for area in hierarchy.areas(
            session, me.district, plan, level=level, within=codes[:1], geometry=False
        )
    }
    return {code: named[AreaCode(code)] for code in codes if code in named}
