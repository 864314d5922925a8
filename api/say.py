# SPDX-License-Identifier: Apache-2.0
"""What a person at the terminal reads while the commands work."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console


class Teller:
    """Tells each step as it begins and how long it took; plain lines where no terminal is."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(stderr=True, highlight=False, soft_wrap=True)

    def line(self, text: str) -> None:
        self.console.print(text, markup=False)

    def warn(self, text: str) -> None:
        self.console.print(text, style="bold yellow", markup=False)

    @contextmanager
    def step(self, text: str) -> Iterator[None]:
        began = time.monotonic()
        if self.console.is_terminal:
            with self.console.status(text):
                yield
        else:
            self.line(f"  … {text}")
            yield
        self.line(f"  ✓ {text} ({time.monotonic() - began:.1f} s)")
