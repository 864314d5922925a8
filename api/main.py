# SPDX-License-Identifier: Apache-2.0
"""The HTTP service: every router mounted, every error a problem."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import cache
from typing import Any

from fastapi import APIRouter, FastAPI
from sqlalchemy.exc import DBAPIError
from starlette.routing import BaseRoute

from api import desk_pages, pages, patrol_pages, planner_pages, worker_pages
from api.check_in_stream import CheckInStreams, StreamLimits
from api.deps import Service
from api.direct import Direct, direct_routes
from api.errors import COMMON_PROBLEMS, Problem, install
from api.feed import Feed, FeedLimits
from api.gate import Admission, Gate
from api.geocoders.asking import Outside
from api.geocoders.services import chosen
from api.intake import Intake
from api.metrics import Counted, count_all
from api.routes import (
    appeals,
    areas,
    basemap,
    calls,
    check_ins,
    checkpoints,
    day_doubts,
    departments,
    device_findings,
    devices,
    drawings,
    geocode,
    handover,
    health,
    histories,
    incidents,
    jobs,
    linkups,
    live,
    messages,
    nearest,
    own_state,
    patrol,
    phones,
    places,
    plan_files,
    plan_impact,
    plans,
    positions,
    recommendations,
    reports,
    second_looks,
    sessions,
    signals,
    state,
    voice_calls,
    ways,
    workers,
)
from api.routes.basemap import Drawn
from api.switchboard import Switchboard
from api.version import version
from geo.clock import Clock, SystemClock
from geo.db import Database
from geo.reactions import REACTIONS
from geo.settings import Settings
from geo.walking.queries import build_networks
from maps.page import STATIC

BASE = "/api/v1"
DESCRIPTION = """A living map of a district's grid.

Sign in with `POST /api/v1/sessions` (`username`, `password`) and send the answer's `token` with
every request: `Authorization: Bearer TOKEN`. Pages of this service use the cookie
`wangge_session`, which the same request sets. Errors are problems (RFC 9457) with a stable `code`.
"""
# What needs no session.
OPEN = (("/healthz", "get"), ("/readyz", "get"), (f"{BASE}/sessions", "post"))
# What needs none because a phone's app brings its pairing token in its own protocol's way.
PAIRED = {
    (f"{BASE}/devices/osmand", "get"): "pairing",
    (f"{BASE}/devices/osmand", "post"): "pairing",
    (f"{BASE}/devices/owntracks", "post"): "basic",
}
# Tried in this order: what phones send all day comes first.
ROUTERS = (
    check_ins,
    positions,
    appeals,
    areas,
    basemap,
    checkpoints,
    day_doubts,
    departments,
    device_findings,
    devices,
    drawings,
    geocode,
    handover,
    # Before the incidents: /incidents/duplicates is none of their ids.
    calls,
    histories,
    incidents,
    jobs,
    linkups,
    live,
    messages,
    nearest,
    own_state,
    patrol,
    phones,
    places,
    plan_files,
    plan_impact,
    plans,
    recommendations,
    reports,
    second_looks,
    sessions,
    state,
    voice_calls,
    ways,
    workers,
)


def build(
    settings: Settings,
    database: Database,
    clock: Clock,
    limits: FeedLimits | None = None,
    stream_limits: StreamLimits | None = None,
) -> FastAPI:
    """The app over a database and a clock; `limits` of its live feed and of streamed check-ins."""
    feed = Feed(database, limits or FeedLimits())
    # However many others wait for a connection, check-ins do not.
    for_intake = database.apart()
    intake = Intake(for_intake, clock)
    switchboard = Switchboard(database)
    outside = Outside(chosen(settings), processes=settings.processes)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        # The first alarm does not wait for it. Without a database it is built when it is asked for.
        with suppress(DBAPIError), database.snapshot() as session:
            build_networks(session)
        yield
        await intake.close()
        for_intake.close()
        await outside.close()
        await feed.close()
        await switchboard.close()
        database.close()
        count_all()

    app = FastAPI(
        routes=list(routes()),
        title="wangge",
        version=version(),
        description=DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        # Nothing is told to anybody outside; asking for each request whether to costs all the same.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.service = Service(settings=settings, database=database, clock=clock)
    app.state.feed = feed
    app.state.intake = intake
    app.state.check_in_streams = CheckInStreams(stream_limits or StreamLimits())
    app.state.switchboard = switchboard
    app.state.outside = outside
    app.state.drawn = Drawn()
    install(app)
    pages.install(app)
    app.openapi = lambda: openapi(app)  # type: ignore[method-assign]
    app.add_middleware(Counted)
    # The lane answers by the same routes, and counts in the same place.
    app.state.direct_routes = direct_routes(app.routes)
    app.state.admission = Admission(settings)
    app.add_middleware(Direct, routes=app.state.direct_routes)
    app.add_middleware(Gate, admission=app.state.admission)
    return app


@cache
def routes() -> tuple[BaseRoute, ...]:
    """Every route of the service, in the order they are tried.

    They know neither database nor clock, and working them all out takes a third of a second: the
    apps of one process share them.
    """
    shared = APIRouter()
    check_ins.put_first(shared, BASE, COMMON_PROBLEMS)
    shared.include_router(health.router)
    for module in ROUTERS:
        shared.include_router(module.router, prefix=BASE, responses=COMMON_PROBLEMS)
    # Under both addresses: the short one is what a person types.
    shared.include_router(live.router, include_in_schema=False)
    shared.include_router(phones.router, include_in_schema=False)
    shared.include_router(signals.router, prefix=BASE)
    shared.include_router(patrol_pages.router)
    shared.include_router(desk_pages.router)
    shared.include_router(planner_pages.router)
    shared.include_router(worker_pages.router)
    shared.include_router(pages.router)
    shared.mount("/static", pages.Files(directory=STATIC))
    return tuple(shared.routes)


def create_app() -> FastAPI:
    """The app by the environment's settings: what the server starts."""
    settings = Settings()
    if settings.database_url is None:
        raise RuntimeError("DATABASE_URL is not set: start the service by `wangge up`")
    return build(settings, Database(settings.database_url, reactions=REACTIONS), SystemClock())


def openapi(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, with the shape of problems and how to sign in."""
    if app.openapi_schema is None:
        schema = FastAPI.openapi(app)
        components = schema.setdefault("components", {})
        components.setdefault("schemas", {})["Problem"] = Problem.model_json_schema()
        components["schemas"].pop("HTTPValidationError", None)
        components["schemas"].pop("ValidationError", None)
        components["securitySchemes"] = {
            "bearer": {"type": "http", "scheme": "bearer"},
            "cookie": {"type": "apiKey", "in": "cookie", "name": "wangge_session"},
        }
        components["securitySchemes"] |= {
            "pairing": {"type": "apiKey", "in": "query", "name": "id"},
            "basic": {"type": "http", "scheme": "basic"},
        }
        schema["security"] = [{"bearer": []}, {"cookie": []}]
        for path, method in OPEN:
            schema["paths"][path][method]["security"] = []
        for (path, method), scheme in PAIRED.items():
            schema["paths"][path][method]["security"] = [{scheme: []}]
        for operations in schema["paths"].values():
            for operation in operations.values():
                operation["summary"] = _first_sentence(operation["description"])
        app.openapi_schema = schema
    return app.openapi_schema


def _first_sentence(text: str) -> str:
    """The first sentence of a docstring, on one line, without its full stop."""
    return " ".join(text.split()).split(". ")[0].removesuffix(".")
