# SPDX-License-Identifier: Apache-2.0
"""The lane of short requests: the same answers as by the long way, on a real socket."""

import json
import socket
import time
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from starlette.requests import Request

from api.direct import Found, Headers
from geo.accounts.rules import Role
from tests import town
from tests.api.test_check_ins import check_in
from tests.serving import PATIENCE_S, Served

N1 = town.WORKERS["N1"]
PATH = "/api/v1/check-ins"


class Line:
    """A phone's connection, and what it is answered."""

    def __init__(self, served: Served) -> None:
        self.socket = socket.create_connection(("127.0.0.1", served.port), timeout=PATIENCE_S)
        self.file = self.socket.makefile("rb")

    def send(self, *parts: bytes) -> None:
        for part in parts:
            self.socket.sendall(part)

    def answer(self) -> tuple[int, dict[str, str], Any]:
        """Status, headers and body of the next answer; status 0 at the end of the line."""
        status = self.file.readline()
        if not status:
            return 0, {}, None
        headers = {}
        while line := self.file.readline().decode().strip():
            name, _, value = line.partition(": ")
            assert name not in headers, name
            headers[name] = value
        body = self.file.read(int(headers.get("content-length", 0)))
        return int(status.split()[1]), headers, json.loads(body) if body else None

    def close(self) -> None:
        self.file.close()
        self.socket.close()


@pytest.fixture
def token(served: Served) -> str:
    return served.sign_in(served.account(Role.WORKER, worker=N1))


@pytest.fixture
def line(served: Served) -> Iterator[Line]:
    opened = Line(served)
    yield opened
    opened.close()


