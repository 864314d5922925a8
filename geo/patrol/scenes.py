# SPDX-License-Identifier: Apache-2.0
"""What a check-in was judged on, as it can be drawn: disc, cell, border, neighbours, checkpoint.

Geometry is WGS-84 degrees, longitude first; metres were measured in the district's metric CRS, by
the plan and the policy that the check-in names.
"""

import math
from dataclasses import dataclass
from datetime import datetime

import shapely
from pyproj import Geod
from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from geo.accounts import queries as accounts
from geo.crs import (
    Fix,
    Mistake,
    Point,
    PointOutOfRange,
    System,
    geometry_to_degrees,
    geometry_to_metres,
    metres,
    read_as,
    to_wgs84,
)
from geo.hierarchy import queries as hierarchy
from geo.hierarchy.rules import District, Plan
from geo.ids import Level
from geo.patrol import queries
from geo.patrol.grid import PlanGrid
from geo.patrol.records import CheckIn
from geo.patrol.rejudged import Stored
from geo.patrol.rules import CheckpointSite, Policy
from geo.patrol.verdict_queries import policies_of, stored
from geo.units import Metres

# How far round the disc and the nearest border a neighbour is shown.
NEIGHBOURS_WITHIN = Metres(300.0)
# A circle of 128 sides differs from the disc by less than a thousandth of its radius.
_QUARTER_SIDES = 32
_DECIMALS = 7
_EARTH = Geod(ellps="WGS84")

Place = tuple[float, float]


@dataclass(frozen=True)
class CellShape:
    """A cell of the plan by which a check-in was judged; `label` is a point well inside."""

    code: str
    name: str
    boundary: BaseGeometry
    label: Place


@dataclass(frozen=True)
class Reading:
    """Where the point would be were it read as the suspected system, and the way there.

    `bearing_deg` clockwise from north, from the point as stated to the point so read.
    """

    hypothesis: str
    lon: float
    lat: float
    shift_m: Metres
    bearing_deg: float


@dataclass(frozen=True)
class Scene:
    """A check-in with everything its verdict was made of.

    `inside` and `beyond` are the parts of the error disc within the cell and outside it;
    `to_border` leads to the nearest point of the cell's border, `to_checkpoint` to the fixed point.
    Once where it was has expired, neither disc nor ways are left to be drawn.
    """

    check_in: CheckIn
    plan: Plan
    policy: Policy
    source: str | None
    device: str | None
    mock: bool
    sent_at: datetime | None
    radius_95_m: Metres
    cell: CellShape | None
    neighbours: tuple[CellShape, ...]
    names: dict[str, str]
    inside: BaseGeometry | None
    beyond: BaseGeometry | None
    to_border: BaseGeometry | None
    to_checkpoint: BaseGeometry | None
    checkpoint: CheckpointSite | None
    reading: Reading | None


def scene(session: Session, district: District, check_in: CheckIn) -> Scene:
    """What this check-in was judged on."""
    (one,) = stored(session, district.code, ids=[check_in.id])
    policy = policies_of(session, district.code, [check_in.policy])[check_in.policy]
    fix = one.fix
    radius = policy.radius_95(fix)
    grid = queries.grid_of(session, district.code, check_in.plan)
    cell = None if check_in.cell is None else grid.index(check_in.cell)
    middle = _middle(check_in, grid)
    inside, beyond, to_border = _cut(grid, cell, middle, radius)
    near = grid.touching(_round_about(grid, check_in, middle, radius, to_border))
    codes = {grid.codes[found] for found in near}
    codes |= {code for code in (check_in.cell, check_in.located_cell) if code}
    areas = hierarchy.areas(
        session,
        district.code,
        check_in.plan,
        level=Level.CELL,
        within=sorted(codes),
        geometry=False,
    )
    names = {str(area.code): area.name for area in areas}
    return Scene(
        check_in=check_in,
        plan=hierarchy.plan(session, district.code, check_in.plan),
        policy=policy,
        source=fix.source,
        device=_device_name(session, district, one),
        mock=fix.mock,
        sent_at=one.sent_at,
        radius_95_m=radius,
        cell=None if cell is None else _shape(grid, cell, names),
        neighbours=tuple(_shape(grid, found, names) for found in near if found != cell),
        names=names,
        inside=inside,
        beyond=beyond,
        to_border=to_border,
        to_checkpoint=None
        if one.site is None or check_in.spot is None
        else shapely.LineString([check_in.spot, (one.site.lon, one.site.lat)]),
        checkpoint=one.site,
        reading=_reading(check_in, fix),
    )


