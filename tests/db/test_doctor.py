# SPDX-License-Identifier: Apache-2.0
import socket
from collections.abc import Iterator

import pytest

from api.doctor import Finding, examine
from geo.cluster import Cluster
from geo.db import migrate
from geo.settings import Settings
from tests.places import open_directory


@pytest.fixture
def settings() -> Iterator[Settings]:
    with open_directory() as place, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        yield Settings(home=place / "home", port=port, database_url=None)


def found(settings: Settings) -> dict[str, Finding]:
    return {finding.what: finding for finding in examine(settings)}


def test_a_new_installation_is_not_ill(settings: Settings) -> None:
    findings = found(settings)
    assert "not made yet" in findings["cluster"].seen
    assert not findings["port"].problems
    assert not findings["postgresql"].problems
    assert not settings.home.exists()


def test_old_tables_and_an_unsafe_server_are_named(settings: Settings) -> None:
    with Cluster(settings.cluster_directory, durable=False) as cluster:
        database = cluster.create_database(settings.database)
        assert "fsync" in findings_of(settings, "database")
        unsafe_aside = settings.model_copy(update={"database_url": database})
        assert "fsync" in findings_of(unsafe_aside, "database")
    with Cluster(settings.cluster_directory) as cluster:
        assert "not those of this version" in findings_of(settings, "tables")
        migrate(cluster.url(settings.database))
        assert not findings_of(settings, "tables")


def test_a_port_of_somebody_else_is_named(settings: Settings) -> None:
    with socket.socket() as other:
        other.bind((settings.host, settings.port))
        other.listen()
        assert "--port" in findings_of(settings, "port")


def findings_of(settings: Settings, what: str) -> str:
    return " ".join(str(problem) for problem in found(settings)[what].problems)
