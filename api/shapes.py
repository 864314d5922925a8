# SPDX-License-Identifier: Apache-2.0
"""Shapes that several routes share: strict bodies, points, fixes, instants."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Generic, Literal, TypeVar
from unicodedata import category
from uuid import UUID

from fastapi import Query
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)

from geo.accounts.rules import DeviceProfile
from geo.crs import Fix, Point, System
from geo.errors import Invalid
from geo.units import Metres

_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
# Invisible characters that turn the direction of the text around them.
_BIDI = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def _readable(text: str) -> str:
    if any((category(char) == "Cc" and char not in "\n\t") or char in _BIDI for char in text):
        raise ValueError("control characters are not allowed")
    if all(category(char)[0] in "CZ" for char in text):
        raise ValueError("a text must show something")
    return text


def _rfc3339(said: object) -> object:
    # A bare number would be read as seconds since 1970, and has no offset.
    if not isinstance(said, str) or "-" not in said[:5]:
        raise ValueError("an RFC 3339 instant with an offset is expected")
    return said


def _in_years_of_record(at: datetime) -> datetime:
    if not 2000 <= at.year <= 2200:
        raise ValueError("the year must lie between 2000 and 2200")
    return at


Text = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=2000),
    AfterValidator(_readable),
]


def _one_line(text: str) -> str:
    if "\n" in text or "\t" in text:
        raise ValueError("a name is one line")
    return text


ShortText = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
    AfterValidator(_readable),
]
Name = Annotated[ShortText, AfterValidator(_one_line)]


def _iso_day(said: object) -> object:
    # A number would be read as seconds since 1970, and an instant at midnight as its day.
    if not isinstance(said, date) and not (isinstance(said, str) and _ISO_DAY.fullmatch(said)):
        raise ValueError("a date is written YYYY-MM-DD")
    return said


def _day_in_years_of_record(on: date) -> date:
    if not 2000 <= on.year <= 2200:
        raise ValueError("the year must lie between 2000 and 2200")
    return on


Day = Annotated[date, AfterValidator(_day_in_years_of_record), BeforeValidator(_iso_day)]
Instant = Annotated[AwareDatetime, AfterValidator(_in_years_of_record), BeforeValidator(_rfc3339)]
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
AreaCodeText = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}([0-9]{3}){0,4}$")]
CellCodeText = Annotated[str, StringConstraints(pattern=r"^[0-9]{15}$")]

Limit = Annotated[int, Query(ge=1, le=500)]
Cursor = Annotated[str | None, Query(max_length=200)]
Within = Annotated[AreaCodeText | None, Query()]


class CursorMalformed(Invalid):
    """The cursor is not one that a list of ours gave."""

    code = "cursor.malformed"


def id_cursor(cursor: str | None) -> UUID | None:
    """The id after which a list goes on. Raises: CursorMalformed."""
    try:
        return None if cursor is None else UUID(cursor)
    except ValueError as error:
        raise CursorMalformed() from error


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def instant_cursor(at: datetime) -> str:
    """An instant as part of a cursor: microseconds since 1970."""
    return str((at - _EPOCH) // timedelta(microseconds=1))


def instant_of(cursor: str) -> datetime:
    """What `instant_cursor` made. Raises: CursorMalformed."""
    if not cursor.isascii() or not cursor.isdigit() or len(cursor) > 17:
        raise CursorMalformed()
    return _EPOCH + timedelta(microseconds=int(cursor))


def seen_cursor(at: datetime, id: UUID) -> str:
    """A cursor of a list by moment and id: the last one seen."""
    return f"{instant_cursor(at)}.{id}"


def seen_of(cursor: str | None) -> tuple[datetime, UUID] | None:
    """What `seen_cursor` made. Raises: CursorMalformed."""
    if cursor is None:
        return None
    instant, _, last = cursor.partition(".")
    id = id_cursor(last)
    if id is None:
        raise CursorMalformed()
    return instant_of(instant), id


class Body(BaseModel):
    """A request body: unknown fields are refused, and numbers that are none (NaN, infinity)."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class PointBody(Body):
    """A place: degrees, longitude first, in a named coordinate system."""

    lon: Longitude
    lat: Latitude
    system: System = System.WGS84

    def value(self) -> Point:
        """As the domain knows it."""
        return Point(self.lon, self.lat, self.system)


class FixBody(Body):
    """What a phone says of where it is; `accuracy_m` is its own claim.

    Without `system` it speaks that of its profile when it is a paired phone, else WGS-84.
    """

    lon: Longitude
    # Wider than latitudes are: what a phone with swapped axes says is worth knowing.
    lat: Annotated[float, Field(ge=-180, le=180)]
    system: System | None = None
    accuracy_m: Annotated[float, Field(ge=0, le=100_000)]
    observed_at: Instant
    mock: bool = False
    device: ShortText | None = None
    source: Literal["browser", "android", "owntracks", "osmand", "gpsd", "wechat"] | None = None
    speed_mps: Annotated[float, Field(ge=0, le=1000)] | None = None
    bearing_deg: Annotated[float, Field(ge=0, le=360)] | None = None
    altitude_m: Annotated[float, Field(ge=-1000, le=20_000)] | None = None

    def value(self, profile: DeviceProfile) -> Fix:
        """As the domain knows it, said by a device of this profile."""
        return Fix(
            lon=self.lon,
            lat=self.lat,
            system=self.system or profile.system,
            accuracy_m=Metres(self.accuracy_m),
            observed_at=self.observed_at,
            mock=self.mock,
            source=self.source or profile.app,
            device=self.device,
            speed_mps=self.speed_mps,
            bearing_deg=self.bearing_deg,
            altitude_m=self.altitude_m,
            accuracy_level=profile.accuracy_level,
            read_as=profile.read_as,
        )


class Answer(BaseModel):
    """A response body, built from a dataclass of the same field names."""

    model_config = ConfigDict(from_attributes=True)


Item = TypeVar("Item")


class Page(BaseModel, Generic[Item]):
    """A list and where it goes on."""

    items: list[Item]
    next: str | None = None
