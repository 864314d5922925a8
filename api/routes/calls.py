# SPDX-License-Identifier: Apache-2.0
"""One thing told twice: likely duplicates, further calls, merging."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from api.deps import Now, Read, Write, allowed
from api.routes.incidents import IncidentAnswer, Manager, ReporterBody, incident_answer, reporter_of
from api.shapes import Answer, Body, Latitude, Longitude, Page, ShortText, Text
from geo.accounts.rules import Actor
from geo.crs import Point, System, to_wgs84
from geo.incidents import merging
from geo.incidents.call_queries import likely_same

router = APIRouter(tags=["incidents"])


class CallBody(Body):
    """Somebody else called about a known incident: what he said, and who he is."""

    id: UUID
    text: Text | None = None
    reporter: ReporterBody | ShortText | None = None


class MergeBody(Body):
    """The incident that stays, and what to say of the one that closes."""

    into: UUID
    text: Text | None = None


class LikenessAnswer(Answer):
    """An open incident that may be the one being told, and how far off it lies."""

    incident: IncidentAnswer
    distance_m: float


@router.get("/incidents/duplicates")
def duplicates(
    session: Read,
    me: Annotated[Actor, allowed("incidents.manage")],
    now: Now,
    lon: Annotated[Longitude, Query()],
    lat: Annotated[Latitude, Query()],
    category: Annotated[ShortText, Query()],
    system: System = System.WGS84,
    drill: bool = False,
) -> Page[LikenessAnswer]:
    """Open incidents of the category within 150 m and the hour, the nearest first."""
    at_lon, at_lat = to_wgs84(Point(lon, lat, system))
    found = likely_same(session, me, lon=at_lon, lat=at_lat, category=category, drill=drill, at=now)
    return Page(
        items=[
            LikenessAnswer(
                incident=incident_answer(session, me, one.incident), distance_m=one.distance_m
            )
            for one in found
        ]
    )


@router.post(
    "/incidents/{incident}/calls",
    status_code=201,
    responses={200: {"model": IncidentAnswer, "description": "The same again"}},
)
def join(
    incident: UUID, body: CallBody, session: Write, me: Manager, now: Now, response: Response
) -> IncidentAnswer:
    """Note that somebody else called about an incident, instead of reporting it again."""
    joined, new = merging.join_incident(
        session,
        actor=me,
        incident=incident,
        id=body.id,
        text=body.text,
        reporter=reporter_of(body.reporter),
        at=now,
    )
    if not new:
        response.status_code = 200
    return incident_answer(session, me, joined)


@router.post("/incidents/{incident}/merge")
def merge(incident: UUID, body: MergeBody, session: Write, me: Manager, now: Now) -> IncidentAnswer:
    """Close an incident as told already by another one; answers the one that stays."""
    stays = merging.merge_incident(
        session, actor=me, incident=incident, into=body.into, text=body.text, at=now
    )
    return incident_answer(session, me, stays)
