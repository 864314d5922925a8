# SPDX-License-Identifier: Apache-2.0
"""``python -m api.serve FD [CORE]``: a process of the HTTP service, on a socket of `up`.

All processes of the service accept from that one socket, so a restarted one misses no connection,
and the port is opened before root is given up.
"""

import gc
import os
import socket
import sys

import uvicorn

from api.check_in_stream import CheckInStreams
from api.cores import keep_to
from api.feed import Feed
from api.lane import Lane
from api.logs import configure
from api.main import create_app
from geo.settings import Settings

_ALLOCATIONS_A_COLLECTION = 50_000
_TURN_S = 0.0005
# Larger than any signal of a call; whoever sends more is no page of ours.
LARGEST_MESSAGE = 64 * 1024
# Longer than any stream waits for its reader.
UNREAD_S = 60.0


class Server(uvicorn.Server):
    """Ends open streams first: by themselves they would hold up a stop."""

    def __init__(
        self, configuration: uvicorn.Config, feed: Feed, check_in_streams: CheckInStreams
    ) -> None:
        super().__init__(configuration)
        self._feed = feed
        self._check_in_streams = check_in_streams

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop: screens and streams, then connections, then the application."""
        self._check_in_streams.stop()
        await self._feed.close()
        await super().shutdown(sockets)


def main() -> None:
    for core in sys.argv[2:]:
        keep_to(int(core))
    configure()
    settings = Settings()
    listening = socket.socket(fileno=int(sys.argv[1]))
    lose_patience(listening)
    certificate = os.environ.get("WANGGE_TLS_CERTIFICATE")
    app = create_app()
    # A proxy in front is somebody's decision, made through FORWARDED_ALLOW_IPS; whom and what it
    # speaks for is known behind it alone.
    behind_a_proxy = "FORWARDED_ALLOW_IPS" in os.environ
    configuration = uvicorn.Config(
        app,
        loop="uvloop",
        http="httptools" if behind_a_proxy else Lane.of(app),
        ws="websockets-sansio",
        ws_max_size=LARGEST_MESSAGE,
        access_log=False,
        timeout_graceful_shutdown=settings.shutdown_seconds,
        ssl_certfile=certificate,
        ssl_keyfile=os.environ.get("WANGGE_TLS_KEY"),
        proxy_headers=behind_a_proxy,
        server_header=False,
    )
    quicken()
    Server(configuration, app.state.feed, app.state.check_in_streams).run(sockets=[listening])


def lose_patience(listening: socket.socket, unread_s: float = UNREAD_S) -> None:
    """Have connections cut whose reader takes nothing of what was sent for so long.

    Whoever is given up is first sent what is left, and would keep his connection for ever.
    """
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(unread_s * 1000))


def quicken() -> None:
    """Set this process up for many short requests beside a thread that writes.

    What is loaded by now stays for good: collections that walked all of it took about a third of
    the time of a request. And a thread that waits for the database gets its turn back soon: by
    default it waits 5 ms for it, a dozen times in every transaction.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_ALLOCATIONS_A_COLLECTION, 20, 50)
    sys.setswitchinterval(_TURN_S)


if __name__ == "__main__":
    main()
