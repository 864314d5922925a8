# SPDX-License-Identifier: Apache-2.0
"""The ladder a linkup climbs when no worker of its rings has accepted, as values."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from geo.clock import rfc3339


class ClimbLevel(StrEnum):
    """Who is asked, from the nearest to the event up to the command centre."""

    GRID_LEADER = "grid_leader"
    COMMUNITY = "community"
    SUBDISTRICT = "subdistrict"
    COMMAND = "command"


class ClimbState(StrEnum):
    """Where one step of the climb stands. `unmanned`: nobody holds that post, so it was passed."""

    ASKED = "asked"
    ACKNOWLEDGED = "acknowledged"
    DECLINED = "declined"
    TIMED_OUT = "timed_out"
    UNMANNED = "unmanned"
    RELEASED = "released"


@dataclass(frozen=True)
class Called:
    """Somebody asked by a step: a grid leader is a worker, the others are accounts."""

    name: str
    worker: UUID | None = None
    account: UUID | None = None

    @property
    def as_fields(self) -> dict[str, Any]:
        """JSON values."""
        return {
            "name": self.name,
            "worker": None if self.worker is None else str(self.worker),
            "account": None if self.account is None else str(self.account),
        }

    @classmethod
    def from_fields(cls, said: dict[str, Any]) -> "Called":
        """From what `as_fields` made."""
        worker, account = said["worker"], said["account"]
        return cls(
            said["name"],
            None if worker is None else UUID(worker),
            None if account is None else UUID(account),
        )


@dataclass(frozen=True, kw_only=True)
class Climb:
    """One step: who was asked for which area, and until when. Command has no clock: it stays."""

    step: int
    level: ClimbLevel
    state: ClimbState
    area: str
    called: tuple[Called, ...]
    asked_at: datetime
    answer_by: datetime | None
    answered_at: datetime | None
    by: Called | None

    @property
    def ticks(self) -> bool:
        """Whether its answer clock runs."""
        return self.state is ClimbState.ASKED and self.answer_by is not None

    @property
    def live_row(self) -> dict[str, Any]:
        """As a part of the linkup's live row, in JSON values."""
        return {
            "step": self.step,
            "level": self.level.value,
            "state": self.state.value,
            "area": self.area,
            "called": [one.as_fields for one in self.called],
            "asked_at": rfc3339(self.asked_at),
            "answer_by": None if self.answer_by is None else rfc3339(self.answer_by),
            "answered_at": None if self.answered_at is None else rfc3339(self.answered_at),
            "by": None if self.by is None else self.by.as_fields,
        }


def acknowledged(climb: Sequence[Climb]) -> Climb | None:
    """The step at which a person took responsibility, if any has."""
    return next((step for step in climb if step.state is ClimbState.ACKNOWLEDGED), None)


def took_charge(climb: Sequence[Climb], account: UUID) -> bool:
    """Whether it is this account that took responsibility."""
    step = acknowledged(climb)
    return step is not None and step.by is not None and step.by.account == account


def levels_left(climb: Sequence[Climb]) -> tuple[ClimbLevel, ...]:
    """The levels above the last step. Command stays on offer: somebody must be told."""
    if not climb:
        return tuple(ClimbLevel)
    order = list(ClimbLevel)
    above = order[order.index(climb[-1].level) + 1 :]
    return tuple(above) or (ClimbLevel.COMMAND,)
