# SPDX-License-Identifier: Apache-2.0
"""A division, published or not, as files that come back the same to the last coordinate."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from shapely.geometry.base import BaseGeometry

from geo.hierarchy.rules import Area, Building
from geo.ids import CODE_LENGTH, AreaCode, Level, parent_of
from geo.interchange.export import write_plan
from geo.interchange.rules import Format
from geo.plans.faults import Look
from geo.plans.lattice import to_degrees
from geo.plans.rules import Division, Ground

_LEVELS = {length: level for level, length in CODE_LENGTH.items()}


def write_division(
    out: Path,
    division: Division,
    ground: Ground,
    buildings: Sequence[Building],
    form: Format,
    *,
    level: Level | None = None,
) -> list[str]:
    """Write a division and what its cells came from to `out`; answers the names of the layers.

    `buildings` are written with the cell and group they have in it. `level`: that one alone,
    without buildings; a GeoJSON or .shp file holds no more.

    Raises: DirectoryAbsent, ExportExists, LayerEmpty, TextUnfit, FormatUnknown.
    """
    areas = areas_of_division(division, ground)
    if level is not None:
        areas = [area for area in areas if area.level is level]
    came_from = {upper.code: upper.came_from for upper in division.uppers.values()}
    came_from |= {cell.code: cell.came_from for cell in division.cells.values()}
    placed = [] if level is not None else _placed(division, buildings)
    return write_plan(out, areas, placed, form, came_from=came_from)


def areas_of_division(division: Division, ground: Ground) -> list[Area]:
    """The areas of a division down to its cells, by code, each with its land and households.

    The land of an area above the cells is theirs together, whatever is still wrong with it.
    """
    look = Look(division, ground)
    out = []
    for upper in division.uppers.values():
        below = division.below(upper.code)
        if below:
            land = look.together([cell.code for cell in below])
            houses = sum(ground.households(cell.buildings) for cell in below)
            out.append(_area(upper.code, upper.name, upper.aliases, houses, to_degrees(land)))
    for cell in division.cells.values():
        houses = ground.households(cell.buildings)
        out.append(_area(cell.code, cell.name, cell.aliases, houses, to_degrees(cell.shape)))
    return sorted(out, key=lambda area: (len(area.code), area.code))


def _area(
    code: str, name: str, aliases: tuple[str, ...], households: int, land: BaseGeometry
) -> Area:
    # A provisional code has its level by its length too.
    level = _LEVELS[len(code)]
    said = AreaCode(code)
    return Area(said, name, level, parent_of(said), households, aliases, land)


def _placed(division: Division, buildings: Sequence[Building]) -> list[Building]:
    """Buildings with the cell and the group of this division."""
    held = {
        id: AreaCode(group.code)
        for cell in division.cells.values()
        for group in cell.groups
        for id in group.buildings
    }
    return [
        replace(one, cell=AreaCode(held[one.id][:-3]), group=held[one.id])
        for one in buildings
        if one.id in held
    ]
