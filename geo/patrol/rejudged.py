# SPDX-License-Identifier: Apache-2.0
"""Verdicts given again: what is kept of each, when two are the same, what is told."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from geo.crs import Fix, Mistake
from geo.ids import CheckInId
from geo.outbox import Event
from geo.patrol.records import CheckIn
from geo.patrol.rules import CheckpointSite, Verdict
from geo.values import value

# Two verdicts of one geometry may differ in what was rounded last: metres are kept to 0.1 in
# reasons, shares to 0.001.
_SAME_METRES = 0.15
_SAME_SHARE = 0.0015

UPHELD = "appeal.upheld"


class Cause(StrEnum):
    """Why a verdict was given."""

    FIRST = "first"
    REJUDGED = "rejudged"
    APPEAL = "appeal"


@dataclass(frozen=True)
class Given:
    """A verdict as it was given: `check_in` is how the check-in stood by it.

    `by` is the signature of whoever brought it about; `text` what he gave as the reason.
    """

    check_in: CheckIn
    cause: Cause
    by: str
    at: datetime
    text: str | None
    read_as: Mistake | None


@dataclass(frozen=True)
class Stored:
    """A check-in with what it can be judged by again.

    `fix` is as it was said, its `observed_at` by our clock, `read_as` as it was read. `site` is the
    checkpoint where it stood then, `retired_at` when it went out of use. Where the place has
    expired (`erased`) the fix is nowhere.
    """

    check_in: CheckIn
    fix: Fix
    device: UUID | None
    sent_at: datetime | None
    actor: str
    site: CheckpointSite | None
    retired_at: datetime | None

    @property
    def erased(self) -> bool:
        """Whether where it was has expired: it cannot be judged again."""
        return self.check_in.spot is None


@dataclass(frozen=True)
class Changed:
    """A check-in whose verdict is another one now."""

    id: CheckInId
    before: CheckIn
    after: CheckIn


@dataclass(frozen=True)
class Rejudged:
    """What judging again came to; `following` is the last one looked at when more are left.

    `erased` could not be judged again: where they were has expired.
    """

    judged: int
    erased: int
    changed: tuple[Changed, ...]
    following: CheckIn | None


def judged_again(before: CheckIn, verdict: Verdict, place: tuple[float, float]) -> CheckIn:
    """The check-in by another verdict, read at `place` (WGS-84 degrees).

    An appeal that was upheld stays upheld. Doubts are about the delivery and the track around it,
    which are not judged here: they stay.
    """
    upheld = tuple(reason for reason in before.reasons if reason["code"] == UPHELD)
    lon, lat = place
    return replace(
        before,
        lon=lon,
        lat=lat,
        cell=verdict.cell,
        verdict=verdict.kind,
        accepted=verdict.accepted or bool(upheld),
        reasons=(*upheld, *verdict.reasons),
        share_inside=_rounded(verdict.share_inside, 6),
        distance_to_border_m=_rounded(verdict.distance_to_border_m, 2),
        distance_to_checkpoint_m=_rounded(verdict.distance_to_checkpoint_m, 2),
        located_cell=verdict.located_cell,
    )


def same_verdict(one: CheckIn, other: CheckIn) -> bool:
    """Whether two verdicts of a check-in find the same, whatever the last digit says."""
    return all(
        _same(getattr(one, field.name), getattr(other, field.name), field.name)
        for field in fields(CheckIn)
        if field.name not in ("lon", "lat")
    )


def _same(one: Any, other: Any, name: str) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) <= (_SAME_METRES if name.endswith("_m") else _SAME_SHARE)
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_same(one[key], other[key], key) for key in one)
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(
            _same(left, right, name) for left, right in zip(one, other, strict=True)
        )
    return bool(one == other)


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


@value(kw_only=True)
class CheckInRejudged(Event):
    """A check-in of today was judged again, or an appeal upheld, and it stands otherwise now."""

    kind: ClassVar[str] = "check_in.rejudged"
    collection: ClassVar[str | None] = "check_ins"


@value(kw_only=True)
class LateCheckInRejudged(Event):
    """The same of a check-in of an earlier day: no part of today's picture."""

    kind: ClassVar[str] = "check_in.rejudged_late"
