# SPDX-License-Identifier: Apache-2.0
"""Hot statements: what goes to PostgreSQL as an array comes back as it was."""

import math
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import DataError, IntegrityError

from geo import prepared
from geo.db import Database

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
ASIA = timezone(timedelta(hours=8))


def returned(database: Database, kind: str, values: list[Any]) -> list[Any]:
    asked = f"select value from unnest(%(values)s::{kind}[]) as value"
    with database.snapshot() as session:
        return [row.value for row in prepared.rows(session, asked, values=values)]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(values=st.lists(st.none() | TEXT))
def test_text_comes_back_as_it_was(database: Database, values: list[str | None]) -> None:
    assert returned(database, "text", values) == values


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("text", ["", "NULL", "null", "{}", '"', "\\", "a,b", "彩虹街\n10号", None]),
        ("uuid", [UUID(int=7), None, UUID(int=2**128 - 1)]),
        ("int", [0, -5, None]),
        ("bool", [True, None, False]),
        ("float8", [0.1, -0.0, 1e300, math.inf, 123.7656012345, None]),
        ("date", [date(2026, 3, 2), None]),
        ("bytea", [b"", b'\x00"\\', bytes(range(256)), None]),
    ],
)
def test_every_kind_comes_back_as_it_was(database: Database, kind: str, values: list[Any]) -> None:
    assert returned(database, kind, values) == values
    assert returned(database, kind, []) == []


def test_an_instant_stays_the_same_instant(database: Database) -> None:
    said = [datetime(2026, 3, 2, 8, 5, 0, 123456, ASIA), datetime(1999, 12, 31, tzinfo=UTC), None]
    assert returned(database, "timestamptz", said) == said


def test_what_postgresql_refuses_is_said_as_sqlalchemy_says_it(database: Database) -> None:
    with pytest.raises(DataError), database.transaction() as session:
        prepared.run(session, "select %(said)s::int", said="twelve")
    with pytest.raises(IntegrityError), database.transaction() as session:
        prepared.run(session, "insert into district (code) values (null)")
