# SPDX-License-Identifier: Apache-2.0
"""Drawing: drafts begun, edited, undone and redone, each step kept; and plans published."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import insert, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.orm import Session

from geo.accounts.rules import Actor, may
from geo.clock import civil_date
from geo.columns import Origin
from geo.digests import digest
from geo.errors import IdReused
from geo.hierarchy import queries as hierarchy
from geo.hierarchy.rules import PlanStatus
from geo.hierarchy.tables import PlanRow
from geo.ids import PlanId
from geo.jobs import actions as jobs
from geo.outbox import record
from geo.plans import delta, queries
from geo.plans.drafts import (
    DraftChanged,
    NotADraft,
    NothingToUndo,
    PlanEntry,
    RevisionStale,
    StepKind,
)
from geo.plans.edits import Edit, Edited, apply
from geo.plans.holding import held, locked_draft, open_draft
from geo.plans.rules import Division, Ground
from geo.plans.tables import DraftRow, DraftStepRow

# Every so many steps the outcome is kept against the base: a long draft opens as fast as a short.
_SNAPSHOT_EVERY = 50


def begin_draft(
    session: Session,
    *,
    actor: Actor,
    id: PlanId,
    name: str,
    based_on: PlanId | None,
    at: datetime,
) -> tuple[PlanEntry, bool]:
    """Begin a draft: from a published plan, or from another draft as it stands now; True when new.

    Without `based_on` from the plan in force. The same id with the same content by the same actor
    answers the draft as it is now.

    Raises: NotAllowed, PlanNotFound, NotADraft (withdrawn), IdReused.  Records: DraftChanged.
    """
    may(actor, "plans.write")
    content = digest(name=name, based_on=based_on)
    known = _known(session, actor, id, content)
    if known is not None:
        return known, False
    source = queries.entry(session, actor.district, based_on or _in_force(session, actor, at))
    if source.status in (PlanStatus.WITHDRAWN, PlanStatus.DISCARDED):
        raise NotADraft(plan=str(based_on), status=source.status.value)
    branched = source.status is PlanStatus.DRAFT
    base = source.base if branched and source.base is not None else source.id
    new = session.execute(
        pg_insert(PlanRow)
        .values(
            district=actor.district,
            id=id,
            name=name,
            status=PlanStatus.DRAFT.value,
            created_at=at,
            origin=Origin.REAL.value,
        )
        .on_conflict_do_nothing()
        .returning(PlanRow.id)
    ).one_or_none()
    if new is None:
        # Somebody else was faster with this id; a new statement sees what he wrote.
        same = _known(session, actor, id, content)
        assert same is not None
        return same, False
    session.execute(
        insert(DraftRow).values(
            district=actor.district,
            plan=id,
            base=base,
            revision=0,
            state=0,
            undone=[],
            actor=actor.signature,
            begun_by=actor.signature,
            digest=content,
            changed_at=at,
        )
    )
    made = queries.entry(session, actor.district, id)
    if branched and source.state:
        taken = queries.division(session, actor.district, source)
        asked = {"op": "branch", "plan": str(source.id), "revision": source.revision}
        return take_step(session, actor, made, StepKind.BRANCH, taken, asked, {}, at), True
    return _told(session, actor, made, at), True


def import_draft(
    session: Session,
    *,
    actor: Actor,
    id: PlanId,
    name: str,
    based_on: PlanId,
    division: Division,
    asked: Mapping[str, Any],
    outcome: Mapping[str, Any],
    at: datetime,
) -> PlanEntry:
    """Begin a draft that is at once the division that a file made of the plan it is based on.

    Raises: NotAllowed, PlanNotFound, NotADraft (withdrawn).  Records: DraftChanged.
    """
    made, _ = begin_draft(session, actor=actor, id=id, name=name, based_on=based_on, at=at)
    said = {"op": "import", **asked}
    return take_step(session, actor, made, StepKind.IMPORT, division, said, dict(outcome), at)


def edit_draft(
    session: Session,
    *,
    actor: Actor,
    plan: PlanId,
    revision: int,
    edit: Edit,
    asked: Mapping[str, Any],
    at: datetime,
    outcome: Callable[[Division, Edited, Ground], dict[str, Any]] | None = None,
) -> tuple[PlanEntry, Edited]:
    """Carry out one edit on a draft as its editor saw it; `asked` is the edit as it was said.

    `outcome` adds to what is kept of it. Raises: NotAllowed, PlanNotFound, NotADraft,
    RevisionStale, and what `apply` raises.  Records: DraftChanged.
    """
    draft = held(session, actor, plan, revision)
    before = queries.division(session, actor.district, draft)
    ground = queries.ground(session, actor.district, draft)
    edited = apply(before, ground, edit)
    said = {
        "changed": list(edited.changed),
        "removed": list(edited.removed),
        "asked_m2": edited.asked_m2,
        "moved_m2": edited.moved_m2,
    }
    if outcome is not None:
        said |= outcome(before, edited, ground)
    now = take_step(session, actor, draft, StepKind.EDIT, edited.division, dict(asked), said, at)
    return now, edited


def undo(session: Session, *, actor: Actor, plan: PlanId, revision: int, at: datetime) -> PlanEntry:
    """Go back before the step whose outcome holds.

    Raises: NotAllowed, PlanNotFound, NotADraft, RevisionStale, NothingToUndo.
    Records: DraftChanged.
    """
    draft = held(session, actor, plan, revision)
    assert draft.state is not None
    if draft.state == 0:
        raise NothingToUndo(plan=str(plan))
    built_on = session.scalars(
        select(DraftStepRow.built_on).where(
            DraftStepRow.district == actor.district,
            DraftStepRow.plan == plan,
            DraftStepRow.revision == draft.state,
        )
    ).one()
    undone = [*draft.undone, draft.state]
    return _turned(session, actor, draft, StepKind.UNDO, built_on or 0, undone, at)


def redo(session: Session, *, actor: Actor, plan: PlanId, revision: int, at: datetime) -> PlanEntry:
    """Take up again the step that was undone last; an edit since has put an end to that.

    Raises: NotAllowed, PlanNotFound, NotADraft, RevisionStale, NothingToUndo.
    Records: DraftChanged.
    """
    draft = held(session, actor, plan, revision)
    if not draft.undone:
        raise NothingToUndo(plan=str(plan))
    *rest, state = draft.undone
    return _turned(session, actor, draft, StepKind.REDO, state, rest, at)


def rename_draft(
    session: Session, *, actor: Actor, plan: PlanId, name: str, at: datetime
) -> PlanEntry:
    """Call a draft by another name. Raises: NotAllowed, PlanNotFound, NotADraft."""
    may(actor, "plans.write")
    open_draft(session, actor.district, plan)
    session.execute(
        update(PlanRow)
        .where(PlanRow.district == actor.district, PlanRow.id == plan)
        .values(name=name)
    )
    session.expire_all()
    return _told(session, actor, queries.entry(session, actor.district, plan), at)


def discard_draft(session: Session, *, actor: Actor, plan: PlanId, at: datetime) -> PlanEntry:
    """Throw a draft away: it is withdrawn, its steps stay as a record, its jobs are given up.

    Raises: NotAllowed, PlanNotFound, NotADraft.  Records: DraftChanged.
    """
    may(actor, "plans.write")
    locked_draft(session, actor.district, plan)
    jobs.cancel_all(session, district=actor.district, asked={"plan": str(plan)}, at=at)
    session.execute(
        update(PlanRow)
        .where(PlanRow.district == actor.district, PlanRow.id == plan)
        .values(status=PlanStatus.DISCARDED.value)
    )
    session.expire_all()
    return _told(session, actor, queries.entry(session, actor.district, plan), at)


def take_step(
    session: Session,
    actor: Actor,
    draft: PlanEntry,
    kind: StepKind,
    division: Division,
    asked: dict[str, Any],
    outcome: dict[str, Any],
    at: datetime,
) -> PlanEntry:
    """Keep another division as the outcome of the next step of a draft.

    Raises: RevisionStale.  Records: DraftChanged.
    """
    assert draft.revision is not None
    assert draft.state is not None
    number = draft.revision + 1
    snapshot = draft.state == 0 or number % _SNAPSHOT_EVERY == 0
    built_on = 0 if snapshot else draft.state
    before = queries.division_at(session, actor.district, draft, built_on)
    id = uuid4()
    _advance(session, actor, draft, state=number, undone=[], at=at)
    session.execute(
        insert(DraftStepRow).values(
            district=actor.district,
            plan=draft.id,
            revision=number,
            id=id,
            kind=kind.value,
            state=number,
            built_on=draft.state,
            asked=asked,
            outcome=outcome,
            delta=delta.difference(before, division),
            snapshot=snapshot,
            actor=actor.signature,
            at=at,
        )
    )
    queries.remember(id, division)
    return _told(session, actor, queries.entry(session, actor.district, draft.id), at)


def _in_force(session: Session, actor: Actor, at: datetime) -> PlanId:
    home = hierarchy.district(session, actor.district)
    today = civil_date(at, home.time_zone)
    return hierarchy.plan_in_force(session, actor.district, today).id


def _known(session: Session, actor: Actor, id: PlanId, content: bytes) -> PlanEntry | None:
    """The draft that was begun with this id. Raises: IdReused (for another one)."""
    row = session.execute(
        select(DraftRow.digest, DraftRow.begun_by)
        .select_from(PlanRow)
        .outerjoin(
            DraftRow, (DraftRow.district == PlanRow.district) & (DraftRow.plan == PlanRow.id)
        )
        .where(PlanRow.district == actor.district, PlanRow.id == id)
    ).one_or_none()
    if row is None:
        return None
    if (row.digest, row.begun_by) != (content, actor.signature):
        raise IdReused(id=id)
    return queries.entry(session, actor.district, id)


def _advance(
    session: Session,
    actor: Actor,
    draft: PlanEntry,
    *,
    state: int,
    undone: list[int],
    at: datetime,
) -> None:
    assert draft.revision is not None
    moved = session.execute(
        update(DraftRow)
        .where(
            DraftRow.district == actor.district,
            DraftRow.plan == draft.id,
            DraftRow.revision == draft.revision,
        )
        .values(
            revision=draft.revision + 1,
            state=state,
            undone=undone,
            actor=actor.signature,
            changed_at=at,
        )
        .returning(DraftRow.revision)
    ).one_or_none()
    if moved is None:
        raise RevisionStale(plan=str(draft.id), revision=None, yours=draft.revision, steps=[])
    session.expire_all()


def _turned(
    session: Session,
    actor: Actor,
    draft: PlanEntry,
    kind: StepKind,
    state: int,
    undone: list[int],
    at: datetime,
) -> PlanEntry:
    assert draft.revision is not None
    _advance(session, actor, draft, state=state, undone=undone, at=at)
    session.execute(
        insert(DraftStepRow).values(
            district=actor.district,
            plan=draft.id,
            revision=draft.revision + 1,
            id=uuid4(),
            kind=kind.value,
            state=state,
            built_on=None,
            snapshot=False,
            actor=actor.signature,
            at=at,
        )
    )
    return _told(session, actor, queries.entry(session, actor.district, draft.id), at)


def _told(session: Session, actor: Actor, draft: PlanEntry, at: datetime) -> PlanEntry:
    record(
        session,
        DraftChanged(
            id=draft.id,
            district=actor.district,
            at=at,
            actor=actor.signature,
            origin=Origin.REAL,
            area=actor.district,
            body={"id": str(draft.id), "name": draft.name, "revision": draft.revision},
        ),
    )
    return draft
