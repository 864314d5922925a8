# SPDX-License-Identifier: Apache-2.0
"""Who is to be asked: the one who answers for the cell, then the nearest on foot.

The straight line is never longer than a way on foot. So the nearest in a straight line are walked
to one by one, and once the k-th best way is no longer than the straight line to the next, nobody
nearer on foot is left (incremental Euclidean restriction; Papadias, Zhang, Mamoulis and Tao, 2003).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from math import inf, isfinite
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy.orm import Session

from geo.clock import civil_date
from geo.columns import Origin
from geo.crs import metres
from geo.gazetteer.queries import cells_at
from geo.hierarchy import queries as hierarchy
from geo.hierarchy.rules import District
from geo.incidents.inquiry import (
    FRESH_FOR,
    REACH,
    Considered,
    Inquiry,
    Keeper,
    LeftOutReason,
    Measure,
    Way,
)
from geo.incidents.queries import engaged_workers
from geo.incidents.ranking import LeftOut, Near, Ranked, Shortfall, ranked
from geo.tracking.nearby import Seen, last_seen, nearest_of, nearest_on_duty
from geo.units import Metres
from geo.walking.network import StreetNet, Ways
from geo.walking.queries import ground_state, network
from geo.workforce import queries as workforce

# Looked at first, and at the least; then four times as many, until it is certain, or so many.
_FIRST_LOOK = 16
_MOST = 1024


@dataclass(frozen=True)
class Nearest:
    """A recommendation, and the inquiry it follows from."""

    inquiry: Inquiry
    ranked: Ranked

    @property
    def items(self) -> tuple[Near, ...]:
        """The nearest workers on duty, best first."""
        return self.ranked.items

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        """Who is near or answers for the cell, but is not among them."""
        return self.ranked.left_out

    @property
    def shortfall(self) -> Shortfall | None:
        """What is wrong with the list."""
        return self.ranked.shortfall

    @property
    def kept(self) -> dict[str, object]:
        """What is kept of it, in JSON values: enough to rank again, and no coordinates."""
        return self.ranked.as_fields | {"inquiry": self.inquiry.as_fields}


def nearest(
    session: Session,
    district: District,
    lon: float,
    lat: float,
    *,
    k: int,
    at: datetime,
    without: Collection[UUID] = (),
    declined: Collection[UUID] = (),
    reach: Metres = REACH,
    origin: Origin = Origin.REAL,
) -> Nearest:
    """The `k` workers on duty to ask first about a WGS-84 point, best first.

    The holder of the cell in force, or his stand-in, leads when his position is fresh. The others
    come fresh before stale, free before engaged, and within a class by metres on foot, where
    streets are loaded and lead there, else by the straight line. Who was asked `without` success,
    or `declined`, is left out, and who is out of `reach`. Who is engaged in a drill alone is free
    for whatever has another `origin`.

    Raises: NoPlanInForce.
    """
    plan = hierarchy.plan_in_force(session, district.code, civil_date(at, district.time_zone))
    (cell,) = cells_at(session, district.code, plan.id, [(lon, lat)])
    state = ground_state(session, district.code)
    net = network(session, district.code, state=state, srid=district.metric_srid)
    engaged = engaged_workers(session, district.code, origin)
    search = _Search(session, district, lon, lat, k=k, at=at, reach=reach, engaged=engaged, net=net)
    search.asked = dict.fromkeys(without, LeftOutReason.ASKED)
    search.asked |= dict.fromkeys(declined, LeftOutReason.DECLINED)
    search.look_at_keepers(cell)
    search.look_around()
    found = search.inquiry()
    # Counted only when it decides: that costs more than finding the nearest.
    anybody = any(one.on_duty for one in found.considered)
    made = replace(
        found,
        anybody_on_duty=anybody or workforce.count_on_duty(session, district.code) > 0,
        plan=str(plan.id),
        cell=cell,
        streets=str(state) if found.measure is Measure.WALK else None,
    )
    return Nearest(made, ranked(made))


class _Search:
    """One search: whom it has looked at, and what it knows of them."""

    def __init__(
        self,
        session: Session,
        district: District,
        lon: float,
        lat: float,
        *,
        k: int,
        at: datetime,
        reach: Metres,
        engaged: Collection[UUID],
        net: StreetNet | None,
    ) -> None:
        self.session, self.district, self.lon, self.lat = session, district, lon, lat
        self.k, self.at, self.reach = k, at, reach
        self.asked: dict[UUID, LeftOutReason] = {}
        self._found: dict[UUID, Considered] = {}
        self._exact = True
        self._engaged = set(engaged)
        self._x, self._y = (float(one) for one in metres(lon, lat, district.metric_srid))
        self._ways: Ways | None = None
        if net is not None and isfinite(self._x) and isfinite(self._y):
            ways = Ways(net, self._x, self._y, net.spur(self._x, self._y))
            self._ways = ways if ways.hangs else None

    def look_at_keepers(self, cell: str | None) -> None:
        """Whoever answers for the cell, wherever he is, on duty or not."""
        if cell is None:
            return
        code = self.district.code
        keepers = workforce.keepers(self.session, code, cell, at=self.at)
        named = [(keepers.holder, Keeper.HOLDER), (keepers.stand_in, Keeper.STAND_IN)]
        named += [(leader, Keeper.GRID_LEADER) for leader in keepers.leaders]
        roles = {worker: role for worker, role in named if worker is not None}
        moments = [(worker, self.at) for worker in roles]
        duty = workforce.on_duty_at(self.session, code, moments)
        able = [worker for worker, on in zip(roles, duty, strict=True) if on]
        seen = last_seen(self.session, code, self.lon, self.lat, able)
        self._consider(list(seen.values()), within=inf)
        for worker, on in zip(roles, duty, strict=True):
            known = self._found.get(worker) or Considered(
                worker=worker, engaged=worker in self._engaged, asked=self.asked.get(worker)
            )
            self._found[worker] = replace(known, keeper=roles[worker], on_duty=on)

    def look_around(self) -> None:
        """Whoever is near; then, class by class, farther until nobody better can be left."""
        count = max(4 * self.k, _FIRST_LOOK)
        near = nearest_on_duty(
            self.session, self.district.code, self.lon, self.lat, k=count, within=self.reach
        )
        self._consider(near, within=self.reach)
        horizon = near[-1].distance_m if len(near) == count else inf
        for rank_class in (1, 2, 3, 4):
            self._widen(rank_class, horizon)

    def inquiry(self) -> Inquiry:
        """What is known by now. Of those out of reach only the nearest are kept."""
        made = self._so_far()
        told = {one.worker for one in ranked(made).left_out}
        kept = [
            one
            for one in made.considered
            if one.worker in told or one.keeper is not None or made.out_of_reach(one) is None
        ]
        return replace(made, considered=tuple(kept))

    def _so_far(self) -> Inquiry:
        return Inquiry(
            at=self.at,
            k=self.k,
            measure=Measure.STRAIGHT if self._ways is None else Measure.WALK,
            considered=tuple(self._found.values()),
            anybody_on_duty=True,
            reach_m=self.reach,
            exact=self._exact,
        )

    def _widen(self, rank_class: int, horizon: float) -> None:
        """Look at more of one class until nobody beyond the horizon can come into the list."""
        count = _FIRST_LOOK
        while (bound := self._bound(rank_class)) > horizon:
            if count > _MOST:
                self._exact = False
                return
            seen = self._of_class(rank_class, count)
            self._consider(seen, within=bound)
            horizon = seen[-1].distance_m if len(seen) == count else inf
            count *= 4

    def _bound(self, rank_class: int) -> float:
        """The metres beyond which nobody of a class can come into the list any more."""
        items = ranked(self._so_far()).items
        if len(items) < self.k or items[-1].rank_class > rank_class:
            return self.reach
        last = items[-1]
        if last.rank_class < rank_class or last.distance_m is None:
            return 0.0
        return min(last.distance_m, self.reach)

    def _of_class(self, rank_class: int, count: int) -> list[Seen]:
        code, lon, lat, out = self.district.code, self.lon, self.lat, set(self.asked)
        fresh_since = self.at - FRESH_FOR
        since, before = (fresh_since, None) if rank_class < 3 else (None, fresh_since)
        if rank_class in (2, 4):
            some = self._engaged - out
            return nearest_of(
                self.session, code, lon, lat, some, k=count, since=since, before=before
            )
        out |= self._engaged
        return nearest_on_duty(
            self.session,
            code,
            lon,
            lat,
            k=count,
            within=self.reach,
            since=since,
            before=before,
            without=out,
        )

    def _consider(self, seen: Sequence[Seen], *, within: float) -> None:
        """Take in who was not looked at yet, but for those farther on foot than `within`."""
        fresh = [one for one in seen if one.worker not in self._found]
        if not fresh:
            return
        walks = self._walks(fresh, within) if self._ways is not None else [{}] * len(fresh)
        for one, walk in zip(fresh, walks, strict=True):
            if walk is None:
                continue
            self._found[one.worker] = Considered(
                worker=one.worker,
                engaged=one.worker in self._engaged,
                asked=self.asked.get(one.worker),
                straight_m=one.distance_m,
                accuracy_m=one.accuracy_m,
                observed_at=one.observed_at,
                **walk,
            )

    def _walks(self, seen: Sequence[Seen], within: float) -> list[dict[str, Any] | None]:
        """How each is reached on foot; None for whom it is farther than matters."""
        assert self._ways is not None
        lons, lats = [one.lon for one in seen], [one.lat for one in seen]
        x, y = metres(np.array(lons), np.array(lats), self.district.metric_srid)
        spurs = self._ways.net.spurs(x, y)
        between = self._ways.net.between(self._x, self._y, x, y)
        walks: list[dict[str, Any] | None] = []
        for number, (one, spur) in enumerate(zip(seen, spurs, strict=True)):
            barrier = between[number]
            if spur is None or not self._ways.leads_to(spur):
                walks.append({"way": Way.NONE, "barrier": barrier})
                continue
            far = self._ways.metres(float(x[number]), float(y[number]), spur, within=within)
            if isfinite(far):
                # The plane is a hair shorter than the ellipsoid in places, and wider in others.
                walk_m = Metres(round(max(far, one.distance_m), 1))
                walks.append({"way": Way.FOUND, "walk_m": walk_m, "barrier": barrier})
            elif within >= self.reach:
                walks.append({"way": Way.TOO_FAR, "barrier": barrier})
            else:
                walks.append(None)
        return walks
