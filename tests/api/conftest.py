# SPDX-License-Identifier: Apache-2.0
"""Fixtures of tests over HTTP: the workers of the town at their places, and signed in."""

import pytest

from geo.accounts.rules import Role
from geo.clock import SetClock
from geo.db import Database
from tests import town
from tests.conftest import SignIn
from tests.people import AT_HOME, stand


class Crew(dict[str, dict[str, str]]):
    """The headers of each worker by the name of his cell; signed in when first needed."""

    def __init__(self, sign_in: SignIn) -> None:
        super().__init__()
        self._sign_in = sign_in

    def __missing__(self, name: str) -> dict[str, str]:
        self[name] = self._sign_in(Role.WORKER, worker=town.WORKERS[name])
        return self[name]


@pytest.fixture
def everybody(database: Database, clock: SetClock) -> None:
    """Everybody stands in the middle of his cell."""
    with database.transaction() as session:
        stand(session, AT_HOME, at=clock.now())


@pytest.fixture
def crew(sign_in: SignIn, everybody: None) -> Crew:
    """Everybody at his place and able to answer."""
    return Crew(sign_in)
