# SPDX-License-Identifier: Apache-2.0
"""The signalling of calls over real connections, across real processes of the service."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from api.code import CHECKOUT
from geo.accounts.rules import Role
from geo.calls.signalling import forget_signals
from geo.clock import SetClock, SystemClock
from geo.cluster import Cluster
from tests import town
from tests.people import AT_HOME, stand
from tests.serving import Served, serving
from tests.sockets import Socket


@dataclass
class Talk:
    """A call that both ends may join, and their tokens."""

    id: str
    desk: str
    worker: str
    officer: str

    @property
    def path(self) -> str:
        return f"/api/v1/calls/{self.id}/signals"


def talk(served: Served) -> Talk:
    """The desk has called the worker who took an incident, and he has answered."""
    with served.database.transaction() as session:
        stand(session, AT_HOME, at=served.clock.now())
    officer = served.account(Role.DISPATCHER)
    desk = served.sign_in(officer)
    worker = served.sign_in(served.account(Role.WORKER, worker=town.WORKERS["N1"]))
    said = {
        "id": str(uuid4()),
        "title": "枯树",
        "category": "突发事件",
        "severity": "emergency",
        "place": {"cell": town.N1},
    }
    _, incident = served.ask("POST", "/api/v1/incidents", desk, said)
    linkup = f"/api/v1/linkups/{incident['linkup']['id']}"
    assert served.ask("POST", f"{linkup}/accept", worker)[0] == 200
    status, call = served.ask("POST", f"{linkup}/calls", desk, {"id": str(uuid4())})
    assert status == 201, call
    assert served.ask("POST", f"/api/v1/calls/{call['id']}/answer", worker)[0] == 200
    return Talk(call["id"], desk, worker, officer)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def refusal(served: Served, path: str, headers: dict[str, str]) -> int:
    """The status a connection is answered with."""
    with Socket(served.port, path, headers) as refused:
        return refused.status


@pytest.fixture(scope="module")
def served(cluster: Cluster, town_template: str) -> Iterator[Served]:
    """One service for all these tests: a call each is enough of their own."""
    name = f"calls_{uuid4().hex[:12]}"
    cluster.create_database(name, template=town_template)
    with serving(cluster.url(name), SetClock(town.MORNING)) as running:
        yield running
    cluster.drop_database(name)


@pytest.fixture(scope="module")
def talking(served: Served) -> Talk:
    """A call that goes on while they run."""
    return talk(served)


def only_when_woken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody looks by himself any more: what is heard was told."""
    monkeypatch.setattr("api.switchboard.LOOK_S", 60.0)


@contextmanager
def another_process(url: str) -> Iterator[int]:
    """A process of the service beside the one of the test; its port."""
    listening = socket.create_server(("127.0.0.1", 0))
    listening.set_inheritable(True)
    environment = {**os.environ, "DATABASE_URL": url, "PYTHONPATH": str(CHECKOUT)}
    process = subprocess.Popen(
        [sys.executable, "-m", "api.serve", "0", str(listening.fileno())],
        pass_fds=[listening.fileno()],
        env=environment,
    )
    try:
        port = listening.getsockname()[1]
        # Connections wait in the queue of the socket until the process is up.
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=60) as answer:
            assert answer.status == 200
        yield port
    finally:
        process.terminate()
        process.wait(timeout=20)
        listening.close()


def test_signals_cross_processes(live_url: str) -> None:
    with another_process(live_url) as port, serving(live_url, SystemClock()) as here:
        made = talk(here)
        there = replace(here, port=port)
        with (
            Socket(here.port, made.path, bearer(made.desk)) as desk,
            Socket(there.port, made.path, bearer(made.worker)) as worker,
        ):
            assert (desk.hear("hello")["side"], worker.hear("hello")["side"]) == ("desk", "worker")
            took = []
            for n in range(20):
                began = time.monotonic()
                desk.send({"kind": "signal", "body": {"n": n, "sdp": "x" * 9000}})
                assert worker.hear("signal")["body"]["n"] == n
                worker.send({"kind": "signal", "body": {"back": n}})
                assert desk.hear("signal")["body"] == {"back": n}
                took.append(time.monotonic() - began)
            # By notification: reading every other second alone would take 2 s a way.
            assert sorted(took)[10] < 1.0


def test_who_was_away_reads_on_from_his_number(served: Served, talking: Talk) -> None:
    with Socket(served.port, talking.path, bearer(talking.desk)) as desk:
        desk.hear("hello")
        with Socket(served.port, talking.path, bearer(talking.worker)) as worker:
            desk.send({"kind": "signal", "body": {"n": 0}})
            number = worker.hear("signal")["number"]
        for n in (1, 2):
            desk.send({"kind": "signal", "body": {"n": n}})
        path = f"{talking.path}?after={number}"
        with Socket(served.port, path, bearer(talking.worker)) as worker:
            assert [worker.hear("signal")["body"]["n"] for _ in range(2)] == [1, 2]


