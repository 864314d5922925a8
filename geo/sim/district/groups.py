# SPDX-License-Identifier: Apache-2.0
"""Building groups (楼栋组): a cell's buildings parted into neighbourly, even groups."""

import numpy as np
import shapely
from shapely import Polygon
from shapely.geometry.base import BaseGeometry

from geo.sim.district.addresses import House

GROUP_HOMES = 86


def part(houses: list[House]) -> list[list[int]]:
    """Positions of the houses by group: split across the longer side until groups are small."""
    homes = sum(h.at.households for h in houses)
    count = int(np.clip(round(homes / GROUP_HOMES), 3, 7))
    count = min(count, len(houses))
    xy = np.array([h.at.shape.centroid.coords[0] for h in houses])
    weight = np.array([h.at.households + 4.0 for h in houses])

    def halve(idx: list[int], n: int) -> list[list[int]]:
        if n <= 1 or len(idx) <= 1:
            return [idx]
        spots = xy[idx]
        axis = int(np.argmax(np.ptp(spots, axis=0)))
        order = [idx[k] for k in np.argsort(spots[:, axis], kind="stable")]
        cum = np.cumsum(weight[order]) / weight[order].sum()
        first = n // 2
        cut = int(np.clip(np.searchsorted(cum, first / n) + 1, first, len(order) - (n - first)))
        return halve(order[:cut], first) + halve(order[cut:], n - first)

    parts = [sorted(p) for p in halve(list(range(len(houses))), count)]
    return sorted(parts, key=lambda p: (-round(float(xy[p][:, 1].mean()) / 60), xy[p][:, 0].mean()))


def outlines(houses: list[House], parts: list[list[int]], cell: Polygon) -> list[BaseGeometry]:
    """A polygon or multipolygon around each group, inside the cell, apart from the others."""
    own = [shapely.union_all([houses[i].at.shape for i in p]) for p in parts]
    out: list[BaseGeometry] = []
    inner = cell.buffer(-1.0)
    for k, mine in enumerate(own):
        others = shapely.union_all([o for j, o in enumerate(own) if j != k]).buffer(1.2)
        before = shapely.union_all(out) if out else shapely.Polygon()
        hull = mine.convex_hull.buffer(4.0, quad_segs=2).intersection(inner)
        shape = hull.difference(shapely.union_all([others, before]))
        keep = mine.buffer(1.0, join_style="mitre").intersection(inner)
        whole = shapely.union_all([shape.buffer(-0.6).buffer(0.6, quad_segs=1), keep])
        whole = whole.difference(shapely.union_all([before, others])).simplify(0.2)
        solid = [g for g in getattr(whole, "geoms", [whole])
                 if isinstance(g, Polygon) and (g.area > 150 or g.intersects(mine))]  # fmt: skip
        out.append(shapely.union_all(solid))
    return out
