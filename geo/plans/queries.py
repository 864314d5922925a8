# SPDX-License-Identifier: Apache-2.0
"""Plans as they are kept, and any of them as a division to look at and to draw on."""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import replace
from threading import Lock
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from geo.hierarchy import queries as hierarchy
from geo.hierarchy.rules import PlanStatus
from geo.hierarchy.tables import PlanRow
from geo.ids import DistrictCode, PlanId
from geo.plans import delta
from geo.plans.drafts import NotADraft, PlanEntry, PlanNotFound, Step, StepKind
from geo.plans.opening import ground as standing
from geo.plans.opening import opened
from geo.plans.rules import Division, Ground, boundary
from geo.plans.tables import DraftRow, DraftStepRow

Value = TypeVar("Value")


class Recent(Generic[Value]):
    """The values asked for last, by what never changes its meaning: ids of plans and of steps."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._lock = Lock()
        self._kept: OrderedDict[Hashable, Value] = OrderedDict()

    def get(self, key: Hashable) -> Value | None:
        """What is kept under a key."""
        with self._lock:
            if key not in self._kept:
                return None
            self._kept.move_to_end(key)
            return self._kept[key]

    def put(self, key: Hashable, value: Value) -> Value:
        """Keep a value under a key; what was asked for longest ago makes room."""
        with self._lock:
            self._kept[key] = value
            while len(self._kept) > self._size:
                self._kept.popitem(last=False)
        return value


# A division shares with its neighbours whatever is the same in both, so that many cost little.
_DIVISIONS: Recent[Division] = Recent(64)
_GROUNDS: Recent[Ground] = Recent(4)


def plans(session: Session, district: DistrictCode) -> list[PlanEntry]:
    """Every plan of a district: those in force by date, then drafts, the last changed first."""
    entries = [_entry(row) for row in session.execute(_entries(district))]
    return sorted(
        entries,
        key=lambda entry: (
            entry.status is PlanStatus.DRAFT,
            -(entry.changed_at or entry.created_at).timestamp(),
        ),
    )


def entry(session: Session, district: DistrictCode, id: PlanId) -> PlanEntry:
    """One plan. Raises: PlanNotFound."""
    row = session.execute(_entries(district).where(PlanRow.id == id)).one_or_none()
    if row is None:
        raise PlanNotFound(plan=str(id))
    return _entry(row)


def steps(
    session: Session, district: DistrictCode, id: PlanId, *, after: int = 0, limit: int = 500
) -> list[Step]:
    """The steps of a draft after a revision, oldest first."""
    rows = session.execute(
        select(
            DraftStepRow.revision,
            DraftStepRow.kind,
            DraftStepRow.state,
            DraftStepRow.asked,
            DraftStepRow.outcome,
            DraftStepRow.actor,
            DraftStepRow.at,
        )
        .where(
            DraftStepRow.district == district,
            DraftStepRow.plan == id,
            DraftStepRow.revision > after,
        )
        .order_by(DraftStepRow.revision)
        .limit(limit)
    )
    return [
        Step(row.revision, StepKind(row.kind), row.state, row.asked, row.outcome, row.actor, row.at)
        for row in rows
    ]


def division(session: Session, district: DistrictCode, plan: PlanEntry) -> Division:
    """A plan as it stands: a published one; a draft by its steps, and a discarded one too."""
    drawn = (PlanStatus.DRAFT, PlanStatus.DISCARDED)
    if plan.base is None or plan.status not in drawn:
        return _published(session, district, plan.id)
    assert plan.state is not None
    return division_at(session, district, plan, plan.state)


def division_at(session: Session, district: DistrictCode, plan: PlanEntry, state: int) -> Division:
    """What a draft was after one of its steps; 0 is its base. Raises: NotADraft."""
    if plan.base is None:
        raise NotADraft(plan=str(plan.id), status=plan.status.value)
    chain: list[Any] = []
    found = None
    outline = {
        row.revision: row
        for row in session.execute(
            select(
                DraftStepRow.revision,
                DraftStepRow.id,
                DraftStepRow.built_on,
                DraftStepRow.snapshot,
            ).where(
                DraftStepRow.district == district,
                DraftStepRow.plan == plan.id,
                DraftStepRow.delta.is_not(None),
                DraftStepRow.revision <= state,
            )
        )
    }
    at = state
    while at:
        found = _DIVISIONS.get(outline[at].id)
        if found is not None:
            break
        chain.append(outline[at])
        at = 0 if outline[at].snapshot else outline[at].built_on
    value = found or _published(session, district, plan.base)
    if not chain:
        return value
    deltas = session.execute(
        select(DraftStepRow.revision, DraftStepRow.delta).where(
            DraftStepRow.district == district,
            DraftStepRow.plan == plan.id,
            DraftStepRow.revision.in_([row.revision for row in chain]),
        )
    )
    kept = {row.revision: row.delta for row in deltas}
    for row in reversed(chain):
        value = delta.applied(value, kept[row.revision])
    return _DIVISIONS.put(chain[0].id, value)


def ground(session: Session, district: DistrictCode, plan: PlanEntry) -> Ground:
    """The land of the district of a plan, by its base, and the buildings there."""
    id = plan.base if plan.base is not None else plan.id
    kept = _GROUNDS.get(id)
    if kept is not None:
        return kept
    home = hierarchy.district(session, district)
    buildings = hierarchy.buildings(session, district, id)
    outline = boundary(_published(session, district, id), district)
    return _GROUNDS.put(id, standing(buildings, home.metric_srid, outline))


def base_of(session: Session, district: DistrictCode, plan: PlanEntry) -> Division:
    """The published plan that a draft was begun from. Raises: NotADraft."""
    return division_at(session, district, plan, 0)


def remember(step: UUID, division: Division) -> None:
    """Keep the outcome of a step at hand: the next step is likely built on it."""
    _DIVISIONS.put(step, division)


def _published(session: Session, district: DistrictCode, id: PlanId) -> Division:
    kept = _DIVISIONS.get(id)
    if kept is not None:
        return kept
    areas = hierarchy.areas(session, district, id)
    return _DIVISIONS.put(id, opened(areas, hierarchy.placements(session, district, id)))


def _entries(district: DistrictCode) -> Any:
    return (
        select(PlanRow, DraftRow)
        .outerjoin(
            DraftRow, (DraftRow.district == PlanRow.district) & (DraftRow.plan == PlanRow.id)
        )
        .where(PlanRow.district == district)
    )


def _entry(row: Any) -> PlanEntry:
    plan, draft = row
    during = plan.in_force_during
    found = PlanEntry(
        id=PlanId(plan.id),
        name=plan.name,
        status=PlanStatus(plan.status),
        begins_on=during.lower if during else None,
        ends_on=during.upper if during else None,
        created_at=plan.created_at,
    )
    if draft is None:
        return found
    return replace(
        found,
        base=PlanId(draft.base),
        revision=draft.revision,
        state=draft.state,
        undone=tuple(draft.undone),
        actor=draft.actor,
        changed_at=draft.changed_at,
    )
