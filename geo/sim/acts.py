# SPDX-License-Identifier: Apache-2.0
"""What people do in a simulated day, as values: who does what when. Ids make repeating harmless."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID, uuid5

from geo.crs import Fix

_SPACE = UUID("0d4b3c1e-58b7-5a8e-bc1f-210503000001")


@dataclass(frozen=True, kw_only=True)
class Act:
    """Something done at an instant."""

    at: datetime


@dataclass(frozen=True, kw_only=True)
class WorkerAct(Act):
    """Something a worker does with his phone."""

    worker: UUID


@dataclass(frozen=True, kw_only=True)
class GoOnDuty(WorkerAct):
    """Duty begins."""


@dataclass(frozen=True, kw_only=True)
class GoOffDuty(WorkerAct):
    """Duty ends."""


@dataclass(frozen=True, kw_only=True)
class Position(WorkerAct):
    """The phone says where it has been: the fixes since it last did."""

    fixes: tuple[Fix, ...]


@dataclass(frozen=True, kw_only=True)
class CheckIn(WorkerAct):
    """A check-in; sent at `at`, which is later than its fix when the phone was offline."""

    id: UUID
    checkpoint: str | None
    fix: Fix


@dataclass(frozen=True, kw_only=True)
class WriteLog(WorkerAct):
    """A work log of the civil day `on`."""

    id: UUID
    on: date
    text: str


@dataclass(frozen=True, kw_only=True)
class ReportIncident(Act):
    """Somebody reports an incident: to the duty officer, or a worker (`worker`) by his phone.

    One of `address`, `point` (longitude, latitude in WGS-84: a pin) and `fix` says where.
    `true_place` is where it really is, which a caller can be asked for.
    """

    id: UUID
    title: str
    category: str
    severity: str
    address: str | None = None
    point: tuple[float, float] | None = None
    fix: Fix | None = None
    true_place: tuple[float, float]
    reporter: str | None = None
    phone: str | None = None
    worker: UUID | None = None
    outcome: str

    @property
    def caller(self) -> dict[str, str] | None:
        """Who called, as a report says it; None: nobody did."""
        said = {"name": self.reporter, "phone": self.phone}
        return {name: text for name, text in said.items() if text} or None


@dataclass(frozen=True, kw_only=True)
class BeginLinkup(Act):
    """The duty officer connects with the workers around an incident."""

    id: UUID
    incident: UUID


@dataclass(frozen=True, kw_only=True)
class LocateIncident(Act):
    """The duty officer puts an incident on the map, where the caller says that it is."""

    incident: UUID
    point: tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class LookAfter(Act):
    """The duty officer looks what has become of an incident."""

    incident: UUID


@dataclass(frozen=True, kw_only=True)
class AnswerLinkup(WorkerAct):
    """An asked worker answers: he comes, or says why not."""

    incident: UUID
    linkup: UUID
    accepts: bool
    reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class Arrive(WorkerAct):
    """He is there."""

    incident: UUID
    linkup: UUID


@dataclass(frozen=True, kw_only=True)
class CloseIncident(Act):
    """The duty officer closes an incident with what came of it."""

    incident: UUID
    outcome: str


def act_id(seed: int, start: datetime, *act: object) -> UUID:
    """The id of an act: the same for the same (seed, start, act), another for any other."""
    return uuid5(_SPACE, "|".join([str(seed), start.isoformat(), *(str(part) for part in act)]))
