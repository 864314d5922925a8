# SPDX-License-Identifier: Apache-2.0
"""What the points of a device say together: that it is to be read otherwise than it is."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

import numpy as np

from geo.clock import rfc3339
from geo.columns import Origin
from geo.crs import Fix, Mistake, PointOutOfRange, as_meant, metres, to_wgs84
from geo.errors import NotFound, WrongState
from geo.ids import CheckInId, WorkerId
from geo.outbox import Event
from geo.patrol.records import CheckIn
from geo.patrol.rules import VerdictKind
from geo.values import value

# One point can lie where a mistake would put it by chance; three that agree hardly do (contract).
LEAST_POINTS = 3
# Phones get another app or another setting: what was said a week ago says nothing of it now.
LOOKED_BACK = timedelta(days=7)
# The newest points suffice; a day of a patrol has about as many.
MOST_POINTS = 8
# Of the points that lie outside as stated, so many must be explained: else he was often elsewhere,
# and some of that fits a displacement by chance.
LEAST_EXPLAINED = 0.75
# So near to the district is at home: a worker may be on his way, but not in another province.
HOME_REACH_KM = 50.0
_KM_A_DEGREE = 111.0
# Farther than any of the systems displaces: swapped and lost signs have no vector worth telling.
_MOST_DISPLACED_M = 10_000.0


class Hypothesis(StrEnum):
    """How a device may be to be read: by one of the mistakes, or as it says."""

    GCJ02 = Mistake.GCJ02.value
    BD09 = Mistake.BD09.value
    SWAPPED = Mistake.SWAPPED.value
    SIGN = Mistake.SIGN.value
    NONE = "none"
    """It speaks rightly, and a correction that was confirmed before spoils its points."""

    @classmethod
    def of(cls, read_as: Mistake | None) -> "Hypothesis":
        """The hypothesis that a reading follows."""
        return cls.NONE if read_as is None else cls(read_as.value)

    @property
    def read_as(self) -> Mistake | None:
        """The reading that confirming it brings about."""
        return None if self is Hypothesis.NONE else Mistake(self.value)


# The plainest first: of two that read every point alike it is the one that is meant.
READINGS = (Hypothesis.NONE, *(each for each in Hypothesis if each is not Hypothesis.NONE))


class FindingState(StrEnum):
    """How a finding stands."""

    OPEN = "open"
    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"


@dataclass(frozen=True)
class Look:
    """A point of a device and the readings that put it inside its cell and at its checkpoint."""

    check_in: CheckInId
    observed_at: datetime
    inside: Collection[Hypothesis]


@dataclass(frozen=True)
class Explained:
    """The one reading that explains a device's points, and those points, newest first."""

    hypothesis: Hypothesis
    points: tuple[Look, ...]


@dataclass(frozen=True, kw_only=True)
class DeviceFinding:
    """That a device's points are explained by another reading of them than the one in use.

    `displaced_m` and `bearing_deg` (clockwise from north) lead from where it is by that reading to
    where it seems to be; None where there is no such steady vector. `check_ins` are examples.
    """

    id: UUID
    device: UUID
    worker: WorkerId
    hypothesis: Hypothesis
    state: FindingState
    points: int
    since: datetime
    check_ins: tuple[UUID, ...]
    displaced_m: float | None
    bearing_deg: float | None
    found_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    decision: str | None
    origin: Origin

    @property
    def told(self) -> dict[str, Any]:
        """What events tell of it, in JSON values: no places."""
        return {
            "id": str(self.id),
            "device": str(self.device),
            "worker": str(self.worker),
            "hypothesis": self.hypothesis.value,
            "state": self.state.value,
            "points": self.points,
            "since": rfc3339(self.since),
            "displaced_m": self.displaced_m,
            "bearing_deg": self.bearing_deg,
        }


def worth_a_look(check_in: CheckIn, read_as: Mistake | None) -> bool:
    """Whether a check-in may be the one that makes a finding; the cheap question before the dear.

    It carries a suspicion; or is not inside, or not at its checkpoint, although a mistake of its
    device is being corrected.
    """
    if any(reason["code"] == "system.suspected" for reason in check_in.reasons):
        return True
    outside = check_in.verdict not in (None, VerdictKind.INSIDE)
    return read_as is not None and (outside or missed_checkpoint(check_in.reasons))


def missed_checkpoint(reasons: Iterable[Mapping[str, Any]]) -> bool:
    """Whether a verdict found the checkpoint not reached."""
    return any(reason["code"] == "checkpoint.not_reached" for reason in reasons)


