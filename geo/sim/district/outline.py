# SPDX-License-Identifier: Apache-2.0
"""The district's border: the sketched outline made natural and brought to its area and extent."""

import numpy as np
from shapely import Polygon, affinity

from geo.sim.district import sketch
from geo.sim.district.curves import chaikin, wiggle


def outline(rng: np.random.Generator) -> Polygon:
    """The border in plane metres: ridge-like wiggles, exact extent, area within 0.2 %."""
    ring = np.vstack([sketch.OUTLINE, sketch.OUTLINE[:1]])
    rough = wiggle(ring, rng, rough=0.14, finest_m=170.0)
    shape = Polygon(chaikin(rough[:-1], 1, closed=True)).buffer(0)
    assert isinstance(shape, Polygon)
    shape = _framed(shape)
    for _ in range(12):
        miss = sketch.AREA_M2 - shape.area
        if abs(miss) < 0.002 * sketch.AREA_M2:
            break
        grown = shape.buffer(0.9 * miss / shape.length, join_style="round", quad_segs=2)
        assert isinstance(grown, Polygon)
        shape = _framed(grown)
    thin = shape.simplify(4.0)
    assert isinstance(thin, Polygon)
    return Polygon(thin.exterior)


def _framed(shape: Polygon) -> Polygon:
    """Stretched onto the district's bounding box."""
    west, south, east, north = shape.bounds
    moved = affinity.translate(shape, -west, -south)
    width, height = sketch.EXTENT_M
    return affinity.scale(moved, width / (east - west), height / (north - south), origin=(0, 0))
