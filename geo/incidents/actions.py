# SPDX-License-Identifier: Apache-2.0
"""Reporting incidents, giving them a place, closing them."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

import shapely
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.orm import Session

from geo.accounts.rules import Actor, may
from geo.columns import Origin
from geo.digests import digest
from geo.errors import IdReused
from geo.hierarchy import queries as hierarchy
from geo.ids import LinkupId
from geo.incidents import queries
from geo.incidents.asking import allow, lock, tell_incident
from geo.incidents.linkups import end_linkups, start
from geo.incidents.placing import place, said_fields
from geo.incidents.rules import (
    Incident,
    IncidentClosed,
    IncidentReported,
    IncidentStatus,
    Placed,
    PlaceUnclear,
    Report,
    SaidPlace,
    Severity,
)
from geo.incidents.tables import IncidentRow
from geo.outbox import record


def report_incident(
    session: Session, *, actor: Actor, report: Report, at: datetime
) -> tuple[Incident, bool]:
    """Take an incident in, wherever it is or may be; True when it is new.

    Without a unique place it waits as unlocated, with the places it may be. An emergency with one
    has its linkup begun. The same id with the same content by the same actor answers the incident
    as it is now. A drill runs through the same engine; it is the dispatcher's to begin.

    Raises: NotAllowed, IdReused.
    Records: IncidentReported, LinkupChanged, LinkupClimbed, LinkupExhausted, IncidentChanged.
    """
    may(actor, "incidents.report")
    if report.drill:
        may(actor, "incidents.drill")
    content = digest(report=report)
    known = _known(session, actor, report, content)
    if known is not None:
        return known, False
    district = hierarchy.district(session, actor.district)
    placed = place(session, district, report.place, at=at)
    made = session.execute(
        pg_insert(IncidentRow)
        .values(
            district=actor.district,
            id=report.id,
            title=report.title,
            category=report.category,
            severity=report.severity.value,
            reporter=report.reporter,
            reported_at=at,
            # A page's clock may go ahead of ours.
            heard_at=None if report.heard_at is None else min(report.heard_at, at),
            digest=content,
            actor=actor.signature,
            origin=(Origin.DRILL if report.drill else actor.origin).value,
            **_place_columns(report.place, placed),
        )
        .on_conflict_do_nothing()
        .returning(IncidentRow.id)
    ).one_or_none()
    if made is None:
        # Somebody else was faster with this id; a new statement sees what he wrote.
        same = _known(session, actor, report, content)
        assert same is not None
        return same, False
    reported = queries.incident(session, actor.district, report.id)
    record(
        session,
        IncidentReported(
            id=reported.id,
            district=reported.district,
            at=at,
            actor=actor.signature,
            origin=reported.origin,
            area=reported.cell,
            body=reported.live_row,
        ),
    )
    _start_if_emergency(session, reported, by=actor.signature, at=at)
    return queries.incident(session, actor.district, report.id), True


def place_incident(
    session: Session, *, actor: Actor, incident: UUID, said: SaidPlace, at: datetime
) -> Incident:
    """Give an incident a place, or a better one.

    Without a unique place an unlocated incident stays so, with other candidates; one that has a
    place keeps it and the new one is refused. An emergency that gets its first place has its
    linkup begun.

    Raises: NotAllowed, IncidentNotFound, IncidentClosed, PlaceUnclear.
    Records: IncidentChanged, LinkupChanged, LinkupClimbed, LinkupExhausted.
    """
    subject = lock(session, actor.district, incident)
    allow(actor, subject)
    _check_open(subject)
    placed = place(session, hierarchy.district(session, actor.district), said, at=at)
    located = subject.status is not IncidentStatus.UNLOCATED
    if located and placed.reason is not None:
        raise PlaceUnclear(
            incident=str(incident), reason=placed.reason, candidates=list(placed.candidates)
        )
    values = _place_columns(said, placed)
    if located:
        values["status"] = subject.status.value
    _update(session, subject, values)
    now = tell_incident(session, actor.signature, subject, at, also_in=subject.cell)
    if not located:
        _start_if_emergency(session, now, by=actor.signature, at=at)
    return queries.incident(session, actor.district, incident)


def close_incident(
    session: Session, *, actor: Actor, incident: UUID, outcome: str, at: datetime
) -> Incident:
    """End an incident; whoever was still asked is released. Again with the same outcome: no change.

    Raises: NotAllowed, IncidentNotFound, IncidentClosed.
    Records: IncidentChanged, LinkupChanged.
    """
    subject = lock(session, actor.district, incident)
    allow(actor, subject)
    if subject.status is IncidentStatus.CLOSED and subject.outcome == outcome:
        return subject
    _check_open(subject)
    end_linkups(session, subject, by=actor.signature, at=at)
    closed = {"status": IncidentStatus.CLOSED.value, "closed_at": at, "outcome": outcome}
    _update(session, subject, closed)
    return tell_incident(session, actor.signature, subject, at)


def _known(session: Session, actor: Actor, report: Report, content: bytes) -> Incident | None:
    row = session.scalars(
        select(IncidentRow).where(
            IncidentRow.district == actor.district, IncidentRow.id == report.id
        )
    ).one_or_none()
    if row is None:
        return None
    if (row.digest, row.actor) != (content, actor.signature):
        raise IdReused(id=report.id)
    return queries.incident_of(row)


def _start_if_emergency(session: Session, subject: Incident, *, by: str, at: datetime) -> None:
    if subject.severity is Severity.EMERGENCY and subject.status is IncidentStatus.OPEN:
        id = LinkupId(uuid5(subject.id, "linkup"))
        content = digest(incident=str(subject.id), k=None)
        start(session, subject, id=id, content=content, by=by, at=at)


def _check_open(subject: Incident) -> None:
    if subject.status is IncidentStatus.CLOSED:
        raise IncidentClosed(incident=str(subject.id))


def _place_columns(said: SaidPlace, placed: Placed) -> dict[str, Any]:
    point = None
    if placed.lon is not None and placed.lat is not None:
        point = shapely.Point(placed.lon, placed.lat)
    return {
        "status": (IncidentStatus.UNLOCATED if point is None else IncidentStatus.OPEN).value,
        "said_place": said_fields(said),
        "label": placed.label,
        "point": point,
        "cell": placed.cell,
        "candidates": list(placed.candidates),
        "place_reason": None if placed.reason is None else placed.reason.value,
    }


def _update(session: Session, subject: Incident, values: dict[str, Any]) -> None:
    """Write to a locked incident. Raises: IncidentClosed."""
    row = session.scalars(
        update(IncidentRow)
        .where(
            IncidentRow.district == subject.district,
            IncidentRow.id == subject.id,
            IncidentRow.status == subject.status.value,
        )
        .values(**values)
        .returning(IncidentRow)
        .execution_options(synchronize_session=False, populate_existing=True)
    ).one_or_none()
    if row is None:
        raise IncidentClosed(incident=str(subject.id))
