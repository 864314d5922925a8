# SPDX-License-Identifier: Apache-2.0
"""Which core each process of the service keeps to.

A process of Python does one thing at a time, with whichever of its threads. Where the kernel lays
the thread that answers and the one that writes on different cores, each hand-over between them goes
from cache to cache, and one core waits while two threads queue on the other: on two cores that took
an eighth of all check-ins a second. What is not Python's (the database, jobs) stays free to run
wherever there is room.
"""

import os
from contextlib import suppress


def cores_of(processes: int) -> list[int | None]:
    """The core of each of so many processes; None for all where they would leave some core out.

    There the kernel does better, as it sees who else is at work.
    """
    cores = sorted(os.sched_getaffinity(0))
    if processes < len(cores):
        return [None] * processes
    return [cores[number % len(cores)] for number in range(processes)]


def keep_to(core: int) -> None:
    """Have this thread, and those that it starts from now on, run on one core."""
    # One that has been taken from us since is no reason to serve nobody.
    with suppress(OSError):
        os.sched_setaffinity(0, {core})


def arguments_of(descriptor: int, processes: int) -> list[list[str]]:
    """What each of so many `python -m api.serve` on one socket is told."""
    return [
        [str(descriptor)] if core is None else [str(descriptor), str(core)]
        for core in cores_of(processes)
    ]
