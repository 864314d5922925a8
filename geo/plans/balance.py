# SPDX-License-Identifier: Apache-2.0
"""Dividing one piece of land into parts with about as many households each, by straight cuts."""

from collections.abc import Sequence

import numpy as np
import shapely
from shapely import Polygon
from shapely.geometry.base import BaseGeometry

from geo.plans.lattice import Floats
from geo.plans.rules import DoesNotCut, Ground, place_of

# Directions that a cut is tried in; the shortest border among the well balanced wins.
_DIRECTIONS = 24
_LARGE = 1e8


def balanced_parts(
    land: BaseGeometry, buildings: Sequence[str], ground: Ground, parts: int
) -> list[BaseGeometry]:
    """All but the last of `parts` pieces of the land (grid units), with equal shares of households.

    Each cut is a straight line, and among lines that halve alike the one with the shortest border
    is taken. Land without households is divided by area.

    Raises: DoesNotCut, where no straight cut leaves two whole pieces.
    """
    if parts < 2 or parts > 50:
        raise DoesNotCut(parts=parts, **place_of(land))
    out: list[BaseGeometry] = []
    _divide(land, _weights(land, buildings, ground), parts, out)
    return out[:-1]


def _weights(land: BaseGeometry, buildings: Sequence[str], ground: Ground) -> Floats:
    """Where households are: (n, 3) of x, y, number; the land itself where there are none."""
    homes = [ground.houses[id] for id in buildings if ground.houses[id].households]
    if homes:
        at = shapely.get_coordinates(shapely.centroid([home.footprint for home in homes]))
        return np.column_stack([at, [home.households for home in homes]])
    west, south, east, north = land.bounds
    x, y = (
        axis.ravel()
        for axis in np.meshgrid(np.linspace(west, east, 40), np.linspace(south, north, 40))
    )
    inside = shapely.contains_xy(land, x, y)
    return np.column_stack([x[inside], y[inside], np.ones(int(inside.sum()))])


def _divide(land: BaseGeometry, weights: Floats, parts: int, out: list[BaseGeometry]) -> None:
    if parts == 1:
        out.append(land)
        return
    first = parts // 2
    best: tuple[float, BaseGeometry, BaseGeometry] | None = None
    for turn in np.linspace(0.0, np.pi, _DIRECTIONS, endpoint=False):
        for piece, rest in _cuts(land, weights, float(turn), first / parts):
            score = float(piece.intersection(rest).length)
            if best is None or score < best[0]:
                best = (score, piece, rest)
    if best is None:
        raise DoesNotCut(parts=parts, **place_of(land))
    for piece, share in ((best[1], first), (best[2], parts - first)):
        inside = shapely.contains_xy(piece, weights[:, :2])
        _divide(piece, weights[inside], share, out)


def _cuts(
    land: BaseGeometry, weights: Floats, turn: float, share: float
) -> list[tuple[BaseGeometry, BaseGeometry]]:
    """The cut in one direction that leaves `share` of the weight on its left, if both are whole."""
    along = np.array([np.cos(turn), np.sin(turn)])
    off = weights[:, :2] @ np.array([-along[1], along[0]])
    order = np.argsort(off)
    sums = np.cumsum(weights[order, 2])
    if len(order) < 2:
        return []
    at = min(int(np.searchsorted(sums, share * sums[-1])), len(order) - 2)
    if at > 0 and share * sums[-1] - sums[at - 1] < sums[at] - share * sums[-1]:
        at -= 1
    middle = (off[order[at]] + off[order[at + 1]]) / 2
    normal = np.array([-along[1], along[0]])
    foot = normal * middle
    ends = [foot + along * _LARGE * 20, foot - along * _LARGE * 20]
    half = Polygon([*ends, ends[1] - normal * _LARGE * 20, ends[0] - normal * _LARGE * 20])
    piece, rest = land.intersection(half), land.difference(half)
    if piece.geom_type == rest.geom_type == "Polygon" and not (piece.is_empty or rest.is_empty):
        return [(piece, rest)]
    return []
