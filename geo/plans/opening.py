# SPDX-License-Identifier: Apache-2.0
"""A plan of the hierarchy as a division to draw on, and a division as areas again."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from geo.hierarchy.rules import Area, Building
from geo.ids import Level
from geo.plans.lattice import to_units
from geo.plans.rules import Cell, Division, Ground, Group, House, Upper


def opened(areas: Sequence[Area], buildings: Iterable[Building]) -> Division:
    """The areas of one plan, boundaries included, with their buildings."""
    standing: dict[str, list[str]] = defaultdict(list)
    for building in buildings:
        standing[building.group].append(building.id)
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


def ground(buildings: Iterable[Building], srid: int) -> Ground:
    """The buildings of a district as edits see them."""
    return Ground(
        srid,
        {
            building.id: House(building.id, to_units(building.footprint), building.households)
            for building in buildings
        },
    )
