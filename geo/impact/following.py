# SPDX-License-Identifier: Apache-2.0
"""Which cells of a draft follow which cells of the plan it is based on, and where land changes."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geo.hierarchy.heirs import heirs_of
from geo.hierarchy.rules import Area
from geo.ids import AreaCode, CellCode, Level, PlanId
from geo.patrol.disc import Floats
from geo.patrol.grid import PlanGrid
from geo.plans.faults import sound
from geo.plans.lattice import same_land, to_degrees, to_units
from geo.plans.rules import Division

# Codes that are no more in the base plan, each with the codes of it that descend from them.
Lineage = Mapping[str, tuple[str, ...]]


def draft_grid(division: Division, plan: PlanId, srid: int) -> PlanGrid:
    """The cells of a draft, indexed as those of a published plan are."""
    return PlanGrid(
        plan,
        srid,
        (
            Area(
                code=AreaCode(cell.code),
                name=cell.name,
                level=Level.CELL,
                parent=AreaCode(cell.community),
                households=0,
                aliases=cell.aliases,
                boundary=to_degrees(cell.shape),
            )
            for cell in division.cells.values()
        ),
    )


@dataclass(frozen=True)
class Dwelling:
    """A building: the old cell it stands in, and the cell of the draft that has it."""

    id: str
    before: str
    after: str
    households: int


@dataclass(frozen=True)
class Following:
    """Old cells and the cells of a draft that follow them.

    `base` and `draft` are the grids of both; `dwellings` the buildings that stand in both.
    `lineage` leads from the codes of earlier plans to those of the base.
    """

    division: Division
    base: PlanGrid
    draft: PlanGrid
    dwellings: tuple[Dwelling, ...] = ()
    lineage: Lineage = field(default_factory=dict)

    @cached_property
    def heirs(self) -> Mapping[str, tuple[str, ...]]:
        """The cells of the draft that descend from each old cell; by code. One may have none."""
        found: dict[str, list[str]] = {code: [] for code in self.base.codes}
        for cell in self.division.cells.values():
            for old in cell.came_from:
                if old in found:
                    found[old].append(cell.code)
        return {old: tuple(sorted(new)) for old, new in found.items()}

    @cached_property
    def kept(self) -> frozenset[str]:
        """Old cells that one cell of the draft follows on exactly their land."""
        return frozenset(
            old
            for old, new in self.heirs.items()
            if len(new) == 1
            and self.division.cells[new[0]].came_from == (old,)
            and same_land(self._units[CellCode(old)], self.division.cells[new[0]].shape)
        )

    def today(self, code: str) -> tuple[str, ...]:
        """The cells of the base plan that a code, of whatever plan, stands for."""
        return (code,) if code in self.heirs else self.lineage.get(code, ())

    def followers(self, codes: Iterable[str]) -> frozenset[str]:
        """The cells of the draft that follow any of these cells of the base."""
        return frozenset(new for code in codes for new in self.heirs.get(code, ()))

    def homes(self, lon: Floats, lat: Floats) -> list[str | None]:
        """The cell of the draft that each place lies in: what stands there goes with the land."""
        return [
            None if index < 0 else self.draft.codes[index]
            for index in self.draft.locate(lon, lat).tolist()
        ]

    def successor(self, old: str) -> str | None:
        """The cell that an old one goes on in: itself while it keeps its code, else that of its
        heirs that has most of it, of its households or else of its land."""
        if old in self.division.cells:
            return old
        heirs = [new for new, olds in self._inherited.items() if old in olds]
        if len(heirs) < 2:
            return heirs[0] if heirs else None
        return max(heirs, key=lambda new: (*self._weight(old, new), new))

    def predecessors(self, new: str) -> tuple[str, ...]:
        """The old cells whose duties go on in a cell of the draft, those with most of it first.

        Itself while it keeps its code; else the cells that are gone and that it goes on from.
        """
        return (new,) if new in self.heirs else self._inherited.get(new, ())

    def households(self, old: str, new: str) -> int:
        """How many households of an old cell a cell of the draft has."""
        return self._counts(old, new)[1]

    def moves(self, old: str, new: str) -> bool:
        """Whether people of an old cell who are in a cell of the draft have changed cell.

        Not those who stay together: in the cell that has most of the old one and goes on from it.
        """
        return not (self.successor(old) == new and self.predecessors(new)[:1] == (old,))

    @cached_property
    def changed(self) -> tuple[str, ...]:
        """Cells of the draft that are new, or have other land than before."""
        same = {self.heirs[old][0] for old in self.kept}
        return tuple(
            code for code in self.division.cells if code not in same or code not in self.heirs
        )

    @cached_property
    def _gone(self) -> frozenset[str]:
        """Old cells whose code the draft does not have."""
        return frozenset(self.heirs.keys() - self.division.cells.keys())

    @cached_property
    def _inherited(self) -> Mapping[str, tuple[str, ...]]:
        """The cells that are gone and that each cell of the draft goes on from."""
        came_from = {code: cell.came_from for code, cell in self.division.cells.items()}
        households = {pair: count for pair, (_, count) in self._people.items()}
        return heirs_of(came_from, households, self._gone)

    @cached_property
    def _people(self) -> Mapping[tuple[str, str], tuple[int, int]]:
        """Buildings and households by old and new cell."""
        buildings: Counter[tuple[str, str]] = Counter()
        households: Counter[tuple[str, str]] = Counter()
        for one in self.dwellings:
            buildings[one.before, one.after] += 1
            households[one.before, one.after] += one.households
        return {key: (count, households[key]) for key, count in buildings.items()}

    @cached_property
    def _units(self) -> Mapping[str, BaseGeometry]:
        return {
            code: to_units(boundary)
            for code, boundary in zip(self.base.codes, self.base.boundaries, strict=True)
        }

    def _counts(self, old: str, new: str) -> tuple[int, int]:
        return self._people.get((old, new), (0, 0))

    def _weight(self, old: str, new: str) -> tuple[int, int, float]:
        buildings, households = self._counts(old, new)
        return households, buildings, self._overlap(old, new)

    def _overlap(self, old: str, new: str) -> float:
        shape = sound(self.division.cells[new].shape)
        return float(shapely.intersection(self._units[CellCode(old)], shape).area)


def differing(
    base: PlanGrid, draft: PlanGrid, before: Iterable[int], after: Iterable[int]
) -> BaseGeometry | None:
    """Where a disc must reach for its largest share in some cells to differ; None: nowhere.

    `before` are cells of the base, `after` those of the draft instead of them; the answer is in
    metres of their CRS. Each old cell is set against the new one that has most of it: a disc that
    touches neither what these two do not share nor a cell left over has the same shares in both.
    Cells of a draft that overlap themselves, as files may bring them, differ all over.
    """
    before, after = list(before), list(after)
    drawn = [*base.shapes[before], *draft.shapes[after]]
    if not shapely.is_valid(drawn).all():
        return shapely.union_all(shapely.make_valid(drawn))
    left = {index: draft.shapes[index] for index in after}
    apart: list[BaseGeometry] = []
    for index in before:
        old = base.shapes[index]
        best = max(left, key=lambda new: (old.intersection(left[new]).area, new), default=None)
        if best is None or not old.intersects(left[best]):
            apart.append(old)
        else:
            apart.append(shapely.symmetric_difference(old, left.pop(best)))
    apart.extend(left.values())
    found: BaseGeometry = shapely.union_all(apart)
    return None if found.is_empty else found


def whereabouts(places: Iterable[tuple[float, float]]) -> tuple[Floats, Floats]:
    """Longitudes and latitudes of (lon, lat) pairs as arrays."""
    pairs = np.array(list(places), dtype=np.float64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]
