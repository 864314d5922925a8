# SPDX-License-Identifier: Apache-2.0
"""OwnTracks over HTTP, as its booklet documents it (https://owntracks.org/booklet/tech/json/).

Checkpoints go to the phone as waypoints. A transition names its waypoint by `rid` on iOS; Android
copies only the waypoint's `tst`, which must be unique there: so each checkpoint gets a `tst` of its
own, made of its id.
"""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

import orjson

from api.phones.reading import (
    MALFORMED,
    NO_PLACE,
    NOT_VALID,
    Reading,
    Unreadable,
    instant,
    number,
    truth,
)
from geo.ids import CheckInId
from geo.patrol.records import Checkpoint

SOURCE = "owntracks"
_UNIT = "kmh"
# Messages without a place: read, of no use here, and answered, or the phone sends them for ever.
HEARD = frozenset(
    (
        "beacon",
        "card",
        "cmd",
        "configuration",
        "dump",
        "encrypted",
        "lwt",
        "status",
        "steps",
        "waypoint",
        "waypoints",
    )
)
OTHER = "other"
_STAMPS_FROM, _STAMPS = 1_000_000_000, 600_000_000


@dataclass(frozen=True)
class Location:
    """Where the phone is."""

    reading: Reading


@dataclass(frozen=True)
class Transition:
    """The phone came into a region or left it. `rid` and `stamp` name the region."""

    reading: Reading
    enter: bool
    rid: UUID | None
    stamp: int | None


@dataclass(frozen=True)
class Heard:
    """A message without a place; `kind` is one of `HEARD`, or `OTHER`."""

    kind: str


Message = Location | Transition | Heard | Unreadable


def password(authorization: str) -> str | None:
    """The password of a Basic authorization header; None when there is none."""
    scheme, _, said = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        pair = base64.b64decode(said.strip(), validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return None
    return pair.partition(":")[2] or None


def message(body: bytes) -> Message:
    """Read a message. An app that forgets a friend sends an empty one."""
    if not body.strip():
        return Heard(OTHER)
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        return Unreadable(MALFORMED)
    if not isinstance(said, dict):
        return Unreadable(MALFORMED)
    kind = said.get("_type")
    if kind not in ("location", "transition"):
        return Heard(kind if isinstance(kind, str) and kind in HEARD else OTHER)
    reading = _reading(said)
    if isinstance(reading, Unreadable):
        return reading
    if kind == "location":
        return Location(reading)
    stamp = number(said.get("wtst"))
    return Transition(
        reading=reading,
        enter=said.get("event") == "enter",
        rid=_uuid(said.get("rid")),
        stamp=None if stamp is None else round(stamp),
    )


def set_waypoints(checkpoints: Sequence[Checkpoint]) -> dict[str, Any]:
    """The command that gives a phone these checkpoints as regions to watch.

    Whole numbers where the booklet says integer: the Android app refuses an answer that it cannot
    read as a whole, and sends its message again for ever.
    """
    stamps = stamps_of(checkpoints)
    return {
        "_type": "cmd",
        "action": "setWaypoints",
        "waypoints": {
            "_type": "waypoints",
            "waypoints": [
                {
                    "_type": "waypoint",
                    "desc": f"{checkpoint.code} {checkpoint.name}",
                    "lat": round(checkpoint.lat, 7),
                    "lon": round(checkpoint.lon, 7),
                    "rad": max(1, round(checkpoint.radius_m)),
                    "tst": stamps[checkpoint.id],
                    "rid": str(checkpoint.id),
                }
                for checkpoint in checkpoints
            ],
        },
    }


def stamps_of(checkpoints: Sequence[Checkpoint]) -> dict[UUID, int]:
    """A `tst` for each checkpoint: the same whenever it is asked for, and unique among them."""
    taken: dict[int, UUID] = {}
    for id in sorted(checkpoint.id for checkpoint in checkpoints):
        stamp = _STAMPS_FROM + id.int % _STAMPS
        while stamp in taken:
            stamp += 1
        taken[stamp] = id
    return {id: stamp for stamp, id in taken.items()}


def check_in_id(device: UUID, checkpoint: UUID, observed_at: datetime) -> CheckInId:
    """The id of the check-in that a transition makes: sent again, it is the same one."""
    return CheckInId(uuid5(device, f"{checkpoint} {observed_at.timestamp():.3f}"))


def _reading(said: dict[str, Any]) -> Reading | Unreadable:
    if said.get("lat") is None or said.get("lon") is None:
        return Unreadable(NO_PLACE)
    lat, lon, at = number(said["lat"]), number(said["lon"]), instant(said.get("tst"))
    if lat is None or lon is None or at is None:
        return Unreadable(MALFORMED)
    accuracy = number(said.get("acc"))
    if accuracy is not None and accuracy < 0:
        return Unreadable(NOT_VALID)
    # What is zero is left out, the booklet says: zero is what an app does not know.
    return Reading(
        lon=lon,
        lat=lat,
        observed_at=at,
        source=SOURCE,
        speed_unit=_UNIT,
        accuracy_m=accuracy or None,
        speed=number(said.get("vel")),
        bearing_deg=number(said.get("cog")),
        altitude_m=number(said.get("alt")),
        mock=truth(said.get("mock")) or truth(said.get("is_mock")),
    )


def _uuid(said: object) -> UUID | None:
    try:
        return UUID(said) if isinstance(said, str) else None
    except ValueError:
        return None
