# SPDX-License-Identifier: Apache-2.0
"""kill -9 of the service and of PostgreSQL: nothing that was answered is lost."""

import threading
import time
from datetime import UTC, datetime
from uuid import uuid4

import httpx2
import pytest

from tests import town
from tests.faults.conftest import Installation


def check_in(lon: float, lat: float) -> dict[str, object]:
    return {
        "id": str(uuid4()),
        "worker": str(town.WORKERS["N1"]),
        "checkpoint": None,
        "fix": {
            "lon": lon,
            "lat": lat,
            "accuracy_m": 8.0,
            "observed_at": datetime.now(UTC).isoformat(),
        },
    }


class Phone(threading.Thread):
    """Checks in again and again, repeating what was not answered; keeps what was."""

    def __init__(self, installation: Installation) -> None:
        super().__init__()
        self._installation = installation
        self.answered: dict[str, dict[str, object]] = {}
        self.statuses: set[int] = set()
        self.stopping = threading.Event()

    def run(self) -> None:
        body = check_in(*town.point(50, 250))
        with self._installation.client() as client:
            while not self.stopping.is_set():
                try:
                    answer = client.post("/check-ins", json=body)
                except httpx2.TransportError:
                    time.sleep(0.05)
                    continue
                self.statuses.add(answer.status_code)
                if answer.status_code in (200, 201):
                    self.answered[str(body["id"])] = answer.json()
                    body = check_in(*town.point(50, 250))
                else:
                    time.sleep(0.05)


def until_answered(phones: list[Phone], count: int) -> None:
    deadline = time.monotonic() + 60
    while sum(len(phone.answered) for phone in phones) < count:
        assert time.monotonic() < deadline, [phone.statuses for phone in phones]
        time.sleep(0.02)


@pytest.mark.parametrize("victim", ["service", "postgres"])
def test_nothing_answered_is_lost(installation: Installation, victim: str, deep: bool) -> None:
    rounds, more = (10, 150) if deep else (1, 25)
    phones = [Phone(installation) for _ in range(4)]
    for phone in phones:
        phone.start()
    try:
        until_answered(phones, more)
        for _ in range(rounds):
            before = sum(len(phone.answered) for phone in phones)
            if victim == "service":
                installation.kill_service()
                installation.start_service()
            else:
                installation.kill_postgres()
                installation.cluster.stop()
                installation.cluster.start()
            until_answered(phones, before + more)
    finally:
        for phone in phones:
            phone.stopping.set()
        for phone in phones:
            phone.join()
    statuses = set().union(*(phone.statuses for phone in phones))
    assert statuses <= {200, 201, 503}, statuses
    with installation.client() as client:
        for phone in phones:
            for id, answered in phone.answered.items():
                assert client.get(f"/check-ins/{id}").json() == answered
