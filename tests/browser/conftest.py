# SPDX-License-Identifier: Apache-2.0
"""A real Chromium before a real service. A request to elsewhere or a complaint fails the test."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from api.feed import FeedLimits
from geo.accounts.rules import Role
from geo.clock import SetClock
from geo.cluster import Cluster
from geo.ids import WorkerId
from tests.browser.planners import Planner, at_work
from tests.browser.watching import Watched
from tests.conftest import PASSWORD
from tests.serving import Served, serving

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# A microphone that hums, and leave to use it.
MICROPHONE = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]


# For one file of tests: while it runs, playwright holds this thread's event loop.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The system's Chromium."""
    with sync_playwright() as playwright:
        args = [*FLAGS, *MICROPHONE]
        browser = playwright.chromium.launch(executable_path=executable(), args=args)
        yield browser
        browser.close()


def executable() -> str:
    """Where Chromium is: its shell without windows, as the whole one draws menus nobody sees."""
    found = shutil.which("chromium-headless-shell")
    assert found, "no Chromium: ./wangge test installs it"
    return found


@pytest.fixture(scope="module")
def patient() -> Iterator[None]:
    """Several browsers and a service find each other on a machine that may be busy."""
    expect.set_options(timeout=15_000)
    yield
    expect.set_options(timeout=5_000)


@pytest.fixture
def served(live_url: str, clock: SetClock) -> Iterator[Served]:
    """The service over a town of this test's own."""
    with serving(live_url, clock, FeedLimits(heartbeat_s=1.0, poll_s=0.2)) as running:
        yield running


class Open(Protocol):
    def __call__(
        self,
        path: str,
        role: Role | None = ...,
        *,
        scope: str = ...,
        size: tuple[int, int] = ...,
        worker: WorkerId | None = ...,
    ) -> Watched: ...


@pytest.fixture
def visit(chromium: Browser, served: Served) -> Iterator[Open]:
    """Open a page as somebody of a role, who signs in by the form; nobody when None."""
    opened: list[Watched] = []
    with _contexts(chromium) as contexts:

        def visiting(
            path: str,
            role: Role | None = None,
            *,
            scope: str = "210503",
            size: tuple[int, int] = (1920, 1080),
            worker: WorkerId | None = None,
        ) -> Watched:
            viewport = {"width": size[0], "height": size[1]}
            context = chromium.new_context(viewport=viewport, locale="zh-CN")  # type: ignore[arg-type]
            contexts.append(context)
            page = context.new_page()
            watched = Watched(page, served)
            opened.append(watched)
            page.goto(f"{served.url}{path}")
            if role is not None:
                page.fill("[name=username]", served.account(role, scope=scope, worker=worker))
                page.fill("[name=password]", PASSWORD)
                page.click("[type=submit]")
                page.wait_for_url(f"**{path}")
            return watched

        yield visiting
        for watched in opened:
            watched.check()


@contextmanager
def _contexts(chromium: Browser) -> Iterator[list[object]]:
    contexts: list[object] = []
    try:
        yield contexts
    finally:
        for context in contexts:
            context.close()  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def planners_page(chromium: Browser, cluster: Cluster, town_template: str) -> Iterator[Planner]:
    """One service and one page for a file of tests; each begins a draft of its own."""
    with at_work(chromium, cluster, town_template) as found:
        yield found


@pytest.fixture
def planner(planners_page: Planner) -> Iterator[Planner]:
    """A planner at his page. No complaint, and no request to another host."""
    planners_page.watched.cut = False
    yield planners_page
    planners_page.watched.check()
