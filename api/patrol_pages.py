# SPDX-License-Identifier: Apache-2.0
"""The pages of the patrol: a check-in and why it was judged so, and codes for doors to print."""

import json
import math
from typing import Annotated, Any
from uuid import UUID

import shapely
from fastapi import APIRouter, Depends
from shapely.geometry.base import BaseGeometry
from starlette.responses import Response

from api.deps import Now, Read
from api.pages import HOME, OWN, AllowedOnPage, page
from api.routes.check_ins import CheckInAnswer
from api.shapes import Within
from api.texts import JUDGED, templates
from geo.accounts.rules import Actor, Reach, Role, may, reach_of
from geo.clock import civil_date, rfc3339
from geo.hierarchy import queries as hierarchy
from geo.ids import CheckInId, Level
from geo.patrol import queries
from geo.patrol.proof_codes import proof_codes
from geo.patrol.scenes import CellShape, Scene, scene
from geo.workforce import queries as workforce
from maps.check_in import CheckInView, check_in_page
from maps.prints import DoorPrint, prints_page

router = APIRouter(include_in_schema=False)

BASE = "/api/v1"
_METRES_OF_A_DEGREE = 111_320


@router.get("/check-ins/{check_in}")
def show_check_in(
    check_in: UUID,
    session: Read,
    me: Annotated[Actor, Depends(AllowedOnPage("checkins.read"))],
    now: Now,
) -> Response:
    """One check-in on a map, and why it was judged as it was."""
    found = queries.check_in(session, me.district, CheckInId(check_in))
    may(me, "checkins.read", area=found.cell, worker=found.worker)
    district = hierarchy.district(session, me.district)
    shown = scene(session, district, found)
    worker = workforce.worker(session, me.district, found.worker, at=now)
    data = {
        "time_zone": district.time_zone,
        "sign_out": f"{BASE}/sessions/current",
        "back": OWN if me.role is Role.WORKER else HOME,
        "own": reach_of(me, "checkins.read") is Reach.OWN,
        "worker": worker.name,
        "check_in": CheckInAnswer.model_validate(found).model_dump(mode="json"),
        "scene": _drawn(shown),
        "texts": templates(JUDGED),
    }
    return page(check_in_page(CheckInView(f"{BASE}/basemap", _focus(shown), data)))


@router.get("/checkpoints/print")
def show_prints(
    session: Read,
    me: Annotated[Actor, Depends(AllowedOnPage("proofs.issue"))],
    now: Now,
    within: Within = None,
) -> Response:
    """Sheets with the codes in use at the doors of an area, to be printed and hung there."""
    district = hierarchy.district(session, me.district)
    doors = queries.checkpoints(session, me.district, areas=me.areas, within=within)
    codes = proof_codes(session, me.district, [door.id for door in doors])
    hung = sorted((door for door in doors if door.id in codes), key=lambda door: door.code)
    plan = hierarchy.plan_in_force(session, me.district, civil_date(now, district.time_zone))
    cells = hierarchy.areas(
        session,
        me.district,
        plan.id,
        level=Level.CELL,
        within=sorted({door.cell for door in hung}),
        geometry=False,
    )
    names = {str(cell.code): cell.name for cell in cells}
    prints = [
        DoorPrint(
            name=door.name,
            cell=names.get(door.cell, door.cell),
            code=door.code,
            number=codes[door.id].number,
            token=codes[door.id].token,
        )
        for door in hung
    ]
    return page(prints_page(district.name, prints, without=len(doors) - len(hung)))


def _focus(shown: Scene) -> tuple[float, float, float, float]:
    """What the map is to show whole: the disc, the border next to it and the fixed point."""
    said, site, read = shown.check_in, shown.checkpoint, shown.reading
    boxes = [_about(said.lon, said.lat, shown.radius_95_m)]
    if shown.to_border is not None:
        boxes.append(shown.to_border.bounds)
    if site is not None:
        boxes.append(_about(site.lon, site.lat, site.radius_m))
    if read is not None:
        boxes.append(_about(read.lon, read.lat, shown.radius_95_m))
    west, south, east, north = zip(*boxes, strict=True)
    return min(west), min(south), max(east), max(north)


def _about(lon: float, lat: float, radius_m: float) -> tuple[float, float, float, float]:
    """The box of a circle, near enough to look at it."""
    high = radius_m / _METRES_OF_A_DEGREE
    wide = high / math.cos(math.radians(lat))
    return lon - wide, lat - high, lon + wide, lat + high


def _drawn(shown: Scene) -> dict[str, Any]:
    """A scene as JSON values; geometry as GeoJSON."""
    site, read, policy = shown.checkpoint, shown.reading, shown.policy
    return {
        "focus": _focus(shown),
        "plan": shown.plan.name,
        "policy": {
            "version": policy.version,
            "inside_from": policy.inside_from,
            "outside_up_to": policy.outside_up_to,
            "most_radius_m": policy.most_radius_m,
        },
        "source": shown.source,
        "device": shown.device,
        "mock": shown.mock,
        "sent_at": None if shown.sent_at is None else rfc3339(shown.sent_at),
        "radius_95_m": shown.radius_95_m,
        "cell": None if shown.cell is None else _cell(shown.cell),
        "neighbours": [_cell(cell) for cell in shown.neighbours],
        "names": shown.names,
        "inside": _geojson(shown.inside),
        "beyond": _geojson(shown.beyond),
        "to_border": _geojson(shown.to_border),
        "checkpoint": None
        if site is None
        else {
            "name": site.name,
            "code": site.code,
            "lon": site.lon,
            "lat": site.lat,
            "radius_m": site.radius_m,
        },
        "reading": None
        if read is None
        else {
            "hypothesis": read.hypothesis,
            "lon": read.lon,
            "lat": read.lat,
            "shift_m": round(read.shift_m, 1),
            "bearing_deg": round(read.bearing_deg),
        },
    }


def _cell(cell: CellShape) -> dict[str, Any]:
    return {
        "code": cell.code,
        "name": cell.name,
        "label": cell.label,
        "boundary": _geojson(cell.boundary),
    }


def _geojson(geometry: BaseGeometry | None) -> Any:
    return None if geometry is None else json.loads(shapely.to_geojson(geometry))
