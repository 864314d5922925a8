# SPDX-License-Identifier: Apache-2.0
"""The planner's page: where a division is drawn, weighed, published and taken back."""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from api.deps import Now, Read
from api.pages import AllowedOnPage, page
from geo.accounts.rules import PERMISSIONS, Actor
from geo.clock import civil_date
from geo.hierarchy import queries as hierarchy
from geo.hierarchy.drawing import focus
from maps.planner import PlannerView, planner

router = APIRouter(include_in_schema=False)

BASE = "/api/v1"


@router.get("/planner")
def show_planner(
    session: Read, me: Annotated[Actor, Depends(AllowedOnPage("plans.read", whole=True))], now: Now
) -> Response:
    """Plans: the list, one to draw on, and what it means."""
    district = hierarchy.district(session, me.district)
    today = civil_date(now, district.time_zone)
    plan = hierarchy.plan_in_force(session, me.district, today)
    shown = focus(session, me.district, plan.id, me.areas)
    data = {
        "time_zone": district.time_zone,
        "focus": shown,
        "today": today.isoformat(),
        "plans": f"{BASE}/plans",
        "jobs": f"{BASE}/jobs",
        "areas": f"{BASE}/areas",
        "state": f"{BASE}/state",
        "live": f"{BASE}/live",
        "sign_out": f"{BASE}/sessions/current",
        "may": {
            "write": me.role in PERMISSIONS["plans.write"],
            "publish": me.role in PERMISSIONS["plans.publish"],
        },
    }
    view = PlannerView(district=district.name, basemap=f"{BASE}/basemap", focus=shown, data=data)
    return page(planner(view))
