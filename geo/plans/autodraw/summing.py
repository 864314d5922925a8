# SPDX-License-Identifier: Apache-2.0
"""What an answer gains and costs, measured on the division that it became."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely

from geo.plans.autodraw.rules import Balance
from geo.plans.autodraw.search import Drawing
from geo.plans.compactness import polsby_popper
from geo.plans.lattice import in_metres, same_land, to_degrees
from geo.plans.rules import Cell, Division, Ground


@dataclass
class Sums:
    """What the drawings of all patches say about their borders."""

    inner_m: float = 0.0
    through_m: float = 0.0
    over: list[str] = field(default_factory=list)
    undrawn: list[str] = field(default_factory=list)

    def add(self, drawing: Drawing, codes: dict[int, str]) -> None:
        """Count in the drawing of one patch."""
        for label, own in enumerate(drawing.members):
            inner, through, banks = drawing.borders(own)
            self.inner_m += inner / 2
            self.through_m += through / 2
            if banks > 1:
                self.over.append(codes[label])


def summary(
    before: Division,
    after: Division,
    ground: Ground,
    within: str,
    balance: Balance,
    tolerance: float,
    sums: Sums,
) -> dict[str, Any]:
    """The fields of `Drawn.summary`, but for the style."""
    return {
        **measured(after, ground, within, balance, tolerance),
        "along_streets": round(1 - sums.through_m / sums.inner_m, 4) if sums.inner_m else 1.0,
        "households_moved": _moved(before.below(within), after.below(within), ground),
        "over_barriers": sorted(sums.over),
        "undrawn": sorted(sums.undrawn),
    }


def measured(
    division: Division, ground: Ground, within: str, balance: Balance, tolerance: float
) -> dict[str, Any]:
    """Those fields of `Drawn.summary` that a division has however it came about."""
    cells = division.below(within)
    free = [cell for cell in cells if not cell.locked]
    weights = _weights(free, ground, balance)
    off: dict[str, float] = {}
    beyond: list[str] = []
    for community in sorted({cell.community for cell in free}):
        own = [cell for cell in free if cell.community == community]
        mean = sum(weights[cell.code] for cell in own) / len(own)
        largest = max(
            (
                balance.household * ground.houses[id].households + balance.building
                for cell in own
                for id in cell.buildings
            ),
            default=0.0,
        )
        for cell in own:
            off[cell.code] = weights[cell.code] / mean - 1 if mean else 0.0
            limit = max(tolerance, largest / 2 / mean) if mean else tolerance
            if abs(off[cell.code]) > limit + 1e-9:
                beyond.append(cell.code)
    widest = max(sorted(off), key=lambda code: abs(off[code]))
    shapes = in_metres(np.array([cell.shape for cell in free], dtype=object), ground.srid)
    return {
        "cells": len(cells),
        "largest_deviation": round(abs(off[widest]), 4),
        "widest": widest,
        "mean_deviation": round(float(np.mean(np.abs(list(off.values())))), 4),
        "compactness": round(float(polsby_popper(shapes).mean()), 4),
        "beyond_tolerance": beyond,
    }


def repeats(before: Division, answers: Sequence[Division], within: str) -> list[int | None]:
    """What each answer draws once more: the number of an earlier one (from 1), 0 for the division
    as it was, None for nothing."""
    drawn, found = [before.below(within)], []
    for answer in answers:
        cells = answer.below(within)
        alike = (number for number, other in enumerate(drawn) if _alike(other, cells))
        found.append(next(alike, None))
        drawn.append(cells)
    return found


def _alike(some: list[Cell], others: list[Cell]) -> bool:
    """Whether cells lie on the same land, whatever their codes."""
    if len(some) != len(others):
        return False
    within = shapely.point_on_surface(np.array([cell.shape for cell in others], dtype=object))
    other, one = shapely.STRtree([cell.shape for cell in some]).query(within, predicate="within")
    pairs = zip(one.tolist(), other.tolist(), strict=True)
    return len(other) == len(others) and all(
        same_land(some[place].shape, others[at].shape) for place, at in pairs
    )


def _weights(cells: list[Cell], ground: Ground, balance: Balance) -> dict[str, float]:
    found = {
        cell.code: balance.household * ground.households(cell.buildings)
        + balance.building * len(cell.buildings)
        for cell in cells
    }
    if len(balance.incidents) and balance.incident:
        tree = shapely.STRtree([to_degrees(cell.shape) for cell in cells])
        point, at = tree.query(shapely.points(balance.incidents), predicate="intersects")
        # One on a border counts once.
        for cell in at[np.unique(point, return_index=True)[1]].tolist():
            found[cells[cell].code] += balance.incident
    return found


def _moved(before: list[Cell], after: list[Cell], ground: Ground) -> int:
    """The households that no longer are with the most of their cell.

    Each old cell goes on in one new one at most: itself, if it is still there, or the one that
    took most of its households.
    """
    now = {building: cell.code for cell in after for building in cell.buildings}
    stayed: dict[tuple[str, str], int] = {}
    total = 0
    for cell in before:
        for id in cell.buildings:
            households = ground.houses[id].households
            total += households
            stayed[cell.code, now[id]] = stayed.get((cell.code, now[id]), 0) + households
    old, new = set[str](), set[str]()
    for one, other in sorted(stayed, key=lambda pair: (pair[0] != pair[1], -stayed[pair], pair)):
        if one not in old and other not in new:
            old.add(one)
            new.add(other)
            total -= stayed[one, other]
    return total
