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
    streets = _shapes(session, select(func.ST_AsBinary(StreetRow.line)), StreetRow, district)
    if not streets:
        return None
    terrain = select(func.ST_AsBinary(TerrainRow.shape))
    kinds = (TerrainKind.WATER, TerrainKind.RAILWAY)
    water, railways = (
        _shapes(session, terrain.where(TerrainRow.kind == kind.value), TerrainRow, district)
        for kind in kinds
    )
    return StreetNet(streets, srid=srid, water=water, railways=railways)


def _shapes(session: Session, query: Any, table: Any, district: DistrictCode) -> list[BaseGeometry]:
    wkb = session.scalars(query.where(table.district == district).order_by(table.id)).all()
    shapes: list[BaseGeometry] = shapely.from_wkb([bytes(one) for one in wkb]).tolist()
    return shapes
