# SPDX-License-Identifier: Apache-2.0
"""Is it up, can it work, what does it count."""

import re
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from api.main import build
from geo.clock import SetClock
from geo.db import Database
from geo.reactions import REACTIONS
from geo.settings import Settings


def test_up_and_ready(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "up"}
    assert client.get("/readyz").status_code == 200


def test_a_demo_is_ready_when_its_district_its_file_and_a_worker_are_there(
    database: Database, clock: SetClock, tmp_path: Path
) -> None:
    app = build(Settings(demo=True, home=tmp_path), database, clock)
    with TestClient(app, base_url="http://127.0.0.1") as client:
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json()["code"]) == (503, "service.not_ready")
        assert answer.json()["missing"] == ["demo_district", "demo_file"]
        assert answer.headers["retry-after"] == "1"
        (tmp_path / "demo.json").write_text("{}")
        with database.transaction() as session:
            session.execute(text("update district set demo = true"))
            session.execute(text("delete from duty"))
        assert client.get("/readyz").json()["missing"] == ["worker_on_duty"]


def test_without_tables_it_is_not_ready(live_database: Database, clock: SetClock) -> None:
    with live_database.transaction() as session:
        session.execute(text("update alembic_version set version_num = '0000'"))
    with TestClient(build(Settings(), live_database, clock), base_url="http://127.0.0.1") as client:
        assert client.get("/readyz").json()["missing"] == ["migrations"]


def test_without_a_database_it_says_so(clock: SetClock) -> None:
    away = Database("postgresql+psycopg://nobody@/nowhere?host=/nonexistent", reactions=REACTIONS)
    with TestClient(build(Settings(), away, clock), base_url="http://127.0.0.1") as client:
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json()["code"]) == (503, "service.database_unavailable")
        assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize(
    ("given", "status"), [("Bearer open sesame", 200), ("Bearer other", 404), (None, 404)]
)
def test_counts_are_for_this_machine_or_a_token(
    database: Database, clock: SetClock, given: str | None, status: int
) -> None:
    app = build(Settings(metrics_token="open sesame"), database, clock)
    headers = {"Authorization": given} if given else {}
    with TestClient(app, base_url="http://127.0.0.1", client=("192.0.2.7", 5000)) as client:
        client.get("/api/v1/areas/210503999")
        answer = client.get("/metrics", headers=headers)
        assert answer.status_code == status
        if status == 200:
            assert re.search(r'route="/areas/\{code\}"', answer.text)
            assert "210503999" not in answer.text
