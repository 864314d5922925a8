# SPDX-License-Identifier: Apache-2.0
"""Buildings on a block: slab rows that look south, towers, house rows, works halls, schools.

All shapes are plane metres. A block handed in here is already clear of streets and borders.
"""

from dataclasses import dataclass

import numpy as np
import shapely
from shapely import MultiPolygon, Polygon, affinity
from shapely.geometry.base import BaseGeometry


@dataclass
class Footprint:
    """One building, or one row of village houses under one roof line."""

    shape: Polygon
    kind: str
    units: int
    floors: int
    households: int
    estate: str = ""


@dataclass(frozen=True)
class Style:
    """How an estate is built; lengths in metres."""

    kind: str
    unit_m: float
    units: tuple[int, int]
    depth_m: float
    row_m: float
    gap_m: float
    floors: tuple[int, int]
    per_floor: int


OLD = Style("residential", 13.0, (3, 5), 11.5, 27.0, 9.0, (5, 7), 2)
NEWER = Style("residential", 15.5, (2, 4), 13.0, 33.0, 12.0, (6, 9), 2)
MIDRISE = Style("residential", 17.0, (2, 3), 14.5, 40.0, 15.0, (11, 14), 2)
TOWER = Style("residential", 27.0, (1, 1), 19.0, 52.0, 22.0, (17, 26), 4)
BUNGALOW = Style("residential", 8.5, (4, 8), 7.5, 17.0, 6.0, (1, 1), 1)
VILLAGE = Style("village", 10.5, (3, 7), 8.0, 25.0, 7.0, (1, 1), 1)
HOMES_PER_HA = {"old": 190.0, "newer": 150.0, "midrise": 260.0, "tower": 320.0, "bungalow": 75.0}
STYLES = {"old": OLD, "newer": NEWER, "midrise": MIDRISE, "tower": TOWER, "bungalow": BUNGALOW}


def facing(block: Polygon, rng: np.random.Generator, most_deg: float = 32.0) -> float:
    """The angle of rows: along the block's most east-west side, so that fronts look south."""
    ring = shapely.get_coordinates(block.simplify(8.0))
    side = np.diff(ring, axis=0)
    length = np.hypot(*side.T)
    angle = (np.degrees(np.arctan2(side[:, 1], side[:, 0])) + 90.0) % 180.0 - 90.0
    angle = np.where(angle > 45, angle - 90, np.where(angle < -45, angle + 90, angle))
    score = length * np.cos(np.radians(2.0 * np.minimum(np.abs(angle), 45.0)))
    best = float(angle[int(np.argmax(score))])
    return best if abs(best) <= most_deg else float(rng.uniform(-6, 6))


