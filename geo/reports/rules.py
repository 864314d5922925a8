# SPDX-License-Identifier: Apache-2.0
"""How long it takes from an alarm to a connected worker: medians and tails, by hour and area.

By hour and area only: who was quick and who was not is nobody's business here.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from geo.columns import Origin
from geo.errors import Invalid
from geo.ids import CODE_LENGTH, Level
from geo.incidents.climbs import ClimbLevel

LONGEST = timedelta(days=366)


class RangeWrong(Invalid):
    """A report covers a time that ends after it begins, and at most a year."""

    code = "report.range"


@dataclass(frozen=True, kw_only=True)
class Timeline:
    """One linkup in time.

    `heard_at` is when the officer pressed the first key, where he did; `connected_at` when he and a
    worker first spoke.
    """

    cell: str
    heard_at: datetime | None
    reported_at: datetime
    asked_at: datetime | None
    accepted_at: datetime | None
    connected_at: datetime | None
    timeouts: int
    climbed_to: ClimbLevel | None


@dataclass(frozen=True, kw_only=True)
class Spread:
    """A measure in seconds: how many, the median, the tails, the worst. None of nothing."""

    count: int
    p50: float | None
    p90: float | None
    p95: float | None
    most: float | None


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What a group of linkups took, from the alarm on; `key` is an hour, an area or everything.

    `key_to_ask` is counted from the officer's first key instead.
    """

    key: str
    linkups: int
    accepted: int
    connected: int
    timeouts: int
    climbed: int
    to_command: int
    key_to_ask: Spread
    to_ask: Spread
    to_accept: Spread
    to_connect: Spread


@dataclass(frozen=True, kw_only=True)
class LinkupReport:
    """Times to connect of the incidents of one origin reported in a half-open time."""

    within: str
    begins_at: datetime
    ends_at: datetime
    origin: Origin
    total: Measures
    by_hour: tuple[Measures, ...]
    by_area: tuple[Measures, ...]


def spread(seconds: Iterable[float]) -> Spread:
    """Medians and tails by nearest rank: each is a value that was measured."""
    ordered = sorted(seconds)

    def at(share: float) -> float | None:
        if not ordered:
            return None
        return round(ordered[max(0, math.ceil(share * len(ordered)) - 1)], 1)

    return Spread(count=len(ordered), p50=at(0.5), p90=at(0.9), p95=at(0.95), most=at(1.0))


def measures(key: str, those: Sequence[Timeline]) -> Measures:
    """What some linkups took together."""

    def times(name: str, since: str = "reported_at") -> Spread:
        ends = [(getattr(one, since), getattr(one, name)) for one in those]
        return spread(
            (end - begin).total_seconds()
            for begin, end in ends
            if begin is not None and end is not None
        )

    return Measures(
        key=key,
        linkups=len(those),
        accepted=sum(one.accepted_at is not None for one in those),
        connected=sum(one.connected_at is not None for one in those),
        timeouts=sum(one.timeouts for one in those),
        climbed=sum(one.climbed_to is not None for one in those),
        to_command=sum(one.climbed_to is ClimbLevel.COMMAND for one in those),
        key_to_ask=times("asked_at", since="heard_at"),
        to_ask=times("asked_at"),
        to_accept=times("accepted_at"),
        to_connect=times("connected_at"),
    )


def by_hour(those: Iterable[Timeline], time_zone: str) -> tuple[Measures, ...]:
    """Grouped by the hour of the day of the alarm, in the district's time; hours that had any."""
    groups: dict[int, list[Timeline]] = defaultdict(list)
    for one in those:
        groups[one.reported_at.astimezone(ZoneInfo(time_zone)).hour].append(one)
    return tuple(measures(f"{hour:02d}", groups[hour]) for hour in sorted(groups))


def by_area(those: Iterable[Timeline], within: str) -> tuple[Measures, ...]:
    """Grouped by the areas one level below `within`; a cell is not divided further."""
    length = min(len(within) + 3, CODE_LENGTH[Level.CELL])
    groups: dict[str, list[Timeline]] = defaultdict(list)
    for one in those:
        groups[one.cell[:length]].append(one)
    return tuple(measures(code, groups[code]) for code in sorted(groups))
