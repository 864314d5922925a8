# SPDX-License-Identifier: Apache-2.0
"""The local plane of the district: metres east and north of a corner of EPSG:4550.

`to_degrees` is the one way out: EPSG:4326 (CGCS2000 agrees within centimetres), longitude
first, rounded to 1e-7 degree.
"""

from functools import lru_cache
from typing import TypeVar

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer
from shapely.geometry.base import BaseGeometry

EAST0_M = 548_900.0
NORTH0_M = 4_570_500.0
GRID_DEG = 1e-7
DECIMALS = 7

G = TypeVar("G", bound=BaseGeometry)


@lru_cache(maxsize=1)
def _outward() -> Transformer:
    return Transformer.from_crs("EPSG:4550", "EPSG:4326", always_xy=True)


def degrees_of(xy: NDArray[np.float64]) -> NDArray[np.float64]:
    """Plane metres (n, 2) to longitude and latitude (n, 2), on the 1e-7 grid."""
    lon, lat = _outward().transform(xy[:, 0] + EAST0_M, xy[:, 1] + NORTH0_M)
    return np.round(np.column_stack([lon, lat]), DECIMALS)


def to_degrees(geometry: G) -> G:
    """A plane geometry as EPSG:4326 on the 1e-7 grid (vertices only; topology is not repaired)."""
    return shapely.transform(geometry, degrees_of)


def settled(geometry: G) -> G:
    """Degrees whose coordinates equal round(x, 7) to the last bit."""
    return shapely.transform(geometry, lambda xy: np.round(xy, DECIMALS))
