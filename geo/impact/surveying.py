# SPDX-License-Identifier: Apache-2.0
"""What plans of a district are measured against, read once for all who draw on it."""

from datetime import datetime, timedelta
from uuid import UUID

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import select
from sqlalchemy.orm import Session

from geo.gazetteer.rules import TerrainKind
from geo.gazetteer.tables import StreetRow, TerrainRow
from geo.ids import DistrictCode
from geo.incidents.queries import places_since
from geo.patrol.queries import checkpoints
from geo.plans.drafts import PlanEntry
from geo.plans.metrics import Metrics, measured
from geo.plans.queries import Recent
from geo.plans.rules import Division, Ground
from geo.plans.survey import Barrier, Survey
from geo.walking.network import StreetNet
from geo.walking.queries import ground_state, network

# Incidents of so many days count as the work of a cell.
COUNTED = timedelta(days=90)
# A survey serves for so long: what is reported meanwhile is seen by the next.
_SERVES_S = 3600
# Streets of this class part a neighbourhood as a railway does.
_MAIN = "main"

_SURVEYS: Recent[Survey] = Recent(4)
_METRICS: Recent[Metrics] = Recent(16)


def survey(
    session: Session, district: DistrictCode, ground: Ground, *, at: datetime
) -> tuple[Survey, tuple[UUID | None, int]]:
    """What a district's plans are measured against, and the name of this survey."""
    state = ground_state(session, district)
    key = (state, int(at.timestamp()) // _SERVES_S)
    kept = _SURVEYS.get((district, *key))
    if kept is not None:
        return kept, key
    net = network(session, district, state=state, srid=ground.srid)
    made = Survey(
        ground,
        incidents=places_since(session, district, at - COUNTED),
        checkpoints=[
            (one.lon, one.lat) for one in checkpoints(session, district, areas=(district,))
        ],
        barriers=barriers(session, district),
        net=net or StreetNet([], srid=ground.srid),
    )
    return _SURVEYS.put((district, *key), made), key


def metrics(
    session: Session,
    district: DistrictCode,
    plan: PlanEntry,
    division: Division,
    ground: Ground,
    *,
    at: datetime,
) -> Metrics:
    """The metrics of a division of a plan, from what was measured of that plan before."""
    against, key = survey(session, district, ground, at=at)
    # Every draft of one base shares most of its cells with every other.
    known = _METRICS.get((plan.id, *key)) or _METRICS.get((plan.base, *key))
    return _METRICS.put((plan.id, *key), measured(division, ground, against, known))


def barriers(session: Session, district: DistrictCode) -> list[Barrier]:
    """The railways, waters and main streets of a district, each street as one."""
    terrain = session.execute(
        select(TerrainRow.kind, TerrainRow.name, TerrainRow.shape)
        .where(
            TerrainRow.district == district,
            TerrainRow.kind.in_((TerrainKind.WATER.value, TerrainKind.RAILWAY.value)),
        )
        .order_by(TerrainRow.id)
    )
    found = [Barrier(kind, name, shape) for kind, name, shape in terrain]
    streets: dict[str, list[BaseGeometry]] = {}
    for name, line in session.execute(
        select(StreetRow.name, StreetRow.line)
        .where(StreetRow.district == district, StreetRow.kind == _MAIN)
        .order_by(StreetRow.id)
    ):
        streets.setdefault(name, []).append(line)
    return found + [
        Barrier("road", name, shapely.union_all(parts)) for name, parts in streets.items()
    ]
