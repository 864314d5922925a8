# SPDX-License-Identifier: Apache-2.0
"""Phones that exist: Traccar Client (OsmAnd protocol) and OwnTracks.

Both keep what is not answered by success and send it again for ever, before everything after it.
So a known device is answered 200 whatever it sends, and what cannot be stored is dropped by name
and counted; only who is not known, a body beyond all measure and our own distress are errors.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from sqlalchemy.orm import Session

from api.deps import Now, Write
from api.errors import problem
from api.metrics import count_dropped
from api.phones import osmand, owntracks
from api.phones.reading import Reading, Unreadable
from api.routes.positions import StoredAnswer
from geo.accounts.actions import tell_device
from geo.accounts.queries import actor_of_device
from geo.accounts.rules import Actor
from geo.digests import digest
from geo.errors import GeoError
from geo.ids import CheckpointId
from geo.patrol import queries as patrol
from geo.patrol.check_ins import take_check_in
from geo.patrol.records import Checkpoint, Claim
from geo.tracking.actions import store_positions
from geo.tracking.rules import Drop, Stored
from geo.workforce.queries import assigned_at, cells_of

router = APIRouter(prefix="/devices", tags=["phones"])

UNKNOWN = "device.unknown"
# A message that only who has its key can read, as it is counted.
ENCRYPTED = "message.encrypted"
_CHALLENGE = 'Basic realm="wangge", charset="UTF-8"'


async def _body(request: Request) -> bytes:
    return await request.body()


RawBody = Annotated[bytes, Depends(_body)]

_TEXT = {"type": "string"}
_QUERY = [
    {"name": name, "in": "query", "required": False, "schema": _TEXT, "description": said}
    for name, said in {
        "id": "The device's pairing token; `deviceid` says the same.",
        "lat": "Degrees.",
        "lon": "Degrees.",
        "timestamp": "Seconds or milliseconds since 1970, or ISO 8601 text; absent: now.",
        "accuracy": "Metres, 68 %.",
        "hdop": "Instead of an accuracy.",
        "speed": "Knots, unless the device's profile says otherwise.",
        "bearing": "Degrees from north.",
        "altitude": "Metres.",
        "valid": "`false`: the receiver has no fix.",
        "mock": "`true`: the position is made up.",
    }.items()
]
_FORMS = {
    "requestBody": {
        "required": False,
        "content": {
            "application/x-www-form-urlencoded": {"schema": {"type": "object"}},
            "application/json": {"schema": {}},
        },
    }
}


@router.get("/osmand", response_model=StoredAnswer, openapi_extra={"parameters": _QUERY})
def by_query(request: Request, body: RawBody, session: Write, now: Now) -> Any:
    """Take a position in by the OsmAnd protocol. Positions only, never check-ins."""
    return _by_osmand(request, body, session, now)


@router.post("/osmand", response_model=StoredAnswer, openapi_extra={"parameters": _QUERY, **_FORMS})
def by_body(request: Request, body: RawBody, session: Write, now: Now) -> Any:
    """Take positions in by the OsmAnd protocol, as query, form or Traccar Client's JSON."""
    return _by_osmand(request, body, session, now)


def _by_osmand(request: Request, body: bytes, session: Session, now: datetime) -> Any:
    said = osmand.packet(
        request.scope["query_string"].decode("latin-1"),
        request.headers.get("content-type", ""),
        body,
    )
    device = None if said.token is None else actor_of_device(session, said.token)
    if device is None:
        return problem(request, 400, UNKNOWN)
    stored = _store(session, device, said.items, now)
    count_dropped(drop.reason for drop in stored.dropped)
    return StoredAnswer.model_validate(stored)


