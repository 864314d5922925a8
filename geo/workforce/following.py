# SPDX-License-Identifier: Apache-2.0
"""Assignments when one plan follows another: who goes on where his cell is no more.

Nobody loses his cell over night. Every assignment to a cell that a plan retires ends at the first
instant of the plan, and goes on in the cells that came from it. What stood is put aside, so that a
plan that is taken back before its day leaves everything as it was.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import delete, func, insert, literal, or_, select, update
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from geo.accounts.rules import SYSTEM_ACTOR
from geo.ids import CellCode, DistrictCode, PlanId, WorkerId
from geo.outbox import record
from geo.workforce import queries
from geo.workforce.rules import AssignmentRole, WorkerChanged, shared_area
from geo.workforce.tables import AssignmentRow, AssignmentWasRow

# In this order a worker's strongest role in a cell that came from several is found.
_ROLES = (
    AssignmentRole.HOLDER,
    AssignmentRole.STAND_IN,
    AssignmentRole.GRID_LEADER,
    AssignmentRole.ASSISTANT,
)
# One at most in a cell: the others who come with a lesser part of it help.
_ONE_ONLY = (AssignmentRole.HOLDER, AssignmentRole.STAND_IN)


@dataclass(frozen=True)
class Passed:
    """An assignment that goes on in another cell from the first instant of a plan."""

    worker: WorkerId
    from_cell: CellCode
    to_cell: CellCode
    was: AssignmentRole
    role: AssignmentRole


def pass_on(
    session: Session,
    *,
    district: DistrictCode,
    plan: PlanId,
    heirs: Mapping[str, Sequence[str]],
    standing: Collection[str],
    since: datetime,
) -> list[Passed]:
    """Let the assignments of retired cells go on in those that come from them.

    `heirs` has, for each cell that takes land of retired ones, those, the one that gave most
    households first: its holder is the holder of that one. A cell that was there before keeps its
    own people, and whoever comes to it helps.
    """
    retired = sorted({old for olds in heirs.values() for old in olds})
    ending = AssignmentRow.during.overlaps(Range(since, None, bounds="[)"))
    of_retired = (AssignmentRow.district == district, AssignmentRow.cell.in_(retired), ending)
    held = session.scalars(
        select(AssignmentRow).where(*of_retired).order_by(AssignmentRow.id).with_for_update()
    ).all()
    kept = ("district", "id", "worker", "cell", "role", "during", "origin")
    session.execute(
        insert(AssignmentWasRow).from_select(
            ["plan", *kept],
            select(literal(plan), *(getattr(AssignmentRow, name) for name in kept)).where(
                *of_retired
            ),
        )
    )
    settled = {
        (row.worker, row.cell)
        for row in session.execute(
            select(AssignmentRow.worker, AssignmentRow.cell).where(
                AssignmentRow.district == district,
                AssignmentRow.cell.in_(sorted(heirs.keys() & set(standing))),
                ending,
            )
        )
    }
    coming, passed = _coming(district, plan, heirs, standing, settled, held, since)
    session.execute(
        delete(AssignmentRow).where(*of_retired, func.lower(AssignmentRow.during) >= since)
    )
    session.execute(
        update(AssignmentRow)
        .where(*of_retired)
        .values(during=func.tstzrange(func.lower(AssignmentRow.during), since, "[)"))
        .execution_options(synchronize_session=False)
    )
    session.expire_all()
    if coming:
        session.execute(insert(AssignmentRow), coming)
    return passed


def take_back(session: Session, *, district: DistrictCode, plan: PlanId) -> None:
    """Put the assignments as they stood before a plan that is withdrawn before its day."""
    was = (AssignmentWasRow.district == district, AssignmentWasRow.plan == plan)
    session.execute(
        delete(AssignmentRow).where(
            AssignmentRow.district == district,
            or_(
                AssignmentRow.plan == plan,
                AssignmentRow.id.in_(select(AssignmentWasRow.id).where(*was)),
            ),
        )
    )
    kept = ("district", "id", "worker", "cell", "role", "during", "origin")
    session.execute(
        insert(AssignmentRow).from_select(
            list(kept), select(*(getattr(AssignmentWasRow, name) for name in kept)).where(*was)
        )
    )
    session.execute(delete(AssignmentWasRow).where(*was))
    session.expire_all()


def end_leftovers(
    session: Session, *, district: DistrictCode, retired: Sequence[str], since: datetime
) -> int:
    """End what was assigned to retired cells after their plan's successor had been published."""
    ended = session.execute(
        update(AssignmentRow)
        .where(
            AssignmentRow.district == district,
            AssignmentRow.cell.in_(retired),
            AssignmentRow.during.contains(since),
            func.lower(AssignmentRow.during) < since,
        )
        .values(during=func.tstzrange(func.lower(AssignmentRow.during), since, "[)"))
        .returning(AssignmentRow.id)
        .execution_options(synchronize_session=False)
    ).all()
    session.expire_all()
    return len(ended)


def tell_changed(session: Session, *, district: DistrictCode, plan: PlanId, at: datetime) -> int:
    """Tell whose cells are others since a plan took effect. Records: WorkerChanged for each."""
    moved = session.scalars(
        select(AssignmentWasRow.worker)
        .where(AssignmentWasRow.district == district, AssignmentWasRow.plan == plan)
        .distinct()
    ).all()
    if not moved:
        return 0
    for worker in queries.workers(session, district, areas=(district,), ids=list(moved), at=at):
        record(
            session,
            WorkerChanged(
                id=worker.id,
                district=district,
                at=at,
                actor=SYSTEM_ACTOR,
                origin=worker.origin,
                area=shared_area(district, [held.cell for held in worker.cells]),
                workers=(worker.id,),
                body=worker.live_row,
            ),
        )
    return len(moved)


def _coming(
    district: DistrictCode,
    plan: PlanId,
    heirs: Mapping[str, Sequence[str]],
    standing: Collection[str],
    settled: Collection[tuple[UUID, str]],
    held: Sequence[AssignmentRow],
    since: datetime,
) -> tuple[list[dict[str, object]], list[Passed]]:
    rows: list[dict[str, object]] = []
    passed: list[Passed] = []
    there = {(row.cell, AssignmentRole(row.role)) for row in held}
    for cell, olds in sorted(heirs.items()):
        # By worker: he has one role in a cell, however many ways lead there.
        taken: dict[UUID, tuple[int, AssignmentRow, AssignmentRole]] = {}
        first = {
            role: next((old for old in olds if (old, role) in there and cell not in standing), None)
            for role in _ONE_ONLY
        }
        for row in held:
            if row.cell not in olds or (row.worker, cell) in settled:
                continue
            role = AssignmentRole(row.role)
            if role in first and row.cell != first[role]:
                role = AssignmentRole.ASSISTANT
            rank = _ROLES.index(role)
            if row.worker not in taken or rank < taken[row.worker][0]:
                taken[row.worker] = (rank, row, role)
        for _, row, role in taken.values():
            assert row.during.lower is not None
            begins = max(row.during.lower, since)
            rows.append(
                {
                    "district": district,
                    "id": uuid4(),
                    "worker": row.worker,
                    "cell": cell,
                    "role": role.value,
                    "during": Range(begins, row.during.upper, bounds="[)"),
                    "plan": plan,
                    "origin": row.origin,
                }
            )
            passed.append(
                Passed(
                    WorkerId(row.worker),
                    CellCode(row.cell),
                    CellCode(cell),
                    AssignmentRole(row.role),
                    role,
                )
            )
    return rows, passed
