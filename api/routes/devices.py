# SPDX-License-Identifier: Apache-2.0
"""Pairing workers' phones."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import AfterValidator, Field

from api.deps import Now, Read, Write, allowed
from api.phones.setup import setup_of
from api.shapes import Answer, Body, ShortText
from geo.accounts import actions, queries
from geo.accounts.rules import Actor, DeviceNotFound, DeviceProfile, may
from geo.crs import Mistake, System
from geo.ids import WorkerId
from geo.workforce.queries import area_of_worker

router = APIRouter(tags=["devices"])

Me = Annotated[Actor, allowed("devices.pair")]


# The two that receivers state: one and two standard deviations.
_LEVELS = (0.68, 0.95)


def _one_of_levels(said: float) -> float:
    if said not in _LEVELS:
        raise ValueError("0.68 or 0.95 is expected")
    return said


Level = Annotated[
    float, AfterValidator(_one_of_levels), Field(json_schema_extra={"enum": list(_LEVELS)})
]


class Profile(Body):
    """How this phone speaks, and how it is to be understood.

    `system` is the coordinate system of its fixes unless a fix says otherwise. `accuracy_level` is
    the share of fixes its accuracy holds for, and `speed_unit` what its speed counts in, where its
    app's usual meaning is wrong for it.
    """

    system: System = System.WGS84
    app: Literal["browser", "android", "owntracks", "osmand", "gpsd", "wechat"] | None = None
    accuracy_level: Level | None = None
    speed_unit: Literal["knots", "kmh", "mps"] | None = None

    def value(self) -> DeviceProfile:
        """As the domain knows it."""
        return DeviceProfile(**self.model_dump())


class PairBody(Body):
    """A phone to be paired."""

    name: ShortText
    profile: Profile = Profile()


class ProfileAnswer(Answer):
    """How a phone speaks; `read_as` is a mistake of it that a supervisor has confirmed."""

    system: System
    app: str | None
    accuracy_level: float | None
    speed_unit: str | None
    read_as: Mistake | None


class DeviceAnswer(Answer):
    """A paired phone."""

    id: UUID
    worker: UUID
    name: str
    profile: ProfileAnswer
    created_at: datetime


class DevicesAnswer(Answer):
    """A worker's paired phones, oldest first."""

    items: list[DeviceAnswer]


class SetupAnswer(Answer):
    """How to set up the phone's app.

    Opening `link` on the phone does it, or scanning `qr_svg`. Both hold the token.
    """

    server_url: str
    link: str
    qr_svg: str


class PairedAnswer(Answer):
    """A paired phone; the token is shown this once, and so is how to set up the app it names."""

    id: UUID
    worker: UUID
    name: str
    profile: ProfileAnswer
    token: str
    setup: SetupAnswer | None = None


@router.get("/workers/{worker}/devices")
def index(
    worker: UUID, session: Read, me: Annotated[Actor, allowed("devices.read")], now: Now
) -> DevicesAnswer:
    """The phones paired with a worker, without their tokens."""
    area, _ = area_of_worker(session, me.district, WorkerId(worker), at=now)
    may(me, "devices.read", area=area, worker=worker)
    found = queries.devices_of(session, me.district, WorkerId(worker))
    return DevicesAnswer(items=[DeviceAnswer.model_validate(device) for device in found])


@router.post("/workers/{worker}/devices", status_code=201)
def pair(
    worker: UUID, body: PairBody, request: Request, session: Write, me: Me, now: Now
) -> PairedAnswer:
    """Pair a phone with a worker."""
    area, origin = area_of_worker(session, me.district, WorkerId(worker), at=now)
    profile = body.profile.value()
    paired = actions.pair_device(
        session,
        actor=me,
        worker=WorkerId(worker),
        area=area,
        name=body.name,
        profile=profile.as_fields(),
        at=now,
        origin=origin,
    )
    answer = PairedAnswer.model_validate(paired)
    # The phone reaches us where whoever pairs it does.
    base = str(request.base_url).rstrip("/")
    setup = setup_of(profile.app, base=base, token=paired.token)
    if setup is not None:
        answer.setup = SetupAnswer.model_validate(setup)
    return answer


@router.delete("/workers/{worker}/devices/{device}", status_code=204)
def revoke(worker: UUID, device: UUID, session: Write, me: Me, now: Now) -> None:
    """Unpair a phone."""
    if queries.device_worker(session, me.district, device) != worker:
        raise DeviceNotFound(device=str(device))
    area, _ = area_of_worker(session, me.district, WorkerId(worker), at=now)
    actions.revoke_device(session, actor=me, device=device, area=area, at=now)
