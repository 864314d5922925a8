# SPDX-License-Identifier: Apache-2.0
"""When nobody of those asked is left to answer: the next ring, then up the ladder, level by level.

Grid leaders are asked as workers are, and take the lead when they accept. Above them accounts are
asked, and answer by acknowledging. A level that nobody holds is passed, visibly. Command is the
last: it has no clock and stays until a person acknowledges.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from geo.accounts.queries import holding_post
from geo.accounts.rules import Role
from geo.columns import Origin
from geo.ids import CODE_LENGTH, Level
from geo.incidents import queries
from geo.incidents.asking import Caller, ask_ring, call
from geo.incidents.climbs import (
    Called,
    ClimbLevel,
    ClimbState,
    acknowledged,
    levels_left,
)
from geo.incidents.events import LinkupClimbed
from geo.incidents.policies import LinkupPolicy
from geo.incidents.rules import Incident, Linkup, LinkupStatus
from geo.incidents.tables import ClimbRow, LinkupRow
from geo.outbox import Event
from geo.tracking.nearby import last_seen
from geo.workforce.calling import grid_leaders, hold_on_duty

GRID_LEADER = "climb.grid_leader"


def go_on(
    session: Session, subject: Incident, held: LinkupRow, *, by: str, at: datetime
) -> type[Event] | None:
    """Ask whoever comes next, when nobody of those asked is left to answer.

    Answers the kind of event that tells it, when it is not simply that the linkup has changed.
    A person who has taken responsibility decides himself what follows.
    """
    now = queries.linkup(session, subject.district, held.id)
    if now.status is not LinkupStatus.OPEN or now.lead is not None or now.rings:
        return None
    if acknowledged(now.climb) is not None:
        return None
    policy = queries.policy_in_force(session, subject.district, at=at)
    if (
        not now.climb
        and now.ring < policy.most_rings
        and ask_ring(session, subject, held, policy, by=by, at=at)
    ):
        return None
    if _climb(session, subject, held, now, policy, by=by, at=at):
        after = queries.linkup(session, subject.district, held.id)
        return None if after.exhausted else LinkupClimbed
    return None


def _climb(
    session: Session,
    subject: Incident,
    held: LinkupRow,
    now: Linkup,
    policy: LinkupPolicy,
    *,
    by: str,
    at: datetime,
) -> bool:
    """Ask the next level that somebody holds; whether a step was added."""
    step = len(now.climb)
    if now.climb and now.climb[-1].state is ClimbState.ASKED:
        if now.climb[-1].level is not ClimbLevel.GRID_LEADER:
            return False
        # His ask is over before his clock: he has said no, or was released.
        _end_step(session, held, step, ClimbState.DECLINED, at)
    for level in levels_left(now.climb):
        within = policy.within(level)
        if within is not None and not within:
            continue
        step += 1
        called = _called(session, subject, level, now, at)
        asked = bool(called) or level is ClimbLevel.COMMAND
        session.add(
            ClimbRow(
                district=held.district,
                linkup=held.id,
                step=step,
                level=level.value,
                state=(ClimbState.ASKED if asked else ClimbState.UNMANNED).value,
                area=_area(subject, level),
                called=[one.as_fields for one in called],
                asked_at=at,
                answer_by=None if within is None or not asked else at + within,
            )
        )
        session.flush()
        if asked and level is ClimbLevel.GRID_LEADER:
            assert within is not None
            asked = call(
                session,
                subject,
                held,
                _as_workers(session, subject, called, at),
                policy,
                within=within,
                by=by,
                at=at,
                more={"level": level.value},
            )
            if not asked:
                _end_step(session, held, step, ClimbState.UNMANNED, at)
        if asked:
            break
    return step > len(now.climb)


def _called(
    session: Session, subject: Incident, level: ClimbLevel, now: Linkup, at: datetime
) -> list[Called]:
    """Who holds a level for the place of an incident, and may be asked."""
    assert subject.cell is not None
    if level is ClimbLevel.GRID_LEADER:
        known = set(now.workers)
        leaders = grid_leaders(session, subject.district, subject.cell, at=at)
        serving = hold_on_duty(session, subject.district, [who for who, _ in leaders], at=at)
        return [
            Called(name, worker=who) for who, name in leaders if who in serving and who not in known
        ]
    role = Role.DISPATCHER if level is ClimbLevel.COMMAND else Role.SUPERVISOR
    accounts = holding_post(session, subject.district, role, [_area(subject, level)])
    return [
        Called(one.name, account=one.id)
        for one in accounts
        # The officer of a simulated day hears of simulated incidents alone.
        if one.origin is not Origin.SIMULATED or subject.origin is Origin.SIMULATED
    ]


def _area(subject: Incident, level: ClimbLevel) -> str:
    assert subject.cell is not None
    length = {
        ClimbLevel.GRID_LEADER: CODE_LENGTH[Level.CELL],
        ClimbLevel.COMMUNITY: CODE_LENGTH[Level.COMMUNITY],
        ClimbLevel.SUBDISTRICT: CODE_LENGTH[Level.SUBDISTRICT],
        ClimbLevel.COMMAND: CODE_LENGTH[Level.DISTRICT],
    }
    return subject.cell[: length[level]]


def _as_workers(
    session: Session, subject: Incident, called: list[Called], at: datetime
) -> list[Caller]:
    workers = [one.worker for one in called if one.worker is not None]
    return callers(session, subject, workers, GRID_LEADER, at)


def callers(
    session: Session, subject: Incident, workers: Sequence[UUID], reason: str, at: datetime
) -> list[Caller]:
    """Workers asked for another reason than being near, with where they were seen, if at all."""
    assert subject.lon is not None
    assert subject.lat is not None
    seen = last_seen(session, subject.district, subject.lon, subject.lat, workers)
    made = []
    for worker in workers:
        distance = seen[worker].distance_m if worker in seen else None
        age = (
            max(0.0, round((at - seen[worker].observed_at).total_seconds(), 1))
            if worker in seen
            else None
        )
        kept = {"worker": str(worker), "distance_m": distance, "age_s": age, "reason": reason}
        made.append(Caller(worker, reason, distance, age, kept))
    return made


def _end_step(
    session: Session, held: LinkupRow, step: int, state: ClimbState, at: datetime
) -> None:
    session.execute(
        update(ClimbRow)
        .where(
            ClimbRow.district == held.district,
            ClimbRow.linkup == held.id,
            ClimbRow.step == step,
            ClimbRow.state == ClimbState.ASKED.value,
        )
        .values(state=state.value, answered_at=at)
        .execution_options(synchronize_session=False)
    )
