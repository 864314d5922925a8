# SPDX-License-Identifier: Apache-2.0
"""A draft in one pair of hands: who changes, publishes or discards it has it for himself."""

from psycopg.errors import LockNotAvailable
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from geo.accounts.rules import Actor, may
from geo.hierarchy.rules import PlanStatus
from geo.ids import DistrictCode, PlanId
from geo.plans import queries
from geo.plans.drafts import BeingEdited, NotADraft, PlanEntry, RevisionStale
from geo.plans.tables import DraftRow

# How long one waits for another on the same draft; most edits take a tenth of it.
_WAITS_MS = 1000
_RETRY_S = 2


def open_draft(session: Session, district: DistrictCode, plan: PlanId) -> PlanEntry:
    """A draft that can still be changed. Raises: PlanNotFound, NotADraft."""
    found = queries.entry(session, district, plan)
    if found.status is not PlanStatus.DRAFT or found.base is None:
        raise NotADraft(plan=str(plan), status=found.status.value)
    return found


def locked_draft(
    session: Session, district: DistrictCode, plan: PlanId, *, revision: int | None = None
) -> PlanEntry:
    """As `open_draft`, and it stays that until the transaction ends: nobody else changes, publishes
    or discards it meanwhile. `revision` is the one that the caller saw, where he says so.

    Raises: PlanNotFound, NotADraft, RevisionStale, BeingEdited.
    """
    # Whoever waits for a long edit holds a connection that others need.
    session.execute(text(f"set local lock_timeout = {_WAITS_MS}"))
    try:
        session.execute(
            select(DraftRow.revision)
            .where(DraftRow.district == district, DraftRow.plan == plan)
            .with_for_update()
        )
    except OperationalError as error:
        if isinstance(error.orig, LockNotAvailable):
            raise BeingEdited(plan=str(plan), retry_after_s=_RETRY_S) from None
        raise
    session.execute(text("set local lock_timeout to default"))
    session.expire_all()
    draft = open_draft(session, district, plan)
    if revision is not None and draft.revision != revision:
        missed = queries.steps(session, district, plan, after=revision)
        raise RevisionStale(
            plan=str(plan),
            revision=draft.revision,
            yours=revision,
            steps=[step.as_fields() for step in missed],
        )
    return draft


def held(session: Session, actor: Actor, plan: PlanId, revision: int) -> PlanEntry:
    """The draft at the revision its editor saw, for him alone until the transaction ends."""
    may(actor, "plans.write")
    return locked_draft(session, actor.district, plan, revision=revision)
