# SPDX-License-Identifier: Apache-2.0
"""Each process of the service keeps to a core, where together they take all there are."""

import os
import threading
from collections.abc import Iterator

import pytest

from api.cores import arguments_of, cores_of, keep_to


@pytest.fixture
def allowed() -> Iterator[set[int]]:
    """The cores this thread may run on; given back when the test ends."""
    before = os.sched_getaffinity(0)
    yield before
    os.sched_setaffinity(0, before)


def test_processes_share_all_cores_alike(allowed: set[int]) -> None:
    many = len(allowed)
    assert cores_of(many) == sorted(allowed)
    assert cores_of(2 * many) == sorted(allowed) * 2
    # Where they would leave cores out, each goes wherever there is room.
    assert cores_of(many - 1) == [None] * (many - 1)
    # What a container may not use is nobody's.
    one = min(allowed)
    os.sched_setaffinity(0, {one})
    assert arguments_of(7, 2) == [["7", str(one)], ["7", str(one)]]


def test_threads_keep_to_the_core_of_who_starts_them(allowed: set[int]) -> None:
    there: list[set[int]] = []
    keep_to(max(allowed))
    thread = threading.Thread(target=lambda: there.append(os.sched_getaffinity(0)))
    thread.start()
    thread.join()
    assert there == [{max(allowed)}]


def test_a_core_that_is_gone_is_no_reason_to_stop(allowed: set[int]) -> None:
    keep_to(1023)
    assert os.sched_getaffinity(0) == allowed
