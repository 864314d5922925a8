# SPDX-License-Identifier: Apache-2.0
"""Shapes that are asked about many points.

GEOS builds the indexes of a prepared shape while it is asked, and two threads that ask one at the
same time end the process. So nothing is prepared that another thread may hold: a copy is.
"""

from typing import TypeVar

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

Shaped = TypeVar("Shaped", BaseGeometry, NDArray[np.object_])


def prepared_copy(shapes: Shaped) -> Shaped:
    """The same shape or shapes, prepared; for the thread that asked for it alone."""
    made: Shaped = shapely.transform(shapes, np.copy)
    shapely.prepare(made)
    return made
