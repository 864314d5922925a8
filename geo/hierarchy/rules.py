# SPDX-License-Identifier: Apache-2.0
"""Areas, plans and buildings as values; what the tiers of a plan must satisfy."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, ClassVar

import shapely
from shapely.geometry.base import BaseGeometry

from geo.errors import Conflict, Invalid, NotFound
from geo.ids import CODE_LENGTH, AreaCode, DistrictCode, Level, PlanId, level_of, parent_of
from geo.outbox import Event
from geo.units import Metres
from geo.values import value


class PlanStatus(StrEnum):
    """A plan is drawn, then published; `withdrawn` is a published one taken back before its day.

    `discarded` is a draft that was thrown away.
    """

    DRAFT = "draft"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"
    DISCARDED = "discarded"


@dataclass(frozen=True)
class District:
    """A district this installation serves."""

    code: DistrictCode
    name: str
    time_zone: str
    metric_srid: int
    demo: bool


@dataclass(frozen=True)
class Area:
    """An area of one plan. `boundary` in WGS-84 degrees on the 1e-7 grid, or not asked for."""

    code: AreaCode
    name: str
    level: Level
    parent: AreaCode | None
    households: int
    aliases: tuple[str, ...] = ()
    boundary: BaseGeometry | None = None


@dataclass(frozen=True)
class Building:
    """A building, or a row of houses under one number. `footprint` in WGS-84 degrees."""

    id: str
    name: str
    street: str
    number: str
    estate: str
    units: int
    floors: int
    households: int
    kind: str
    cell: AreaCode
    group: AreaCode
    footprint: BaseGeometry


@dataclass(frozen=True)
class Plan:
    """A division of the district, in force during a half-open range of civil dates."""

    id: PlanId
    name: str
    status: PlanStatus
    begins_on: date | None
    ends_on: date | None


@dataclass(frozen=True)
class Succession:
    """A plan as it is to follow another: its areas, where buildings belong, and lines of descent.

    `came_from` has, for each code that the plan before lacks, the codes it descends from.
    """

    areas: Sequence[Area]
    buildings: Sequence[Building]
    came_from: Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Located:
    """Which areas hold a point; codes, None where none does.

    `distance_to_border_m` is from the point to the border of its cell (positive, it lies inside);
    None outside every cell.
    """

    district: str | None
    subdistrict: str | None
    community: str | None
    cell: str | None
    building_group: str | None
    distance_to_border_m: Metres | None


class AreaNotFound(NotFound):
    """No area of this code in the plan in force on that day."""

    code = "area.not_found"


class CellNotFound(NotFound):
    """No cell of this code in the plan in force on that day."""

    code = "cell.not_found"


class DistrictNotFound(NotFound):
    """This installation does not serve that district."""

    code = "district.not_found"


class NoPlanInForce(NotFound):
    """No published plan covers that day."""

    code = "plan.none_in_force"


class DistrictExists(Conflict):
    """The district is already loaded."""

    code = "district.exists"


class LevelPresent(Conflict):
    """The plan in force has areas of this level: changing them is the work of a draft."""

    code = "plan.level_present"


class PlanBaseMoved(Conflict):
    """The plan that this one was drawn from is not the one in force on that day."""

    code = "plan.base_moved"


class PlanDateTooEarly(Invalid):
    """A plan begins tomorrow or later: today's questions have been answered by today's plan."""

    code = "plan.date_too_early"


class PlanFollowed(Conflict):
    """Another plan is published already to follow the one in question, and was drawn from it."""

    code = "plan.followed"


class NothingToRollBack(Conflict):
    """The plan is not published, is over, or is the district's first."""

    code = "plan.nothing_to_roll_back"


class PlanUnsound(Invalid):
    """The areas do not make a plan; `problems` lists why, each with its codes and size."""

    code = "plan.unsound"


@value(kw_only=True)
class PlanPublished(Event):
    """Another plan is, or will be, in force."""

    kind: ClassVar[str] = "plan.published"


@value(kw_only=True)
class PlanWithdrawn(Event):
    """A published plan was taken back before its day; the one before goes on."""

    kind: ClassVar[str] = "plan.withdrawn"


@value(kw_only=True)
class PlanTookEffect(Event):
    """From this instant on another plan is in force: maps are to be drawn anew."""

    kind: ClassVar[str] = "plan.took_effect"


@dataclass(frozen=True)
class Problem:
    """Why some areas are not a sound plan. `where` is a WGS-84 geometry to show on a map."""

    kind: str
    areas: tuple[str, ...]
    where: BaseGeometry | None = None

    def as_fields(self) -> dict[str, Any]:
        """JSON values: kind, areas and the west, south, east, north box of the place."""
        box = None if self.where is None or self.where.is_empty else list(self.where.bounds)
        return {"kind": self.kind, "areas": list(self.areas), "box": box}


def nesting_problems(areas: Sequence[Area]) -> list[Problem]:
    """Codes that occur twice, lack their parent, or are not of their level."""
    problems = [
        Problem("duplicate", (code,))
        for code, times in Counter(area.code for area in areas).items()
        if times > 1
    ]
    known = {area.code for area in areas}
    for area in areas:
        if level_of(area.code) is not area.level or area.parent != parent_of(area.code):
            problems.append(Problem("nesting", (area.code,)))
        elif area.parent is not None and area.parent not in known:
            problems.append(Problem("nesting", (area.code, area.parent)))
    return problems


def coverage_problems(areas: Sequence[Area]) -> list[Problem]:
    """Gaps, overlaps and spills: at each level children must tile their parent exactly.

    `shapely.coverage_is_valid` alone calls a coverage with an enclosed hole valid, so the union of
    the children must also equal the parent polygon.
    """
    problems: list[Problem] = []
    by_code = {area.code: area for area in areas if area.boundary is not None}
    children: dict[str, list[Area]] = defaultdict(list)
    for area in by_code.values():
        if not area.boundary or not area.boundary.is_valid or area.boundary.is_empty:
            problems.append(Problem("invalid", (area.code,), area.boundary))
        elif area.parent is not None and _tiles(area):
            children[area.parent].append(area)
    if problems:
        return problems
    # A district that is still being brought in may end above its cells.
    leaf = max((len(area.code) for area in by_code.values() if _tiles(area)), default=0)
    leaves = [area for area in by_code.values() if len(area.code) == leaf]
    if not shapely.coverage_is_valid([area.boundary for area in leaves]):
        edges = shapely.coverage_invalid_edges([area.boundary for area in leaves])
        for area, edge in zip(leaves, edges, strict=True):
            if not edge.is_empty:
                problems.append(Problem("overlap", (area.code,), edge))
    for parent, inside in children.items():
        whole = by_code[AreaCode(parent)].boundary
        union = shapely.union_all([area.boundary for area in inside])
        if whole is not None and not union.equals(whole):
            gap, spill = whole.difference(union), union.difference(whole)
            kind = "gap" if gap.area >= spill.area else "nesting"
            problems.append(Problem(kind, (parent,), gap if kind == "gap" else spill))
    return problems


def _tiles(area: Area) -> bool:
    """Whether an area tiles its parent; building groups do not, they are sets of buildings."""
    return len(area.code) <= CODE_LENGTH[Level.CELL]


def households_by_area(areas: Iterable[Area], buildings: Iterable[Building]) -> dict[str, int]:
    """Households of every area: the sum over its buildings, up the whole hierarchy."""
    total: Counter[str] = Counter({area.code: 0 for area in areas})
    for building in buildings:
        for length in CODE_LENGTH.values():
            total[building.group[:length]] += building.households
    return dict(total)
