# SPDX-License-Identifier: Apache-2.0
"""The error of a phone's GPS: slow to change, worse between high houses, honest about its size.

Each axis of the error is a Gauss-Markov process: a reading remembers the last one and forgets it
with time. A radius that holds 68 % of such errors is 1.51 of the axis's standard deviation, one
that holds 95 % is 2.45: 1.62 times as much.
"""

from dataclasses import dataclass
from math import cos, exp, hypot, pi, sin, sqrt

import numpy as np

from geo.sim.chance import between

# The radius that holds 68 % of a two-dimensional normal error, in standard deviations of an axis.
RADIUS_68 = 1.51
_MEMORY_S = (50.0, 120.0)
_MOOD_MEMORY_S = 400.0
_CANYON_EVERY_S = 1500.0


@dataclass
class Drift:
    """The error of one phone as it goes through the day. Ask it in order of time only."""

    rng: np.random.Generator
    axis_m: float
    """Typical standard deviation of an axis of this phone."""
    memory_s: float
    at: float = 0.0
    _x: float = 0.0
    _y: float = 0.0
    _mood: float = 0.0
    _canyon: tuple[float, float, float, float] | None = None
    _next_canyon: float = 0.0

    @classmethod
    def of(cls, rng: np.random.Generator) -> "Drift":
        """A phone as they are: 2 to 6 m an axis, so 3 to 9 m of claimed accuracy in the open."""
        made = cls(
            rng, float(np.clip(rng.lognormal(1.15, 0.3), 2.0, 6.0)), between(rng, *_MEMORY_S)
        )
        made._x, made._y = (made.axis_m * float(rng.normal()) for _ in range(2))
        made._mood = 0.25 * float(rng.normal())
        made._next_canyon = float(rng.exponential(_CANYON_EVERY_S))
        return made

    def error(self, at: float) -> tuple[float, float, float]:
        """Metres east, metres north, and the accuracy claimed (68 % radius), at a second."""
        passed = max(0.0, at - self.at)
        self.at = at
        kept = exp(-passed / _MOOD_MEMORY_S)
        self._mood = self._mood * kept + 0.25 * sqrt(1 - kept * kept) * float(self.rng.normal())
        axis = self.axis_m * exp(self._mood)
        kept = exp(-passed / self.memory_s)
        fresh = axis * sqrt(1 - kept * kept)
        self._x = self._x * kept + fresh * float(self.rng.normal())
        self._y = self._y * kept + fresh * float(self.rng.normal())
        off_x, off_y = self._between_houses(at)
        off = hypot(off_x, off_y)
        # The receiver notices most of a reflected signal, and never knows itself exactly.
        claimed = hypot(RADIUS_68 * axis, 0.85 * off) * exp(0.12 * float(self.rng.normal()))
        return self._x + off_x, self._y + off_y, round(max(2.5, claimed), 1)

    def _between_houses(self, at: float) -> tuple[float, float]:
        """What a street canyon adds: it comes, stays for a minute, and goes."""
        if self._canyon is None and at >= self._next_canyon:
            self._canyon = (
                at,
                between(self.rng, 40, 110),
                between(self.rng, 30, 60),
                between(self.rng, 0, 2 * pi),
            )
        if self._canyon is None:
            return 0.0, 0.0
        began, lasts, metres, bearing = self._canyon
        share = (at - began) / lasts
        if share >= 1:
            self._canyon = None
            self._next_canyon = at + float(self.rng.exponential(_CANYON_EVERY_S))
            return 0.0, 0.0
        strength = metres * min(1.0, 4 * sin(pi * share))
        return strength * cos(bearing), strength * sin(bearing)
