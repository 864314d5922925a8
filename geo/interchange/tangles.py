# SPDX-License-Identifier: Apache-2.0
"""Shapes that meet themselves or each other so often that nobody can say what is meant.

To mend such a ring, or to list all that such cells share, takes minutes to hours; to see that they
are such takes seconds.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.plans.lattice import lines_of

# So many are asked for at a time: what they meet fits into memory, however much that is.
_AT_ONCE = 16
# A piece of a ring has one before it and one after, and the boxes of few others about it.
_BOXES_EACH, _BOXES_MORE = 10, 1000
# Mending a ring that crosses itself so often takes about a second.
_CROSSINGS = 20_000
# A cell has six or seven neighbours, and the boxes of a few more about it.
_CELLS_EACH, _CELLS_MORE = 20, 1000
# So many pieces that two cells share, or so many holes, are no slips of a hand.
_SHREDS = 500
_HOLES_EACH, _HOLES_MORE = 20, 1000


def tangled(ring: BaseGeometry) -> bool:
    """Whether a shape that is not valid crosses itself too often to be mended."""
    rings = shapely.get_rings(shapely.get_parts(ring))
    corners, of = shapely.get_coordinates(rings, return_index=True)
    goes_on = np.flatnonzero(of[1:] == of[:-1])
    pieces = lines_of(np.hstack([corners[goes_on], corners[goes_on + 1]]))
    boxes = crossings = 0
    for one, other in _meetings(pieces):
        boxes += len(one)
        if boxes > _BOXES_EACH * len(pieces) + _BOXES_MORE:
            return True
        crossings += int(np.count_nonzero(shapely.intersects(pieces[one], pieces[other])))
    # Each meets itself and its two neighbours.
    return crossings - 3 * len(pieces) > _CROSSINGS


def piled(cells: Sequence[BaseGeometry]) -> bool:
    """Whether cells lie upon each other by the heap, as when several plans are in one file."""
    shapes = np.array(cells, dtype=object)
    boxes = 0
    for one, _ in _meetings(shapes):
        boxes += len(one)
        if boxes > _CELLS_EACH * len(shapes) + _CELLS_MORE:
            return True
    return False


def shredded(cells: Sequence[BaseGeometry], outline: BaseGeometry) -> bool:
    """Whether valid cells share land, or leave out land inside the outline, in shreds."""
    shapes = np.array(cells, dtype=object)
    if not shapely.coverage_is_valid(shapes):
        one, other = shapely.STRtree(shapes).query(shapes, predicate="overlaps")
        shared = shapely.intersection(shapes[one[one < other]], shapes[other[one < other]])
        if shapely.get_num_geometries(shared).max(initial=0) > _SHREDS:
            return True
    left = shapely.difference(outline, shapely.union_all(shapes))
    return bool(shapely.get_num_geometries(left) > _HOLES_EACH * len(shapes) + _HOLES_MORE)


def _meetings(shapes: NDArray[np.object_]) -> Iterator[NDArray[np.int64]]:
    """Pairs of shapes whose boxes meet, each with itself too, shape (2, n) a time."""
    tree = shapely.STRtree(shapes)
    for begins in range(0, len(shapes), _AT_ONCE):
        found = tree.query(shapes[begins : begins + _AT_ONCE])
        found[0] += begins
        yield found
