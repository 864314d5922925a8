# SPDX-License-Identifier: Apache-2.0
"""A day that is over, as it would have been left behind: who was on duty, checked in, wrote a log.

Nobody walks here: of a day that is over only what was said of it is needed. The same for the same
town, crew, seed and civil day.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import takewhile
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np

from geo.sim.acts import CheckIn, ReportIncident, WriteLog
from geo.sim.chance import between, chance, happens
from geo.sim.day import Day, Hand, Rhythm
from geo.sim.town import Ground, Spot, Town
from geo.sim.walk import Stand

BEGINS_AT_H, LASTS_S = 8, 9 * 3600.0
# A day off a week, and a forgotten log now and then.
DAY_OFF, NO_LOG = 1 / 7, 0.06
CHECK_IN_EVERY_S = (2700.0, 4500.0)
# About sixty incidents between eight and five.
RHYTHM = Rhythm(incident_every_s=540.0)
# How long an incident takes until it is closed.
_CLOSED_AFTER_S = (900.0, 4 * 3600.0)
_AT_A_SPOT_M = 4.0


@dataclass(frozen=True)
class Shift:
    """A stretch of duty of a worker."""

    worker: UUID
    begins_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class Closed:
    """An incident of the day, and when it was closed."""

    report: ReportIncident
    closed_at: datetime


@dataclass(frozen=True)
class PastDay:
    """What is left of a day, each in order of time."""

    shifts: tuple[Shift, ...]
    check_ins: tuple[CheckIn, ...]
    logs: tuple[WriteLog, ...]
    incidents: tuple[Closed, ...]


def past_day(town: Town, crew: Sequence[Hand], *, seed: int, on: date, time_zone: str) -> PastDay:
    """What a civil day left behind. Phones are those of the seed, whatever the day."""
    start = datetime(on.year, on.month, on.day, BEGINS_AT_H, tzinfo=ZoneInfo(time_zone))
    of_day = seed * 1_000_000 + on.toordinal()
    day = Day(
        town,
        crew,
        seed=of_day,
        start=start,
        time_zone=time_zone,
        rhythm=RHYTHM,
        phones_seed=seed,
    )
    shifts: list[Shift] = []
    check_ins: list[CheckIn] = []
    logs: list[WriteLog] = []
    for hand in crew:
        rng = chance(of_day, hand.worker, "past day")
        ground = town.grounds.get(hand.cell)
        if ground is None or happens(rng, DAY_OFF):
            continue
        begins, ends = between(rng, 0, 900), LASTS_S + between(rng, 0, 900)
        shifts.append(Shift(hand.worker, _at(start, begins), _at(start, ends)))
        check_ins.extend(
            day.check_in(hand, now, _beside(rng, spot))
            for now, spot in _round(rng, ground, begins, ends)
        )
        if not happens(rng, NO_LOG):
            logs.append(day.log(hand, ends - between(rng, 60, 900)))
    reports = takewhile(lambda one: one.at < _at(start, LASTS_S), day.incidents())
    return PastDay(
        shifts=tuple(shifts),
        check_ins=tuple(sorted(check_ins, key=lambda one: (one.at, one.id))),
        logs=tuple(logs),
        incidents=tuple(
            Closed(one, one.at + day.patience(one.id, "closed", *_CLOSED_AFTER_S))
            for one in reports
        ),
    )


def _round(
    rng: np.random.Generator, ground: Ground, begins: float, ends: float
) -> Iterator[tuple[float, Spot]]:
    """When he stands at which checkpoint of his cell: one after the other, over and over."""
    if not ground.spots:
        return
    number = int(rng.integers(len(ground.spots)))
    now = begins + between(rng, 300, CHECK_IN_EVERY_S[0])
    while now < ends - 300:
        yield now, ground.spots[number % len(ground.spots)]
        number += 1
        now += between(rng, *CHECK_IN_EVERY_S)


def _beside(rng: np.random.Generator, spot: Spot) -> Stand:
    x, y = rng.normal((spot.x, spot.y), _AT_A_SPOT_M).tolist()
    return Stand(x, y, 0.0, 0.0)


def _at(start: datetime, second: float) -> datetime:
    return start + timedelta(milliseconds=round(second * 1000))
