# SPDX-License-Identifier: Apache-2.0
"""Roles, the permission table and the actor: the only source of who may do what."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Any, ClassVar
from uuid import UUID

from geo.columns import Origin
from geo.crs import Fix, Mistake, System
from geo.errors import Conflict, Invalid, NotAllowed, NotFound, NotSignedIn, Throttled
from geo.ids import DistrictCode, WorkerId, contains
from geo.outbox import Event
from geo.values import value


class Role(StrEnum):
    """What an account is for."""

    ADMIN = "admin"
    DISPATCHER = "dispatcher"
    PLANNER = "planner"
    SUPERVISOR = "supervisor"
    WORKER = "worker"
    VIEWER = "viewer"


class Reach(StrEnum):
    """How far a permission goes."""

    OWN = "own"  # what belongs to the actor's own worker
    SCOPE = "scope"  # what lies in the actor's area (a worker's: his assigned cells)
    DISTRICT = "district"  # anything of the actor's district


OWN, SCOPE, ANYWHERE = Reach.OWN, Reach.SCOPE, Reach.DISTRICT
_ADMIN, _DISPATCHER, _PLANNER = Role.ADMIN, Role.DISPATCHER, Role.PLANNER
_SUPERVISOR, _WORKER, _VIEWER = Role.SUPERVISOR, Role.WORKER, Role.VIEWER

# verb -> role -> reach. A role that is not named may not.
PERMISSIONS: dict[str, dict[Role, Reach]] = {
    "accounts.manage": {_ADMIN: SCOPE},
    "appeals.decide": {_ADMIN: SCOPE, _SUPERVISOR: SCOPE},
    "appeals.read": {_ADMIN: SCOPE, _SUPERVISOR: SCOPE, _WORKER: OWN},
    "appeals.write": {_WORKER: OWN},
    "areas.read": dict.fromkeys(Role, SCOPE),
    # A supervisor where he has taken charge of the linkup.
    "calls.join": {_ADMIN: SCOPE, _DISPATCHER: SCOPE, _SUPERVISOR: SCOPE, _WORKER: OWN},
    "checkins.read": {_ADMIN: SCOPE, _DISPATCHER: SCOPE, _SUPERVISOR: SCOPE, _WORKER: OWN},
    "checkins.rejudge": {_ADMIN: SCOPE, _SUPERVISOR: SCOPE},
    "checkins.write": {_SUPERVISOR: SCOPE, _WORKER: OWN},
    "checkpoints.read": dict.fromkeys(Role, SCOPE),
    "checkpoints.write": {_ADMIN: SCOPE, _PLANNER: SCOPE, _SUPERVISOR: SCOPE},
    "daydoubts.read": {_ADMIN: SCOPE, _SUPERVISOR: SCOPE, _WORKER: OWN},
    "departments.read": {_ADMIN: ANYWHERE, _DISPATCHER: ANYWHERE, _SUPERVISOR: ANYWHERE},
    "departments.write": {_ADMIN: SCOPE},
    "desk.use": {_ADMIN: SCOPE, _DISPATCHER: SCOPE},
    "devices.correct": {_ADMIN: SCOPE, _SUPERVISOR: SCOPE},
    "devices.pair": {_ADMIN: SCOPE, _WORKER: OWN},
    "devices.read": {_ADMIN: SCOPE, _SUPERVISOR: SCOPE, _WORKER: OWN},
    "docs.read": dict.fromkeys(Role, ANYWHERE),
    "duty.set": {_ADMIN: SCOPE, _SUPERVISOR: SCOPE, _WORKER: OWN},
    "gazetteer.read": dict.fromkeys((_ADMIN, _DISPATCHER, _PLANNER, _SUPERVISOR), ANYWHERE),
    "gazetteer.restore": {_ADMIN: SCOPE, _PLANNER: SCOPE},
    "handover.read": dict.fromkeys((_ADMIN, _PLANNER, _SUPERVISOR), SCOPE),
    "handover.write": dict.fromkeys((_ADMIN, _PLANNER, _SUPERVISOR), SCOPE),
    "incidents.drill": {_DISPATCHER: ANYWHERE},
    "incidents.manage": {_ADMIN: SCOPE, _DISPATCHER: SCOPE},
    "incidents.print": {_ADMIN: SCOPE, _DISPATCHER: SCOPE, _SUPERVISOR: SCOPE},
    "incidents.read": {
        _ADMIN: SCOPE,
        _DISPATCHER: SCOPE,
        _SUPERVISOR: SCOPE,
        _VIEWER: SCOPE,
        _WORKER: OWN,
    },
    "incidents.report": {
        _ADMIN: ANYWHERE,
        _DISPATCHER: ANYWHERE,
        _SUPERVISOR: ANYWHERE,
        _WORKER: ANYWHERE,
    },
    "linkups.answer": {_WORKER: OWN},
    "linkups.lead": {_ADMIN: SCOPE, _DISPATCHER: SCOPE, _SUPERVISOR: SCOPE},
    "live.read": dict.fromkeys(Role, SCOPE),
    "messages.read": {_ADMIN: SCOPE, _DISPATCHER: SCOPE, _SUPERVISOR: SCOPE, _WORKER: OWN},
    # A supervisor where he has taken charge of the linkup.
    "messages.write": {_ADMIN: SCOPE, _DISPATCHER: SCOPE, _SUPERVISOR: SCOPE, _WORKER: OWN},
    "nearest.read": {_ADMIN: SCOPE, _DISPATCHER: SCOPE, _SUPERVISOR: SCOPE},
    "patroldays.read": {_ADMIN: SCOPE, _DISPATCHER: SCOPE, _SUPERVISOR: SCOPE, _WORKER: OWN},
    "places.find": dict.fromkeys(Role, ANYWHERE),
    # The text leaves the installation, and may cost money.
    "places.find_outside": {_ADMIN: ANYWHERE, _DISPATCHER: ANYWHERE, _SUPERVISOR: ANYWHERE},
    # The duty officer hears what people call a place.
    "places.name": {_ADMIN: SCOPE, _DISPATCHER: SCOPE, _PLANNER: SCOPE},
    "places.write": {_ADMIN: SCOPE, _PLANNER: SCOPE},
    "plans.publish": {_ADMIN: SCOPE, _PLANNER: SCOPE},
    "plans.read": {_ADMIN: SCOPE, _PLANNER: SCOPE},
    "plans.write": {_ADMIN: SCOPE, _PLANNER: SCOPE},
    "positions.write": {_WORKER: OWN},
    "proofs.issue": {_ADMIN: SCOPE, _SUPERVISOR: SCOPE},
    "reports.read": {_ADMIN: SCOPE, _DISPATCHER: SCOPE, _SUPERVISOR: SCOPE},
    "sessions.end": dict.fromkeys(Role, OWN),
    "tracks.read": {_ADMIN: SCOPE, _SUPERVISOR: SCOPE, _WORKER: OWN},
    "wall.read": {
        _ADMIN: SCOPE,
        _DISPATCHER: SCOPE,
        _PLANNER: SCOPE,
        _SUPERVISOR: SCOPE,
        _VIEWER: SCOPE,
    },
    "workers.read": {
        _ADMIN: SCOPE,
        _DISPATCHER: SCOPE,
        _PLANNER: SCOPE,
        _SUPERVISOR: SCOPE,
        _WORKER: OWN,
    },
    "workers.write": {_ADMIN: SCOPE, _SUPERVISOR: SCOPE},
    "worklogs.read": {_ADMIN: SCOPE, _SUPERVISOR: SCOPE, _WORKER: OWN},
    "worklogs.write": {_WORKER: OWN},
}

# The token of a phone that speaks the OsmAnd protocol travels in addresses: it brings positions and
# can do nothing else (contract, Phones).
_TRACKER_VERBS = {"positions.write"}

SESSION_LIFE = timedelta(hours=12)
# After this many failures within the window, an account is closed to that address for the window.
FAILURES_ALLOWED = 5
FAILURE_WINDOW = timedelta(seconds=60)
PASSWORD_MIN_LENGTH = 12
# A phone is told the same again after this: an answer may have been lost on its way.
TOLD_FOR = timedelta(hours=24)


class RoleNotAllowed(NotAllowed):
    """The actor's role has no entry for this verb."""

    code = "role.not_allowed"


