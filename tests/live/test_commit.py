# SPDX-License-Identifier: Apache-2.0
"""The one commit: events in commit order, a failed commit answers 5xx and stores nothing."""

import threading
from collections.abc import Sequence
from contextlib import suppress
from uuid import uuid4

import psycopg
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from api.main import build
from geo.accounts.actions import create_account
from geo.accounts.rules import AccountChanged, Role
from geo.clock import SetClock
from geo.columns import Origin
from geo.db import Database
from geo.outbox import Event, events_after, latest_seq, record
from geo.reactions import REACTIONS
from geo.settings import Settings
from tests import town
from tests.conftest import PASSWORD


def happened(what: str) -> AccountChanged:
    return AccountChanged(
        id=uuid4(),
        district=town.DISTRICT,
        at=town.MORNING,
        actor="test",
        origin=Origin.REAL,
        body={"what": what},
    )


def test_numbers_follow_the_order_of_commits(live_url: str, deep: bool) -> None:
    """A reader with a cursor sees every event, whoever writes at the same time."""
    each, writers = (300, 4) if deep else (50, 4)
    database = Database(live_url, reactions=REACTIONS)
    seen: list[int] = []
    done = threading.Event()

    def write(name: int) -> None:
        for number in range(each):
            with database.transaction() as session:
                record(session, happened(f"{name}-{number}"))

    def read() -> None:
        cursor = start
        while True:
            last_round = done.is_set()
            with database.snapshot() as session:
                found = events_after(session, town.DISTRICT, cursor)
            seen.extend(row.seq for row in found)
            cursor = seen[-1] if seen else start
            if last_round and not found:
                return

    with database.snapshot() as session:
        start = latest_seq(session, town.DISTRICT)
    threads = [threading.Thread(target=write, args=(name,)) for name in range(writers)]
    reader = threading.Thread(target=read)
    reader.start()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    done.set()
    reader.join()
    database.close()
    assert len(seen) == each * writers
    assert seen == sorted(seen)


def test_listeners_hear_of_a_commit_and_of_nothing_else(live_url: str) -> None:
    database = Database(live_url, reactions=REACTIONS)
    with psycopg.connect(live_url.replace("+psycopg", ""), autocommit=True) as listener:
        listener.execute("listen wangge_outbox")
        with suppress(DBAPIError), database.transaction() as session:
            record(session, happened("undone"))
            session.execute(text("select 1/0"))
        with database.transaction() as session:
            record(session, happened("done"))
        payloads = [note.payload for note in listener.notifies(timeout=1)]
    with database.snapshot() as session:
        assert payloads == [f"{town.DISTRICT} {latest_seq(session, town.DISTRICT)}"]
    database.close()


def test_a_commit_that_fails_answers_5xx_and_stores_nothing(
    live_database: Database, clock: SetClock
) -> None:
    with live_database.transaction() as session:
        create_account(
            session,
            district=town.DISTRICT,
            username="duty",
            password=PASSWORD,
            role=Role.DISPATCHER,
            name="值班员",
            scope=town.DISTRICT,
            at=town.MORNING,
        )
        # Checked at the commit alone, as a broken disk or a lost server would show itself.
        session.execute(
            text(
                "create function refuse() returns trigger language plpgsql as"
                " $$ begin raise exception 'no commit today'; end $$"
            )
        )
        session.execute(
            text(
                "create constraint trigger refuse after insert on session deferrable"
                " initially deferred for each row execute function refuse()"
            )
        )
    app = build(Settings(), live_database, clock)
    with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
        answer = client.post("/api/v1/sessions", json={"username": "duty", "password": PASSWORD})
        assert answer.status_code >= 500
        assert answer.json()["code"] == "internal"
        assert "set-cookie" not in answer.headers
        with live_database.snapshot() as session:
            assert session.scalar(text("select count(*) from session")) == 0


def test_reactions_run_in_the_same_transaction(live_url: str) -> None:
    followed: list[str] = []

    def follow(session: Session, caused: Sequence[Event]) -> None:
        followed.extend(one.body["what"] for one in caused)
        if followed[-1] == "first":
            record(session, happened("second"))

    database = Database(live_url, reactions={AccountChanged: [follow]})
    with database.snapshot() as session:
        start = latest_seq(session, town.DISTRICT)
    with database.transaction() as session:
        record(session, happened("first"))
    with database.snapshot() as session:
        bodies = [row.body["what"] for row in events_after(session, town.DISTRICT, start)]
    assert followed == bodies == ["first", "second"]
    database.close()


def test_snapshots_cannot_write(live_database: Database) -> None:
    with pytest.raises(DBAPIError, match="read-only"), live_database.snapshot() as session:
        session.execute(text("delete from outbox"))


def test_every_statement_has_a_deadline(live_url: str) -> None:
    database = Database(live_url, reactions=REACTIONS, statement_timeout_s=0.1)
    with pytest.raises(DBAPIError, match="statement timeout"), database.snapshot() as session:
        session.execute(text("select pg_sleep(5)"))
    database.close()
