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

_CELL_LENGTH = CODE_LENGTH[Level.CELL]
# So many cells are looked through one by one before the tree is grown anew.
_LOOSE = 256


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
class _Whereabouts:
    """Cells by place. Edits add to the loose ones; the tree grows anew when they are many."""

    tree: shapely.STRtree
    codes: tuple[str, ...]
    loose: frozenset[str] = frozenset()

    @classmethod
    def of(cls, cells: Mapping[str, Cell]) -> "_Whereabouts":
        return cls(shapely.STRtree([cell.shape for cell in cells.values()]), tuple(cells))

    def after(self, cells: Mapping[str, Cell], changed: Iterable[str]) -> "_Whereabouts":
        loose = self.loose.union(changed)
        if len(loose) > _LOOSE:
            return _Whereabouts.of(cells)
        return replace(self, loose=loose)

    def within(self, cells: Mapping[str, Cell], box: BaseGeometry) -> list[str]:
        found = {
            self.codes[at] for at in self.tree.query(box).tolist() if self.codes[at] in cells
        } - self.loose
        found.update(
            code for code in self.loose if code in cells and cells[code].shape.intersects(box)
        )
        return sorted(found)


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
    _index: _Whereabouts | None = field(default=None, repr=False, compare=False)

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
        return [self.cells[own] for own in sorted(self.cells) if own.startswith(code)]

    def near(self, *shapes: BaseGeometry, margin: float = 2.0) -> list[str]:
        """Codes of the cells whose boxes come within `margin` grid units of the shapes' box."""
        west, south, east, north = shapely.total_bounds(list(shapes))
        box = shapely.box(west - margin, south - margin, east + margin, north + margin)
        return self.whereabouts.within(self.cells, box)

    @property
    def whereabouts(self) -> _Whereabouts:
        """The index by place, grown when first asked for."""
        if self._index is None:
            object.__setattr__(self, "_index", _Whereabouts.of(self.cells))
        assert self._index is not None
        return self._index

    def with_cells(
        self, *, changed: Sequence[Cell] = (), removed: Iterable[str] = ()
    ) -> "Division":
        """The division with some cells exchanged, added or gone."""
        gone = set(removed)
        cells = {code: cell for code, cell in self.cells.items() if code not in gone}
        cells.update({cell.code: cell for cell in changed})
        touched = [cell.code for cell in changed]
        return replace(self, cells=cells, _index=self.whereabouts.after(cells, touched))

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


def boundary(division: Division, code: str) -> BaseGeometry:
    """The land of any area of a division in grid units: the union of its cells, exact."""
    if len(code) == _CELL_LENGTH:
        return division.cell(code).shape
    shapes = [cell.shape for cell in division.cells.values() if cell.code.startswith(code)]
    if not shapes:
        raise AreaUnknown(area=code)
    whole: BaseGeometry = shapely.coverage_union_all(shapes)
    return whole


def place_of(shape: BaseGeometry) -> dict[str, Any]:
    """`lon`, `lat` of a point of a shape in grid units, for an error that a map shows."""
    lon, lat = shapely.get_coordinates(to_degrees(shapely.point_on_surface(shape)))[0].tolist()
    return {"lon": round(lon, 6), "lat": round(lat, 6)}
