# SPDX-License-Identifier: Apache-2.0
"""How compact a cell is: 1 for a circle, near 0 for a thread. Shapes in plane metres.

Both measures are those that redistricting uses. A winding border lowers Polsby-Popper, a long shape
lowers Reock; a cell that is good in both is one a person can walk.
"""

import math

import numpy as np
import shapely

from geo.plans.lattice import Floats, Shapes


def polsby_popper(shapes: Shapes) -> Floats:
    """The area of each shape over that of a circle with its perimeter.

    D. D. Polsby, R. D. Popper: The Third Criterion: Compactness as a Procedural Safeguard against
    Partisan Gerrymandering. Yale Law & Policy Review 9 (1991).
    """
    around = shapely.length(shapes)
    shares: Floats = 4 * math.pi * shapely.area(shapes) / np.maximum(around, 1e-9) ** 2
    return shares


def reock(shapes: Shapes) -> Floats:
    """The area of each shape over that of the smallest circle round it.

    E. C. Reock: A Note: Measuring Compactness as a Requirement of Legislative Apportionment.
    Midwest Journal of Political Science 5 (1961).
    """
    radius = shapely.minimum_bounding_radius(shapes)
    shares: Floats = shapely.area(shapes) / (math.pi * np.maximum(radius, 1e-9) ** 2)
    return shares
