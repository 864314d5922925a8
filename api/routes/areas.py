# SPDX-License-Identifier: Apache-2.0
"""Areas of the plan in force, and which of them hold a point."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.deps import Now, Read, allowed
from api.shapes import Answer, AreaCodeText, Latitude, Longitude, Within
from geo.accounts.rules import Actor, Role, may
from geo.clock import civil_date
from geo.crs import Point, System, to_wgs84
from geo.geojson import MEDIA_TYPE, collection, dumps, feature
from geo.hierarchy import queries
from geo.hierarchy.rules import Area
from geo.ids import CODE_LENGTH, Level, area_code, contains
from geo.workforce.queries import assigned_workers

router = APIRouter(tags=["areas"])

On = Annotated[date | None, Query(description="Civil date; today when absent")]
Me = Annotated[Actor, allowed("areas.read")]
_GEOJSON: dict[int | str, dict[str, Any]] = {
    200: {"content": {MEDIA_TYPE: {"schema": {"type": "object"}}}, "description": "GeoJSON"}
}


class LocatedAnswer(Answer):
    """Codes of the areas that hold the point, null where none does."""

    district: str | None
    subdistrict: str | None
    community: str | None
    cell: str | None
    building_group: str | None
    distance_to_border_m: float | None


@router.get("/areas", responses=_GEOJSON, response_class=Response)
def index(
    session: Read,
    me: Me,
    now: Now,
    level: Level = Level.CELL,
    within: Within = None,
    on: On = None,
    geometry: bool = True,
) -> Response:
    """Areas of one level, in the caller's scope, as a FeatureCollection."""
    district = queries.district(session, me.district)
    day = on or civil_date(now, district.time_zone)
    plan = queries.plan_in_force(session, district.code, day)
    scopes = me.areas
    if within is not None:
        scopes = tuple(
            within if contains(scope, within) else scope
            for scope in scopes
            if contains(scope, within) or contains(within, scope)
        )
    found = (
        queries.areas(
            session, district.code, plan.id, level=level, within=scopes, geometry=geometry
        )
        if scopes
        else []
    )
    workers = {} if me.role is Role.VIEWER else assigned_workers(session, district.code, at=now)
    return Response(
        dumps(collection(_feature(area, workers) for area in found)), media_type=MEDIA_TYPE
    )


@router.get("/areas/{code}", responses=_GEOJSON, response_class=Response)
def show(code: AreaCodeText, session: Read, me: Me, now: Now, on: On = None) -> Response:
    """One area as a Feature."""
    may(me, "areas.read", area=code)
    district = queries.district(session, me.district)
    day = on or civil_date(now, district.time_zone)
    plan = queries.plan_in_force(session, district.code, day)
    area = queries.area(session, district.code, plan.id, area_code(code))
    workers = {} if me.role is Role.VIEWER else assigned_workers(session, district.code, at=now)
    return Response(dumps(_feature(area, workers)), media_type=MEDIA_TYPE)


@router.get("/locate")
def locate(
    session: Read,
    me: Annotated[Actor, allowed("places.find")],
    now: Now,
    lon: Annotated[Longitude, Query()],
    lat: Annotated[Latitude, Query()],
    system: System = System.WGS84,
    on: On = None,
) -> LocatedAnswer:
    """Which areas held a point on a day."""
    district = queries.district(session, me.district)
    day = on or civil_date(now, district.time_zone)
    plan = queries.plan_in_force(session, district.code, day)
    located = queries.locate(session, district, plan.id, *to_wgs84(Point(lon, lat, system)))
    return LocatedAnswer.model_validate(located)


def _feature(area: Area, workers: dict[str, list[str]]) -> dict[str, Any]:
    # Workers are assigned to cells; a building group is looked after by those of its cell.
    cell = area.code[: CODE_LENGTH[Level.CELL]]
    return feature(
        area.boundary,
        {
            "code": area.code,
            "name": area.name,
            "aliases": list(area.aliases),
            "level": area.level.value,
            "parent": area.parent,
            "households": area.households,
            "worker_ids": workers.get(cell, []),
        },
    )
