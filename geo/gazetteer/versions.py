# SPDX-License-Identifier: Apache-2.0
"""Versions of the gazetteer: every change makes one, and any can be gone back to.

What a version made of each place it touched is kept for good (`place_state`); the tables that are
searched hold the newest state alone.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import ColumnElement, Uuid, any_, cast, delete, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on, insert
from sqlalchemy.orm import Session

from geo.bulk import copy_rows
from geo.columns import Origin
from geo.gazetteer.entries import (
    Entry,
    GazetteerChanged,
    NothingNew,
    PlaceState,
    Stretch,
    Version,
    VersionKind,
    VersionNotFound,
)
from geo.gazetteer.rules import PlaceKind
from geo.gazetteer.tables import (
    GazetteerVersionRow,
    PlaceNameRow,
    PlaceRow,
    PlaceStateRow,
    StreetRow,
)
from geo.hierarchy.tables import DistrictRow
from geo.ids import DistrictCode
from geo.outbox import record

_PATIENCE = text("set local idle_in_transaction_session_timeout = '15min'")

Wanted = Mapping[UUID, Entry | None]


def be_patient(session: Session) -> None:
    """Let this transaction work for a while between two statements: places may be many."""
    session.execute(_PATIENCE)


def take_turn(session: Session, district: DistrictCode) -> None:
    """Wait for whoever is changing this gazetteer; until the commit nobody else does.

    Whoever writes what he has read takes his turn first: what is read after it stays true.
    """
    # Check-ins and all else that refers to the row do not wait.
    session.execute(
        select(DistrictRow.code).where(DistrictRow.code == district).with_for_update(key_share=True)
    )


def write_version(
    session: Session,
    district: DistrictCode,
    wanted: Wanted,
    *,
    kind: VersionKind,
    source: str,
    by: str,
    at: datetime,
    origin: Origin = Origin.REAL,
    restored: int | None = None,
    told: bool = True,
    area: str | None = None,
) -> Version | None:
    """Make places what is wanted of them (None: retired), as one version; None: nothing changes.

    `told` says whether it becomes an event; `area` is the one that event belongs to. What is wanted
    was made out after `take_turn`, or from nothing that the gazetteer held.

    Records: GazetteerChanged.
    """
    take_turn(session, district)
    before = current(session, district, list(wanted))
    fresh = {id: entry for id, entry in wanted.items() if before.get(id) != entry}
    if not fresh:
        return None
    version = Version(
        number=1 + (_newest(session, district) or 0),
        id=uuid4(),
        kind=kind,
        source=source,
        at=at,
        by=by,
        origin=origin,
        added=sum(id not in before and entry is not None for id, entry in fresh.items()),
        changed=sum(id in before and entry is not None for id, entry in fresh.items()),
        retired=sum(entry is None for entry in fresh.values()),
        restored=restored,
    )
    session.execute(
        insert(GazetteerVersionRow).values(
            {**asdict(version), "district": district, "kind": kind.value, "origin": origin.value}
        )
    )
    _apply(session, district, version.number, before, fresh)
    if told:
        record(session, _event(district, version, fresh, area))
    return version


def current(
    session: Session, district: DistrictCode, ids: Sequence[UUID] | None = None
) -> dict[UUID, Entry]:
    """The places that there are, or those of them with these ids."""
    return _states(session, district, ids, upto=None)


def go_back(
    session: Session,
    district: DistrictCode,
    number: int,
    *,
    by: str,
    at: datetime,
    origin: Origin = Origin.REAL,
) -> Version:
    """Make the gazetteer what it was in an older version; that becomes the newest one.

    Raises: VersionNotFound, NothingNew.  Records: GazetteerChanged.
    """
    be_patient(session)
    take_turn(session, district)
    made = write_version(
        session,
        district,
        _restored_to(session, district, number),
        kind=VersionKind.RESTORE,
        source="",
        by=by,
        at=at,
        origin=origin,
        restored=number,
    )
    if made is None:
        raise NothingNew(version=number)
    return made


def _restored_to(session: Session, district: DistrictCode, number: int) -> dict[UUID, Entry | None]:
    """What going back to a version makes of every place touched since. Raises: VersionNotFound."""
    version(session, district, number)
    touched = list(
        session.scalars(
            select(PlaceStateRow.place)
            .where(PlaceStateRow.district == district, PlaceStateRow.version > number)
            .distinct()
        )
    )
    then = _states(session, district, touched, upto=number)
    return {id: then.get(id) for id in touched}


def versions(
    session: Session, district: DistrictCode, *, before: int | None = None, limit: int = 100
) -> list[Version]:
    """The versions of a district, newest first, at most `limit` with numbers under `before`."""
    query = select(GazetteerVersionRow).where(GazetteerVersionRow.district == district)
    if before is not None:
        query = query.where(GazetteerVersionRow.number < before)
    rows = session.scalars(query.order_by(GazetteerVersionRow.number.desc()).limit(limit))
    return [_version(row) for row in rows]


def version(session: Session, district: DistrictCode, number: int) -> Version:
    """One version. Raises: VersionNotFound."""
    row = session.get(GazetteerVersionRow, (district, number))
    if row is None:
        raise VersionNotFound(version=number)
    return _version(row)


def history(session: Session, district: DistrictCode, place: UUID) -> list[PlaceState]:
    """Every state of a place, the newest first, with the version that made it."""
    rows = session.execute(
        select(GazetteerVersionRow, PlaceStateRow.state)
        .join(
            PlaceStateRow,
            (PlaceStateRow.district == GazetteerVersionRow.district)
            & (PlaceStateRow.version == GazetteerVersionRow.number),
        )
        .where(PlaceStateRow.district == district, PlaceStateRow.place == place)
        .order_by(PlaceStateRow.version.desc())
    )
    return [
        PlaceState(_version(row), None if state is None else Entry.from_fields(state))
        for row, state in rows
    ]


def stretches_of(lines: Iterable[tuple[str, str, BaseGeometry]]) -> tuple[Stretch, ...]:
    """Stretches of a street from (id, kind, line), in the order of their ids."""
    return tuple(
        Stretch(id, kind, _plain(shapely.geometry.mapping(line)))
        for id, kind, line in sorted(lines, key=lambda one: one[0])
    )


def _apply(
    session: Session,
    district: DistrictCode,
    number: int,
    before: Mapping[UUID, Entry],
    fresh: Wanted,
) -> None:
    replaced = [id for id in fresh if id in before]
    if replaced:
        session.execute(
            delete(PlaceRow).where(PlaceRow.district == district, _among(PlaceRow.id, replaced))
        )
    old_streets = {
        entry.street
        for id, entry in before.items()
        if id in fresh and entry.kind is PlaceKind.STREET and entry.stretches
    }
    if old_streets:
        session.execute(
            delete(StreetRow).where(StreetRow.district == district, StreetRow.name.in_(old_streets))
        )
    there = [(id, entry) for id, entry in fresh.items() if entry is not None]
    copy_rows(
        session,
        PlaceRow,
        [
            {
                "district": district,
                "id": id,
                "kind": entry.kind.value,
                "label": entry.label,
                "street": entry.street,
                "estate": entry.estate,
                "number": entry.number,
                "point": shapely.Point(entry.lon, entry.lat),
                "version": number,
            }
            for id, entry in there
        ],
    )
    copy_rows(
        session,
        PlaceNameRow,
        [
            {"district": district, "place": id, "name": name.key, "kind": name.kind.value}
            for id, entry in there
            for name in entry.names
        ],
    )
    copy_rows(
        session,
        StreetRow,
        [
            {
                "district": district,
                "id": stretch.id,
                "name": entry.street,
                "kind": stretch.kind,
                "line": shapely.geometry.shape(dict(stretch.line)),
            }
            for _, entry in there
            for stretch in entry.stretches
        ],
    )
    copy_rows(
        session,
        PlaceStateRow,
        [
            {
                "district": district,
                "place": id,
                "version": number,
                "state": None if entry is None else entry.as_fields(),
            }
            for id, entry in fresh.items()
        ],
    )


def _states(
    session: Session, district: DistrictCode, ids: Sequence[UUID] | None, *, upto: int | None
) -> dict[UUID, Entry]:
    query = (
        select(PlaceStateRow.place, PlaceStateRow.state)
        .where(PlaceStateRow.district == district)
        .ext(distinct_on(PlaceStateRow.place))
        .order_by(PlaceStateRow.place, PlaceStateRow.version.desc())
    )
    if ids is not None:
        query = query.where(_among(PlaceStateRow.place, ids))
    if upto is not None:
        query = query.where(PlaceStateRow.version <= upto)
    return {
        place: Entry.from_fields(state)
        for place, state in session.execute(query)
        if state is not None
    }


def _among(column: Any, ids: Sequence[UUID]) -> ColumnElement[bool]:
    # One array, however many there are: a statement takes 65,535 single values.
    among: ColumnElement[bool] = column == any_(cast(list(ids), ARRAY(Uuid)))
    return among


def _newest(session: Session, district: DistrictCode) -> int | None:
    return session.scalar(
        select(func.max(GazetteerVersionRow.number)).where(GazetteerVersionRow.district == district)
    )


def _event(
    district: DistrictCode, version: Version, fresh: Wanted, area: str | None
) -> GazetteerChanged:
    return GazetteerChanged(
        id=version.id,
        district=district,
        at=version.at,
        actor=version.by,
        origin=version.origin,
        area=area,
        body={
            "id": str(version.id),
            "number": version.number,
            "what": version.kind.value,
            "source": version.source,
            "added": version.added,
            "changed": version.changed,
            "retired": version.retired,
            "restored": version.restored,
            # A single place is named, so that its history can be read here too.
            "place": str(next(iter(fresh))) if len(fresh) == 1 else None,
        },
    )


def _version(row: GazetteerVersionRow) -> Version:
    return Version(
        number=row.number,
        id=row.id,
        kind=VersionKind(row.kind),
        source=row.source,
        at=row.at,
        by=row.by,
        origin=Origin(row.origin),
        added=row.added,
        changed=row.changed,
        retired=row.retired,
        restored=row.restored,
    )


def _plain(mapping: Any) -> dict[str, Any]:
    """Tuples as lists: what is stored as JSON and read back is to be equal."""

    def listed(value: Any) -> Any:
        return [listed(part) for part in value] if isinstance(value, tuple | list) else value

    return {"type": mapping["type"], "coordinates": listed(mapping["coordinates"])}
