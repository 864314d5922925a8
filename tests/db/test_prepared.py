# SPDX-License-Identifier: Apache-2.0
"""Hot statements: what goes to PostgreSQL as an array comes back as it was."""

import gc
import math
import time
import weakref
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError
from sqlalchemy.orm import Session

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


def test_what_may_wait_goes_first_in_the_same_turn(database: Database) -> None:
    with database.transaction() as session:
        prepared.soon(session, "create temporary table said (number int, word text)")
        prepared.soon(session, "savepoint empty")
        counted = "select count(*)::int as all from pg_class where relname = %(name)s"
        assert prepared.rows(session, counted, name="said") == [(1,)]
        prepared.soon(session, "insert into said values (%(number)s, 'one')", number=1)
        prepared.soon(session, "insert into said values (%(number)s, null)", number=2)
        # Rows that are copied come after it, too, and after what has values.
        prepared.copy(session, "copy said from stdin", lines="3\tthree\n")
        prepared.soon(session, "savepoint four")
        prepared.copy(session, "copy said from stdin", lines="4\t\\N\n")
        assert prepared.rows(session, "select * from said") == [
            (1, "one"),
            (2, None),
            (3, "three"),
            (4, None),
        ]
        with pytest.raises(DataError, match="line 2"):
            prepared.copy(session, "copy said from stdin", lines="5\tfive\nsix\t6\n")
        prepared.run(session, "rollback to savepoint four")
        assert len(prepared.rows(session, "select * from said")) == 3
        prepared.soon(session, "rollback to savepoint empty")
        assert prepared.rows(session, "select * from said") == []


def divided_by_zero(database: Database, *after: str) -> None:
    with database.transaction() as session:
        prepared.run(session, "create temporary table kept (number int)")
        prepared.soon(session, "select 1 / %(divisor)s::int", divisor=0)
        for statement in after:
            prepared.soon(session, statement)


@pytest.mark.parametrize("after", [(), ("insert into kept values (1)", "select 1")])
def test_what_waits_and_fails_takes_all_with_it(
    database: Database, live_database: Database, after: tuple[str, ...]
) -> None:
    # In a transaction of a test's own, and in one that would commit in the same turn.
    for one in (database, live_database):
        with pytest.raises(DataError, match="division by zero"):
            divided_by_zero(one, *after)
        # Nothing of it is left for whoever is next on this connection.
        with one.transaction() as session:
            there = "select to_regclass('pg_temp.kept') as kept"
            assert prepared.rows(session, there) == [(None,)]


def test_what_waits_is_committed(live_database: Database) -> None:
    with live_database.transaction() as session:
        prepared.soon(session, "create table left_over (number int)")
    with live_database.snapshot() as session:
        assert prepared.rows(session, "select * from left_over") == []


def test_a_connection_that_died_idle_is_noticed_before_it_is_used(live_database: Database) -> None:
    with live_database.snapshot() as session:
        (before,) = prepared.rows(session, "select pg_backend_pid() as pid")
    killer = Database(live_database.url, reactions={})
    with killer.snapshot() as session:
        prepared.run(session, "select pg_terminate_backend(%(pid)s::int)", pid=before.pid)
    killer.close()
    time.sleep(1.1)
    with live_database.transaction() as session:
        (after,) = prepared.rows(session, "select pg_backend_pid() as pid")
    assert after != before


def end_of_the_line(database: Database, *, by_alchemy: bool = False) -> None:
    with database.transaction() as session:
        if by_alchemy:
            session.execute(text("select 1"))
        prepared.soon(session, "select pg_terminate_backend(pg_backend_pid())")
        prepared.run(session, "select 1")


def test_a_connection_that_dies_at_work_fails_its_transaction_alone(
    live_database: Database,
) -> None:
    with pytest.raises(OperationalError):
        end_of_the_line(live_database)
    with live_database.snapshot() as session:
        assert prepared.rows(session, "select 1 as one") == [(1,)]


def test_more_than_the_line_holds_goes_through_in_both_directions(database: Database) -> None:
    words = ["网格" * 500] * 4000
    with database.snapshot() as session:
        prepared.soon(session, "select length(%(word)s::text)", word="x" * 5_000_000)
        asked = "select word from unnest(%(words)s::text[]) as word"
        assert [row.word for row in prepared.rows(session, asked, words=words)] == words


def test_a_copy_is_opened_ahead_with_what_is_asked_first(database: Database) -> None:
    rows_of_it = "copy said from stdin"
    with database.transaction() as session:
        prepared.run(session, "create temporary table said (number int)")
        kept = "select number from said order by number"
        # A value that has to be quoted, one that is null, and an array.
        asked = "select %(word)s::text as word, %(none)s::int as none, %(many)s::int[] as many"
        prepared.ahead(session, "savepoint before", rows_of_it)
        found = prepared.rows(session, asked, word="it's \\", none=None, many=[1, 2])
        assert found == [("it's \\", None, [1, 2])]
        prepared.copy(session, "savepoint before", rows_of_it, lines="1\n")
        assert prepared.rows(session, kept) == [(1,)]
        # One whose rows are refused.
        prepared.ahead(session, "savepoint before", rows_of_it)
        assert prepared.rows(session, kept) == [(1,)]
        with pytest.raises(DataError, match="line 1"):
            prepared.copy(session, "savepoint before", rows_of_it, lines="two\n")
        prepared.run(session, "rollback to savepoint before")
        # One that nobody comes back to: by us, by SQLAlchemy, by a copy of something else.
        for others in (
            lambda: prepared.rows(session, kept),
            lambda: session.execute(text(kept)).all(),
            lambda: prepared.copy(session, "copy said (number) from stdin", lines="2\n"),
        ):
            prepared.ahead(session, rows_of_it)
            prepared.run(session, "select 1")
            others()
        assert prepared.rows(session, kept) == [(1,), (2,)]
        # And what fails before it is opened.
        prepared.soon(session, "savepoint before")
        prepared.ahead(session, rows_of_it)
        with pytest.raises(DataError, match="division by zero"):
            prepared.rows(session, "select 1 / %(divisor)s::int", divisor=0)
        prepared.run(session, "rollback to savepoint before")
        assert prepared.rows(session, kept) == [(1,), (2,)]


