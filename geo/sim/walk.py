# SPDX-License-Identifier: Apache-2.0
"""A worker on his round: along the streets of his cell, stopping to talk, from spot to spot.

Everything is in plane metres and in seconds since the day began. A walker is asked in order of
time; he plans only as far ahead as he is asked, so that he can be called away at any moment.
"""

from collections import deque
from dataclasses import dataclass, field
from itertools import pairwise
from math import hypot

import numpy as np

from geo.sim.chance import between, happens, one_of
from geo.sim.network import Network, NoWay
from geo.sim.town import Ground, Spot

WALKING_MPS = (1.0, 1.5)
# Called to something far he takes his electric bicycle; near he hurries.
HURRYING_MPS, RIDING_MPS = 1.8, 4.2
RIDES_FROM_M = 250.0
_STROLL_M = (50.0, 260.0)
# Time to reach the next checkpoint: he sets out so much before it is due.
_ON_THE_WAY_S = 240.0


@dataclass(frozen=True)
class Visit:
    """He stands at a checkpoint and checks in there."""

    at: float
    spot: Spot


@dataclass(frozen=True)
class Stand:
    """Where he is at a second; `moving` at which speed and towards where."""

    x: float
    y: float
    speed_mps: float
    bearing_deg: float


@dataclass
class Walker:
    """One worker's way through the day."""

    network: Network
    ground: Ground
    rng: np.random.Generator
    check_in_every_s: tuple[float, float]
    now: float = 0.0
    visits: deque[Visit] = field(default_factory=deque)
    _knots: deque[tuple[float, float, float]] = field(default_factory=deque)
    _to_visit: list[Spot] = field(default_factory=list)
    _due: float = 0.0
    _held: bool = False

    def __post_init__(self) -> None:
        """He begins somewhere on his round."""
        x, y = self.network.place(one_of(self.rng, self.ground.nodes))
        self._knots.append((self.now, x, y))
        self._due = self.now + between(self.rng, 20, self.check_in_every_s[1])

    def stand(self, at: float) -> Stand:
        """Where he is at a second, not earlier than the last one asked about."""
        self.now = at
        while self._knots[-1][0] <= at:
            self._plan()
        while self._knots[1][0] <= at:
            self._knots.popleft()
        (t0, x0, y0), (t1, x1, y1) = self._knots[0], self._knots[1]
        share = (at - t0) / (t1 - t0)
        metres = hypot(x1 - x0, y1 - y0)
        bearing = float(np.degrees(np.arctan2(x1 - x0, y1 - y0))) % 360 if metres else 0.0
        return Stand(
            x0 + (x1 - x0) * share, y0 + (y1 - y0) * share, metres / (t1 - t0), round(bearing, 1)
        )

    def call(self, at: float, x: float, y: float) -> float:
        """Leave everything for a place; the second at which he will be there."""
        here = self.stand(at)
        self._cut(at, here)
        start = self.network.nearest(here.x, here.y)
        goal = self.network.nearest(x, y)
        way = self._way(start, goal)
        metres = sum(hypot(*(self.network.xy[a] - self.network.xy[b])) for a, b in pairwise(way))
        self._go(way, RIDING_MPS if metres > RIDES_FROM_M else HURRYING_MPS)
        self._held = True
        return self._knots[-1][0]

    def release(self, at: float) -> None:
        """It is over: back to the round."""
        if self._held:
            self._held = False
            self._cut(at, self.stand(at))
            self._due = max(self._due, at + between(self.rng, 120, 300))

    def _plan(self) -> None:
        """One piece of the day more."""
        if self._held:
            self._stay(20.0)
            return
        last = self._knots[-1][0]
        if self.ground.spots and last >= self._due - _ON_THE_WAY_S:
            self._visit(self._next_spot())
            self._due = max(self._due, last) + between(self.rng, *self.check_in_every_s)
            return
        self._go(self._way(self._here(), self._somewhere()), between(self.rng, *WALKING_MPS))
        # A word with somebody at a door; now and then a rest.
        if happens(self.rng, 0.12):
            self._stay(between(self.rng, 90, 240))
        elif happens(self.rng, 0.7):
            self._stay(between(self.rng, 15, 120))

    def _visit(self, spot: Spot) -> None:
        speed = between(self.rng, *WALKING_MPS)
        self._go(self._way(self._here(), self.network.nearest(spot.x, spot.y)), speed)
        back = self._knots[-1]
        # Not on the very spot: a few steps beside it.
        x, y = (float(self.rng.normal(v, 2.0)) for v in (spot.x, spot.y))
        self._step(x, y, speed)
        self._stay(between(self.rng, 10, 25))
        self.visits.append(Visit(self._knots[-1][0], spot))
        self._stay(between(self.rng, 10, 40))
        self._step(back[1], back[2], speed)

    def _next_spot(self) -> Spot:
        """The nearest of those not yet visited on this round."""
        if not self._to_visit:
            self._to_visit = list(self.ground.spots)
        _, x, y = self._knots[-1]
        nearest = min(self._to_visit, key=lambda spot: hypot(spot.x - x, spot.y - y))
        self._to_visit.remove(nearest)
        return nearest

    def _somewhere(self) -> int:
        """A place of his cell to stroll to that its own streets lead to, not too far."""
        _, x, y = self._knots[-1]
        here = self.ground.part_of.get(self._here())
        candidates = [n for n in self.ground.nodes if here in (None, self.ground.part_of[n])]
        for _ in range(8):
            node = one_of(self.rng, candidates)
            there_x, there_y = self.network.place(node)
            if _STROLL_M[0] <= hypot(there_x - x, there_y - y) <= _STROLL_M[1]:
                break
        return node

    def _here(self) -> int:
        _, x, y = self._knots[-1]
        return self.network.nearest(x, y)

    def _way(self, start: int, goal: int) -> list[int]:
        """Inside the cell where its streets allow, else round about; at worst straight across."""
        for inside in (self.ground.allowed, None):
            try:
                return self.network.way(start, goal, inside=inside)
            except NoWay:
                continue
        return [start, goal]

    def _go(self, way: list[int], speed_mps: float) -> None:
        for node in way:
            self._step(*self.network.place(node), speed_mps)

    def _step(self, x: float, y: float, speed_mps: float) -> None:
        t, x0, y0 = self._knots[-1]
        metres = hypot(x - x0, y - y0)
        if metres > 0.01:
            self._knots.append((t + metres / speed_mps, x, y))

    def _stay(self, seconds: float) -> None:
        t, x, y = self._knots[-1]
        self._knots.append((t + seconds, x, y))

    def _cut(self, at: float, here: Stand) -> None:
        """Drop what was planned after a moment, a visit not yet made included."""
        while self.visits and self.visits[-1].at > at:
            self._to_visit.append(self.visits.pop().spot)
        self._knots = deque([(at, here.x, here.y)])
