# SPDX-License-Identifier: Apache-2.0
"""Workers, assignments and duty as values."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar

from geo.clock import rfc3339
from geo.columns import Origin
from geo.errors import Conflict, Invalid, NotFound
from geo.ids import CODE_LENGTH, AssignmentId, CellCode, DistrictCode, Level, WorkerId
from geo.outbox import Event
from geo.values import value

# A worker says himself when his duty begins and ends; this far from now at the most.
DUTY_TOLERANCE = timedelta(minutes=10)


class AssignmentRole(StrEnum):
    """As what a worker is assigned to a cell."""

    HOLDER = "holder"
    ASSISTANT = "assistant"
    STAND_IN = "stand_in"
    GRID_LEADER = "grid_leader"


class WorkerNotFound(NotFound):
    """No such worker in this district."""

    code = "worker.not_found"


class WorkerLeft(Conflict):
    """The worker has left; he gets no cells and no duty any more."""

    code = "worker.left"


class AssignmentNotFound(NotFound):
    """No such assignment of this worker."""

    code = "assignment.not_found"


class AssignmentEmpty(Invalid):
    """An assignment must end after it begins, and an end can only be moved forward in it."""

    code = "assignment.empty"


class CellHeld(Conflict):
    """Somebody else is holder (or stand-in) of this cell in that time."""

    code = "assignment.cell_held"


class AlreadyAssigned(Conflict):
    """The worker is assigned to this cell in that time already."""

    code = "assignment.overlaps"


class DutyTimeFar(Invalid):
    """A worker sets his duty within a few minutes of now; a supervisor corrects the past."""

    code = "duty.time_far"


class DutyInFuture(Invalid):
    """Duty cannot be set ahead of time."""

    code = "duty.in_future"


@dataclass(frozen=True)
class Held:
    """A cell a worker is assigned to, and as what."""

    cell: CellCode
    role: AssignmentRole


@dataclass(frozen=True)
class Worker:
    """A grid worker with the cells he is assigned to at the moment asked about.

    `since` is when the present stretch of duty began; None off duty.
    """

    id: WorkerId
    name: str
    phone: str | None
    cells: tuple[Held, ...]
    on_duty: bool
    since: datetime | None
    left_at: datetime | None
    origin: Origin

    @property
    def live_row(self) -> dict[str, Any]:
        """The worker as the live snapshot shows him, in JSON values."""
        return {
            "id": str(self.id),
            "name": self.name,
            "cells": [{"cell": held.cell, "role": held.role.value} for held in self.cells],
            "on_duty": self.on_duty,
            "since": None if self.since is None else rfc3339(self.since),
            "origin": self.origin.value,
        }


@dataclass(frozen=True)
class Assignment:
    """Who is assigned to which cell from when until when (open: None), as what."""

    id: AssignmentId
    worker: WorkerId
    cell: CellCode
    role: AssignmentRole
    begins_at: datetime
    ends_at: datetime | None
    origin: Origin


@dataclass(frozen=True)
class Keepers:
    """Who answers for a cell at an instant."""

    holder: WorkerId | None
    stand_in: WorkerId | None
    leaders: tuple[WorkerId, ...] = ()


@dataclass(frozen=True, kw_only=True)
class NewWorker:
    """A worker to be brought in with the cells he gets; on duty at once when said so."""

    id: WorkerId
    name: str
    phone: str | None = None
    cells: tuple[Held, ...] = ()
    on_duty: bool = False


@value(kw_only=True)
class WorkerChanged(Event):
    """A worker came, left, got another name or other cells."""

    kind: ClassVar[str] = "worker.changed"
    collection: ClassVar[str | None] = "workers"


@value(kw_only=True)
class DutyChanged(Event):
    """A worker began or ended duty."""

    kind: ClassVar[str] = "worker.duty"
    collection: ClassVar[str | None] = "workers"


@value(kw_only=True)
class DutyCorrected(Event):
    """Somebody else set a worker's duty: who, what and for which moment."""

    kind: ClassVar[str] = "worker.duty_corrected"


def shared_area(district: DistrictCode, cells: Iterable[str]) -> str:
    """The narrowest area that holds all these cells; the district when there are none."""
    codes = list(cells)
    if len(codes) == 1:
        return codes[0]
    for level in (Level.CELL, Level.COMMUNITY, Level.SUBDISTRICT):
        prefixes = {cell[: CODE_LENGTH[level]] for cell in codes}
        if len(prefixes) == 1:
            return prefixes.pop()
    return district
