# SPDX-License-Identifier: Apache-2.0
"""A real Chromium before a real service. A request to elsewhere or a complaint fails the test."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright

from api.feed import FeedLimits
from geo.accounts.rules import Role
from geo.clock import SetClock
from geo.ids import WorkerId
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


# For one file of tests: while it runs, playwright holds this thread's event loop.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The system's Chromium."""
    with sync_playwright() as playwright:
        found = shutil.which("chromium") or shutil.which("chromium-browser")
        assert found, "no Chromium: ./wangge test installs it"
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def served(live_url: str, clock: SetClock) -> Iterator[Served]:
    """The service over a town of this test's own."""
    with serving(live_url, clock, FeedLimits(heartbeat_s=1.0, poll_s=0.2)) as running:
        yield running


class Watched:
    """A page, everything it asked for and everything it complained about."""

    def __init__(self, page: Page, served: Served) -> None:
        self.page = page
        self.asked: list[str] = []
        self.complaints: list[str] = []
        self._marked = 0
        self._own = f"{served.url}/"
        # A test that cuts the line says so: failed requests are then what it is about.
        self.cut = False
        page.on("request", self._request)
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def mark(self) -> None:
        """From here on count what the page asks for."""
        self._marked = len(self.asked)

    @property
    def asked_since_mark(self) -> list[str]:
        """What the page has asked for since the mark."""
        return self.asked[self._marked :]

    def _request(self, request: Request) -> None:
        self.asked.append(request.url)

    def _console(self, message: ConsoleMessage) -> None:
        expected = self.cut and "Failed to load resource" in message.text
        if message.type in ("error", "warning") and not expected:
            self.complaints.append(f"{message.type}: {message.text}")

    def check(self) -> None:
        """No request to another host, no error, no warning, no refusal by the page's policy."""
        local = (self._own, "data:", "blob:")
        assert [url for url in self.asked if not url.startswith(local)] == []
        assert self.complaints == []


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
