# SPDX-License-Identifier: Apache-2.0
"""What the gazetteer holds of a place, and the versions in which it came to hold it. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import NAMESPACE_URL, UUID, uuid5

from geo.columns import Origin
from geo.errors import Conflict, Invalid, NotFound, WrongState
from geo.gazetteer.address import canonical
from geo.gazetteer.rules import PlaceKind
from geo.ids import DistrictCode
from geo.outbox import Event
from geo.values import value

LONGEST_NAME = 100


class NameKind(StrEnum):
    """How a name belongs to its place."""

    NAME = "name"  # its own
    ALIAS = "alias"  # what people call it besides
    MISSPELLING = "misspelling"  # what they write when they mean it


class VersionKind(StrEnum):
    """What made a version."""

    INSTALL = "install"  # a district was brought in
    PLAN = "plan"  # areas of a plan got or changed their names
    IMPORT = "import"
    EDIT = "edit"
    RESTORE = "restore"  # an older version was gone back to


@dataclass(frozen=True)
class Name:
    """A name as people write it; `key` is the spelling in which it is searched for."""

    text: str
    kind: NameKind

    @property
    def key(self) -> str:
        """The spelling that texts are compared in; empty when there is nothing to compare."""
        return canonical(self.text)


Names = tuple[Name, ...]


@dataclass(frozen=True)
class Stretch:
    """A stretch of a street: its line as GeoJSON coordinates."""

    id: str
    kind: str
    line: Mapping[str, Any]


@dataclass(frozen=True)
class Entry:
    """All that is known of a place. WGS-84 degrees.

    `street` and `estate` are the keys that houses are found by: of a house those it belongs to, of
    a street or an estate its own. `number` is a house's, in digits. A street has its stretches.
    """

    kind: PlaceKind
    label: str
    lon: float
    lat: float
    street: str | None = None
    estate: str | None = None
    number: str | None = None
    names: tuple[Name, ...] = ()
    stretches: tuple[Stretch, ...] = ()

    def as_fields(self) -> dict[str, Any]:
        """JSON values; `from_fields` takes them back."""
        # Spelled out: asdict takes minutes for hundreds of thousands.
        return {
            "kind": self.kind.value,
            "label": self.label,
            "lon": self.lon,
            "lat": self.lat,
            "street": self.street,
            "estate": self.estate,
            "number": self.number,
            "names": [{"text": name.text, "kind": name.kind.value} for name in self.names],
            "stretches": [
                {"id": one.id, "kind": one.kind, "line": one.line} for one in self.stretches
            ],
        }

    @classmethod
    def from_fields(cls, said: Mapping[str, Any]) -> "Entry":
        """What `as_fields` made."""
        return cls(
            kind=PlaceKind(said["kind"]),
            label=said["label"],
            lon=said["lon"],
            lat=said["lat"],
            street=said["street"],
            estate=said["estate"],
            number=said["number"],
            names=tuple(Name(one["text"], NameKind(one["kind"])) for one in said["names"]),
            stretches=tuple(
                Stretch(one["id"], one["kind"], one["line"]) for one in said["stretches"]
            ),
        )


@dataclass(frozen=True)
class Place:
    """A place of the gazetteer. `version` is the one that it last changed in."""

    id: UUID
    entry: Entry
    version: int


@dataclass(frozen=True)
class Version:
    """A state of the whole gazetteer, and how it came about. The highest number is in force."""

    number: int
    id: UUID
    kind: VersionKind
    source: str
    at: datetime
    by: str
    origin: Origin
    added: int
    changed: int
    retired: int
    restored: int | None = None


@dataclass(frozen=True)
class PlaceState:
    """What a version made of a place; `entry` is None where it was retired."""

    version: Version
    entry: Entry | None


class PlaceNotFound(NotFound):
    """No such place, or it was retired."""

    code = "place.not_found"


class VersionNotFound(NotFound):
    """The gazetteer has no such version."""

    code = "gazetteer.version_not_found"


class NothingNew(WrongState):
    """It is so already."""

    code = "gazetteer.nothing_new"


class NameUnusable(Invalid):
    """A name without a letter or digit to search for, or a longer one than names are."""

    code = "place.name_unusable"


class NameAbsent(NotFound):
    """The place has no such alias or misspelling; its own name is changed, not taken away."""

    code = "place.name_absent"


class HouseIncomplete(Invalid):
    """A number belongs to a street or an estate, and only a building has one."""

    code = "place.house_incomplete"


class PlaceOfPlan(Conflict):
    """An area's own name and place come from the plan; only further names are added here."""

    code = "place.of_plan"


class PlaceOutside(Invalid):
    """The point lies in no area of the district."""

    code = "place.outside"


@value(kw_only=True)
class GazetteerChanged(Event):
    """Places or their names came, changed or went: who made which version of the gazetteer."""

    kind: ClassVar[str] = "gazetteer.changed"


def names_of(own: str, *, aliases: Iterable[str] = (), misspellings: Iterable[str] = ()) -> Names:
    """Names by their kinds; of several that are searched alike the first one stays."""
    said = [
        Name(own, NameKind.NAME),
        *(Name(alias, NameKind.ALIAS) for alias in aliases),
        *(Name(wrong, NameKind.MISSPELLING) for wrong in misspellings),
    ]
    return distinct(said)


def distinct(names: Iterable[Name]) -> Names:
    """Names with something to search for, each once; the first of those that are alike."""
    kept: dict[str, Name] = {}
    for name in names:
        if name.key:
            kept.setdefault(name.key, name)
    return tuple(kept.values())


def place_id(district: DistrictCode, kind: PlaceKind, key: str) -> UUID:
    """The same source gives the same ids, so that filling again changes nothing."""
    return uuid5(NAMESPACE_URL, f"wangge:place:{district}:{kind}:{key}")


def checked_name(text: str) -> str:
    """A name that can be searched for. Raises: NameUnusable."""
    plain = " ".join(text.split())
    if not any(char.isalnum() for char in canonical(plain)) or len(plain) > LONGEST_NAME:
        raise NameUnusable(name=plain[:LONGEST_NAME], longest=LONGEST_NAME)
    return plain
