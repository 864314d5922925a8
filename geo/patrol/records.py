# SPDX-License-Identifier: Apache-2.0
"""Check-ins, checkpoints, work logs and patrol days as values; their errors and events."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, ClassVar

from geo.clock import rfc3339
from geo.columns import Origin
from geo.crs import Fix, System
from geo.errors import Conflict, Invalid, NotAllowed, NotFound
from geo.ids import CellCode, CheckInId, CheckpointId, PlanId, WorkerId, WorkLogId
from geo.outbox import Event
from geo.patrol.proofs import ProofState
from geo.patrol.rules import CheckpointSite, VerdictKind
from geo.units import Metres
from geo.values import value

DEFAULT_RADIUS = Metres(30.0)


@dataclass(frozen=True)
class Checkpoint(CheckpointSite):
    """A checkpoint as it is kept; `retired_at` when nobody checks in there any more."""

    asks_proof: bool
    created_at: datetime
    retired_at: datetime | None
    origin: Origin


@value
class Claim:
    """A check-in as a phone says it."""

    id: CheckInId
    worker: WorkerId
    checkpoint: CheckpointId | None
    fix: Fix
    # Of the delivery, not of what is claimed: a queue that is sent again says the same.
    sent_at: datetime | None = field(default=None, metadata={"said": False})
    proof: str | None = None


@value(kw_only=True)
class CheckIn:
    """A check-in as it is kept: where it was, and how it was judged by which plan and policy.

    `lon`, `lat` in WGS-84, None once they have expired; `system` is the one the phone spoke.
    `share_inside` is the share of the
    error disc inside `cell`; `distance_to_border_m` is positive inside it.
    """

    id: CheckInId
    worker: WorkerId
    checkpoint: CheckpointId | None
    lon: float | None
    lat: float | None
    system: System
    accuracy_m: float
    cell: CellCode | None
    verdict: VerdictKind | None
    accepted: bool
    reasons: tuple[dict[str, Any], ...]
    doubts: tuple[dict[str, Any], ...]
    share_inside: float | None
    distance_to_border_m: float | None
    distance_to_checkpoint_m: float | None
    located_cell: CellCode | None
    proof: ProofState | None
    plan: PlanId
    policy: int
    observed_at: datetime
    received_at: datetime
    origin: Origin

    @property
    def live_body(self) -> dict[str, Any]:
        """The check-in as the live snapshot shows it, without its place."""
        return {
            "id": str(self.id),
            "worker": str(self.worker),
            "cell": self.cell,
            "checkpoint": None if self.checkpoint is None else str(self.checkpoint),
            "verdict": None if self.verdict is None else self.verdict.value,
            "accepted": self.accepted,
            "doubts": [doubt["code"] for doubt in self.doubts],
            "observed_at": rfc3339(self.observed_at),
            "origin": self.origin.value,
        }

    @property
    def place(self) -> dict[str, float] | None:
        """Where it was. Personal, so it is kept apart from the body, and no longer than tracks."""
        return None if self.spot is None else dict(zip(("lon", "lat"), self.spot, strict=True))

    @property
    def spot(self) -> tuple[float, float] | None:
        """Longitude and latitude, where they are kept."""
        return None if self.lon is None or self.lat is None else (self.lon, self.lat)


@dataclass(frozen=True)
class WorkLog:
    """What a worker wrote of a patrol day."""

    id: WorkLogId
    worker: WorkerId
    on: date
    text: str
    received_at: datetime
    origin: Origin


@dataclass(frozen=True, kw_only=True)
class PatrolDay:
    """A worker's day in a cell he answers for. `missing` are the checkpoints not reached yet."""

    worker: WorkerId
    cell: CellCode
    complete: bool
    checkpoints_due: int
    checkpoints_done: int
    missing: tuple[CheckpointId, ...]
    log: WorkLogId | None
    reasons: tuple[dict[str, Any], ...]


