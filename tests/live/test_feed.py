# SPDX-License-Identifier: Apache-2.0
"""The live feed over real connections: in order, complete, resumable, and only for whom it is."""

import json
import socket
import time
from collections.abc import Callable
from itertools import islice
from typing import Any, ClassVar
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from geo.accounts.actions import disable_account
from geo.accounts.rules import Role
from geo.clock import SetClock
from geo.columns import Origin
from geo.db import Database
from geo.outbox import KINDS, Event, latest_seq, record
from geo.tracking.rules import NOTIFY_CHANNEL as POSITIONS_CHANNEL
from geo.workforce.rules import WorkerChanged
from tests import town
from tests.serving import Reader, Served, serving


@pytest.fixture
def dispatcher(served: Served) -> str:
    """The token of somebody who sees the whole district."""
    return served.sign_in(served.account(Role.DISPATCHER))


def happen(database: Database, *notes: str, area: str | None = None, size: int = 0) -> list[int]:
    """Commit one transaction an event; the numbers they got."""
    numbers = []
    for note in notes:
        with database.transaction() as session:
            body = {"id": note, "note": note, "filler": "x" * size}
            record(session, changed(body, area=area))
        with database.snapshot() as session:
            numbers.append(latest_seq(session, town.DISTRICT))
    return numbers


def changed(
    body: dict[str, Any], *, area: str | None = None, workers: tuple[UUID, ...] = ()
) -> WorkerChanged:
    return WorkerChanged(
        id=uuid4(),
        district=town.DISTRICT,
        at=town.MORNING,
        actor="test",
        origin=Origin.REAL,
        body=body,
        area=area,
        workers=workers,
    )


def seq(database: Database) -> int:
    with database.snapshot() as session:
        return latest_seq(session, town.DISTRICT)


def see(database: Database, items: list[list[Any]]) -> None:
    payload = json.dumps({"district": town.DISTRICT, "items": items})
    with database.transaction() as session:
        session.execute(
            text("select pg_notify(:channel, :payload)"),
            {"channel": POSITIONS_CHANNEL, "payload": payload},
        )


def wait_until(true: Callable[[], bool], seconds: float = 8.0) -> None:
    ends = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < ends, "it never came true"
        time.sleep(0.02)


def test_what_commits_is_sent_with_its_number(served: Served, dispatcher: str) -> None:
    with Reader(served, dispatcher) as reader:
        hello = next(reader.messages())
        assert (hello.event, hello.id) == ("hello", None)
        numbers = happen(served.database, "a", "b")
        heard = list(islice(reader.facts(), 2))
    assert [said.id for said in heard] == numbers
    assert [said.data["body"]["note"] for said in heard] == ["a", "b"]
    assert {said.event for said in heard} == {"worker.changed"}
    assert heard[0].data["collection"] == "workers"


def test_a_reader_resumes_after_the_last_number_it_saw(served: Served, dispatcher: str) -> None:
    start = seq(served.database)
    with Reader(served, dispatcher, after=start) as reader:
        numbers = happen(served.database, "a", "b", "c")
        first = next(reader.facts())
    numbers += happen(served.database, "d")
    # As a browser reconnects: the old address, and the number it has seen.
    again = Reader(served, dispatcher, after=start, last_event_id=str(first.id))
    with again as reader:
        numbers += happen(served.database, "e")
        rest = list(islice(reader.facts(), 4))
    assert [said.id for said in [first, *rest]] == numbers


def test_the_short_address_answers_the_same(served: Served, dispatcher: str) -> None:
    status, problem = served.ask("GET", "/live")
    assert (status, problem["code"]) == (401, "session.required")
    status, problem = served.ask("GET", "/live?kinds=weather", dispatcher)
    assert (status, problem["code"]) == (422, "live.kind_unknown")


@pytest.mark.parametrize(
    ("query", "header", "reason"),
    [
        ({"after": 10**9}, None, "ahead"),
        ({"after": 1}, None, "too_old"),
        ({"after": 1}, "2", "too_old"),
        ({"epoch": str(uuid4())}, None, "epoch"),
        ({}, "not a number", "ahead"),
    ],
)
def test_who_cannot_go_on_is_told_to_reload(
    served: Served, dispatcher: str, query: dict[str, Any], header: str | None, reason: str
) -> None:
    numbers = happen(served.database, "a", "b")
    with served.database.transaction() as session:
        session.execute(text("delete from outbox where seq < :kept"), {"kept": numbers[0]})
    with Reader(served, dispatcher, last_event_id=header, **query) as reader:
        heard = reader.until("reload")
        assert heard[-1].data == {"reason": reason}
        assert next(reader.messages(), None) is None


