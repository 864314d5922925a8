# SPDX-License-Identifier: Apache-2.0
"""One plan after another: published from a date, taken back, and what happens when its day comes.

A plan that is published divides the district from the first instant of its first civil day until
the plan after it. Nothing is copied or moved at that instant: every question names its date.
"""

from datetime import date, datetime, timedelta
from uuid import uuid4

from sqlalchemy import func, insert, literal, select, update
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session, aliased

from geo.clock import civil_date
from geo.columns import Origin
from geo.hierarchy import queries
from geo.hierarchy.actions import end_plan, insert_areas, place_buildings
from geo.hierarchy.rules import (
    NothingToRollBack,
    Plan,
    PlanBaseMoved,
    PlanDateTooEarly,
    PlanFollowed,
    PlanPublished,
    PlanStatus,
    PlanTookEffect,
    PlanUnsound,
    PlanWithdrawn,
    Succession,
    coverage_problems,
    nesting_problems,
)
from geo.hierarchy.tables import (
    AreaRow,
    BuildingRow,
    DistrictRow,
    LineageRow,
    PlacementRow,
    PlanRow,
)
from geo.ids import AreaCode, DistrictCode, Level, PlanId
from geo.outbox import record


def followed_from(
    session: Session, *, district: DistrictCode, base: PlanId, begins_on: date, at: datetime
) -> Plan:
    """The plan that a draft of `base` would follow if it began on a civil date: that base.

    Until the transaction ends nobody else changes which plans are in force.

    Raises: PlanDateTooEarly, PlanBaseMoved, PlanFollowed.
    """
    home = _alone(session, district)
    today = civil_date(at, home.time_zone)
    if begins_on <= today:
        raise PlanDateTooEarly(begins_on=begins_on.isoformat(), today=today.isoformat())
    now = queries.plan_in_force(session, district, begins_on)
    if now.id != base:
        raise PlanBaseMoved(
            begins_on=begins_on.isoformat(), in_force=str(now.id), name=now.name, base=str(base)
        )
    _refuse_followed(session, district, now)
    return now


def publish(
    session: Session,
    *,
    district: DistrictCode,
    plan: PlanId,
    now: Plan,
    succession: Succession,
    begins_on: date,
    at: datetime,
    by: str,
) -> Plan:
    """Publish a draft from a civil date on, in the place of `now` as `followed_from` found it.

    Raises: PlanUnsound.  Records: PlanPublished.
    """
    problems = nesting_problems(succession.areas) or coverage_problems(succession.areas)
    if problems:
        raise PlanUnsound(problems=[problem.as_fields() for problem in problems[:100]], districts=1)
    end_plan(session, district, now, begins_on)
    session.execute(
        update(PlanRow)
        .where(PlanRow.district == district, PlanRow.id == plan)
        .values(
            status=PlanStatus.PUBLISHED.value,
            in_force_during=Range(begins_on, None, bounds="[)"),
        )
    )
    insert_areas(session, district, plan, succession.areas, succession.buildings, begins_on)
    place_buildings(session, district, plan, succession.buildings)
    lines = [
        {"district": district, "plan": plan, "code": code, "came_from": old}
        for code, olds in succession.came_from.items()
        for old in olds
        if old != code
    ]
    if lines:
        session.execute(insert(LineageRow), lines)
    return _published(session, district, plan, now.id, at, by)


def roll_back(
    session: Session, *, district: DistrictCode, plan: PlanId, base: PlanId, at: datetime, by: str
) -> Plan:
    """Take a published plan back: before its day it is withdrawn and its base goes on.

    From its day on the past is no longer changed: the base comes into force again tomorrow, under
    its own codes, as another plan. Answers the plan that follows. What is published to follow a
    plan was drawn from it, and is taken back first.

    Raises: NothingToRollBack, PlanFollowed.  Records: PlanWithdrawn, or PlanPublished.
    """
    home = _alone(session, district)
    today = civil_date(at, home.time_zone)
    found = queries.plan(session, district, plan)
    before = queries.plan(session, district, base)
    over = found.ends_on is not None and found.ends_on <= today
    if found.status is not PlanStatus.PUBLISHED or over:
        raise NothingToRollBack(plan=str(plan), status=found.status.value)
    _refuse_followed(session, district, found)
    assert found.begins_on is not None
    if found.begins_on <= today:
        return _again(session, district, found, before, today + timedelta(days=1), at, by)
    session.execute(
        update(PlanRow)
        .where(PlanRow.district == district, PlanRow.id == plan)
        .values(status=PlanStatus.WITHDRAWN.value)
    )
    during = Range(before.begins_on, None, bounds="[)")
    session.execute(
        update(PlanRow)
        .where(PlanRow.district == district, PlanRow.id == before.id)
        .values(status=PlanStatus.PUBLISHED.value, in_force_during=during)
    )
    record(
        session,
        PlanWithdrawn(
            id=plan,
            district=district,
            at=at,
            actor=by,
            origin=Origin.REAL,
            area=district,
            body={"id": str(plan), "name": found.name, "goes_on": str(before.id)},
        ),
    )
    return queries.plan(session, district, before.id)


def take_effect(session: Session, *, at: datetime) -> int:
    """The plans whose first day has begun and that nobody was told of; answers how many.

    Records: PlanTookEffect for each.
    """
    done = 0
    for home in queries.districts(session):
        rows = session.scalars(
            select(PlanRow)
            .where(
                PlanRow.district == home.code,
                PlanRow.status == PlanStatus.PUBLISHED.value,
                PlanRow.took_effect_at.is_(None),
                func.lower(PlanRow.in_force_during) <= civil_date(at, home.time_zone),
            )
            .order_by(func.lower(PlanRow.in_force_during))
            .with_for_update(skip_locked=True)
        ).all()
        for row in rows:
            row.took_effect_at = at
            assert row.in_force_during is not None
            record(
                session,
                PlanTookEffect(
                    id=row.id,
                    district=home.code,
                    at=at,
                    actor="system",
                    origin=Origin.REAL,
                    area=home.code,
                    body={"id": str(row.id), "name": row.name},
                ),
            )
        done += len(rows)
    return done


