# SPDX-License-Identifier: Apache-2.0
"""A whole district from a folder of shapefiles, in the layout of `data/shapefiles/README.md`."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from shapely.geometry.base import BaseGeometry

from geo.gazetteer.rules import Landmark, Street, Terrain, TerrainKind
from geo.hierarchy.rules import Area, Building, PlanUnsound, nesting_problems
from geo.ids import AreaCode, CellCode, CheckpointId, CodeMalformed, Level, area_code, parent_of
from geo.interchange.archive import opened
from geo.interchange.bring import fields_of, fitted
from geo.interchange.clean import POLYGONS, edge_matched, label_of, sound
from geo.interchange.read import Asked, layer_names, read_layer
from geo.interchange.rules import (
    AREA_LAYERS,
    TOLERANCE,
    FieldMissing,
    Layer,
    LayerMissing,
    Repair,
    ValueBad,
)
from geo.patrol.rules import CheckpointSite
from geo.units import Metres

TERRAIN_LAYERS = {
    "waters": TerrainKind.WATER,
    "green": TerrainKind.GREEN,
    "railways": TerrainKind.RAILWAY,
}
_LINES = ("LineString", "MultiLineString")
_KINDS = {
    "streets": _LINES,
    "railways": _LINES,
    "landmarks": ("Point",),
    "checkpoints": ("Point",),
}


@dataclass(frozen=True)
class DistrictFolder:
    """A district as a folder of layers describes it."""

    areas: list[Area]
    buildings: list[Building]
    streets: list[Street]
    terrain: list[Terrain]
    landmarks: list[Landmark]
    checkpoints: list[CheckpointSite]
    repairs: list[Repair] = field(default_factory=list)
    said: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """How encoding and CRS of each layer were found."""


def read_district_folder(
    path: Path,
    *,
    asked: Asked = Asked(),
    names: Mapping[str, str] | None = None,
    tolerance: Metres = TOLERANCE,
    told: Callable[[str], None] = lambda layer: None,
) -> DistrictFolder:
    """Read every layer of a district, in a folder, in a zip, or in one GeoPackage.

    The layers of areas must be there, all others may be absent. `told` hears the name of each layer
    before it is read. The cells decide: where upper levels differ from the union of their cells by
    slivers up to `tolerance` wide, they become that union.

    Raises: LayerMissing and what `archive.opened`, `read.read_layer` and `clean` refuse.
    """
    with opened(path) as files:
        return read_district(
            files, path.name, asked=asked, names=names, tolerance=tolerance, told=told
        )


def read_district(
    files: Sequence[Path],
    name: str,
    *,
    asked: Asked = Asked(),
    names: Mapping[str, str] | None = None,
    tolerance: Metres = TOLERANCE,
    told: Callable[[str], None] = lambda layer: None,
) -> DistrictFolder:
    """As `read_district_folder`, from files that are open already."""
    places = {layer: file for file in files for layer in layer_names(file)}
    for layer, level in AREA_LAYERS.items():
        if layer not in places and level is not Level.BUILDING_GROUP:
            raise LayerMissing(layer=layer, folder=name)
    repairs: list[Repair] = []
    said: dict[str, tuple[str, ...]] = {}

    def rows(layer: str) -> Iterator[_Row]:
        if layer not in places:
            return
        told(layer)
        found = read_layer(places[layer], layer, asked)
        said[layer] = found.said
        shapes, mended = sound(found, _KINDS.get(layer, POLYGONS))
        repairs.extend(mended)
        if layer == "cells":
            labels = [label_of(found, place) for place in range(len(shapes))]
            shapes, mended = edge_matched(shapes, labels, layer, tolerance)
            repairs.extend(mended)
        # Areas go by the usual Chinese names of fields too.
        ours = fields_of(found, _said_of(found, names)) if layer in AREA_LAYERS else {}
        for number, values, shape in zip(found.numbers, found.rows, shapes, strict=True):
            known = {field: values[theirs] for field, theirs in ours.items()}
            yield _Row(layer, number, {**values, **known}, shape)

    areas = [_area(row, level) for layer, level in AREA_LAYERS.items() for row in rows(layer)]
    problems = nesting_problems(areas)
    if problems:
        raise PlanUnsound(problems=[problem.as_fields() for problem in problems[:100]], districts=1)
    areas, mended = fitted(areas, Level.CELL, "cells", tolerance)
    repairs.extend(mended)
    return DistrictFolder(
        areas=areas,
        buildings=[_building(row) for row in rows("buildings")],
        streets=[
            Street(row.text("id"), row.text("name"), row.text("class"), row.geometry)
            for row in rows("streets")
        ],
        terrain=[
            Terrain(kind, row.text("name"), row.text("kind"), row.geometry)
            for layer, kind in TERRAIN_LAYERS.items()
            for row in rows(layer)
        ],
        landmarks=[_landmark(row) for row in rows("landmarks")],
        checkpoints=list(_checkpoints(list(rows("checkpoints")))),
        repairs=repairs,
        said=said,
    )


def is_whole_district(files: Sequence[Path]) -> bool:
    """Whether these files look like a district with its levels, and not like one layer."""
    names = {layer for file in files for layer in layer_names(file)}
    return {"district", "cells"} <= names


@dataclass(frozen=True)
class _Row:
    """One feature with its place in its file, so that an error can say where it stands."""

    layer: str
    number: int
    values: dict[str, Any]
    geometry: BaseGeometry

    def text(self, field: str) -> str:
        if field not in self.values:
            raise FieldMissing(layer=self.layer, field=field, fields=", ".join(self.values))
        value = self.values[field]
        return "" if value is None or value != value else str(value).strip()

    def number_of(self, field: str) -> int:
        text = self.text(field) or "0"
        try:
            value = float(text)
        except ValueError:
            value = -1.0
        # NaN and infinity are no whole numbers either.
        if not value.is_integer() or not 0 <= value < 2**31:
            raise ValueBad(layer=self.layer, feature=self.number, field=field, value=text[:40])
        return int(value)

    def names(self, field: str) -> tuple[str, ...]:
        listed = self.text(field) if field in self.values else ""
        return tuple(name.strip() for name in listed.split(";") if name.strip())

    def code(self, field: str) -> AreaCode:
        try:
            return area_code(self.text(field))
        except CodeMalformed:
            raise ValueBad(
                layer=self.layer, feature=self.number, field=field, value=self.text(field)[:40]
            ) from None


def _said_of(layer: Layer, names: Mapping[str, str] | None) -> dict[str, str]:
    """What a person said about the names of fields, as far as this layer has them."""
    return {ours: theirs for ours, theirs in (names or {}).items() if theirs in layer.fields}


def _area(row: _Row, level: Level) -> Area:
    code = row.code("code")
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
        cell=row.code("cell"),
        group=row.code("group"),
        footprint=row.geometry,
    )


def _landmark(row: _Row) -> Landmark:
    lon, lat = _lon_lat(row)
    return Landmark(
        id=row.text("id"),
        name=row.text("name"),
        kind=row.text("kind"),
        aliases=row.names("aliases"),
        cell=CellCode(row.code("cell")),
        lon=lon,
        lat=lat,
    )


def _checkpoints(rows: Sequence[_Row]) -> Iterator[CheckpointSite]:
    seen: Counter[str] = Counter()
    for row in rows:
        cell = CellCode(row.code("cell"))
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
    lon, lat = row.geometry.coords[0][:2]
    return lon, lat
