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


def core_of(number: int, processes: int) -> int | None:
    """The core of one of so many processes; None for all where they would leave some core out.

    There the kernel does better, as it sees who else is at work.
    """
    cores = sorted(os.sched_getaffinity(0))
    return cores[number % len(cores)] if processes >= len(cores) else None


def keep_to_core(number: int, processes: int) -> None:
    """Have this thread, and those that it starts from now on, run on the core of this process."""
    core = core_of(number, processes)
    if core is not None:
        # One that has been taken from us since is no reason to serve nobody.
        with suppress(OSError):
            os.sched_setaffinity(0, {core})
