# SPDX-License-Identifier: Apache-2.0
"""Verdicts given again, and every verdict that a check-in was given."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field, StringConstraints, model_validator

from api.deps import Now, Read, Write, allowed
from api.shapes import Answer, Body, Instant, Text, seen_cursor, seen_of
from geo.accounts.rules import Actor, may
from geo.crs import Mistake
from geo.ids import CheckInId, WorkerId
from geo.patrol import queries
from geo.patrol.rejudged import Cause, Given, Rejudged
from geo.patrol.rejudging import rejudge_check_in, rejudge_device, rejudge_worker
from geo.patrol.rules import VerdictKind
from geo.patrol.verdict_queries import history

router = APIRouter(tags=["check-ins"])

Reader = Annotated[Actor, allowed("checkins.read")]
Judge = Annotated[Actor, allowed("checkins.rejudge")]


class RejudgementBody(Body):
    """What to judge again, and why: one check-in, or those of a device or a worker of a time.

    `from` and `until` are moments of observation, half-open. `cursor` is the `next` of an answer
    that did not reach the end.
    """

    check_in: UUID | None = None
    device: UUID | None = None
    worker: UUID | None = None
    begins_at: Annotated[Instant | None, Field(alias="from")] = None
    ends_at: Annotated[Instant | None, Field(alias="until")] = None
    text: Text
    cursor: Annotated[str | None, StringConstraints(max_length=200)] = None

    @model_validator(mode="after")
    def _one_of_them(self) -> "RejudgementBody":
        named = [name for name in (self.check_in, self.device, self.worker) if name is not None]
        if len(named) != 1:
            raise ValueError("one of check_in, device and worker is expected")
        if self.check_in is None and (self.begins_at is None or self.ends_at is None):
            raise ValueError("from and until are expected with a device or a worker")
        return self


class StandingAnswer(Answer):
    """How a check-in stood."""

    cell: str | None
    verdict: VerdictKind | None
    accepted: bool


class ChangedAnswer(Answer):
    """A check-in that stands otherwise now."""

    id: UUID
    before: StandingAnswer
    after: StandingAnswer


class RejudgementAnswer(Answer):
    """How many were judged again, and which of them stand otherwise now.

    `erased` could not be: where they were has expired.
    """

    judged: int
    erased: int
    changed: int
    items: list[ChangedAnswer]
    next: str | None


class GivenAnswer(Answer):
    """A verdict as it was given; `lon`, `lat` where the fix lay as it was read then, WGS-84.

    They are null once they have expired.
    """

    cause: Cause
    by: str
    at: datetime
    text: str | None
    read_as: Mistake | None
    cell: str | None
    verdict: VerdictKind | None
    accepted: bool
    reasons: list[dict[str, Any]]
    doubts: list[dict[str, Any]]
    share_inside: float | None
    distance_to_border_m: float | None
    distance_to_checkpoint_m: float | None
    located_cell: str | None
    lon: float | None
    lat: float | None
    plan: UUID
    policy: int


class HistoryAnswer(Answer):
    """Every verdict of a check-in, oldest first; the last one is in force."""

    items: list[GivenAnswer]


@router.post("/check-ins/re-judgements")
def rejudge(body: RejudgementBody, session: Write, me: Judge, now: Now) -> RejudgementAnswer:
    """Judge check-ins again by the plan and policy of their moment, with what is known now.

    Those of a device and a single one are read as their device is to be read now; those of a worker
    as they were read before. Duty and cells are those on record now.
    """
    after = seen_of(body.cursor)
    if body.check_in is not None:
        check_in = CheckInId(body.check_in)
        return _answer(
            rejudge_check_in(session, actor=me, check_in=check_in, text=body.text, at=now)
        )
    assert body.begins_at is not None
    assert body.ends_at is not None
    said: dict[str, Any] = {
        "begins_at": body.begins_at,
        "ends_at": body.ends_at,
        "text": body.text,
        "at": now,
        "after": after,
    }
    if body.device is not None:
        return _answer(rejudge_device(session, actor=me, device=body.device, **said))
    assert body.worker is not None
    return _answer(rejudge_worker(session, actor=me, worker=WorkerId(body.worker), **said))


@router.get("/check-ins/{check_in}/history")
def show_history(check_in: UUID, session: Read, me: Reader) -> HistoryAnswer:
    """Every verdict of a check-in and why it was given, oldest first."""
    found = queries.check_in(session, me.district, CheckInId(check_in))
    may(me, "checkins.read", area=found.cell, worker=found.worker)
    return HistoryAnswer(
        items=[_given(each) for each in history(session, me.district, CheckInId(check_in))]
    )


def _given(each: Given) -> GivenAnswer:
    judged = (
        "cell verdict accepted reasons doubts share_inside distance_to_border_m"
        " distance_to_checkpoint_m located_cell lon lat plan policy"
    )
    return GivenAnswer(
        cause=each.cause,
        by=each.by,
        at=each.at,
        text=each.text,
        read_as=each.read_as,
        **{name: getattr(each.check_in, name) for name in judged.split()},
    )


def _answer(done: Rejudged) -> RejudgementAnswer:
    last = done.following
    return RejudgementAnswer(
        judged=done.judged,
        erased=done.erased,
        changed=len(done.changed),
        items=[ChangedAnswer.model_validate(each) for each in done.changed],
        next=None if last is None else seen_cursor(last.observed_at, last.id),
    )
