# SPDX-License-Identifier: Apache-2.0
"""Pairing workers' phones."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter

from api.deps import Now, Write, allowed
from api.shapes import Answer, Body, ShortText
from geo.accounts import actions, queries
from geo.accounts.rules import Actor, DeviceNotFound
from geo.crs import System
from geo.ids import WorkerId
from geo.workforce.queries import area_of_worker

router = APIRouter(tags=["devices"])

Me = Annotated[Actor, allowed("devices.pair")]


class Profile(Body):
    """How this phone speaks: the coordinate system of its fixes unless a fix says otherwise."""

    system: System = System.WGS84
    app: Literal["browser", "android", "owntracks", "osmand", "gpsd", "wechat"] | None = None


class PairBody(Body):
    """A phone to be paired."""

    name: ShortText
    profile: Profile = Profile()


class PairedAnswer(Answer):
    """A paired phone; the token is shown this once."""

    id: UUID
    worker: UUID
    name: str
    profile: dict[str, str | None]
    token: str


@router.post("/workers/{worker}/devices", status_code=201)
def pair(worker: UUID, body: PairBody, session: Write, me: Me, now: Now) -> PairedAnswer:
    """Pair a phone with a worker."""
    area, origin = area_of_worker(session, me.district, WorkerId(worker), at=now)
    paired = actions.pair_device(
        session,
        actor=me,
        worker=WorkerId(worker),
        area=area,
        name=body.name,
        profile=body.profile.model_dump(mode="json"),
        at=now,
        origin=origin,
    )
    return PairedAnswer.model_validate(paired)


@router.delete("/workers/{worker}/devices/{device}", status_code=204)
def revoke(worker: UUID, device: UUID, session: Write, me: Me, now: Now) -> None:
    """Unpair a phone."""
    if queries.device_worker(session, me.district, device) != worker:
        raise DeviceNotFound(device=str(device))
    area, _ = area_of_worker(session, me.district, WorkerId(worker), at=now)
    actions.revoke_device(session, actor=me, device=device, area=area, at=now)
