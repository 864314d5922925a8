# SPDX-License-Identifier: Apache-2.0
"""Incidents: reported, given a place, linked, closed."""

import base64
import binascii
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import Field
from sqlalchemy.orm import Session

from api.deps import Now, Read, Write, allowed
from api.routes.handled import FurtherCallAnswer, MergedAnswer, TransferAnswer, handled
from api.routes.linkups import LinkupAnswer, linkup_answer
from api.shapes import (
    Answer,
    Body,
    CellCodeText,
    Cursor,
    CursorMalformed,
    FixBody,
    Instant,
    Limit,
    Page,
    PointBody,
    ShortText,
    Text,
    Within,
)
from geo.accounts.rules import Actor, DeviceProfile, Role
from geo.columns import Origin
from geo.ids import CellCode, IncidentId, LinkupId, contains
from geo.incidents import actions, linkups, queries
from geo.incidents.rules import (
    Incident,
    IncidentStatus,
    Linkup,
    PlaceReason,
    Report,
    SaidPlace,
    Severity,
)
from geo.outbox import Recorded, history_of

router = APIRouter(tags=["incidents"])

Reader = Annotated[Actor, allowed("incidents.read")]
Manager = Annotated[Actor, allowed("incidents.manage")]


class PlaceBody(Body):
    """Where it is, in one or several ways. A pin (`point`) always wins."""

    address: ShortText | None = None
    point: PointBody | None = None
    fix: FixBody | None = None
    cell: CellCodeText | None = None

    def value(self, profile: DeviceProfile) -> SaidPlace:
        """As the domain knows it, said by a device of this profile."""
        return SaidPlace(
            address=self.address,
            point=None if self.point is None else self.point.value(),
            fix=None if self.fix is None else self.fix.value(profile),
            cell=None if self.cell is None else CellCode(self.cell),
        )


class ReporterBody(Body):
    """Who called."""

    name: ShortText | None = None
    phone: ShortText | None = None
    note: ShortText | None = None


class IncidentBody(Body):
    """What happened, how bad it is, and where. A `drill` is the dispatcher's to begin.

    `heard_at`: when the duty officer began to take it down; the time to the first ring counts from
    there.
    """

    id: UUID
    title: ShortText
    category: ShortText
    severity: Severity
    place: PlaceBody
    reporter: ReporterBody | ShortText | None = None
    heard_at: Instant | None = None
    drill: bool = False

    def value(self, profile: DeviceProfile) -> Report:
        """As the domain knows it, said by a device of this profile."""
        return Report(
            id=IncidentId(self.id),
            title=self.title,
            category=self.category,
            severity=self.severity,
            place=self.place.value(profile),
            reporter=reporter_of(self.reporter),
            heard_at=self.heard_at,
            drill=self.drill,
        )


class CloseBody(Body):
    """How it ended."""

    outcome: Text


class LinkupBody(Body):
    """A linkup to begin: how many to ask at once, the district's policy when unsaid."""

    id: UUID
    k: Annotated[int, Field(ge=1, le=20)] | None = None


class PlaceCandidate(Answer):
    """A place it may be at."""

    label: str
    kind: str
    lon: float
    lat: float
    score: float
    match: str
    cell: str | None


class HistoryEntry(Answer):
    """What happened to an incident or its linkup, and by whom."""

    seq: int
    kind: str
    at: datetime
    actor: str
    body: dict[str, Any]


class IncidentAnswer(Answer):
    """An incident as it stands. `place` is what was said; null to whom people are not shown.

    `calls` counts who called about it; `department` is the office it was handed to last.
    """

    id: UUID
    title: str
    category: str
    severity: Severity
    status: IncidentStatus
    label: str | None
    lon: float | None
    lat: float | None
    cell: str | None
    place: dict[str, Any] | None
    place_reason: PlaceReason | None
    candidates: list[PlaceCandidate]
    reporter: dict[str, str] | None
    reported_at: datetime
    closed_at: datetime | None
    outcome: str | None
    heard_at: datetime | None
    department: str | None
    merged_into: UUID | None
    calls: int
    origin: Origin
    linkup: LinkupAnswer | None


def _repeated(model: type[Answer]) -> dict[int | str, dict[str, Any]]:
    return {200: {"model": model, "description": "The same again: the thing as it is now"}}


class IncidentWithHistory(IncidentAnswer):
    """An incident with everything recorded about it and its linkup, oldest first."""

    history: list[HistoryEntry]
    further_calls: list[FurtherCallAnswer]
    transfers: list[TransferAnswer]
    merged: list[MergedAnswer]


@router.post("/incidents", status_code=201, responses=_repeated(IncidentAnswer))
def report(
    body: IncidentBody,
    session: Write,
    me: Annotated[Actor, allowed("incidents.report")],
    now: Now,
    response: Response,
) -> IncidentAnswer:
    """Report an incident. It is never refused for its place."""
    incident, new = actions.report_incident(
        session, actor=me, report=body.value(me.profile), at=now
    )
    if not new:
        response.status_code = 200
    return incident_answer(session, me, incident)


