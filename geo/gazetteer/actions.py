# SPDX-License-Identifier: Apache-2.0
"""Filling the gazetteer of a district from its layers."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

import shapely
import shapely.ops
from shapely.geometry.base import BaseGeometry
from sqlalchemy import delete
from sqlalchemy.orm import Session

from geo.accounts.rules import SYSTEM_ACTOR
from geo.bulk import copy_rows
from geo.columns import Origin
from geo.crs import on_grid
from geo.gazetteer.address import canonical, canonical_number
from geo.gazetteer.entries import Entry, NameKind, Names, VersionKind, distinct, names_of, place_id
from geo.gazetteer.rules import Landmark, PlaceKind, Street, Terrain
from geo.gazetteer.tables import StreetRow, TerrainRow
from geo.gazetteer.versions import be_patient, current, stretches_of, take_turn, write_version
from geo.hierarchy.rules import Area, Building
from geo.ids import CODE_LENGTH, DistrictCode, Level

_Made = tuple[UUID, Entry]


def install_places(
    session: Session,
    *,
    district: DistrictCode,
    at: datetime,
    buildings: Sequence[Building] = (),
    streets: Sequence[Street] = (),
    landmarks: Sequence[Landmark] = (),
    areas: Sequence[Area] = (),
    terrain: Sequence[Terrain] = (),
    by: str = SYSTEM_ACTOR,
    origin: Origin = Origin.REAL,
) -> int:
    """Fill the gazetteer of a district in place of what it held; answers how many places.

    Buildings become addresses (彩虹街10号楼); estates and streets become places of their own; areas
    are known by their names and aliases. Geometry in WGS-84 degrees. What comes with a district is
    told by the event of its plan.
    """
    be_patient(session)
    take_turn(session, district)
    session.execute(delete(TerrainRow).where(TerrainRow.district == district))
    # A stretch without a name is drawn and walked on, and nobody asks for it.
    session.execute(delete(StreetRow).where(StreetRow.district == district, StreetRow.name == ""))
    copy_rows(
        session,
        StreetRow,
        [
            {
                "district": district,
                "id": street.id,
                "name": "",
                "kind": street.kind,
                "line": on_grid(street.line),
            }
            for street in streets
            if not canonical(street.name)
        ],
    )
    copy_rows(
        session,
        TerrainRow,
        [
            {
                "district": district,
                "kind": piece.kind.value,
                "name": piece.name,
                "sort": piece.sort,
                "shape": on_grid(piece.shape),
            }
            for piece in terrain
        ],
    )
    made = dict(
        [
            *_buildings(district, buildings),
            *_estates(district, buildings, areas),
            *_streets(district, streets, buildings),
            *_landmarks(district, landmarks),
            *_areas(district, areas),
        ]
    )
    gone = dict.fromkeys(current(session, district).keys() - made.keys())
    write_version(
        session,
        district,
        {**made, **gone},
        kind=VersionKind.INSTALL,
        source="",
        by=by,
        at=at,
        origin=origin,
        told=False,
    )
    return len(made)


def install_area_names(
    session: Session, *, district: DistrictCode, areas: Sequence[Area], at: datetime, by: str
) -> None:
    """Know the areas of a plan by their names; everything else that is known stays.

    A name that an area had before is a further name of it: people go on saying it.
    """
    take_turn(session, district)
    there = {
        id: entry
        for id, entry in current(session, district).items()
        if entry.kind is PlaceKind.AREA
    }
    made: dict[UUID, Entry | None] = {}
    for id, entry in _areas(district, areas):
        before = there.get(id)
        made[id] = entry if before is None else _with_names(entry, further(before.names))
    write_version(
        session,
        district,
        made,
        kind=VersionKind.PLAN,
        source="",
        by=by,
        at=at,
        told=False,
    )


def _buildings(district: DistrictCode, buildings: Iterable[Building]) -> Iterator[_Made]:
    for building in buildings:
        label = f"{building.street or building.estate}{building.name}" or building.id
        number = canonical_number(building.number)
        lon, lat = _lon_lat(building.footprint.representative_point())
        yield (
            place_id(district, PlaceKind.BUILDING, building.id),
            Entry(
                PlaceKind.BUILDING,
                label,
                lon,
                lat,
                street=canonical(building.street) or None,
                estate=canonical(building.estate) or None,
                number=number,
                # Numbers are found by street or estate; a name of its own has no number in it.
                names=() if number is not None else names_of(building.name, aliases=[label]),
            ),
        )


def _estates(
    district: DistrictCode, buildings: Iterable[Building], areas: Iterable[Area]
) -> Iterator[_Made]:
    # Two communities may each have an estate of the same name: they are two places.
    parts: dict[tuple[str, str], list[BaseGeometry]] = defaultdict(list)
    homes: dict[str, set[str]] = defaultdict(set)
    for building in buildings:
        if building.estate:
            community = building.cell[: CODE_LENGTH[Level.COMMUNITY]]
            parts[building.estate, community].append(building.footprint)
            homes[building.estate].add(community)
    names: dict[str, str] = {area.code: area.name for area in areas}
    for (estate, community), footprints in sorted(parts.items(), key=lambda item: item[0]):
        alone = len(homes[estate]) == 1
        label = estate if alone else f"{estate}（{names.get(community) or community}）"
        lon, lat = _lon_lat(shapely.GeometryCollection(footprints).centroid)
        yield (
            place_id(district, PlaceKind.ESTATE, f"{estate}/{community}"),
            Entry(
                PlaceKind.ESTATE,
                label,
                lon,
                lat,
                estate=canonical(estate),
                names=names_of(estate),
            ),
        )


def _streets(
    district: DistrictCode, streets: Iterable[Street], buildings: Iterable[Building]
) -> Iterator[_Made]:
    lines: dict[str, list[tuple[str, str, BaseGeometry]]] = defaultdict(list)
    said: dict[str, str] = {}
    for street in streets:
        if canonical(street.name):
            said.setdefault(canonical(street.name), street.name)
            lines[canonical(street.name)].append((street.id, street.kind, on_grid(street.line)))
    # A street that is known by its houses alone is known all the same.
    homes: dict[str, list[BaseGeometry]] = defaultdict(list)
    for building in buildings:
        if canonical(building.street) and canonical(building.street) not in lines:
            said.setdefault(canonical(building.street), building.street)
            homes[canonical(building.street)].append(building.footprint)
    for key, name in sorted(said.items(), key=lambda item: item[1]):
        whole = shapely.union_all([line for _, _, line in lines[key]] or homes[key])
        middle = shapely.ops.nearest_points(whole, whole.centroid)[0]
        lon, lat = _lon_lat(middle)
        yield (
            place_id(district, PlaceKind.STREET, name),
            Entry(
                PlaceKind.STREET,
                name,
                lon,
                lat,
                street=key,
                names=names_of(name),
                stretches=stretches_of(lines[key]),
            ),
        )


def _landmarks(district: DistrictCode, landmarks: Iterable[Landmark]) -> Iterator[_Made]:
    for landmark in landmarks:
        lon, lat = _lon_lat(shapely.Point(landmark.lon, landmark.lat))
        yield (
            place_id(district, PlaceKind.LANDMARK, landmark.id),
            Entry(
                PlaceKind.LANDMARK,
                landmark.name,
                lon,
                lat,
                names=names_of(landmark.name, aliases=landmark.aliases),
            ),
        )


def _areas(district: DistrictCode, areas: Iterable[Area]) -> Iterator[_Made]:
    for area in areas:
        # The building groups of every cell are called the same: 第1楼栋组 is no place to go to.
        if area.level is Level.BUILDING_GROUP or area.boundary is None:
            continue
        lon, lat = _lon_lat(area.boundary.representative_point())
        yield (
            place_id(district, PlaceKind.AREA, area.code),
            Entry(
                PlaceKind.AREA,
                area.name,
                lon,
                lat,
                names=names_of(area.name, aliases=area.aliases),
            ),
        )


def further(names: Names) -> Names:
    """Names that a place keeps when it gets another own one."""
    return tuple(
        replace(name, kind=NameKind.ALIAS) if name.kind is NameKind.NAME else name for name in names
    )


def _with_names(entry: Entry, names: Names) -> Entry:
    return replace(entry, names=distinct([*entry.names, *names]))


def _lon_lat(point: BaseGeometry) -> tuple[float, float]:
    placed = on_grid(point)
    (lon, lat), *_ = placed.coords
    return lon, lat
