# SPDX-License-Identifier: Apache-2.0
"""A whole district from a folder of shapefiles, in the layout of `data/shapefiles/README.md`."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pyogrio
from pyogrio.errors import DataSourceError
from shapely.geometry.base import BaseGeometry

from geo.gazetteer.rules import Landmark, Street, Terrain, TerrainKind
from geo.hierarchy.rules import Area, Building
from geo.ids import AreaCode, CellCode, CheckpointId, Level, parent_of
from geo.interchange.rules import FieldMissing, FileNotReadable, LayerMissing, ValueBad
from geo.units import Metres

AREA_LAYERS = {
    "district": Level.DISTRICT,
    "subdistricts": Level.SUBDISTRICT,
    "communities": Level.COMMUNITY,
    "cells": Level.CELL,
    "bldggroups": Level.BUILDING_GROUP,
}
TERRAIN_LAYERS = {
    "waters": TerrainKind.WATER,
    "green": TerrainKind.GREEN,
    "railways": TerrainKind.RAILWAY,
}


@dataclass(frozen=True)
class CheckpointSite:
    """A fixed point to check in at. `lon`, `lat` in WGS-84 degrees."""

    id: CheckpointId
    cell: CellCode
    code: str
    name: str
    lon: float
    lat: float
    radius_m: Metres


@dataclass(frozen=True)
class DistrictFolder:
    """A district as a folder of layers describes it."""

    areas: list[Area]
    buildings: list[Building]
    streets: list[Street]
    terrain: list[Terrain]
    landmarks: list[Landmark]
    checkpoints: list[CheckpointSite]


def read_district_folder(path: Path) -> DistrictFolder:
    """Read every layer of a district; coordinates as they stand in the files.

    The layers of areas must be there, all others may be absent.

    Raises: LayerMissing, FileNotReadable, FieldMissing, ValueBad.
    """
    return DistrictFolder(
        areas=[
            _area(row, level)
            for layer, level in AREA_LAYERS.items()
            for row in _rows(path, layer, needed=level is not Level.BUILDING_GROUP)
        ],
        buildings=[_building(row) for row in _rows(path, "buildings")],
        streets=[
            Street(row.text("id"), row.text("name"), row.text("class"), row.geometry)
            for row in _rows(path, "streets")
        ],
        terrain=[
            Terrain(kind, row.text("name"), row.text("kind"), row.geometry)
            for layer, kind in TERRAIN_LAYERS.items()
            for row in _rows(path, layer)
        ],
        landmarks=[_landmark(row) for row in _rows(path, "landmarks")],
        checkpoints=list(_checkpoints(list(_rows(path, "checkpoints")))),
    )


@dataclass(frozen=True)
class _Row:
    """One feature with its place in its file, so that an error can say where it stands."""

    layer: str
    number: int
    values: dict[str, Any]
    geometry: BaseGeometry

    def text(self, field: str) -> str:
        if field not in self.values:
            raise FieldMissing(layer=self.layer, field=field, fields=sorted(self.values))
        value = self.values[field]
        # An empty text comes back from a shapefile as None or, between texts, as NaN.
        return value.strip() if isinstance(value, str) else ""

    def number_of(self, field: str) -> int:
        if field not in self.values:
            raise FieldMissing(layer=self.layer, field=field, fields=sorted(self.values))
        value = self.values[field]
        # A whole number: NaN and infinity are neither.
        if not float(value if value is not None else 0).is_integer() or not 0 <= value < 2**31:
            raise ValueBad(layer=self.layer, feature=self.number, field=field, value=str(value))
        return int(value)

    def names(self, field: str) -> tuple[str, ...]:
        listed = self.text(field) if field in self.values else ""
        return tuple(name.strip() for name in listed.split(";") if name.strip())


def _rows(path: Path, layer: str, *, needed: bool = False) -> Iterator[_Row]:
    file = path / f"{layer}.shp"
    if not file.exists():
        if needed:
            raise LayerMissing(layer=layer, folder=path.name)
        return
    try:
        frame = pyogrio.read_dataframe(file)
    except (DataSourceError, UnicodeDecodeError) as error:
        raise FileNotReadable(file=file.name, reason=str(error)) from error
    fields = [column for column in frame.columns if column != "geometry"]
    columns = [frame[field].tolist() for field in fields]
    shapes = cast("list[BaseGeometry | None]", frame.geometry.tolist())
    for number, (shape, *values) in enumerate(zip(shapes, *columns, strict=True), start=1):
        if shape is None or shape.is_empty:
            raise ValueBad(layer=layer, feature=number, field="geometry", value="")
        yield _Row(layer, number, dict(zip(fields, values, strict=True)), shape)


def _area(row: _Row, level: Level) -> Area:
    code = AreaCode(row.text("code"))
    return Area(
        code=code,
        name=row.text("name"),
        level=level,
        parent=parent_of(code),
        households=row.number_of("households") if "households" in row.values else 0,
        aliases=row.names("aliases"),
        boundary=row.geometry,
    )


def _building(row: _Row) -> Building:
    return Building(
        id=row.text("id"),
        name=row.text("name"),
        street=row.text("street"),
        number=row.text("number"),
        estate=row.text("estate"),
        units=row.number_of("units"),
        floors=row.number_of("floors"),
        households=row.number_of("households"),
        kind=row.text("kind"),
        cell=AreaCode(row.text("cell")),
        group=AreaCode(row.text("group")),
        footprint=row.geometry,
    )


def _landmark(row: _Row) -> Landmark:
    lon, lat = _lon_lat(row)
    return Landmark(
        id=row.text("id"),
        name=row.text("name"),
        kind=row.text("kind"),
        aliases=row.names("aliases"),
        cell=CellCode(row.text("cell")),
        lon=lon,
        lat=lat,
    )


def _checkpoints(rows: Sequence[_Row]) -> Iterator[CheckpointSite]:
    seen: Counter[str] = Counter()
    for row in rows:
        cell = CellCode(row.text("cell"))
        seen[cell] += 1
        lon, lat = _lon_lat(row)
        try:
            identity = CheckpointId(UUID(row.text("id")))
        except ValueError:
            raise ValueBad(
                layer=row.layer, feature=row.number, field="id", value=row.text("id")
            ) from None
        yield CheckpointSite(
            id=identity,
            cell=cell,
            # The order in the file numbers the points of a cell, unless the file has codes.
            code=row.text("code") if "code" in row.values else f"{cell}-{seen[cell]:02d}",
            name=row.text("name"),
            lon=lon,
            lat=lat,
            radius_m=Metres(float(row.number_of("radius_m"))),
        )


def _lon_lat(row: _Row) -> tuple[float, float]:
    if row.geometry.geom_type != "Point":
        raise ValueBad(
            layer=row.layer, feature=row.number, field="geometry", value=row.geometry.geom_type
        )
    lon, lat = row.geometry.coords[0][:2]
    return lon, lat
