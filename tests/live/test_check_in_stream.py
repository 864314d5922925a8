# SPDX-License-Identifier: Apache-2.0
"""Streams of check-ins on a real server: slow readers, hang-ups, revoked phones, a stop."""

import http.client
import json
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from api.check_in_stream import StreamLimits
from geo.accounts.actions import revoke_device
from geo.accounts.rules import Role
from geo.clock import SetClock, rfc3339
from tests import town
from tests.live.test_intake import paired
from tests.serving import PATIENCE_S, Served, serving

N1 = town.WORKERS["N1"]
# A busy machine keeps everybody waiting: only what is about losing patience has little of it.
LIMITS = StreamLimits(streams=3, lines_on_their_way=8, farewell_s=0.5)
HASTY = replace(LIMITS, line_s=0.5, idle_s=2.0, send_s=0.5)


@pytest.fixture
def served(live_url: str, clock: SetClock) -> Iterator[Served]:
    """A service with few streams."""
    with serving(live_url, clock, stream_limits=LIMITS) as running:
        yield running


@pytest.fixture
def hasty(live_url: str, clock: SetClock) -> Iterator[Served]:
    """A service whose streams are quick to lose patience."""
    with serving(live_url, clock, stream_limits=HASTY) as running:
        yield running


def line(second: int = 0, **more: Any) -> bytes:
    """A check-in so many seconds, of at most half an hour, after duty began."""
    lon, lat = town.point(50, 250)
    at = rfc3339(town.DUTY_SINCE + timedelta(seconds=second % 1800))
    fix = {"lon": lon, "lat": lat, "accuracy_m": 5, "observed_at": at}
    said = {"id": str(uuid4()), "worker": str(N1), "checkpoint": None, "fix": fix, **more}
    return json.dumps(said).encode() + b"\n"


class Client:
    """One stream: chunks go out by hand, answers are read when asked for."""

    def __init__(self, served: Served, token: str, *, taking: int | None = None) -> None:
        self._socket = socket.socket()
        if taking is not None:
            # Set before connecting: so much is buffered of what is not read.
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, taking)
        self._socket.settimeout(PATIENCE_S)
        self._socket.connect(("127.0.0.1", served.port))
        self._socket.sendall(
            b"POST /api/v1/check-ins/stream HTTP/1.1\r\nhost: localhost\r\n"
            b"content-type: application/x-ndjson\r\ntransfer-encoding: chunked\r\n"
            b"authorization: Bearer " + token.encode() + b"\r\n\r\n"
        )
        self._answer: http.client.HTTPResponse | None = None

    def send(self, body: bytes) -> None:
        """A chunk."""
        self._socket.sendall(b"%x\r\n%s\r\n" % (len(body), body))

    def finish(self) -> None:
        """The end of the body."""
        self._socket.sendall(b"0\r\n\r\n")

    def hang_up(self) -> None:
        """Leave, whatever is still to come."""
        if self._answer is not None:
            self._answer.close()
        self._socket.close()

    def answers(self) -> Iterator[dict[str, Any]]:
        """Line by line, until the stream ends."""
        if self._answer is None:
            self._answer = http.client.HTTPResponse(self._socket)
            self._answer.begin()
            assert self._answer.status == 200
        while said := self._answer.readline():
            yield json.loads(said)


Opened = Callable[..., Client]


@pytest.fixture
def opened() -> Iterator[Opened]:
    """Open streams; those still open when the test ends are hung up."""
    with ExitStack() as all_opened:

        def one(served: Served, token: str, **how: Any) -> Client:
            client = Client(served, token, **how)
            all_opened.callback(client.hang_up)
            return client

        yield one


def kept(served: Served) -> int:
    with served.database.snapshot() as session:
        return session.scalar(text("select count(*) from check_in")) or 0


def eventually(holds: Callable[[], bool]) -> None:
    patience = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < patience
        time.sleep(0.02)


def test_answers_come_while_the_body_goes_on(served: Served, opened: Opened) -> None:
    client = opened(served, paired(served.database, N1).token)
    answers = client.answers()
    for minute in range(5):
        client.send(line(minute))
        answer = next(answers)
        # What is answered is committed.
        assert (answer["index"], answer["status"], kept(served)) == (minute, 201, minute + 1)
    client.finish()
    assert list(answers) == []
    eventually(lambda: served.streams.open == 0)


def test_many_lines_to_a_slow_reader(served: Served, opened: Opened, deep: bool) -> None:
    many = 5000 if deep else 200
    lines = [line(number) for number in range(many)]
    client = opened(served, paired(served.database, N1).token, taking=4096)

    def pour() -> None:
        for begin in range(0, many, 50):
            client.send(b"".join(lines[begin : begin + 50]))
        client.finish()

    pouring = threading.Thread(target=pour)
    pouring.start()
    found = []
    for answer in client.answers():
        found.append(answer)
        if len(found) % 50 == 0:
            time.sleep(0.02)
    pouring.join()
    assert [answer["index"] for answer in found] == list(range(many))
    assert {answer["status"] for answer in found} == {201}
    assert kept(served) == many


