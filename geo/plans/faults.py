# SPDX-License-Identifier: Apache-2.0
"""What a fault of a division is, and the neighbourhood in which faults are looked for."""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geo.ids import CODE_LENGTH, Level
from geo.plans.cutting import SPECK
from geo.plans.lattice import area_m2, square_units, to_degrees, units
from geo.plans.rules import Cell, Division, Ground
from geo.shapes import prepared_copy
from geo.units import Metres, SquareMetres

# A gap or an overlap that is nowhere wider than this is a slip of the hand.
_THIN = units(Metres(0.5))
# Less than this is the noise of arithmetic: a triangle on the grid has half a square unit.
NOISE = 0.05
# What lies this near to a cell, in grid units, touches it.
NEAR = 2.0
# At so many places it is looked whose border runs along that of a piece.
_PLACES = 256
_COMMUNITY, _SUBDISTRICT = CODE_LENGTH[Level.COMMUNITY], CODE_LENGTH[Level.SUBDISTRICT]


class Kind(StrEnum):
    """The rule that is broken."""

    GAP = "gap"
    OVERLAP = "overlap"
    PART = "part"
    NESTING = "nesting"
    INVALID = "invalid"


class Detail(StrEnum):
    """How it is broken."""

    HOLE = "hole"
    SHARED = "shared"
    DUPLICATE = "duplicate"
    CELL_IN_PARTS = "cell_in_parts"
    AREA_IN_PARTS = "area_in_parts"
    OUTSIDE = "outside"
    NO_PARENT = "no_parent"
    NO_CELLS = "no_cells"
    BUILDING_ASTRAY = "building_astray"
    BUILDING_HOMELESS = "building_homeless"
    BUILDING_TWICE = "building_twice"
    RING = "ring"
    UNMATCHED = "unmatched"


@dataclass(frozen=True)
class Problem:
    """A fault of a division.

    `id` stays while the fault stays as it is. `areas` are the codes it concerns, those first that a
    person would name first; `building` the building, where it is about one. `where` is the piece
    of land or the line, in WGS-84 degrees, and `size_m2` its size. `repair` names what would mend
    it (`geo.plans.repairs`), `repair_m2` the land that would then belong to another cell; None:
    only a person can tell. `sliver`: nowhere wider than half a metre, or below two square metres.
    """

    id: str
    kind: Kind
    detail: Detail
    areas: tuple[str, ...]
    size_m2: SquareMetres
    where: BaseGeometry
    repair: str | None
    repair_m2: SquareMetres
    sliver: bool = False
    building: str | None = None

    def as_fields(self) -> dict[str, Any]:
        """JSON values, without the shape: a point of it for a map to go to."""
        lon, lat = shapely.get_coordinates(shapely.point_on_surface(self.where))[0].tolist()
        return {
            "id": self.id,
            "kind": self.kind.value,
            "detail": self.detail.value,
            "areas": list(self.areas),
            "size_m2": round(self.size_m2, 2),
            "repair": self.repair,
            "repair_m2": round(self.repair_m2, 2),
            "sliver": self.sliver,
            "building": self.building,
            "lon": round(lon, 6),
            "lat": round(lat, 6),
        }