def rows(
    block: BaseGeometry,
    style: Style,
    angle: float,
    rng: np.random.Generator,
    homes_left: float,
    estate: str = "",
) -> list[Footprint]:
    """Rows of buildings on the block until it is full or enough homes are built."""
    pivot = block.centroid
    turned = affinity.rotate(block, -angle, origin=pivot)
    shapely.prepare(turned)
    west, south, east, north = turned.bounds
    floors = int(rng.integers(style.floors[0], style.floors[1] + 1))
    depth = style.depth_m + float(rng.uniform(-0.6, 0.9))
    out: list[Footprint] = []
    y = south + depth / 2 + float(rng.uniform(0.3, 3.0))
    while y + depth / 2 < north and homes_left > 0:
        shift = float(rng.uniform(0, 5.0))
        for start, end in _runs(turned, west, east, y - depth / 2, y + depth / 2):
            x = start + min(shift, max(0.0, (end - start - style.unit_m * style.units[0]) / 2))
            while homes_left > 0:
                fit = int((end - x) // style.unit_m)
                if fit < style.units[0]:
                    break
                units = min(fit, int(rng.integers(style.units[0], style.units[1] + 1)))
                if 0 < fit - units < style.units[0] and fit <= style.units[1]:
                    units = fit
                width = units * style.unit_m - 0.4
                storeys = floors if rng.random() < 0.8 else max(1, floors - 1)
                homes = units * storeys * style.per_floor
                shape = _outline(x, y, width, depth, style, units, rng)
                if turned.contains(shape):
                    back = affinity.rotate(shape, angle, origin=pivot)
                    out.append(Footprint(back, style.kind, units, storeys, homes, estate))
                    homes_left -= homes
                x += width + style.gap_m + float(rng.uniform(-1.0, 3.0))
        y += style.row_m + float(rng.uniform(-1.2, 2.5))
    return out


def _outline(
    x: float,
    y: float,
    width: float,
    depth: float,
    style: Style,
    units: int,
    rng: np.random.Generator,
) -> Polygon:
    """A slab, sometimes with staggered units; a tower with a notch at its back."""
    low, high = y - depth / 2, y + depth / 2
    if style.per_floor == 4:
        a, b = x + 0.36 * width, x + 0.64 * width
        return Polygon(
            [(x, low), (x + width, low), (x + width, high), (b, high), (b, high - 4.5),
             (a, high - 4.5), (a, high), (x, high)]
        )  # fmt: skip
    if style.kind == "residential" and units >= 3 and style.floors[0] > 1 and rng.random() < 0.25:
        step = x + width * round(units / 2) / units
        return Polygon(
            [(x, low), (step, low), (step, low + 2.2), (x + width, low + 2.2), (x + width, high),
             (step, high), (step, high - 2.2), (x, high - 2.2)]
        )  # fmt: skip
    return shapely.box(x, low, x + width, high)


def _runs(
    land: BaseGeometry, west: float, east: float, low: float, high: float
) -> list[tuple[float, float]]:
    """The stretches of x over which the whole strip lies on the land."""
    strip = shapely.box(west, low, east, high)
    off = strip.difference(land)
    blocked = sorted(
        (g.bounds[0], g.bounds[2]) for g in getattr(off, "geoms", [off]) if not g.is_empty
    )
    free, at = [], west
    for a, b in blocked:
        if a > at:
            free.append((at, a))
        at = max(at, b)
    if at < east:
        free.append((at, east))
    return free


def halls(block: Polygon, rng: np.random.Generator) -> list[Footprint]:
    """Works: long halls side by side along the block, an office at the gate."""
    long = _long_side(block)
    style = Style("factory", 1.0, (38, 110), float(rng.uniform(20, 34)), 0.0, 14.0, (1, 2), 0)
    style = Style("factory", 1.0, (38, 110), style.depth_m, style.depth_m + 13.0, 14.0, (1, 2), 0)
    found = rows(block, style, long, rng, 1e9)
    for hall in found:
        hall.units, hall.households = 0, 0
    return found


def bars(
    block: Polygon, rng: np.random.Generator, kind: str, edge: tuple[float, float, float, float]
) -> list[Footprint]:
    """Shops in a strip along one side of the block."""
    x0, y0, x1, y1 = edge
    run = np.array([x1 - x0, y1 - y0])
    length = float(np.hypot(*run))
    along = run / length
    inward = np.array([-along[1], along[0]])
    middle = np.array([(x0 + x1) / 2, (y0 + y1) / 2]) + inward * 7.0
    if not block.contains(shapely.Point(*middle)):
        inward = -inward
    out, at = [], float(rng.uniform(2, 6))
    depth = float(rng.uniform(9.0, 12.0))
    while at < length - 14:
        width = float(min(rng.uniform(18, 46), length - at - 2))
        if width < 12:
            break
        a = np.array([x0, y0]) + along * at + inward * 0.6
        b, up = a + along * width, inward * depth
        shape = Polygon([a, b, b + up, a + up])
        if block.contains(shape) and rng.random() < 0.85:
            out.append(Footprint(shape, kind, 0, int(rng.integers(1, 4)), 0))
        at += width + float(rng.uniform(4, 9))
    return out


def compound(block: Polygon, rng: np.random.Generator, kind: str) -> list[Footprint]:
    """A school, hospital or office yard: an L or U shaped house and lesser ones."""
    angle = facing(block, rng)
    pivot = block.centroid
    turned = affinity.rotate(block, -angle, origin=pivot)
    core = turned.buffer(-4.0)
    if core.is_empty:
        return []
    west, south, east, north = core.bounds
    span, rise = east - west, north - south
    out: list[Footprint] = []
    for scale in (0.62, 0.5, 0.4, 0.3):
        w, h, d = span * scale, min(rise * scale, 60.0), 13.0
        if w < 26 or h < 20:
            break
        x, y = pivot.x - w / 2, pivot.y + rise * 0.42 - h
        wings = [shapely.box(x, y + h - d, x + w, y + h), shapely.box(x, y, x + d, y + h)]
        if kind == "school" and w > 50:
            wings.append(shapely.box(x + w - d, y, x + w, y + h))
        main = shapely.union_all(wings)
        for drop in (0.0, 12.0, 25.0):
            moved = affinity.translate(main, 0, -drop)
            if isinstance(moved, Polygon) and core.contains(moved):
                out.append(Footprint(moved, kind, 0, int(rng.integers(3, 6)), 0))
                break
        if out:
            break
    lesser = Style(kind, 1.0, (18, 34), 12.0, 30.0, 16.0, (2, 4), 0)
    free = core.difference(out[0].shape.buffer(14)) if out else core
    if not free.is_empty and free.area > 800:
        spare = rows(free, lesser, 0.0, rng, 1e9)[: 2 if out else 3]
        for house in spare:
            house.units, house.households = 0, 0
            out.append(house)
    for house in out:
        house.shape = affinity.rotate(house.shape, angle, origin=pivot)
    return out


def _long_side(block: Polygon) -> float:
    frame = shapely.oriented_envelope(block)
    if not isinstance(frame, Polygon):
        return 0.0
    ring = np.array(frame.exterior.coords)
    side = np.diff(ring, axis=0)[:2]
    best = side[int(np.argmax(np.hypot(*side.T)))]
    return float(np.degrees(np.arctan2(best[1], best[0])))


def solid(land: BaseGeometry, least_m2: float) -> list[Polygon]:
    """The polygons of a geometry above a size."""
    if isinstance(land, Polygon):
        return [land] if land.area >= least_m2 else []
    if isinstance(land, MultiPolygon) or hasattr(land, "geoms"):
        return [p for g in land.geoms for p in solid(g, least_m2)]
    return []
