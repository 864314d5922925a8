# SPDX-License-Identifier: Apache-2.0
"""Linkup policies as a district sets them: clocks, rings and reach, and what makes sense."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any

from geo.incidents.climbs import ClimbLevel
from geo.patrol.policies import said_numbers

# Least and most of each field; durations in seconds. Beyond them a policy is a slip of the pen.
LIMITS: dict[str, tuple[float, float]] = {
    "answer_within_s": (3.0, 600.0),
    "ring_size": (1, 20),
    "most_rings": (1, 20),
    "reach_m": (50.0, 200_000.0),
    "leader_within_s": (0.0, 3600.0),
    "community_within_s": (0.0, 3600.0),
    "subdistrict_within_s": (0.0, 3600.0),
}


@dataclass(frozen=True)
class LinkupPolicy:
    """How a district asks. Data: versioned, with dates; version 0 holds until one is set.

    Twenty seconds are long enough to take a phone out of a pocket, and three such rings fit in a
    minute. A ring is the holder and two to spare. Whoever is farther away than `reach_m` is not
    asked by distance: the ladder is quicker than his way. A level with 0 seconds is left out of
    the climb; command has no clock.
    """

    version: int = 0
    answer_within_s: float = 20.0
    ring_size: int = 3
    most_rings: int = 5
    reach_m: float = 5000.0
    leader_within_s: float = 30.0
    community_within_s: float = 60.0
    subdistrict_within_s: float = 60.0

    @property
    def answer_within(self) -> timedelta:
        """The answer clock of one who is asked as a worker."""
        return timedelta(seconds=self.answer_within_s)

    def within(self, level: ClimbLevel) -> timedelta | None:
        """The clock of a level of the climb; None: it has none."""
        seconds = {
            ClimbLevel.GRID_LEADER: self.leader_within_s,
            ClimbLevel.COMMUNITY: self.community_within_s,
            ClimbLevel.SUBDISTRICT: self.subdistrict_within_s,
        }
        return timedelta(seconds=seconds[level]) if level in seconds else None

    def as_fields(self) -> dict[str, Any]:
        """JSON values."""
        return asdict(self)

    @classmethod
    def from_fields(cls, said: Mapping[str, Any]) -> "LinkupPolicy":
        """A policy from what `as_fields` made; a field it does not name keeps its default."""
        names = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in said.items() if name in names})


@dataclass(frozen=True)
class LinkupPolicyVersion:
    """A policy and the half-open time in which it holds; None: from ever, or while it lasts."""

    policy: LinkupPolicy
    begins_at: datetime | None
    ends_at: datetime | None


def changed(policy: LinkupPolicy, said: Mapping[str, str]) -> LinkupPolicy:
    """The policy with some fields as they are said, numbers as text. Raises: PolicyInvalid."""
    return replace(policy, **said_numbers(said, LIMITS, LinkupPolicy()))
