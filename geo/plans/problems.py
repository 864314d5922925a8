# SPDX-License-Identifier: Apache-2.0
"""What is wrong with a division: each fault with its place, its size and a repair for it.

A coverage with a hole is called valid, so the union of the cells is held against the land of the
district too (`Ground.outline`). Edits leave nothing of all this behind; files come with any of it.
"""

from collections.abc import Collection, Sequence

from geo.plans import nesting, tiling
from geo.plans.faults import Detail, Kind, Look, Problem
from geo.plans.rules import Division, Ground

__all__ = ["Detail", "Kind", "Problem", "problems", "rechecked"]


def problems(
    division: Division, ground: Ground, *, codes: Collection[str] | None = None
) -> list[Problem]:
    """Every fault of a division, or only those that concern the cells `codes`.

    With `codes`, of cells that an edit changed or removed, only their neighbourhood is looked at.
    What concerns a cell concerns its community, and where subdistricts meet those too.
    """
    return _found(Look(division, ground, codes))


def rechecked(
    known: Sequence[Problem], division: Division, ground: Ground, *, codes: Collection[str]
) -> list[Problem]:
    """The faults after an edit, by those before and a look at what it changed and removed."""
    parents = {code[:-3] for code in codes}
    parted = {
        problem.areas[0]
        for problem in known
        if problem.detail is Detail.AREA_IN_PARTS and not parents.isdisjoint(problem.areas)
    }
    look = Look(division, ground, codes, parted)
    fresh = _found(look)
    ids = {problem.id for problem in fresh}
    return [one for one in known if one.id not in ids and not look.concerns(one)] + fresh


def _found(look: Look) -> list[Problem]:
    holes = list(tiling.gaps(look))
    land = [
        *tiling.rings(look),
        *tiling.parts(look),
        *tiling.overlaps(look),
        *holes,
        *tiling.outside(look),
    ]
    known = {code for problem in land for code in problem.areas}
    found = [
        *land,
        *tiling.unmatched(look, known),
        *nesting.parents(look),
        *nesting.broken_areas(look, holes),
        *nesting.buildings(look),
    ]
    return [problem for problem in found if look.concerns(problem)]
