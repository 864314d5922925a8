# SPDX-License-Identifier: Apache-2.0
"""A division of a district as a value: cells, the areas above them, the buildings they hold.

Nothing here changes. An edit (`geo.plans.edits`) answers with another division that shares all it
did not touch, so undo is the value one had before. Shapes are in grid units
(`geo.plans.lattice`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from geo.errors import Conflict, Invalid, NotFound
from geo.ids import CODE_LENGTH, Level
from geo.plans.lattice import to_degrees
from geo.plans.layers import Layered, layered
from geo.plans.whereabouts import Whereabouts

_CELL_LENGTH = CODE_LENGTH[Level.CELL]
_COMMUNITY_LENGTH = CODE_LENGTH[Level.COMMUNITY]


class EditRefused(Conflict):
    """The edit contradicts the draft as it stands; the fields say what, and where on the map."""

    code = "plan.edit_refused"


class AreaUnknown(NotFound):
    """The draft has no area of this code."""

    code = "plan.area_unknown"


class ShapeWrong(Invalid):
    """The drawn shape cannot be used: of the wrong kind, crossing itself, or off the district."""

    code = "plan.shape_wrong"


class CellLocked(EditRefused):
    """The edit would change cells that are locked in this draft."""

    code = "plan.cell_locked"


class WouldPart(EditRefused):
    """A cell would lie in several parts. `parts_m2` are their sizes."""

    code = "plan.would_part"


class WouldPartArea(EditRefused):
    """A community or a subdistrict would lie in several parts. `parts_m2` are their sizes.

    An area that is declared to have islands may.
    """

    code = "plan.would_part_area"


class WouldVanish(EditRefused):
    """A cell would lose all its land: that is a merge."""

    code = "plan.would_vanish"


class DoesNotCut(EditRefused):
    """The line does not cut the land in two."""

    code = "plan.does_not_cut"


class NothingMoves(EditRefused):
    """Nothing would change: the area asked for is the cell's own, or holds no land."""

    code = "plan.nothing_moves"


class NotNeighbours(EditRefused):
    """The cells do not touch along a border."""

    code = "plan.not_neighbours"


class NotOneCommunity(EditRefused):
    """The cells are of several communities: reassign them first."""

    code = "plan.not_one_community"


class Unrepaired(EditRefused):
    """Here the draft has gaps or overlaps that it came with: repair them, then edit."""

    code = "plan.unrepaired"


class TooNarrow(EditRefused):
    """The line runs through land narrower than the grid of coordinates can divide."""

    code = "plan.too_narrow"


class RepairUnknown(NotFound):
    """The draft has no such fault, or no longer."""

    code = "plan.repair_unknown"


class NeedsHand(EditRefused):
    """A fault that only a person can mend: nothing is proposed for it."""

    code = "plan.needs_hand"


@dataclass(frozen=True)
class House:
    """A building as an edit sees it: a footprint in grid units and the households in it."""

    id: str
    footprint: BaseGeometry
    households: int


@dataclass(frozen=True)
class Ground:
    """What a district is whatever its division.

    `srid` is its metric CRS; `outline` its land in grid units, which the cells must tile.
    """

    srid: int
    houses: Mapping[str, House]
    outline: BaseGeometry

    @cached_property
    def _standing(self) -> tuple[shapely.STRtree, list[str]]:
        ids = list(self.houses)
        return shapely.STRtree([self.houses[id].footprint for id in ids]), ids

    def houses_on(self, lines: BaseGeometry, within: float) -> list[House]:
        """The buildings that come within so many grid units of some lines."""
        tree, ids = self._standing
        found = tree.query(lines, predicate="dwithin", distance=within)
        return [self.houses[ids[at]] for at in sorted(found.tolist())]

    def households(self, buildings: Iterable[str]) -> int:
        """The households of some buildings together."""
        return sum(self.houses[id].households for id in buildings)


@dataclass(frozen=True)
class Group:
    """A building group: buildings of one cell. `came_from`: published codes it descends from."""

    code: str
    name: str
    buildings: tuple[str, ...]
    came_from: tuple[str, ...] = ()


@dataclass(frozen=True)
class Cell:
    """A grid cell of a draft.

    `shape` is a Polygon in grid units. `came_from` are the published codes whose land and
    statistics it inherits: its own, while it keeps it.
    """

    code: str
    name: str
    shape: BaseGeometry
    groups: tuple[Group, ...] = ()
    aliases: tuple[str, ...] = ()
    came_from: tuple[str, ...] = ()
    locked: bool = False

    @property
    def community(self) -> str:
        """The code of the community it lies in."""
        return self.code[:-3]

    @cached_property
    def buildings(self) -> tuple[str, ...]:
        """The ids of the buildings it holds."""
        return tuple(id for group in self.groups for id in group.buildings)


@dataclass(frozen=True)
class Upper:
    """A community, a subdistrict or the district. Its land is that of its cells.

    `islands`: declared to lie in several parts.
    """

    code: str
    name: str
    aliases: tuple[str, ...] = ()
    came_from: tuple[str, ...] = ()
    islands: bool = False


