# SPDX-License-Identifier: Apache-2.0
"""Incidents, linkups and the people near them, as values."""

from enum import StrEnum


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
    """Whether a linkup still asks."""

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
