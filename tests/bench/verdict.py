# SPDX-License-Identifier: Apache-2.0
"""The geometric verdict alone: which cell holds each point, and how its disc lies to that cell.

`PlanGrid.locate` and `PlanGrid.measure` over points spread evenly, with radii of 8 to 80 m, in one
plan after another; `--points 1000000` for the figures. A plan is a coverage of cells of 28
vertices, about 150 m wide, whose borders wander. No database, one core.

    python -m tests.bench.verdict [--points 400000] [--rounds 3] [--cells 315 10000 100000]
"""

import argparse
import resource
import statistics
import time
from uuid import uuid4

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.crs import degrees, on_grid
from geo.hierarchy.rules import Area
from geo.ids import AreaCode, Level, PlanId
from geo.patrol.grid import PlanGrid

SRID = 4550
WEST, SOUTH = 530_000.0, 4_560_000.0
WIDTH_M = 150.0
SIDE_PIECES = 7
AT_ONCE = 100_000
RADII_M = (8.0, 80.0)


def sides(
    rng: np.random.Generator,
    start: NDArray[np.float64],
    end: NDArray[np.float64],
    wander: float,
) -> NDArray[np.float64]:
    """Borders from start to end that wander: shape (..., SIDE_PIECES + 1, 2)."""
    share = np.linspace(0, 1, SIDE_PIECES + 1)[:, None]
    along = start[..., None, :] * (1 - share) + end[..., None, :] * share
    off = rng.normal(0, wander * WIDTH_M, along.shape)
    off[..., 0, :] = off[..., -1, :] = 0.0
    return along + off


def coverage(rng: np.random.Generator, columns: int, rows: int, wander: float = 0.04) -> list[Area]:
    """Cells that tile exactly: neighbours share each vertex of their border.

    Borders stray by `wander` of their length; here and there two cross, unless it is small.
    """
    nodes = np.stack(
        np.meshgrid(np.arange(columns + 1), np.arange(rows + 1), indexing="xy"), axis=-1
    ).astype(np.float64)
    nodes = nodes * WIDTH_M + rng.uniform(-0.2, 0.2, nodes.shape) * WIDTH_M + (WEST, SOUTH)
    level = sides(rng, nodes[:, :-1], nodes[:, 1:], wander)
    upright = sides(rng, nodes[:-1, :], nodes[1:, :], wander)
    rings = np.concatenate(
        [
            level[:-1, :, :-1],
            upright[:, 1:, :-1],
            level[1:, :, :0:-1],
            upright[:, :-1, :0:-1],
        ],
        axis=2,
    ).reshape(rows * columns, -1, 2)
    lon, lat = degrees(rings[..., 0], rings[..., 1], SRID)
    shapes = on_grid_all(shapely.polygons(np.stack([lon, lat], axis=-1)))
    return [
        Area(
            code=AreaCode(f"{210503_000000 + n // 900:012d}{n % 900 + 1:03d}"),
            name="",
            level=Level.CELL,
            parent=None,
            households=0,
            boundary=shape,
        )
        for n, shape in enumerate(shapes)
    ]


def on_grid_all(shapes: NDArray[np.object_]) -> list[shapely.Geometry]:
    """As plans are stored: vertices on the grid of 1e-7 degrees."""
    return [on_grid(shape) for shape in shapes]


def judged(
    grid: PlanGrid, lon: NDArray[np.float64], lat: NDArray[np.float64], radius: NDArray[np.float64]
) -> tuple[float, float]:
    """Locate and measure all points, a piece at a time; the shares of those found and cut."""
    found = cut = 0
    for begins in range(0, len(lon), AT_ONCE):
        piece = slice(begins, begins + AT_ONCE)
        cells = grid.locate(lon[piece], lat[piece])
        held = np.flatnonzero(cells >= 0)
        measured = grid.measure(
            cells[held], lon[piece][held], lat[piece][held], radius[piece][held]
        )
        found += len(held)
        cut += int((measured.share < 1).sum())
    return found / len(lon), cut / len(lon)


def peak_mib() -> float:
    """The most memory this process has had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Measure each plan and print its line; growth is against the first."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--points", type=int, default=400_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cells", type=int, nargs="+", default=[315, 10_000, 100_000])
    asked = parser.parse_args()
    rng = np.random.default_rng(1)
    first = 0.0
    for count in asked.cells:
        rows = max(n for n in range(1, int(count**0.5) + 1) if count % n == 0)
        columns = count // rows
        areas = coverage(rng, columns, rows)
        began = time.perf_counter()
        grid = PlanGrid(PlanId(uuid4()), SRID, areas)
        shape = (asked.points,)
        east = WEST + WIDTH_M * rng.uniform(0, columns, shape)
        north = SOUTH + WIDTH_M * rng.uniform(0, rows, shape)
        lon, lat = degrees(east, north, SRID)
        radius = rng.uniform(*RADII_M, shape)
        judged(grid, lon[:1000], lat[:1000], radius[:1000])
        built = time.perf_counter() - began
        rates = []
        before = peak_mib()
        for _ in range(asked.rounds):
            began = time.perf_counter()
            found, cut = judged(grid, lon, lat, radius)
            rates.append(asked.points / (time.perf_counter() - began))
        rate = statistics.median(rates)
        first = first or rate
        print(
            f"{count:7d} cells: {rate:9.0f} points/s ({min(rates):.0f} to {max(rates):.0f}),"
            f" {first / rate:.2f} of the first plan's time, index made in {built:.1f} s,"
            f" {found:.1%} held, {cut:.0%} cut by a border,"
            f" {peak_mib():.0f} MiB at most ({peak_mib() - before:+.0f} while judging)",
            flush=True,
        )


if __name__ == "__main__":
    main()
