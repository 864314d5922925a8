# SPDX-License-Identifier: Apache-2.0
"""The outside geocoders there are: where each stands, how it is asked, how its answer is read.

This list is the only source of host names. Nominatim and Photon may also stand on the private
network, at an address of the settings.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field, TypeAdapter

from geo.crs import Point, System
from geo.settings import OutsideGeocoder, Settings

LABEL_LENGTH = 200


class Refused(Exception):
    """The geocoder answered that it will not: a key, a quota, a fault of its own."""


@dataclass(frozen=True)
class Question:
    """What is looked for, and the box in WGS-84 degrees (west, south, east, north) it lies in.

    `division` is the six-digit code of the district.
    """

    text: str
    bounds: tuple[float, float, float, float]
    division: str
    limit: int


@dataclass(frozen=True)
class Found:
    """A place as a geocoder says it. `kind` is its own word for what it is."""

    label: str
    kind: str
    point: Point


@dataclass(frozen=True)
class Service:
    """One geocoder. `read` raises ValueError for what it cannot understand, and Refused."""

    name: OutsideGeocoder
    origin: str
    path: str
    credit: str
    query: Callable[[Question, str], dict[str, str]]
    read: Callable[[bytes], list[Found]]
    least_interval_s: float = 0.0
    """Between two requests of the whole installation, as its terms of use demand."""
    key: str = ""


def _word(said: object) -> str:
    # AMap says [] where it has nothing to say. What turns or hides text is left out.
    kept = filter(str.isprintable, said) if isinstance(said, str) else ()
    return "".join(kept)[:LABEL_LENGTH]


_Degrees = Annotated[float, Field(allow_inf_nan=False)]
_Word = Annotated[str, BeforeValidator(_word)]


class _NominatimPlace(BaseModel):
    lon: _Degrees
    lat: _Degrees
    display_name: _Word
    addresstype: _Word = ""
    type: _Word = ""


class _PhotonProperties(BaseModel):
    name: _Word = ""
    housenumber: _Word = ""
    street: _Word = ""
    district: _Word = ""
    city: _Word = ""
    osm_value: _Word = ""
    type: _Word = ""


class _PhotonPoint(BaseModel):
    coordinates: tuple[_Degrees, _Degrees]


class _PhotonFeature(BaseModel):
    geometry: _PhotonPoint
    properties: _PhotonProperties


class _PhotonAnswer(BaseModel):
    features: list[_PhotonFeature]


class _TiandituLocation(BaseModel):
    lon: _Degrees
    lat: _Degrees
    level: _Word = ""
    keyWord: _Word = ""


class _TiandituAnswer(BaseModel):
    status: str | int
    location: _TiandituLocation | None = None


class _AmapPlace(BaseModel):
    formatted_address: _Word
    location: str
    level: _Word = ""


class _AmapAnswer(BaseModel):
    status: str
    geocodes: list[_AmapPlace] = []


_NOMINATIM_PLACES = TypeAdapter(list[_NominatimPlace])


def _ask_nominatim(question: Question, key: str) -> dict[str, str]:
    return {
        "q": question.text,
        "format": "jsonv2",
        "limit": str(question.limit),
        "viewbox": _box(question),
        "bounded": "1",
        "accept-language": "zh",
    }


def _read_nominatim(body: bytes) -> list[Found]:
    return [
        Found(place.display_name, place.addresstype or place.type, Point(place.lon, place.lat))
        for place in _NOMINATIM_PLACES.validate_json(body)
    ]


def _ask_photon(question: Question, key: str) -> dict[str, str]:
    return {"q": question.text, "limit": str(question.limit), "bbox": _box(question)}


def _read_photon(body: bytes) -> list[Found]:
    found = []
    for feature in _PhotonAnswer.model_validate_json(body).features:
        said = feature.properties
        parts = (said.city, said.district, said.street, said.housenumber, said.name)
        lon, lat = feature.geometry.coordinates
        label = " ".join(filter(None, dict.fromkeys(parts)))[:LABEL_LENGTH]
        found.append(Found(label, said.type or said.osm_value, Point(lon, lat)))
    return found


def _ask_tianditu(question: Question, key: str) -> dict[str, str]:
    return {"ds": json.dumps({"keyWord": question.text}, ensure_ascii=False), "tk": key}


def _read_tianditu(body: bytes) -> list[Found]:
    answer = _TiandituAnswer.model_validate_json(body)
    if str(answer.status) == "101":
        return []  # nothing found
    if str(answer.status) != "0":
        raise Refused
    said = answer.location
    if said is None:
        return []
    return [Found(said.keyWord, said.level, Point(said.lon, said.lat, System.CGCS2000))]


def _ask_amap(question: Question, key: str) -> dict[str, str]:
    # A city is asked for by the code of its division; districts are not taken.
    city = question.division[:4] + "00"
    return {"address": question.text, "city": city, "output": "JSON", "key": key}


def _read_amap(body: bytes) -> list[Found]:
    answer = _AmapAnswer.model_validate_json(body)
    if answer.status != "1":
        raise Refused
    found = []
    for place in answer.geocodes:
        lon, _, lat = place.location.partition(",")
        point = Point(float(lon), float(lat), System.GCJ02)
        found.append(Found(place.formatted_address, place.level, point))
    return found


def _box(question: Question) -> str:
    return ",".join(f"{edge:.6f}" for edge in question.bounds)


_OSM = "© OpenStreetMap contributors"
SERVICES = {
    service.name: service
    for service in (
        Service(
            OutsideGeocoder.NOMINATIM,
            "https://nominatim.openstreetmap.org",
            "/search",
            _OSM,
            _ask_nominatim,
            _read_nominatim,
            least_interval_s=1.0,
        ),
        Service(
            OutsideGeocoder.PHOTON,
            "https://photon.komoot.io",
            "/api",
            _OSM,
            _ask_photon,
            _read_photon,
            least_interval_s=1.0,
        ),
        Service(
            OutsideGeocoder.TIANDITU,
            "https://api.tianditu.gov.cn",
            "/geocoder",
            "天地图",
            _ask_tianditu,
            _read_tianditu,
        ),
        Service(
            OutsideGeocoder.AMAP,
            "https://restapi.amap.com",
            "/v3/geocode/geo",
            "高德地图",
            _ask_amap,
            _read_amap,
        ),
    )
}


def chosen(settings: Settings) -> list[Service]:
    """The geocoders that the settings switch on, in their order, with keys and addresses."""
    given: dict[OutsideGeocoder, dict[str, Any]] = {
        OutsideGeocoder.TIANDITU: {"key": settings.tianditu_key},
        OutsideGeocoder.AMAP: {"key": settings.amap_key},
    }
    own = {
        OutsideGeocoder.NOMINATIM: settings.nominatim_address,
        OutsideGeocoder.PHOTON: settings.photon_address,
    }
    for name, address in own.items():
        if address:
            # A server of one's own has no terms of use to others.
            given[name] = {"origin": address, "least_interval_s": 0.0}
    return [replace(SERVICES[name], **given.get(name, {})) for name in settings.outside_geocoders]
