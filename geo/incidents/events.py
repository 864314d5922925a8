# SPDX-License-Identifier: Apache-2.0
"""What happens on the way up and beside the lead, and why an act of that kind is refused."""

from typing import ClassVar

from geo.errors import Conflict, NotAllowed, WrongState
from geo.outbox import Event
from geo.values import value


class NotClimbing(WrongState):
    """The linkup has not climbed to anybody who could acknowledge."""

    code = "linkup.not_climbing"


class AlreadyAcknowledged(Conflict):
    """Somebody else has taken responsibility."""

    code = "linkup.acknowledged"


class NotResponsible(NotAllowed):
    """A supervisor acts in a linkup only once he has taken responsibility for it."""

    code = "linkup.not_responsible"


class WorkerOffDuty(Conflict):
    """Somebody who is off duty is not asked."""

    code = "linkup.worker_off_duty"


class AlreadyAsked(Conflict):
    """The worker is being asked in this linkup, or has accepted."""

    code = "linkup.already_asked"


class NoLead(WrongState):
    """There is no lead yet to keep helpers beside."""

    code = "linkup.no_lead"


@value(kw_only=True)
class LinkupClimbed(Event):
    """No worker of the rings has accepted: the next level of the ladder was asked."""

    kind: ClassVar[str] = "linkup.climbed"
    collection: ClassVar[str | None] = "linkups"


@value(kw_only=True)
class LinkupAcknowledged(Event):
    """A supervisor or the command centre has taken responsibility for a linkup nobody accepted."""

    kind: ClassVar[str] = "linkup.acknowledged"
    collection: ClassVar[str | None] = "linkups"


@value(kw_only=True)
class LinkupLeadOff(Event):
    """The worker in the lead went off duty: the duty officer must look."""

    kind: ClassVar[str] = "linkup.lead_off"
    collection: ClassVar[str | None] = "linkups"


@value(kw_only=True)
class LinkupPolicyChanged(Event):
    """Another linkup policy holds from an instant on."""

    kind: ClassVar[str] = "linkup_policy.changed"
