# SPDX-License-Identifier: Apache-2.0
"""Workers, the cells they are assigned to, and who is on duty."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    DateTime,
    Select,
    Uuid,
    and_,
    bindparam,
    column,
    func,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from geo.columns import Origin
from geo.ids import AssignmentId, CellCode, DistrictCode, WorkerId
from geo.workforce.rules import (
    Assignment,
    AssignmentRole,
    Held,
    Keepers,
    Worker,
    WorkerNotFound,
    shared_area,
)
from geo.workforce.tables import AssignmentRow, DutyRow, WorkerRow


def worker(session: Session, district: DistrictCode, id: WorkerId, *, at: datetime) -> Worker:
    """One worker with the cells he is assigned to at an instant. Raises: WorkerNotFound."""
    found = _workers(session, district, _columns(district).where(WorkerRow.id == id), at)
    if not found:
        raise WorkerNotFound(worker=str(id))
    return found[0]


def workers(
    session: Session,
    district: DistrictCode,
    *,
    areas: Sequence[str],
    at: datetime,
    within: str | None = None,
    own: WorkerId | None = None,
    ids: Sequence[UUID] | None = None,
    after: UUID | None = None,
    limit: int | None = None,
) -> list[Worker]:
    """Workers who belong to one of the `areas`, by id.

    A worker belongs to the narrowest area that holds all his cells, and to the district while he
    has none. `within` asks for those with a cell in an area, `own` for one worker alone, `ids` for
    some; `after` and `limit` make pages.
    """
    held = and_(
        AssignmentRow.district == district,
        AssignmentRow.worker == WorkerRow.id,
        AssignmentRow.during.contains(at),
    )
    query = _columns(district)
    if district not in areas and own is None:
        query = query.where(
            or_(
                *(
                    and_(
                        select(1).where(held).exists(),
                        ~select(1).where(held, ~_in_area(area)).exists(),
                    )
                    for area in areas
                )
            )
            if areas
            else ~true()
        )
    if within is not None and within != district:
        query = query.where(select(1).where(held, _in_area(within)).exists())
    if own is not None:
        query = query.where(WorkerRow.id == own)
    if ids is not None:
        query = query.where(WorkerRow.id.in_(ids))
    if after is not None:
        query = query.where(WorkerRow.id > after)
    return _workers(session, district, query.order_by(WorkerRow.id).limit(limit), at)


def names(session: Session, district: DistrictCode, workers: Iterable[UUID]) -> dict[WorkerId, str]:
    """The name of each worker; one who does not exist is absent."""
    rows = session.execute(
        select(WorkerRow.id, WorkerRow.name).where(
            WorkerRow.district == district, WorkerRow.id.in_(set(workers))
        )
    )
    return {WorkerId(id): name for id, name in rows}


def live_rows(
    session: Session, district: DistrictCode, areas: tuple[str, ...], at: datetime
) -> list[dict[str, Any]]:
    """Workers of the `areas` as the live snapshot shows them."""
    return [found.live_row for found in workers(session, district, areas=areas, at=at)]


def cells_of(
    session: Session, district: DistrictCode, worker: WorkerId, *, at: datetime
) -> list[str]:
    """Codes of the cells a worker is assigned to at an instant, in any role; sorted."""
    return list(
        session.scalars(
            select(AssignmentRow.cell)
            .where(
                AssignmentRow.district == district,
                AssignmentRow.worker == worker,
                AssignmentRow.during.contains(at),
            )
            .order_by(AssignmentRow.cell)
        )
    )


def assignments(
    session: Session, district: DistrictCode, worker: WorkerId, *, id: AssignmentId | None = None
) -> list[Assignment]:
    """Assignments of a worker, past and to come, oldest first; one of them when `id` is given."""
    query = select(AssignmentRow).where(
        AssignmentRow.district == district, AssignmentRow.worker == worker
    )
    if id is not None:
        query = query.where(AssignmentRow.id == id)
    rows = session.scalars(query.order_by(func.lower(AssignmentRow.during), AssignmentRow.id))
    return [assignment_of(row) for row in rows]


def keepers(session: Session, district: DistrictCode, cell: str, *, at: datetime) -> Keepers:
    """Who answers for a cell at an instant: its holder, its stand-in and its grid leaders."""
    rows = session.execute(
        select(AssignmentRow.worker, AssignmentRow.role)
        .where(
            AssignmentRow.district == district,
            AssignmentRow.cell == cell,
            AssignmentRow.during.contains(at),
        )
        .order_by(AssignmentRow.role, AssignmentRow.worker)
    ).all()
    by_role: dict[str, list[WorkerId]] = defaultdict(list)
    for who, role in rows:
        by_role[role].append(WorkerId(who))
    holder, stand_in = (
        next(iter(by_role[role.value]), None)
        for role in (AssignmentRole.HOLDER, AssignmentRole.STAND_IN)
    )
    return Keepers(holder, stand_in, tuple(by_role[AssignmentRole.GRID_LEADER.value]))


def assigned_workers(
    session: Session, district: DistrictCode, *, at: datetime
) -> dict[str, list[str]]:
    """Ids of the workers assigned at an instant, by cell code."""
    rows = session.execute(
        select(AssignmentRow.cell, AssignmentRow.worker)
        .where(AssignmentRow.district == district, AssignmentRow.during.contains(at))
        .order_by(AssignmentRow.cell, AssignmentRow.role, AssignmentRow.worker)
    )
    by_cell: dict[str, list[str]] = {}
    for cell, worker in rows:
        by_cell.setdefault(cell, []).append(str(worker))
    return by_cell


def holders(session: Session, district: DistrictCode, *, at: datetime) -> dict[str, WorkerId]:
    """The holder of every held cell at an instant, by cell code."""
    rows = session.execute(
        select(AssignmentRow.cell, AssignmentRow.worker).where(
            AssignmentRow.district == district,
            AssignmentRow.role == AssignmentRole.HOLDER.value,
            AssignmentRow.during.contains(at),
        )
    )
    return {cell: WorkerId(who) for cell, who in rows}


def responsible_during(
    session: Session,
    district: DistrictCode,
    begins_at: datetime,
    ends_at: datetime,
    *,
    worker: WorkerId | None = None,
) -> list[tuple[WorkerId, CellCode]]:
    """Holders and stand-ins of cells at any moment of a half-open time, by cell and worker."""
    query = select(AssignmentRow.worker, AssignmentRow.cell).where(
        AssignmentRow.district == district,
        AssignmentRow.role.in_((AssignmentRole.HOLDER.value, AssignmentRole.STAND_IN.value)),
        AssignmentRow.during.overlaps(Range(begins_at, ends_at, bounds="[)")),
    )
    if worker is not None:
        query = query.where(AssignmentRow.worker == worker)
    rows = session.execute(query.distinct().order_by(AssignmentRow.cell, AssignmentRow.worker))
    return [(WorkerId(who), CellCode(cell)) for who, cell in rows]


def assigned_during(
    session: Session, district: DistrictCode, begins_at: datetime, ends_at: datetime
) -> list[Assignment]:
    """Every assignment, in any role, that held at any moment of a half-open time."""
    rows = session.scalars(
        select(AssignmentRow)
        .where(
            AssignmentRow.district == district,
            AssignmentRow.during.overlaps(Range(begins_at, ends_at, bounds="[)")),
        )
        .order_by(AssignmentRow.cell, AssignmentRow.worker, func.lower(AssignmentRow.during))
    )
    return [assignment_of(row) for row in rows]


def area_of_worker(
    session: Session, district: DistrictCode, worker: WorkerId, *, at: datetime
) -> tuple[str, Origin]:
    """The area a worker belongs to, and the origin of his record.

    The narrowest area that holds all the cells he is assigned to; the district while he has none.

    Raises: WorkerNotFound.
    """
    row = session.get(WorkerRow, (district, worker))
    if row is None:
        raise WorkerNotFound(worker=str(worker))
    cells = cells_of(session, district, worker, at=at)
    return shared_area(district, cells), Origin(row.origin)


def on_duty(session: Session, district: DistrictCode, worker: WorkerId, *, at: datetime) -> bool:
    """Whether a worker was on duty at an instant."""
    return on_duty_at(session, district, [(worker, at)])[0]


def on_duty_at(
    session: Session, district: DistrictCode, asked: Sequence[tuple[UUID, datetime]]
) -> list[bool]:
    """Whether each worker was on duty at his instant, in one statement."""
    found = session.scalars(
        _ON_DUTY_AT,
        {
            "district": district,
            "workers": [worker for worker, _ in asked],
            "moments": [at for _, at in asked],
        },
    )
    return list(found)


def on_duty_during(
    session: Session, district: DistrictCode, begins_at: datetime, ends_at: datetime
) -> set[WorkerId]:
    """Who was on duty at any moment of a half-open time."""
    rows = session.scalars(
        select(DutyRow.worker).where(
            DutyRow.district == district,
            DutyRow.during.overlaps(Range(begins_at, ends_at, bounds="[)")),
        )
    )
    return {WorkerId(worker) for worker in rows}


def assigned_at(
    session: Session, district: DistrictCode, asked: Sequence[tuple[UUID, datetime]]
) -> list[list[str]]:
    """Codes of the cells each worker was assigned to at his instant, in one statement."""
    found = session.scalars(
        _ASSIGNED_AT,
        {
            "district": district,
            "workers": [worker for worker, _ in asked],
            "moments": [at for _, at in asked],
        },
    )
    return [list(cells) for cells in found]


def origins(
    session: Session, district: DistrictCode, workers: Iterable[UUID]
) -> dict[WorkerId, Origin]:
    """The origin of each worker's record; a worker who does not exist is absent."""
    rows = session.execute(
        select(WorkerRow.id, WorkerRow.origin).where(
            WorkerRow.district == district, WorkerRow.id.in_(set(workers))
        )
    )
    return {WorkerId(id): Origin(origin) for id, origin in rows}


