# SPDX-License-Identifier: Apache-2.0
"""Where connections come in: one listening socket for each process of the service.

On one socket for all, whoever waits first takes what comes together: 5 of 64 connections beside 59,
and one process stood idle. The kernel deals them out by address among sockets on one port
(SO_REUSEPORT). `up` holds the sockets, so none is lost with its process; and what waits before a
closed door is taken in by the next one.
"""

import select
import socket
from collections.abc import Iterator, Sequence
from contextlib import suppress

_WAITING_AT_MOST = 2048


def open_doors(bound: socket.socket, many: int) -> list[socket.socket]:
    """So many listening sockets on the port of a bound one, which is closed.

    Raises: OSError, EADDRINUSE where somebody else listens there.
    """
    # Refused beside anybody else's; those that share a port would share it with his as well.
    bound.listen()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    doors = []
    try:
        for _ in range(many):
            door = socket.socket(bound.family, bound.type, bound.proto)
            doors.append(door)
            door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            door.bind(bound.getsockname())
            door.listen(_WAITING_AT_MOST)
    except OSError:
        for door in doors:
            door.close()
        raise
    bound.close()
    return doors


class Neighbours:
    """The doors of the other processes, watched for connections that nobody takes."""

    def __init__(self, doors: Sequence[socket.socket]) -> None:
        self._doors = {door.fileno(): door for door in doors}
        self._poll = select.poll()
        for door in doors:
            door.setblocking(False)
            self._poll.register(door, select.POLLIN)
        self._seen: set[int] = set()

    def left_waiting(self) -> Iterator[socket.socket]:
        """Connections at doors where somebody waited at the last look already."""
        before, self._seen = self._seen, {descriptor for descriptor, _ in self._poll.poll(0)}
        for descriptor in before & self._seen:
            # Until there are no more (their own process may have come back and taken them), or no
            # room for more: then they wait for another look.
            with suppress(OSError):
                while True:
                    yield self._doors[descriptor].accept()[0]
