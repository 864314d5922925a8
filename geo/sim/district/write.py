# SPDX-License-Identifier: Apache-2.0
"""Layers to plain shapefiles: EPSG:4326, UTF-8, fields no wider than their content."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import geopandas
import pyogrio
from shapely.geometry.base import BaseGeometry

Rows = list[dict[str, str | int]]


@dataclass(frozen=True)
class Layer:
    """One shapefile: settled degree geometry and its attributes, row by row."""

    name: str
    geometry_type: str
    geometry: Sequence[BaseGeometry]
    rows: Rows


def write(layers: Sequence[Layer], out: Path) -> Mapping[str, int]:
    """Write the layers into a folder; answers the rows of each."""
    out.mkdir(parents=True, exist_ok=True)
    done = {}
    for layer in layers:
        frame = geopandas.GeoDataFrame(layer.rows, geometry=list(layer.geometry), crs="EPSG:4326")
        target = out / f"{layer.name}.shp"
        for old in out.glob(f"{layer.name}.*"):
            if old.suffix in {".shp", ".shx", ".dbf", ".prj", ".cpg"}:
                old.unlink()
        pyogrio.write_dataframe(
            frame,
            target,
            driver="ESRI Shapefile",
            encoding="UTF-8",
            geometry_type=layer.geometry_type,
            RESIZE="YES",
            DBF_DATE_LAST_UPDATE="2023-06-30",
        )
        done[layer.name] = len(frame)
    return done
