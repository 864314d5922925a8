# SPDX-License-Identifier: Apache-2.0
"""What the acts about an incident and its linkup are made of: lock, ask a ring, tell."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from geo.accounts.rules import Actor, OutOfScope, may
from geo.clock import rfc3339
from geo.hierarchy import queries as hierarchy
from geo.ids import DistrictCode, LinkupId
from geo.incidents import queries
from geo.incidents.nearest import nearest
from geo.incidents.rules import (
    ANSWER_WITHIN,
    MOST_RINGS,
    AskState,
    Incident,
    IncidentChanged,
    IncidentNotFound,
    Linkup,
    LinkupChanged,
    LinkupExhausted,
)
from geo.incidents.tables import AskRow, IncidentRow, LinkupRow
from geo.outbox import record


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


def release(session: Session, held: LinkupRow, at: datetime) -> None:
    """Whoever has not answered yet need not any more."""
    session.execute(
        update(AskRow)
        .where(
            AskRow.district == held.district,
            AskRow.linkup == held.id,
            AskRow.state == AskState.ASKED.value,
        )
        .values(state=AskState.RELEASED.value, answered_at=at)
        .execution_options(synchronize_session=False)
    )


def go_on(session: Session, subject: Incident, held: LinkupRow, *, by: str, at: datetime) -> None:
    """Ask the next ring by ourselves, when nobody of those asked is left to answer."""
    now = queries.linkup(session, subject.district, held.id)
    if now.exhausted and now.ring < MOST_RINGS:
        ask_ring(session, subject, held, by=by, at=at)


def ask_ring(
    session: Session, subject: Incident, held: LinkupRow, *, by: str, at: datetime
) -> None:
    """Ask the next nearest who were not asked yet; keeps the recommendation as it was made."""
    assert subject.lon is not None
    assert subject.lat is not None
    asked = session.scalars(
        select(AskRow.worker).where(AskRow.district == held.district, AskRow.linkup == held.id)
    ).all()
    district = hierarchy.district(session, subject.district)
    k = int(held.recommendation["k"])
    found = nearest(session, district, subject.lon, subject.lat, k=k, at=at, without=asked)
    if held.ring > 0 and not found.items:
        return
    held.ring += 1
    ring = {
        "ring": held.ring,
        "at": rfc3339(at),
        "shortfall": found.shortfall,
        "candidates": [near.as_fields for near in found.items],
    }
    held.recommendation = {"k": k, "rings": [*held.recommendation["rings"], ring]}
    session.flush()
    rows: Sequence[dict[str, Any]] = [
        {
            "district": held.district,
            "linkup": held.id,
            "worker": near.worker,
            "ring": held.ring,
            "rank": number,
            "state": AskState.ASKED.value,
            "reason": near.reason.value,
            "distance_m": near.distance_m,
            "age_s": near.age_s,
            "asked_at": at,
            "answer_by": at + ANSWER_WITHIN,
        }
        for number, near in enumerate(found.items, start=1)
    ]
    if rows:
        session.execute(insert(AskRow), rows)
        # Being asked lets a worker see the incident.
        tell_incident(session, by, subject, at)


def tell_linkup(
    session: Session, by: str, subject: Incident, linkup: LinkupId, at: datetime
) -> Linkup:
    """Record how a linkup stands now, as an alert when nobody is left to answer."""
    now = queries.linkup(session, subject.district, linkup)
    kind = LinkupExhausted if now.exhausted else LinkupChanged
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