def test_only_the_two_of_a_call_may_join(served: Served, talking: Talk) -> None:
    others = [
        served.account(Role.DISPATCHER),
        served.account(Role.WORKER, worker=town.WORKERS["S2"]),
    ]
    for token in [*map(served.sign_in, others), "nonsense"]:
        assert refusal(served, talking.path, bearer(token)) == 403
    gone = f"/api/v1/calls/{uuid4()}/signals"
    assert refusal(served, gone, bearer(talking.desk)) == 403


def test_a_cookie_counts_on_our_own_pages_alone(served: Served, talking: Talk) -> None:
    cookie = {"Cookie": f"wangge_session={talking.desk}"}
    own = f"http://127.0.0.1:{served.port}"
    for origin in ({}, {"Origin": "http://elsewhere.example"}, {"Origin": f"{own}0"}):
        assert refusal(served, talking.path, {**cookie, **origin}) == 403
    with Socket(served.port, talking.path, {**cookie, "Origin": own}) as desk:
        assert desk.hear("hello")["ice_servers"] == []
    foreign = {**bearer(talking.desk), "Host": "elsewhere.example"}
    assert refusal(served, talking.path, foreign) == 403


def test_a_token_may_come_in_a_first_message(served: Served, talking: Talk) -> None:
    with Socket(served.port, talking.path) as desk:
        desk.send({"kind": "sign_in", "token": talking.desk})
        assert desk.hear("hello")["side"] == "desk"
    for said in ({"kind": "sign_in", "token": "nonsense"}, {"kind": "signal", "body": {}}):
        with Socket(served.port, talking.path) as nobody:
            nobody.send(said)
            assert nobody.ended() == 1008


def test_too_much_is_refused(served: Served, talking: Talk) -> None:
    with Socket(served.port, talking.path, bearer(talking.desk)) as desk:
        desk.send({"kind": "signal", "body": {"sdp": "x" * 20_000}})
        assert desk.hear("problem")["code"] == "call.signal_too_large"
        with suppress(BrokenPipeError, ConnectionResetError):
            for _ in range(200):
                desk.send({"kind": "nothing"})
        # What was still on its way may tear the line before its last word is read.
        assert desk.ended() in (1008, None)
    with Socket(served.port, talking.path, bearer(talking.desk)) as desk:
        desk.frame(0x1, b"x" * 70_000)
        assert desk.ended() == 1009


def chain(levels: int) -> dict[str, Any]:
    """A body so many levels deep."""
    body: dict[str, Any] = {}
    for _ in range(levels - 1):
        body = {"a": body}
    return body


def test_what_cannot_be_handed_on_is_refused_and_the_line_stays(
    served: Served, talking: Talk
) -> None:
    with (
        Socket(served.port, talking.path, bearer(talking.desk)) as desk,
        Socket(served.port, talking.path, bearer(talking.worker)) as worker,
    ):
        for levels in (17, 254, 255, 900):
            desk.send({"kind": "signal", "body": chain(levels)})
            said = desk.hear("problem")
            assert (said["code"], said["limit_levels"]) == ("call.signal_too_deep", 16)
        for body in ({"sdp": "a\0b"}, {"a\0b": 1}, {"a": ["\0"]}):
            desk.send({"kind": "signal", "body": body})
            assert desk.hear("problem")["code"] == "call.signal_not_kept"
        # The database gives a large number back as a whole one, longer than 64 bits.
        for body in (chain(16), {"n": 1e30, "last": True}):
            desk.send({"kind": "signal", "body": body})
        heard: list[Any] = []
        while not heard or "last" not in heard[-1]:
            heard.append(worker.hear("signal")["body"])
        assert heard[-2:] == [chain(16), {"n": 10**30, "last": True}]
        for end in (desk, worker):
            end.send({"kind": "alive"})
            end.hear("alive")


