# SPDX-License-Identifier: Apache-2.0
"""From the addresses people say to places."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.deps import Now, Read, allowed
from api.shapes import Answer, Page, ShortText
from geo.accounts.rules import Actor
from geo.clock import civil_date
from geo.gazetteer import queries
from geo.gazetteer.rules import Match
from geo.hierarchy.queries import district

router = APIRouter(tags=["places"])


class CandidateAnswer(Answer):
    """A place that a text may mean. Equal scores are ties; `cell` is null outside every cell."""

    label: str
    kind: str
    lon: float
    lat: float
    score: float
    cell: str | None
    match: Match


@router.get("/geocode")
def geocode(
    session: Read,
    me: Annotated[Actor, allowed("places.find")],
    now: Now,
    q: Annotated[ShortText, Query(description="An address or a name, as somebody says it")],
    limit: Annotated[int, Query(ge=1, le=20)] = 5,
) -> Page[CandidateAnswer]:
    """Places a text may mean, best first."""
    on = civil_date(now, district(session, me.district).time_zone)
    found = queries.geocode(session, me.district, q, limit=limit, on=on)
    return Page(items=[CandidateAnswer.model_validate(one) for one in found])
