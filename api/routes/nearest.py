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
from geo.incidents.inquiry import Keeper, LeftOutReason, Measure
from geo.incidents.nearest import nearest
from geo.incidents.queries import policy_in_force
from geo.incidents.ranking import NearReason, Shortfall
from geo.units import Metres
from geo.walking.network import Barrier
from geo.workforce.queries import names

router = APIRouter(tags=["incidents"])


class NearAnswer(Answer):
    """A worker on duty near a point; distance, age and errors are null when he was never seen.

    `measure` says what `distance_m` counts, `barrier` what the straight line to him crosses.
    `error_m`: he may be so far from where he was seen. `tied` with the one before him.
    """

    worker: UUID
    name: str
    distance_m: float | None
    measure: Measure
    straight_m: float | None
    age_s: float | None
    accuracy_m: float | None
    error_m: float | None
    barrier: Barrier | None
    responsible: bool
    engaged: bool
    rank_class: int
    reason: NearReason
    tied: bool


class LeftOutAnswer(Answer):
    """A worker who is near, or answers for the cell as `keeper`, but is not to be asked first."""

    worker: UUID
    name: str
    reason: LeftOutReason
    keeper: Keeper | None
    distance_m: float | None
    measure: Measure
    age_s: float | None


class NearestAnswer(Answer):
    """The nearest workers on duty, best first, and what is wrong with the list if anything is.

    `measure` is what the order goes by: on foot, or straight where no street leads to the point.
    `exact` is false when the search ended before it was certain that nobody nearer was left.
    """

    items: list[NearAnswer]
    shortfall: Shortfall | None
    measure: Measure
    reach_m: float
    exact: bool
    left_out: list[LeftOutAnswer]


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
    reach = Metres(policy_in_force(session, district.code, at=now).reach_m)
    found = nearest(session, district, *spot, k=k, at=now, reach=reach)
    told = {near.worker for near in found.items} | {one.worker for one in found.left_out}
    named = names(session, district.code, told)
    return NearestAnswer(
        items=[NearAnswer(**vars(near), name=named[near.worker]) for near in found.items],
        shortfall=found.shortfall,
        measure=found.inquiry.measure,
        reach_m=found.inquiry.reach_m,
        exact=found.inquiry.exact,
        left_out=[LeftOutAnswer(**vars(one), name=named[one.worker]) for one in found.left_out],
    )