@pytest.fixture
def by_lane(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Of each request of a direct route, whether it came by the lane."""
    came: list[bool] = []
    answer = Found.answer

    async def noted(
        found: Found, request: Request, said: bytes | None = None
    ) -> tuple[int, Headers, bytes]:
        came.append(said is not None)
        return await answer(found, request, said)

    monkeypatch.setattr(Found, "answer", noted)
    return came


def request(
    token: str, said: Any = None, *, body: bytes | None = None, **changed: str | None
) -> bytes:
    """A check-in as a phone sends it; `changed` are headers, with _ for -; None leaves one out."""
    body = json.dumps(said or check_in()).encode() if body is None else body
    headers: Mapping[str, str | None] = {
        "host": "127.0.0.1",
        "authorization": f"Bearer {token}",
        "content-type": "application/json",
        "content-length": str(len(body)),
        **{name.replace("_", "-"): value for name, value in changed.items()},
    }
    lines = [f"{name}: {value}\r\n" for name, value in headers.items() if value is not None]
    return f"POST {PATH} HTTP/1.1\r\n{''.join(lines)}\r\n".encode() + body


def test_the_same_answer_by_both_ways(line: Line, token: str, by_lane: list[bool]) -> None:
    said = check_in()
    whole = request(token, said)
    line.send(whole)
    status, headers, first = line.answer()
    assert (status, first["id"]) == (201, said["id"])
    head, _, body = whole.partition(b"\r\n\r\n")
    # What comes in parts may still be read at once, where the service is busy meanwhile.
    while by_lane[-1]:
        for part in (head + b"\r\n\r\n", body[:10], body[10:]):
            line.send(part)
            time.sleep(0.1)
        again = line.answer()
        assert again[0] == 200
        assert again[2] == first
        assert set(again[1]) == set(headers)
    assert {"x-content-type-options", "cache-control", "referrer-policy", "date"} <= set(headers)


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"body": b"{"}, 400, "body.malformed"),
        ({"body": b""}, 400, "body.malformed"),
        ({"body": b"{}"}, 422, "request.invalid"),
        ({"content_type": "text/plain"}, 422, "request.invalid"),
        ({"authorization": "Bearer of-nobody"}, 401, "session.invalid"),
        ({"authorization": None}, 401, "session.required"),
    ],
)
def test_refusals_are_the_same_by_both_ways(
    line: Line, token: str, by_lane: list[bool], changed: Any, status: int, code: str
) -> None:
    answers = []
    for more in ({}, {"connection": "close"}):
        line.send(request(token, **changed, **more))
        found = line.answer()
        assert (found[0], found[2]["code"]) == (status, code)
        answers.append({**found[1], "connection": None, "date": None} | {"body": found[2]})
    assert answers[0] == answers[1]
    assert by_lane == [True, False]


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"host": "elsewhere.example"}, 400, "host.not_allowed"),
        ({"host": None}, 400, "host.not_allowed"),
        ({"content_length": str(2 * 1024 * 1024)}, 413, "body.too_large"),
    ],
)
def test_the_gate_is_not_passed_by(
    line: Line, token: str, by_lane: list[bool], changed: Any, status: int, code: str
) -> None:
    line.send(request(token, **changed))
    found = line.answer()
    assert (found[0], found[2]["code"]) == (status, code)
    assert True not in by_lane


def test_what_is_unusual_takes_the_long_way(
    served: Served, line: Line, token: str, by_lane: list[bool]
) -> None:
    line.send(request(token, expect="100-continue"))
    assert line.answer()[0] == 100
    assert line.answer()[0] == 201
    body = json.dumps(check_in()).encode()
    chunks = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    line.send(request(token, body=b"", content_length=None, transfer_encoding="chunked") + chunks)
    assert line.answer()[0] == 201
    line.send(request(token).replace(b"HTTP/1.1", b"HTTP/1.0"))
    assert line.answer()[0] == 201
    # As anybody does who speaks HTTP/1.0, the service ends the line.
    assert line.answer()[0] == 0
    assert by_lane[0] is False
    assert by_lane[2:] == [False]


def test_a_malformed_body_is_answered_once(
    line: Line, token: str, by_lane: list[bool], capsys: pytest.CaptureFixture[str]
) -> None:
    chunks = b'5\r\n{"id"\r\nnot a length\r\n'
    line.send(request(token, body=b"", content_length=None, transfer_encoding="chunked") + chunks)
    assert line.file.readline() == b"HTTP/1.1 400 Bad Request\r\n"
    assert b"\r\n" in (rest := line.file.read())
    assert rest.count(b"HTTP/1.1") == 0
    assert by_lane == []
    assert "Traceback" not in capsys.readouterr().err


def test_requests_on_one_line_are_answered_in_their_order(
    line: Line, token: str, by_lane: list[bool]
) -> None:
    said = [check_in() for _ in range(5)]
    other = b"GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n"
    line.send(b"".join(request(token, one) for one in said[:3]) + other + request(token, said[3]))
    found = [line.answer() for _ in range(5)]
    assert [status for status, _, _ in found] == [201, 201, 201, 200, 201]
    assert [answer.get("id") for _, _, answer in found] == [
        *(one["id"] for one in said[:3]),
        None,
        said[3]["id"],
    ]
    line.send(request(token, said[4]))
    assert line.answer()[2]["id"] == said[4]["id"]
    assert by_lane == [True, False, False, False, True]


def test_who_hangs_up_harms_nobody(
    served: Served, token: str, by_lane: list[bool], capsys: pytest.CaptureFixture[str]
) -> None:
    said = [check_in() for _ in range(20)]
    for one in said:
        gone = Line(served)
        gone.send(request(token, one))
        gone.close()
    waiting = Line(served)
    waiting.send(request(token))
    assert waiting.answer()[0] == 201
    waiting.close()
    assert all(by_lane)
    assert "Traceback" not in capsys.readouterr().err


def test_more_than_may_come_in_are_refused(
    served: Served, line: Line, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    admission = served.app.state.admission
    monkeypatch.setattr(admission, "_in_flight", 0)
    line.send(request(token))
    status, headers, answer = line.answer()
    assert (status, answer["code"]) == (503, "service.busy")
    assert headers["retry-after"] == "2"
    monkeypatch.setattr(admission, "_in_flight", 1)
    for _ in range(3):
        line.send(request(token))
        assert line.answer()[0] == 201


def test_who_cannot_be_answered_is_not_left_waiting(
    served: Served, line: Line, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: object) -> None:
        raise MemoryError("no answer")

    with monkeypatch.context() as broken:
        broken.setattr(Found, "answer", fails)
        line.send(request(token))
        assert line.answer()[0] == 0
    again = Line(served)
    again.send(request(token))
    assert again.answer()[0] == 201
    again.close()


def test_a_large_body_in_many_small_parts(line: Line, token: str, by_lane: list[bool]) -> None:
    body = json.dumps(check_in()).encode() + b" " * 30_000
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
    line.send(request(token, body=b"", content_length=None, transfer_encoding="chunked") + chunks)
    assert line.answer()[0] == 201
