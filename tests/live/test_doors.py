# SPDX-License-Identifier: Apache-2.0
"""A process of the service serves its neighbour's connections while that one is away."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from api.doors import open_doors

CHECKOUT = Path(__file__).parents[2]
AT_ONCE = 24


def test_no_connection_waits_for_a_process_that_is_away(live_url: str) -> None:
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    doors = open_doors(bound, 2)
    descriptors = [door.fileno() for door in doors]
    port = doors[0].getsockname()[1]
    # Of two processes the second alone.
    process = subprocess.Popen(
        [sys.executable, "-m", "api.serve", "1", *map(str, descriptors)],
        pass_fds=descriptors,
        env={**os.environ, "DATABASE_URL": live_url, "PYTHONPATH": str(CHECKOUT)},
    )
    asking = [http.client.HTTPConnection("127.0.0.1", port, timeout=60) for _ in range(AT_ONCE)]
    try:
        for again in (False, True):
            began = time.monotonic()
            for one in asking:
                one.request("GET", "/healthz")
            for one in asking:
                answer = one.getresponse()
                answer.read()
                assert answer.status == 200
            # The first time it was yet to start; what has been taken in stays.
            assert not again or time.monotonic() - began < 5
    finally:
        for one in asking:
            one.close()
        process.terminate()
        process.wait(timeout=20)
        for door in doors:
            door.close()
    assert process.returncode == -signal.SIGTERM
