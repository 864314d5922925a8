# SPDX-License-Identifier: Apache-2.0
"""Each process of the service keeps to a core, where together they take all there are."""

import os
import threading
from collections.abc import Iterator

import pytest

from api.cores import core_of, keep_to_core


@pytest.fixture
def allowed() -> Iterator[set[int]]:
    """The cores this thread may run on; given back when the test ends."""
    before = os.sched_getaffinity(0)
    yield before
    os.sched_setaffinity(0, before)


def test_processes_share_all_cores_alike(allowed: set[int]) -> None:
    many = len(allowed)
    assert [core_of(number, many) for number in range(many)] == sorted(allowed)
    twice = [core_of(number, 2 * many) for number in range(2 * many)]
    assert twice == sorted(allowed) * 2
    # Where they would leave cores out, each goes wherever there is room.
    assert [core_of(number, many - 1) for number in range(many - 1)] == [None] * (many - 1)
    # What a container may not use is nobody's.
    one = min(allowed)
    os.sched_setaffinity(0, {one})
    assert [core_of(number, 2) for number in range(2)] == [one, one]


def test_threads_keep_to_the_core_of_who_starts_them(allowed: set[int]) -> None:
    there: list[set[int]] = []
    keep_to_core(len(allowed) - 1, len(allowed))
    thread = threading.Thread(target=lambda: there.append(os.sched_getaffinity(0)))
    thread.start()
    thread.join()
    assert there == [{max(allowed)}]


def test_a_core_that_is_gone_is_no_reason_to_stop(
    allowed: set[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.cores.core_of", lambda *_: 1023)
    keep_to_core(0, 1)
    assert os.sched_getaffinity(0) == allowed
