# SPDX-License-Identifier: Apache-2.0
"""Who is to be asked: the one who answers for the cell, then the nearest on duty."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from geo.clock import civil_date
from geo.columns import Origin
from geo.gazetteer.queries import cells_at
from geo.hierarchy import queries as hierarchy
from geo.hierarchy.rules import District
from geo.ids import WorkerId
from geo.incidents.queries import engaged_workers
from geo.incidents.rules import (
    FRESH_FOR,
    Near,
    Nearest,
    NearReason,
    rank,
    shortfall,
)
from geo.tracking.nearby import Seen, last_seen, nearest_on_duty
from geo.units import Seconds
from geo.workforce import queries as workforce


def nearest(
    session: Session,
    district: District,
    lon: float,
    lat: float,
    *,
    k: int,
    at: datetime,
    without: Collection[UUID] = (),
    origin: Origin = Origin.REAL,
) -> Nearest:
    """The `k` workers on duty to ask first about a WGS-84 point, best first.

    The holder of the cell in force, or his stand-in, leads when his position is fresh. The others
    come fresh before stale, free before engaged, and by distance within a class. Who is engaged
    in a drill alone is free for whatever has another `origin`.

    Raises: NoPlanInForce.
    """
    engaged = engaged_workers(session, district.code, origin)
    keepers = [
        (worker, reason)
        for worker, reason in _keepers_on_duty(session, district, lon, lat, at)
        if worker not in without
    ]
    fresh_since = at - FRESH_FOR
    keeper_seen = last_seen(session, district.code, lon, lat, [worker for worker, _ in keepers])

    def is_fresh(seen: Seen | None) -> bool:
        return seen is not None and seen.observed_at >= fresh_since

    # The first of holder and stand-in whose position can be trusted, else simply the first.
    responsible = next(
        (one for one in keepers if is_fresh(keeper_seen.get(one[0]))),
        keepers[0] if keepers else None,
    )
    picked: list[tuple[int, Seen | None, WorkerId, NearReason]] = []
    if responsible is not None:
        worker, reason = responsible
        seen = keeper_seen.get(worker)
        order, said = rank(fresh=is_fresh(seen), engaged=worker in engaged, keeper=reason)
        picked.append((order, seen, worker, said))
    left_out = {*without, *(worker for _, _, worker, _ in picked)}
    for fresh in (True, False):
        for busy in (False, True):
            order, said = rank(fresh=fresh, engaged=busy, keeper=None)
            better = sum(1 for chosen in picked if chosen[0] <= order)
            found = nearest_on_duty(
                session,
                district.code,
                lon,
                lat,
                k=k - better,
                since=fresh_since if fresh else None,
                before=None if fresh else fresh_since,
                without=left_out if busy else {*left_out, *engaged},
                among=engaged - left_out if busy else None,
            )
            picked += [(order, seen, seen.worker, said) for seen in found]
    picked.sort(
        key=lambda chosen: (
            chosen[0],
            float("inf") if chosen[1] is None else chosen[1].distance_m,
            str(chosen[2]),
        )
    )
    del picked[k:]
    names = {
        worker.id: worker.name
        for worker in workforce.workers(
            session,
            district.code,
            areas=(district.code,),
            at=at,
            ids=[worker for _, _, worker, _ in picked],
        )
    }
    items = tuple(
        Near(
            worker=worker,
            name=names[worker],
            distance_m=None if seen is None else seen.distance_m,
            age_s=None if seen is None else _age(seen, at),
            responsible=responsible is not None and worker == responsible[0],
            rank_class=order,
            reason=said,
        )
        for order, seen, worker, said in picked
    )
    # Counted only when it decides: that costs more than finding the nearest.
    on_duty = len(items) or workforce.count_on_duty(session, district.code)
    return Nearest(items, shortfall(items, asked=k, on_duty=on_duty))


def _keepers_on_duty(
    session: Session, district: District, lon: float, lat: float, at: datetime
) -> list[tuple[WorkerId, NearReason]]:
    plan = hierarchy.plan_in_force(session, district.code, civil_date(at, district.time_zone))
    (cell,) = cells_at(session, district.code, plan.id, [(lon, lat)])
    if cell is None:
        return []
    keepers = workforce.keepers(session, district.code, cell, at=at)
    named = ((keepers.holder, NearReason.HOLDER), (keepers.stand_in, NearReason.STAND_IN))
    return [
        (worker, reason)
        for worker, reason in named
        if worker is not None and workforce.on_duty(session, district.code, worker, at=at)
    ]


def _age(seen: Seen, at: datetime) -> Seconds:
    return Seconds(max(0.0, round((at - seen.observed_at).total_seconds(), 1)))
