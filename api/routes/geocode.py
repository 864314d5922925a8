# SPDX-License-Identifier: Apache-2.0
"""From the addresses people say to places."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool

from api.deps import Now, Read, allowed, service
from api.geocoders.asking import Outside, Place, Reason
from api.geocoders.services import Question
from api.shapes import Answer, Page, ShortText
from geo.accounts.rules import Actor
from geo.clock import civil_date
from geo.db import Database
from geo.gazetteer import queries
from geo.gazetteer.rules import Match
from geo.hierarchy.queries import district, extent, plan_in_force
from geo.ids import DistrictCode

router = APIRouter(tags=["places"])

Said = Annotated[ShortText, Query(description="An address or a name, as somebody says it")]


class CandidateAnswer(Answer):
    """A place that a text may mean. Equal scores are ties; `cell` is null outside every cell."""

    label: str
    kind: str
    lon: float
    lat: float
    score: float
    cell: str | None
    match: Match


class OutsideCandidateAnswer(Answer):
    """A place that an outside geocoder found. `kind` is its own word; `credit` is to be shown."""

    label: str
    kind: str
    lon: float
    lat: float
    cell: str | None
    geocoder: str
    credit: str


class FailureAnswer(Answer):
    """An outside geocoder that gave nothing."""

    geocoder: str
    code: Reason


class OutsideAnswer(Answer):
    """What the outside geocoders found. No scores: theirs say nothing beside each other."""

    items: list[OutsideCandidateAnswer]
    failed: list[FailureAnswer]


@router.get("/geocode")
def geocode(
    session: Read,
    me: Annotated[Actor, allowed("places.find")],
    now: Now,
    q: Said,
    limit: Annotated[int, Query(ge=1, le=20)] = 5,
) -> Page[CandidateAnswer]:
    """Places a text may mean, best first."""
    on = civil_date(now, district(session, me.district).time_zone)
    found = queries.geocode(session, me.district, q, limit=limit, on=on)
    return Page(items=[CandidateAnswer.model_validate(one) for one in found])


@router.get("/geocode/outside")
async def geocode_outside(
    request: Request,
    me: Annotated[Actor, allowed("places.find_outside")],
    now: Now,
    q: Said,
    limit: Annotated[int, Query(ge=1, le=20)] = 5,
) -> OutsideAnswer:
    """Places in the district that outside geocoders know by a text.

    A request of its own, so that the local answer waits for nobody. 404 when none is switched on,
    503 when none of them answered; `failed` lists those that did not.
    """
    outside: Outside = request.app.state.outside
    database = service(request).database
    # No connection is held while others are waited for.
    bounds = await run_in_threadpool(_extent, database, me.district, now)
    heard = await outside.ask(Question(q, bounds, me.district[:6], limit))
    cells = await run_in_threadpool(_cells, database, me.district, now, heard.places)
    return OutsideAnswer(
        items=[
            OutsideCandidateAnswer(
                label=place.label,
                kind=place.kind,
                lon=place.lon,
                lat=place.lat,
                cell=cell,
                geocoder=place.geocoder,
                credit=place.credit,
            )
            for place, cell in zip(heard.places, cells, strict=True)
        ],
        failed=[FailureAnswer.model_validate(one) for one in heard.failed],
    )


def _extent(
    database: Database, code: DistrictCode, now: datetime
) -> tuple[float, float, float, float]:
    with database.snapshot() as session:
        on = civil_date(now, district(session, code).time_zone)
        return extent(session, code, plan_in_force(session, code, on).id)


def _cells(
    database: Database, code: DistrictCode, now: datetime, places: list[Place]
) -> list[str | None]:
    with database.snapshot() as session:
        on = civil_date(now, district(session, code).time_zone)
        plan = plan_in_force(session, code, on).id
        return queries.cells_at(session, code, plan, [(place.lon, place.lat) for place in places])
