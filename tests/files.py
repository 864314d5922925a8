# SPDX-License-Identifier: Apache-2.0
"""Writes the kinds of files that districts really have, for tests to read."""

import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pyogrio
import shapely
from shapely.geometry.base import BaseGeometry

from geo.crs import geometry_to_metres, metres

Columns = Mapping[str, Sequence[Any]]


def write_shapefile(
    path: Path,
    shapes: Sequence[BaseGeometry],
    columns: Columns,
    *,
    srid: int = 4326,
    encoding: str = "UTF-8",
    cpg: bool = True,
    prj: bool = True,
) -> Path:
    """A shapefile of shapes given in degrees, in another system and encoding."""
    if srid in (4326, 4490):
        moved = list(shapes)
    else:
        moved = [
            shapely.transform(one, lambda xy: np.column_stack(metres(xy[:, 0], xy[:, 1], srid)))
            for one in shapes
        ]
    frame = geopandas.GeoDataFrame(dict(columns), geometry=moved, crs=f"EPSG:{srid}")
    pyogrio.write_dataframe(frame, path, driver="ESRI Shapefile", encoding=encoding)
    if not cpg:
        path.with_suffix(".cpg").unlink(missing_ok=True)
        # The code page in the table's header is a declaration too.
        table = bytearray(path.with_suffix(".dbf").read_bytes())
        table[29] = 0
        path.with_suffix(".dbf").write_bytes(table)
    if not prj:
        path.with_suffix(".prj").unlink()
    return path


def apart_m(one: BaseGeometry, other: BaseGeometry) -> float:
    """The largest distance in metres between two outlines that should be the same (degrees)."""
    first, second = (geometry_to_metres(shape, 4550) for shape in (one, other))
    return float(shapely.hausdorff_distance(first.boundary, second.boundary))


def zipped(path: Path) -> Path:
    """A shapefile and its parts in a zip beside it."""
    out = path.with_suffix(".zip")
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(path.parent.glob(f"{path.stem}.*")):
            if file != out:
                archive.write(file, file.name)
    return out
