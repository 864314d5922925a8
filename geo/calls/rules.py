# SPDX-License-Identifier: Apache-2.0
"""Messages and calls between the duty officer and workers, as values."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from geo.clock import rfc3339
from geo.columns import Origin
from geo.errors import Conflict, Invalid, NotFound, Throttled, WrongState
from geo.ids import CallId, DistrictCode, IncidentId, LinkupId, MessageId, WorkerId
from geo.incidents.rules import AskState, Linkup, LinkupStatus
from geo.outbox import Event
from geo.values import value

# Long enough to look at a screen and press a button; then whoever rings should do something else.
RINGS_FOR = timedelta(seconds=30)
# A side that was not heard of for this long has lost its line for good.
LOST_AFTER = timedelta(seconds=25)
# What two browsers told each other to find their way is of no use afterwards.
SIGNALS_KEPT = timedelta(minutes=5)
# A session description of one audio track has 2 to 6 KB.
SIGNAL_BYTES = 16 * 1024
# A description or a candidate is an object of plain values; what nests deeper is none of ours.
SIGNAL_LEVELS = 16
# A call needs a few dozen; more than this and somebody stores things in our table.
MOST_SIGNALS = 500

# Who was asked and is out of it again.
_OUT = {AskState.DECLINED, AskState.TIMED_OUT, AskState.LATE, AskState.RELEASED}

NOTIFY_CHANNEL = "wangge_calls"


class Side(StrEnum):
    """The two ends of a call."""

    DESK = "desk"
    WORKER = "worker"

    @property
    def other(self) -> "Side":
        """Who is at the other end."""
        return Side.WORKER if self is Side.DESK else Side.DESK


class CallState(StrEnum):
    """Where a call stands."""

    RINGING = "ringing"
    TALKING = "talking"
    ENDED = "ended"


class CallEnd(StrEnum):
    """How a call ended."""

    HUNG_UP = "hung_up"
    REFUSED = "refused"
    MISSED = "missed"
    LOST = "lost"
    # An end has no microphone, or may not use it: text and the telephone remain.
    NO_MICROPHONE = "no_microphone"
    # The linkup is over, or the worker is no part of it any more.
    RELEASED = "released"


class CallNotFound(NotFound):
    """No such call, or none of this actor's."""

    code = "call.not_found"


class CallExists(Conflict):
    """The worker is in a call, or being called, already."""

    code = "call.exists"


class CallOver(WrongState):
    """The call has ended."""

    code = "call.over"


class CallTaken(WrongState):
    """Somebody else has answered."""

    code = "call.taken"


class NobodyToCall(Conflict):
    """Nobody has taken the incident yet, or not the worker who was named."""

    code = "call.nobody"


class SignalTooLarge(Invalid):
    """More than two browsers have to say to each other at once."""

    code = "call.signal_too_large"


class SignalTooDeep(Invalid):
    """Nested deeper than anything two browsers have to say to each other."""

    code = "call.signal_too_deep"


class SignalNotKept(Invalid):
    """The database cannot hold it: a NUL character, say."""

    code = "call.signal_not_kept"


class TooManySignals(Throttled):
    """More than two browsers have to say to each other in one call."""

    code = "call.too_many_signals"


@dataclass(frozen=True, kw_only=True)
class Message:
    """Something written about an incident. `worker` is None when the desk wrote it."""

    district: DistrictCode
    id: MessageId
    incident: IncidentId
    worker: WorkerId | None
    name: str
    text: str
    at: datetime
    origin: Origin

    @property
    def row(self) -> dict[str, Any]:
        """The message in JSON values."""
        return {
            "id": str(self.id),
            "incident": str(self.incident),
            "worker": None if self.worker is None else str(self.worker),
            "name": self.name,
            "text": self.text,
            "at": rfc3339(self.at),
            "origin": self.origin.value,
        }


@dataclass(frozen=True, kw_only=True)
class Call:
    """A call between the desk and a worker: who, when, for how long; never what was said.

    `caller` is the side that rang. `officer` is who sits at the desk's end: known from the start
    when the desk rang, else once somebody has answered.
    """

    district: DistrictCode
    id: CallId
    linkup: LinkupId
    incident: IncidentId
    worker: WorkerId
    caller: Side
    officer: str | None
    officer_name: str | None
    state: CallState
    ending: CallEnd | None
    rang_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    origin: Origin

    @property
    def seconds(self) -> float | None:
        """How long they talked; None when they did not, or still do."""
        if self.answered_at is None or self.ended_at is None:
            return None
        return (self.ended_at - self.answered_at).total_seconds()

    @property
    def row(self) -> dict[str, Any]:
        """The call in JSON values."""
        return {
            "id": str(self.id),
            "linkup": str(self.linkup),
            "incident": str(self.incident),
            "worker": str(self.worker),
            "caller": self.caller.value,
            "officer": self.officer_name,
            "state": self.state.value,
            "ending": None if self.ending is None else self.ending.value,
            "rang_at": rfc3339(self.rang_at),
            "answered_at": None if self.answered_at is None else rfc3339(self.answered_at),
            "ended_at": None if self.ended_at is None else rfc3339(self.ended_at),
            "seconds": self.seconds,
            "origin": self.origin.value,
        }


@dataclass(frozen=True)
class Signal:
    """Something one end of a call has to tell the other so that they find their way."""

    number: int
    call: UUID
    sender: Side
    body: dict[str, Any]


def may_write(linkup: Linkup, worker: UUID) -> bool:
    """Whether a worker takes part in a linkup's channel: asked, and not out of it again."""
    asked = linkup.status is LinkupStatus.OPEN
    return asked and any(ask.worker == worker and ask.state not in _OUT for ask in linkup.asked)


def may_talk(linkup: Linkup, worker: UUID) -> bool:
    """Whether a worker may be called: he takes part and has answered."""
    return may_write(linkup, worker) and not any(
        ask.worker == worker and ask.state is AskState.ASKED for ask in linkup.asked
    )


def writers(linkup: Linkup) -> tuple[UUID, ...]:
    """The workers who take part in a linkup's channel now."""
    return tuple(ask.worker for ask in linkup.asked if may_write(linkup, ask.worker))


@value(kw_only=True)
class MessageWritten(Event):
    """Somebody wrote about an incident, which is the event's subject."""

    kind: ClassVar[str] = "message.written"


@value(kw_only=True)
class CallChanged(Event):
    """A call about an incident (the event's subject) rings, was answered or has ended."""

    kind: ClassVar[str] = "call.changed"
