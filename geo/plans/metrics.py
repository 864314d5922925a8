# SPDX-License-Identifier: Apache-2.0
"""What the cells of a division are like, and how an edit changes that.

Metrics follow the delta: only cells that differ from those measured before are measured again, and
the sums over all cells are carried on. Sums are of whole numbers (lengths in millimetres, areas in
square decimetres), so that what is carried on is exactly what measuring all anew would give.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
import shapely

from geo.plans.compactness import polsby_popper, reock
from geo.plans.lattice import in_metres
from geo.plans.layers import Layered, differing, layered
from geo.plans.passage import crossed, cut_off
from geo.plans.rules import Cell, Division, Ground
from geo.plans.survey import Survey
from geo.plans.touring import round_m
from geo.units import Metres, SquareMetres


@dataclass(frozen=True)
class Amounts:
    """What adds up. `patrol_m` is the length of a round past all checkpoints of a cell, on foot."""

    households: int
    buildings: int
    building_groups: int
    area_m2: SquareMetres
    incidents: int
    checkpoints: int
    patrol_m: Metres


@dataclass(frozen=True)
class CellMetrics(Amounts):
    """One cell.

    `polsby_popper` and `reock` are 0 to 1 (`geo.plans.compactness`). `barriers` are the railways,
    rivers and main roads between its buildings. `cut_off` are the buildings that one does not reach
    from the others without leaving the cell; 0: it is contiguous over the street network.
    """

    polsby_popper: float
    reock: float
    barriers: tuple[str, ...]
    cut_off: int


@dataclass(frozen=True)
class Overall(Amounts):
    """All cells together: sums, means, and how far the furthest is from the mean."""

    cells: int
    households_per_cell: float
    largest_deviation: float
    polsby_popper: float
    reock: float
    barriers_crossed: int
    not_contiguous: int


@dataclass(frozen=True)
class Metrics:
    """The metrics of a division. `deviation` tells how far a cell is from the mean.

    `totals` and `spread` (how many cells have so many households) are carried from edit to edit.
    """

    division: Division
    cells: Mapping[str, CellMetrics]
    totals: tuple[int, ...]
    spread: Mapping[int, int]

    @cached_property
    def overall(self) -> Overall:
        """All cells together."""
        count = len(self.cells)
        total = dict(zip(_SUMMED, self.totals, strict=True))
        mean = total["households"] / count
        far = max(mean - min(self.spread), max(self.spread) - mean)
        return Overall(
            cells=count,
            households=total["households"],
            buildings=total["buildings"],
            building_groups=total["building_groups"],
            area_m2=SquareMetres(total["area_m2"] / 100),
            incidents=total["incidents"],
            checkpoints=total["checkpoints"],
            patrol_m=Metres(total["patrol_m"] / 1000),
            households_per_cell=round(mean, 2),
            largest_deviation=round(far / mean, 4) if mean else 0.0,
            polsby_popper=round(total["polsby_popper"] / count / 10_000, 4),
            reock=round(total["reock"] / count / 10_000, 4),
            barriers_crossed=total["barriers"],
            not_contiguous=total["cut_off"],
        )

    def deviation(self, code: str) -> float:
        """The households of a cell over the mean of all cells, less one: -0.1 for 10 % fewer."""
        mean = self.overall.households / len(self.cells)
        return round(self.cells[code].households / mean - 1, 4) if mean else 0.0

    def fields(self) -> dict[str, Any]:
        """Everything as JSON values: `overall`, and `cells` by code."""
        return {
            "overall": asdict(self.overall),
            "cells": {code: _fields(self, code) for code in sorted(self.cells)},
        }


_SUMMED = (
    "households",
    "buildings",
    "building_groups",
    "area_m2",
    "incidents",
    "checkpoints",
    "patrol_m",
    "polsby_popper",
    "reock",
    "barriers",
    "cut_off",
)


def measured(
    division: Division, ground: Ground, survey: Survey, before: Metrics | None = None
) -> Metrics:
    """The metrics of a division, from those of another one that it shares most cells with."""
    if before is None:
        codes, known = list(division.cells), Layered[CellMetrics]({})
        totals, spread = [0] * len(_SUMMED), dict[int, int]()
    else:
        codes = sorted(differing(before.division.cells, division.cells))
        known, totals, spread = layered(before.cells), list(before.totals), dict(before.spread)
    fresh = [code for code in codes if code in division.cells]
    stale = [code for code in fresh if before is None or not _same(before, division, code)]
    found = dict(
        zip(stale, _measured([division.cells[c] for c in stale], ground, survey), strict=True)
    )
    gone = [code for code in codes if code in known and code not in division.cells]
    for one, sign in ((known, -1), (found, 1)):
        for code in (*gone, *stale):
            if code in one:
                for at, number in enumerate(_summed(one[code])):
                    totals[at] += sign * number
                households = one[code].households
                spread[households] = spread.get(households, 0) + sign
                if not spread[households]:
                    del spread[households]
    cells = Layered(found) if before is None else known.exchanged(found, gone)
    return Metrics(division, cells, tuple(totals), spread)


def change(before: Metrics, after: Metrics) -> dict[str, Any]:
    """What differs, as JSON values: `overall` and each cell that differs `before` and `after`.

    A cell that is new has None before, one that is gone has None after. The deviation of every
    cell follows the mean: where `households_per_cell` differs, all deviations do.
    """
    cells = {
        code: {
            "before": _fields(before, code) if code in before.cells else None,
            "after": _fields(after, code) if code in after.cells else None,
        }
        for code in sorted(differing(before.cells, after.cells))
        if before.cells.get(code) != after.cells.get(code)
    }
    return {
        "overall": {"before": asdict(before.overall), "after": asdict(after.overall)},
        "cells": cells,
    }


def _same(before: Metrics, division: Division, code: str) -> bool:
    """Whether a cell differs in its name or its lock alone."""
    old, new = before.division.cells.get(code), division.cells[code]
    return old is not None and old.shape is new.shape and old.groups == new.groups


def _measured(cells: Sequence[Cell], ground: Ground, survey: Survey) -> list[CellMetrics]:
    if not cells:
        return []
    gridded = np.array([cell.shape for cell in cells], dtype=object)
    shapes = in_metres(gridded, ground.srid)
    incidents = survey.incidents_in(gridded).tolist()
    stops = survey.checkpoints_in(gridded)
    areas = shapely.area(shapes).tolist()
    popper, circle = polsby_popper(shapes).tolist(), reock(shapes).tolist()
    return [
        CellMetrics(
            households=ground.households(cell.buildings),
            buildings=len(cell.buildings),
            building_groups=len(cell.groups),
            area_m2=SquareMetres(round(areas[at], 2)),
            incidents=incidents[at],
            checkpoints=len(stops[at]),
            patrol_m=Metres(round(round_m(survey.walks(stops[at])), 1)),
            polsby_popper=round(popper[at], 4),
            reock=round(circle[at], 4),
            barriers=crossed(cell, shapes[at], survey),
            cut_off=cut_off(cell, shapes[at], survey),
        )
        for at, cell in enumerate(cells)
    ]


def _summed(cell: CellMetrics) -> tuple[int, ...]:
    return (
        cell.households,
        cell.buildings,
        cell.building_groups,
        round(cell.area_m2 * 100),
        cell.incidents,
        cell.checkpoints,
        round(cell.patrol_m * 1000),
        round(cell.polsby_popper * 10_000),
        round(cell.reock * 10_000),
        len(cell.barriers),
        int(cell.cut_off > 0),
    )


def _fields(metrics: Metrics, code: str) -> dict[str, Any]:
    return {**asdict(metrics.cells[code]), "deviation": metrics.deviation(code)}
