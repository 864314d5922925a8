# SPDX-License-Identifier: Apache-2.0
"""Positions and tracks as values, and the listed chain that every fix passes.

`CHAIN` is the documentation: each handler looks at the fixes that are left, changes or drops them,
and each way to be dropped has a name.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

from geo.clock import rfc3339
from geo.columns import Origin
from geo.crs import Fix, System, as_meant, to_wgs84_many
from geo.errors import Invalid
from geo.ids import DistrictCode, WorkerId
from geo.moments import observed_moment
from geo.outbox import Event
from geo.units import Metres
from geo.values import value

# A phone may have been offline this long.
OLDEST_FIX = timedelta(hours=72)
# A fix vaguer than this says nothing about who is near.
VAGUEST_FIX = Metres(1000.0)
# A fix further than this from the district's box is an error, not a journey.
FARTHEST_FIX = Metres(50_000.0)
# How finely the index of latest positions tells them apart, in degrees.
ABOUT_DEGREES = 0.001
_METRES_A_DEGREE = 111_320.0
# What one reading of a track may ask for.
LONGEST_TRACK = timedelta(days=7)

# After commit positions go out on this channel, in pieces below PostgreSQL's limit of 8,000 bytes.
NOTIFY_CHANNEL = "wangge_positions"
NOTIFY_LIMIT_BYTES = 7_900

POINT_OUT_OF_RANGE = "point.out_of_range"
CLOCK_AHEAD = "clock.ahead"
FIX_TOO_OLD = "fix.too_old"
FIX_FAR = "fix.far_from_district"
FIX_TOO_VAGUE = "fix.too_vague"
DUTY_OFF = "duty.off"
DROPS = (POINT_OUT_OF_RANGE, CLOCK_AHEAD, FIX_TOO_OLD, FIX_FAR, FIX_TOO_VAGUE, DUTY_OFF)


class TrackRangeInvalid(Invalid):
    """A track is read from an instant until a later one, and not for too long at once."""

    code = "track.range_invalid"


@dataclass(frozen=True)
class LatestPosition:
    """Where a worker on duty was seen last; WGS-84."""

    worker: WorkerId
    lon: float
    lat: float
    accuracy_m: Metres
    observed_at: datetime


@value(kw_only=True)
class Seen:
    """Somebody was seen on duty, by a track or by something else; WGS-84.

    `cells` are his when it was received, where they are known already.
    """

    district: DistrictCode
    worker: WorkerId
    lon: float
    lat: float
    accuracy_m: float
    observed_at: datetime
    received_at: datetime
    origin: Origin
    cells: tuple[str, ...] | None = None

    @property
    def rank(self) -> tuple[datetime, float, float, float]:
        """The greatest is the latest; of one instant it is decided by what was seen alone."""
        return self.observed_at, -self.accuracy_m, self.lon, self.lat


@dataclass(frozen=True)
class TrackFix:
    """One stored fix of a track; WGS-84, with the system it was said in."""

    lon: float
    lat: float
    accuracy_m: Metres
    observed_at: datetime
    received_at: datetime
    system: System
    mock: bool
    source: str | None


@dataclass(frozen=True)
class Drop:
    """A fix that was not stored: its place in the batch and why."""

    index: int
    reason: str


@dataclass(frozen=True)
class Stored:
    """What became of a batch of fixes."""

    stored: int
    dropped: tuple[Drop, ...]


@dataclass
class Sighting:
    """A fix on its way through the chain."""

    index: int
    worker: WorkerId
    fix: Fix
    observed_at: datetime
    lon: float = math.nan
    lat: float = math.nan
    dropped: str | None = None

    @property
    def rank(self) -> tuple[bool, float, float, float, str, str, float, float]:
        """Which of several fixes of one instant is kept: the first by this, whichever came first.

        A declared mock stays visible; then the sharper one; the rest only has to be decided.
        """
        fix = self.fix
        return (
            not fix.mock,
            float(fix.accuracy_m),
            fix.lon,
            fix.lat,
            fix.system.value,
            fix.source or "",
            self.lon,
            self.lat,
        )


@dataclass(frozen=True)
class Circumstances:
    """What the handlers need to know beside the fix.

    `extent` is the district's west, south, east and north in degrees; `on_duty` says for each
    worker and instant whether he was on duty.
    """

    received_at: datetime
    sent_at: datetime | None
    extent: tuple[float, float, float, float]
    on_duty: Callable[[Sequence[tuple[UUID, datetime]]], Sequence[bool]] = field(repr=False)


Handler = Callable[[Sequence[Sighting], Circumstances], None]


def in_wgs84(sightings: Sequence[Sighting], met: Circumstances) -> None:
    """Finite and on the Earth; then from what the fix is meant in to WGS-84."""
    lon, lat = to_wgs84_many([as_meant(sighting.fix) for sighting in sightings])
    for sighting, x, y in zip(sightings, lon.tolist(), lat.tolist(), strict=True):
        sighting.lon, sighting.lat = x, y
        if math.isnan(x) or math.isnan(y):
            sighting.dropped = POINT_OUT_OF_RANGE


def by_our_clock(sightings: Sequence[Sighting], met: Circumstances) -> None:
    """Not ahead of our clock, or corrected by the send time."""
    for sighting in sightings:
        moment = observed_moment(
            sighting.fix.observed_at, sent_at=met.sent_at, received_at=met.received_at
        )
        if moment is None:
            sighting.dropped = CLOCK_AHEAD
        else:
            sighting.observed_at = moment


def not_too_old(sightings: Sequence[Sighting], met: Circumstances) -> None:
    """Not older than a phone may have been offline."""
    for sighting in sightings:
        if sighting.observed_at < met.received_at - OLDEST_FIX:
            sighting.dropped = FIX_TOO_OLD


def near_the_district(sightings: Sequence[Sighting], met: Circumstances) -> None:
    """Within reach of the district: swapped or zero coordinates end here."""
    west, south, east, north = met.extent
    tall = FARTHEST_FIX / _METRES_A_DEGREE
    wide = tall / max(math.cos(math.radians((south + north) / 2)), 0.01)
    for sighting in sightings:
        if not (
            west - wide <= sighting.lon <= east + wide
            and south - tall <= sighting.lat <= north + tall
        ):
            sighting.dropped = FIX_FAR


def sharp_enough(sightings: Sequence[Sighting], met: Circumstances) -> None:
    """With an accuracy that says something."""
    for sighting in sightings:
        if not 0 <= sighting.fix.accuracy_m <= VAGUEST_FIX:
            sighting.dropped = FIX_TOO_VAGUE


def in_duty_time(sightings: Sequence[Sighting], met: Circumstances) -> None:
    """Observed while the worker was on duty; what is not leaves no trace."""
    answered = met.on_duty([(sighting.worker, sighting.observed_at) for sighting in sightings])
    for sighting, on in zip(sightings, answered, strict=True):
        if not on:
            sighting.dropped = DUTY_OFF


CHAIN: tuple[Handler, ...] = (
    in_wgs84,
    by_our_clock,
    not_too_old,
    near_the_district,
    sharp_enough,
    in_duty_time,
)


def pass_chain(sightings: Sequence[Sighting], met: Circumstances) -> list[Sighting]:
    """Send fixes through the chain; those that are left."""
    left = list(sightings)
    for handler in CHAIN:
        if left:
            handler(left, met)
            left = [sighting for sighting in left if sighting.dropped is None]
    return left


@value(kw_only=True)
class TrackRead(Event):
    """Somebody read a worker's track: who, whose, which time and what for."""

    kind: ClassVar[str] = "track.read"


def track_read_body(
    worker: WorkerId, begins_at: datetime, ends_at: datetime, purpose: str
) -> dict[str, Any]:
    """What is kept about the reading of a track."""
    return {
        "worker": str(worker),
        "from": rfc3339(begins_at),
        "until": rfc3339(ends_at),
        "purpose": purpose,
    }
