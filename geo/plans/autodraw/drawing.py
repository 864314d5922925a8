# SPDX-License-Identifier: Apache-2.0
"""Drawing the cells of an area anew: three answers, from one seed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geo.crs import geometry_to_metres, metres
from geo.hierarchy.numbering import reading_order
from geo.ids import CODE_LENGTH, Level
from geo.plans.autodraw.atoms import Atoms, Site, atoms_of
from geo.plans.autodraw.composing import FREE, KEPT, composed, descent
from geo.plans.autodraw.placing import placed
from geo.plans.autodraw.rules import (
    AllLocked,
    Balance,
    DrawingCancelled,
    Drawn,
    TooFewCells,
    TooManyCells,
)
from geo.plans.autodraw.search import Drawing
from geo.plans.autodraw.sharing import shares
from geo.plans.autodraw.summing import Sums, repeats, summary
from geo.plans.lattice import Floats, Shapes, to_degrees
from geo.plans.rules import AreaUnknown, Cell, Division, Ground

# What cutting a community into atoms takes, beside composing and placing its cells.
_ATOMS = 0.25
_LEVELS = {CODE_LENGTH[level]: level for level in Level}


@dataclass(frozen=True)
class _Patch:
    """A piece of land in one part, of one community, with the cells it has today."""

    community: str
    cells: int
    old: tuple[Cell, ...]
    atoms: Atoms


def draw(
    division: Division,
    ground: Ground,
    *,
    within: str,
    cells: int | None,
    balance: Balance,
    tolerance: float,
    seed: int,
    keep: bool,
    streets: Sequence[BaseGeometry],
    barriers: Sequence[BaseGeometry],
    report: Callable[[float], None],
    cancelled: Callable[[], bool],
) -> tuple[Drawn, Drawn, Drawn]:
    """Draw the cells of an area anew and answer with three divisions, each good at something else.

    `within` is a community, a subdistrict or the district. It is to have `cells` cells, locked
    ones among them, which stay as they are; each community gets its share of them by weight, at
    least one for each of its parts. Without `cells` each community gets as many as it has. Every
    cell lies in one community and in one part, no building is cut, and every cell weighs the mean
    of its community within `tolerance` (a share, 0.05 for 5 %) or half the largest building,
    whichever is more, where that can be done. Borders run along streets where they can, and cells
    lie on one side of a barrier where that leaves them in balance: the summaries say where not.

    With `keep` the answers start from today's cells: `near` moves the fewest households, `even` and
    `compact` some more. A cell goes on under its code, as one that was transferred land. Without it
    today's cells do not matter: `even`, `compact`, and `streets`, whose borders run along
    streets most; all cells are new, under provisional codes, and say which cells they descend from.

    `streets` (lines) and `barriers` (lines, or areas such as rivers) are in WGS-84 degrees. The
    same arguments give the same answer. `report` is called with the share done, 0 to 1;
    `cancelled` is asked often.

    Raises: AreaUnknown, AllLocked, TooFewCells, TooManyCells, DrawingCancelled.
    """

    def pause() -> None:
        if cancelled():
            raise DrawingCancelled

    report(0.0)
    old = _drawable(division, within)
    numbers = _numbers(division, ground, old, within, cells, balance)
    tastes = KEPT if keep else FREE
    # About a quarter of the work is the atoms.
    steps, done = len(numbers) * (1 + _ATOMS), 0.0
    lines = _in_metres(streets, ground.srid)
    walls = _in_metres(barriers, ground.srid)
    near_street, near_wall = shapely.STRtree(lines), shapely.STRtree(walls)
    places = _incidents(balance, ground.srid)
    patches: list[_Patch] = []
    for (community, _), (number, own, land) in numbers.items():
        pause()
        sites = _sites(ground, own, balance)
        atoms = atoms_of(
            land,
            sites,
            streets=lines[near_street.query(land)].tolist(),
            barriers=walls[near_wall.query(land)].tolist(),
            homes=dict(enumerate(_metric(cell.shape, ground.srid) for cell in own)) if keep else {},
            extra=[
                (float(x), float(y), balance.incident)
                for x, y in places[shapely.contains_xy(land, places)]
            ],
        )
        if number > len(atoms.shapes):
            raise TooManyCells(area=community, cells=number, at_most=len(atoms.shapes))
        patches.append(_Patch(community, number, own, atoms))
        done += _ATOMS
        report(done / steps)
    after, sums = [division] * len(tastes), [Sums() for _ in tastes]
    for patch in patches:
        drawings = composed(
            patch.atoms,
            patch.cells,
            tastes,
            tolerance=tolerance,
            today=patch.atoms.home.tolist() if keep else None,
            rng=Random(f"{seed} {patch.old[0].code}"),  # noqa: S311  (a drawing, not a secret)
            pause=pause,
        )
        for at, drawing in enumerate(drawings):
            after[at] = _with(after[at], ground, patch, drawing, keep, sums[at])
        done += 1
        report(min(done / steps, 1.0))
    same = repeats(division, after, within)
    one, two, three = (
        Drawn(
            after[at],
            {
                "style": taste.style,
                "same_as": same[at],
                **summary(division, after[at], ground, within, balance, tolerance, sums[at]),
            },
        )
        for at, taste in enumerate(tastes)
    )
    report(1.0)
    return one, two, three


def _drawable(division: Division, within: str) -> dict[str, list[Cell]]:
    """The unlocked cells of each community. Raises: AreaUnknown, AllLocked."""
    level = _LEVELS.get(len(within))
    if level not in (Level.DISTRICT, Level.SUBDISTRICT, Level.COMMUNITY):
        raise AreaUnknown(area=within)
    division.upper(within, level)
    found: dict[str, list[Cell]] = {}
    for cell in division.below(within):
        if not cell.locked:
            found.setdefault(cell.community, []).append(cell)
    if not found:
        raise AllLocked(area=within)
    return found


def _numbers(
    division: Division,
    ground: Ground,
    old: Mapping[str, Sequence[Cell]],
    within: str,
    cells: int | None,
    balance: Balance,
) -> dict[tuple[str, int], tuple[int, tuple[Cell, ...], BaseGeometry]]:
    """For each part of each community how many cells it gets, which it has, and its land in metres.

    Raises: TooFewCells, TooManyCells.
    """
    parts: dict[tuple[str, int], tuple[tuple[Cell, ...], BaseGeometry]] = {}
    for community, own in old.items():
        lands = shapely.get_parts(shapely.coverage_union_all([cell.shape for cell in own]))
        tree = shapely.STRtree(lands)
        on = tree.query_nearest(
            shapely.point_on_surface([cell.shape for cell in own]), all_matches=False
        )[1]
        for number, land in enumerate(lands):
            held = tuple(cell for cell, at in zip(own, on, strict=True) if at == number)
            parts[community, number] = (held, _metric(land, ground.srid))
    least = {f"{community} {number}": 1 for community, number in parts}
    locked = sum(cell.locked for cell in division.below(within))
    if cells is None:
        given = {f"{c} {n}": len(own) for (c, n), (own, _) in parts.items()}
    else:
        if cells < locked + len(parts):
            raise TooFewCells(area=within, cells=cells, at_least=locked + len(parts))
        room = sum(len(cell.buildings) for own, _ in parts.values() for cell in own)
        if cells - locked > max(room, len(parts)):
            raise TooManyCells(area=within, cells=cells, at_most=locked + max(room, len(parts)))
        weights = {
            f"{c} {n}": sum(site.weight for site in _sites(ground, own, balance))
            for (c, n), (own, _) in parts.items()
        }
        given = shares(weights, cells - locked, least)
    return {key: (given[f"{key[0]} {key[1]}"], *part) for key, part in parts.items()}


def _with(
    division: Division, ground: Ground, patch: _Patch, drawing: Drawing, keep: bool, sums: Sums
) -> Division:
    """The division with the drawing of one patch in the place of its old cells."""
    codes: dict[int, str] = {}
    # Their borders have gained corners where those of neighbours drawn before meet them.
    today = [division.cells[cell.code] for cell in patch.old]
    old = list(today)
    if keep:
        labels = np.array(drawing.labels)
        for label, home in descent(patch.atoms, drawing.labels).items():
            codes[label] = today[home].code
            if np.array_equal(labels == label, patch.atoms.home == home):
                old.remove(today[home])
    same = {cell.code for cell in patch.old} - {cell.code for cell in old}
    shapes = np.array(
        [shapely.coverage_union_all(patch.atoms.shapes[sorted(own)]) for own in drawing.members],
        dtype=object,
    )
    after, names = division, {}
    used = {cell.name for cell in division.cells.values() if cell.community == patch.community}
    used -= {cell.name for cell in old}
    for label in reading_order(list(shapes)):
        if label not in codes:
            codes[label], after = after.issue(patch.community)
            names[codes[label]] = _name(division, patch.community, used)
            used.add(names[codes[label]])
    regions = {
        codes[label]: shapes[label] for label in range(drawing.cells) if codes[label] not in same
    }
    if regions:
        cut = placed(after, ground, old, regions, names)
        if cut is None:
            sums.undrawn.append(patch.community)
            return division
        after = cut
    sums.add(drawing, codes)
    return after


def _name(division: Division, community: str, used: set[str]) -> str:
    base = division.uppers[community].name
    return next(
        name for number in range(1, len(used) + 2) if (name := f"{base}第{number}网格") not in used
    )


def _sites(ground: Ground, cells: Sequence[Cell], balance: Balance) -> list[Site]:
    return [
        Site(
            house.id,
            _metric(house.footprint, ground.srid),
            balance.household * house.households + balance.building,
            house.households,
            number,
        )
        for number, cell in enumerate(cells)
        for house in (ground.houses[id] for id in cell.buildings)
    ]


def _incidents(balance: Balance, srid: int) -> Floats:
    if not len(balance.incidents) or not balance.incident:
        return np.empty((0, 2))
    east, north = metres(balance.incidents[:, 0], balance.incidents[:, 1], srid)
    return np.column_stack([east, north])


def _metric(shape: BaseGeometry, srid: int) -> BaseGeometry:
    moved: BaseGeometry = geometry_to_metres(to_degrees(shape), srid)
    return moved


def _in_metres(shapes: Sequence[BaseGeometry], srid: int) -> Shapes:
    if not len(shapes):
        return np.array([], dtype=object)
    moved: Shapes = geometry_to_metres(np.array(shapes, dtype=object), srid)
    return moved