class NotSelf(NotAllowed):
    """A worker acts for himself only."""

    code = "worker.not_self"


class OutOfScope(NotFound):
    """It lies outside the actor's area; he is not told whether it exists."""

    code = "scope.not_found"


class SessionInvalid(NotSignedIn):
    """The token is unknown, expired, or its account disabled."""

    code = "session.invalid"


class BadCredentials(NotSignedIn):
    """User name and password do not match."""

    code = "session.bad_credentials"


class TooManyFailures(Throttled):
    """Too many wrong passwords from here for this account."""

    code = "session.too_many_failures"


class UsernameTaken(Conflict):
    """Another account has this user name."""

    code = "account.username_taken"


class PasswordTooShort(Invalid):
    """A password of fewer characters than required."""

    code = "account.password_too_short"


class AccountNotFound(NotFound):
    """No account of that name."""

    code = "account.not_found"


class PairedByDevice(NotAllowed):
    """A phone's token pairs and unpairs no phones: it would outlive its own revocation."""

    code = "device.by_device"


class DeviceNotFound(NotFound):
    """No such paired device."""

    code = "device.not_found"


@dataclass(frozen=True)
class DeviceProfile:
    """How a paired phone speaks, and how it is to be understood.

    `system` is that of its fixes unless a fix says otherwise; `app` the source of its fixes.
    `accuracy_level` is the share of fixes its accuracy holds for, when it is not its source's;
    `speed_unit` what its speed counts in. `read_as` is a mistake that a supervisor has confirmed.
    """

    system: System = System.WGS84
    app: str | None = None
    accuracy_level: float | None = None
    speed_unit: str | None = None
    read_as: Mistake | None = None

    def as_fields(self) -> dict[str, Any]:
        """JSON values."""
        return asdict(self)

    @classmethod
    def from_fields(cls, said: Mapping[str, Any]) -> "DeviceProfile":
        """A profile from what `as_fields` made; a field it does not name keeps its default."""
        mistake = said.get("read_as")
        return cls(
            system=System(said.get("system") or System.WGS84),
            app=said.get("app"),
            accuracy_level=said.get("accuracy_level"),
            speed_unit=said.get("speed_unit"),
            read_as=None if mistake is None else Mistake(mistake),
        )

    def understood(self, fix: Fix) -> Fix:
        """A fix of this device with what is known of the device beside it."""
        return replace(
            fix,
            source=fix.source or self.app,
            accuracy_level=fix.accuracy_level or self.accuracy_level,
            read_as=self.read_as,
        )


