# SPDX-License-Identifier: Apache-2.0
"""A page, everything it asks for and everything it complains about."""

import time
from collections.abc import Callable

from playwright.sync_api import ConsoleMessage, Page, Request

from tests.serving import Served


def wait_until(page: Page, true: Callable[[], bool], seconds: float = 10.0) -> None:
    """Let a page go on until something is so."""
    ends = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < ends, "it never came true"
        page.wait_for_timeout(50)


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
