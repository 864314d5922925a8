# SPDX-License-Identifier: Apache-2.0
"""Who is asked first: the rule, from what was known of everybody at that moment. Pure."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from itertools import pairwise
from math import hypot, inf
from typing import Any

from geo.ids import WorkerId
from geo.incidents.inquiry import Considered, Inquiry, Keeper, LeftOutReason, Measure
from geo.units import Metres, Seconds

# Of those left out, so many are told besides the ones who answer for the cell.
LEFT_OUT_TOLD = 8
# Phones state the radius of 68 %; that of 95 % of a two-dimensional normal error is so much wider.
_TO_95_PERCENT = 1.62
# He may have walked on since he was seen.
_WALKS_MPS = 1.4


class NearReason(StrEnum):
    """Why somebody stands where he does among the nearest."""

    HOLDER = "nearest.holder"
    STAND_IN = "nearest.stand_in"
    FREE = "nearest.free"
    ENGAGED = "nearest.engaged"
    STALE = "nearest.stale"
    STALE_ENGAGED = "nearest.stale_engaged"


class Shortfall(StrEnum):
    """Why the list of the nearest is worse than was asked for."""

    NOBODY_ON_DUTY = "nobody_on_duty"
    NONE_WITHIN_REACH = "none_within_reach"
    POSITIONS_STALE = "positions_stale"
    FEWER_THAN_ASKED = "fewer_than_asked"


@dataclass(frozen=True, kw_only=True)
class Near:
    """A worker on duty near a point. None where his position is not known at all.

    `rank_class` orders: 0 the fresh one who answers for the cell, 1 fresh and free, 2 fresh and
    engaged, 3 stale and free, 4 stale and engaged; within a class by distance. `error_m` is by how
    much he may be elsewhere: the error of his position, and what he may have walked since. `tied`
    says that he and the one before him could as well stand the other way round.
    """

    worker: WorkerId
    distance_m: Metres | None
    measure: Measure
    straight_m: Metres | None
    age_s: Seconds | None
    accuracy_m: Metres | None
    error_m: Metres | None
    barrier: str | None
    responsible: bool
    engaged: bool
    rank_class: int
    reason: NearReason
    tied: bool = False

    @property
    def as_fields(self) -> dict[str, Any]:
        """What a recommendation keeps of him, in JSON values."""
        return asdict(self) | {"worker": str(self.worker)}


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """Somebody who is near or answers for the cell, and why he is not among the nearest."""

    worker: WorkerId
    reason: LeftOutReason
    keeper: Keeper | None
    distance_m: Metres | None
    measure: Measure
    age_s: Seconds | None

    @property
    def as_fields(self) -> dict[str, Any]:
        """What a recommendation keeps of him, in JSON values."""
        return asdict(self) | {"worker": str(self.worker)}


@dataclass(frozen=True, kw_only=True)
class Ranked:
    """The nearest workers on duty, best first; who was left out; what is wrong with the list."""

    items: tuple[Near, ...]
    left_out: tuple[LeftOut, ...]
    shortfall: Shortfall | None

    @property
    def as_fields(self) -> dict[str, Any]:
        """What a recommendation keeps of it, in JSON values."""
        return {
            "shortfall": self.shortfall,
            "candidates": [near.as_fields for near in self.items],
            "left_out": [one.as_fields for one in self.left_out],
        }


def rank(*, fresh: bool, engaged: bool, keeper: NearReason | None) -> tuple[int, NearReason]:
    """Class and reason of a worker; `keeper` is set on the one who answers for the cell."""
    if fresh and keeper is not None:
        return 0, keeper
    if fresh:
        return (2, NearReason.ENGAGED) if engaged else (1, NearReason.FREE)
    return (4, NearReason.STALE_ENGAGED) if engaged else (3, NearReason.STALE)


def ranked(inquiry: Inquiry) -> Ranked:
    """The recommendation that follows from an inquiry: always the same one."""
    responsible = _responsible(inquiry)
    near: list[Near] = []
    for one in inquiry.considered:
        answers = one is responsible
        comes = one.observed_at is not None and inquiry.out_of_reach(one) is None
        if one.on_duty and one.asked is None and (answers or comes):
            near.append(_near(inquiry, one, responsible=answers))
    near.sort(key=_order)
    items = _with_ties(near[: inquiry.k])
    chosen = {item.worker for item in items}
    rest = [one for one in inquiry.considered if one.worker not in chosen]
    left_out = _left_out(inquiry, items, rest)
    return Ranked(items=items, left_out=left_out, shortfall=_shortfall(inquiry, items, rest))


def _responsible(inquiry: Inquiry) -> Considered | None:
    """Of holder and stand-in on duty the first whose position can be trusted, else the first."""
    by_keeper = {one.keeper: one for one in inquiry.considered if one.asked is None and one.on_duty}
    able = [by_keeper[who] for who in (Keeper.HOLDER, Keeper.STAND_IN) if who in by_keeper]
    return next((one for one in able if inquiry.is_fresh(one)), able[0] if able else None)


def _near(inquiry: Inquiry, one: Considered, *, responsible: bool) -> Near:
    said = NearReason.STAND_IN if one.keeper is Keeper.STAND_IN else NearReason.HOLDER
    rank_class, reason = rank(
        fresh=inquiry.is_fresh(one), engaged=one.engaged, keeper=said if responsible else None
    )
    distance_m, measure = inquiry.distance(one)
    age_s = inquiry.age_s(one)
    error_m = None
    if one.accuracy_m is not None and age_s is not None:
        error_m = Metres(round(one.accuracy_m * _TO_95_PERCENT + age_s * _WALKS_MPS, 1))
    return Near(
        worker=one.worker,
        distance_m=distance_m,
        measure=measure,
        straight_m=one.straight_m,
        age_s=age_s,
        accuracy_m=one.accuracy_m,
        error_m=error_m,
        barrier=one.barrier,
        responsible=responsible,
        engaged=one.engaged,
        rank_class=rank_class,
        reason=reason,
    )


def _order(near: Near) -> tuple[int, float, str]:
    return near.rank_class, inf if near.distance_m is None else near.distance_m, str(near.worker)


def _with_ties(items: Sequence[Near]) -> tuple[Near, ...]:
    """Whoever could as well stand before the one before him is marked so."""
    marked = list(items[:1])
    for before, one in pairwise(items):
        marked.append(replace(one, tied=_tied(before, one)))
    return tuple(marked)


def _tied(before: Near, one: Near) -> bool:
    if before.rank_class != one.rank_class or before.distance_m is None or one.distance_m is None:
        return False
    # Two errors that know nothing of each other add up as sides of a right angle.
    error_m = hypot(before.error_m or 0.0, one.error_m or 0.0)
    return one.distance_m - before.distance_m < error_m


def _left_out(
    inquiry: Inquiry, items: Sequence[Near], rest: Sequence[Considered]
) -> tuple[LeftOut, ...]:
    """Those who answer for the cell, then who is nearer, straight, than somebody who was chosen."""
    told = [one for keeper in Keeper for one in rest if one.keeper is keeper]
    farthest = inf
    if len(items) == inquiry.k:
        farthest = max(inf if near.straight_m is None else near.straight_m for near in items)
    others = [
        one
        for one in rest
        if one.keeper is None and one.straight_m is not None and one.straight_m < farthest
    ]
    others = [one for one in others if _why(inquiry, one) is not LeftOutReason.FARTHER]
    others.sort(key=lambda one: (one.straight_m, str(one.worker)))
    found = []
    for one in [*told, *others[:LEFT_OUT_TOLD]]:
        metres, measure = inquiry.distance(one)
        found.append(
            LeftOut(
                worker=one.worker,
                reason=_why(inquiry, one),
                keeper=one.keeper,
                distance_m=metres,
                measure=measure,
                age_s=inquiry.age_s(one),
            )
        )
    return tuple(found)


def _why(inquiry: Inquiry, one: Considered) -> LeftOutReason:
    """Why somebody is not among the nearest, the gravest first."""
    if not one.on_duty:
        return LeftOutReason.OFF_DUTY
    out = one.asked or inquiry.out_of_reach(one)
    if out is not None:
        return out
    if not inquiry.is_fresh(one):
        return LeftOutReason.STALE
    return LeftOutReason.ENGAGED if one.engaged else LeftOutReason.FARTHER


def _shortfall(
    inquiry: Inquiry, items: Sequence[Near], rest: Sequence[Considered]
) -> Shortfall | None:
    """What is wrong with the list, the gravest first."""
    if not inquiry.anybody_on_duty:
        return Shortfall.NOBODY_ON_DUTY
    if items:
        if all(near.rank_class >= 3 for near in items):
            return Shortfall.POSITIONS_STALE
        return Shortfall.FEWER_THAN_ASKED if len(items) < inquiry.k else None
    on_duty = [one for one in rest if one.on_duty]
    if any(one.asked is None and inquiry.out_of_reach(one) for one in on_duty):
        return Shortfall.NONE_WITHIN_REACH
    # Some are on duty, but nobody knows where.
    return Shortfall.FEWER_THAN_ASKED if on_duty else Shortfall.POSITIONS_STALE
