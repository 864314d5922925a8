# SPDX-License-Identifier: Apache-2.0
"""Streams of check-ins over HTTP: a line each, answered line by line."""

import json
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from geo.accounts.rules import Role
from tests import town
from tests.api.test_check_ins import check_in
from tests.conftest import SignIn

N1, N2 = town.WORKERS["N1"], town.WORKERS["N2"]
PATH = "/api/v1/check-ins/stream"
NDJSON = {"content-type": "application/x-ndjson"}


def line(said: Any) -> bytes:
    return json.dumps(said).encode() + b"\n"


def streamed(client: TestClient, headers: dict[str, str], *parts: bytes) -> list[dict[str, Any]]:
    """What is answered to a body that comes in these parts, line by line."""
    answer = client.post(PATH, content=iter(parts), headers=headers | NDJSON)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert answer.headers["connection"] == "close"
    return [json.loads(said) for said in answer.text.splitlines()]


def test_each_line_is_answered_as_an_item_of_a_batch(client: TestClient, sign_in: SignIn) -> None:
    headers = sign_in(Role.WORKER, worker=N1)
    good = check_in()
    lines = [
        line(good),
        line({"id": "x"}),
        b"\n  \r\n",
        line(check_in(worker=str(N2))),
        line(good),
        b"{\n",
        b"\xff\xfe\n",
        line(check_in(lon=1e400)),
        line(check_in(accuracy_m=float("nan"))),
        line(check_in(checkpoint=str(uuid4()))),
        line(check_in(source="\ud800")),
        line({**good, "proof": {"kind": "qr", "token": "other content"}}),
        line(check_in(60, 250)),
    ]
    found = streamed(client, headers, b"".join(lines))
    assert [item["index"] for item in found] == list(range(12))
    statuses = [item["status"] for item in found]
    assert statuses == [201, 422, 403, 200, 400, 400, 422, 422, 404, 400, 409, 201]
    assert found[0]["check_in"] == found[3]["check_in"]
    assert (
        found[0]["check_in"]
        == client.get(f"/api/v1/check-ins/{good['id']}", headers=headers).json()
    )
    assert found[2]["problem"]["code"] == "worker.not_self"
    assert found[4]["problem"]["code"] == "body.malformed"
    assert all((item["check_in"] is None) != (item["problem"] is None) for item in found)


def test_lines_come_in_whatever_pieces(client: TestClient, sign_in: SignIn) -> None:
    headers = sign_in(Role.WORKER, worker=N1)
    body = b"".join(line(check_in()) for _ in range(3))
    pieces = [body[begin : begin + 97] for begin in range(0, len(body), 97)]
    assert [item["status"] for item in streamed(client, headers, *pieces)] == [201] * 3
    assert streamed(client, headers, b"") == []


def test_half_a_line_at_the_end_is_refused_as_such(client: TestClient, sign_in: SignIn) -> None:
    headers = sign_in(Role.WORKER, worker=N1)
    whole = line(check_in())
    for rest in (b'{"id": "', whole.rstrip()):
        first, last = streamed(client, headers, line(check_in()), rest)
        assert first["status"] == 201
        assert (last["index"], last["status"]) == (1, 422)
        assert last["problem"]["code"] == "stream.line_cut_short"


@pytest.mark.parametrize("end", [b"", b"\n"])
def test_a_line_without_end_ends_the_stream(
    client: TestClient, sign_in: SignIn, end: bytes
) -> None:
    headers = sign_in(Role.WORKER, worker=N1)
    found = streamed(client, headers, line(check_in()), b" " * 20_000 + end, line(check_in()))
    assert [item["status"] for item in found] == [201, 413]
    assert found[1]["problem"]["code"] == "stream.line_too_long"
    assert found[1]["problem"]["limit_bytes"] == 16 * 1024


def test_who_may_open_one(client: TestClient, sign_in: SignIn) -> None:
    answer = client.post(PATH, content=line(check_in()), headers=NDJSON)
    assert (answer.status_code, answer.headers["connection"]) == (401, "close")
    for role in (Role.DISPATCHER, Role.PLANNER, Role.VIEWER):
        answer = client.post(PATH, content=line(check_in()), headers=sign_in(role) | NDJSON)
        assert answer.status_code == 403
    headers = sign_in(Role.WORKER, worker=N1)
    answer = client.post(PATH, json=check_in(), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (415, "stream.media_type")


def test_only_so_many_at_once(client: TestClient, sign_in: SignIn) -> None:
    headers = sign_in(Role.WORKER, worker=N1)
    streams = client.app.state.check_in_streams  # type: ignore[attr-defined]
    places = [streams.join() for _ in range(streams.limits.streams)]
    answer = client.post(PATH, content=line(check_in()), headers=headers | NDJSON)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    streams.leave(places[0])
    assert [item["status"] for item in streamed(client, headers, line(check_in()))] == [201]
    # A place is given back however it went.
    client.post(PATH, content=b"", headers=NDJSON)
    assert streams.open == len(places) - 1
