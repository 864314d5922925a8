# SPDX-License-Identifier: Apache-2.0
"""Every operation of the OpenAPI document, as every role, with generated input.

No answer is a 5xx, and every answer is one the document promises: status, media type and shape.
"""

from typing import Any

import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as counts
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api.main import build
from api.version import version
from geo.accounts.rules import Role
from geo.clock import SystemClock
from geo.db import Database
from geo.ids import WorkerId
from geo.settings import Settings
from tests import town
from tests.conftest import SignIn

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
# A stream answers for as long as it is read; `tests/live` reads it.
STREAMS = {"/api/v1/live", "/live"}


@schemathesis.serializer("application/x-ndjson")
def lines(_: Any, value: Any) -> bytes:
    """A body of lines is text: whatever was generated, as it is."""
    return str(value).encode("utf-8", "replace")


def test_every_operation_says_what_it_does(client: TestClient) -> None:
    schema = client.app.openapi()  # type: ignore[attr-defined]
    assert schema["info"]["version"] == version()
    open_doors = []
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            summary = operation["summary"]
            assert " " in summary, (path, method, summary)
            assert not summary.endswith("."), (path, method, summary)
            if operation.get("security") == []:
                open_doors.append((method, path))
    assert sorted(open_doors) == [
        ("get", "/healthz"),
        ("get", "/readyz"),
        ("post", "/api/v1/sessions"),
    ]


@pytest.fixture(scope="module")
def operations() -> list[Any]:
    """What generates the input of each operation; to make it is most of the work."""
    app = build(Settings(), Database("postgresql+psycopg:///", reactions={}), SystemClock())
    schema = schemathesis.openapi.from_dict(app.openapi())
    schema.app = app
    found = [one.ok() for one in schema.get_all_operations()]
    assert len(found) > 10
    # Nobody is turned away at one door; who is signed in ends his own session only at the end.
    return [
        one.as_strategy()
        for one in found
        if one.path not in STREAMS and not one.path.endswith("/sessions/current")
    ]


@pytest.mark.parametrize("role", [None, *Role], ids=lambda role: str(role or "nobody"))
@pytest.mark.timeout(600)
def test_no_input_breaks_the_promise(
    client: TestClient,
    sign_in: SignIn,
    operations: list[Any],
    role: Role | None,
    deep: bool,
) -> None:
    worker = WorkerId(town.WORKERS["N1"]) if role is Role.WORKER else None
    headers = sign_in(role, worker=worker) if role else {}
    for generated in operations:

        @counts(
            max_examples=100 if deep else 3,
            deadline=None,
            database=None,
            derandomize=not deep,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=generated)
        def holds(case: Any) -> None:
            answer = case.call(base_url="http://127.0.0.1", headers=headers, app=client.app)
            case.validate_response(answer, checks=CHECKS)

        holds()
