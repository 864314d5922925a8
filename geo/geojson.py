# SPDX-License-Identifier: Apache-2.0
"""Values to GeoJSON (RFC 7946): WGS-84, longitude first."""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson
import shapely
from shapely.geometry.base import BaseGeometry

MEDIA_TYPE = "application/geo+json"


def feature(geometry: BaseGeometry | None, properties: Mapping[str, Any]) -> dict[str, Any]:
    """One Feature. The geometry stays text inside: dump it with `dumps`, not with `json`."""
    return {
        "type": "Feature",
        "geometry": None if geometry is None else orjson.Fragment(shapely.to_geojson(geometry)),
        "properties": dict(properties),
    }


def collection(features: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """A FeatureCollection of features made by `feature`."""
    return {"type": "FeatureCollection", "features": list(features)}


def dumps(value: Any) -> bytes:
    """JSON bytes of what `feature` and `collection` made."""
    return orjson.dumps(value, default=str)
