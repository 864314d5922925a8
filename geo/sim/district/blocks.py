# SPDX-License-Identifier: Apache-2.0
"""What stands on a cell: homes up to its number of households, then work, learning and trade."""

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import shapely
from shapely import Polygon
from shapely.geometry.base import BaseGeometry

from geo.sim.district.footprints import (
    HOMES_PER_HA,
    STYLES,
    VILLAGE,
    Footprint,
    bars,
    compound,
    facing,
    halls,
    rows,
    solid,
)
from geo.sim.district.names import ESTATE_STEMS, ESTATE_TAILS

HOMES_MIN, HOMES_MAX = 262, 585


@dataclass
class Ground:
    """One built cell: its buildings in plane metres and the parks between them."""

    buildings: list[Footprint] = field(default_factory=list)
    parks: list[Polygon] = field(default_factory=list)
    yards: list[tuple[str, Polygon]] = field(default_factory=list)


def town_ground(
    blocks: list[Polygon],
    roadside: BaseGeometry,
    estate: str,
    target: int,
    rng: np.random.Generator,
    only: str = "",
) -> Ground:
    """Fill a town cell's blocks: the middle ones with homes, the others with what a town needs."""
    ground = Ground()
    blocks = sorted(blocks, key=lambda b: -b.area)
    acres = sum(b.area for b in blocks) / 1e4
    need = target / max(acres, 0.1)
    if need > 120:
        styles = ["midrise", "tower", "old"]
    elif need > 85:
        styles = ["old", "old", "midrise"]
    elif need > 45:
        styles = ["old", "newer", "old"]
    else:
        styles = ["old", "newer", "bungalow"]
    if only:
        styles = [only]
    style = styles[int(rng.integers(0, len(styles)))]
    left = float(target)
    spare: list[Polygon] = []
    order = [blocks[i] for i in rng.permutation(len(blocks))]
    skipped = 0
    for i, block in enumerate(order):
        ahead = sum(b.area for b in order[i:]) / 1e4 * HOMES_PER_HA["old"] * 0.62
        roomy = not only and ahead > 1.7 * left
        if left <= 12 or (roomy and rng.random() < 0.45 and block.area > 2500):
            spare.append(block)
            skipped += 1
            continue
        used = style if rng.random() < 0.75 else styles[int(rng.integers(0, len(styles)))]
        if block.area < 4000 and used == "tower":
            used = "midrise"
        homes = _homes(ground, block, used, roadside, rng, left, estate)
        left -= homes
    for block in sorted(spare, key=lambda b: -b.area):
        if left > 60:
            left -= _homes(ground, block, "midrise", roadside, rng, left, estate)
        else:
            _other(ground, block, rng)
    even_out(ground.buildings)
    return ground


def _homes(
    ground: Ground,
    block: Polygon,
    style: str,
    roadside: BaseGeometry,
    rng: np.random.Generator,
    left: float,
    estate: str,
) -> int:
    """An estate on the block, with shops along its main street; answers its households."""
    land: BaseGeometry = block
    if style != "bungalow" and rng.random() < 0.6:
        edge = _front(block, roadside)
        if edge is not None:
            shops = bars(block, rng, "shop", edge)
            ground.buildings += shops
            if shops:
                land = block.difference(shapely.union_all([s.shape for s in shops]).buffer(9.0))
    homes = 0
    for part in solid(land, 500.0):
        built = rows(
            part, STYLES[style], facing(part, rng), rng, left - homes,
            "" if style == "bungalow" else estate,
        )  # fmt: skip
        ground.buildings += built
        homes += sum(b.households for b in built)
    return homes


def _front(block: Polygon, roadside: BaseGeometry) -> tuple[float, float, float, float] | None:
    """The block's longest straight side along a main or secondary street."""
    ring = list(shapely.get_coordinates(block.simplify(2.5)))
    best: tuple[float, tuple[float, float, float, float]] | None = None
    for (x0, y0), (x1, y1) in pairwise(ring):
        length = float(np.hypot(x1 - x0, y1 - y0))
        middle = shapely.Point((x0 + x1) / 2, (y0 + y1) / 2)
        if length > 38 and middle.distance(roadside) < 4 and (best is None or length > best[0]):
            best = (length, (x0, y0, x1, y1))
    return None if best is None else best[1]


def _other(ground: Ground, block: Polygon, rng: np.random.Generator) -> None:
    """A works yard, a school, offices, a market or a park, as the size allows."""
    ha = block.area / 1e4
    roll = float(rng.random())
    if ha > 1.6 and roll < 0.62:
        ground.buildings += halls(block, rng)
        ground.yards.append(("factory", block))
    elif ha > 0.7 and roll < 0.30:
        ground.buildings += compound(block, rng, "school")
        ground.yards.append(("school", block))
    elif ha > 0.25 and roll < 0.50:
        ground.buildings += compound(block, rng, "office")
        ground.yards.append(("office", block))
    elif ha > 0.3 and roll < 0.72 and not ground.parks:
        ground.parks.append(block)
    elif ha > 0.2:
        ground.buildings += halls(block, rng) if ha > 0.8 else compound(block, rng, "shop")
        ground.yards.append(("market" if ha <= 0.8 else "factory", block))


def village_ground(
    blocks: list[Polygon], target: int, rng: np.random.Generator, slab_share: float = 0.0
) -> Ground:
    """House rows on a village's blocks until its households live somewhere."""
    ground = Ground()
    left = float(target)
    for i, block in enumerate(blocks):
        if left <= 0:
            break
        if i == 1 and target > 110:
            ground.buildings += compound(block, rng, "school" if rng.random() < 0.5 else "office")
            ground.yards.append(("village", block))
            continue
        style = STYLES["old"] if rng.random() < slab_share else VILLAGE
        built = rows(block, style, facing(block, rng, 40.0), rng, left)
        ground.buildings += built
        left -= sum(b.households for b in built)
    return ground


def even_out(buildings: list[Footprint]) -> None:
    """Floors added or taken until the cell's households are within what one grid can hold."""
    homes = [b for b in buildings if b.households]
    total = sum(b.households for b in homes)
    for _ in range(40):
        if total >= HOMES_MIN or not homes:
            break
        for b in homes:
            if total >= HOMES_MIN or b.floors >= 26:
                continue
            per = b.households // b.floors
            b.floors += 1
            b.households += per
            total += per
    while total > HOMES_MAX:
        big = max(homes, key=lambda b: b.households)
        per = big.households // big.floors
        if big.floors <= 1:
            break
        big.floors -= 1
        big.households -= per
        total -= per


def estate_names(rng: np.random.Generator) -> list[str]:
    """Names of housing estates, each once, in a mixed order."""
    made = [s + t for s in ESTATE_STEMS for t in dict.fromkeys(ESTATE_TAILS)]
    return [made[i] for i in rng.permutation(len(made))]