def explained(looks: Sequence[Look], stated: Hypothesis) -> Explained | None:
    """The one reading that explains a device's points; `looks` newest first.

    The evidence is joint: at least `LEAST_POINTS` points that this reading alone puts inside, and
    newer than any that speaks against it. Points that several readings put inside separate nothing,
    and neither do those that none does; of the latter there must be few.
    """
    hypothesis: Hypothesis | None = None
    points: list[Look] = []
    silent = 0
    for look in looks:
        if not look.inside:
            silent += 1
            continue
        others = [reading for reading in look.inside if reading is not stated]
        if stated in look.inside:
            if hypothesis in others or (hypothesis is None and others):
                continue
            break
        if len(others) > 1 and (hypothesis is None or hypothesis in others):
            continue
        if hypothesis is None:
            hypothesis = others[0]
        if hypothesis not in others:
            break
        points.append(look)
    if hypothesis is None or len(points) < LEAST_POINTS:
        return None
    if len(points) < LEAST_EXPLAINED * (len(points) + silent):
        return None
    return Explained(hypothesis, tuple(points))


def distinct_readings(fixes: Sequence[Fix], stated: Hypothesis) -> list[Hypothesis]:
    """The readings that differ on these fixes, `stated` first; each by its plainest name."""
    kept: dict[tuple[object, ...], Hypothesis] = {}
    for reading in (stated, *READINGS):
        kept.setdefault(tuple(place_of(read(fix, reading)) for fix in fixes), reading)
    return list(kept.values())


def place_of(fix: Fix) -> tuple[float, float] | None:
    """Where a fix is as it is read, in WGS-84 degrees; None when that is not on the Earth."""
    try:
        return to_wgs84(as_meant(fix))
    except PointOutOfRange:
        return None


def read(fix: Fix, reading: Hypothesis) -> Fix:
    """The fix as one that is read so."""
    return replace(fix, read_as=reading.read_as)


def displacement(
    pairs: Sequence[tuple[tuple[float, float], tuple[float, float]]], srid: int
) -> tuple[float | None, float | None]:
    """Mean vector from the first to the second place of each pair, WGS-84 degrees: (m, bearing).

    Bearings are those of the district's metric grid, clockwise from its north. None, None when
    the places are not near each other.
    """
    true, seen = np.array([pair[0] for pair in pairs]), np.array([pair[1] for pair in pairs])
    with np.errstate(invalid="ignore"):
        from_east, from_north = metres(true[:, 0], true[:, 1], srid)
        to_east, to_north = metres(seen[:, 0], seen[:, 1], srid)
        east = float(np.mean(to_east - from_east))
        north = float(np.mean(to_north - from_north))
    length = float(np.hypot(east, north))
    if not length <= _MOST_DISPLACED_M:
        return None, None
    bearing = round(float(np.degrees(np.arctan2(east, north))) % 360.0, 1) % 360.0
    return round(length, 1), bearing


def slip_of(fix: Fix, extent: tuple[float, float, float, float]) -> Hypothesis | None:
    """By which other reading a fix that is off the Earth is at home; None when by none.

    `extent` is west, south, east and north of the district, WGS-84 degrees.
    """
    for reading in (Hypothesis.NONE, Hypothesis.SWAPPED):
        place = place_of(read(fix, reading))
        if reading.read_as is not fix.read_as and place is not None and _near(place, extent):
            return reading
    return None


def _near(place: tuple[float, float], extent: tuple[float, float, float, float]) -> bool:
    lon, lat = place
    west, south, east, north = extent
    wide = HOME_REACH_KM / (_KM_A_DEGREE * float(np.cos(np.radians((south + north) / 2))))
    high = HOME_REACH_KM / _KM_A_DEGREE
    return west - wide <= lon <= east + wide and south - high <= lat <= north + high


class FindingNotFound(NotFound):
    """No such finding about a device, or none in the actor's scope."""

    code = "device_finding.not_found"


class FindingDecided(WrongState):
    """The finding was confirmed or dismissed already."""

    code = "device_finding.decided"


@value(kw_only=True)
class DeviceSuspected(Event):
    """A device's recent points are explained by another reading of them than the one in use."""

    kind: ClassVar[str] = "device.suspected"


@value(kw_only=True)
class DeviceFindingDecided(Event):
    """A finding about a device was confirmed (it is read so from now on) or dismissed."""

    kind: ClassVar[str] = "device.finding_decided"
