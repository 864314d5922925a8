# SPDX-License-Identifier: Apache-2.0
"""The ground a map is drawn on, from our own data, layer by layer."""

import gzip
import hashlib
from collections.abc import Callable, Sequence
from enum import StrEnum
from threading import Lock
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from api.deps import Now, Read, allowed
from api.shapes import Day
from geo.accounts.rules import Actor
from geo.clock import civil_date
from geo.gazetteer import drawing as ground
from geo.gazetteer.rules import TerrainKind
from geo.geojson import MEDIA_TYPE, collection, dumps
from geo.hierarchy import drawing as plans
from geo.hierarchy import queries
from geo.ids import DistrictCode, Level, PlanId

router = APIRouter(tags=["basemap"])

Features = list[dict[str, Any]]
Draw = Callable[[Session, DistrictCode, PlanId, Sequence[str]], Features]


class Layer(StrEnum):
    """What can be drawn."""

    DISTRICT = "district"
    SUBDISTRICTS = "subdistricts"
    COMMUNITIES = "communities"
    CELLS = "cells"
    BUILDINGS = "buildings"
    STREETS = "streets"
    WATER = "water"
    GREEN = "green"
    RAILWAYS = "railways"
    LANDMARKS = "landmarks"


def _outlines(level: Level) -> Draw:
    return lambda session, district, plan, within: plans.outlines(
        session, district, plan, level, within
    )


def _terrain(kind: TerrainKind) -> Draw:
    return lambda session, district, plan, within: ground.terrain(session, district, kind)


DRAW: dict[Layer, Draw] = {
    Layer.DISTRICT: _outlines(Level.DISTRICT),
    Layer.SUBDISTRICTS: _outlines(Level.SUBDISTRICT),
    Layer.COMMUNITIES: _outlines(Level.COMMUNITY),
    Layer.CELLS: _outlines(Level.CELL),
    Layer.BUILDINGS: plans.footprints,
    Layer.STREETS: lambda session, district, plan, within: ground.streets(session, district),
    Layer.WATER: _terrain(TerrainKind.WATER),
    Layer.GREEN: _terrain(TerrainKind.GREEN),
    Layer.RAILWAYS: _terrain(TerrainKind.RAILWAY),
    Layer.LANDMARKS: lambda session, district, plan, within: ground.landmarks(session, district),
}
_GEOJSON: dict[int | str, dict[str, Any]] = {
    200: {"content": {MEDIA_TYPE: {"schema": {"type": "object"}}}, "description": "GeoJSON"},
    304: {"description": "Not changed since the given ETag"},
}
_KEPT = 64


class Drawn:
    """Layers as compressed bytes, drawn once a plan and scope; the oldest make room."""

    def __init__(self) -> None:
        self._kept: dict[tuple[Any, ...], tuple[bytes, str]] = {}
        self._drawing = Lock()

    def get(
        self,
        session: Session,
        layer: Layer,
        district: DistrictCode,
        plan: PlanId,
        within: Sequence[str],
    ) -> tuple[bytes, str]:
        """The gzipped layer and its ETag."""
        key = (layer, district, plan, tuple(within))
        with self._drawing:
            if key not in self._kept:
                features = DRAW[layer](session, district, plan, within) if within else []
                packed = gzip.compress(dumps(collection(features)), 6, mtime=0)
                while len(self._kept) >= _KEPT:
                    del self._kept[next(iter(self._kept))]
                self._kept[key] = packed, f'"{hashlib.sha256(packed).hexdigest()[:32]}"'
            return self._kept[key]


@router.get("/basemap/{layer}", responses=_GEOJSON, response_class=Response)
def show(
    layer: Layer,
    request: Request,
    session: Read,
    me: Annotated[Actor, allowed("areas.read")],
    now: Now,
    if_none_match: Annotated[str | None, Header(max_length=200)] = None,
    accept_encoding: Annotated[str | None, Header(max_length=200)] = None,
    on: Annotated[Day | None, Query(description="Civil date; today when absent")] = None,
) -> Response:
    """A layer of the plan in force on a day; areas and buildings in the caller's scope."""
    district = queries.district(session, me.district)
    day = on or civil_date(now, district.time_zone)
    plan = queries.plan_in_force(session, district.code, day)
    drawn: Drawn = request.app.state.drawn
    packed, etag = drawn.get(session, layer, district.code, plan.id, me.areas)
    headers = {
        "etag": etag,
        "cache-control": "private, no-cache",
        "vary": "accept-encoding, authorization, cookie",
    }
    if if_none_match == etag:
        return Response(status_code=304, headers=headers)
    if "gzip" not in (accept_encoding or ""):
        return Response(gzip.decompress(packed), headers=headers, media_type=MEDIA_TYPE)
    headers["content-encoding"] = "gzip"
    return Response(packed, headers=headers, media_type=MEDIA_TYPE)
