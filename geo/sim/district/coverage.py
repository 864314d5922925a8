# SPDX-License-Identifier: Apache-2.0
"""Cells as an exact coverage in degrees: noded once on the 1e-7 grid, unions without a seam."""

import numpy as np
import shapely
from shapely import MultiPolygon, Polygon
from shapely.ops import polygonize

from geo.sim.district.plane import GRID_DEG, degrees_of, settled, to_degrees


def settle(lands: list[Polygon]) -> list[Polygon]:
    """Plane polygons that tile an area, as EPSG:4326 polygons that share every vertex.

    All borders are noded together by snap rounding on the 1e-7 degree grid and polygonised
    again, so neighbours have the same vertices; a face that holds no land's inner point is a
    sliver and goes to the land it shares most border with.
    """
    borders = [to_degrees(p.boundary) for p in lands]
    web = shapely.union_all(borders, grid_size=GRID_DEG)
    faces = [settled(f) for f in polygonize(web)]
    spots = degrees_of(np.array([p.representative_point().coords[0] for p in lands]))
    tree = shapely.STRtree(faces)
    home: dict[int, int] = {}
    for i, spot in enumerate(spots):
        hits = tree.query(shapely.Point(spot), predicate="within")
        if len(hits) != 1:
            raise ValueError(f"land {i} has no face of its own")
        home[int(hits[0])] = i
    if len(home) != len(lands):
        raise ValueError("two lands in one face")
    out = [Polygon()] * len(lands)
    for j, i in home.items():
        out[i] = faces[j]
    for j, face in enumerate(faces):
        if j in home:
            continue
        if face.area > 1e-9:
            raise ValueError("a hole in the coverage")
        ring = face.boundary
        i = max(range(len(lands)), key=lambda k: out[k].boundary.intersection(ring).length)
        joined = shapely.union_all([out[i], face])
        assert isinstance(joined, Polygon)
        out[i] = joined
    return [shapely.normalize(p) for p in out]


def union(parts: list[Polygon]) -> Polygon:
    """The union of cells of one area: no new vertex, one piece."""
    whole = shapely.coverage_union_all(parts)
    if isinstance(whole, MultiPolygon) and len(whole.geoms) == 1:
        whole = whole.geoms[0]
    assert isinstance(whole, Polygon), "an area in several pieces"
    return shapely.normalize(settled(whole))
