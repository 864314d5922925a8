# SPDX-License-Identifier: Apache-2.0
"""The OsmAnd protocol, as Traccar documents it and Traccar Client sends it.

Query string or form: https://www.traccar.org/osmand/. JSON: the location of the client's library
(https://transistorsoft.github.io, `Location`), one or several, beside `device_id`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

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

SOURCE = "osmand"
# The protocol counts in knots; the library behind the JSON form in metres per second.
_FORM_UNIT = "knots"
_JSON_UNIT = "mps"
_TOKEN_NAMES = ("id", "deviceid", "device_id")
_MOST_FIELDS = 256

Item = Reading | Unreadable


@dataclass(frozen=True)
class Packet:
    """What one request says. `token` is None when it names no device, or several."""

    token: str | None
    items: tuple[Item, ...]


def packet(query: str, content_type: str, body: bytes) -> Packet:
    """Read a request: its query string, and its body as a form or as JSON."""
    try:
        fields = parse_qsl(query, keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        return Packet(None, (Unreadable(MALFORMED),))
    if body and "json" in content_type.lower():
        return _of_json(fields, body)
    try:
        fields += parse_qsl(
            body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_MOST_FIELDS
        )
    except ValueError:
        return Packet(_token(fields), (Unreadable(MALFORMED),))
    # As with Traccar, of a repeated field the last counts.
    return Packet(_token(fields), (_of_fields(dict(fields)),))


def _token(said: Iterable[tuple[str, Any]]) -> str | None:
    named = {str(value) for name, value in said if name in _TOKEN_NAMES and value}
    return named.pop() if len(named) == 1 else None


def _of_fields(fields: Mapping[str, str]) -> Item:
    lat, lon = fields.get("lat"), fields.get("lon")
    if "location" in fields:
        lat, _, lon = fields["location"].partition(",")
    return _reading(
        lat,
        lon,
        _FORM_UNIT,
        fields,
        timestamp=fields.get("timestamp"),
        bearing=fields.get("bearing", fields.get("heading")),
        valid=truth(fields.get("valid", "true")),
        mock=truth(fields.get("mock")) or truth(fields.get("is_mock")),
    )


def _of_json(fields: list[tuple[str, str]], body: bytes) -> Packet:
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        return Packet(_token(fields), (Unreadable(MALFORMED),))
    documents = said if isinstance(said, list) else [said]
    items: list[Item] = []
    named: list[tuple[str, Any]] = list(fields)
    for document in documents:
        if not isinstance(document, dict):
            items.append(Unreadable(MALFORMED))
            continue
        named += document.items()
        found = document.get("location", document)
        items += [_of_location(one) for one in (found if isinstance(found, list) else [found])]
    return Packet(_token(named), tuple(items))


def _of_location(said: object) -> Item:
    coords = said.get("coords") if isinstance(said, dict) else None
    if not isinstance(said, dict) or not isinstance(coords, dict):
        return Unreadable(MALFORMED)
    return _reading(
        coords.get("latitude"),
        coords.get("longitude"),
        _JSON_UNIT,
        coords,
        timestamp=said.get("timestamp"),
        bearing=coords.get("heading"),
        valid=True,
        mock=truth(said.get("mock")) or truth(said.get("is_mock")),
    )


def _reading(
    lat: object,
    lon: object,
    unit: str,
    said: Mapping[str, Any],
    *,
    timestamp: object,
    bearing: object,
    valid: bool,
    mock: bool,
) -> Item:
    """A fix from fields that both forms name alike, and from those they do not."""
    if lat is None or lon is None:
        return Unreadable(NO_PLACE)
    y, x, at = number(lat), number(lon), instant(timestamp)
    # A phone that states no time speaks of now; one whose time cannot be read, of an unknown one.
    if y is None or x is None or (at is None and timestamp is not None):
        return Unreadable(MALFORMED)
    accuracy = number(said.get("accuracy"))
    # iOS states a negative accuracy when latitude and longitude mean nothing.
    if not valid or (accuracy is not None and accuracy < 0):
        return Unreadable(NOT_VALID)
    hdop = number(said.get("hdop"))
    return Reading(
        lon=x,
        lat=y,
        observed_at=at,
        source=SOURCE,
        speed_unit=unit,
        accuracy_m=accuracy,
        hdop=hdop if hdop is not None and hdop > 0 else None,
        speed=number(said.get("speed")),
        bearing_deg=number(bearing),
        altitude_m=number(said.get("altitude")),
        mock=mock,
    )
