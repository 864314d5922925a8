# SPDX-License-Identifier: Apache-2.0
"""One layer of a file -> attributes as text and numbers, geometry in WGS-84 degrees.

Nothing is mended here; what cannot be understood is refused with the place in the file.
"""

import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import orjson
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError
from shapely.errors import ShapelyError
from shapely.geometry.base import BaseGeometry

from geo.crs import geometry_to_degrees
from geo.ids import Level
from geo.interchange.archive import part
from geo.interchange.dbf import read_table
from geo.interchange.rules import (
    AREA_LAYERS,
    MAX_FEATURES,
    MAX_VERTICES,
    MAX_VERTICES_OF_ONE,
    FileNotReadable,
    FileTooLarge,
    FileTruncated,
    FormatUntrue,
    GeometryWrong,
    Layer,
    LayerAmbiguous,
    LayerEmpty,
    PartMissing,
    PlaceImplausible,
    ValueBad,
)
from geo.interchange.systems import (
    GEOGRAPHIC,
    WGS84,
    outside_china,
    refuse_contradiction,
    srid_of_numbers,
    srid_said,
)

_SHAPEFILE = 9994
_SQLITE = b"SQLite format 3\0"
_POINT_BYTES = 16


@dataclass(frozen=True)
class Asked:
    """What a person said about a file, on top of what it says itself."""

    crs: str | None = None
    encoding: str | None = None


@dataclass(frozen=True)
class _Raw:
    """A layer before its coordinates are understood. `wkt` is its own word on its CRS."""

    fields: tuple[str, ...]
    rows: list[dict[str, Any]]
    shapes: list[BaseGeometry | None]
    wkt: str | None
    encoding: str
    encoding_declared: bool
    clockwise: bool = False


def layer_names(path: Path) -> list[str]:
    """The layers a file holds; a shapefile or GeoJSON file is one, named as the file."""
    if path.suffix.lower() != ".gpkg":
        return [path.stem]
    _refuse_other_magic(path)
    try:
        return [str(name) for name, kind in pyogrio.list_layers(path) if kind is not None]
    except DataSourceError as error:
        raise FileNotReadable(file=path.name, reason=_first_line(error)) from error


def one_layer(files: Sequence[Path], level: Level | None, name: str) -> tuple[Path, str]:
    """The file and name of the layer that is meant: the only one, or the one named after the level.

    Raises: LayerAmbiguous, FileNotReadable, FormatUntrue.
    """
    layers = [(file, layer) for file in files for layer in layer_names(file)]
    if level is not None and len(layers) > 1:
        usual = next(layer for layer, found in AREA_LAYERS.items() if found is level)
        layers = [one for one in layers if one[1].lower() in (usual, level.value)] or layers
    if len(layers) != 1:
        listed = ", ".join(layer for _, layer in layers[:20])
        raise LayerAmbiguous(file=name, layers=listed or "-")
    return layers[0]


def read_layer(path: Path, layer: str | None = None, asked: Asked = Asked()) -> Layer:
    """Read one layer.

    Raises: FileNotReadable, FileTooLarge, FileTruncated, PartMissing, EncodingWrong, LayerEmpty,
    GeometryWrong, PlaceImplausible, CrsUnknown, CrsUnsupported, CrsNoDatumShift, CrsContradicted.
    """
    name = layer or path.stem
    suffix = path.suffix.lower()
    if suffix == ".shp":
        raw = _shapefile(path, asked)
    elif suffix == ".gpkg":
        raw = _geopackage(path, name)
    else:
        raw = _geojson(path)
    if not raw.rows:
        raise LayerEmpty(layer=name)
    shapes = _present(raw.shapes, name)
    _refuse_bulk(shapes, name)
    shapes, srid, crs_said = _in_degrees(shapes, raw.wkt, asked, name)
    said = (
        f"{raw.encoding}{'' if raw.encoding_declared else ' (by its bytes)'}",
        f"EPSG:{srid}{crs_said}",
    )
    return Layer(
        name=name,
        fields=raw.fields,
        rows=raw.rows,
        shapes=shapes,
        numbers=list(range(1, len(shapes) + 1)),
        srid=srid,
        encoding=raw.encoding,
        said=said,
        clockwise=raw.clockwise,
    )


