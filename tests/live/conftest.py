# SPDX-License-Identifier: Apache-2.0
"""A service with real commits, quick to notice things."""

from collections.abc import Iterator

import pytest

from api.feed import FeedLimits
from geo.clock import SetClock
from tests.serving import Served, serving

QUICK = FeedLimits(screens=4, heartbeat_s=0.4, send_timeout_s=1.0, poll_s=0.2)


@pytest.fixture
def served(live_url: str, clock: SetClock) -> Iterator[Served]:
    """The service over a town of this test's own."""
    with serving(live_url, clock, QUICK) as running:
        yield running
