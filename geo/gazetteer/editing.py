# SPDX-License-Identifier: Apache-2.0
"""Changing the gazetteer by hand: places, their names, and going back to an older version."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from geo.accounts.rules import Actor, may
from geo.clock import civil_date
from geo.crs import Point, to_wgs84
from geo.errors import IdReused
from geo.gazetteer.actions import further
from geo.gazetteer.address import canonical, plate_number
from geo.gazetteer.entries import (
    Entry,
    HouseIncomplete,
    Name,
    NameAbsent,
    NameKind,
    Place,
    PlaceNotFound,
    PlaceOfPlan,
    PlaceOutside,
    Version,
    VersionKind,
    checked_name,
    distinct,
    names_of,
)
from geo.gazetteer.homes import homes_of
from geo.gazetteer.places import place
from geo.gazetteer.queries import cells_at
from geo.gazetteer.rules import PlaceKind
from geo.gazetteer.versions import current, go_back, history, take_turn, write_version
from geo.hierarchy import queries as hierarchy

_GIVEN_BY_PLAN = {PlaceKind.AREA}


def add_place(
    session: Session,
    *,
    actor: Actor,
    id: UUID,
    kind: PlaceKind,
    name: str,
    point: Point,
    at: datetime,
    street: str | None = None,
    estate: str | None = None,
    number: str | None = None,
    aliases: Sequence[str] = (),
    misspellings: Sequence[str] = (),
) -> tuple[Place, bool]:
    """Add a place; True when it is new. A house has the number of a street or an estate.

    Raises: NotAllowed, OutOfScope, NameUnusable, HouseIncomplete, PlaceOutside, PointOutOfRange,
    PlaceOfPlan, IdReused.  Records: GazetteerChanged.
    """
    lon, lat, area = _located(session, actor, point, at)
    may(actor, "places.write", area=area)
    own = checked_name(name)
    if kind in _GIVEN_BY_PLAN:
        raise PlaceOfPlan(place=own)
    entry = Entry(
        kind,
        own,
        lon,
        lat,
        names=names_of(
            own,
            aliases=map(checked_name, aliases),
            misspellings=map(checked_name, misspellings),
        ),
    )
    entry = _addressed(entry, street, estate, number)
    take_turn(session, actor.district)
    past = history(session, actor.district, id)
    if past:
        first = past[-1]
        if first.entry != entry or first.version.by != actor.signature:
            raise IdReused(id=id)
        return place(session, actor.district, id), False
    homes = homes_of(session, actor.district, [entry])
    _write(session, actor, {id: entry, **homes}, name=own, area=area, at=at)
    return place(session, actor.district, id), True


def change_place(
    session: Session,
    *,
    actor: Actor,
    id: UUID,
    at: datetime,
    name: str | None = None,
    point: Point | None = None,
    street: str | None = None,
    estate: str | None = None,
    number: str | None = None,
) -> Place:
    """Rename, move or renumber a place (None keeps). Its old name remains a further one.

    Raises: NotAllowed, OutOfScope, PlaceNotFound, PlaceOfPlan, NameUnusable, HouseIncomplete,
    PlaceOutside, PointOutOfRange.  Records: GazetteerChanged.
    """
    before = _of(session, actor, id, "places.write", at).entry
    if before.kind in _GIVEN_BY_PLAN:
        raise PlaceOfPlan(place=before.label)
    entry, area = before, None
    if name is not None:
        own = checked_name(name)
        names = distinct([Name(own, NameKind.NAME), *further(before.names)])
        entry = replace(entry, label=own, names=names)
    if point is not None:
        lon, lat, area = _located(session, actor, point, at)
        may(actor, "places.write", area=area)
        entry = replace(entry, lon=lon, lat=lat)
    if street is not None or estate is not None or number is not None:
        entry = _addressed(
            entry,
            before.street if street is None else street,
            before.estate if estate is None else estate,
            before.number if number is None else number,
        )
    _write(session, actor, {id: entry}, name=entry.label, area=area, at=at)
    return place(session, actor.district, id)


def retire_place(session: Session, *, actor: Actor, id: UUID, at: datetime) -> None:
    """Take a place out: it is found no more; what was is kept and can be gone back to.

    Raises: NotAllowed, OutOfScope, PlaceNotFound, PlaceOfPlan.  Records: GazetteerChanged.
    """
    before = _of(session, actor, id, "places.write", at).entry
    if before.kind in _GIVEN_BY_PLAN:
        raise PlaceOfPlan(place=before.label)
    _write(session, actor, {id: None}, name=before.label, area=None, at=at)


def add_name(
    session: Session, *, actor: Actor, id: UUID, name: str, kind: NameKind, at: datetime
) -> Place:
    """Know a place by one more name. Said again it stays as it is.

    Raises: NotAllowed, OutOfScope, PlaceNotFound, NameUnusable.  Records: GazetteerChanged.
    """
    before = _of(session, actor, id, "places.name", at).entry
    more = Name(checked_name(name), kind)
    if more.key not in {known.key for known in before.names}:
        entry = replace(before, names=distinct([*before.names, more]))
        _write(session, actor, {id: entry}, name=before.label, area=None, at=at)
    return place(session, actor.district, id)


def drop_name(session: Session, *, actor: Actor, id: UUID, name: str, at: datetime) -> Place:
    """Forget an alias or a misspelling of a place.

    Raises: NotAllowed, OutOfScope, PlaceNotFound, NameAbsent.  Records: GazetteerChanged.
    """
    before = _of(session, actor, id, "places.name", at).entry
    key = canonical(name)
    kept = tuple(known for known in before.names if known.key != key or known.kind is NameKind.NAME)
    if kept == before.names:
        raise NameAbsent(name=name[:100])
    entry = replace(before, names=kept)
    _write(session, actor, {id: entry}, name=before.label, area=None, at=at)
    return place(session, actor.district, id)


def restore_version(session: Session, *, actor: Actor, number: int, at: datetime) -> Version:
    """Make the gazetteer what it was in an older version; that becomes the newest one.

    Raises: NotAllowed, OutOfScope, VersionNotFound, NothingNew.  Records: GazetteerChanged.
    """
    may(actor, "gazetteer.restore")
    return go_back(session, actor.district, number, by=actor.signature, at=at, origin=actor.origin)


def _of(session: Session, actor: Actor, id: UUID, verb: str, at: datetime) -> Place:
    """A place that the actor may do this to, kept from everybody else until the commit.

    Raises: PlaceNotFound, NotAllowed, OutOfScope.
    """
    take_turn(session, actor.district)
    found = current(session, actor.district, [id]).get(id)
    if found is None:
        raise PlaceNotFound(place=str(id))
    may(actor, verb, area=_cell(session, actor, found.lon, found.lat, at))
    return place(session, actor.district, id)


def _located(
    session: Session, actor: Actor, point: Point, at: datetime
) -> tuple[float, float, str]:
    """Degrees on the grid and the cell of a point. Raises: PointOutOfRange, PlaceOutside."""
    lon, lat = (round(degree, 7) for degree in to_wgs84(point))
    cell = _cell(session, actor, lon, lat, at)
    if cell is None:
        raise PlaceOutside(lon=lon, lat=lat)
    return lon, lat, cell


def _cell(session: Session, actor: Actor, lon: float, lat: float, at: datetime) -> str | None:
    district = hierarchy.district(session, actor.district)
    plan = hierarchy.plan_in_force(session, district.code, civil_date(at, district.time_zone))
    (cell,) = cells_at(session, district.code, plan.id, [(lon, lat)])
    return cell


def _addressed(entry: Entry, street: str | None, estate: str | None, number: str | None) -> Entry:
    """An entry with its keys: of a street or an estate its own, of a house where it belongs."""
    digits = plate_number(number) if number else None
    home = canonical(street or "") or None, canonical(estate or "") or None
    is_house = entry.kind is PlaceKind.BUILDING
    if (number and (digits is None or not is_house)) or (digits and not any(home)):
        raise HouseIncomplete(number=(number or "")[:40])
    if entry.kind is PlaceKind.STREET:
        # Houses go on by the key that they know, whatever the street is called by now.
        return replace(entry, street=entry.street or canonical(entry.label))
    if entry.kind is PlaceKind.ESTATE:
        return replace(entry, estate=entry.estate or canonical(entry.label))
    if not is_house:
        return entry
    entry = replace(entry, street=home[0], estate=home[1], number=digits)
    said = street or estate or ""
    if digits is None or plate_number(entry.label) != digits:
        return entry
    # 10号楼 alone names no house: it is shown with its street, and found by its number.
    names = tuple(name for name in entry.names if plate_number(name.text) != digits)
    return replace(entry, label=f"{said}{entry.label}", names=names)


def _write(
    session: Session,
    actor: Actor,
    wanted: Mapping[UUID, Entry | None],
    *,
    name: str,
    area: str | None,
    at: datetime,
) -> None:
    write_version(
        session,
        actor.district,
        wanted,
        kind=VersionKind.EDIT,
        source=name,
        by=actor.signature,
        origin=actor.origin,
        at=at,
        area=area,
    )
