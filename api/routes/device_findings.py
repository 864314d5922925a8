# SPDX-License-Identifier: Apache-2.0
"""Findings about phones that are to be read otherwise, and what is decided of them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from api.deps import Now, Read, Write, allowed
from api.shapes import Answer, Body, Cursor, Limit, Page, Text, Within, seen_cursor, seen_of
from geo.accounts.rules import Actor, Reach, reach_of
from geo.patrol import finding_queries
from geo.patrol.findings import FindingState, Hypothesis
from geo.patrol.suspecting import confirm_finding, dismiss_finding
from geo.workforce import queries as workforce

router = APIRouter(tags=["devices"])

Reader = Annotated[Actor, allowed("devices.read")]
Corrector = Annotated[Actor, allowed("devices.correct")]


class DismissBody(Body):
    """Why the device stays read as it is."""

    text: Text


class FindingAnswer(Answer):
    """That a device's points are explained by another reading of them than the one in use.

    `displaced_m` and `bearing_deg` lead from where the device is by that reading to where it seems
    to be; `check_ins` are examples, none when it was found from fixes that are off the Earth.
    """

    id: UUID
    device: UUID
    worker: UUID
    hypothesis: Hypothesis
    state: FindingState
    points: int
    since: datetime
    check_ins: list[UUID]
    displaced_m: float | None
    bearing_deg: float | None
    found_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    decision: str | None
    origin: str


@router.get("/device-findings")
def index(
    session: Read,
    me: Reader,
    now: Now,
    within: Within = None,
    state: FindingState | None = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[FindingAnswer]:
    """Findings about the phones of the caller's people, the newest first."""
    own = me.worker if reach_of(me, "devices.read") is Reach.OWN else None
    people = workforce.workers(session, me.district, areas=me.areas, at=now, within=within, own=own)
    found = finding_queries.findings(
        session,
        me.district,
        workers=[worker.id for worker in people],
        state=state,
        before=seen_of(cursor),
        limit=limit + 1,
    )
    last = found[limit - 1] if len(found) > limit else None
    return Page(
        items=[FindingAnswer.model_validate(each) for each in found[:limit]],
        next=None if last is None else seen_cursor(last.found_at, last.id),
    )


@router.post("/device-findings/{finding}/confirm")
def confirm(finding: UUID, session: Write, me: Corrector, now: Now) -> FindingAnswer:
    """Read the phone by the finding from now on; past verdicts stay until they are judged again."""
    return FindingAnswer.model_validate(confirm_finding(session, actor=me, id=finding, at=now))


@router.post("/device-findings/{finding}/dismiss")
def dismiss(
    finding: UUID, body: DismissBody, session: Write, me: Corrector, now: Now
) -> FindingAnswer:
    """Leave the phone read as it is, with the reason."""
    return FindingAnswer.model_validate(
        dismiss_finding(session, actor=me, id=finding, text=body.text, at=now)
    )
