# SPDX-License-Identifier: Apache-2.0
"""Filling the gazetteer of a district."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import shapely
import shapely.ops
from shapely.geometry.base import BaseGeometry
from sqlalchemy import delete
from sqlalchemy.orm import Session

from geo.bulk import copy_rows
from geo.crs import on_grid
from geo.gazetteer.address import canonical, canonical_number
from geo.gazetteer.rules import Landmark, PlaceKind, Street, Terrain
from geo.gazetteer.tables import PlaceNameRow, PlaceRow, StreetRow, TerrainRow
from geo.hierarchy.rules import Area, Building
from geo.ids import CODE_LENGTH, DistrictCode, Level

_Named = tuple[dict[str, Any], Iterable[str]]


def install_places(
    session: Session,
    *,
    district: DistrictCode,
    buildings: Sequence[Building] = (),
    streets: Sequence[Street] = (),
    landmarks: Sequence[Landmark] = (),
    areas: Sequence[Area] = (),
    terrain: Sequence[Terrain] = (),
) -> int:
    """Fill the gazetteer of a district in place of what it held; answers how many places.

    Buildings become addresses (彩虹街10号楼); estates and streets become places of their own; areas
    are known by their names and aliases. Geometry in WGS-84 degrees.
    """
    for table in (PlaceRow, StreetRow, TerrainRow):
        session.execute(delete(table).where(table.district == district))
    copy_rows(
        session,
        StreetRow,
        [
            {
                "district": district,
                "id": street.id,
                "name": canonical(street.name),
                "kind": street.kind,
                "line": on_grid(street.line),
            }
            for street in streets
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
    named: list[_Named] = [
        *_buildings(district, buildings),
        *_estates(district, buildings, areas),
        *_streets(district, streets),
        *_landmarks(district, landmarks),
        *_areas(district, areas),
    ]
    copy_rows(session, PlaceRow, [place for place, _ in named])
    copy_rows(
        session,
        PlaceNameRow,
        [
            {"district": district, "place": place["id"], "name": name}
            for place, names in named
            for name in sorted({canonical(name) for name in names} - {""})
        ],
    )
    return len(named)


def _buildings(district: DistrictCode, buildings: Iterable[Building]) -> Iterable[_Named]:
    for building in buildings:
        number = canonical_number(building.number)
        label = f"{building.street or building.estate}{building.name}" or building.id
        place = _place(
            district,
            PlaceKind.BUILDING,
            building.id,
            label,
            building.footprint.representative_point(),
        )
        place["street"] = canonical(building.street) or None
        place["estate"] = canonical(building.estate) or None
        place["number"] = number
        # Numbers are found by street or estate; a name of its own is one without a number in it.
        yield place, [] if number is not None else [building.name, label]


def _estates(
    district: DistrictCode, buildings: Iterable[Building], areas: Iterable[Area]
) -> Iterable[_Named]:
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
        middle = shapely.GeometryCollection(footprints).centroid
        yield _place(district, PlaceKind.ESTATE, f"{estate}/{community}", label, middle), [estate]


def _streets(district: DistrictCode, streets: Iterable[Street]) -> Iterable[_Named]:
    lines: dict[str, list[BaseGeometry]] = defaultdict(list)
    for street in streets:
        if street.name:
            lines[street.name].append(street.line)
    for name, stretches in sorted(lines.items()):
        whole = shapely.union_all(stretches)
        middle = shapely.ops.nearest_points(whole, whole.centroid)[0]
        yield _place(district, PlaceKind.STREET, name, name, middle), [name]


def _landmarks(district: DistrictCode, landmarks: Iterable[Landmark]) -> Iterable[_Named]:
    for landmark in landmarks:
        at = shapely.Point(landmark.lon, landmark.lat)
        place = _place(district, PlaceKind.LANDMARK, landmark.id, landmark.name, at)
        yield place, [landmark.name, *landmark.aliases]


def _areas(district: DistrictCode, areas: Iterable[Area]) -> Iterable[_Named]:
    for area in areas:
        # The building groups of every cell are called the same: 第1楼栋组 is no place to go to.
        if area.level is Level.BUILDING_GROUP or area.boundary is None:
            continue
        at = area.boundary.representative_point()
        place = _place(district, PlaceKind.AREA, area.code, area.name, at)
        yield place, [area.name, *area.aliases]


def _place(
    district: DistrictCode, kind: PlaceKind, key: str, label: str, point: BaseGeometry
) -> dict[str, Any]:
    return {
        "district": district,
        "id": _id(district, kind, key),
        "kind": kind.value,
        "label": label,
        "street": None,
        "estate": None,
        "number": None,
        "point": on_grid(point),
    }


def _id(district: DistrictCode, kind: PlaceKind, key: str) -> UUID:
    # The same source gives the same ids, so that filling again changes nothing.
    return uuid5(NAMESPACE_URL, f"wangge:place:{district}:{kind}:{key}")
