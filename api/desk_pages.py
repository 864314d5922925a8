# SPDX-License-Identifier: Apache-2.0
"""The pages of those in charge: the desk, what climbs to a supervisor, one incident on paper."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from sqlalchemy.orm import Session
from starlette.responses import Response

from api.deps import Now, Read
from api.incident_story import story
from api.pages import DUTY, AllowedOnPage, page
from api.texts import desk_templates
from geo.accounts.rules import Actor
from geo.clock import civil_date, rfc3339
from geo.gazetteer.rules import SETTLED_MARGIN, SETTLED_SCORE
from geo.hierarchy import queries as hierarchy
from geo.hierarchy.drawing import focus
from geo.hierarchy.rules import District
from geo.incidents.inquiry import FRESH_FOR
from geo.incidents.queries import seen_incident
from geo.incidents.rules import Severity
from maps.desk import DeskView, desk
from maps.incident_sheet import incident_sheet
from maps.worker import PhoneView, duty_page

router = APIRouter(include_in_schema=False)

BASE = "/api/v1"
# The classes of events of digital city management; the first is what a duty officer hears most.
CATEGORIES = ("突发事件", "市容环境", "宣传广告", "施工管理", "街面秩序", "其他")
# What the issue asks of a trained person, from the first key to the ringing phone.
RINGS_WITHIN_S = 10


@router.get("/desk")
def show_desk(
    session: Read, me: Annotated[Actor, Depends(AllowedOnPage("desk.use"))], now: Now
) -> Response:
    """The duty officer's desk."""
    district, shared = _shared(session, me, now)
    data = shared | {
        "settled": {"score": SETTLED_SCORE, "margin": SETTLED_MARGIN},
        "rings_within_s": RINGS_WITHIN_S,
        "geocode": f"{BASE}/geocode",
        "departments": f"{BASE}/departments",
        "sheets": "/incidents",
        "categories": CATEGORIES,
    }
    view = DeskView(
        district=district.name,
        basemap=f"{BASE}/basemap",
        focus=data["focus"],
        categories=CATEGORIES,
        severities=tuple(severity.value for severity in Severity),
        data=data,
    )
    return page(desk(view))


@router.get(DUTY)
def show_duty(
    session: Read, me: Annotated[Actor, Depends(AllowedOnPage("linkups.lead"))], now: Now
) -> Response:
    """What has climbed to whoever has this page open, until he takes charge of it, and after."""
    _, shared = _shared(session, me, now)
    data = shared | {"account": str(me.id), "name": me.name}
    return page(duty_page(PhoneView(f"{BASE}/basemap", data["focus"], data)))


@router.get("/incidents/{incident}")
def show_incident(
    incident: UUID,
    session: Read,
    me: Annotated[Actor, Depends(AllowedOnPage("incidents.print"))],
    now: Now,
) -> Response:
    """Everything about one incident, to be read and printed."""
    found = seen_incident(session, me, incident)
    district = hierarchy.district(session, me.district)
    data = {
        "time_zone": district.time_zone,
        "incident": {
            **found.live_row,
            "said": found.said_place.get("address"),
            "reporter": found.reporter,
            "heard_at": None if found.heard_at is None else rfc3339(found.heard_at),
            "closed_at": None if found.closed_at is None else rfc3339(found.closed_at),
            "outcome": found.outcome,
        },
        "story": story(session, found),
        "printed_at": rfc3339(now),
        "printed_by": me.name,
    }
    return page(incident_sheet(district.name, data))


def _shared(session: Session, me: Actor, now: datetime) -> tuple[District, dict[str, Any]]:
    """The district, and what the scripts of both pages go by."""
    district = hierarchy.district(session, me.district)
    plan = hierarchy.plan_in_force(session, me.district, civil_date(now, district.time_zone))
    return district, {
        "time_zone": district.time_zone,
        "focus": focus(session, me.district, plan.id, me.areas),
        "fresh_s": FRESH_FOR.total_seconds(),
        "state": f"{BASE}/state",
        "live": f"{BASE}/live",
        "sign_out": f"{BASE}/sessions/current",
        "nearest": f"{BASE}/nearest",
        "incidents": f"{BASE}/incidents",
        "linkups": f"{BASE}/linkups",
        "workers": f"{BASE}/workers",
        "me": {"worker": None, "name": me.name},
        "texts": desk_templates(),
    }
