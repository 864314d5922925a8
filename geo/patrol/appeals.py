# SPDX-License-Identifier: Apache-2.0
"""Appeals against verdicts as values: who may decide, and what many of them say of a checkpoint."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

import numpy as np

from geo.accounts.rules import Actor
from geo.columns import Origin
from geo.crs import Floats, degrees, metres
from geo.errors import Conflict, NotAllowed, NotFound, WrongState
from geo.ids import CellCode, CheckInId, CheckpointId, WorkerId
from geo.outbox import Event
from geo.patrol.records import CheckIn
from geo.patrol.rejudged import UPHELD
from geo.patrol.rules import VerdictKind
from geo.values import value

# A checkpoint is called badly placed when at least so many of its refusals were overturned, so
# that one bad fix or one kind supervisor does not do it, ...
LEAST_UPHELD = 3
# ... and at least half of those that were decided: else most who appealed were not there.
LEAST_SHARE = 0.5
# ... within a quarter: what was built or moved before that says nothing of today.
LOOKED_BACK = timedelta(days=90)
# The suggested place is told to about a metre: a checkpoint's place, never somebody's fix.
_SUGGESTED_DIGITS = 5
# Weiszfeld's steps shrink slowly beside one of the spots: by then centimetres are left, and the
# place is told to a metre.
_STEPS = 1000
_LEAST_STEP_M = 1e-5


class AppealState(StrEnum):
    """How an appeal stands."""

    OPEN = "open"
    UPHELD = "upheld"
    REJECTED = "rejected"


@dataclass(frozen=True, kw_only=True)
class Appeal:
    """A worker's appeal; `decision` is the reason that whoever decided it gave."""

    id: UUID
    check_in: CheckInId
    worker: WorkerId
    cell: CellCode | None
    state: AppealState
    text: str
    made_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    decision: str | None
    origin: Origin


@dataclass(frozen=True)
class Overturned:
    """How the refusals at a checkpoint were decided, and where honest people stood there."""

    checkpoint: CheckpointId
    cell: CellCode
    name: str
    lon: float
    lat: float
    decided: int
    upheld: int
    honest: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Misplaced:
    """A checkpoint that seems to stand elsewhere, and where: WGS-84 degrees."""

    checkpoint: CheckpointId
    cell: CellCode
    name: str
    lon: float
    lat: float
    decided: int
    upheld: int
    fixes: int
    suggested_lon: float
    suggested_lat: float
    distance_m: float
    honest: tuple[tuple[float, float], ...]


class NothingToAppeal(Conflict):
    """The check-in counts and is not in doubt, or its appeal was upheld already."""

    code = "appeal.nothing_to_appeal"


class AppealOpen(Conflict):
    """An appeal against this check-in waits for its decision."""

    code = "appeal.open"


class NoAppeal(NotFound):
    """Nobody has appealed against this check-in."""

    code = "appeal.not_found"


class AppealIsDecided(WrongState):
    """The appeal was decided already, perhaps by somebody else just now."""

    code = "appeal.decided"


class OwnAppeal(NotAllowed):
    """Somebody else must decide: he took the check-in in, or made the appeal."""

    code = "appeal.own"


def check_appealable(check_in: CheckIn) -> None:
    """Raises: NothingToAppeal unless the check-in is refused or uncertain, and not upheld."""
    upheld = any(reason["code"] == UPHELD for reason in check_in.reasons)
    wanting = not check_in.accepted or check_in.verdict is VerdictKind.UNCERTAIN
    if upheld or not wanting:
        raise NothingToAppeal(check_in=str(check_in.id))


def check_decider(actor: Actor, check_in: CheckIn, taken_by: str) -> None:
    """Raises: OwnAppeal when it is his own check-in, or one that he took in for the worker."""
    if actor.worker == check_in.worker or actor.signature == taken_by:
        raise OwnAppeal(check_in=str(check_in.id))


def misplaced(found: Overturned, srid: int) -> Misplaced | None:
    """Where a checkpoint should stand by its appeals; None while they do not say so."""
    few = found.upheld < LEAST_UPHELD or found.upheld < LEAST_SHARE * found.decided
    if few or not found.honest:
        return None
    spots = np.array(found.honest)
    east, north = metres(spots[:, 0], spots[:, 1], srid)
    middle = geometric_median(np.column_stack((east, north)))
    here = np.array(metres(found.lon, found.lat, srid))
    lon, lat = degrees(middle[0], middle[1], srid)
    return Misplaced(
        checkpoint=found.checkpoint,
        cell=found.cell,
        name=found.name,
        lon=found.lon,
        lat=found.lat,
        decided=found.decided,
        upheld=found.upheld,
        fixes=len(found.honest),
        suggested_lon=round(float(lon), _SUGGESTED_DIGITS),
        suggested_lat=round(float(lat), _SUGGESTED_DIGITS),
        distance_m=round(float(np.hypot(*(middle - here))), 1),
        honest=found.honest,
    )


def geometric_median(spots: Floats) -> Floats:
    """The point with the least sum of distances to spots of shape (n, 2), in metres.

    Unlike the mean it stays where half of the spots are, however far the others stray. By
    Weiszfeld's iteration as Vardi and Zhang mended it for a median that is one of the spots
    (PNAS 97, 1423-1426, 2000).
    """
    middle: Floats = np.median(spots, axis=0)
    for _ in range(_STEPS):
        away = np.hypot(*(spots - middle).T)
        apart = away > 1e-6
        if not apart.any():
            break
        weights = 1.0 / away[apart]
        target = (spots[apart] * weights[:, None]).sum(axis=0) / weights.sum()
        pull = float(np.hypot(*((spots[apart] - middle) * weights[:, None]).sum(axis=0)))
        here = len(spots) - int(apart.sum())
        if pull <= here:
            break
        following = middle + (1.0 - here / pull) * (target - middle)
        if float(np.hypot(*(following - middle))) < _LEAST_STEP_M:
            middle = following
            break
        middle = following
    return middle


@value(kw_only=True)
class AppealMade(Event):
    """A worker appealed against the verdict on his check-in."""

    kind: ClassVar[str] = "appeal.made"


@value(kw_only=True)
class AppealDecided(Event):
    """An appeal was upheld or rejected, with the reason."""

    kind: ClassVar[str] = "appeal.decided"