def test_the_oldest_kept_number_can_be_gone_on_from(served: Served, dispatcher: str) -> None:
    numbers = happen(served.database, "a", "b")
    with served.database.transaction() as session:
        session.execute(text("delete from outbox where seq < :kept"), {"kept": numbers[0]})
    with Reader(served, dispatcher, after=numbers[0] - 1) as reader:
        assert [said.id for said in islice(reader.facts(), 2)] == numbers


def test_kinds_can_be_chosen(served: Served, dispatcher: str) -> None:
    start = seq(served.database)
    served.account(Role.VIEWER)
    (number,) = happen(served.database, "a")
    with Reader(served, dispatcher, after=start, kinds="worker.changed") as reader:
        assert next(reader.facts()).id == number


def test_each_sees_what_is_his(served: Served) -> None:
    """One event a cell and worker, an unknown kind, an account: five readers, five views."""
    worker = town.WORKERS["S1"]
    tokens = {
        "admin": served.sign_in(served.account(Role.ADMIN)),
        "above": served.sign_in(served.account(Role.SUPERVISOR, scope="210503101")),
        "viewer": served.sign_in(served.account(Role.VIEWER)),
        "worker": served.sign_in(served.account(Role.WORKER, worker=worker)),
    }
    start = seq(served.database)
    rows: list[dict[str, Any]] = []
    for name in ("N1", "S1"):
        row = {"id": str(town.WORKERS[name]), "name": "王芳", "on_duty": True, "origin": "real"}
        rows.append(row)
        with served.database.transaction() as session:
            event = changed(row, area=town.CELLS[name], workers=(town.WORKERS[name],))
            record(session, event)
    served.account(Role.VIEWER)
    happen(served.database, "whole district")
    heard: dict[str, list[Any]] = {}
    for who, token in tokens.items():
        with Reader(served, token, after=start) as reader:
            # The first comment says that everything before it has been sent.
            heard[who] = []
            for said in reader.messages():
                if said.comment is not None:
                    break
                if said.id is not None:
                    heard[who].append((said.event, said.data["body"]))
    changes = [("worker.changed", row) for row in rows]
    assert heard["admin"][:2] == changes
    assert [event for event, _ in heard["admin"]][2:] == ["account.changed", "worker.changed"]
    assert heard["above"] == changes[:1]
    assert heard["worker"] == changes[1:]
    assert [body.keys() for _, body in heard["viewer"]][:2] == [{"id", "on_duty", "origin"}] * 2
    assert len(heard["viewer"]) == 3


def test_positions_pass_without_a_number_and_in_scope(served: Served) -> None:
    below = served.sign_in(served.account(Role.SUPERVISOR, scope="210503102"))
    viewer = served.sign_in(served.account(Role.VIEWER))
    n1, s1 = str(town.WORKERS["N1"]), str(town.WORKERS["S1"])
    instant = town.MORNING.isoformat()
    with Reader(served, below) as reader, Reader(served, viewer) as watching:
        assert next(reader.messages()).event == next(watching.messages()).event == "hello"
        see(
            served.database,
            [[n1, 123.7, 41.3, 9.0, instant, town.N1], [s1, 123.8, 41.4, 8.0, instant, town.S1]],
        )
        said = next(reader.messages())
        assert (said.event, said.id) == ("position", None)
        assert said.data == {
            "worker": s1,
            "lon": 123.8,
            "lat": 41.4,
            "accuracy_m": 8.0,
            "observed_at": instant,
        }
        assert next(watching.messages()).comment is not None


def test_a_comment_comes_when_nothing_happens(served: Served, dispatcher: str) -> None:
    with Reader(served, dispatcher) as reader:
        said = [next(reader.messages()) for _ in range(3)]
    assert [message.comment is not None for message in said] == [False, True, True]


