# SPDX-License-Identifier: Apache-2.0
"""Who on duty is to be asked first about a point."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from api.deps import Now, Read, allowed
from api.shapes import Answer, Latitude, Longitude
from geo.accounts.rules import Actor, may
from geo.clock import civil_date
from geo.crs import Point, System, to_wgs84
from geo.gazetteer.queries import cells_at
from geo.hierarchy import queries as hierarchy
from geo.incidents.nearest import nearest
from geo.incidents.rules import NearReason, Shortfall

router = APIRouter(tags=["incidents"])


class NearAnswer(Answer):
    """A worker on duty near a point; `distance_m` and `age_s` are null when he was never seen."""

    worker: UUID
    name: str
    distance_m: float | None
    age_s: float | None
    responsible: bool
    rank_class: int
    reason: NearReason


class NearestAnswer(Answer):
    """The nearest workers on duty, best first, and what is wrong with the list if anything is."""

    items: list[NearAnswer]
    shortfall: Shortfall | None


@router.get("/nearest")
def index(
    session: Read,
    me: Annotated[Actor, allowed("nearest.read")],
    now: Now,
    lon: Annotated[Longitude, Query()],
    lat: Annotated[Latitude, Query()],
    system: System = System.WGS84,
    k: Annotated[int, Query(ge=1, le=100)] = 5,
) -> NearestAnswer:
    """The workers on duty to ask first about a point in the caller's area."""
    district = hierarchy.district(session, me.district)
    plan = hierarchy.plan_in_force(session, district.code, civil_date(now, district.time_zone))
    spot = to_wgs84(Point(lon, lat, system))
    (cell,) = cells_at(session, district.code, plan.id, [spot])
    may(me, "nearest.read", area=cell)
    found = nearest(session, district, *spot, k=k, at=now)
    return NearestAnswer.model_validate(found)
