# SPDX-License-Identifier: Apache-2.0
"""The street network of a district as its streets are now, built once in each process."""

import threading
from collections import OrderedDict
from typing import Any
from uuid import UUID

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from geo import prepared
from geo.gazetteer.rules import TerrainKind
from geo.gazetteer.tables import StreetRow, TerrainRow
from geo.hierarchy import queries as hierarchy
from geo.ids import DistrictCode
from geo.walking.network import StreetNet

# Districts a process walks in at the same time, and their states just before a change.
_NETWORKS_KEPT = 4
_BARRIERS = (TerrainKind.WATER, TerrainKind.RAILWAY)
_STATE = "select state from ground where district = %(district)s"


def ground_state(session: Session, district: DistrictCode) -> UUID | None:
    """The name of the state of streets and terrain; None when there never were any."""
    found = prepared.rows(session, _STATE, district=district)
    return found[0].state if found else None


def network(
    session: Session, district: DistrictCode, *, state: UUID | None, srid: int
) -> StreetNet | None:
    """The network of a `state` just read in this session; None when no street is loaded."""
    return None if state is None else _NETWORKS.of(session, district, state, srid)


def build_networks(session: Session) -> None:
    """Build the network of every district ahead of the first who asks for it."""
    for district in hierarchy.districts(session)[:_NETWORKS_KEPT]:
        state = ground_state(session, district.code)
        network(session, district.code, state=state, srid=district.metric_srid)


def streets(session: Session, district: DistrictCode) -> list[BaseGeometry]:
    """The lines of a district's streets, WGS-84."""
    return _shapes(session, select(func.ST_AsBinary(StreetRow.line)), StreetRow, district)


def barriers(session: Session, district: DistrictCode) -> list[BaseGeometry]:
    """Its water (areas) and railways (lines), WGS-84: what a walk crosses on streets alone."""
    return [shape for kind in _BARRIERS for shape in _terrain(session, district, kind)]


class _Networks:
    """The networks asked for last. A network is never refreshed: another state is another one."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[UUID, int], StreetNet | None] = OrderedDict()
        self._lock = threading.Lock()

    def of(
        self, session: Session, district: DistrictCode, state: UUID, srid: int
    ) -> StreetNet | None:
        """The network of a state. Whoever comes while it is being built waits for it."""
        with self._lock:
            if (state, srid) not in self._kept:
                self._kept[state, srid] = _build(session, district, srid)
                if len(self._kept) > _NETWORKS_KEPT:
                    self._kept.popitem(last=False)
            self._kept.move_to_end((state, srid))
            return self._kept[state, srid]


_NETWORKS = _Networks()


def _build(session: Session, district: DistrictCode, srid: int) -> StreetNet | None:
    lines = streets(session, district)
    if not lines:
        return None
    water, railways = (_terrain(session, district, kind) for kind in _BARRIERS)
    return StreetNet(lines, srid=srid, water=water, railways=railways)


def _terrain(session: Session, district: DistrictCode, kind: TerrainKind) -> list[BaseGeometry]:
    of_kind = select(func.ST_AsBinary(TerrainRow.shape)).where(TerrainRow.kind == kind.value)
    return _shapes(session, of_kind, TerrainRow, district)


def _shapes(session: Session, query: Any, table: Any, district: DistrictCode) -> list[BaseGeometry]:
    wkb = session.scalars(query.where(table.district == district).order_by(table.id)).all()
    shapes: list[BaseGeometry] = shapely.from_wkb([bytes(one) for one in wkb]).tolist()
    return shapes
