# SPDX-License-Identifier: Apache-2.0
"""Time as an argument: nothing else in `geo` asks what time it is."""

from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

import orjson


class Clock(Protocol):
    """Something that knows the present instant."""

    def now(self) -> datetime:
        """The present, as an aware instant."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present, in UTC."""
        return datetime.now(UTC)


class SetClock:
    """A clock that shows what it was set to: simulated days and tests run by it."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        """The instant it was set to."""
        return self._at

    def set(self, at: datetime) -> None:
        """Show another instant."""
        self._at = at

    def advance(self, by: timedelta) -> datetime:
        """Move on and return the new present."""
        self._at += by
        return self._at


def civil_date(at: datetime, zone: str) -> date:
    """The civil date of an instant in a named zone (`Asia/Shanghai`, never an offset string)."""
    return at.astimezone(ZoneInfo(zone)).date()


def civil_day(on: date, zone: str) -> tuple[datetime, datetime]:
    """First instant of a civil day and of the next: a half-open range."""
    tz = ZoneInfo(zone)
    start = datetime(on.year, on.month, on.day, tzinfo=tz)
    after = on + timedelta(days=1)
    return start, datetime(after.year, after.month, after.day, tzinfo=tz)


def rfc3339(at: datetime) -> str:
    """An instant as text, always in UTC: one spelling for one instant, in events and snapshots."""
    # As `isoformat` spells it, in a third of the time.
    return orjson.dumps(at.astimezone(UTC)).decode()[1:-1]
