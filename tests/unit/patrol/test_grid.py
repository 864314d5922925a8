# SPDX-License-Identifier: Apache-2.0
"""The cells of a plan, asked by several threads at once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import uuid4

import numpy as np
import pytest
import shapely

from geo.hierarchy.rules import Area
from geo.ids import AreaCode, Level, PlanId
from geo.patrol.grid import Measured, PlanGrid
from geo.plans.opening import ground
from geo.plans.problems import problems
from tests import drawing, town

THREADS, TIMES = 4, 20
ACCURACY = np.full(100, 15.0)


def jagged(middle: float, corners: int = 400) -> shapely.Polygon:
    """A cell with many corners, 200 m wide, so many metres east of the town's corner."""
    turns = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    reach = 95 + 5 * np.cos(turns * corners / 2)
    spots = np.column_stack([middle + reach * np.cos(turns), 150 + reach * np.sin(turns)])
    return shapely.Polygon([town.point(*spot) for spot in spots])


CELLS = [
    Area(
        code=AreaCode(f"210503101001{number:03d}"),
        name="",
        level=Level.CELL,
        parent=None,
        households=0,
        boundary=jagged(200 * number),
    )
    for number in range(1, 6)
]


def together(ask: object) -> list[object]:
    """What each of some threads is answered that ask at the same moment."""
    ready = Barrier(THREADS)

    def asked(_: int) -> object:
        ready.wait()
        return ask()  # type: ignore[operator]

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(asked, range(THREADS)))


def test_a_fresh_grid_serves_threads_at_once() -> None:
    random = np.random.default_rng(1)
    cells = random.integers(0, len(CELLS), len(ACCURACY))
    east, north = 200 * (cells + 1) + random.uniform(-120, 120, (2, len(cells)))
    lon, lat = np.array([town.point(*spot) for spot in zip(east, north, strict=True)]).T
    alone = PlanGrid(PlanId(uuid4()), town.SRID, CELLS).measure(cells, lon, lat, ACCURACY)
    for _ in range(TIMES):
        fresh = PlanGrid(PlanId(uuid4()), town.SRID, CELLS)
        # Whoever draws them asks them without the grid's leave.
        assert not shapely.is_prepared(fresh.boundaries).any()
        for measured in together(lambda fresh=fresh: fresh.measure(cells, lon, lat, ACCURACY)):
            assert isinstance(measured, Measured)
            assert measured.distance_m == pytest.approx(alone.distance_m)
            assert measured.share == pytest.approx(alone.share)


def test_a_fresh_division_is_looked_through_by_threads_at_once() -> None:
    for _ in range(TIMES):
        division, land = drawing.division(), drawing.standing()
        land = ground(town.buildings(), town.SRID, shapely.segmentize(land.outline, 300.0))
        for found in together(lambda d=division, g=land: problems(d, g)):
            assert found == []
