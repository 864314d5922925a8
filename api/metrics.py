# SPDX-License-Identifier: Apache-2.0
"""What the service counts, for Prometheus. With several processes the counts are put together.

Routes are named by their pattern, never by the address asked for: ids and names of people do not
belong into a metric.
"""

import asyncio
import os
import time
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from functools import cache

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    multiprocess,
)
from starlette.types import ASGIApp, Message, Receive, Scope, Send

REQUESTS = Counter(
    "wangge_requests", "Requests answered, by route and status.", ["method", "route", "status"]
)
SECONDS = Histogram(
    "wangge_request_seconds",
    "Time from a request to the start of its answer.",
    ["route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
DROPPED = Counter(
    "wangge_fixes_dropped", "Positions, and messages of phones, not stored, by reason.", ["reason"]
)
_COUNTED_AFTER_S = 0.25
# Answers that are still to be counted, and the loop that will; one in a process.
_answers: deque[tuple[str, str, int, float]] = deque()
_counting_on: list[asyncio.AbstractEventLoop | None] = [None]
SCREENS = Gauge("wangge_screens", "Live screens connected.", multiprocess_mode="livesum")


def exposition() -> bytes:
    """All counts in the text format, over every process when they share a directory."""
    count_all()
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest()
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)


def count_dropped(reasons: Iterable[str]) -> None:
    """Count what was dropped at the door: it is named, not hidden. `reasons` are codes."""
    for reason in reasons:
        DROPPED.labels(reason).inc()


def count_answer(method: str, route: str, status: int, seconds: float) -> None:
    """Count an answer of a route, and the time to its start. On an event loop.

    A moment later, many at once: each by itself costs a tenth of answering a check-in.
    """
    _answers.append((method, route, status, seconds))
    loop = asyncio.get_running_loop()
    if _counting_on[0] is not loop:
        _counting_on[0] = loop
        loop.call_later(_COUNTED_AFTER_S, count_all)


def count_all() -> None:
    """Count what was noted. By a loop in its time, or by whoever wants to know now."""
    _counting_on[0] = None
    alike: dict[Counter, int] = {}
    with suppress(IndexError):
        while True:
            method, route, status, seconds = _answers.popleft()
            requests, times = _counts(method, route, status)
            alike[requests] = alike.get(requests, 0) + 1
            times.observe(seconds)
    for requests, many in alike.items():
        requests.inc(many)


@cache
def _counts(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    # Looked up once: there are only so many routes and statuses.
    return REQUESTS.labels(method, route, status), SECONDS.labels(route)


class Counted:
    """Counts what the app answers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and note the start of its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                route = getattr(scope.get("route"), "path", "other")
                seconds = time.perf_counter() - began
                count_answer(scope["method"], route, message["status"], seconds)
            await send(message)

        await self._app(scope, receive, noted)
