# SPDX-License-Identifier: Apache-2.0
"""What the acts about an incident and its linkup are made of: lock, ask a ring, tell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.orm import Session

from geo.accounts.rules import Actor, OutOfScope, may
from geo.clock import rfc3339
from geo.hierarchy import queries as hierarchy
from geo.ids import DistrictCode, LinkupId
from geo.incidents import queries
from geo.incidents.climbs import ClimbState
from geo.incidents.nearest import nearest
from geo.incidents.policies import LinkupPolicy
from geo.incidents.ranking import Near
from geo.incidents.rules import (
    AskState,
    Incident,
    IncidentChanged,
    IncidentNotFound,
    Linkup,
    LinkupChanged,
    LinkupExhausted,
    LinkupNotFound,
    Released,
)
from geo.incidents.tables import AskRow, ClimbRow, IncidentRow, LinkupRow
from geo.outbox import Event, record
from geo.units import Metres
from geo.workforce.calling import hold_on_duty


def lock(session: Session, district: DistrictCode, incident: UUID) -> Incident:
    """An incident with its row locked: acts about one incident follow each other.

    Raises: IncidentNotFound.
    """
    row = session.scalars(
        select(IncidentRow)
        .where(IncidentRow.district == district, IncidentRow.id == incident)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        raise IncidentNotFound(incident=str(incident))
    return queries.incident_of(row)


def held_linkup(
    session: Session, district: DistrictCode, linkup: UUID
) -> tuple[Incident, LinkupRow]:
    """A linkup and its incident, locked by the incident. Raises: LinkupNotFound."""
    of = (LinkupRow.district == district, LinkupRow.id == linkup)
    incident = session.scalar(select(LinkupRow.incident).where(*of))
    if incident is None:
        raise LinkupNotFound(linkup=str(linkup))
    subject = lock(session, district, incident)
    # Read again: what was true before the lock was held may have changed.
    again = select(LinkupRow).where(*of).execution_options(populate_existing=True)
    return subject, session.scalars(again).one()


def allow(actor: Actor, subject: Incident) -> None:
    """Return if the actor may manage an incident. Raises: RoleNotAllowed, IncidentNotFound."""
    try:
        may(actor, "incidents.manage", area=subject.cell)
    except OutOfScope:
        raise IncidentNotFound(incident=str(subject.id)) from None


def tell_incident(
    session: Session, by: str, subject: Incident, at: datetime, *, also_in: str | None = None
) -> Incident:
    """Record how an incident stands now; `also_in` is an area it has just left."""
    now = queries.incident(session, subject.district, subject.id)
    workers = queries.asked_workers(session, subject.district, subject.id)
    for area in dict.fromkeys((also_in or now.cell, now.cell)):
        record(
            session,
            IncidentChanged(
                id=now.id,
                district=now.district,
                at=at,
                actor=by,
                origin=now.origin,
                area=area,
                workers=workers,
                body=now.live_row,
            ),
        )
    return now


def release(session: Session, held: LinkupRow, at: datetime, why: Released) -> None:
    """Whoever has not answered yet need not any more, on whatever step of the ladder."""
    session.execute(
        update(AskRow)
        .where(
            AskRow.district == held.district,
            AskRow.linkup == held.id,
            AskRow.state == AskState.ASKED.value,
        )
        .values(state=AskState.RELEASED.value, answered_at=at, released_for=why.value)
        .execution_options(synchronize_session=False)
    )
    end_steps(session, held, at)


def end_steps(session: Session, held: LinkupRow, at: datetime) -> None:
    """No step of the climb waits for an answer any more."""
    session.execute(
        update(ClimbRow)
        .where(
            ClimbRow.district == held.district,
            ClimbRow.linkup == held.id,
            ClimbRow.state == ClimbState.ASKED.value,
        )
        .values(state=ClimbState.RELEASED.value, answered_at=at)
        .execution_options(synchronize_session=False)
    )


def ask_ring(
    session: Session,
    subject: Incident,
    held: LinkupRow,
    policy: LinkupPolicy,
    *,
    by: str,
    at: datetime,
) -> bool:
    """Ask the next nearest who were not asked yet; whether there was anybody.

    The recommendation is kept as it was made. Who goes off duty at this very moment is not asked.
    """
    assert subject.lon is not None
    assert subject.lat is not None
    answers = session.execute(
        select(AskRow.worker, AskRow.state).where(
            AskRow.district == held.district, AskRow.linkup == held.id
        )
    ).all()
    district = hierarchy.district(session, subject.district)
    found = nearest(
        session,
        district,
        subject.lon,
        subject.lat,
        k=int(held.recommendation["k"]),
        at=at,
        without=[asked for asked, _ in answers],
        declined=[asked for asked, state in answers if state == AskState.DECLINED.value],
        reach=Metres(policy.reach_m),
        origin=subject.origin,
    )
    if held.ring > 0 and not found.items:
        return False
    return call(
        session,
        subject,
        held,
        [Caller.of(near) for near in found.items],
        policy,
        within=policy.answer_within,
        by=by,
        at=at,
        more=found.kept,
    )


@dataclass(frozen=True)
class Caller:
    """Somebody to be asked as a worker, why he, and what the recommendation keeps of it."""

    worker: UUID
    reason: str
    distance_m: float | None
    age_s: float | None
    kept: dict[str, Any]

    @classmethod
    def of(cls, near: Near) -> "Caller":
        """One of the nearest."""
        return cls(near.worker, near.reason.value, near.distance_m, near.age_s, near.as_fields)


def call(
    session: Session,
    subject: Incident,
    held: LinkupRow,
    called: Sequence[Caller],
    policy: LinkupPolicy,
    *,
    within: timedelta,
    by: str,
    at: datetime,
    more: Mapping[str, Any],
) -> bool:
    """Ask some workers as a ring of their own, each with an answer clock; whether any was asked."""
    held.ring += 1
    ring = {
        "ring": held.ring,
        "at": rfc3339(at),
        "policy": policy.version,
        **more,
        "candidates": [one.kept for one in called],
    }
    held.recommendation = {**held.recommendation, "rings": [*held.recommendation["rings"], ring]}
    session.flush()
    serving = hold_on_duty(session, subject.district, [one.worker for one in called], at=at)
    rows: list[dict[str, Any]] = [
        {
            "district": held.district,
            "linkup": held.id,
            "worker": one.worker,
            "ring": held.ring,
            "rank": number,
            "state": AskState.ASKED.value,
            "reason": one.reason,
            "distance_m": one.distance_m,
            "age_s": one.age_s,
            "asked_at": at,
            "answer_by": at + within,
            "answered_at": None,
            "answer_text": None,
            "released_for": None,
            "helper": False,
        }
        for number, one in enumerate(called, start=1)
        if one.worker in serving
    ]
    if not rows:
        return False
    # Somebody in charge may call again who has declined, or was released.
    again = pg_insert(AskRow).values(rows)
    session.execute(
        again.on_conflict_do_update(
            index_elements=["district", "linkup", "worker"],
            set_={
                name: again.excluded[name]
                for name in rows[0]
                if name not in ("district", "linkup", "worker")
            },
        )
    )
    # Being asked lets a worker see the incident.
    tell_incident(session, by, subject, at)
    return True


def tell_linkup(
    session: Session,
    by: str,
    subject: Incident,
    linkup: LinkupId,
    at: datetime,
    *,
    kind: type[Event] | None = None,
) -> Linkup:
    """Record how a linkup stands now: as `kind`, else as an alert when nobody is left to answer."""
    now = queries.linkup(session, subject.district, linkup)
    kind = kind or (LinkupExhausted if now.exhausted else LinkupChanged)
    record(
        session,
        kind(
            id=now.id,
            district=now.district,
            at=at,
            actor=by,
            origin=now.origin,
            area=subject.cell,
            workers=now.workers,
            body=now.live_row,
        ),
    )
    return now