def dies_while_a_copy_is_open(database: Database, killer: Database) -> None:
    with database.transaction() as session:
        prepared.ahead(session, "copy standing_change (district) from stdin")
        (line,) = prepared.rows(session, "select pg_backend_pid() as pid")
        with killer.snapshot() as other:
            ended = "select pg_terminate_backend(%(pid)s::int, 5000) as ended"
            assert prepared.rows(other, ended, pid=line.pid) == [(True,)]
        prepared.rows(session, "select 1")


def test_who_is_cut_off_while_a_copy_is_open_hears_so_as_ever(
    live_url: str, live_database: Database
) -> None:
    killer = Database(live_url, reactions={})
    with pytest.raises(OperationalError):
        dies_while_a_copy_is_open(live_database, killer)
    killer.close()
    with live_database.snapshot() as session:
        assert prepared.rows(session, "select 1 as one") == [(1,)]


def leaves_a_copy_open(database: Database, *, failing: bool) -> None:
    with database.transaction() as session:
        prepared.ahead(session, "copy standing_change (district) from stdin")
        prepared.rows(session, "select 1")
        if failing:
            raise LookupError


def test_a_copy_that_is_left_open_harms_nobody(live_database: Database) -> None:
    with live_database.snapshot() as session:
        (before,) = prepared.rows(session, "select pg_backend_pid() as pid")
    leaves_a_copy_open(live_database, failing=False)
    with pytest.raises(LookupError):
        leaves_a_copy_open(live_database, failing=True)
    with live_database.snapshot() as session:
        assert prepared.rows(session, "select pg_backend_pid() as pid") == [before]


@pytest.fixture
def apart(live_database: Database) -> Iterator[Database]:
    """A user of the town with a connection of his own."""
    database = live_database.apart()
    yield database
    database.close()


def number_of(session: Session) -> int:
    (line,) = prepared.rows(session, "select pg_backend_pid() as pid")
    number: int = line.pid
    return number


def test_who_is_apart_keeps_his_connection(apart: Database, live_database: Database) -> None:
    with apart.transaction() as session:
        first = number_of(session)
        prepared.run(session, "create table apart (number int)")
    with apart.transaction() as session:
        # SQLAlchemy comes in at any time, and is of the same transaction.
        prepared.soon(session, "insert into apart values (1)")
        assert number_of(session) == first
        assert session.scalar(text("select number from apart")) == 1
        session.execute(text("insert into apart values (2)"))
        prepared.run(session, "insert into apart values (3)")
    with apart.transaction() as session:
        session.execute(text("insert into apart values (4)"))
    with apart.transaction():
        pass
    with live_database.snapshot() as session:
        assert prepared.rows(session, "select * from apart") == [(1,), (2,), (3,), (4,)]
    with live_database.transaction() as session:
        prepared.run(session, "drop table apart")


def fails(database: Database, *, by_alchemy: bool) -> None:
    with database.transaction() as session:
        prepared.run(session, "create table half_done (number int)")
        if by_alchemy:
            session.execute(text("create table half_done_as_well (number int)"))
        raise LookupError


def test_what_fails_apart_leaves_nothing(apart: Database) -> None:
    for by_alchemy in (False, True):
        with pytest.raises(LookupError):
            fails(apart, by_alchemy=by_alchemy)
        with pytest.raises(DBAPIError), apart.transaction() as session:
            prepared.run(session, "select 1 / 0")
        with apart.transaction() as session:
            assert prepared.rows(session, "select to_regclass('half_done') as it") == [(None,)]


def test_a_connection_apart_that_was_lost_is_made_anew(
    apart: Database, live_database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    with apart.transaction() as session:
        before = number_of(session)
    with live_database.snapshot() as session:
        prepared.run(session, "select pg_terminate_backend(%(pid)s::int)", pid=before)
    time.sleep(1.1)
    with apart.transaction() as session:
        assert number_of(session) != before
    for by_alchemy in (False, True):
        with pytest.raises(OperationalError):
            end_of_the_line(apart, by_alchemy=by_alchemy)
        with apart.transaction() as session:
            assert prepared.rows(session, "select 1 as one") == [(1,)]
    # Whoever asked has been told; there is nothing that anybody could do about it.
    assert caplog.records == []


class Thing:
    """Something that a connection keeps."""


def test_nothing_is_kept_of_a_connection_that_is_gone(live_url: str) -> None:
    database = Database(live_url, reactions={})
    with database.transaction() as session:
        prepared.run(session, "select 1")
        thing = weakref.ref(prepared.kept(session, Thing))
        connection = weakref.ref(session.connection().connection.driver_connection)
    assert thing() is not None
    del session
    database.close()
    gc.collect()
    assert thing() is None
    assert connection() is None
