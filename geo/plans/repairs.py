# SPDX-License-Identifier: Apache-2.0
"""Carrying out the repairs that were proposed for faults of a division."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geo.plans.faults import NEAR, Detail, Problem, sound
from geo.plans.houses import housed, regrouped
from geo.plans.lattice import Floats, area_m2, segments_of, to_units
from geo.plans.layers import differing
from geo.plans.mending import Faces, arranged, fitted, without_hairs
from geo.plans.problems import problems, rechecked
from geo.plans.recoding import moved, unlocked, without_empty
from geo.plans.rules import Cell, Division, Ground, Group, NeedsHand, RepairUnknown
from geo.units import SquareMetres

# What a repair brings about (a cell left in parts, a corner out of place) is mended with it.
_ROUNDS = 8
_LAND = {
    "make_valid",
    "match_corners",
    "give_gap_to",
    "give_overlap_to",
    "drop_part_to",
    "cut_off",
}


@dataclass(frozen=True)
class Repaired:
    """The mended division. `asked_m2`: the land the repairs were said to move; `moved_m2`: did."""

    division: Division
    asked_m2: SquareMetres
    moved_m2: SquareMetres


def repaired(division: Division, ground: Ground, ids: Sequence[str]) -> Repaired:
    """Mend the faults with these ids, and what mending them brings about.

    Where all faults that can be mended are asked for, none is left but communities that fell apart.

    Raises: RepairUnknown, NeedsHand (nothing is proposed), CellLocked.
    """
    known = problems(division, ground)
    by_id = {problem.id: problem for problem in known}
    for id in ids:
        if id not in by_id:
            raise RepairUnknown(problem=id)
        if by_id[id].repair is None:
            raise NeedsHand(problem=id, areas=list(by_id[id].areas))
    asked = [by_id[id] for id in dict.fromkeys(ids)]
    left = {problem.id for problem in known if problem.repair is not None} - set(ids)
    now, chosen = division, asked
    for _ in range(_ROUNDS):
        if not chosen:
            break
        before = now
        # What fell apart by a gap is whole again without it.
        first = [one for one in chosen if not (one.repair or "").startswith("reassign_to")]
        if first:
            for act in (_dropped, _land, _nested):
                now = act(now, ground, first)
        else:
            now = _reassigned(now, chosen)
        known = rechecked(known, now, ground, codes=differing(before.cells, now.cells))
        chosen = [
            problem
            for problem in known
            if problem.repair is not None
            and problem.id not in left
            and (problem.id in by_id or _follows(problem, everything=not left))
        ]
    size = sum(problem.repair_m2 for problem in asked)
    return Repaired(now, SquareMetres(size), _moved_m2(division, now, ground))


def _follows(problem: Problem, *, everything: bool) -> bool:
    """Whether a fault that a repair brought about is mended with it, unasked.

    A cell changes its community by a person's decision alone.
    """
    if everything:
        return problem.detail is not Detail.AREA_IN_PARTS
    return problem.sliver or problem.detail in (Detail.CELL_IN_PARTS, Detail.UNMATCHED)


def _named(chosen: Iterable[Problem], *names: str) -> list[tuple[Problem, str]]:
    """The faults to be mended in one of these ways, each with the code that its repair names."""
    split = [(problem, *(problem.repair or "").partition(":")) for problem in chosen]
    return [(problem, to) for problem, name, _, to in split if name in names]


def _dropped(division: Division, ground: Ground, chosen: Sequence[Problem]) -> Division:
    gone = [division.cells[to] for _, to in _named(chosen, "drop_cell") if to in division.cells]
    unlocked(gone)
    if not gone or len(gone) == len(division.cells):
        return division
    codes = [cell.code for cell in gone]
    heirs = {code for cell in gone for code in division.near(cell.shape) if code not in codes}
    rest = division.with_cells(removed=codes)
    return rehoused(rest, ground, heirs or set(rest.cells), gone)


def _land(division: Division, ground: Ground, chosen: Sequence[Problem]) -> Division:
    """All repairs of land at once, in one arrangement of the borders about them."""
    acts = _named(chosen, *_LAND)
    if not acts:
        return division
    touched = {code for problem, to in acts for code in (*problem.areas, to)}
    touched &= division.cells.keys()
    about = {code for own in touched for code in division.near(division.cells[own].shape)}
    shapes = {code: sound(division.cells[code].shape) for code in sorted(about)}
    faces = arranged(shapes, _rim(ground, [problem for problem, _ in acts]))
    for problem, to in acts:
        _hand_over(faces, problem, to, division.cells)
    without_hairs(faces, _taken_outside(division, about))
    beside = {
        code: division.cells[code].shape
        for own in about
        for code in division.near(division.cells[own].shape)
        if code not in about
    }
    changed = fitted(beside, list(shapes.values()), faces)
    for code in about:
        shape, old = faces.cell(code), division.cells[code].shape
        # A ring that crosses itself stays as it is until it is asked for.
        keep = shape.equals_exact(old, 0.0, normalize=True) or (
            code not in touched and not old.is_valid
        )
        if not keep:
            changed[code] = shape
    moving = [
        division.cells[code]
        for code, shape in changed.items()
        if shape.symmetric_difference(shapes.get(code, shape)).area > shape.length
    ]
    unlocked(moving)
    vanished = [code for code, shape in changed.items() if shape.is_empty]
    heirs = {code for code in about if code not in vanished}
    gone = [division.cells[code] for code in vanished]
    cells = [
        replace(division.cells[code], shape=shape)
        for code, shape in changed.items()
        if code not in vanished
    ]
    return rehoused(division.with_cells(changed=cells, removed=vanished), ground, heirs, gone)


def _rim(ground: Ground, faults: Sequence[Problem]) -> Floats:
    """The pieces of the district's outline along faults that reach it."""
    segments = segments_of(list(shapely.get_parts(ground.outline)))
    near = np.zeros(len(segments), dtype=bool)
    for problem in faults:
        if problem.detail in (Detail.HOLE, Detail.OUTSIDE):
            west, south, east, north = to_units(problem.where).bounds
            near |= (
                (np.minimum(segments[:, 0], segments[:, 2]) <= east + NEAR)
                & (np.maximum(segments[:, 0], segments[:, 2]) >= west - NEAR)
                & (np.minimum(segments[:, 1], segments[:, 3]) <= north + NEAR)
                & (np.maximum(segments[:, 1], segments[:, 3]) >= south - NEAR)
            )
    return segments[near]


