# SPDX-License-Identifier: Apache-2.0
"""An empty, migrated database for each test that brings something in."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from geo.cluster import Cluster
from geo.db import Database, migrate
from geo.reactions import REACTIONS


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