def _alone(session: Session, district: DistrictCode) -> DistrictRow:
    """The district, with nobody else changing which plans are in force.

    Whoever writes facts of the district meanwhile, check-ins above all, neither waits nor is waited
    for: they refer to its key alone.
    """
    return session.scalars(
        select(DistrictRow).where(DistrictRow.code == district).with_for_update(key_share=True)
    ).one()


def _refuse_followed(session: Session, district: DistrictCode, plan: Plan) -> None:
    if plan.ends_on is not None:
        later = queries.plan_in_force(session, district, plan.ends_on)
        raise PlanFollowed(
            plan=str(plan.id), by=str(later.id), name=later.name, begins_on=plan.ends_on.isoformat()
        )


def _again(
    session: Session,
    district: DistrictCode,
    found: Plan,
    before: Plan,
    begins_on: date,
    at: datetime,
    by: str,
) -> Plan:
    """The plan before, once more from a day on. Its codes come back: the areas are the same."""
    plan = PlanId(uuid4())
    end_plan(session, district, found, begins_on)
    session.execute(
        insert(PlanRow).values(
            district=district,
            id=plan,
            name=before.name,
            status=PlanStatus.PUBLISHED.value,
            in_force_during=Range(begins_on, None, bounds="[)"),
            created_at=at,
            origin=Origin.REAL.value,
        )
    )
    for table in (AreaRow, PlacementRow):
        columns = [column for column in table.__table__.columns if column.name != "plan"]
        session.execute(
            insert(table).from_select(
                ["plan", *(column.name for column in columns)],
                select(literal(plan), *columns).where(
                    table.district == district, table.plan == before.id
                ),
            )
        )
    # The way back is the way there, turned round.
    session.execute(
        insert(LineageRow).from_select(
            ["district", "plan", "code", "came_from"],
            select(LineageRow.district, literal(plan), LineageRow.came_from, LineageRow.code).where(
                LineageRow.district == district, LineageRow.plan == found.id
            ),
        )
    )
    return _published(session, district, plan, found.id, at, by)


def _published(
    session: Session, district: DistrictCode, id: PlanId, base: PlanId, at: datetime, by: str
) -> Plan:
    session.expire_all()
    plan = queries.plan(session, district, id)
    assert plan.begins_on is not None
    record(
        session,
        PlanPublished(
            id=id,
            district=district,
            at=at,
            actor=by,
            origin=Origin.REAL,
            area=district,
            body={
                "id": str(id),
                "name": plan.name,
                "from": plan.begins_on.isoformat(),
                "base": str(base),
            },
        ),
    )
    return plan


def households_passed(
    session: Session, district: DistrictCode, base: PlanId, plan: PlanId
) -> dict[tuple[str, str], int]:
    """How many households each cell of one plan has given to each cell of another."""
    old, new = aliased(PlacementRow), aliased(PlacementRow)
    rows = session.execute(
        select(old.cell, new.cell, func.sum(BuildingRow.households))
        .join(
            new,
            (new.district == old.district) & (new.building == old.building) & (new.plan == plan),
        )
        .join(
            BuildingRow,
            (BuildingRow.district == old.district) & (BuildingRow.id == old.building),
        )
        .where(old.district == district, old.plan == base)
        .group_by(old.cell, new.cell)
    )
    return {(one, other): int(count) for one, other, count in rows}


def cell_codes(session: Session, district: DistrictCode, plan: PlanId) -> set[AreaCode]:
    """The codes of all cells of a plan."""
    rows = session.scalars(
        select(AreaRow.code).where(
            AreaRow.district == district, AreaRow.plan == plan, AreaRow.level == Level.CELL.value
        )
    )
    return {AreaCode(code) for code in rows}


def lineage(session: Session, district: DistrictCode, plan: PlanId) -> dict[str, list[str]]:
    """For each code of a plan that the one before lacked, the codes it came from."""
    lines: dict[str, list[str]] = {}
    for code, old in session.execute(
        select(LineageRow.code, LineageRow.came_from)
        .where(LineageRow.district == district, LineageRow.plan == plan)
        .order_by(LineageRow.code, LineageRow.came_from)
    ):
        lines.setdefault(code, []).append(old)
    return lines


def descendants(
    session: Session, district: DistrictCode, plan: PlanId
) -> dict[str, tuple[str, ...]]:
    """For each code of earlier plans that a published plan lacks, those of it that follow it."""
    begins_on = queries.plan(session, district, plan).begins_on
    now = set(
        session.scalars(
            select(AreaRow.code).where(AreaRow.district == district, AreaRow.plan == plan)
        )
    )
    lines = session.execute(
        select(LineageRow.code, LineageRow.came_from)
        .join(PlanRow, (PlanRow.district == LineageRow.district) & (PlanRow.id == LineageRow.plan))
        .where(
            LineageRow.district == district,
            PlanRow.status == PlanStatus.PUBLISHED.value,
            func.lower(PlanRow.in_force_during) <= begins_on,
        )
        .order_by(func.lower(PlanRow.in_force_during).desc(), LineageRow.code)
    )
    follow: dict[str, set[str]] = {}
    for code, old in lines:
        if old not in now:
            ends_in = {code} if code in now else follow.get(code, set())
            follow.setdefault(old, set()).update(ends_in)
    return {old: tuple(sorted(codes)) for old, codes in follow.items() if codes}