def _device_name(session: Session, district: District, one: Stored) -> str | None:
    if one.device is None:
        return None
    return accounts.devices(session, district.code, [one.device])[one.device].name


def _middle(check_in: CheckIn, grid: PlanGrid) -> shapely.Point | None:
    """The point in metres; None where the metric CRS does not reach, or once it has expired."""
    if check_in.spot is None:
        return None
    east, north = metres(*check_in.spot, grid.srid)
    return shapely.Point(east, north) if math.isfinite(east) and math.isfinite(north) else None


def _cut(
    grid: PlanGrid, cell: int | None, middle: shapely.Point | None, radius: Metres
) -> tuple[BaseGeometry | None, BaseGeometry | None, BaseGeometry | None]:
    """The disc's part within the cell, its part outside, and the way to the nearest border."""
    if middle is None:
        return None, None, None
    disc = shapely.buffer(middle, radius, quad_segs=_QUARTER_SIDES)
    if cell is None:
        return None, _degrees(disc, grid.srid), None
    shape = grid.shapes[cell]
    return (
        _degrees(shapely.intersection(disc, shape), grid.srid),
        _degrees(shapely.difference(disc, shape), grid.srid),
        _degrees(shapely.shortest_line(middle, shapely.boundary(shape)), grid.srid),
    )


def _round_about(
    grid: PlanGrid,
    check_in: CheckIn,
    middle: shapely.Point | None,
    radius: Metres,
    to_border: BaseGeometry | None,
) -> BaseGeometry:
    """The surroundings in which neighbours are shown."""
    if check_in.spot is None:
        own = None if check_in.cell is None else grid.index(check_in.cell)
        return shapely.Point() if own is None else grid.boundaries[own]
    if middle is None:
        return shapely.Point(check_in.spot)
    seen: BaseGeometry = shapely.buffer(middle, radius + NEIGHBOURS_WITHIN)
    if to_border is not None:
        end = shapely.Point(shapely.get_coordinates(to_border)[-1])
        there = geometry_to_metres(end, grid.srid)
        seen = shapely.union(seen, shapely.buffer(there, NEIGHBOURS_WITHIN))
    return geometry_to_degrees(seen, grid.srid)


def _degrees(geometry: BaseGeometry, srid: int) -> BaseGeometry | None:
    if shapely.is_empty(geometry):
        return None
    drawn: BaseGeometry = shapely.transform(
        geometry_to_degrees(geometry, srid), lambda xy: xy.round(_DECIMALS)
    )
    return drawn


def _shape(grid: PlanGrid, cell: int, names: dict[str, str]) -> CellShape:
    code, boundary = grid.codes[cell], grid.boundaries[cell]
    label = shapely.point_on_surface(boundary)
    return CellShape(code, names.get(code, ""), boundary, (label.x, label.y))


def _reading(check_in: CheckIn, fix: Fix) -> Reading | None:
    """The point as the verdict's suspicion would read it; None without one."""
    hypothesis = next(
        (
            reason["hypothesis"]
            for reason in check_in.reasons
            if reason["code"] == "system.suspected"
        ),
        None,
    )
    if hypothesis not in set(Mistake) or check_in.spot is None:
        return None
    said = Point(fix.lon, fix.lat, System(check_in.system))
    try:
        lon, lat = to_wgs84(read_as(said, Mistake(hypothesis)))
    except PointOutOfRange:
        return None
    bearing, _, shift = _EARTH.inv(check_in.lon, check_in.lat, lon, lat)
    return Reading(hypothesis, lon, lat, Metres(shift), bearing % 360)
