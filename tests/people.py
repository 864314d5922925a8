# SPDX-License-Identifier: Apache-2.0
"""Where the town's workers stand: positions put straight into the table, for tests about others."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import shapely
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from geo.ids import WorkerId
from geo.tracking.tables import LatestPositionRow
from tests import town

Spot = tuple[float, float]

# Each worker in the middle of his cell.
AT_HOME: dict[str, Spot] = {
    name: (int(name[1]) * 100 - 50.0, {"N": 250.0, "M": 150.0, "S": 50.0}[name[0]])
    for name in town.WORKERS
}


def stand(
    session: Session, spots: Mapping[str, Spot], *, at: datetime, age_s: float = 10.0
) -> None:
    """Put workers at places of the town in metres, seen `age_s` before `at`."""
    for name, spot in spots.items():
        see(session, town.WORKERS[name], spot, at=at, age_s=age_s, on_duty=name != town.OFF_DUTY)


def see(
    session: Session,
    worker: WorkerId,
    spot: Spot,
    *,
    at: datetime,
    age_s: float = 10.0,
    on_duty: bool = True,
) -> None:
    """Put one worker at a place of the town in metres, seen `age_s` before `at`."""
    row = {
        "district": town.DISTRICT,
        "worker": worker,
        "point": shapely.Point(*town.point(*spot)),
        "accuracy_m": 8.0,
        "observed_at": at - timedelta(seconds=age_s),
        "received_at": at - timedelta(seconds=age_s),
        "on_duty": on_duty,
        "origin": "real",
    }
    session.execute(
        insert(LatestPositionRow)
        .values(**row)
        .on_conflict_do_update(index_elements=["district", "worker"], set_=row)
    )