class Look:
    """Cells that are looked at together: all, or those near `asked` ones.

    `shapes` are theirs made valid, in grid units, whatever the division holds. `also` are areas
    above them to look at in any case.
    """

    def __init__(
        self,
        division: Division,
        ground: Ground,
        asked: Collection[str] | None = None,
        also: Collection[str] = (),
    ) -> None:
        self.division = division
        self.ground = ground
        self.asked = None if asked is None else frozenset(asked)
        self._also = frozenset(also)
        if self.asked is None:
            self.codes = sorted(division.cells)
        else:
            there = [division.cells[code].shape for code in self.asked & division.cells.keys()]
            self.codes = sorted({code for shape in there for code in division.near(shape)})
        self.cells: dict[str, Cell] = {code: division.cells[code] for code in self.codes}
        self.shapes = {code: sound(cell.shape) for code, cell in self.cells.items()}
        self.array = np.array([self.shapes[code] for code in self.codes], dtype=object)

    @cached_property
    def concerned(self) -> frozenset[str]:
        """The codes whose faults are asked for: those cells and the areas they can break."""
        asked = self.asked or frozenset()
        out = {*asked, *(code[:_COMMUNITY] for code in asked), *self._also}
        subdistricts = {code[:_SUBDISTRICT] for code in (*asked, *self.codes)}
        # Within one subdistrict nothing can come apart but at its rim.
        if len(subdistricts) > 1:
            out |= subdistricts
        return frozenset(out)

    def concerns(self, problem: Problem) -> bool:
        """Whether a fault is one that is asked for."""
        if self.asked is None:
            return True
        # An area in parts names all that would have to move, which is still all of it.
        whole = problem.detail is Detail.AREA_IN_PARTS
        return not self.concerned.isdisjoint(problem.areas[:1] if whole else problem.areas)

    @cached_property
    def tree(self) -> shapely.STRtree:
        """The shapes by place."""
        return shapely.STRtree(self.array)

    @cached_property
    def crossing(self) -> list[int]:
        """Places of the cells whose borders do not fit those of others."""
        if shapely.coverage_is_valid(self.array):
            return []
        edges = shapely.coverage_invalid_edges(self.array)
        return [int(at) for at in np.flatnonzero(~shapely.is_empty(edges))]

    def shape(self, code: str) -> BaseGeometry:
        """The shape of any cell made valid, looked at or not."""
        return self.shapes[code] if code in self.shapes else sound(self.division.cells[code].shape)

    def nearest(self, piece: BaseGeometry) -> str | None:
        """The cell nearest to a place, of those looked at."""
        return self.codes[int(self.tree.nearest(piece))] if self.codes else None

    def near(self, piece: BaseGeometry) -> list[str]:
        """Codes of the cells that touch a piece of land or a line."""
        found = self.tree.query(piece, predicate="dwithin", distance=NEAR)
        return [self.codes[at] for at in sorted(found.tolist())]

    def together(self, codes: Sequence[str]) -> BaseGeometry:
        """The land of some cells, looked at or not."""
        array = np.array([self.shape(code) for code in codes], dtype=object)
        looked_at = self.shapes.keys() >= set(codes)
        exact = not self.crossing if looked_at else shapely.coverage_is_valid(array)
        whole: BaseGeometry = (shapely.coverage_union_all if exact else shapely.union_all)(array)
        return whole

    def neighbour(self, piece: BaseGeometry, *, but: Collection[str] = ()) -> str | None:
        """The cell along which most of the border of a piece runs; rather one that is not locked.

        `but`: codes of cells, or of areas whose cells do not count.
        """
        best: tuple[bool, float, str] | None = None
        for code in self.division.near(piece):
            if code.startswith(tuple(but)):
                continue
            length = border_along(piece, self.shape(code), NEAR)
            free = not self.division.cells[code].locked
            if length > 0 and (best is None or (free, length) > best[:2]):
                best = (free, length, code)
        return None if best is None else best[2]

    def problem(
        self,
        kind: Kind,
        detail: Detail,
        areas: Sequence[str],
        where: BaseGeometry,
        repair: str | None,
        *,
        moves: bool = True,
        building: str | None = None,
    ) -> Problem:
        """A fault at a place in grid units. `moves`: its repair gives all that land away."""
        size = area_m2(where, self.ground.srid)
        land = kind in (Kind.GAP, Kind.OVERLAP, Kind.PART) or detail is Detail.OUTSIDE
        bounds = [round(edge) for edge in where.bounds]
        told = f"{kind} {detail} {' '.join(areas)} {building} {bounds}"
        return Problem(
            id=hashlib.sha256(told.encode()).hexdigest()[:12],
            kind=kind,
            detail=detail,
            areas=tuple(areas),
            size_m2=size,
            where=to_degrees(where),
            repair=repair,
            repair_m2=size if moves and repair is not None else SquareMetres(0.0),
            sliver=land and is_thin(where, _THIN, speck=True),
            building=building,
        )


def sound(shape: BaseGeometry) -> BaseGeometry:
    """A shape in grid units made valid on the grid; itself where it is valid.

    What encloses no land becomes an empty polygon.
    """
    if shape.is_valid and shape.geom_type in ("Polygon", "MultiPolygon"):
        return shape
    mended = shapely.make_valid(shape, method="structure", keep_collapsed=False)
    parts = pieces_of(shapely.set_precision(mended, 1.0))
    whole: BaseGeometry = shapely.union_all(parts) if parts else shapely.Polygon()
    return whole


def pieces_of(land: BaseGeometry) -> list[BaseGeometry]:
    """The polygons that some land consists of, noise left out, the largest first."""
    found = [
        part
        for one in shapely.get_parts(land)
        for part in shapely.get_parts(one)
        if part.geom_type == "Polygon" and part.area > NOISE
    ]
    return sorted(found, key=lambda part: -part.area)


def border_along(piece: BaseGeometry, other: BaseGeometry, within: float) -> float:
    """About how much of the border of a piece runs within so many grid units of something.

    Measured at as many places as matter for a comparison: cutting one border by a strip about
    another fails where they all but coincide.
    """
    rings = np.asarray(shapely.get_rings(shapely.get_parts(piece)), dtype=object)
    lengths = shapely.length(rings)
    shares = np.maximum(np.rint(_PLACES * lengths / lengths.sum()), 4).astype(int)
    steps = np.concatenate([(np.arange(times) + 0.5) / times for times in shares])
    places = shapely.line_interpolate_point(np.repeat(rings, shares), steps, normalized=True)
    beside = prepared_copy(other)
    weights = np.repeat(lengths / shares, shares)
    return float(weights[shapely.dwithin(beside, places, within)].sum())


def is_thin(piece: BaseGeometry, width: float, *, speck: bool = False) -> bool:
    """Whether a piece of land is nowhere wider than so many grid units; or, asked so, a speck."""
    if speck and piece.area < square_units(SPECK, piece.bounds[1]):
        return True
    # No piece of that width has more land than that along its border.
    if piece.area > width * piece.length:
        return False
    return bool(piece.buffer(-width / 2).is_empty)