def _hand_over(faces: Faces, problem: Problem, to: str, cells: Collection[str]) -> None:
    """Change who covers the pieces of a fault, as its repair says."""
    name = (problem.repair or "").partition(":")[0]
    where = to_units(problem.where)
    if name == "make_valid":
        return
    for at in faces.within(where if name != "match_corners" else where.buffer(NEAR)):
        held = faces.covers[at]
        if name == "give_gap_to" and not held and to in cells:
            held.add(to)
        elif name == "give_overlap_to" and held.issuperset(problem.areas):
            held.intersection_update({to, *held.difference(problem.areas)})
        elif name == "cut_off":
            held.discard(problem.areas[0])
        elif name == "drop_part_to" and problem.areas[0] in held:
            held.discard(problem.areas[0])
            if not held and to in cells:
                held.add(to)
        elif name == "match_corners" and len(held) > 1 and faces.is_hair(at):
            beside = faces.touching(at)
            best = max(sorted(held), key=lambda code: beside.get(code, 0.0))
            held.intersection_update({best})


def _taken_outside(division: Division, about: Collection[str]) -> Callable[[BaseGeometry], bool]:
    """Whether a point is in a cell that is not among those arranged."""

    def taken(point: BaseGeometry) -> bool:
        return any(
            code not in about and division.cells[code].shape.intersects(point)
            for code in division.near(point)
        )

    return taken


def rehoused(
    division: Division, ground: Ground, heirs: Collection[str], gone: Sequence[Cell]
) -> Division:
    """The division with each building of the heirs, and of cells gone, where most of it stands.

    A building goes to one of the `heirs` (codes); its group keeps its code while it can.
    """
    cells = [division.cells[code] for code in sorted(heirs)]
    lists = [*cells, *gone]
    houses = list(
        dict.fromkeys(id for cell in lists for id in cell.buildings if id in ground.houses)
    )
    if not houses:
        return division
    held = housed(houses, {cell.code: sound(cell.shape) for cell in cells}, ground)
    return _listed(division, cells, lists, held)


def _listed(
    division: Division, cells: Sequence[Cell], lists: Sequence[Cell], held: dict[str, str]
) -> Division:
    """The cells with the buildings `held` says, which stood in the groups of `lists`."""
    groups: list[Group] = []
    seen: set[str] = set()
    for group in (group for cell in lists for group in cell.groups):
        own = tuple(id for id in group.buildings if id not in seen and id in held)
        seen.update(own)
        if own:
            groups.append(group if own == group.buildings else replace(group, buildings=own))
    bare = [replace(cell, groups=()) for cell in cells]
    regroup, division = regrouped(division, bare, groups, held)
    changed = [
        cell for cell, old in zip(regroup, cells, strict=True) if set(cell.groups) != {*old.groups}
    ]
    return division.with_cells(changed=changed)


def _nested(division: Division, ground: Ground, chosen: Sequence[Problem]) -> Division:
    """Buildings into the cell they stand in, islands declared, empty areas gone."""
    for problem, to in _named(chosen, "house_in"):
        if to not in division.cells or problem.building is None:
            continue
        codes = {to, *(code for code in problem.areas if code in division.cells)}
        cells = [division.cells[code] for code in sorted(codes)]
        held = {id: cell.code for cell in cells for id in cell.buildings} | {problem.building: to}
        lists = cells
        if problem.building not in {id for cell in cells for id in cell.buildings}:
            code, division = division.issue(to)
            lost = Group(code, "楼栋组", (problem.building,))
            lists = [*cells, Cell(to, "", shapely.Polygon(), (lost,))]
        division = _listed(division, cells, lists, held)
    islands = [
        replace(division.uppers[to], islands=True)
        for _, to in _named(chosen, "declare_islands")
        if to in division.uppers
    ]
    empty = [to for _, to in _named(chosen, "drop_area")]
    if islands or empty:
        division = division.with_uppers(changed=islands, removed=empty)
    return division


def _reassigned(division: Division, chosen: Sequence[Problem]) -> Division:
    """Cells and communities under the area that has most of the border about them."""
    gone: list[str] = []
    for problem, to in _named(chosen, "reassign_to"):
        areas = problem.areas if problem.detail is Detail.NO_PARENT else problem.areas[1:]
        there = [
            code
            for code in areas
            if (code in division.cells or code in division.uppers) and not code.startswith(to)
        ]
        if there and to in division.uppers:
            division, codes = moved(division, there, to)
            gone += codes
    return without_empty(division, gone)


def _moved_m2(before: Division, after: Division, ground: Ground) -> SquareMetres:
    """The land that is another cell's now, or one's that was nobody's or several's."""
    pairs = [
        (sound(before.cells[code].shape), cell.shape)
        for code, cell in after.cells.items()
        if code in before.cells and before.cells[code].shape is not cell.shape
    ]
    changed = shapely.union_all([shapely.symmetric_difference(old, new) for old, new in pairs])
    return area_m2(changed, ground.srid)
