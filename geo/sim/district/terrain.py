# SPDX-License-Identifier: Apache-2.0
"""The lie of the land on a raster: height, ways of least effort, regions that meet on ridges."""

import heapq
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import LineString, MultiLineString, Polygon
from shapely.geometry.base import BaseGeometry

Grid = NDArray[np.float64]
Labels = NDArray[np.int64]
_STEPS = ((0, 1, 1.0), (1, 0, 1.0), (0, -1, 1.0), (-1, 0, 1.0),
          (1, 1, 1.4142), (1, -1, 1.4142), (-1, 1, 1.4142), (-1, -1, 1.4142))  # fmt: skip


@dataclass(frozen=True)
class Raster:
    """Square pixels of `size_m` from a south-west corner; row 0 is the southernmost."""

    west: float
    south: float
    size_m: float
    rows: int
    cols: int

    @classmethod
    def over(cls, land: BaseGeometry, size_m: float, margin_m: float) -> "Raster":
        west, south, east, north = land.bounds
        rows = int((north - south + 2 * margin_m) / size_m) + 1
        cols = int((east - west + 2 * margin_m) / size_m) + 1
        return cls(west - margin_m, south - margin_m, size_m, rows, cols)

    def centres(self) -> tuple[Grid, Grid]:
        xs = self.west + (np.arange(self.cols) + 0.5) * self.size_m
        ys = self.south + (np.arange(self.rows) + 0.5) * self.size_m
        gx, gy = np.meshgrid(xs, ys)
        return gx, gy

    def pixel(self, x: float, y: float) -> tuple[int, int]:
        row = int(np.clip((y - self.south) // self.size_m, 0, self.rows - 1))
        col = int(np.clip((x - self.west) // self.size_m, 0, self.cols - 1))
        return row, col

    def centre(self, row: int, col: int) -> tuple[float, float]:
        return (
            self.west + (col + 0.5) * self.size_m,
            self.south + (row + 0.5) * self.size_m,
        )

    def mask(self, land: BaseGeometry) -> NDArray[np.bool_]:
        gx, gy = self.centres()
        shapely.prepare(land)
        inside: NDArray[np.bool_] = shapely.contains_xy(land, gx.ravel(), gy.ravel())
        return inside.reshape(gx.shape)


def noise(raster: Raster, rng: np.random.Generator, scale_m: float, octaves: int = 4) -> Grid:
    """Smooth value noise in about [-1, 1] with features of `scale_m` and finer."""
    gx, gy = raster.centres()
    out = np.zeros(gx.shape)
    size, loud, total = scale_m, 1.0, 0.0
    for _ in range(octaves):
        u, v = (gx - raster.west) / size, (gy - raster.south) / size
        values = rng.uniform(-1, 1, (int(v.max()) + 3, int(u.max()) + 3))
        i, j = v.astype(int), u.astype(int)
        fv, fu = v - i, u - j
        fv, fu = fv * fv * (3 - 2 * fv), fu * fu * (3 - 2 * fu)
        low = values[i, j] * (1 - fu) + values[i, j + 1] * fu
        high = values[i + 1, j] * (1 - fu) + values[i + 1, j + 1] * fu
        out += loud * (low * (1 - fv) + high * fv)
        total += loud
        size, loud = size / 2, loud * 0.55
    return out / total * 1.6


def heights(raster: Raster, rng: np.random.Generator, valleys: MultiLineString) -> Grid:
    """Relative height: 0 on the valley floors, about 1 on the ridges."""
    gx, gy = raster.centres()
    away = shapely.distance(shapely.points(gx.ravel(), gy.ravel()), valleys).reshape(gx.shape)
    lift = 1.0 - np.exp(-((np.maximum(away - 250.0, 0.0) / 1250.0) ** 1.2))
    ridges = 1.0 - np.abs(noise(raster, rng, 2600.0))
    fine = noise(raster, rng, 900.0)
    height: Grid = lift * (0.45 + 0.5 * ridges) + 0.10 * fine * (0.25 + lift)
    return np.clip(height, 0.0, 1.3)


def spread(
    cost: Grid, allowed: NDArray[np.bool_], seeds: dict[tuple[int, int], int]
) -> tuple[Labels, Grid, Labels]:
    """Grow all seeds at once: label, effort and predecessor (flat index, -1 at a seed)."""
    rows, cols = cost.shape
    label = np.full(cost.shape, -1, dtype=np.int64)
    effort = np.full(cost.shape, np.inf)
    before = np.full(cost.shape, -1, dtype=np.int64)
    queue: list[tuple[float, int, int]] = []
    for (r, c), name in seeds.items():
        label[r, c], effort[r, c] = name, 0.0
        heapq.heappush(queue, (0.0, r, c))
    while queue:
        so_far, r, c = heapq.heappop(queue)
        if so_far > effort[r, c]:
            continue
        for dr, dc, far in _STEPS:
            nr, nc = r + dr, c + dc
            if not (0 <= nr < rows and 0 <= nc < cols) or not allowed[nr, nc]:
                continue
            new = so_far + far * 0.5 * (cost[r, c] + cost[nr, nc])
            if new < effort[nr, nc] - 1e-12:
                effort[nr, nc], label[nr, nc] = new, label[r, c]
                before[nr, nc] = r * cols + c
                heapq.heappush(queue, (new, nr, nc))
    return label, effort, before


def bleed(label: Labels, rounds: int) -> Labels:
    """Labels grown into unlabelled pixels, so that borders reach past the edge."""
    out = label.copy()
    for _ in range(rounds):
        padded = np.pad(out, 1, constant_values=-1)
        for dr, dc in ((0, 1), (1, 0), (0, -1), (-1, 0)):
            shifted = padded[1 + dr : 1 + dr + out.shape[0], 1 + dc : 1 + dc + out.shape[1]]
            out = np.where(out < 0, shifted, out)
    return out


def frontiers(raster: Raster, label: Labels) -> list[LineString]:
    """The pixel edges between different labels (both known), joined into arcs."""
    lines = []
    s = raster.size_m
    for r, c in zip(*np.nonzero(label[:, 1:] != label[:, :-1]), strict=True):
        if label[r, c] >= 0 and label[r, c + 1] >= 0:
            x, y = raster.west + (c + 1) * s, raster.south + r * s
            lines.append(LineString([(x, y), (x, y + s)]))
    for r, c in zip(*np.nonzero(label[1:, :] != label[:-1, :]), strict=True):
        if label[r, c] >= 0 and label[r + 1, c] >= 0:
            x, y = raster.west + c * s, raster.south + (r + 1) * s
            lines.append(LineString([(x, y), (x + s, y)]))
    merged = shapely.line_merge(MultiLineString(lines))
    return [g for g in getattr(merged, "geoms", [merged]) if isinstance(g, LineString)]


def region(raster: Raster, mask: NDArray[np.bool_]) -> list[Polygon]:
    """The true pixels as polygons with stepped borders."""
    s = raster.size_m
    boxes = []
    for r in range(raster.rows):
        cols = np.flatnonzero(np.diff(np.concatenate([[0], mask[r].astype(int), [0]])))
        for a, b in zip(cols[0::2], cols[1::2], strict=True):
            x, y = raster.west + a * s, raster.south + r * s
            boxes.append(shapely.box(x, y, raster.west + b * s, y + s))
    whole = shapely.union_all(boxes)
    return [g for g in getattr(whole, "geoms", [whole]) if isinstance(g, Polygon)]