def _shapefile(path: Path, asked: Asked) -> _Raw:
    index, table_file = part(path, ".shx"), part(path, ".dbf")
    for suffix, found in ((".shx", index), (".dbf", table_file)):
        if found is None:
            raise PartMissing(file=path.name, part=path.stem + suffix)
    assert index is not None
    assert table_file is not None
    for file in (path, index):
        _refuse_truncated(file)
    if path.stat().st_size > MAX_VERTICES * _POINT_BYTES * 2:
        raise FileTooLarge(
            file=path.name,
            size=path.stat().st_size // _POINT_BYTES,
            limit=MAX_VERTICES,
            unit="points",
        )
    page = part(path, ".cpg")
    declared = page.read_text("ascii", errors="replace")[:40].strip() if page else None
    table = read_table(table_file, declared=declared or None, asked=asked.encoding)
    shapes = _geometry(path, index)
    if len(shapes) != len(table.rows):
        raise FileTruncated(file=table_file.name, size=len(table.rows), expected=len(shapes))
    projection = part(path, ".prj")
    wkt = projection.read_text("utf-8", errors="replace").strip() if projection else None
    kept = [number for number, row in enumerate(table.rows) if row is not None]
    return _Raw(
        fields=table.fields,
        rows=[row for row in table.rows if row is not None],
        shapes=[shapes[number] for number in kept],
        wkt=wkt,
        encoding=table.encoding,
        encoding_declared=table.declared,
        clockwise=True,
    )


def _refuse_truncated(path: Path) -> None:
    size = path.stat().st_size
    with path.open("rb") as file:
        header = file.read(100)
    if len(header) < 100:
        raise FileTruncated(file=path.name, size=size, expected=100)
    magic, words = struct.unpack_from(">i20xi", header)
    if magic != _SHAPEFILE:
        raise FormatUntrue(file=path.name, format="Shapefile")
    if size < 2 * words:
        raise FileTruncated(file=path.name, size=size, expected=2 * words)


def _geometry(path: Path, index: Path) -> list[BaseGeometry | None]:
    """Every shape of a .shp, one for each row of its table, deleted ones too.

    GDAL sees the geometry alone: it stumbles over names of fields in an encoding it was not told.
    """
    with TemporaryDirectory(prefix="wangge-import-") as folder:
        alone = Path(folder) / "layer.shp"
        alone.symlink_to(path.resolve())
        alone.with_suffix(".shx").symlink_to(index.resolve())
        try:
            _, _, wkb, _ = pyogrio.raw.read(alone)
            return _from_wkb(wkb)
        except (DataSourceError, DataLayerError, ShapelyError) as error:
            raise FileNotReadable(file=path.name, reason=_first_line(error)) from error


def _geopackage(path: Path, layer: str) -> _Raw:
    _refuse_other_magic(path)
    try:
        info = pyogrio.read_info(path, layer=layer)
        if info["features"] > MAX_FEATURES:
            raise FileTooLarge(
                file=path.name, size=int(info["features"]), limit=MAX_FEATURES, unit="features"
            )
        meta, _, wkb, columns = pyogrio.raw.read(path, layer=layer)
        shapes = [] if wkb is None else _from_wkb(wkb)
    except (DataSourceError, DataLayerError, ShapelyError, UnicodeDecodeError) as error:
        raise FileNotReadable(file=path.name, reason=_first_line(error)) from error
    fields = tuple(str(name) for name in meta["fields"])
    rows = [
        dict(zip(fields, values, strict=True))
        for values in zip(*(column.tolist() for column in columns), strict=True)
    ]
    return _Raw(fields, rows or [{} for _ in shapes], shapes, meta["crs"], "utf-8", True)


def _geojson(path: Path) -> _Raw:
    data = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
    # Each position opens a bracket: counted before anything is built from them.
    if data.count(b"[") > 2 * MAX_VERTICES:
        raise FileTooLarge(file=path.name, size=data.count(b"["), limit=MAX_VERTICES, unit="points")
    try:
        told = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise FileNotReadable(file=path.name, reason=_first_line(error)) from error
    if isinstance(told, dict) and told.get("type") == "Feature":
        told = {"type": "FeatureCollection", "features": [told]}
    features = told.get("features") if isinstance(told, dict) else None
    if not isinstance(features, list) or not all(isinstance(one, dict) for one in features):
        raise FormatUntrue(file=path.name, format="GeoJSON")
    if len(features) > MAX_FEATURES:
        raise FileTooLarge(file=path.name, size=len(features), limit=MAX_FEATURES, unit="features")
    rows = [one.get("properties") or {} for one in features]
    if not all(isinstance(row, dict) for row in rows):
        raise FileNotReadable(file=path.name, reason="properties")
    shapes: list[BaseGeometry | None] = []
    for number, one in enumerate(features, start=1):
        geometry = one.get("geometry")
        try:
            shapes.append(
                None if geometry is None else shapely.from_geojson(orjson.dumps(geometry))
            )
        except (ShapelyError, ValueError, TypeError) as error:
            raise ValueBad(
                layer=path.stem, feature=number, field="geometry", value=_first_line(error)
            ) from error
    fields = tuple(dict.fromkeys(name for row in rows for name in row))
    return _Raw(fields, rows, shapes, _crs_member(told), "utf-8", True)


