# SPDX-License-Identifier: Apache-2.0
"""Incidents and linkups as they stand."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, false, func, or_, select, tuple_
from sqlalchemy.orm import Session

from geo.accounts.rules import Actor, OutOfScope, Role, may
from geo.clock import civil_date, civil_day
from geo.columns import Origin
from geo.hierarchy import queries as hierarchy
from geo.ids import DistrictCode, IncidentId, LinkupId, WorkerId
from geo.incidents.climbs import Called, Climb, ClimbLevel, ClimbState
from geo.incidents.policies import LinkupPolicy, LinkupPolicyVersion
from geo.incidents.rules import (
    Ask,
    AskState,
    Incident,
    IncidentNotFound,
    IncidentStatus,
    Linkup,
    LinkupNotFound,
    LinkupStatus,
    PlaceReason,
    Released,
    Severity,
)
from geo.incidents.tables import AskRow, ClimbRow, IncidentRow, LinkupPolicyRow, LinkupRow

_ENGAGING = (AskState.ASKED, AskState.ACCEPTED, AskState.ARRIVED)


def places_since(
    session: Session, district: DistrictCode, since: datetime
) -> list[tuple[float, float]]:
    """Where incidents were reported since an instant, WGS-84; drills are none."""
    rows = session.execute(
        select(func.ST_X(IncidentRow.point), func.ST_Y(IncidentRow.point)).where(
            IncidentRow.district == district,
            IncidentRow.reported_at >= since,
            IncidentRow.point.is_not(None),
            IncidentRow.merged_into.is_(None),
            IncidentRow.origin != Origin.DRILL.value,
        )
    )
    return [(lon, lat) for lon, lat in rows]


def incident(session: Session, district: DistrictCode, id: UUID) -> Incident:
    """One incident, whoever asks. Raises: IncidentNotFound."""
    row = session.get(IncidentRow, (district, id))
    if row is None:
        raise IncidentNotFound(incident=str(id))
    return incident_of(row)


def incidents_by_id(
    session: Session, district: DistrictCode, ids: Iterable[UUID]
) -> dict[UUID, Incident]:
    """Some incidents by id, whoever asks; those that do not exist are absent."""
    rows = session.scalars(
        select(IncidentRow).where(IncidentRow.district == district, IncidentRow.id.in_(set(ids)))
    )
    return {row.id: incident_of(row) for row in rows}


def seen_incident(session: Session, actor: Actor, id: UUID) -> Incident:
    """One incident, if this actor may see it.

    Everybody sees what he reported. A worker sees those he was asked about until they close, the
    others what lies in their area; what has no place yet is the whole district's.

    Raises: RoleNotAllowed, IncidentNotFound.
    """
    found = incident(session, actor.district, id)
    if found.reported_by == actor.signature:
        return found
    try:
        if actor.role is Role.WORKER and not _asked_about(session, actor, found):
            raise OutOfScope()
        may(actor, "incidents.read", area=found.cell, worker=actor.worker)
    except OutOfScope:
        raise IncidentNotFound(incident=str(id)) from None
    return found


def incidents(
    session: Session,
    actor: Actor,
    *,
    status: IncidentStatus | None = None,
    within: str | None = None,
    before: tuple[datetime, UUID] | None = None,
    limit: int,
) -> list[Incident]:
    """Incidents this actor may see, newest first; `before` goes on behind a page's last one."""
    query = select(IncidentRow).where(IncidentRow.district == actor.district)
    if actor.role is Role.WORKER:
        asked = (
            select(LinkupRow.incident)
            .join(
                AskRow,
                (AskRow.district == LinkupRow.district) & (AskRow.linkup == LinkupRow.id),
            )
            .where(AskRow.district == actor.district, AskRow.worker == actor.worker)
        )
        mine = (IncidentRow.status != IncidentStatus.CLOSED.value) & IncidentRow.id.in_(asked)
        query = query.where(or_(mine, IncidentRow.actor == actor.signature))
    else:
        own = IncidentRow.actor == actor.signature
        query = query.where(or_(_in_areas(actor.district, actor.areas), own))
    if status is not None:
        query = query.where(IncidentRow.status == status.value)
    if within is not None and within != actor.district:
        query = query.where(IncidentRow.cell.startswith(within, autoescape=True))
    if before is not None:
        query = query.where(tuple_(IncidentRow.reported_at, IncidentRow.id) < tuple_(*before))
    query = query.order_by(IncidentRow.reported_at.desc(), IncidentRow.id.desc()).limit(limit)
    return [incident_of(row) for row in session.scalars(query)]


def open_incidents(session: Session, district: DistrictCode) -> list[Incident]:
    """The incidents of a district that are not closed, oldest first, whoever asks."""
    rows = session.scalars(
        select(IncidentRow)
        .where(
            IncidentRow.district == district,
            IncidentRow.status != IncidentStatus.CLOSED.value,
        )
        .order_by(IncidentRow.reported_at, IncidentRow.id)
    )
    return [incident_of(row) for row in rows]


