# SPDX-License-Identifier: Apache-2.0
"""What is asked of a drawing and what it answers: balance, refusals, answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from geo.errors import Invalid
from geo.plans.lattice import Floats
from geo.plans.rules import Division, EditRefused


@dataclass(frozen=True)
class Balance:
    """What is to be even among the cells: so much for each household, building and incident.

    `incidents` are places, (n, 2) of longitude and latitude in degrees: each counts where it lies.
    """

    household: float = 1.0
    building: float = 0.0
    incident: float = 0.0
    incidents: Floats = field(default_factory=lambda: np.empty((0, 2)))


# Cells of as many households each.
HOUSEHOLDS = Balance()


def workload(incidents: Floats) -> Balance:
    """Cells of as much work each, in households: a door to visit counts one.

    A building counts two more, for its stairwells, roof and cellar; an incident of the last 90 days
    counts five, as the visits that settle one.
    """
    return Balance(household=1.0, building=2.0, incident=5.0, incidents=incidents)


@dataclass(frozen=True)
class Drawn:
    """One answer: a division, and what it gains and costs.

    `summary` is JSON-able: `style` (what it does best: `even`, `compact`, `streets` or `near`),
    `same_as` (the number of an earlier answer, from 1, or 0 for the division as it was, whose cells
    are the same; else null), `cells`, `largest_deviation` (share of the mean weight of a cell of
    the same community) and the `widest` cell that has it, `mean_deviation`, `compactness` (mean
    Polsby-Popper of the cells drawn), `along_streets` (share of the new inner borders that run
    along streets, barriers or, with `keep`, today's borders), `households_moved` (those in another
    cell than the most of their former neighbours), `beyond_tolerance` (cells whose deviation is
    more than the tolerance and more than half the largest building of their community allows),
    `over_barriers` (cells with buildings on both sides of one), `undrawn` (communities left as they
    were, because their land is too narrow to divide).
    """

    division: Division
    summary: Mapping[str, Any]


class DrawingCancelled(Exception):
    """The drawing was given up because somebody asked for that."""


class TooFewCells(Invalid):
    """Fewer cells than there must be: each community, and each part of one, has at least one.

    `at_least` says how many, locked cells among them.
    """

    code = "plan.too_few_cells"


class TooManyCells(Invalid):
    """More cells than buildings to give them. `at_most` says how many there can be."""

    code = "plan.too_many_cells"


class AllLocked(EditRefused):
    """Every cell there is locked: nothing can be drawn."""

    code = "plan.all_locked"