@router.get("/incidents")
def index(
    session: Read,
    me: Reader,
    status: IncidentStatus | None = None,
    within: Within = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[IncidentAnswer]:
    """Incidents the caller may see, newest first."""
    found = queries.incidents(
        session, me, status=status, within=within, before=_read_cursor(cursor), limit=limit + 1
    )
    shown = found[:limit]
    linked = queries.linkups_of(session, me.district, [one.id for one in shown])
    return Page(
        items=[IncidentAnswer(**_fields(me, one, linked.get(one.id))) for one in shown],
        next=_cursor(shown[-1]) if len(found) > limit else None,
    )


@router.get("/incidents/{incident}")
def show(incident: UUID, session: Read, me: Reader) -> IncidentWithHistory:
    """One incident with its history."""
    found = queries.seen_incident(session, me, incident)
    linked = queries.linkups_of(session, me.district, [found.id]).get(found.id)
    history: list[Recorded] = []
    # Who did what, and who was asked, is not for those who see no people.
    if me.role not in (Role.VIEWER, Role.WORKER):
        history = [*history_of(session, me.district, found.id)]
        if linked is not None:
            history += history_of(session, me.district, linked.id)
        history.sort(key=lambda recorded: recorded.seq)
    return IncidentWithHistory(
        **_fields(me, found, linked),
        **handled(session, me, found),
        history=[HistoryEntry.model_validate(recorded) for recorded in history],
    )


@router.post("/incidents/{incident}/place")
def place(incident: UUID, body: PlaceBody, session: Write, me: Manager, now: Now) -> IncidentAnswer:
    """Give an incident a place, or a better one."""
    found = actions.place_incident(
        session, actor=me, incident=incident, said=body.value(me.profile), at=now
    )
    return incident_answer(session, me, found)


@router.post("/incidents/{incident}/close")
def close(incident: UUID, body: CloseBody, session: Write, me: Manager, now: Now) -> IncidentAnswer:
    """End an incident and whatever linkup is open about it."""
    found = actions.close_incident(
        session, actor=me, incident=incident, outcome=body.outcome, at=now
    )
    return incident_answer(session, me, found)


@router.post("/incidents/{incident}/linkup", status_code=201, responses=_repeated(LinkupAnswer))
def begin(
    incident: UUID, body: LinkupBody, session: Write, me: Manager, now: Now, response: Response
) -> LinkupAnswer:
    """Ask the nearest workers to take an incident."""
    linkup, new = linkups.begin_linkup(
        session, actor=me, incident=incident, id=LinkupId(body.id), k=body.k, at=now
    )
    if not new:
        response.status_code = 200
    return linkup_answer(me, linkup)


def incident_answer(session: Session, me: Actor, incident: Incident) -> IncidentAnswer:
    """An incident as this actor may see it."""
    linked = queries.linkups_of(session, me.district, [incident.id]).get(incident.id)
    return IncidentAnswer(**_fields(me, incident, linked))


def _fields(me: Actor, incident: Incident, linked: Linkup | None) -> dict[str, Any]:
    people = me.role is not Role.VIEWER
    return {
        "id": incident.id,
        "title": incident.title,
        "category": incident.category,
        "severity": incident.severity,
        "status": incident.status,
        "label": incident.label,
        "lon": incident.lon,
        "lat": incident.lat,
        "cell": incident.cell,
        "place": incident.said_place if people else None,
        "place_reason": incident.place_reason,
        "candidates": [PlaceCandidate(**one) for one in incident.candidates],
        "reporter": incident.reporter if people else None,
        "reported_at": incident.reported_at,
        "closed_at": incident.closed_at,
        "outcome": incident.outcome,
        "heard_at": incident.heard_at,
        "department": incident.department,
        "merged_into": incident.merged_into,
        "calls": incident.calls,
        "origin": incident.origin,
        "linkup": None
        if linked is None
        else linkup_answer(me, linked, within_reach=_within_reach(me, incident)),
    }


def _within_reach(me: Actor, incident: Incident) -> bool:
    """Whether an incident lies in the actor's own area; what has no cell is the district's."""
    return any(contains(area, incident.cell or me.district) for area in me.areas)


def reporter_of(said: ReporterBody | str | None) -> dict[str, str] | None:
    """Who called, for keeping; a bare text is a name."""
    if said is None:
        return None
    return {"name": said} if isinstance(said, str) else said.model_dump(exclude_none=True)


def _cursor(last: Incident) -> str:
    return base64.urlsafe_b64encode(f"{last.reported_at.isoformat()} {last.id}".encode()).decode()


def _read_cursor(cursor: str | None) -> tuple[datetime, UUID] | None:
    if cursor is None:
        return None
    try:
        at, _, id = base64.urlsafe_b64decode(cursor.encode("ascii")).decode().partition(" ")
        moment = datetime.fromisoformat(at)
        if moment.tzinfo is None:
            raise CursorMalformed()
        return moment, UUID(id)
    except (ValueError, binascii.Error) as error:
        raise CursorMalformed() from error
