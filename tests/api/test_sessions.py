# SPDX-License-Identifier: Apache-2.0
"""Signing in and out: throttling, cookies, origins."""

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from geo.accounts.actions import change_password, create_account, disable_account
from geo.accounts.rules import Role
from geo.clock import SetClock
from geo.db import Database
from tests import town
from tests.conftest import PASSWORD, SignIn


@pytest.fixture
def username(database: Database) -> str:
    with database.transaction() as session:
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
    return "duty"


def post(client: TestClient, username: str, password: str) -> int:
    body = {"username": username, "password": password}
    return client.post("/api/v1/sessions", json=body).status_code


def test_signing_in_answers_who_and_until_when(client: TestClient, username: str) -> None:
    answer = client.post("/api/v1/sessions", json={"username": username, "password": PASSWORD})
    assert answer.status_code == 201
    assert answer.json()["expires_at"] == "2026-03-02T12:00:00Z"
    actor = answer.json()["actor"]
    assert (actor["name"], actor["role"], actor["scope"]) == ("值班员", "dispatcher", "210503")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie


def test_five_failures_close_the_account_to_that_address_for_a_minute(
    client: TestClient, username: str, clock: SetClock
) -> None:
    assert [post(client, username, "wrong") for _ in range(5)] == [401] * 5
    refused = client.post("/api/v1/sessions", json={"username": username, "password": PASSWORD})
    assert refused.status_code == 429
    assert 0 < int(refused.headers["retry-after"]) <= 61
    clock.advance(timedelta(seconds=61))
    assert post(client, username, PASSWORD) == 201


def test_successes_are_never_throttled(client: TestClient, username: str) -> None:
    assert [post(client, username, PASSWORD) for _ in range(8)] == [201] * 8


def test_an_unknown_account_is_told_the_same(client: TestClient, username: str) -> None:
    body = {"username": "nobody", "password": PASSWORD}
    unknown = client.post("/api/v1/sessions", json=body).json()
    body = {"username": username, "password": "wrong"}
    assert client.post("/api/v1/sessions", json=body).json() == unknown


def test_signing_out_ends_the_session(client: TestClient, sign_in: SignIn) -> None:
    headers = sign_in(Role.PLANNER)
    assert client.delete("/api/v1/sessions/current", headers=headers).status_code == 204
    assert client.get("/api/v1/areas", headers=headers).status_code == 401


def test_a_cookie_needs_our_own_origin_to_write(client: TestClient, username: str) -> None:
    assert post(client, username, PASSWORD) == 201
    assert client.get("/api/v1/areas").status_code == 200
    foreign = client.delete("/api/v1/sessions/current", headers={"Origin": "https://evil.test"})
    assert (foreign.status_code, foreign.json()["code"]) == (403, "origin.mismatch")
    own = client.delete("/api/v1/sessions/current", headers={"Origin": "http://127.0.0.1"})
    assert own.status_code == 204


@pytest.mark.parametrize("end", [change_password, disable_account])
def test_a_changed_or_disabled_account_loses_its_sessions(
    client: TestClient, username: str, database: Database, end: object
) -> None:
    assert post(client, username, PASSWORD) == 201
    more = {"password": "another password 2"} if end is change_password else {}
    with database.transaction() as session:
        end(session, username=username, at=town.MORNING, **more)  # type: ignore[operator]
    assert client.get("/api/v1/areas").status_code == 401


def test_sessions_expire(client: TestClient, username: str, clock: SetClock) -> None:
    assert post(client, username, PASSWORD) == 201
    clock.advance(timedelta(hours=12))
    assert client.get("/api/v1/areas").status_code == 401


def test_foreign_host_names_are_refused(client: TestClient) -> None:
    answer = client.get("/healthz", headers={"Host": "rebound.example.com"})
    assert (answer.status_code, answer.json()["code"]) == (400, "host.not_allowed")


@pytest.mark.parametrize(
    "body",
    [
        b'{"username": "a\\u0000b", "password": "x"}',
        b'{"username": "a\\ud800", "password": "x"}',
        b'{"username": "a", "password": "x", "more": 1}',
        b'{"username": NaN, "password": 1e400}',
        b'{"\\ud800": 1}',
        b"[" * 100_000,
        b'{"username": ' + b"9" * 5000 + b"}",
        b"\xff\xfe",
        b"",
    ],
)
def test_bad_bodies_are_refused(client: TestClient, body: bytes) -> None:
    answer = client.post(
        "/api/v1/sessions", content=body, headers={"content-type": "application/json"}
    )
    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == "application/problem+json"


def test_ten_megabytes_are_too_many(client: TestClient) -> None:
    body = b'{"username": "' + b"a" * 10_000_000 + b'"}'
    headers = {"content-type": "application/json"}
    answer = client.post("/api/v1/sessions", content=body, headers=headers)
    assert (answer.status_code, answer.json()["limit_bytes"]) == (413, 1024 * 1024)

    def stream() -> object:
        for _ in range(20):
            yield b"a" * 100_000

    answer = client.post("/api/v1/sessions", content=stream(), headers=headers)  # type: ignore[arg-type]
    assert answer.status_code == 413


def test_problems_speak_chinese_unless_asked_otherwise(client: TestClient) -> None:
    assert client.get("/api/v1/areas").json()["title"] == "需要登录"
    english = client.get("/api/v1/areas", headers={"Accept-Language": "en-GB,zh;q=0.5"})
    assert english.json()["title"] == "Sign in first"
    assert english.headers["content-language"] == "en"
