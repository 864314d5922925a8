# SPDX-License-Identifier: Apache-2.0
"""What a person at the terminal reads while the commands work."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console


class Teller:
    """Tells each step as it begins and how long it took; plain lines where no terminal is."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(stderr=True, highlight=False, soft_wrap=True)
        self._turning = threading.Lock()

    def line(self, text: str) -> None:
        self.console.print(text, markup=False)

    def warn(self, text: str) -> None:
        self.console.print(text, style="bold yellow", markup=False)

    @contextmanager
    def step(self, text: str) -> Iterator[None]:
        began = time.monotonic()
        # A terminal shows one turning sign at a time; a step beside it gets plain lines.
        if self.console.is_terminal and self._turning.acquire(blocking=False):
            try:
                with self.console.status(text):
                    yield
            finally:
                self._turning.release()
        else:
            self.line(f"  … {text}")
            yield
        self.line(f"  ✓ {text} ({time.monotonic() - began:.1f} s)")