@router.post(
    "/owntracks",
    response_model=list[dict[str, Any]],
    openapi_extra={"requestBody": {"content": {"application/json": {"schema": {}}}}},
)
def by_owntracks(request: Request, body: RawBody, session: Write, now: Now) -> Any:
    """Take in a message of OwnTracks. The answer may hold commands: the checkpoints as regions.

    The password of the Basic authorization is the device's pairing token, the user name is free.
    Entering a checkpoint's region is a check-in there.
    """
    token = owntracks.password(request.headers.get("authorization", ""))
    if token is None:
        answer = problem(request, 401, UNKNOWN)
        answer.headers["www-authenticate"] = _CHALLENGE
        return answer
    device = actor_of_device(session, token)
    if device is None:
        return problem(request, 400, UNKNOWN)
    assert device.worker is not None
    cells = cells_of(session, device.district, device.worker, at=now)
    device = replace(device, cells=frozenset(cells))
    said = owntracks.message(body)
    if isinstance(said, Unreadable):
        count_dropped([said.reason])
        return []
    if isinstance(said, owntracks.Heard):
        if said.kind == "encrypted":
            count_dropped([ENCRYPTED])
        return _regions(session, device, now) if said.kind == "status" else []
    stored = _store(session, device, [said.reading], now)
    count_dropped(drop.reason for drop in stored.dropped)
    if stored.stored and isinstance(said, owntracks.Transition) and said.enter:
        _check_in(session, device, said, now)
    return _regions(session, device, now)


def _regions(session: Session, device: Actor, now: datetime) -> list[dict[str, Any]]:
    """The command that sets the worker's checkpoints as regions, when the phone lacks it."""
    checkpoints = patrol.checkpoints(session, device.district, areas=device.areas)
    if not checkpoints:
        return []
    command = owntracks.set_waypoints(checkpoints)
    fresh = tell_device(session, actor=device, told=digest(command=command), at=now)
    return [command] if fresh else []


def _check_in(
    session: Session, device: Actor, entered: owntracks.Transition, now: datetime
) -> None:
    """Check the worker in where his phone entered a region that is a checkpoint of his."""
    assert device.worker is not None
    assert device.device is not None
    fix = entered.reading.fix(device.profile, received_at=now)
    checkpoint = _entered(session, device, entered, fix.observed_at)
    if checkpoint is None:
        return
    claim = Claim(
        id=owntracks.check_in_id(device.device, checkpoint.id, fix.observed_at),
        worker=device.worker,
        checkpoint=CheckpointId(checkpoint.id),
        fix=fix,
    )
    try:
        take_check_in(session, actor=device, claim=claim, at=now)
    except GeoError as refused:
        # Sent again it would be refused again: the phone is told that it has arrived.
        count_dropped([refused.code])


def _entered(
    session: Session, device: Actor, entered: owntracks.Transition, observed_at: datetime
) -> Checkpoint | None:
    """The checkpoint of a region, of a cell that was the worker's when he entered, or is now."""
    assert device.worker is not None
    (then,) = assigned_at(session, device.district, [(device.worker, observed_at)])
    cells = device.cells | set(then)
    if entered.rid is not None:
        found = patrol.checkpoints_by_id(session, device.district, [entered.rid])
        named = found.get(entered.rid)
        return named if named is not None and named.cell in cells else None
    known = patrol.checkpoints(session, device.district, areas=sorted(cells))
    stamps = owntracks.stamps_of(known)
    return next((one for one in known if stamps[one.id] == entered.stamp), None)


def _store(
    session: Session, device: Actor, items: Sequence[Reading | Unreadable], now: datetime
) -> Stored:
    """Store what can be read; indices are those of the items."""
    assert device.worker is not None
    places = [place for place, item in enumerate(items) if isinstance(item, Reading)]
    fixes = [
        (device.worker, item.fix(device.profile, received_at=now))
        for item in items
        if isinstance(item, Reading)
    ]
    dropped = [
        Drop(place, item.reason) for place, item in enumerate(items) if isinstance(item, Unreadable)
    ]
    if not fixes:
        return Stored(0, tuple(dropped))
    stored = store_positions(session, actor=device, items=fixes, at=now)
    dropped += [Drop(places[drop.index], drop.reason) for drop in stored.dropped]
    return Stored(stored.stored, tuple(sorted(dropped, key=lambda drop: drop.index)))
