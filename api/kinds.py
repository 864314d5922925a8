# SPDX-License-Identifier: Apache-2.0
"""``python -m api.kinds``: the table of event kinds, from the code.

Prints it; with ``--write`` puts it into docs/live.md.
"""

import argparse
import sys
from collections.abc import Mapping

import api.main  # noqa: F401  (every domain, and so every kind, is known from here on)
from api.code import CHECKOUT
from geo.outbox import KINDS, Event

PAGE = CHECKOUT / "docs" / "live.md"
BEGIN, END = "<!-- kinds -->\n", "<!-- /kinds -->\n"


def table(kinds: Mapping[str, type[Event]] = KINDS) -> str:
    """The kinds of events with the collection each brings up to date, as Markdown."""
    rows = [("kind", "collection", "when")]
    for name, kind in sorted(kinds.items()):
        # A test may know further kinds.
        if kind.__module__.startswith("geo."):
            said = (kind.__doc__ or "").split("\n\n")[0].replace("\n", " ").strip()
            rows.append((f"`{name}`", kind.collection or "", said))
    # Columns of one width: readable as text too.
    first, second = (max(len(row[column]) for row in rows) for column in (0, 1))
    lines = [f"| {row[0]:{first}} | {row[1]:{second}} | {row[2]} |" for row in rows]
    lines.insert(1, f"|{'-' * (first + 2)}|{'-' * (second + 2)}|---|")
    return "\n".join([*lines, ""])


def written(page: str) -> str:
    """A page with the table of today in its place."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}{table()}{END}{after}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m api.kinds", description=__doc__)
    parser.add_argument("--write", action="store_true", help="put it into docs/live.md")
    if parser.parse_args().write:
        PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    else:
        sys.stdout.write(table())
