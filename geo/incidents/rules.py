# SPDX-License-Identifier: Apache-2.0
"""Incidents, linkups and the people near them, as values."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from geo.clock import rfc3339
from geo.columns import Origin
from geo.crs import Fix, Point
from geo.errors import Conflict, NotFound, WrongState
from geo.ids import CellCode, DistrictCode, IncidentId, LinkupId, WorkerId
from geo.incidents.climbs import Climb
from geo.outbox import Event
from geo.values import value


class Severity(StrEnum):
    """How bad it is. An emergency with a unique place has its linkup begun in the answer."""

    NORMAL = "normal"
    URGENT = "urgent"
    EMERGENCY = "emergency"


class IncidentStatus(StrEnum):
    """Where an incident stands."""

    UNLOCATED = "unlocated"
    OPEN = "open"
    LINKED = "linked"
    CLOSED = "closed"


class LinkupStatus(StrEnum):
    """Whether a linkup still runs: from the first ask until its incident is closed."""

    OPEN = "open"
    CLOSED = "closed"


class AskState(StrEnum):
    """Where one worker's ask stands."""

    ASKED = "asked"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    TIMED_OUT = "timed_out"
    LATE = "late"
    RELEASED = "released"
    ARRIVED = "arrived"


class Released(StrEnum):
    """Why somebody who was asked need not answer, or go, any more."""

    TAKEN = "taken"  # another worker took the lead
    CLOSED = "closed"  # the incident ended
    OFF_DUTY = "off_duty"  # his duty ended
    OFFICER = "officer"  # somebody in charge let him go
    REAL_INCIDENT = "real_incident"  # a real incident called him out of a drill


class PlaceReason(StrEnum):
    """Why an incident has no place yet."""

    NOT_SAID = "place.not_said"
    NOT_FOUND = "place.not_found"
    NOT_UNIQUE = "place.not_unique"
    TOO_VAGUE = "place.too_vague"
    OUTSIDE = "place.outside_district"


@dataclass(frozen=True, kw_only=True)
class SaidPlace:
    """Where somebody says it is, in one or several ways. A pin always wins."""

    address: str | None = None
    point: Point | None = None
    fix: Fix | None = None
    cell: CellCode | None = None


@dataclass(frozen=True, kw_only=True)
class Report:
    """What is reported. `id` is the reporter's own, so that saying it twice is one incident.

    `heard_at` is when the duty officer began to take it down, if he did.
    """

    id: IncidentId
    title: str
    category: str
    severity: Severity
    place: SaidPlace
    reporter: dict[str, str] | None = None
    drill: bool = False
    # It measures the officer's work and says nothing of the incident.
    heard_at: datetime | None = field(default=None, metadata={"said": False})


@dataclass(frozen=True, kw_only=True)
class Placed:
    """What became of a said place: a WGS-84 point, or a reason and the places it may be."""

    label: str | None = None
    lon: float | None = None
    lat: float | None = None
    cell: str | None = None
    candidates: tuple[dict[str, Any], ...] = ()
    reason: PlaceReason | None = None


@dataclass(frozen=True, kw_only=True)
class Incident:
    """A reported incident. `said_place` is what was said, whatever became of it.

    `calls` counts who called about it, the first one and those of merged incidents included.
    `department` is the name of the office it lies with.
    """

    district: DistrictCode
    id: IncidentId
    title: str
    category: str
    severity: Severity
    status: IncidentStatus
    said_place: dict[str, Any]
    reporter: dict[str, str] | None
    label: str | None
    lon: float | None
    lat: float | None
    cell: str | None
    candidates: tuple[dict[str, Any], ...]
    place_reason: PlaceReason | None
    reported_at: datetime
    closed_at: datetime | None
    outcome: str | None
    reported_by: str
    origin: Origin
    heard_at: datetime | None = None
    department: str | None = None
    merged_into: IncidentId | None = None
    calls: int = 1

    @property
    def live_row(self) -> dict[str, Any]:
        """The incident as the live snapshot shows it, in JSON values."""
        return {
            "id": str(self.id),
            "title": self.title,
            "category": self.category,
            "severity": self.severity.value,
            "status": self.status.value,
            "label": self.label,
            "cell": self.cell,
            "reported_at": rfc3339(self.reported_at),
            "lon": self.lon,
            "lat": self.lat,
            "department": self.department,
            "merged_into": None if self.merged_into is None else str(self.merged_into),
            "calls": self.calls,
            "origin": self.origin.value,
        }


@dataclass(frozen=True, kw_only=True)
class Ask:
    """One worker asked, and his answer. `distance_m` and `age_s` as they were when he was asked.

    A `helper` was kept beside the lead and does not search for one.
    """

    worker: WorkerId
    ring: int
    rank: int
    state: AskState
    reason: str
    distance_m: float | None
    age_s: float | None
    asked_at: datetime
    answer_by: datetime
    answered_at: datetime | None
    arrived_at: datetime | None
    answer_text: str | None
    released_for: Released | None
    helper: bool

    @property
    def engages(self) -> bool:
        """Whether it has the worker away on the incident."""
        return self.state in (AskState.ACCEPTED, AskState.ARRIVED)


