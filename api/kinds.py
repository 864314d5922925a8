# SPDX-License-Identifier: Apache-2.0
"""``python -m api.kinds``: write the table of event kinds in docs/live.md from the code."""

from collections.abc import Mapping

import api.main  # noqa: F401  (every domain, and so every kind, is known from here on)
from api.code import CHECKOUT
from geo.outbox import KINDS, Event

PAGE = CHECKOUT / "docs" / "live.md"
BEGIN, END = "<!-- kinds -->\n", "<!-- /kinds -->\n"


def table(kinds: Mapping[str, type[Event]] = KINDS) -> str:
    """The kinds of events with the collection each brings up to date, as Markdown."""
    lines = ["| kind | collection | when |", "|---|---|---|"]
    for name, kind in sorted(kinds.items()):
        # A test may know further kinds.
        if kind.__module__.startswith("geo."):
            said = (kind.__doc__ or "").split("\n\n")[0].replace("\n", " ").strip()
            lines.append(f"| `{name}` | {kind.collection or ''} | {said} |")
    return "\n".join([*lines, ""])


def written(page: str) -> str:
    """A page with the table of today in its place."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}{table()}{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