@dataclass(frozen=True)
class Device:
    """A paired phone: whose it is and how it is understood."""

    id: UUID
    worker: WorkerId
    name: str
    profile: DeviceProfile
    created_at: datetime
    origin: Origin


@dataclass(frozen=True)
class Actor:
    """Who acts: an account, or a worker's paired device acting as that worker.

    `profile` is that of his device. What he does carries his `origin`: the acts of a simulated
    actor are simulated.
    """

    id: UUID
    district: DistrictCode
    name: str
    role: Role
    scope: str | None
    worker: WorkerId | None = None
    cells: frozenset[str] = frozenset()
    device: UUID | None = None
    profile: DeviceProfile = DeviceProfile()
    origin: Origin = Origin.REAL

    @property
    def areas(self) -> tuple[str, ...]:
        """The areas the actor's scope is made of; code prefixes."""
        if self.role is Role.WORKER:
            return tuple(sorted(self.cells))
        return (self.scope,) if self.scope else ()

    @cached_property
    def signature(self) -> str:
        """How the outbox names him."""
        return f"{'device' if self.device else 'account'}:{self.device or self.id}"


SYSTEM_ACTOR = "system"


def in_scope(actor: Actor, area: str) -> bool:
    """Whether an area lies in the actor's scope."""
    return any(contains(own, area) for own in actor.areas)


def meets_scope(actor: Actor, area: str) -> bool:
    """Whether an area lies in the actor's scope, or some of his scope in it."""
    return any(contains(own, area) or contains(area, own) for own in actor.areas)


def reach_of(actor: Actor, verb: str) -> Reach:
    """How far the actor's permission for a verb goes. Raises: RoleNotAllowed."""
    reach = PERMISSIONS[verb].get(actor.role)
    tracker = actor.device is not None and actor.profile.app == "osmand"
    if reach is None or (tracker and verb not in _TRACKER_VERBS):
        raise RoleNotAllowed(role=actor.role, verb=verb)
    return reach


def may(actor: Actor, verb: str, *, area: str | None = None, worker: UUID | None = None) -> None:
    """Return if the actor may do `verb` to a thing in `area` that belongs to `worker`.

    With reach `own` the worker decides; with reach `scope` the area does (a thing without an area
    is in the scope of the whole district only).

    Raises: RoleNotAllowed, NotSelf, OutOfScope.
    """
    reach = reach_of(actor, verb)
    if reach is Reach.OWN and worker != actor.worker:
        if verb.endswith(".read"):
            # Whether there is such a thing of somebody else's is not told.
            raise OutOfScope()
        raise NotSelf(worker=str(worker) if worker else None)
    if reach is Reach.SCOPE and not in_scope(actor, area or actor.district):
        raise OutOfScope()


@dataclass(frozen=True)
class SignedIn:
    """A session just opened. The token is shown once and stored hashed."""

    token: str
    expires_at: datetime
    actor: Actor


@dataclass(frozen=True)
class Paired:
    """A device just paired. The token is shown once and stored hashed."""

    id: UUID
    worker: WorkerId
    name: str
    profile: dict[str, Any]
    token: str


@value(kw_only=True)
class AccountChanged(Event):
    """An account was made, disabled, or got another password: its sessions and streams end."""

    kind: ClassVar[str] = "account.changed"


@value(kw_only=True)
class DevicePaired(Event):
    """A worker's phone was paired or unpaired, or is read otherwise from now on."""

    kind: ClassVar[str] = "device.changed"