def hold(session: Session, district: DistrictCode, workers: Iterable[UUID]) -> dict[UUID, Origin]:
    """As `origins`, and keeps these workers' duty as it is until the transaction ends."""
    rows = session.execute(
        select(WorkerRow.id, WorkerRow.origin)
        .where(WorkerRow.district == district, WorkerRow.id.in_(set(workers)))
        .order_by(WorkerRow.id)
        .with_for_update(read=True)
    )
    return {id: Origin(origin) for id, origin in rows}


def count_on_duty(session: Session, district: DistrictCode) -> int:
    """How many workers are on duty now."""
    return (
        session.scalar(
            select(func.count())
            .select_from(DutyRow)
            .where(DutyRow.district == district, func.upper_inf(DutyRow.during))
        )
        or 0
    )


def assignment_of(row: AssignmentRow) -> Assignment:
    """An assignment row as a value."""
    assert row.during.lower is not None
    return Assignment(
        id=AssignmentId(row.id),
        worker=WorkerId(row.worker),
        cell=CellCode(row.cell),
        role=AssignmentRole(row.role),
        begins_at=row.during.lower,
        ends_at=row.during.upper,
        origin=Origin(row.origin),
    )


def _asked_pairs() -> Any:
    from_workers = func.unnest(
        bindparam("workers", type_=ARRAY(Uuid())),
        bindparam("moments", type_=ARRAY(DateTime(timezone=True))),
    )
    return from_workers.table_valued(
        column("worker", Uuid()),
        column("moment", DateTime(timezone=True)),
        with_ordinality="place",
        name="asked",
    ).render_derived()


