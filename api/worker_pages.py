# SPDX-License-Identifier: Apache-2.0
"""A worker's page: duty, the ring, the way there, the channel."""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from api.deps import Now, Read
from api.pages import OWN, AllowedOnPage, page
from geo.accounts.rules import Actor
from geo.clock import civil_date
from geo.hierarchy import queries as hierarchy
from geo.hierarchy.drawing import focus
from geo.workforce import queries as workforce
from maps.worker import PhoneView, worker_page

router = APIRouter(include_in_schema=False)

BASE = "/api/v1"


@router.get(OWN)
def show_worker(
    session: Read, me: Annotated[Actor, Depends(AllowedOnPage("linkups.answer"))], now: Now
) -> Response:
    """The page that a worker has open while he is on duty."""
    assert me.worker is not None
    district = hierarchy.district(session, me.district)
    plan = hierarchy.plan_in_force(session, me.district, civil_date(now, district.time_zone))
    himself = workforce.worker(session, me.district, me.worker, at=now)
    own = f"{BASE}/workers/{me.worker}"
    shown = focus(session, me.district, plan.id, me.areas or (me.district,))
    data = {
        "focus": shown,
        "worker": str(me.worker),
        "name": himself.name,
        "time_zone": district.time_zone,
        "state": f"{own}/state",
        "duty": f"{own}/duty",
        "live": f"{BASE}/live",
        "positions": f"{BASE}/positions",
        "linkups": f"{BASE}/linkups",
        "incidents": f"{BASE}/incidents",
    }
    return page(worker_page(PhoneView(f"{BASE}/basemap", shown, data)))
