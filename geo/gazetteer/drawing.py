# SPDX-License-Identifier: Apache-2.0
"""What a map's ground is drawn from: streets, terrain and landmarks as GeoJSON Features.

The geometry is written by PostGIS, WGS-84 with six decimals (about 0.1 m): enough to draw with.
"""

from typing import Any

import orjson
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from geo.gazetteer.rules import PlaceKind, TerrainKind
from geo.gazetteer.tables import PlaceRow, StreetRow, TerrainRow
from geo.ids import DistrictCode

DECIMALS = 6


def streets(session: Session, district: DistrictCode) -> list[dict[str, Any]]:
    """The streets of a district, one Feature for all stretches of a name and kind."""
    rows = session.execute(
        select(
            StreetRow.name,
            StreetRow.kind,
            func.ST_AsGeoJSON(func.ST_LineMerge(func.ST_Collect(StreetRow.line)), DECIMALS),
        )
        .where(StreetRow.district == district)
        .group_by(StreetRow.name, StreetRow.kind)
        .order_by(StreetRow.kind, StreetRow.name)
    )
    return [drawn(shape, name=name, kind=kind) for name, kind, shape in rows]


def terrain(session: Session, district: DistrictCode, kind: TerrainKind) -> list[dict[str, Any]]:
    """Water, green or railways of a district."""
    rows = session.execute(
        select(TerrainRow.name, func.ST_AsGeoJSON(TerrainRow.shape, DECIMALS))
        .where(TerrainRow.district == district, TerrainRow.kind == kind.value)
        .order_by(TerrainRow.id)
    )
    return [drawn(shape, name=name, kind=kind.value) for name, shape in rows]


def landmarks(session: Session, district: DistrictCode) -> list[dict[str, Any]]:
    """The landmarks of a district as points."""
    rows = session.execute(
        select(PlaceRow.label, func.ST_AsGeoJSON(PlaceRow.point, DECIMALS))
        .where(PlaceRow.district == district, PlaceRow.kind == PlaceKind.LANDMARK.value)
        .order_by(PlaceRow.label, PlaceRow.id)
    )
    return [drawn(shape, name=label, kind="landmark") for label, shape in rows]


def drawn(shape: str, **properties: str | int) -> dict[str, Any]:
    """A Feature of a geometry that PostGIS has written already."""
    return {"type": "Feature", "geometry": orjson.Fragment(shape), "properties": properties}
