# SPDX-License-Identifier: Apache-2.0
"""A plan, or one level of it, as files that come back the same to the last coordinate."""

import csv
import shutil
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyogrio
import shapely
from shapely.geometry.base import BaseGeometry

from geo import geojson
from geo.hierarchy.rules import Area, Building
from geo.interchange.rules import (
    AREA_LAYERS,
    DirectoryAbsent,
    ExportExists,
    Format,
    FormatUnknown,
    LayerEmpty,
    TextUnfit,
)

# dBASE: the width of a text field is one byte.
_DBF_BYTES = 254

# Field names are ASCII of at most ten letters, for shapefiles cut longer ones, Chinese ones
# mid-character; the Chinese names go beside them in `fields.csv`.
CHINESE = {
    "code": "编码",
    "name": "名称",
    "parent": "上级编码",
    "households": "户数",
    "aliases": "别名",
    "came_from": "原编码",
    "id": "楼栋编号",
    "group": "楼栋组编码",
    "cell": "网格编码",
    "street": "街路",
    "number": "门牌号",
    "estate": "小区",
    "units": "单元数",
    "floors": "层数",
    "kind": "用途",
}


@dataclass(frozen=True)
class _Table:
    name: str
    shapes: list[BaseGeometry]
    rows: list[dict[str, str | int]]


def format_of(out: Path, said: Format | None) -> Format:
    """The format a person said, or the one the name of the file says.

    Raises: FormatUnknown, also where the two contradict each other.
    """
    by_suffix = {
        ".shp": Format.SHP,
        ".zip": Format.SHP,
        ".gpkg": Format.GPKG,
        ".geojson": Format.GEOJSON,
        ".json": Format.GEOJSON,
        "": Format.SHP,
    }
    if said is None and out.suffix.lower() not in by_suffix:
        raise FormatUnknown(file=out.name)
    # A zip or a folder holds any.
    holds_any = out.suffix.lower() in (".zip", "")
    if said is not None and not holds_any and by_suffix.get(out.suffix.lower()) is not said:
        raise FormatUnknown(file=out.name)
    return said or by_suffix[out.suffix.lower()]


def refuse_target(out: Path) -> None:
    """Raises: DirectoryAbsent, ExportExists (what would be written over, a sidecar too)."""
    if not out.absolute().parent.is_dir():
        raise DirectoryAbsent(file=out.name, directory=str(out.parent))
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ExportExists(file=out.name)
    sidecar = sidecar_of(out)
    if sidecar is not None and sidecar.exists():
        raise ExportExists(file=sidecar.name)


def sidecar_of(out: Path) -> Path | None:
    """Where the Chinese names of the fields go: beside a single layer's file; None: inside."""
    single = out.suffix and out.suffix.lower() not in (".zip", ".gpkg")
    return out.with_suffix(".fields.csv") if single else None


def write_plan(
    out: Path,
    areas: Sequence[Area],
    buildings: Sequence[Building],
    form: Format,
    *,
    came_from: Mapping[str, Sequence[str]] | None = None,
) -> list[str]:
    """Write the areas of one or more levels, and buildings, to `out`; answers the layers' names.

    `out` is a GeoPackage, a zip, a single layer's file, or else a folder with a file a layer. It
    appears whole or not at all. `came_from`: of areas of a draft, the published codes they descend
    from.

    Raises: DirectoryAbsent, ExportExists, LayerEmpty (nothing to write), TextUnfit, FormatUnknown.
    """
    refuse_target(out)
    tables = _tables(areas, buildings, came_from)
    if not tables:
        raise LayerEmpty(layer=out.name)
    if out.suffix and out.suffix.lower() not in (".zip", ".gpkg") and len(tables) > 1:
        raise FormatUnknown(file=out.name)
    with TemporaryDirectory(dir=out.parent, prefix=".wangge-export-") as made:
        folder = Path(made) / "out"
        folder.mkdir()
        for table in tables:
            _refuse_unfit(table, form)
            _write(folder, table, form)
        _write_names(folder / "fields.csv", tables)
        _hand_over(folder, out, form)
    return [table.name for table in tables]