def _crs_member(told: dict[str, Any]) -> str:
    """RFC 7946 knows WGS-84 alone; older files name others in a `crs` member."""
    named = re.search(rb"EPSG:[\d.]*:?(\d{4,6})", orjson.dumps(told.get("crs")))
    return f"EPSG:{named[1].decode()}" if named else f"EPSG:{WGS84}"


def _from_wkb(wkb: Any) -> list[BaseGeometry | None]:
    # NaN makes numpy warn; it is refused later, with its place.
    with np.errstate(invalid="ignore"):
        return list(shapely.from_wkb(wkb))


def _refuse_other_magic(path: Path) -> None:
    with path.open("rb") as file:
        if file.read(16) != _SQLITE:
            raise FormatUntrue(file=path.name, format="GeoPackage")


def _present(shapes: Sequence[BaseGeometry | None], layer: str) -> list[BaseGeometry]:
    found: list[BaseGeometry] = []
    for number, shape in enumerate(shapes, start=1):
        if shape is None or shape.is_empty:
            raise GeometryWrong(layer=layer, feature=number, found="-", wanted="geometry")
        found.append(shape)
    flat: list[BaseGeometry] = list(shapely.force_2d(np.array(found, dtype=object)))
    return flat


def _refuse_bulk(shapes: Sequence[BaseGeometry], layer: str) -> None:
    points = shapely.get_num_coordinates(np.array(shapes, dtype=object))
    total, largest = int(points.sum()), int(points.argmax())
    if total > MAX_VERTICES:
        raise FileTooLarge(file=layer, size=total, limit=MAX_VERTICES, unit="points")
    if points[largest] > MAX_VERTICES_OF_ONE:
        raise FileTooLarge(
            file=f"{layer} #{largest + 1}",
            size=int(points[largest]),
            limit=MAX_VERTICES_OF_ONE,
            unit="points",
        )


def _in_degrees(
    shapes: list[BaseGeometry], wkt: str | None, asked: Asked, layer: str
) -> tuple[list[BaseGeometry], int, str]:
    """Degrees, the EPSG code they came from, and how it was found."""
    xy, owner = shapely.get_coordinates(np.array(shapes, dtype=object), return_index=True)
    finite = np.isfinite(xy).all(axis=1)
    if not finite.all():
        bad = int(np.flatnonzero(~finite)[0])
        x, y = (str(value) for value in xy[bad])
        raise PlaceImplausible(
            layer=layer, feature=int(owner[bad]) + 1, x=x, y=y, reason="not_finite"
        )
    box = (*xy.min(axis=0).tolist(), *xy.max(axis=0).tolist())
    if asked.crs is not None:
        srid, how = srid_said(asked.crs, layer), " (--crs)"
    elif wkt:
        srid, how = srid_said(wkt, layer), ""
    else:
        srid, how = srid_of_numbers(box, layer), " (by its numbers, datum taken as CGCS2000)"
    refuse_contradiction(srid, box, layer)
    moved = shapes if srid in GEOGRAPHIC else [geometry_to_degrees(one, srid) for one in shapes]
    lon_lat = xy if srid in GEOGRAPHIC else shapely.get_coordinates(np.array(moved, dtype=object))
    outside = outside_china(lon_lat)
    if outside.any():
        bad = int(np.flatnonzero(outside)[0])
        x, y = lon_lat[bad].tolist()
        raise PlaceImplausible(
            layer=layer, feature=int(owner[bad]) + 1, x=round(x, 6), y=round(y, 6), reason="abroad"
        )
    return moved, srid, how


def _first_line(error: Exception) -> str:
    """The reason without path and statement, which are nobody's business."""
    line = (str(error).splitlines() or [""])[0]
    if "sqlite3_" in line:
        line = line.rpartition(" failed: ")[2]
    return re.sub(r"(/[^\s':]+)+/", "", line)[:200]
