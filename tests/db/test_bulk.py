# SPDX-License-Identifier: Apache-2.0
"""Rows that go in by COPY come out as they were."""

import math
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID, uuid4

import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from geo.bulk import _numbers, _spelling, copy_rows
from geo.columns import Origin
from geo.db import Database
from geo.outbox import OutboxRow
from geo.schema import METADATA
from geo.tracking.tables import LatestPositionRow
from tests import town

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)
NASTY = [
    "",
    "\\N",
    "\\.",
    "a\tb",
    "line\nline\r\n",
    "\\t\\\\",
    '"{,}"',
    "彩虹街\u3000\xa010号",
    "\x7f\x01",
]


def stored(database: Database, rows: list[dict[str, Any]]) -> list[OutboxRow]:
    with database.transaction() as session:
        copy_rows(session, OutboxRow, rows)
        subjects = [row["subject"] for row in rows]
        found = session.scalars(select(OutboxRow).where(OutboxRow.subject.in_(subjects)))
        return sorted(found, key=lambda row: row.seq)


def event(kind: str, body: Any = (), **more: Any) -> dict[str, Any]:
    return {
        "district": town.DISTRICT,
        "kind": kind,
        "subject": uuid4(),
        "area": None,
        "workers": [],
        "body": body,
        "place": None,
        "actor": "system",
        "origin": Origin.DRILL,
        "at": town.MORNING,
        **more,
    }


def test_every_kind_of_value(database: Database) -> None:
    asia = timezone(timedelta(hours=8))
    rows = [
        event(said, {"said": said, "deep": [None, 1, {"\\": "\n"}]}, area=area, at=at, place=place)
        for said, area, at, place in zip(
            NASTY,
            [None, *NASTY[1:]],
            [datetime(1999, 1, 1, tzinfo=UTC), datetime(2026, 3, 2, 8, 0, 0, 7, asia)] * 5,
            [None, {"lon": 123.7, "lat": 41.2}] * 5,
            strict=False,
        )
    ]
    for row, said in zip(stored(database, rows), rows, strict=True):
        assert {name: getattr(row, name) for name in said} == said


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(said=st.lists(st.tuples(TEXT, st.none() | TEXT, JSON), min_size=1, max_size=5))
def test_whatever_is_said(database: Database, said: list[tuple[str, str | None, Any]]) -> None:
    rows = [event(kind, {"said": body}, area=area) for kind, area, body in said]
    found = [(row.kind, row.area, row.body["said"]) for row in stored(database, rows)]
    assert found == said


def test_numbers() -> None:
    spelled = ["1.5", "\\N", "inf", "-0.0", "nan", "True", "7"]
    assert list(_numbers([1.5, None, math.inf, -0.0, math.nan, True, 7])) == spelled
    assert list(_numbers([None])) == ["\\N"]


@pytest.mark.parametrize("point", [shapely.Point(200, 41), shapely.Point(), shapely.Point(1, 91)])
def test_what_lies_nowhere_on_earth_is_refused(database: Database, point: shapely.Point) -> None:
    row = {
        "district": town.DISTRICT,
        "worker": town.WORKERS["N1"],
        "point": point,
        "accuracy_m": 5.0,
        "observed_at": town.MORNING,
        "received_at": town.MORNING,
        "on_duty": True,
        "origin": Origin.REAL,
    }
    with pytest.raises(Exception, match="point_sound"), database.transaction() as session:
        copy_rows(session, LatestPositionRow, [row])
    with database.transaction() as session:
        copy_rows(session, LatestPositionRow, [row | {"point": shapely.Point(123.7654, 41.2345)}])
        about = session.scalar(text("select ST_AsText(about) from latest_position"))
    assert about in ("POINT(123.765 41.234)", "POINT(123.765 41.235)")


def test_every_column_of_the_product_can_be_copied() -> None:
    for table in METADATA.tables.values():
        for column in table.c:
            assert _spelling(column.type)


def test_nothing_is_a_copy_of_nothing(database: Database) -> None:
    with database.transaction() as session:
        copy_rows(session, OutboxRow, [])


def test_ids_of_every_size(database: Database) -> None:
    rows = [event("x", subject=UUID(int=number)) for number in (0, 5, 2**128 - 1)]
    assert [row.subject for row in stored(database, rows)] == [row["subject"] for row in rows]
