# SPDX-License-Identifier: Apache-2.0
"""A plan of the hierarchy as a division to draw on, and a division as areas again."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geo.hierarchy.rules import Area, Building, Succession
from geo.ids import AreaCode, Level, level_of, parent_of
from geo.plans.lattice import to_degrees, to_units
from geo.plans.rules import Cell, Division, Ground, Group, House, Upper, boundary


def opened(areas: Sequence[Area], placed: Mapping[str, str]) -> Division:
    """The areas of one plan, boundaries included; `placed` has the group of each building."""
    standing: dict[str, list[str]] = defaultdict(list)
    for building, group in placed.items():
        standing[group].append(building)
    groups: dict[str, list[Group]] = defaultdict(list)
    uppers: dict[str, Upper] = {}
    cells: dict[str, Cell] = {}
    district = ""
    # Building groups come before the cells they are part of.
    for area in sorted(areas, key=lambda area: (-len(area.code), area.code)):
        own = (area.code,)
        if area.level is Level.BUILDING_GROUP:
            held = tuple(sorted(standing[area.code]))
            groups[area.code[:-3]].append(Group(area.code, area.name, held, own))
        elif area.level is Level.CELL:
            assert area.boundary is not None
            shape = to_units(area.boundary)
            below = tuple(groups[area.code])
            cells[area.code] = Cell(area.code, area.name, shape, below, area.aliases, own)
        else:
            islands = area.boundary is not None and area.boundary.geom_type == "MultiPolygon"
            uppers[area.code] = Upper(area.code, area.name, area.aliases, own, islands)
            district = area.code[:6]
    return Division(district, uppers, dict(sorted(cells.items())))


def ground(buildings: Iterable[Building], srid: int, outline: BaseGeometry) -> Ground:
    """The land of a district (`outline`, grid units) and its buildings as edits see them."""
    standing = list(buildings)
    feet = to_units(np.array([building.footprint for building in standing], dtype=object))
    houses = {
        building.id: House(building.id, footprint, building.households)
        for building, footprint in zip(standing, feet, strict=True)
    }
    return Ground(srid, houses, outline)


def closed(
    division: Division,
    base: Division,
    areas_before: Sequence[Area],
    buildings: Sequence[Building],
    codes: Mapping[str, str],
) -> Succession:
    """A division as areas to publish; `codes` has the final code of every provisional one.

    The land of a community is the union of its cells. A building group of the `base` that has the
    buildings it had keeps its outline, from `areas_before`; another is the footprints of its
    buildings.
    """
    feet = {building.id: building.footprint for building in buildings}
    outlines = {area.code: area.boundary for area in areas_before}
    kept = {group for cell in base.cells.values() for group in cell.groups}
    areas: list[Area] = []
    came_from: dict[str, tuple[str, ...]] = {}
    held: dict[str, AreaCode] = {}

    def final(code: str) -> AreaCode:
        return AreaCode(codes.get(code, code))

    def add(area: Upper | Cell | Group, land: BaseGeometry | None) -> None:
        said, aliases = final(area.code), getattr(area, "aliases", ())
        areas.append(Area(said, area.name, level_of(said), parent_of(said), 0, aliases, land))
        if area.came_from != (said,):
            came_from[said] = area.came_from

    for upper in division.uppers.values():
        add(upper, to_degrees(boundary(division, upper.code)))
    for cell in division.cells.values():
        add(cell, to_degrees(cell.shape))
        for group in cell.groups:
            if group in kept:
                add(group, outlines[AreaCode(group.code)])
            else:
                add(group, shapely.union_all([feet[id] for id in group.buildings]))
            held.update(dict.fromkeys(group.buildings, final(group.code)))
    placed = [
        replace(building, cell=AreaCode(held[building.id][:15]), group=held[building.id])
        for building in buildings
        if building.id in held
    ]
    return Succession(areas, placed, came_from)