def _hand_over(folder: Path, out: Path, form: Format) -> None:
    """Move what was written to where it is wanted, in one step where the system has one."""
    suffix = out.suffix.lower()
    if suffix == ".zip":
        packed = folder.with_suffix(".zip")
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(folder.iterdir()):
                archive.write(file, file.name)
        packed.replace(out)
    elif suffix == ".gpkg":
        (folder / "plan.gpkg").replace(out)
    elif suffix:
        for file in folder.iterdir():
            if file.name != "fields.csv":
                file.replace(out.with_suffix(file.suffix))
        sidecar = sidecar_of(out)
        assert sidecar is not None
        (folder / "fields.csv").replace(sidecar)
    else:
        if form is Format.GPKG:
            (folder / "plan.gpkg").rename(folder / f"{out.name}.gpkg")
        if out.exists():
            out.rmdir()
        shutil.move(folder, out)


def _tables(
    areas: Sequence[Area],
    buildings: Sequence[Building],
    came_from: Mapping[str, Sequence[str]] | None,
) -> list[_Table]:
    tables = []
    for name, level in AREA_LAYERS.items():
        found = [area for area in areas if area.level is level]
        if found:
            shapes = [area.boundary for area in found if area.boundary is not None]
            tables.append(_Table(name, shapes, [_area_row(area, came_from) for area in found]))
    if buildings:
        tables.append(
            _Table(
                "buildings",
                [building.footprint for building in buildings],
                [_building_row(building) for building in buildings],
            )
        )
    return tables


def _area_row(area: Area, came_from: Mapping[str, Sequence[str]] | None) -> dict[str, str | int]:
    for alias in area.aliases:
        if ";" in alias:
            raise TextUnfit(layer=area.level.value, text=alias[:40], format=";")
    row: dict[str, str | int] = {
        "code": area.code,
        "name": area.name,
        "parent": area.parent or "",
        "households": area.households,
        "aliases": ";".join(area.aliases),
    }
    if came_from is not None:
        row["came_from"] = _listed(came_from.get(area.code, ()))
    return row


def _listed(codes: Sequence[str]) -> str:
    """Codes as a list; one with the parent of the one before is its last three characters alone.

    So that the text of a shapefile, 254 bytes, holds the sixty cells of a community.
    """
    pairs = zip(("", *codes), codes, strict=False)
    return ";".join(code[-3:] if before[:-3] == code[:-3] else code for before, code in pairs)


def _building_row(building: Building) -> dict[str, str | int]:
    return {
        "id": building.id,
        "group": building.group,
        "cell": building.cell,
        "street": building.street,
        "number": building.number,
        "name": building.name,
        "estate": building.estate,
        "units": building.units,
        "floors": building.floors,
        "households": building.households,
        "kind": building.kind,
    }


def _refuse_unfit(table: _Table, form: Format) -> None:
    if form is not Format.SHP:
        return
    for row in table.rows:
        for value in row.values():
            if isinstance(value, str) and len(value.encode()) > _DBF_BYTES:
                raise TextUnfit(layer=table.name, text=value[:40], format="shp")


def _write(folder: Path, table: _Table, form: Format) -> None:
    if form is Format.GEOJSON:
        # RFC 7946: shells run against the clock.
        shapes = shapely.orient_polygons(np.array(table.shapes, dtype=object), exterior_cw=False)
        features = [
            geojson.feature(shape, row) for shape, row in zip(shapes, table.rows, strict=True)
        ]
        (folder / f"{table.name}.geojson").write_bytes(geojson.dumps(geojson.collection(features)))
        return
    kinds = {shape.geom_type for shape in table.shapes}
    options: dict[str, Any] = {}
    if form is Format.SHP:
        file, driver = folder / f"{table.name}.shp", "ESRI Shapefile"
        # In a shapefile both are one type, and a single part comes back as a polygon.
        kind = "Polygon"
    else:
        file, driver = folder / "plan.gpkg", "GPKG"
        kind = kinds.pop() if len(kinds) == 1 else "Unknown"
        options = {"layer": table.name, "append": file.exists()}
    pyogrio.raw.write(
        file,
        geometry=shapely.to_wkb(np.array(table.shapes, dtype=object)),
        field_data=[_column(table.rows, field) for field in table.rows[0]],
        fields=list(table.rows[0]),
        geometry_type=kind,
        crs="EPSG:4326",
        driver=driver,
        encoding="UTF-8",
        **options,
    )


def _column(rows: Sequence[dict[str, str | int]], field: str) -> np.ndarray[Any, Any]:
    values = [row[field] for row in rows]
    return np.array(values, dtype=np.int32 if isinstance(values[0], int) else object)


def _write_names(path: Path, tables: Sequence[_Table]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["layer", "field", "chinese"])
        for table in tables:
            writer.writerows([table.name, field, CHINESE[field]] for field in table.rows[0])
