# SPDX-License-Identifier: Apache-2.0
"""Where a stream begins, and what a screen does when it falls behind."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from api.feed import Happening, Position, Screen
from api.sight import Sight
from api.stream import start_of
from geo.accounts.rules import Role
from geo.ids import DistrictCode
from geo.outbox import Recorded

EPOCH = UUID(int=1)
HERE = Position("w", 123.7, 41.3, 5.0, "2026-03-02T00:00:00Z", None)


def happening(seq: int) -> Happening:
    at = datetime(2026, 3, 2, tzinfo=UTC)
    return Happening(Recorded(seq, "k", uuid4(), None, (), {"n": seq}, None, "test", "real", at))


@pytest.mark.parametrize(
    ("after", "epoch", "oldest", "newest", "begins", "reload"),
    [
        (None, None, 5, 9, 9, None),
        (9, EPOCH, 5, 9, 9, None),
        (4, None, 5, 9, 4, None),
        (3, None, 5, 9, 3, "too_old"),
        (10, None, 5, 9, 10, "ahead"),
        (0, None, None, 0, 0, None),
        (7, UUID(int=2), 5, 9, 7, "epoch"),
    ],
)
def test_where_a_stream_begins(
    after: int | None,
    epoch: UUID | None,
    oldest: int | None,
    newest: int,
    begins: int,
    reload: str | None,
) -> None:
    start = start_of(after, epoch, oldest=oldest, newest=newest, epoch=EPOCH)
    assert (start.after, start.reload) == (begins, reload)


def test_a_full_queue_forgets_positions_and_drops_the_screen_for_an_event() -> None:
    async def fill() -> None:
        screen = Screen(DistrictCode("210503"), 2)
        for sent in (happening(1), happening(2), HERE):
            screen.offer(sent)
        assert not screen.dropped
        screen.offer(happening(3))
        assert screen.dropped
        # Nothing after the gap may be sent: its reader would never ask for what is missing.
        screen.offer(happening(4))
        assert await screen.take(0.1) == []

    asyncio.run(fill())


def test_a_screen_hands_out_all_that_waits() -> None:
    async def take() -> None:
        screen = Screen(DistrictCode("210503"), 10)
        sent = [happening(1), HERE, happening(2)]
        for one in sent:
            screen.offer(one)
        assert await screen.take(0.1) == sent
        assert await screen.take(0.01) == []

    asyncio.run(take())


def test_equal_sights_share_the_bytes_of_an_event() -> None:
    event = happening(7)
    first, second = (Sight(("210503",), None, Role.ADMIN) for _ in range(2))
    assert event.message(first) is event.message(second)
    assert event.message(first).startswith(b"id: 7\nevent: k\ndata: {")  # type: ignore[union-attr]