def test_a_closed_account_ends_its_stream_at_once(served: Served, clock: SetClock) -> None:
    username = served.account(Role.DISPATCHER)
    with Reader(served, served.sign_in(username)) as reader:
        assert next(reader.messages()).event == "hello"
        with served.database.transaction() as session:
            disable_account(session, username=username, at=clock.now())
        assert all(said.comment is not None for said in reader.messages())
    wait_until(lambda: len(served.feed.open_screens) == 0)


def test_signing_out_ends_the_stream(served: Served, dispatcher: str) -> None:
    with Reader(served, dispatcher) as reader:
        assert next(reader.messages()).event == "hello"
        assert served.ask("DELETE", "/api/v1/sessions/current", dispatcher)[0] == 204
        assert all(said.id is None for said in reader.messages())


def test_more_screens_than_allowed_are_asked_to_wait(served: Served, dispatcher: str) -> None:
    readers = [Reader(served, dispatcher) for _ in range(served.feed.limits.screens)]
    refused = Reader(served, dispatcher)
    assert refused.answer.status == 503
    assert int(refused.answer.headers["retry-after"]) > 0
    assert json.loads(refused.answer.read())["code"] == "live.too_many_screens"
    for reader in [*readers, refused]:
        reader.__exit__()
    wait_until(lambda: len(served.feed.open_screens) == 0)


def test_a_reader_that_takes_nothing_is_let_go_and_misses_nothing(
    served: Served, dispatcher: str
) -> None:
    start = seq(served.database)
    stalled = socket.socket()
    stalled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    stalled.connect(("127.0.0.1", served.port))
    request = f"GET /api/v1/live HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {dispatcher}"
    stalled.sendall(f"{request}\r\n\r\n".encode())
    wait_until(lambda: len(served.feed.open_screens) == 1)
    numbers = happen(served.database, *(str(n) for n in range(40)), size=400_000)
    wait_until(lambda: len(served.feed.open_screens) == 0)
    stalled.close()
    with Reader(served, dispatcher, after=start) as reader:
        assert [said.id for said in islice(reader.facts(), 40)] == numbers


def test_a_stream_holds_no_connection_of_the_pool(served: Served, dispatcher: str) -> None:
    with Reader(served, dispatcher) as reader:
        happen(served.database, "a")
        assert next(reader.facts()).event == "worker.changed"
        with served.database.snapshot() as session:
            states = session.execute(
                text(
                    "select application_name, state from pg_stat_activity"
                    " where datname = current_database() and pid <> pg_backend_pid()"
                )
            ).all()
    assert [name for name, _ in states].count("wangge feed") == 1
    assert {state for _, state in states} == {"idle"}


def test_losing_the_listener_loses_no_event(served: Served, dispatcher: str) -> None:
    with Reader(served, dispatcher) as reader:
        assert next(reader.messages()).event == "hello"
        with served.database.transaction() as session:
            session.execute(
                text(
                    "select pg_terminate_backend(pid) from pg_stat_activity"
                    " where application_name = 'wangge feed' and datname = current_database()"
                )
            )
        numbers = happen(served.database, "a", "b", "c")
        assert [said.id for said in islice(reader.facts(), 3)] == numbers


def test_stopping_the_service_ends_its_streams(live_url: str, clock: SetClock) -> None:
    with serving(live_url, clock) as running:
        token = running.sign_in(running.account(Role.DISPATCHER))
        reader = Reader(running, token)
        assert next(reader.messages()).event == "hello"
        began = time.monotonic()
    assert time.monotonic() - began < 2, "the open stream held up the stop"
    assert list(reader.messages()) == []
    reader.__exit__()


def test_an_unknown_kind_needs_no_restart_of_the_reader(served: Served, dispatcher: str) -> None:
    """An event of a newer version's kind passes whole to those who may see people."""

    class Newer(Event):
        kind: ClassVar[str] = "newer.kind"

    del KINDS["newer.kind"]
    with Reader(served, dispatcher) as reader:
        assert next(reader.messages()).event == "hello"
        with served.database.transaction() as session:
            record(
                session,
                Newer(
                    id=uuid4(),
                    district=town.DISTRICT,
                    at=town.MORNING,
                    actor="test",
                    origin=Origin.REAL,
                    body={"a": 1},
                ),
            )
        said = next(reader.facts())
    assert (said.event, said.data["body"], said.data["collection"]) == (
        "newer.kind",
        {"a": 1},
        None,
    )
