# SPDX-License-Identifier: Apache-2.0
"""From cut land to a division again: what may be cut, and how buildings follow. Grid units."""

from collections.abc import Collection, Mapping
from dataclasses import replace

import shapely
from shapely.geometry.base import BaseGeometry

from geo.plans.cutting import Owner, Recut, TooTight, recut
from geo.plans.houses import housed, regrouped
from geo.plans.lattice import area_m2
from geo.plans.recoding import unlocked
from geo.plans.rules import (
    Cell,
    Division,
    Ground,
    NothingMoves,
    TooNarrow,
    Unrepaired,
    WouldPart,
    WouldVanish,
    place_of,
)
from geo.plans.sketch import speck


def cut(
    division: Division,
    among: Collection[str],
    lines: BaseGeometry,
    owner: Owner,
) -> Recut:
    """Cut some cells along lines and give each piece to whom `owner` names.

    Raises: CellLocked, Unrepaired, TooNarrow.
    """
    unlocked([division.cells[code] for code in among])
    shapes = [division.cells[code].shape for code in among]
    near = {code: division.cells[code].shape for code in division.near(*shapes)}
    around = list(near.values())
    if not (shapely.is_valid(around).all() and shapely.coverage_is_valid(around)):
        # What does not fit together cannot be cut and stay together.
        edges = shapely.coverage_invalid_edges(around)
        broken = [edge for edge in edges if not edge.is_empty] or around
        raise Unrepaired(cells=sorted(among), **place_of(broken[0]))
    try:
        return recut(near, among, lines, owner)
    except TooTight as tight:
        raise TooNarrow(cells=sorted(among), **place_of(tight.where)) from None


def settled(
    division: Division,
    ground: Ground,
    among: Collection[str],
    result: Recut,
    fresh: Mapping[str, Cell] | None = None,
) -> Division:
    """The division with the cut cells in their new shapes, buildings and groups put in order.

    `fresh` are the cells that take the place of those `among`, which are then gone.

    Raises: WouldVanish, WouldPart, NothingMoves.
    """
    least = [code for code, shape in result.shapes.items() if speck(shape)]
    if (result.vanished and not fresh) or least:
        raise WouldVanish(cells=sorted({*least, *result.vanished} & set(among)) or sorted(among))
    if not result.shapes:
        raise NothingMoves(cell=next(iter(among)))
    for code, shape in result.shapes.items():
        if shape.geom_type != "Polygon":
            parts = sorted(shapely.get_parts(shape), key=lambda part: part.area)
            raise WouldPart(
                cell=code if code in division.cells else next(iter(among)),
                parts_m2=[round(area_m2(part, ground.srid), 1) for part in parts],
                **place_of(parts[0]),
            )
    known = fresh or division.cells
    own = [code for code in result.shapes if code in (fresh or among)]
    bent = [
        replace(division.cells[code], shape=shape)
        for code, shape in result.shapes.items()
        if code not in own
    ]
    old = [division.cells[code] for code in among]
    houses = [building for cell in old for building in cell.buildings]
    held = housed(houses, {code: result.shapes[code] for code in own}, ground) if houses else {}
    cells = [replace(known[code], shape=result.shapes[code], groups=()) for code in own]
    groups = [group for cell in old for group in cell.groups]
    cells, division = regrouped(division, cells, groups, held)
    return division.with_cells(changed=[*cells, *bent], removed=among if fresh else ())