def _in_area(area: str) -> Any:
    return AssignmentRow.cell.startswith(area, autoescape=True)


def _columns(district: DistrictCode) -> Select[Any]:
    return (
        select(
            WorkerRow.id,
            WorkerRow.name,
            WorkerRow.phone,
            WorkerRow.left_at,
            WorkerRow.origin,
            func.lower(DutyRow.during).label("since"),
        )
        .join(
            DutyRow,
            and_(
                DutyRow.district == WorkerRow.district,
                DutyRow.worker == WorkerRow.id,
                func.upper_inf(DutyRow.during),
            ),
            isouter=True,
        )
        .where(WorkerRow.district == district)
    )


def _workers(
    session: Session, district: DistrictCode, query: Select[Any], at: datetime
) -> list[Worker]:
    rows = session.execute(query).all()
    held: dict[UUID, list[Held]] = defaultdict(list)
    for who, cell, role in session.execute(
        select(AssignmentRow.worker, AssignmentRow.cell, AssignmentRow.role)
        .where(
            AssignmentRow.district == district,
            AssignmentRow.worker.in_([row.id for row in rows]),
            AssignmentRow.during.contains(at),
        )
        .order_by(AssignmentRow.cell, AssignmentRow.role)
    ):
        held[who].append(Held(CellCode(cell), AssignmentRole(role)))
    return [
        Worker(
            id=WorkerId(row.id),
            name=row.name,
            phone=row.phone,
            cells=tuple(held[row.id]),
            on_duty=row.since is not None,
            since=row.since,
            left_at=row.left_at,
            origin=Origin(row.origin),
        )
        for row in rows
    ]


# Built once: making a statement costs more than PostgreSQL takes to answer it.
_ASKED = _asked_pairs()
_DISTRICT = bindparam("district", type_=WorkerRow.district.type)
_ON_DUTY_AT = (
    select(
        select(1)
        .where(
            DutyRow.district == _DISTRICT,
            DutyRow.worker == _ASKED.c.worker,
            DutyRow.during.contains(_ASKED.c.moment),
        )
        .correlate(_ASKED)
        .exists()
    )
    .select_from(_ASKED)
    .order_by(_ASKED.c.place)
)
_ASSIGNED_AT = (
    select(
        func.array(
            select(AssignmentRow.cell)
            .where(
                AssignmentRow.district == _DISTRICT,
                AssignmentRow.worker == _ASKED.c.worker,
                AssignmentRow.during.contains(_ASKED.c.moment),
            )
            .order_by(AssignmentRow.cell)
            .correlate(_ASKED)
            .scalar_subquery()
        )
    )
    .select_from(_ASKED)
    .order_by(_ASKED.c.place)
)
