# SPDX-License-Identifier: Apache-2.0
"""One thing told twice, as values: further calls, likely duplicates, merging."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from uuid import UUID

from geo.errors import Conflict, WrongState
from geo.ids import IncidentId
from geo.incidents.rules import Incident, Linkup, LinkupStatus
from geo.units import Metres

# Two callers see one fire from two houses; further off it is likely another one.
SAME_PLACE = Metres(150.0)
SAME_TIME = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class FurtherCall:
    """Somebody else called about an incident that is known already."""

    id: UUID
    incident: IncidentId
    text: str | None
    reporter: dict[str, str] | None
    at: datetime
    actor: str


@dataclass(frozen=True)
class Likeness:
    """An open incident that may be the one being told, and how far off it lies."""

    incident: Incident
    distance_m: Metres


class Progress(IntEnum):
    """How far the search for somebody who takes an incident has come."""

    NOBODY_ASKED = 0
    RINGING = 1
    LED = 2


def progress(linkup: Linkup | None) -> Progress:
    """How far an incident with this linkup has come."""
    if linkup is None or linkup.status is not LinkupStatus.OPEN:
        return Progress.NOBODY_ASKED
    return Progress.RINGING if linkup.lead is None else Progress.LED


class MergedWithItself(Conflict):
    """An incident cannot be merged into itself."""

    code = "incident.merged_with_itself"


class OtherOrigin(Conflict):
    """A drill and a real incident stay apart."""

    code = "incident.other_origin"


class MergedAlready(WrongState):
    """The incident was merged into another one."""

    code = "incident.merged"


class MergeReversed(Conflict):
    """Somebody is called or on the way for the one that would close: it has to stay."""

    code = "incident.merge_reversed"
