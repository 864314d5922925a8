# SPDX-License-Identifier: Apache-2.0
"""Fixtures: a real PostGIS for every test that touches a database, and the town in it."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import Engine

from api.main import build
from geo.accounts import actions as accounts
from geo.accounts.actions import create_account
from geo.accounts.rules import Role
from geo.clock import SetClock
from geo.cluster import Cluster
from geo.columns import Origin
from geo.db import Database, engine, migrate
from geo.gazetteer.actions import install_places
from geo.hierarchy.actions import install_district
from geo.ids import WorkerId
from geo.patrol.actions import install_checkpoints, install_policy
from geo.reactions import REACTIONS
from geo.settings import Settings, default_home
from geo.workforce.actions import install_workers
from tests import town

PASSWORD = "a town password 1"
MEMORY = Path("/dev/shm")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--deep", action="store_true", help="run at the counts that figures need")


@pytest.fixture(scope="session")
def deep(request: pytest.FixtureRequest) -> bool:
    """Whether large counts are asked for."""
    return bool(request.config.getoption("--deep"))


@pytest.fixture(scope="session", autouse=True)
def costly_passwords() -> Iterator[PasswordHash]:
    """What the product stores passwords with; meanwhile the tests store them at the least cost.

    Hundreds of accounts are made and signed in, at a quarter of a second each time.
    """
    cheap = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),))
    costly = accounts._HASHER
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(accounts, "_HASHER", cheap)
        yield costly


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """The tests' own PostgreSQL; not durable, shared by test runs at the same time."""
    with Cluster(cluster_place(), durable=False) as running:
        yield running
    if running.directory.parent == MEMORY:
        with running._lock():
            if not running.running:
                shutil.rmtree(running.data)


def cluster_place() -> Path:
    """In memory where that has room: hundreds of databases are made, of a thousand files each."""
    if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > 4 * 2**30:
        place = MEMORY / f"wangge-tests-{os.geteuid()}"
        assert not place.is_symlink(), f"{place} was put there by somebody else"
        return place
    home = default_home()
    return home.with_name(f"{home.name}-tests")


@pytest.fixture(scope="session")
def town_template(cluster: Cluster) -> Iterator[str]:
    """Name of a migrated database with the town in it, to be cloned."""
    name = f"town_{uuid4().hex[:12]}"
    cluster.create_database(name)
    migrate(cluster.url(name))
    database = Database(cluster.url(name), reactions=REACTIONS)
    with database.transaction() as session:
        install_town(session)
    database.close()
    yield name
    cluster.drop_database(name)


def install_town(session: object) -> None:
    """Load the town as a district in force."""
    install_district(
        session,  # type: ignore[arg-type]
        areas=town.areas(),
        buildings=town.buildings(),
        in_force_from=town.IN_FORCE_FROM,
        at=town.MORNING,
        plan_name="首版方案",
    )
    install_places(
        session,  # type: ignore[arg-type]
        district=town.DISTRICT,
        at=town.MORNING,
        buildings=town.buildings(),
        streets=town.streets(),
        landmarks=town.landmarks(),
        areas=town.areas(),
        terrain=town.terrain(),
    )
    install_workers(
        session,  # type: ignore[arg-type]
        district=town.DISTRICT,
        workers=town.workers(),
        assigned_since=town.ASSIGNED_SINCE,
        on_duty_since=town.DUTY_SINCE,
        at=town.MORNING,
    )
    install_policy(session, district=town.DISTRICT, since=town.ASSIGNED_SINCE)  # type: ignore[arg-type]
    install_checkpoints(
        session,  # type: ignore[arg-type]
        district=town.DISTRICT,
        checkpoints=town.checkpoints(),
        at=town.ASSIGNED_SINCE,
    )


@pytest.fixture(scope="session")
def shared_engine(cluster: Cluster, town_template: str) -> Iterator[Engine]:
    """An engine on one town that all rolled-back tests share."""
    name = f"shared_{uuid4().hex[:12]}"
    cluster.create_database(name, template=town_template)
    shared = engine(cluster.url(name))
    yield shared
    shared.dispose()
    cluster.drop_database(name)


@pytest.fixture
def database(shared_engine: Engine) -> Iterator[Database]:
    """The town, in a transaction that is rolled back when the test ends."""
    with shared_engine.connect() as connection:
        outer = connection.begin()
        yield Database("", reactions=REACTIONS, connection=connection)
        outer.rollback()


@pytest.fixture
def live_url(cluster: Cluster, town_template: str) -> Iterator[str]:
    """Address of a town of this test's own, with real commits; dropped afterwards."""
    name = f"live_{uuid4().hex[:12]}"
    cluster.create_database(name, template=town_template)
    yield cluster.url(name)
    cluster.drop_database(name)


@pytest.fixture
def live_database(live_url: str) -> Iterator[Database]:
    """A town of this test's own, with real commits."""
    database = Database(live_url, reactions=REACTIONS)
    yield database
    database.close()


@pytest.fixture
def clock() -> SetClock:
    """Monday morning in town; moves when told to."""
    return SetClock(town.MORNING)


@pytest.fixture
def client(database: Database, clock: SetClock) -> Iterator[TestClient]:
    """The HTTP service over the rolled-back town; nobody is signed in."""
    app = build(Settings(), database, clock)
    with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as made:
        yield made


SignIn = Callable[..., dict[str, str]]


@pytest.fixture
def sign_in(database: Database, client: TestClient, clock: SetClock) -> SignIn:
    """Make an account and sign in: `sign_in(Role.ADMIN)` answers the headers to send."""

    def signed_in(
        role: Role,
        *,
        scope: str | None = town.DISTRICT,
        worker: WorkerId | None = None,
        origin: Origin = Origin.REAL,
    ) -> dict[str, str]:
        username = f"{role}-{uuid4().hex[:8]}"
        with database.transaction() as session:
            create_account(
                session,
                district=town.DISTRICT,
                username=username,
                password=PASSWORD,
                role=role,
                name=username,
                scope=None if worker else scope,
                worker=worker,
                at=clock.now(),
                origin=origin,
            )
        answer = client.post("/api/v1/sessions", json={"username": username, "password": PASSWORD})
        client.cookies.clear()
        return {"Authorization": f"Bearer {answer.json()['token']}"}

    return signed_in