def linkup(session: Session, district: DistrictCode, id: UUID) -> Linkup:
    """One linkup, whoever asks. Raises: LinkupNotFound."""
    row = session.get(LinkupRow, (district, id))
    if row is None:
        raise LinkupNotFound(linkup=str(id))
    return _with_asks(session, district, [row])[0]


def linkup_in_scope(session: Session, actor: Actor, id: UUID, *, verb: str) -> Linkup:
    """One linkup, if the actor may do `verb` where its incident is.

    Raises: RoleNotAllowed, LinkupNotFound.
    """
    found = linkup(session, actor.district, id)
    try:
        may(actor, verb, area=incident(session, actor.district, found.incident).cell)
    except OutOfScope:
        raise LinkupNotFound(linkup=str(id)) from None
    return found


def linkups_of(
    session: Session, district: DistrictCode, incidents: Iterable[UUID]
) -> dict[UUID, Linkup]:
    """The open linkup of each incident, or else its last one, by incident."""
    rows = session.scalars(
        select(LinkupRow)
        .where(LinkupRow.district == district, LinkupRow.incident.in_(list(incidents)))
        .order_by(LinkupRow.began_at, LinkupRow.id)
    ).all()
    found: dict[UUID, Linkup] = {}
    for one in _with_asks(session, district, rows):
        known = found.get(one.incident)
        if known is None or known.status is not LinkupStatus.OPEN:
            found[one.incident] = one
    return found


def linkup_ids(session: Session, district: DistrictCode, incident: UUID) -> list[LinkupId]:
    """Every linkup an incident ever had, oldest first."""
    rows = session.scalars(
        select(LinkupRow.id)
        .where(LinkupRow.district == district, LinkupRow.incident == incident)
        .order_by(LinkupRow.began_at, LinkupRow.id)
    )
    return [LinkupId(id) for id in rows]


def asked_workers(session: Session, district: DistrictCode, incident: UUID) -> tuple[UUID, ...]:
    """Everybody who was ever asked about an incident."""
    return tuple(
        session.scalars(
            select(AskRow.worker)
            .distinct()
            .join(
                LinkupRow,
                (LinkupRow.district == AskRow.district) & (LinkupRow.id == AskRow.linkup),
            )
            .where(LinkupRow.district == district, LinkupRow.incident == incident)
            .order_by(AskRow.worker)
        )
    )


def engaged_workers(session: Session, district: DistrictCode, origin: Origin) -> set[UUID]:
    """Workers who are away on an open linkup, or are just being asked.

    For a real incident whoever is in a drill counts as free: what is real outranks it.
    """
    query = (
        select(AskRow.worker)
        .join(
            LinkupRow,
            (LinkupRow.district == AskRow.district) & (LinkupRow.id == AskRow.linkup),
        )
        .where(
            AskRow.district == district,
            LinkupRow.status == LinkupStatus.OPEN.value,
            AskRow.state.in_([state.value for state in _ENGAGING]),
        )
    )
    if origin is not Origin.DRILL:
        query = query.where(LinkupRow.origin != Origin.DRILL.value)
    return set(session.scalars(query))


def policy_in_force(session: Session, district: DistrictCode, *, at: datetime) -> LinkupPolicy:
    """How the district asks at an instant; the built-in policy until it has set one."""
    body = session.scalar(
        select(LinkupPolicyRow.body).where(
            LinkupPolicyRow.district == district, LinkupPolicyRow.during.contains(at)
        )
    )
    return LinkupPolicy() if body is None else LinkupPolicy.from_fields(body)


def policy_versions(session: Session, district: DistrictCode) -> list[LinkupPolicyVersion]:
    """Every linkup policy of a district, the built-in one first."""
    rows = session.execute(
        select(LinkupPolicyRow.during, LinkupPolicyRow.body)
        .where(LinkupPolicyRow.district == district)
        .order_by(LinkupPolicyRow.version)
    ).all()
    set_ones = [
        LinkupPolicyVersion(LinkupPolicy.from_fields(body), during.lower, during.upper)
        for during, body in rows
    ]
    first = set_ones[0].begins_at if set_ones else None
    return [LinkupPolicyVersion(LinkupPolicy(), None, first), *set_ones]


def live_incidents(
    session: Session, district: DistrictCode, areas: tuple[str, ...], at: datetime
) -> list[dict[str, Any]]:
    """Incidents of the `areas` that are not closed, or were closed today, as the snapshot shows."""
    rows = session.scalars(
        select(IncidentRow)
        .where(*_live(session, district, areas, at))
        .order_by(IncidentRow.reported_at, IncidentRow.id)
    )
    return [incident_of(row).live_row for row in rows]


