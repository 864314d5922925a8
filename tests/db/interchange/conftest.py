# SPDX-License-Identifier: Apache-2.0
"""An empty, migrated database for each test that brings something in."""

import sys
from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest

from api.cli import main
from geo.cluster import Cluster
from geo.db import Database, migrate
from geo.reactions import REACTIONS

Type = Callable[..., tuple[int, str]]


@pytest.fixture(scope="session")
def empty_template(cluster: Cluster) -> Iterator[str]:
    """Name of a migrated database with nothing in it."""
    name = f"empty_{uuid4().hex[:12]}"
    cluster.create_database(name)
    migrate(cluster.url(name))
    yield name
    cluster.drop_database(name)


@pytest.fixture
def empty_url(cluster: Cluster, empty_template: str) -> Iterator[str]:
    """Address of an empty database of this test's own."""
    name = f"import_{uuid4().hex[:12]}"
    cluster.create_database(name, template=empty_template)
    yield cluster.url(name)
    cluster.drop_database(name)


@pytest.fixture
def empty(empty_url: str) -> Iterator[Database]:
    """An empty database of this test's own."""
    database = Database(empty_url, reactions=REACTIONS)
    yield database
    database.close()


@pytest.fixture
def wangge(
    empty_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Type:
    """Type a command into a Chinese terminal; answers the exit code and what it said."""
    monkeypatch.setenv("DATABASE_URL", empty_url)
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    monkeypatch.delenv("LC_ALL", raising=False)
    monkeypatch.setenv("COLUMNS", "240")

    def typed(*words: object) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["wangge", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out + said.err

    return typed
