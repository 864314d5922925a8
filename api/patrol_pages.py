# SPDX-License-Identifier: Apache-2.0
"""The pages of the patrol: a day's check-ins, why one was judged so, codes for doors to print."""

import json
import math
from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

import shapely
from fastapi import APIRouter, Depends
from shapely.geometry.base import BaseGeometry
from starlette.responses import Response

from api.deps import Now, Read
from api.pages import HOME, OWN, AllowedOnPage, page
from api.routes.check_ins import CheckInAnswer
from api.shapes import Day, Within
from api.texts import judged_templates
from geo.accounts.rules import PERMISSIONS, Actor, Reach, Role, may, reach_of
from geo.clock import civil_date, civil_day, rfc3339
from geo.hierarchy import queries as hierarchy
from geo.hierarchy.drawing import focus
from geo.ids import CheckInId, Level
from geo.patrol import queries
from geo.patrol.proof_codes import proof_codes
from geo.patrol.scenes import CellShape, Scene, scene
from geo.workforce import queries as workforce
from maps.check_in import CheckInView, check_in_page
from maps.check_ins import CheckInsView, check_ins_page
from maps.prints import BareDoor, DoorPrint, prints_page

router = APIRouter(include_in_schema=False)

BASE = "/api/v1"
_METRES_OF_A_DEGREE = 111_320
# West, south, east, north in degrees.
Box = tuple[float, float, float, float]


@router.get("/check-ins")
def show_check_ins(
    session: Read,
    me: Annotated[Actor, Depends(AllowedOnPage("checkins.read"))],
    now: Now,
    on: Day | None = None,
) -> Response:
    """A day's check-ins in the caller's scope, today's unless another day is asked for."""
    district = hierarchy.district(session, me.district)
    today = civil_date(now, district.time_zone)
    day = on or today
    begins, ends = civil_day(day, district.time_zone)
    plan = hierarchy.plan_in_force(session, me.district, today)
    shown = focus(session, me.district, plan.id, me.areas or (me.district,))
    data = {
        "time_zone": district.time_zone,
        "back": OWN if me.role is Role.WORKER else HOME,
        "own": reach_of(me, "checkins.read") is Reach.OWN,
        "on": day.isoformat(),
        "before": (day - timedelta(days=1)).isoformat(),
        "after": (day + timedelta(days=1)).isoformat() if day < today else None,
        "from": rfc3339(begins),
        "until": rfc3339(ends),
        "check_ins": f"{BASE}/check-ins",
        "workers": f"{BASE}/workers",
        "findings": f"{BASE}/device-findings",
        "lists": _lists(me, day.isoformat()),
        "may": {
            "correct": _has(me, "devices.correct"),
            "rejudge": _has(me, "checkins.rejudge"),
            "move": _has(me, "checkpoints.write"),
        },
        "checkpoints": f"{BASE}/checkpoints",
        "focus": shown,
        "texts": judged_templates(),
    }
    return page(check_ins_page(CheckInsView(f"{BASE}/basemap", shown, data)))


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
    seen = _focus(shown, focus(session, me.district, found.plan, (me.district,)))
    worker = workforce.worker(session, me.district, found.worker, at=now)
    data = {
        "time_zone": district.time_zone,
        "sign_out": f"{BASE}/sessions/current",
        "back": "/check-ins",
        "worker": worker.name,
        "address": f"{BASE}/check-ins",
        "appeals": f"{BASE}/appeals?within={found.cell or me.district}"
        if _has(me, "appeals.read")
        else None,
        "may": {
            "appeal": _has(me, "appeals.write") and found.worker == me.worker,
            "decide": _has(me, "appeals.decide"),
            "rejudge": _has(me, "checkins.rejudge") and found.spot is not None,
        },
        "check_in": CheckInAnswer.model_validate(found).model_dump(mode="json"),
        "scene": _drawn(shown, seen),
        "texts": judged_templates(),
    }
    return page(check_in_page(CheckInView(f"{BASE}/basemap", seen, data)))


@router.get("/checkpoints/print")
def show_prints(
    session: Read,
    me: Annotated[Actor, Depends(AllowedOnPage("proofs.issue"))],
    now: Now,
    within: Within = None,
) -> Response:
    """Sheets with the codes in use at the doors of an area, to be printed and hung there.

    Codes are issued and renewed here, too.
    """
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
        within=sorted({door.cell for door in doors}),
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
            checkpoint=str(door.id),
        )
        for door in hung
    ]
    bare = [
        BareDoor(door.name, names.get(door.cell, door.cell), str(door.id))
        for door in sorted(doors, key=lambda door: door.code)
        if door.id not in codes
    ]
    data = {"checkpoints": f"{BASE}/checkpoints"}
    return page(prints_page(district.name, prints, bare=bare, data=data))


def _lists(me: Actor, on: str) -> dict[str, str]:
    """What waits for a decision of the caller's, and what is marked of a day, by address."""
    asked = {
        "appeals": ("appeals.decide", f"{BASE}/appeals?state=open"),
        "findings": ("devices.correct", f"{BASE}/device-findings?state=open"),
        "misplaced": ("appeals.decide", f"{BASE}/checkpoints/misplaced"),
        "days": ("daydoubts.read", f"{BASE}/day-doubts?on={on}"),
    }
    return {name: address for name, (verb, address) in asked.items() if _has(me, verb)}


def _has(me: Actor, verb: str) -> bool:
    """Whether the caller's role has an entry for a verb that this service knows."""
    return me.role in PERMISSIONS.get(verb, {})


def _focus(shown: Scene, away: Box) -> Box:
    """What the map is to show whole: the disc, the border next to it and the fixed point.

    Of a check-in that is nowhere any more: its cell, or the district as it lies `away`.
    """
    said, site, read = shown.check_in, shown.checkpoint, shown.reading
    boxes = []
    if said.spot is not None:
        boxes.append(_about(*said.spot, shown.radius_95_m))
    elif shown.cell is not None:
        boxes.append(shown.cell.boundary.bounds)
    if shown.to_border is not None:
        boxes.append(shown.to_border.bounds)
    if site is not None:
        boxes.append(_about(site.lon, site.lat, site.radius_m))
    if read is not None:
        boxes.append(_about(read.lon, read.lat, shown.radius_95_m))
    if not boxes:
        return away
    west, south, east, north = zip(*boxes, strict=True)
    return min(west), min(south), max(east), max(north)


def _about(lon: float, lat: float, radius_m: float) -> tuple[float, float, float, float]:
    """The box of a circle, near enough to look at it."""
    high = radius_m / _METRES_OF_A_DEGREE
    wide = high / math.cos(math.radians(lat))
    return lon - wide, lat - high, lon + wide, lat + high


def _drawn(shown: Scene, seen: Box) -> dict[str, Any]:
    """A scene as JSON values; geometry as GeoJSON."""
    site, read, policy = shown.checkpoint, shown.reading, shown.policy
    return {
        "focus": seen,
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