@dataclass(frozen=True, kw_only=True)
class Linkup:
    """A search for the worker who takes an incident; `lead` is who took it.

    `lead_off_at` is when the lead went off duty, if he did and is not back. `uncovered` are the
    cells that were left without a fresh worker when those engaged here set out.
    """

    district: DistrictCode
    id: LinkupId
    incident: IncidentId
    status: LinkupStatus
    ring: int
    lead: WorkerId | None
    asked: tuple[Ask, ...]
    climb: tuple[Climb, ...]
    recommendation: dict[str, Any]
    began_at: datetime
    accepted_at: datetime | None
    lead_off_at: datetime | None
    ended_at: datetime | None
    uncovered: tuple[str, ...]
    origin: Origin

    @property
    def workers(self) -> tuple[UUID, ...]:
        """Everybody it has asked."""
        return tuple(ask.worker for ask in self.asked)

    @property
    def rings(self) -> bool:
        """Whether somebody is being asked who might yet take the lead."""
        return any(ask.state is AskState.ASKED and not ask.helper for ask in self.asked)

    @property
    def exhausted(self) -> bool:
        """Whether it still runs, without a lead, and nobody is left who might answer in time.

        Only a person can help it on then: it has climbed to command, or somebody acknowledged it.
        """
        waits = self.rings or any(step.ticks for step in self.climb)
        return self.status is LinkupStatus.OPEN and self.lead is None and not waits

    @property
    def live_row(self) -> dict[str, Any]:
        """The linkup as the live snapshot shows it, in JSON values."""
        return {
            "id": str(self.id),
            "incident": str(self.incident),
            "status": self.status.value,
            "ring": self.ring,
            "lead": None if self.lead is None else str(self.lead),
            "asked": [
                {
                    "worker": str(ask.worker),
                    "state": ask.state.value,
                    "rank": ask.rank,
                    "ring": ask.ring,
                    "distance_m": ask.distance_m,
                    "reason": ask.reason,
                    "asked_at": rfc3339(ask.asked_at),
                    "answer_by": rfc3339(ask.answer_by),
                    "answered_at": _moment(ask.answered_at),
                    "arrived_at": _moment(ask.arrived_at),
                    "answer_text": ask.answer_text,
                    "released_for": ask.released_for and ask.released_for.value,
                    "helper": ask.helper,
                }
                for ask in self.asked
            ],
            "climb": [step.live_row for step in self.climb],
            "began_at": rfc3339(self.began_at),
            "accepted_at": _moment(self.accepted_at),
            "lead_off_at": _moment(self.lead_off_at),
            "uncovered": list(self.uncovered),
            "origin": self.origin.value,
        }


def _moment(at: datetime | None) -> str | None:
    return None if at is None else rfc3339(at)


class IncidentNotFound(NotFound):
    """No such incident, or none that this actor may know of."""

    code = "incident.not_found"


class LinkupNotFound(NotFound):
    """No such linkup, or this worker was not asked in it."""

    code = "linkup.not_found"


class IncidentClosed(WrongState):
    """The incident is closed; nothing more happens to it."""

    code = "incident.closed"


class IncidentUnlocated(WrongState):
    """Nobody can be near an incident without a place; give it one first."""

    code = "incident.unlocated"


class PlaceUnclear(Conflict):
    """An incident that has a place keeps it when the new one is not found or not unique."""

    code = "incident.place_unclear"


class LinkupExists(Conflict):
    """The incident has an open linkup already."""

    code = "linkup.exists"


class LinkupTaken(WrongState):
    """Another worker has taken the lead."""

    code = "linkup.taken"


class LinkupEnded(WrongState):
    """The linkup is over, with its incident."""

    code = "linkup.ended"


class AskAnswered(WrongState):
    """The worker has answered already, or his time is up, and this act does not follow from it."""

    code = "linkup.wrong_state"


@value(kw_only=True)
class IncidentReported(Event):
    """An incident came in. Unlocated, it waits for the duty officer to give it a place."""

    kind: ClassVar[str] = "incident.reported"
    collection: ClassVar[str | None] = "incidents"


@value(kw_only=True)
class IncidentChanged(Event):
    """An incident got a place, a lead, another call, a department or an end, or more may see it."""

    kind: ClassVar[str] = "incident.changed"
    collection: ClassVar[str | None] = "incidents"


@value(kw_only=True)
class LinkupChanged(Event):
    """Somebody was asked or answered, or the linkup ended."""

    kind: ClassVar[str] = "linkup.changed"
    collection: ClassVar[str | None] = "linkups"


@value(kw_only=True)
class LinkupExhausted(Event):
    """Nobody is left to ask and nobody has accepted: the duty officer must act."""

    kind: ClassVar[str] = "linkup.exhausted"
    collection: ClassVar[str | None] = "linkups"
