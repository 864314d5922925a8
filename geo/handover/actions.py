# SPDX-License-Identifier: Apache-2.0
"""What follows when a plan is published, taken back, or takes effect."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import delete, insert, update
from sqlalchemy.orm import Session

from geo.accounts.queries import scopes_in
from geo.accounts.rules import Actor, may
from geo.clock import civil_day
from geo.columns import Origin
from geo.handover import queries
from geo.handover.rules import Task, TaskDone, TaskKind
from geo.handover.tables import TaskRow
from geo.hierarchy import queries as hierarchy
from geo.hierarchy import succession
from geo.hierarchy.heirs import heirs_of
from geo.hierarchy.rules import Plan, PlanPublished, PlanTookEffect, PlanWithdrawn
from geo.ids import CODE_LENGTH, DistrictCode, Level, PlanId
from geo.incidents import following as incidents
from geo.outbox import record
from geo.patrol import following as patrol
from geo.workforce import following as workforce


def follow_publication(session: Session, published: Sequence[PlanPublished]) -> None:
    """Let assignments go on at the first instant of a plan; list all that people should look at."""
    for happened in published:
        if "base" not in happened.body:
            # A district that is brought in has nothing to hand over.
            continue
        plan = hierarchy.plan(session, happened.district, PlanId(happened.id))
        base = PlanId(UUID(happened.body["base"]))
        before = succession.cell_codes(session, happened.district, base)
        after = succession.cell_codes(session, happened.district, plan.id)
        heirs = _heirs(session, happened.district, base, plan.id, before - after)
        passed = workforce.pass_on(
            session,
            district=happened.district,
            plan=plan.id,
            heirs=heirs,
            standing=before & after,
            since=_first_instant(session, happened.district, plan),
        )
        rows = [
            *_assignments(passed, heirs, after - before),
            *_checkpoints(session, happened.district, plan.id),
            *_incidents(session, happened.district, plan.id),
            *_accounts(session, happened.district, base, plan.id),
        ]
        if rows:
            same = {"district": happened.district, "plan": plan.id}
            session.execute(insert(TaskRow), [{"id": uuid4(), **same, **row} for row in rows])


def follow_withdrawal(session: Session, withdrawn: Sequence[PlanWithdrawn]) -> None:
    """Put back what a plan that never took effect had prepared."""
    for happened in withdrawn:
        plan = PlanId(happened.id)
        workforce.take_back(session, district=happened.district, plan=plan)
        session.execute(
            delete(TaskRow).where(TaskRow.district == happened.district, TaskRow.plan == plan)
        )


def follow_effect(session: Session, begun: Sequence[PlanTookEffect]) -> None:
    """Carry out what a plan changes at its first instant.

    Records: CheckpointChanged, IncidentChanged, WorkerChanged.
    """
    for happened in begun:
        district, at = happened.district, happened.at
        plan = hierarchy.plan(session, district, PlanId(happened.id))
        since = _first_instant(session, district, plan)
        patrol.follow_plan(session, district=district, plan=plan.id, since=since, at=at)
        incidents.follow_plan(session, district=district, plan=plan.id, at=at)
        retired = {
            old for olds in succession.lineage(session, district, plan.id).values() for old in olds
        }
        workforce.end_leftovers(session, district=district, retired=sorted(retired), since=since)
        workforce.tell_changed(session, district=district, plan=plan.id, at=at)


def finish_task(
    session: Session, *, actor: Actor, plan: PlanId, task: UUID, done: bool, at: datetime
) -> Task:
    """Note that somebody has looked at what a plan hands over, or that it needs another look.

    Raises: NotAllowed, TaskNotFound.  Records: TaskDone.
    """
    found = queries.task(session, actor.district, plan, task)
    may(actor, "handover.write", area=found.area)
    session.execute(
        update(TaskRow)
        .where(TaskRow.district == actor.district, TaskRow.id == task)
        .values(done_at=at if done else None, done_by=actor.signature if done else None)
    )
    session.expire_all()
    record(
        session,
        TaskDone(
            id=task,
            district=actor.district,
            at=at,
            actor=actor.signature,
            origin=Origin.REAL,
            area=found.area,
            body={"id": str(task), "plan": str(plan), "done": done},
        ),
    )
    return queries.task(session, actor.district, plan, task)


def _first_instant(session: Session, district: DistrictCode, plan: Plan) -> datetime:
    assert plan.begins_on is not None
    return civil_day(plan.begins_on, hierarchy.district(session, district).time_zone)[0]


def _heirs(
    session: Session, district: DistrictCode, base: PlanId, plan: PlanId, retired: Collection[str]
) -> dict[str, tuple[str, ...]]:
    """The retired cells that each cell goes on from, the one that gave most households first."""
    came_from = {
        code: olds
        for code, olds in succession.lineage(session, district, plan).items()
        if len(code) == CODE_LENGTH[Level.CELL]
    }
    households = succession.households_passed(session, district, base, plan)
    return heirs_of(came_from, households, retired)


def _assignments(
    passed: Sequence[workforce.Passed], heirs: Mapping[str, Sequence[str]], fresh: Collection[str]
) -> Iterator[dict[str, Any]]:
    for one in passed:
        yield {
            "kind": TaskKind.ASSIGNMENT.value,
            "area": one.from_cell,
            "to": one.to_cell,
            "subject": one.worker,
            "body": {"was": one.was.value, "role": one.role.value},
        }
    held = {one.to_cell for one in passed}
    for cell in sorted(fresh):
        if cell not in held:
            yield {
                "kind": TaskKind.UNHELD.value,
                "area": next(iter(heirs.get(cell, ())), cell[:12]),
                "to": cell,
                "subject": None,
                "body": {},
            }


def _checkpoints(
    session: Session, district: DistrictCode, plan: PlanId
) -> Iterator[dict[str, Any]]:
    for id, (left, to) in patrol.moving_checkpoints(session, district, plan).items():
        yield {
            "kind": TaskKind.CHECKPOINT.value,
            "area": left,
            "to": to,
            "subject": id,
            "body": {},
        }


def _incidents(session: Session, district: DistrictCode, plan: PlanId) -> Iterator[dict[str, Any]]:
    for id, (left, to) in incidents.moving_incidents(session, district, plan).items():
        yield {
            "kind": TaskKind.INCIDENT.value,
            "area": left or district,
            "to": to,
            "subject": id,
            "body": {},
        }


def _accounts(
    session: Session, district: DistrictCode, base: PlanId, plan: PlanId
) -> Iterator[dict[str, Any]]:
    """Accounts whose area the plan no longer has: an admin gives them another."""
    before, after = (
        {area.code for area in hierarchy.areas(session, district, one, geometry=False)}
        for one in (base, plan)
    )
    for id, scope in scopes_in(session, district):
        if scope in before - after:
            yield {
                "kind": TaskKind.ACCOUNT.value,
                "area": scope,
                "to": None,
                "subject": id,
                "body": {},
            }