@dataclass(frozen=True)
class Division:
    """All cells of a district and the areas above them.

    `uppers` has the district, subdistricts and communities by code, `cells` the cells. `issued`
    counts the provisional codes given below each parent, so that none is given twice in a draft.
    """

    district: str
    uppers: Mapping[str, Upper]
    cells: Mapping[str, Cell]
    issued: Mapping[str, int] = field(default_factory=dict)
    _index: Whereabouts | None = field(default=None, repr=False, compare=False)
    _children: Layered[frozenset[str]] | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Those drawn from this one share its base, and are compared by what they exchanged.
        object.__setattr__(self, "cells", layered(self.cells))

    def cell(self, code: str) -> Cell:
        """A cell by its code. Raises: AreaUnknown."""
        if code not in self.cells:
            raise AreaUnknown(area=code)
        return self.cells[code]

    def upper(self, code: str, level: Level) -> Upper:
        """A community, a subdistrict or the district by its code. Raises: AreaUnknown."""
        if code not in self.uppers or len(code) != CODE_LENGTH[level]:
            raise AreaUnknown(area=code, level=level.value)
        return self.uppers[code]

    def below(self, code: str) -> list[Cell]:
        """The cells of an area, by code."""
        held = sorted(self.children.get(code, ()))
        if len(code) == _COMMUNITY_LENGTH:
            return [self.cells[own] for own in held]
        return [cell for own in held for cell in self.below(own)]

    def has_cells(self, code: str) -> bool:
        """Whether an area above the cells has any."""
        return code in self.children

    def near(self, *shapes: BaseGeometry, margin: float = 2.0) -> list[str]:
        """Codes of the cells whose boxes come within `margin` grid units of the shapes' box."""
        west, south, east, north = shapely.total_bounds(list(shapes))
        box = (west - margin, south - margin, east + margin, north + margin)
        return self._whereabouts.within(
            box, lambda code: self.cells[code].shape if code in self.cells else None
        )

    @property
    def children(self) -> Mapping[str, frozenset[str]]:
        """What lies right below each area that has cells, by code."""
        if self._children is None:
            object.__setattr__(self, "_children", with_children(Layered({}), self.cells, ()))
        assert self._children is not None
        return self._children

    @property
    def _whereabouts(self) -> Whereabouts:
        """The index by place, grown when first asked for."""
        if self._index is None:
            shapes = {code: cell.shape for code, cell in self.cells.items()}
            object.__setattr__(self, "_index", Whereabouts.of(shapes))
        assert self._index is not None
        return self._index

    def with_cells(
        self, *, changed: Sequence[Cell] = (), removed: Iterable[str] = ()
    ) -> "Division":
        """The division with some cells exchanged, added or gone."""
        fresh = {cell.code: cell for cell in changed}
        gone = [code for code in removed if code not in fresh]
        moved = {
            code: cell.shape
            for code, cell in fresh.items()
            if code not in self.cells or self.cells[code].shape is not cell.shape
        }
        return replace(
            self,
            cells=layered(self.cells).exchanged(fresh, gone),
            _index=self._whereabouts.after(moved),
            _children=with_children(layered(self.children), fresh, gone),
        )

    def with_uppers(
        self, *, changed: Sequence[Upper] = (), removed: Iterable[str] = ()
    ) -> "Division":
        """The division with some of the areas above the cells exchanged, added or gone."""
        gone = set(removed)
        uppers = {code: upper for code, upper in self.uppers.items() if code not in gone}
        uppers.update({upper.code: upper for upper in changed})
        return replace(self, uppers=uppers)

    def with_issued(self, issued: Mapping[str, int]) -> "Division":
        """The division with another count of provisional codes given."""
        return replace(self, issued=dict(issued))

    def issue(self, parent: str) -> tuple[str, "Division"]:
        """A provisional code below a parent, and the division that has given it.

        Three characters like those of a published code, a letter first: D01 to D99, then E01 and
        so on. Publishing exchanges them for codes by the numbering rule.
        """
        number = self.issued.get(parent, 0)
        letter, rest = divmod(number, 99)
        code = f"{parent}{chr(ord('D') + letter)}{rest + 1:02d}"
        return code, replace(self, issued={**self.issued, parent: number + 1})


def with_children(
    known: Layered[frozenset[str]], fresh: Iterable[str], gone: Iterable[str]
) -> Layered[frozenset[str]]:
    """What lies right below each area, with some cells added and some gone."""
    changed: dict[str, set[str]] = {}

    def below(area: str) -> set[str]:
        if area not in changed:
            changed[area] = set(known.get(area, ()))
        return changed[area]

    for code in fresh:
        below(code[:-3]).add(code)
    for code in gone:
        below(code[:-3]).discard(code)
    for length in (_COMMUNITY_LENGTH, _COMMUNITY_LENGTH - 3):
        for area in [area for area in changed if len(area) == length]:
            if changed[area]:
                below(area[:-3]).add(area)
            else:
                below(area[:-3]).discard(area)
    return known.exchanged(
        {area: frozenset(own) for area, own in changed.items() if own},
        [area for area, own in changed.items() if not own and area in known],
    )


def boundary(division: Division, code: str) -> BaseGeometry:
    """The land of any area of a division in grid units: the union of its cells, exact."""
    if len(code) == _CELL_LENGTH:
        return division.cell(code).shape
    shapes = [cell.shape for cell in division.below(code)]
    if not shapes:
        raise AreaUnknown(area=code)
    whole: BaseGeometry = shapely.coverage_union_all(shapes)
    return whole


def place_of(shape: BaseGeometry) -> dict[str, Any]:
    """`lon`, `lat` of a point of a shape in grid units, for an error that a map shows."""
    lon, lat = shapely.get_coordinates(to_degrees(shapely.point_on_surface(shape)))[0].tolist()
    return {"lon": round(lon, 6), "lat": round(lat, 6)}
