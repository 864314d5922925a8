# SPDX-License-Identifier: Apache-2.0
"""One port, a door for each process; what waits at one that stays closed is not lost."""

import select
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from api.doors import Neighbours, open_doors


def bound(stack: ExitStack, port: int = 0) -> socket.socket:
    """A socket on a port of this machine, taken as `up` takes it."""
    taken = stack.enter_context(socket.socket())
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    taken.bind(("127.0.0.1", port))
    return taken


@contextmanager
def doors(many: int) -> Iterator[list[socket.socket]]:
    with ExitStack() as stack:
        yield [stack.enter_context(door) for door in open_doors(bound(stack), many)]


def connections(to: socket.socket, many: int, stack: ExitStack) -> None:
    for _ in range(many):
        stack.enter_context(socket.create_connection(to.getsockname(), timeout=5))


def test_connections_that_come_together_are_shared() -> None:
    with doors(2) as opened, ExitStack() as stack:
        connections(opened[0], 64, stack)
        shares = []
        for door in opened:
            door.setblocking(False)
            shares.append(0)
            while select.select([door], [], [], 0)[0]:
                stack.enter_context(door.accept()[0])
                shares[-1] += 1
        assert sum(shares) == 64
        # Dealt out by chance: so few come once in a million times.
        assert min(shares) > 12


def test_a_port_is_not_shared_with_anybody_else() -> None:
    with (
        doors(2) as opened,
        ExitStack() as stack,
        pytest.raises(OSError, match="already in use"),
    ):
        bound(stack, opened[0].getsockname()[1])
    # Two that were bound before either listened.
    with ExitStack() as stack:
        first = bound(stack)
        second = bound(stack, first.getsockname()[1])
        opened = [stack.enter_context(door) for door in open_doors(first, 2)]
        with pytest.raises(OSError, match="already in use"):
            open_doors(second, len(opened))


def test_a_neighbour_takes_in_who_has_waited_for_two_looks() -> None:
    with doors(1) as (door,), ExitStack() as stack:
        neighbours = Neighbours([door])
        assert list(neighbours.left_waiting()) == []
        connections(door, 3, stack)
        assert list(neighbours.left_waiting()) == []
        taken = [stack.enter_context(one) for one in neighbours.left_waiting()]
        assert len(taken) == 3
        assert list(neighbours.left_waiting()) == []
        # Taken by its own process between two looks.
        connections(door, 1, stack)
        assert list(neighbours.left_waiting()) == []
        stack.enter_context(door.accept()[0])
        assert list(neighbours.left_waiting()) == []
