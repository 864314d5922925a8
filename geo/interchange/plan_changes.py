# SPDX-License-Identifier: Apache-2.0
"""What a plan changes against the one it is based on, cell by cell and building by building."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

import shapely

from geo.plans.faults import is_thin, pieces_of, sound
from geo.plans.lattice import area_m2
from geo.plans.layers import differing
from geo.plans.mending import HAIR
from geo.plans.rules import Cell, Division, Ground
from geo.units import SquareMetres


class Change(StrEnum):
    """What becomes of a cell."""

    NEW = "new"
    RETIRED = "retired"
    RESHAPED = "reshaped"
    RENAMED = "renamed"


@dataclass(frozen=True)
class Size:
    """How large a cell is."""

    households: int
    buildings: int
    area_m2: SquareMetres


@dataclass(frozen=True)
class CellChange:
    """A cell that is new, gone or different. Codes are final where they are known.

    `related` are, for a new cell the codes it came from, for a retired one those it went into.
    """

    change: Change
    code: str
    name: str
    community: str
    related: tuple[str, ...]
    before: Size | None
    after: Size | None


@dataclass(frozen=True)
class Move:
    """A building that a cell of another code holds now; None: it is in no cell.

    `recoded`: its people have the same neighbours as before, and their cell another code alone.
    """

    building: str
    households: int
    before: str | None
    after: str | None
    recoded: bool


@dataclass(frozen=True)
class Changes:
    """All changes, by code, and how many cells there were and are."""

    cells: list[CellChange]
    moves: list[Move]
    cells_before: int
    cells_after: int


def changes_between(
    base: Division,
    now: Division,
    ground: Ground,
    codes: Mapping[str, str],
    moves: Callable[[str, str], bool],
) -> Changes:
    """What `now` changes against `base`; `codes`: the final code of each provisional one, if known.

    `moves` says whether people of a cell of `base` who are in a cell of `now` have changed cell
    (`geo.impact.following`): the table counts as the impact of the draft does.
    """

    def final(code: str) -> str:
        return codes.get(code, code)

    touched = sorted(differing(base.cells, now.cells))
    heirs: dict[str, list[str]] = {}
    for code in touched:
        for origin in now.cells[code].came_from if code in now.cells else ():
            if origin != code:
                heirs.setdefault(origin, []).append(final(code))
    out = []
    for code in touched:
        old, new = base.cells.get(code), now.cells.get(code)
        cell = new or old
        assert cell is not None
        change = _change(old, new)
        if change is None:
            continue
        lineage = new.came_from if new is not None else tuple(sorted(heirs.get(code, ())))
        out.append(
            CellChange(
                change=change,
                code=final(code),
                name=cell.name,
                community=final(cell.community),
                related=tuple(origin for origin in lineage if origin != code),
                before=None if old is None else _size(old, ground),
                after=None if new is None else _size(new, ground),
            )
        )
    before = {id: c for c in touched if c in base.cells for id in base.cells[c].buildings}
    after = {id: c for c in touched if c in now.cells for id in now.cells[c].buildings}
    moved = []
    for id in sorted(before.keys() | after.keys()):
        left, came_to = before.get(id), after.get(id)
        if left != came_to and id in ground.houses:
            recoded = left is not None and came_to is not None and not moves(left, came_to)
            arrived = None if came_to is None else final(came_to)
            moved.append(Move(id, ground.households([id]), left, arrived, recoded))
    return Changes(
        cells=sorted(out, key=lambda one: one.code),
        moves=moved,
        cells_before=len(base.cells),
        cells_after=len(now.cells),
    )


def _change(old: Cell | None, new: Cell | None) -> Change | None:
    if old is None:
        return Change.NEW
    if new is None:
        return Change.RETIRED
    # A corner that a neighbour gained, on the grid point next to the border, changes no land.
    changed = pieces_of(shapely.symmetric_difference(sound(old.shape), sound(new.shape)))
    if old.buildings != new.buildings or not all(is_thin(piece, HAIR) for piece in changed):
        return Change.RESHAPED
    return Change.RENAMED if (old.name, old.aliases) != (new.name, new.aliases) else None


def _size(cell: Cell, ground: Ground) -> Size:
    return Size(
        ground.households(id for id in cell.buildings if id in ground.houses),
        len(cell.buildings),
        area_m2(sound(cell.shape), ground.srid),
    )