def test_who_takes_no_answers_is_read_no_further_and_given_up(
    live_url: str, clock: SetClock, opened: Opened
) -> None:
    with serving(live_url, clock, stream_limits=HASTY, unread=(4096, 1.0)) as served:
        client = opened(served, paired(served.database, N1).token, taking=2048)
        said = b"".join(line(number) for number in range(100))
        cut = threading.Event()

        def pour() -> None:
            try:
                while True:
                    client.send(said)
            except OSError:
                cut.set()

        pouring = threading.Thread(target=pour)
        pouring.start()
        pouring.join(PATIENCE_S)
        assert cut.is_set()
        eventually(lambda: served.streams.open == 0)
        # The answers that two buffers hold, and no more.
        assert 0 < kept(served) < 1000


def test_a_phone_unpaired_in_the_middle_is_stopped_at_once(served: Served, opened: Opened) -> None:
    phone = paired(served.database, N1)
    client = opened(served, phone.token)
    answers = client.answers()
    client.send(line(1))
    assert next(answers)["status"] == 201
    with served.database.transaction() as session:
        actor = town.actor(Role.ADMIN)
        revoke_device(session, actor=actor, device=phone.id, area=None, at=town.MORNING)
    client.send(line(2) + line(3))
    (last,) = answers
    assert (last["index"], last["status"]) == (1, 401)
    assert last["problem"]["code"] == "session.invalid"
    assert kept(served) == 1


@pytest.mark.parametrize("begun", [b"", b'{"id":'])
def test_a_client_that_stalls_is_given_up(hasty: Served, begun: bytes, opened: Opened) -> None:
    client = opened(hasty, paired(hasty.database, N1).token)
    client.send(line() + begun)
    first, last = client.answers()
    assert first["status"] == 201
    assert (last["index"], last["status"], last["problem"]["code"]) == (1, 408, "stream.stalled")


def test_empty_lines_keep_a_stream_and_a_dripping_line_does_not(
    hasty: Served, opened: Opened
) -> None:
    token = paired(hasty.database, N1).token
    waiting, dripping = opened(hasty, token), opened(hasty, token)
    began = time.monotonic()
    for number in range(12):
        waiting.send(b"\n")
        if number < 4:
            dripping.send(b" ")
        time.sleep(0.2)
    assert time.monotonic() - began > HASTY.idle_s
    waiting.send(line())
    assert next(waiting.answers())["status"] == 201
    (last,) = dripping.answers()
    assert last["problem"]["code"] == "stream.stalled"


def test_who_hangs_up_leaves_nothing_behind(served: Served, opened: Opened) -> None:
    token = paired(served.database, N1).token
    for _ in range(2 * LIMITS.streams):
        client = opened(served, token)
        client.send(line())
        assert next(client.answers())["status"] == 201
        client.hang_up()
        eventually(lambda: served.streams.open == 0)


def test_who_waits_for_leave_to_send_is_given_it(served: Served) -> None:
    token = paired(served.database, N1).token
    with socket.create_connection(("127.0.0.1", served.port), PATIENCE_S) as connection:
        connection.sendall(
            b"POST /api/v1/check-ins/stream HTTP/1.1\r\nhost: localhost\r\n"
            b"content-type: application/x-ndjson\r\ntransfer-encoding: chunked\r\n"
            b"expect: 100-continue\r\nauthorization: Bearer " + token.encode() + b"\r\n\r\n"
        )
        assert connection.recv(25) == b"HTTP/1.1 100 Continue\r\n\r\n"


def test_a_stop_answers_what_was_taken_and_says_so(
    live_url: str, clock: SetClock, opened: Opened
) -> None:
    with serving(live_url, clock, stream_limits=LIMITS) as served:
        client = opened(served, paired(served.database, N1).token)
        answers = client.answers()
        client.send(b"".join(line(minute) for minute in range(5)))
        first = next(answers)
        assert first["status"] == 201
        served.server.should_exit = True
        rest = list(answers)
        assert [answer["status"] for answer in rest] == [201] * 4 + [503]
        assert rest[-1]["problem"]["code"] == "service.stopping"
        assert rest[-1]["index"] == 5


def test_in_any_order_it_ends_as_in_order(
    live_url: str, clock: SetClock, served: Served, opened: Opened
) -> None:
    # A worker's morning: some of it said twice, some refused.
    lines = [line(minute, id=str(uuid4())) for minute in range(30)]
    said = lines + lines[::3] + [line(40, worker=str(town.WORKERS["N2"]))]
    random.Random(5).shuffle(said)
    client = opened(served, paired(served.database, N1).token)
    client.send(b"".join(said))
    client.finish()
    statuses = sorted(answer["status"] for answer in client.answers())
    assert statuses == [200] * 10 + [201] * 30 + [403]
    with served.database.snapshot() as session:
        latest = session.execute(
            text("select observed_at from latest_position where worker = :worker"), {"worker": N1}
        ).scalar_one()
        verdicts = session.execute(text("select distinct verdict, accepted from check_in")).all()
    assert latest == town.DUTY_SINCE + timedelta(seconds=29)
    assert [tuple(row) for row in verdicts] == [("inside", True)]
    assert kept(served) == 30