def patrol_day(
    worker: WorkerId,
    cell: CellCode,
    *,
    due: list[CheckpointId],
    reached: set[CheckpointId],
    log: WorkLogId | None,
) -> PatrolDay:
    """Whether a day is complete, and what it lacks.

    Complete: an accepted check-in of his at every checkpoint of the cell, and a work log.
    """
    missing = tuple(checkpoint for checkpoint in due if checkpoint not in reached)
    reasons: list[dict[str, Any]] = []
    if not due:
        reasons.append({"code": "day.no_checkpoints"})
    if missing:
        reasons.append({"code": "day.checkpoints_missing", "count": len(missing)})
    if log is None:
        reasons.append({"code": "day.log_missing"})
    complete = not missing and log is not None
    if complete:
        reasons.append({"code": "day.complete"})
    return PatrolDay(
        worker=worker,
        cell=cell,
        complete=complete,
        checkpoints_due=len(due),
        checkpoints_done=len(due) - len(missing),
        missing=missing,
        log=log,
        reasons=tuple(reasons),
    )


class PlaceErased(Conflict):
    """Where the check-in was has expired: it cannot be judged again."""

    code = "check_in.place_erased"


class CheckInNotFound(NotFound):
    """No such check-in, or none in the actor's scope."""

    code = "check_in.not_found"


class CheckInTooLate(NotAllowed):
    """Observed too long ago for anybody but a supervisor to take it in."""

    code = "check_in.too_late"


class ClockAhead(Invalid):
    """Observed in the future by our clock, and the send time does not explain it."""

    code = "clock.ahead"


class NoPolicyInForce(NotFound):
    """The district had no check-in policy at that instant."""

    code = "policy.none_in_force"


class PolicyNotLater(Conflict):
    """A policy begins after the one in force did, and never in the past."""

    code = "policy.not_later"


class CheckpointNotFound(NotFound):
    """No such checkpoint, or none in the actor's scope."""

    code = "checkpoint.not_found"


class CheckpointRetired(Conflict):
    """The checkpoint is retired; it changes no more."""

    code = "checkpoint.retired"


class CheckpointOutsideCell(Invalid):
    """The point of a checkpoint must lie in its cell."""

    code = "checkpoint.outside_cell"


class CheckpointCodeTaken(Conflict):
    """Another checkpoint has this code."""

    code = "checkpoint.code_taken"


class ProofCodeNotIssued(Conflict):
    """A checkpoint asks for a second proof only once a code has been issued for its door."""

    code = "proof.none_issued"


class WorkLogInFuture(Invalid):
    """A day that has not begun has no work log."""

    code = "work_log.in_future"


@value(kw_only=True)
class CheckInJudged(Event):
    """A check-in of today was taken in and judged.

    `seen_at` is set when it says where the worker was on duty, to `accuracy_m`; `cells` are his
    when it was received, where they are known.
    """

    kind: ClassVar[str] = "check_in.judged"
    collection: ClassVar[str | None] = "check_ins"

    worker: WorkerId
    accuracy_m: float
    seen_at: datetime | None = None
    cells: tuple[CellCode, ...] | None = None


@value(kw_only=True)
class LateCheckInJudged(Event):
    """A check-in of an earlier day was taken in and judged: no part of today's picture.

    `seen_at` and `cells` as in `CheckInJudged`: it may still be the last that was seen of him.
    """

    kind: ClassVar[str] = "check_in.judged_late"

    worker: WorkerId
    accuracy_m: float
    seen_at: datetime | None = None
    cells: tuple[CellCode, ...] | None = None


@value(kw_only=True)
class CheckInDoubted(Event):
    """What is doubted of a check-in of today has changed, by what the whole day says."""

    kind: ClassVar[str] = "check_in.doubted"
    collection: ClassVar[str | None] = "check_ins"


@value(kw_only=True)
class LateCheckInDoubted(Event):
    """What is doubted of a check-in of an earlier day has changed: no part of today's picture."""

    kind: ClassVar[str] = "check_in.doubted_late"


@value(kw_only=True)
class CheckpointChanged(Event):
    """A checkpoint was made, moved, renamed or retired."""

    kind: ClassVar[str] = "checkpoint.changed"


@value(kw_only=True)
class ProofCodeIssued(Event):
    """A code was issued for the door of a checkpoint; the print before it counts no more."""

    kind: ClassVar[str] = "checkpoint.proof_code_issued"


@value(kw_only=True)
class PolicyChanged(Event):
    """Another check-in policy holds from an instant on."""

    kind: ClassVar[str] = "check_in_policy.changed"


@value(kw_only=True)
class WorkLogWritten(Event):
    """A worker wrote the log of a day."""

    kind: ClassVar[str] = "work_log.written"
