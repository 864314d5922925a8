# SPDX-License-Identifier: Apache-2.0
"""A worker's phone: what it makes of where he stands."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import cos, pi, sin
from uuid import UUID

import numpy as np
import shapely

from geo.crs import Fix, degrees, wgs84_to_gcj02
from geo.sim.chance import between, chance, happens
from geo.sim.drift import Drift
from geo.sim.town import Ground, Spot
from geo.sim.walk import Stand
from geo.units import Metres

# Phones that speak GCJ-02 and call it WGS-84.
GCJ02_SHARE = 0.02


@dataclass
class Phone:
    """Its GPS, and whether it speaks GCJ-02 while saying wgs84."""

    srid: int
    start: datetime
    drift: Drift
    gcj02: bool

    @classmethod
    def of(cls, seed: int, worker: UUID, srid: int, start: datetime) -> "Phone":
        """The phone of a worker, the same for the same seed."""
        rng = chance(seed, worker, "phone")
        gcj02 = happens(rng, GCJ02_SHARE)
        return cls(srid, start, Drift.of(rng), gcj02)

    def fix(self, at: float, stand: Stand, *, mock: bool = False) -> Fix:
        """What it says of where he stands at a second of the day."""
        east, north, accuracy = self.drift.error(at)
        if mock:
            # A fixed place typed into an app that fakes the GPS: neither error nor doubt.
            east, north, accuracy = 0.0, 0.0, 1.0
        lon, lat = degrees(stand.x + east, stand.y + north, self.srid)
        if self.gcj02:
            shifted = wgs84_to_gcj02(np.array([lon]), np.array([lat]))
            lon, lat = float(shifted[0][0]), float(shifted[1][0])
        moving = stand.speed_mps > 0.1
        return Fix(
            lon=round(lon, 7),
            lat=round(lat, 7),
            accuracy_m=Metres(accuracy),
            observed_at=self.start + timedelta(milliseconds=round(at * 1000)),
            mock=mock,
            source="android",
            speed_mps=round(stand.speed_mps, 1),
            bearing_deg=stand.bearing_deg if moving else None,
        )


def astray(rng: np.random.Generator, ground: Ground, spot: Spot) -> Stand:
    """Where somebody checks in who is not in his cell: across the road, or at home."""
    if happens(rng, 0.6):
        edge = ground.shape.boundary
        foot = edge.interpolate(edge.project(shapely.Point(spot.x, spot.y)))
        away = max(foot.distance(shapely.Point(spot.x, spot.y)), 0.1)
        beyond = between(rng, 18, 60) / away
        x = foot.x + (foot.x - spot.x) * beyond
        y = foot.y + (foot.y - spot.y) * beyond
    else:
        bearing, metres = between(rng, 0, 2 * pi), between(rng, 500, 1800)
        x, y = spot.x + metres * cos(bearing), spot.y + metres * sin(bearing)
    return Stand(x, y, 0.0, 0.0)