def test_who_is_signed_out_hears_no_more(
    served: Served, talking: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    only_when_woken(monkeypatch)
    token = served.sign_in(talking.officer)
    path = f"{talking.path}?after={2**62}"
    with (
        Socket(served.port, talking.path, bearer(talking.worker)) as worker,
        Socket(served.port, path, bearer(token)) as desk,
    ):
        desk.hear("hello")
        assert served.ask("DELETE", "/api/v1/sessions/current", token)[0] == 204
        worker.send({"kind": "signal", "body": {"secret": True}})
        found = desk.read()
        assert found is not None
        assert json.loads(found[1]) == {"kind": "over"}
        assert desk.ended() == 1008


def test_what_no_page_of_ours_sends_ends_the_line(served: Served, talking: Talk) -> None:
    for opcode, payload, code in ((0x2, b"{}", 1003), (0x1, b"\xff\xfe", 1007)):
        with Socket(served.port, talking.path, bearer(talking.desk)) as desk:
            desk.frame(opcode, payload)
            assert desk.ended() == code, opcode


def test_a_message_in_parts_with_a_ping_between(served: Served, talking: Talk) -> None:
    with Socket(served.port, talking.path, bearer(talking.desk)) as desk:
        desk.hear("hello")
        desk.frame(0x1, b'{"kind":', last=False)
        desk.frame(0x9, b"are you there")
        desk.frame(0x0, b'"alive"}')
        # Signals that were kept for this end come between.
        heard = [desk.read()]
        while heard[-1] is not None and heard[-1][0] != 0xA:
            heard.append(desk.read())
        assert heard[-1] == (0xA, b"are you there")
        desk.hear("alive")
        desk.frame(0x8, (1000).to_bytes(2, "big"))
        assert desk.ended() == 1000


def test_stopping_the_service_ends_its_calls(live_url: str, clock: SetClock) -> None:
    with serving(live_url, clock) as running:
        made = talk(running)
        desk = Socket(running.port, made.path, bearer(made.desk))
        desk.hear("hello")
        began = time.monotonic()
    with desk:
        assert time.monotonic() - began < 2, "the open line held up the stop"
        assert desk.ended() == 1012


def test_signals_are_forgotten(served: Served, talking: Talk) -> None:
    with Socket(served.port, talking.path, bearer(talking.desk)) as desk:
        desk.send({"kind": "signal", "body": {}})
        desk.send({"kind": "alive"})
        desk.hear("alive")
    for later, gone in ((timedelta(minutes=4), False), (timedelta(minutes=6), True)):
        with served.database.transaction() as session:
            assert (forget_signals(session, at=served.clock.now() + later) > 0) == gone
    with served.database.snapshot() as session:
        assert session.scalar(text("select count(*) from call_signal")) == 0


def test_the_end_of_the_call_ends_the_line_of_both(
    served: Served, talking: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    only_when_woken(monkeypatch)
    with (
        Socket(served.port, talking.path, bearer(talking.worker)) as worker,
        Socket(served.port, talking.path, bearer(talking.desk)) as desk,
    ):
        for end in (worker, desk):
            end.hear("hello")
            end.send({"kind": "alive"})
            end.hear("alive")
        assert served.ask("POST", f"/api/v1/calls/{talking.id}/hang-up", talking.desk)[0] == 200
        for end in (worker, desk):
            end.hear("over")
            assert end.ended() == 1008


def test_ringing_from_both_ends_at_once_is_one_call(
    served: Served, talking: Talk, deep: bool
) -> None:
    # Behind those that talk: it ends the call that they talk in.
    made = talking
    _, ended = served.ask("POST", f"/api/v1/calls/{made.id}/hang-up", made.desk)
    path = f"/api/v1/linkups/{ended['linkup']}/calls"
    for _ in range(200 if deep else 5):
        answers: list[tuple[int, Any]] = []

        def ring(token: str, answers: list[tuple[int, Any]] = answers) -> None:
            answers.append(served.ask("POST", path, token, {"id": str(uuid4())}))

        threads = [threading.Thread(target=ring, args=(t,)) for t in (made.desk, made.worker)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(status for status, _ in answers) == [201, 409]
        (call,) = [said for status, said in answers if status == 201]
        (lost,) = [said for status, said in answers if status == 409]
        assert (lost["code"], lost["call"]) == ("call.exists", call["id"])
        other = made.worker if call["caller"] == "desk" else made.desk
        status, said = served.ask("POST", f"/api/v1/calls/{call['id']}/answer", other)
        assert (status, said["state"]) == (200, "talking")
        assert served.ask("POST", f"/api/v1/calls/{call['id']}/hang-up", other)[0] == 200


def test_a_release_ends_the_line_of_both(
    served: Served, talking: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The last of this service: its linkup is over afterwards.
    only_when_woken(monkeypatch)
    _, ended = served.ask("POST", f"/api/v1/calls/{talking.id}/hang-up", talking.desk)
    linkup = f"/api/v1/linkups/{ended['linkup']}"
    status, call = served.ask("POST", f"{linkup}/calls", talking.desk, {"id": str(uuid4())})
    assert status == 201, call
    assert served.ask("POST", f"/api/v1/calls/{call['id']}/answer", talking.worker)[0] == 200
    made = replace(talking, id=call["id"])
    with (
        Socket(served.port, made.path, bearer(made.worker)) as worker,
        Socket(served.port, made.path, bearer(made.desk)) as desk,
    ):
        for end in (worker, desk):
            end.hear("hello")
        lead = {"worker": call["worker"]}
        status, said = served.ask("POST", f"{linkup}/release", made.desk, lead)
        assert status == 200, said
        for end in (worker, desk):
            end.hear("over")
            assert end.ended() == 1008
