# SPDX-License-Identifier: Apache-2.0
"""Is the process up, can it serve, and what does it count."""

import ipaddress
import secrets

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import JSONResponse, Response

from api.deps import service
from api.errors import problem, problems
from api.metrics import exposition
from geo.db import is_migrated
from geo.hierarchy.queries import districts
from geo.workforce.queries import count_on_duty

router = APIRouter(tags=["health"])


@router.get("/healthz")
def healthz() -> dict[str, str]:
    """The process is up."""
    return {"status": "up"}


@router.get("/readyz", responses=problems(503))
def readyz(request: Request) -> Response:
    """Whether the service can do its work; 503 names what is missing."""
    made = service(request)
    missing: list[str] = []
    with made.database.snapshot() as session:
        if not is_migrated(session):
            missing.append("migrations")
        elif made.settings.demo:
            demos = [district for district in districts(session) if district.demo]
            if not demos:
                missing.append("demo_district")
            elif not count_on_duty(session, demos[0].code):
                missing.append("worker_on_duty")
            if not made.settings.demo_file.is_file():
                missing.append("demo_file")
    if missing:
        return problem(request, 503, "service.not_ready", {"missing": missing, "retry_after_s": 1})
    return JSONResponse({"status": "ready"})


@router.get("/metrics", include_in_schema=False)
def metrics(request: Request) -> Response:
    """Counters for Prometheus: to this machine, or to whoever has the token."""
    token = service(request).settings.metrics_token
    given = request.headers.get("authorization", "").removeprefix("Bearer ")
    by_token = bool(token) and secrets.compare_digest(given.encode(), token.encode())
    if not by_token and not _is_loopback(request):
        return problem(request, 404, "route.not_found")
    return Response(exposition(), media_type=CONTENT_TYPE_LATEST)


def _is_loopback(request: Request) -> bool:
    # A proxy on this machine speaks for others: what it forwards is not from here.
    if request.client is None or "x-forwarded-for" in request.headers:
        return False
    return ipaddress.ip_address(request.client.host).is_loopback
