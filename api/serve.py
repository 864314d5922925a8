# SPDX-License-Identifier: Apache-2.0
"""``python -m api.serve NUMBER FD...``: a process of the HTTP service, on a socket of `up`.

The sockets are those of all processes, its own is that of its number, from 0. They stay open in
`up`, so a restarted process misses no connection, and were opened before root was given up.
"""

import asyncio
import gc
import os
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress

import uvicorn

from api.check_in_stream import CheckInStreams
from api.cores import keep_to_core
from api.doors import Neighbours
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
# How often the doors of other processes are looked at, in ticks of a tenth of a second.
_TICKS_A_LOOK = 2


class Server(uvicorn.Server):
    """Takes in who waits at other processes' doors, and ends open streams before it stops.

    By themselves those would hold up a stop.
    """

    def __init__(
        self,
        configuration: uvicorn.Config,
        feed: Feed,
        check_in_streams: CheckInStreams,
        others: Sequence[socket.socket] = (),
    ) -> None:
        super().__init__(configuration)
        self._feed = feed
        self._check_in_streams = check_in_streams
        self._neighbours = Neighbours(others)
        self._coming_in: set[asyncio.Task[None]] = set()

    async def on_tick(self, counter: int) -> bool:
        """Look at the other doors, too."""
        if counter % _TICKS_A_LOOK == 0:
            for connection in self._neighbours.left_waiting():
                # Apart: to agree on TLS takes as long as the other side likes.
                coming = asyncio.create_task(self._take_in(connection))
                self._coming_in.add(coming)
                coming.add_done_callback(self._coming_in.discard)
        return await super().on_tick(counter)

    async def _take_in(self, connection: socket.socket) -> None:
        """Serve a connection as those of the own door are."""

        def protocol() -> asyncio.Protocol:
            return self.config.http_protocol_class(  # type: ignore[call-arg]
                config=self.config,
                server_state=self.server_state,
                app_state=self.lifespan.state,
            )

        loop = asyncio.get_running_loop()
        # Whoever hangs up meanwhile, or speaks no TLS, has nothing more to be told.
        with suppress(OSError):
            await loop.connect_accepted_socket(protocol, connection, ssl=self.config.ssl)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop: screens and streams, then connections, then the application."""
        self._check_in_streams.stop()
        await self._feed.close()
        await super().shutdown(sockets)


def main() -> None:
    number, *descriptors = map(int, sys.argv[1:])
    keep_to_core(number, len(descriptors))
    configure()
    settings = Settings()
    doors = [socket.socket(fileno=descriptor) for descriptor in descriptors]
    for door in doors:
        lose_patience(door)
    own = doors.pop(number)
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
    server = Server(configuration, app.state.feed, app.state.check_in_streams, doors)
    server.run(sockets=[own])


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
