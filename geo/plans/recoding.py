# SPDX-License-Identifier: Apache-2.0
"""Areas that come under another parent, and so get other codes."""

from collections.abc import Sequence
from dataclasses import replace

from geo.ids import Level
from geo.plans.houses import regrouped
from geo.plans.rules import Cell, CellLocked, Division, NothingMoves, ShapeWrong


def moved(division: Division, areas: Sequence[str], to: str) -> tuple[Division, tuple[str, ...]]:
    """Areas under another parent, with all below them under new codes; and the cells gone.

    Raises: ShapeWrong (no children of such a parent), NothingMoves, AreaUnknown, CellLocked.
    """
    removed: list[str] = []
    for area in dict.fromkeys(areas):
        if len(area) != len(to) + 3:
            raise ShapeWrong(field="areas", found=area, wanted=f"{len(to) + 3}")
        if area.startswith(to):
            raise NothingMoves(cell=area)
        if len(area) == 15:
            code, division = division.issue(to)
            division = _recoded(division, division.cell(area), code)
            removed.append(area)
            continue
        community = division.upper(area, Level.COMMUNITY)
        code, division = division.issue(to)
        division = division.with_uppers(changed=[replace(community, code=code)], removed=[area])
        for cell in division.below(area):
            own, division = division.issue(code)
            division = _recoded(division, cell, own)
            removed.append(cell.code)
    return division, tuple(removed)


def _recoded(division: Division, cell: Cell, code: str) -> Division:
    unlocked([cell])
    named = replace(cell, code=code, groups=())
    held = dict.fromkeys(cell.buildings, code)
    (named,), division = regrouped(division, [named], cell.groups, held)
    return division.with_cells(changed=[named], removed=[cell.code])


def unlocked(cells: Sequence[Cell]) -> None:
    """Raises: CellLocked, naming those among the cells that are locked."""
    locked = [cell.code for cell in cells if cell.locked]
    if locked:
        raise CellLocked(cells=sorted(locked))


def without_empty(division: Division, removed: Sequence[str]) -> Division:
    """The division without areas above the removed cells that have none left."""
    above = {code[:length] for code in removed for length in (9, 12)} & division.uppers.keys()
    empty = [area for area in above if not division.has_cells(area)]
    return division.with_uppers(removed=empty) if empty else division
