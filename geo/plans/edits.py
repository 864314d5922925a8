# SPDX-License-Identifier: Apache-2.0
"""What a planner can do to a division: each edit a value, `apply` the one way to carry it out.

Shapes in edits are WGS-84 degrees, as people draw them; they are put on the grid here. Every edit
either answers with another sound division or raises, and then nothing has changed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import shapely
from shapely import LineString, Polygon
from shapely.geometry.base import BaseGeometry

from geo.ids import Level
from geo.plans.balance import balanced_parts
from geo.plans.carving import cut, settled
from geo.plans.cutting import SPECK
from geo.plans.houses import regrouped, round_houses
from geo.plans.lattice import Floats, area_m2, square_units
from geo.plans.layers import differing
from geo.plans.recoding import moved, unlocked, without_empty
from geo.plans.repairs import repaired
from geo.plans.rules import (
    AreaUnknown,
    Cell,
    Division,
    DoesNotCut,
    Ground,
    NothingMoves,
    NotNeighbours,
    NotOneCommunity,
    ShapeWrong,
    Upper,
    WouldVanish,
    place_of,
)
from geo.plans.sketch import gridded, sides
from geo.plans.wholeness import keep_whole
from geo.units import SquareMetres


@dataclass(frozen=True)
class Transfer:
    """Give an area to a cell; its neighbours lose exactly that. Communities may be crossed.

    `whole`: no building is cut, the border goes round each.
    """

    area: BaseGeometry
    to: str
    whole: bool = True


@dataclass(frozen=True)
class Redraw:
    """Draw the border between two neighbours anew along a line that crosses both together."""

    between: tuple[str, str]
    line: BaseGeometry
    whole: bool = True


@dataclass(frozen=True)
class Split:
    """Divide a cell in two by a line, or into `parts` with about as many households each."""

    cell: str
    line: BaseGeometry | None = None
    parts: int | None = None
    whole: bool = True


@dataclass(frozen=True)
class Merge:
    """Make one cell of neighbours of one community."""

    cells: tuple[str, ...]
    name: str | None = None


@dataclass(frozen=True)
class Reassign:
    """Give cells to another community, or communities to another subdistrict."""

    areas: tuple[str, ...]
    to: str


@dataclass(frozen=True)
class Found:
    """Make a new community of cells, or a new subdistrict of communities."""

    areas: tuple[str, ...]
    parent: str
    name: str


@dataclass(frozen=True)
class Rename:
    """Call an area by another name."""

    area: str
    name: str


@dataclass(frozen=True)
class Lock:
    """Protect cells from every edit in this draft, or free them again."""

    cells: tuple[str, ...]
    locked: bool


@dataclass(frozen=True)
class Declare:
    """Let an area above the cells lie in several parts, as islands do, or in one again."""

    area: str
    islands: bool


@dataclass(frozen=True)
class Repair:
    """Mend faults of the division by the repairs that were proposed; their ids."""

    problems: tuple[str, ...]


Edit = Transfer | Redraw | Split | Merge | Reassign | Found | Rename | Lock | Declare | Repair


@dataclass(frozen=True)
class Edited:
    """What an edit made of a division.

    `changed` are the codes of cells that are new or differ, `removed` of those that are gone. For
    an edit that moves land, `asked_m2` is the area asked for and `moved_m2` the area moved.
    """

    division: Division
    changed: tuple[str, ...]
    removed: tuple[str, ...] = ()
    asked_m2: SquareMetres | None = None
    moved_m2: SquareMetres | None = None


def apply(division: Division, ground: Ground, edit: Edit) -> Edited:
    """Carry out an edit. Raises: EditRefused and its kinds, AreaUnknown, ShapeWrong."""
    edited = _ACTS[type(edit)](division, ground, edit)
    after = edited.division.cells
    codes = sorted(differing(division.cells, after))
    removed = tuple(code for code in codes if code not in after)
    if not isinstance(edit, Repair):
        keep_whole(division, edited.division, ground, codes)
    return replace(
        edited,
        division=without_empty(edited.division, removed),
        changed=tuple(code for code in codes if code in after),
        removed=removed,
    )


def _transfer(division: Division, ground: Ground, edit: Transfer) -> Edited:
    to = division.cell(edit.to)
    area = gridded(edit.area, Polygon, "area")
    region = round_houses(area, ground) if edit.whole else area
    speck = square_units(SPECK, area.bounds[1])
    donors = [
        code
        for code in division.near(region)
        if code != edit.to and division.cells[code].shape.intersection(region).area > speck
    ]
    if not donors:
        raise NothingMoves(cell=edit.to, **place_of(area))
    swallowed = [code for code in donors if region.contains(division.cells[code].shape)]
    if swallowed:
        raise WouldVanish(cells=swallowed)
    among = [edit.to, *donors]

    def owner(points: Floats, before: Sequence[str]) -> list[str]:
        taken = shapely.contains_xy(region, points)
        return [edit.to if take else old for take, old in zip(taken, before, strict=True)]

    result = cut(division, among, shapely.boundary(region), owner)
    after = settled(division, ground, among, result)
    moved = area_m2(after.cells[edit.to].shape, ground.srid) - area_m2(to.shape, ground.srid)
    lost = sum(
        area_m2(division.cells[code].shape.intersection(area), ground.srid) for code in donors
    )
    return Edited(after, (), asked_m2=SquareMetres(lost), moved_m2=SquareMetres(moved))


def _redraw(division: Division, ground: Ground, edit: Redraw) -> Edited:
    one, other = (division.cell(code) for code in edit.between)
    if one is other:
        raise NotNeighbours(cells=list(edit.between))
    land = shapely.coverage_union_all([one.shape, other.shape])
    if land.geom_type != "Polygon":
        raise NotNeighbours(cells=list(edit.between))
    halves = sides(land, gridded(edit.line, LineString, "line"))
    # The side that holds more of the first cell is to be the first cell.
    share = [side.intersection(one.shape).area / side.area for side in halves]
    region = halves[int(share[1] > share[0])]
    if edit.whole:
        region = round_houses(region, ground)

    def owner(points: Floats, before: Sequence[str]) -> list[str]:
        inside = shapely.contains_xy(region, points)
        return [one.code if own else other.code for own in inside]

    result = cut(division, edit.between, shapely.boundary(region), owner)
    after = settled(division, ground, edit.between, result)
    gained = after.cells[one.code].shape.difference(one.shape)
    given = one.shape.difference(after.cells[one.code].shape)
    moved = area_m2(gained, ground.srid) + area_m2(given, ground.srid)
    asked = area_m2(halves[int(share[1] > share[0])].symmetric_difference(one.shape), ground.srid)
    return Edited(after, (), asked_m2=asked, moved_m2=SquareMetres(moved))


def _split(division: Division, ground: Ground, edit: Split) -> Edited:
    cell = division.cell(edit.cell)
    if (edit.line is None) == (edit.parts is None):
        found = "neither" if edit.line is None else "both"
        raise ShapeWrong(field="line", found=found, wanted="line or parts")
    if edit.line is not None:
        regions = sides(cell.shape, gridded(edit.line, LineString, "line"))[:1]
    else:
        assert edit.parts is not None
        regions = balanced_parts(cell.shape, cell.buildings, ground, edit.parts)
    if edit.whole:
        regions = [round_houses(region, ground) for region in regions]
    codes = []
    for _ in range(len(regions) + 1):
        code, division = division.issue(cell.community)
        codes.append(code)

    def owner(points: Floats, before: Sequence[str]) -> list[str]:
        out = np.full(len(points), codes[-1], dtype=object)
        free = np.ones(len(points), dtype=bool)
        for region, code in zip(regions, codes[:-1], strict=True):
            inside = free & shapely.contains_xy(region, points)
            out[inside] = code
            free &= ~inside
        owners: list[str] = out.tolist()
        return owners

    lines = shapely.union_all([shapely.boundary(region) for region in regions])
    result = cut(division, [cell.code], lines, owner)
    if len(result.shapes.keys() & set(codes)) < len(codes):
        raise DoesNotCut(cell=cell.code, **place_of(cell.shape))
    named = {
        code: replace(cell, code=code, name=f"{cell.name}（{number}）", aliases=(), groups=())
        for number, code in enumerate(codes, start=1)
    }
    return Edited(settled(division, ground, [cell.code], result, fresh=named), ())


def _merge(division: Division, ground: Ground, edit: Merge) -> Edited:
    cells = [division.cell(code) for code in dict.fromkeys(edit.cells)]
    if len(cells) < 2:
        raise NothingMoves(cell=edit.cells[0] if edit.cells else "")
    if len({cell.community for cell in cells}) > 1:
        raise NotOneCommunity(cells=[cell.code for cell in cells])
    unlocked(cells)
    shape = shapely.coverage_union_all([cell.shape for cell in cells])
    if shape.geom_type != "Polygon":
        raise NotNeighbours(cells=[cell.code for cell in cells])
    largest = max(cells, key=lambda cell: (ground.households(cell.buildings), cell.code))
    code, division = division.issue(cells[0].community)
    merged = Cell(
        code=code,
        name=edit.name or largest.name,
        shape=shape,
        came_from=_together(cells),
    )
    held = {building: code for cell in cells for building in cell.buildings}
    groups = [group for cell in cells for group in cell.groups]
    (merged,), division = regrouped(division, [merged], groups, held)
    removed = [cell.code for cell in cells]
    return Edited(division.with_cells(changed=[merged], removed=removed), (), tuple(removed))


def _reassign(division: Division, ground: Ground, edit: Reassign) -> Edited:
    level = Level.COMMUNITY if len(edit.to) == 12 else Level.SUBDISTRICT
    division.upper(edit.to, level)
    return _moved(division, edit.areas, edit.to)


def _found(division: Division, ground: Ground, edit: Found) -> Edited:
    level = Level.SUBDISTRICT if len(edit.parent) == 9 else Level.DISTRICT
    division.upper(edit.parent, level)
    if not edit.areas:
        raise NothingMoves(cell=edit.parent)
    code, division = division.issue(edit.parent)
    division = division.with_uppers(changed=[Upper(code, edit.name)])
    return _moved(division, edit.areas, code)


def _moved(division: Division, areas: Sequence[str], to: str) -> Edited:
    division, removed = moved(division, areas, to)
    return Edited(division, (), removed)


def _rename(division: Division, ground: Ground, edit: Rename) -> Edited:
    if len(edit.area) == 15:
        cell = replace(division.cell(edit.area), name=edit.name)
        return Edited(division.with_cells(changed=[cell]), ())
    level = {9: Level.SUBDISTRICT, 12: Level.COMMUNITY}.get(len(edit.area))
    if level is None:
        # What the district is called is no plan's to say.
        raise AreaUnknown(area=edit.area)
    upper = replace(division.upper(edit.area, level), name=edit.name)
    return Edited(division.with_uppers(changed=[upper]), ())


def _lock(division: Division, ground: Ground, edit: Lock) -> Edited:
    cells = [replace(division.cell(code), locked=edit.locked) for code in edit.cells]
    return Edited(division.with_cells(changed=cells), ())


def _declare(division: Division, ground: Ground, edit: Declare) -> Edited:
    upper = division.uppers.get(edit.area)
    if upper is None:
        raise AreaUnknown(area=edit.area)
    changed = replace(upper, islands=edit.islands)
    return Edited(division.with_uppers(changed=[changed]), ())


def _repair(division: Division, ground: Ground, edit: Repair) -> Edited:
    done = repaired(division, ground, edit.problems)
    removed = tuple(sorted(division.cells.keys() - done.division.cells.keys()))
    return Edited(done.division, (), removed, asked_m2=done.asked_m2, moved_m2=done.moved_m2)


_ACTS: dict[type, Callable[[Division, Ground, Any], Edited]] = {
    Transfer: _transfer,
    Redraw: _redraw,
    Split: _split,
    Merge: _merge,
    Reassign: _reassign,
    Found: _found,
    Rename: _rename,
    Lock: _lock,
    Declare: _declare,
    Repair: _repair,
}


def _together(cells: Sequence[Cell]) -> tuple[str, ...]:
    return tuple(sorted({code for cell in cells for code in cell.came_from}))