def live_linkups(
    session: Session, district: DistrictCode, areas: tuple[str, ...], at: datetime
) -> list[dict[str, Any]]:
    """Linkups of the incidents that the snapshot shows."""
    rows = session.scalars(
        select(LinkupRow)
        .join(
            IncidentRow,
            (IncidentRow.district == LinkupRow.district) & (IncidentRow.id == LinkupRow.incident),
        )
        .where(*_live(session, district, areas, at))
        .order_by(LinkupRow.began_at, LinkupRow.id)
    ).all()
    return [found.live_row for found in _with_asks(session, district, rows)]


def incident_of(row: IncidentRow) -> Incident:
    """An incident row as a value."""
    return Incident(
        district=DistrictCode(row.district),
        id=IncidentId(row.id),
        title=row.title,
        category=row.category,
        severity=Severity(row.severity),
        status=IncidentStatus(row.status),
        said_place=row.said_place,
        reporter=row.reporter,
        label=row.label,
        lon=None if row.point is None else row.point.coords[0][0],
        lat=None if row.point is None else row.point.coords[0][1],
        cell=row.cell,
        candidates=tuple(row.candidates),
        place_reason=None if row.place_reason is None else PlaceReason(row.place_reason),
        reported_at=row.reported_at,
        closed_at=row.closed_at,
        outcome=row.outcome,
        reported_by=row.actor,
        origin=Origin(row.origin),
        heard_at=row.heard_at,
        department=row.department,
        merged_into=None if row.merged_into is None else IncidentId(row.merged_into),
        calls=row.calls,
    )


def _live(
    session: Session, district: DistrictCode, areas: tuple[str, ...], at: datetime
) -> tuple[ColumnElement[bool], ...]:
    zone = hierarchy.district(session, district).time_zone
    midnight, _ = civil_day(civil_date(at, zone), zone)
    return (
        IncidentRow.district == district,
        or_(IncidentRow.status != IncidentStatus.CLOSED.value, IncidentRow.closed_at >= midnight),
        _in_areas(district, areas),
    )


def _in_areas(district: DistrictCode, areas: Sequence[str]) -> ColumnElement[bool]:
    # What has no cell yet belongs to the whole district and to nothing narrower.
    if district in areas:
        return IncidentRow.district == district
    return or_(false(), *(IncidentRow.cell.startswith(area, autoescape=True) for area in areas))


def _asked_about(session: Session, actor: Actor, found: Incident) -> bool:
    if found.status is IncidentStatus.CLOSED or actor.worker is None:
        return False
    return actor.worker in asked_workers(session, actor.district, found.id)


def _with_asks(session: Session, district: DistrictCode, rows: Sequence[LinkupRow]) -> list[Linkup]:
    asks: dict[UUID, list[Ask]] = defaultdict(list)
    climbs: dict[UUID, list[Climb]] = defaultdict(list)
    if rows:
        for ask in session.scalars(
            select(AskRow)
            .where(AskRow.district == district, AskRow.linkup.in_([row.id for row in rows]))
            .order_by(AskRow.ring, AskRow.rank)
            .execution_options(populate_existing=True)
        ):
            asks[ask.linkup].append(_ask(ask))
        for step in session.scalars(
            select(ClimbRow)
            .where(ClimbRow.district == district, ClimbRow.linkup.in_([row.id for row in rows]))
            .order_by(ClimbRow.step)
            .execution_options(populate_existing=True)
        ):
            climbs[step.linkup].append(_climb(step))
    return [
        Linkup(
            district=district,
            id=LinkupId(row.id),
            incident=IncidentId(row.incident),
            status=LinkupStatus(row.status),
            ring=row.ring,
            lead=None if row.lead is None else WorkerId(row.lead),
            asked=tuple(asks[row.id]),
            climb=tuple(climbs[row.id]),
            recommendation=row.recommendation,
            began_at=row.began_at,
            accepted_at=row.accepted_at,
            lead_off_at=row.lead_off_at,
            ended_at=row.ended_at,
            uncovered=tuple(row.uncovered),
            origin=Origin(row.origin),
        )
        for row in rows
    ]


def _ask(row: AskRow) -> Ask:
    return Ask(
        worker=WorkerId(row.worker),
        ring=row.ring,
        rank=row.rank,
        state=AskState(row.state),
        reason=row.reason,
        distance_m=row.distance_m,
        age_s=row.age_s,
        asked_at=row.asked_at,
        answer_by=row.answer_by,
        answered_at=row.answered_at,
        arrived_at=row.arrived_at,
        answer_text=row.answer_text,
        released_for=None if row.released_for is None else Released(row.released_for),
        helper=row.helper,
    )


def _climb(row: ClimbRow) -> Climb:
    return Climb(
        step=row.step,
        level=ClimbLevel(row.level),
        state=ClimbState(row.state),
        area=row.area,
        called=tuple(Called.from_fields(one) for one in row.called),
        asked_at=row.asked_at,
        answer_by=row.answer_by,
        answered_at=row.answered_at,
        by=None if row.by is None else Called.from_fields(row.by),
    )
