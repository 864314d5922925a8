# SPDX-License-Identifier: Apache-2.0
"""Appeals against verdicts, and the checkpoints they say are badly placed."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from api.deps import Now, Read, Write, allowed
from api.shapes import Answer, Body, Cursor, Limit, Page, Text, Within, seen_cursor, seen_of
from geo.accounts.rules import PERMISSIONS, Actor, Reach, reach_of
from geo.ids import CheckInId
from geo.patrol import appeal_queries
from geo.patrol.appealing import decide_appeal, make_appeal
from geo.patrol.appeals import AppealState, Misplaced

router = APIRouter(tags=["appeals"])

Reader = Annotated[Actor, allowed("appeals.read")]
Worker = Annotated[Actor, allowed("appeals.write")]
Decider = Annotated[Actor, allowed("appeals.decide")]
Placer = Annotated[Actor, allowed("checkpoints.write")]


class AppealBody(Body):
    """What the worker says against the verdict."""

    text: Text


class DecisionBody(Body):
    """The decision and its reason."""

    uphold: bool
    text: Text


class Waiting(StrEnum):
    """Which appeals are asked for."""

    OPEN = "open"
    DECIDED = "decided"


class AppealAnswer(Answer):
    """An appeal; `decision` is the reason that was given."""

    id: UUID
    check_in: UUID
    worker: UUID
    cell: str | None
    state: AppealState
    text: str
    made_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    decision: str | None
    origin: str


class Spot(Answer):
    """Where somebody stood; degrees of WGS-84."""

    lon: float
    lat: float


class MisplacedAnswer(Answer):
    """A checkpoint whose refusals are often overturned, where it stands and where it should.

    Degrees of WGS-84. `decided` and `upheld` count appeals of the last quarter, `fixes` the honest
    fixes that the suggestion is the middle of; `honest` are these, for who may read check-ins.
    """

    checkpoint: UUID
    cell: str
    name: str
    lon: float
    lat: float
    decided: int
    upheld: int
    fixes: int
    suggested_lon: float
    suggested_lat: float
    distance_m: float
    honest: list[Spot]


class MisplacedListAnswer(Answer):
    """Checkpoints that seem to stand elsewhere."""

    items: list[MisplacedAnswer]


@router.post("/check-ins/{check_in}/appeals", status_code=201)
def appeal(check_in: UUID, body: AppealBody, session: Write, me: Worker, now: Now) -> AppealAnswer:
    """Appeal against the verdict on one's own check-in, when it is refused or uncertain."""
    made = make_appeal(session, actor=me, check_in=CheckInId(check_in), text=body.text, at=now)
    return AppealAnswer.model_validate(made)


@router.post("/check-ins/{check_in}/appeals/decision")
def decide(
    check_in: UUID, body: DecisionBody, session: Write, me: Decider, now: Now
) -> AppealAnswer:
    """Decide the open appeal against somebody else's check-in; upheld, the check-in counts."""
    decided = decide_appeal(
        session,
        actor=me,
        check_in=CheckInId(check_in),
        uphold=body.uphold,
        text=body.text,
        at=now,
    )
    return AppealAnswer.model_validate(decided)


@router.get("/appeals")
def index(
    session: Read,
    me: Reader,
    within: Within = None,
    state: Waiting | None = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[AppealAnswer]:
    """Appeals of the caller's scope, the newest first; a worker sees his own."""
    found = appeal_queries.appeals(
        session,
        me.district,
        areas=me.areas,
        own=me.worker if reach_of(me, "appeals.read") is Reach.OWN else None,
        within=within,
        decided=None if state is None else state is Waiting.DECIDED,
        before=seen_of(cursor),
        limit=limit + 1,
    )
    last = found[limit - 1] if len(found) > limit else None
    return Page(
        items=[AppealAnswer.model_validate(each) for each in found[:limit]],
        next=None if last is None else seen_cursor(last.made_at, last.id),
    )


@router.get("/checkpoints/misplaced")
def misplaced(session: Read, me: Placer, now: Now, within: Within = None) -> MisplacedListAnswer:
    """Checkpoints whose refusals are often overturned, with a better place for each."""
    found = appeal_queries.misplaced_checkpoints(
        session, me.district, areas=me.areas, within=within, at=now
    )
    people = me.role in PERMISSIONS["checkins.read"]
    return MisplacedListAnswer(items=[_misplaced(each, people) for each in found])


def _misplaced(each: Misplaced, people: bool) -> MisplacedAnswer:
    spots = each.honest if people else ()
    return MisplacedAnswer(
        **{name: value for name, value in vars(each).items() if name != "honest"},
        honest=[Spot(lon=lon, lat=lat) for lon, lat in spots],
    )
