# SPDX-License-Identifier: Apache-2.0
"""The snapshot of a worker's own page: what concerns him, and nothing of others."""

from typing import Any

from fastapi.testclient import TestClient

from geo.accounts.rules import Role
from tests import town
from tests.api.conftest import Crew
from tests.api.test_incidents import emergency
from tests.conftest import SignIn

N1 = town.WORKERS["N1"]


def test_a_worker_is_shown_what_he_is_asked_about(
    client: TestClient, sign_in: SignIn, crew: Crew
) -> None:
    desk = sign_in(Role.DISPATCHER)
    url = f"/api/v1/workers/{N1}/state"

    def collections() -> dict[str, Any]:
        return client.get(url, headers=crew["N1"]).json()["collections"]  # type: ignore[no-any-return]

    before = client.get(url, headers=crew["N1"]).json()
    assert [row["name"] for row in before["collections"]["workers"]] == ["王芳"]
    assert before["collections"]["linkups"] == before["collections"]["incidents"] == []
    made = client.post("/api/v1/incidents", json=emergency(), headers=desk).json()
    assert len(made["linkup"]["asked"]) > 1
    (linkup,) = collections()["linkups"]
    assert [ask["worker"] for ask in linkup["asked"]] == [str(N1)], "nobody else's ask"
    assert [row["id"] for row in collections()["incidents"]] == [made["id"]]
    # What he reported himself is not what he is asked about.
    reported = client.post("/api/v1/incidents", json=emergency(), headers=crew["S3"])
    assert reported.status_code == 201
    own = client.get(f"/api/v1/workers/{town.WORKERS['S3']}/state", headers=crew["S3"])
    assert own.json()["collections"]["incidents"] == []
    closed = {"outcome": "好"}
    client.post(f"/api/v1/incidents/{made['id']}/close", json=closed, headers=desk)
    assert made["id"] not in [row["id"] for row in collections()["incidents"]]
    refused = client.get(url, headers=crew["S3"])
    assert (refused.status_code, refused.json()["code"]) == (403, "worker.not_self")
    assert client.get(url, headers=desk).status_code == 403
