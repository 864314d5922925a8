# SPDX-License-Identifier: Apache-2.0
"""Places of a file into the gazetteer: those it has are changed, the others added, none taken out.

A row is a place that is there already when it has the file's own id of it, the same number of the
same street or estate, or one of its names; of several that are called alike the near one.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from geo.crs import metres
from geo.gazetteer.actions import further
from geo.gazetteer.entries import Entry, NameKind, Stretch, Version, VersionKind, distinct, place_id
from geo.gazetteer.homes import homes_of
from geo.gazetteer.rules import PlaceKind
from geo.gazetteer.versions import be_patient, current, stretches_of, take_turn, write_version
from geo.hierarchy.rules import District
from geo.ids import DistrictCode
from geo.units import Metres

# The same number further away than this is another house: two estates may share a name.
ONE_HOUSE = Metres(300.0)
# An estate or a landmark is drawn here by its gate and there by its middle.
ONE_PLACE = Metres(800.0)


@dataclass(frozen=True)
class NewPlace:
    """A place that comes in; `id` is its source's own, `lines` a street's, each with its class."""

    entry: Entry
    id: str = ""
    lines: tuple[tuple[str, BaseGeometry], ...] = ()


@dataclass(frozen=True)
class Outcome:
    """What came of an import; `version` is None when everything was there already."""

    version: Version | None
    doubled: int
    homes: int


def bring_places(
    session: Session,
    district: District,
    coming: Sequence[NewPlace],
    *,
    source: str,
    by: str,
    at: datetime,
) -> Outcome:
    """Bring places in as one version. Records: GazetteerChanged."""
    be_patient(session)
    take_turn(session, district.code)
    known = _Known(district, current(session, district.code))
    wanted: dict[UUID, Entry | None] = {}
    doubled = 0
    for new in coming:
        entry = known.addressed(new.entry)
        id = known.find(entry, new.id) or _new_id(district.code, entry, new.id)
        before = known.entries.get(id)
        doubled += id in wanted
        if new.lines:
            entry = replace(entry, stretches=_stretches(id, new.lines))
        merged = entry if before is None else _merged(before, entry)
        known.put(id, merged)
        wanted[id] = merged
    homes = homes_of(session, district.code, [one for one in wanted.values() if one is not None])
    homes = {id: entry for id, entry in homes.items() if not known.has_home(entry)}
    version = write_version(
        session,
        district.code,
        {**wanted, **homes},
        kind=VersionKind.IMPORT,
        source=source,
        by=by,
        at=at,
    )
    return Outcome(version, doubled, len(homes))


class _Known:
    """The places that there are, found by what rows say of them."""

    def __init__(self, district: District, entries: dict[UUID, Entry]) -> None:
        self.district = district
        self.entries = dict(entries)
        self.places: dict[UUID, tuple[float, float]] = {}
        self.houses: dict[tuple[str, str, str], list[UUID]] = defaultdict(list)
        self.named: dict[tuple[PlaceKind, str], list[UUID]] = defaultdict(list)
        if entries:
            lon, lat = np.array([(one.lon, one.lat) for one in entries.values()]).T
            spots = np.column_stack(metres(lon, lat, district.metric_srid)).tolist()
            for (id, entry), spot in zip(entries.items(), spots, strict=True):
                self.places[id] = (spot[0], spot[1])
                self._index(id, entry)

    def addressed(self, entry: Entry) -> Entry:
        """A house under the keys of its street and estate, by whatever name it calls them."""
        if entry.kind is not PlaceKind.BUILDING:
            return entry
        street = self._key(PlaceKind.STREET, entry.street)
        estate = self._key(PlaceKind.ESTATE, entry.estate)
        return replace(entry, street=street, estate=estate)

    def find(self, entry: Entry, said: str) -> UUID | None:
        """The place that this is; None when there is none."""
        if said and (id := place_id(self.district.code, entry.kind, said)) in self.entries:
            return id
        if entry.number is not None:
            alike = [
                id
                for kind, key in (("street", entry.street), ("estate", entry.estate))
                if key
                for id in self.houses.get((kind, key, entry.number), ())
                if self._agrees(id, entry)
            ]
            return self._nearest(alike, entry, ONE_HOUSE)
        own = [name.key for name in entry.names if name.kind is NameKind.NAME]
        alike = [id for key in own for id in self.named.get((entry.kind, key), ())]
        reach = Metres(float("inf")) if entry.kind is PlaceKind.STREET else ONE_PLACE
        return self._nearest(alike, entry, reach)

    def put(self, id: UUID, entry: Entry) -> None:
        """A place is there from now on, or otherwise than before."""
        self.entries[id] = entry
        x, y = metres(entry.lon, entry.lat, self.district.metric_srid)
        self.places[id] = (float(x), float(y))
        self._index(id, entry)

    def has_home(self, home: Entry) -> bool:
        """Whether a street or an estate of this key has come in meanwhile."""
        return bool(self._of_key(home.kind, home.street or home.estate or ""))

    def _key(self, kind: PlaceKind, said: str | None) -> str | None:
        if said is None or self._of_key(kind, said):
            return said
        for id in self.named.get((kind, said), ()):
            found = self.entries[id]
            return found.street if kind is PlaceKind.STREET else found.estate
        return said

    def _of_key(self, kind: PlaceKind, key: str) -> list[UUID]:
        return [
            id
            for id in self.named.get((kind, key), ())
            if key in (self.entries[id].street, self.entries[id].estate)
        ]

    def _agrees(self, id: UUID, entry: Entry) -> bool:
        there = self.entries[id]
        return all(
            one is None or other is None or one == other
            for one, other in ((there.street, entry.street), (there.estate, entry.estate))
        )

    def _nearest(self, ids: Iterable[UUID], entry: Entry, reach: Metres) -> UUID | None:
        x, y = metres(entry.lon, entry.lat, self.district.metric_srid)
        away = sorted(
            (float(np.hypot(self.places[id][0] - x, self.places[id][1] - y)), str(id), id)
            for id in set(ids)
        )
        return away[0][2] if away and away[0][0] <= reach else None

    def _index(self, id: UUID, entry: Entry) -> None:
        if entry.kind is PlaceKind.BUILDING and entry.number is not None:
            for kind, key in (("street", entry.street), ("estate", entry.estate)):
                if key and id not in self.houses[kind, key, entry.number]:
                    self.houses[kind, key, entry.number].append(id)
        for name in entry.names:
            if id not in self.named[entry.kind, name.key]:
                self.named[entry.kind, name.key].append(id)


def _merged(before: Entry, entry: Entry) -> Entry:
    """What is known of a place once a file has told of it."""
    if before.kind is PlaceKind.AREA:
        # Its name and place come from the plan; a file adds what else it is called.
        return replace(before, names=distinct([*before.names, *further(entry.names)]))
    return replace(
        entry,
        street=entry.street or before.street,
        estate=entry.estate or before.estate,
        number=entry.number or before.number,
        names=distinct([*entry.names, *further(before.names)]),
        stretches=entry.stretches or before.stretches,
    )


def _stretches(id: UUID, lines: Sequence[tuple[str, BaseGeometry]]) -> tuple[Stretch, ...]:
    parts = [(kind, part) for kind, line in lines for part in shapely.get_parts(line)]
    return stretches_of(
        (f"{id.hex[:16]}-{number:04d}", kind, part)
        for number, (kind, part) in enumerate(parts, start=1)
    )


def _new_id(district: DistrictCode, entry: Entry, said: str) -> UUID:
    home = f"{entry.street or ''}/{entry.estate or ''}/{entry.number or ''}/{entry.label}"
    key = said or f"{home}@{entry.lon:.3f},{entry.lat:.3f}"
    return place_id(district, entry.kind, key)
