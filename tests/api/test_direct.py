# SPDX-License-Identifier: Apache-2.0
"""Bodies that are read straight into their model: what is none, and what never comes."""

import asyncio
from typing import Any

import pytest
from fastapi.testclient import TestClient
from starlette.types import Message

from api.main import build
from geo.accounts.rules import Role
from geo.clock import SetClock
from geo.db import Database
from geo.settings import Settings
from tests import town
from tests.conftest import SignIn

URL = "/api/v1/check-ins"


@pytest.mark.parametrize(
    ("content_type", "body", "status", "code"),
    [
        ("application/json", b"{", 400, "body.malformed"),
        ("application/json", b"", 400, "body.malformed"),
        ("application/json", b"[]", 422, "request.invalid"),
        ("text/plain", b"{}", 422, "request.invalid"),
        ("application/geo+json; charset=utf-8", b"{}", 422, "request.invalid"),
        ("application/json", b'{"id": "\\ud800"}', 400, "body.malformed"),
        ("application/json", b"[" * 5000, 400, "body.malformed"),
    ],
)
def test_what_is_no_check_in_is_said(
    client: TestClient, sign_in: SignIn, content_type: str, body: bytes, status: int, code: str
) -> None:
    headers = sign_in(Role.WORKER, worker=town.WORKERS["N1"]) | {"content-type": content_type}
    answer = client.post(URL, content=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    if status == 422:
        assert all(one["where"].startswith("body") for one in answer.json()["errors"])


def test_a_phone_that_hangs_up_is_no_failure(
    database: Database, clock: SetClock, capsys: pytest.CaptureFixture[str]
) -> None:
    app = build(Settings(), database, clock)
    scope = {
        "type": "http",
        "method": "POST",
        "path": URL,
        "query_string": b"",
        "headers": [(b"host", b"localhost"), (b"content-type", b"application/json")],
    }
    coming: list[Message] = [
        {"type": "http.request", "body": b"{", "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> Message:
        return coming.pop(0)

    sent: list[Any] = []

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    assert sent[0]["status"] == 400
    assert "request failed" not in capsys.readouterr().out
