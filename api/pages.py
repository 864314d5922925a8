# SPDX-License-Identifier: Apache-2.0
"""The pages people open, and the files they are made of. Nothing in them names another host."""

import secrets
from collections.abc import Callable
from functools import lru_cache
from typing import Annotated, Any
from urllib.parse import quote, urlsplit

from fastapi import APIRouter, Depends, FastAPI, Request
from starlette.datastructures import Headers
from starlette.responses import (
    FileResponse,
    HTMLResponse,
    JSONResponse,
    RedirectResponse,
    Response,
)
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from api.deps import Allowed, Now, Read, authenticate
from api.shapes import Day
from api.sight import Sight
from geo.accounts.rules import PERMISSIONS, Actor, Role
from geo.clock import civil_date, rfc3339
from geo.columns import Origin
from geo.errors import NotSignedIn
from geo.hierarchy import queries
from geo.hierarchy.drawing import focus
from geo.incidents.inquiry import FRESH_FOR
from maps.page import STATIC, page_data, policy, render, with_nonce
from maps.wall import WallView, wall

router = APIRouter(include_in_schema=False)

HOME = "/wall"
# Where workers begin: they have no wall.
OWN = "/worker"
# Where supervisors begin: it rings there.
DUTY = "/duty"
_BEGIN = {Role.WORKER: OWN, Role.SUPERVISOR: DUTY}
_YEAR_S = 31_536_000


class SignInFirst(Exception):
    """A page was asked for by nobody in particular."""


class AllowedOnPage(Allowed):
    """As `Allowed`; who is not signed in is sent to the sign-in page and back."""

    def __call__(self, request: Request) -> Actor:
        """Raises: SignInFirst, RoleNotAllowed."""
        try:
            return super().__call__(request)
        except NotSignedIn:
            raise SignInFirst() from None


def install(app: FastAPI) -> None:
    """Teach an app to send who is not signed in to the page where one signs in."""

    @app.exception_handler(SignInFirst)
    async def sign_in_first(request: Request, error: SignInFirst) -> Response:
        asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"/login?next={quote(asked, safe='/')}", 303)


@router.get("/")
def home(request: Request) -> Response:
    """Everybody begins at the wall, but who is called begins where it rings."""
    try:
        actor = authenticate(request)
    except NotSignedIn:
        raise SignInFirst() from None
    return RedirectResponse(_BEGIN.get(actor.role, HOME), 303)


@router.get("/favicon.ico")
def icon() -> Response:
    """The icon, for whoever asks at the customary address."""
    return FileResponse(STATIC / "icon.svg", media_type="image/svg+xml")


@router.get("/login")
def login(next: str = "/") -> Response:
    """Sign in; afterwards the page that was asked for."""
    return page(render("login.html", data=page_data({"next": local_path(next)})))


@router.get("/wall")
def show_wall(
    request: Request,
    session: Read,
    me: Annotated[Actor, Depends(AllowedOnPage("wall.read"))],
    now: Now,
    on: Day | None = None,
) -> Response:
    """The district, live; with `on` as the plan of another day divides it, standing still."""
    district = queries.district(session, me.district)
    today = civil_date(now, district.time_zone)
    preview = None if on is None or on == today else on.isoformat()
    plan = queries.plan_in_force(session, district.code, on or today)
    view = WallView(
        district=district.name,
        time_zone=district.time_zone,
        scope=",".join(me.areas),
        focus=focus(session, district.code, plan.id, me.areas),
        basemap="/api/v1/basemap",
        state="/api/v1/state",
        live="/api/v1/live",
        sign_out="/api/v1/sessions/current",
        people=Sight.of(me).people,
        check_ins="/check-ins" if me.role in PERMISSIONS["checkins.read"] else None,
        reports="/reports/linkups" if me.role in PERMISSIONS["reports.read"] else None,
        planner="/planner" if me.role in PERMISSIONS["plans.read"] else None,
        duty=DUTY if me.role is Role.SUPERVISOR else None,
        fresh_s=FRESH_FOR.total_seconds(),
        preview=preview,
    )
    return page(_wall(view))


@router.get("/me")
def show_own(me: Annotated[Actor, Depends(AllowedOnPage("workers.read"))]) -> Response:
    """What is a worker's own: his cells and his phones; everybody else has the wall."""
    if me.worker is None:
        return RedirectResponse(HOME, 303)
    own = {
        "worker": f"/api/v1/workers/{me.worker}",
        "areas": "/api/v1/areas",
        "sign_out": "/api/v1/sessions/current",
    }
    return page(render("me.html", data=page_data(own)))


@router.get("/reports/linkups")
def show_linkup_report(
    session: Read, me: Annotated[Actor, Depends(AllowedOnPage("reports.read"))], now: Now
) -> Response:
    """From alarm to connected worker, by hour and area."""
    # What a demo simulates is no statistic of a district that works.
    demo = queries.district(session, me.district).demo
    own = {
        "report": "/api/v1/reports/linkups",
        "now": rfc3339(now),
        "within": next(iter(me.areas)),
        "origins": [one.value for one in Origin if demo or one is not Origin.SIMULATED],
    }
    return page(render("reports.html", data=page_data(own)))


@router.get("/docs")
def docs(_me: Annotated[Actor, Depends(AllowedOnPage("docs.read"))]) -> Response:
    """The interface, to read and to try."""
    return page(render("docs.html"))


@router.get("/openapi.json")
def openapi(request: Request, _me: Annotated[Actor, Depends(Allowed("docs.read"))]) -> Response:
    """The interface as a document."""
    described: Callable[[], dict[str, Any]] = request.app.openapi
    return JSONResponse(described())


def local_path(next: str) -> str:
    """Where to go after signing in: a path of ours, whatever was asked for."""
    parts = urlsplit(next)
    # Browsers read a backslash as a slash and skip control characters: //host in disguise.
    odd = "\\" in next or any(ord(char) < 33 for char in next)
    if parts.scheme or parts.netloc or odd or not next.startswith("/") or next.startswith("//"):
        return "/"
    return next


class Files(StaticFiles):
    """Static files: those of a pinned version are kept for good, our own are asked about again."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """A file with its cache lifetime."""
        response = await super().get_response(path, scope)
        pinned = path.startswith("vendor/") and "@" in path
        lifetime = f"public, max-age={_YEAR_S}, immutable" if pinned else "no-cache"
        response.headers.setdefault("cache-control", lifetime)
        return response


@lru_cache(maxsize=64)
def _wall(view: WallView) -> str:
    return wall(view)


def page(html: str) -> Response:
    """A rendered page as an answer with a nonce of its own."""
    nonce = secrets.token_urlsafe(18)
    headers = Headers({"content-security-policy": policy(nonce)})
    return HTMLResponse(with_nonce(html, nonce), headers=headers)
