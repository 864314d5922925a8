# SPDX-License-Identifier: Apache-2.0
"""What was known when somebody near was looked for: all that the rule in `ranking` looks at. Pure.

It holds distances, never coordinates, so it can be kept with the recommendation it led to, and be
ranked again when the positions themselves have expired.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from geo.clock import rfc3339
from geo.ids import WorkerId
from geo.units import Metres, Seconds

# A worker walks about 400 m in this time: an older position says too little about where he is.
FRESH_FOR = timedelta(minutes=5)
# An hour's walk: farther away, somebody else or a car is quicker.
REACH = Metres(5000.0)


class Measure(StrEnum):
    """What a distance counts: metres on foot, or the straight line."""

    WALK = "walk"
    STRAIGHT = "straight"


class Keeper(StrEnum):
    """As what somebody answers for the cell."""

    HOLDER = "holder"
    STAND_IN = "stand_in"
    GRID_LEADER = "grid_leader"


class Way(StrEnum):
    """Whether there is a way on foot."""

    FOUND = "found"
    TOO_FAR = "too_far"
    NONE = "none"


class LeftOutReason(StrEnum):
    """Why somebody who is near, or answers for the cell, is not among the nearest."""

    OFF_DUTY = "left_out.off_duty"
    DECLINED = "left_out.declined"
    ASKED = "left_out.asked"
    NO_WAY = "left_out.no_way"
    OUT_OF_REACH = "left_out.out_of_reach"
    STALE = "left_out.stale"
    ENGAGED = "left_out.engaged"
    FARTHER = "left_out.farther"


@dataclass(frozen=True, kw_only=True)
class Considered:
    """What was known of one worker. Distances are None where he was not seen or has no way.

    `keeper` is set on those who answer for the cell, `asked` on those asked before in the linkup:
    whether they declined. `barrier` is what the straight line to him crosses.
    """

    worker: WorkerId
    on_duty: bool = True
    keeper: Keeper | None = None
    engaged: bool = False
    asked: LeftOutReason | None = None
    straight_m: Metres | None = None
    way: Way | None = None
    walk_m: Metres | None = None
    barrier: str | None = None
    accuracy_m: Metres | None = None
    observed_at: datetime | None = None

    @property
    def as_fields(self) -> dict[str, Any]:
        """JSON values, of what is known of him alone."""
        said = asdict(self) | {
            "worker": str(self.worker),
            "observed_at": None if self.observed_at is None else rfc3339(self.observed_at),
        }
        return {name: value for name, value in said.items() if value is not None}

    @classmethod
    def from_fields(cls, said: Mapping[str, Any]) -> "Considered":
        """Of what `as_fields` made."""
        kinds = {"keeper": Keeper, "asked": LeftOutReason, "way": Way}
        read: dict[str, Any] = {
            name: kind(said[name]) for name, kind in kinds.items() if name in said
        }
        if "observed_at" in said:
            read["observed_at"] = datetime.fromisoformat(said["observed_at"])
        return cls(**{**said, **read, "worker": WorkerId(UUID(said["worker"]))})


@dataclass(frozen=True, kw_only=True)
class Inquiry:
    """Who was to be found, by which rule, and everybody who was considered.

    `measure` is what decides: on foot where streets are loaded and lead to the place. `streets`,
    `plan` and `cell` name what held then. `exact` is False where the search for somebody nearer on
    foot was cut short.
    """

    at: datetime
    k: int
    measure: Measure
    considered: tuple[Considered, ...]
    anybody_on_duty: bool
    fresh_for_s: float = FRESH_FOR.total_seconds()
    reach_m: Metres = REACH
    exact: bool = True
    plan: str | None = None
    cell: str | None = None
    streets: str | None = None

    @property
    def as_fields(self) -> dict[str, Any]:
        """JSON values."""
        considered = [one.as_fields for one in self.considered]
        return asdict(self) | {"at": rfc3339(self.at), "considered": considered}

    @classmethod
    def from_fields(cls, said: Mapping[str, Any]) -> "Inquiry":
        """Of what `as_fields` made."""
        considered = tuple(Considered.from_fields(one) for one in said["considered"])
        at, measure = datetime.fromisoformat(said["at"]), Measure(said["measure"])
        return cls(**{**said, "at": at, "measure": measure, "considered": considered})

    def is_fresh(self, one: Considered) -> bool:
        """Whether a position is new enough to trust."""
        if one.observed_at is None:
            return False
        return one.observed_at >= self.at - timedelta(seconds=self.fresh_for_s)

    def distance(self, one: Considered) -> tuple[Metres | None, Measure]:
        """How far somebody is, and what that counts."""
        if self.measure is Measure.WALK and one.walk_m is not None:
            return one.walk_m, Measure.WALK
        return one.straight_m, Measure.STRAIGHT

    def out_of_reach(self, one: Considered) -> LeftOutReason | None:
        """Why somebody on duty cannot come on foot; None when he can."""
        if self.measure is Measure.WALK and one.way is Way.NONE:
            return LeftOutReason.NO_WAY
        metres, _ = self.distance(one)
        too_far = one.way is Way.TOO_FAR or (metres is not None and metres > self.reach_m)
        return LeftOutReason.OUT_OF_REACH if too_far else None

    def age_s(self, one: Considered) -> Seconds | None:
        """How old his position was."""
        if one.observed_at is None:
            return None
        return Seconds(max(0.0, round((self.at - one.observed_at).total_seconds(), 1)))
