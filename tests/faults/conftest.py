# SPDX-License-Identifier: Apache-2.0
"""A durable installation of the test's own, to be killed: cluster, service process, a phone."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest

from geo.accounts.actions import pair_devices
from geo.cluster import Cluster
from geo.columns import Origin
from geo.db import Database, migrate
from geo.ids import WorkerId
from geo.reactions import REACTIONS
from geo.settings import Settings, default_home
from tests import town
from tests.conftest import install_town

ROOT = Path(__file__).parents[2]


@dataclass
class Installation:
    """A cluster with the town in it, a service process on a socket, and a worker's phone."""

    cluster: Cluster
    url: str
    listening: socket.socket
    token: str
    log: Path
    service: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        host, port = self.listening.getsockname()
        return f"http://{host}:{port}"

    def start_service(self) -> None:
        """Start one process of the service, as `wangge up` does."""
        settings = Settings(database_url=self.url)
        environment = {**os.environ, **settings.environment(), "PYTHONPATH": str(ROOT)}
        descriptor = self.listening.fileno()
        with self.log.open("ab") as log:
            self.service = subprocess.Popen(
                [sys.executable, "-m", "api.serve", "0", str(descriptor)],
                env=environment,
                pass_fds=(descriptor,),
                stdout=log,
                stderr=log,
            )

    def kill_service(self) -> None:
        """kill -9, and the process is gone when this returns."""
        assert self.service is not None
        self.service.kill()
        self.service.wait()
        self.service = None

    def kill_postgres(self) -> None:
        """kill -9 of the postmaster; its children die of it."""
        postmaster = self.cluster.postmaster
        assert postmaster is not None
        os.kill(postmaster, signal.SIGKILL)

    def client(self) -> httpx2.Client:
        """The worker's phone."""
        return httpx2.Client(
            base_url=f"{self.address}/api/v1",
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=20,
            trust_env=False,
        )


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    """A durable installation, taken down and removed afterwards."""
    home = default_home()
    directory = home.with_name(f"{home.name}-faults-{uuid4().hex[:8]}")
    worker = WorkerId(town.WORKERS["N1"])
    try:
        with Cluster(directory) as cluster, socket.socket() as listening:
            url = cluster.create_database("town")
            migrate(url)
            database = Database(url, reactions=REACTIONS)
            with database.transaction() as session:
                install_town(session)
                tokens = pair_devices(
                    session,
                    district=town.DISTRICT,
                    workers=[worker],
                    name="手机",
                    profile={},
                    at=town.MORNING,
                    origin=Origin.REAL,
                )
            database.close()
            listening.bind(("127.0.0.1", 0))
            listening.listen(128)
            made = Installation(cluster, url, listening, tokens[worker], tmp_path / "service.log")
            made.start_service()
            try:
                yield made
            finally:
                if made.service is not None:
                    made.kill_service()
    finally:
        shutil.rmtree(directory, ignore_errors=True)
