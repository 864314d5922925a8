# SPDX-License-Identifier: Apache-2.0
"""The fold: an old snapshot brought up to date by events must equal a fresh one."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from geo.db import Database
from geo.outbox import KINDS, events_after, latest_seq
from tests import town

Rows = Callable[[Any], list[dict[str, Any]]]


@contextmanager
def folds(database: Database, collection: str, rows: Rows) -> Iterator[None]:
    """Check around a block of writes that old rows and the events in between make the new rows."""
    with database.snapshot() as session:
        state = {row["id"]: row for row in rows(session)}
        seq = latest_seq(session, town.DISTRICT)
    before = dict(state)
    yield
    with database.snapshot() as session:
        for happened in events_after(session, town.DISTRICT, seq):
            if KINDS[happened.kind].collection == collection:
                state[str(happened.subject)] = {**happened.body, **(happened.place or {})}
        fresh = {row["id"]: row for row in rows(session)}
    assert state == fresh
    assert fresh != before, "nothing changed: the test says nothing"
