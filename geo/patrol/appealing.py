# SPDX-License-Identifier: Apache-2.0
"""Appealing against a verdict, and deciding appeals."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.orm import Session

from geo.accounts.rules import Actor, may
from geo.ids import CheckInId
from geo.outbox import record
from geo.patrol.appeal_queries import appeal, latest_appeal
from geo.patrol.appeals import (
    Appeal,
    AppealDecided,
    AppealIsDecided,
    AppealMade,
    AppealOpen,
    AppealState,
    check_appealable,
    check_decider,
)
from geo.patrol.records import CheckInNotFound
from geo.patrol.rejudged import UPHELD, Cause, Given, Stored
from geo.patrol.rejudging import give
from geo.patrol.tables import AppealRow
from geo.patrol.verdict_queries import stored, verdicts_given


def make_appeal(
    session: Session, *, actor: Actor, check_in: CheckInId, text: str, at: datetime
) -> Appeal:
    """Appeal against the verdict on one's own check-in that is refused or uncertain.

    Raises: NotAllowed, CheckInNotFound, NothingToAppeal, AppealOpen.  Records: AppealMade.
    """
    found = _held(session, actor, check_in)
    may(actor, "checkins.read", area=found.check_in.cell, worker=found.check_in.worker)
    may(actor, "appeals.write", worker=found.check_in.worker)
    check_appealable(found.check_in)
    made = session.execute(
        pg_insert(AppealRow)
        .values(
            district=actor.district,
            id=uuid4(),
            check_in=check_in,
            worker=found.check_in.worker,
            state=AppealState.OPEN.value,
            text=text,
            actor=actor.signature,
            made_at=at,
            origin=found.check_in.origin.value,
        )
        .on_conflict_do_nothing()
        .returning(AppealRow.id)
    ).one_or_none()
    if made is None:
        raise AppealOpen(check_in=str(check_in))
    appealed = appeal(session, actor.district, made.id)
    record(session, AppealMade(**_told(actor, appealed, at)))
    return appealed


def decide_appeal(
    session: Session, *, actor: Actor, check_in: CheckInId, uphold: bool, text: str, at: datetime
) -> Appeal:
    """Decide the open appeal against somebody else's check-in, with the reason.

    Upheld, the check-in is accepted with that reason in front; where it lies stays what it was
    found to be. Of two who decide at once the first one does.

    Raises: NotAllowed, CheckInNotFound, OwnAppeal, NoAppeal,
    AppealIsDecided.
    Records: AppealDecided, and when it was upheld CheckInRejudged or LateCheckInRejudged.
    """
    found = _held(session, actor, check_in)
    may(actor, "appeals.decide", area=found.check_in.cell, worker=found.check_in.worker)
    check_decider(actor, found.check_in, found.actor)
    waiting = latest_appeal(session, actor.district, check_in)
    state = AppealState.UPHELD if uphold else AppealState.REJECTED
    done = session.execute(
        update(AppealRow)
        .where(
            AppealRow.district == actor.district,
            AppealRow.id == waiting.id,
            AppealRow.state == AppealState.OPEN.value,
        )
        .values(state=state.value, decided_by=actor.signature, decided_at=at, decision=text)
        .returning(AppealRow.id)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if done is None:
        raise AppealIsDecided(check_in=str(check_in))
    if uphold:
        _uphold(session, actor, found, text, at)
    decided = appeal(session, actor.district, waiting.id)
    record(session, AppealDecided(**_told(actor, decided, at)))
    return decided


def _held(session: Session, actor: Actor, check_in: CheckInId) -> Stored:
    """The check-in, kept as it is until the transaction ends."""
    held = stored(session, actor.district, ids=[check_in], lock=True)
    if not held:
        raise CheckInNotFound(check_in=str(check_in))
    return held[0]


def _uphold(session: Session, actor: Actor, found: Stored, text: str, at: datetime) -> None:
    reason = {"code": UPHELD, "by": actor.signature, "text": text}
    counts = replace(found.check_in, accepted=True, reasons=(reason, *found.check_in.reasons))
    on_record = verdicts_given(session, actor.district, [counts.id]).get(counts.id, 0)
    given = Given(counts, Cause.APPEAL, actor.signature, at, text, found.fix.read_as)
    give(session, actor.district, found, given, on_record=on_record)


def _told(actor: Actor, of: Appeal, at: datetime) -> dict[str, Any]:
    return {
        "id": of.id,
        "district": actor.district,
        "at": at,
        "actor": actor.signature,
        "origin": of.origin,
        "area": of.cell or actor.district,
        "workers": (of.worker,),
        "body": {
            "id": str(of.id),
            "check_in": str(of.check_in),
            "worker": str(of.worker),
            "state": of.state.value,
        },
    }
