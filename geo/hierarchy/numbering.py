# SPDX-License-Identifier: Apache-2.0
"""The sequence of cells in a community: west to east in rows, the rows from north to south.

The rule, as one reads a page. The cells are taken from north to south by their centroids. A row
opens with the northernmost cell not yet placed and takes in every cell whose centroid lies less
than half the community's median cell height south of that cell's centroid. Inside a row cells
run from west to east. Ties fall to the smaller longitude.
"""

from collections.abc import Sequence

import numpy as np
from shapely.geometry.base import BaseGeometry


def reading_order(cells: Sequence[BaseGeometry]) -> list[int]:
    """Positions of the cells in the order in which they are numbered (degrees in, EPSG:4326)."""
    centre = [(p.centroid.x, p.centroid.y) for p in cells]
    height = float(np.median([p.bounds[3] - p.bounds[1] for p in cells]))
    rest = sorted(range(len(cells)), key=lambda i: (-centre[i][1], centre[i][0]))
    out: list[int] = []
    while rest:
        top = centre[rest[0]][1]
        row = [i for i in rest if top - centre[i][1] < height / 2]
        out += sorted(row, key=lambda i: (centre[i][0], -centre[i][1]))
        rest = [i for i in rest if i not in row]
    return out
