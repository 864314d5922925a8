# SPDX-License-Identifier: Apache-2.0
"""Faults of the tiers: areas that lie in parts or have no parent, buildings without one cell."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geo.ids import CODE_LENGTH, Level
from geo.plans.faults import Detail, Kind, Look, Problem, pieces_of
from geo.plans.lattice import to_units
from geo.plans.rules import House, Upper
from geo.shapes import prepared_copy

_COMMUNITY, _SUBDISTRICT = CODE_LENGTH[Level.COMMUNITY], CODE_LENGTH[Level.SUBDISTRICT]


def parents(look: Look) -> Iterator[Problem]:
    """Areas whose code begins with that of no area, and areas that hold no cell."""
    uppers = look.division.uppers
    for code, cell in look.cells.items():
        if cell.community not in uppers:
            near = look.neighbour(look.shapes[code], but=[cell.community])
            known = near is not None and near[:_COMMUNITY] in uppers
            repair = f"reassign_to:{near[:_COMMUNITY]}" if near is not None and known else None
            yield look.problem(Kind.NESTING, Detail.NO_PARENT, [code], look.shapes[code], repair)
    for code in sorted(uppers if look.asked is None else uppers.keys() & look.concerned):
        if not look.division.has_cells(code):
            somewhere = shapely.point_on_surface(look.ground.outline)
            yield look.problem(
                Kind.NESTING, Detail.NO_CELLS, [code], somewhere, f"drop_area:{code}", moves=False
            )
        elif len(code) in (_COMMUNITY, _SUBDISTRICT) and code[:-3] not in uppers:
            where = look.together([cell.code for cell in look.division.below(code)])
            yield look.problem(Kind.NESTING, Detail.NO_PARENT, [code], where, None)


def broken_areas(look: Look, holes: Sequence[Problem]) -> Iterator[Problem]:
    """Communities and subdistricts in parts that are declared in one; `holes` are the gaps.

    A hole does not part an area: it is a fault of its own.
    """
    filled = [to_units(hole.where) for hole in holes]
    areas = look.division.uppers if look.asked is None else look.concerned
    for area in sorted(areas):
        if len(area) not in (_COMMUNITY, _SUBDISTRICT):
            continue
        codes = [cell.code for cell in look.division.below(area)]
        upper = look.division.uppers.get(area)
        if upper is None or upper.islands or len(codes) < 2:
            continue
        if _whole(look, codes):
            continue
        land = look.together(codes)
        bridges = [hole for hole in filled if hole.intersects(land)]
        land = shapely.union_all([land, *bridges])
        for part in pieces_of(land)[1:]:
            held = [code for code in codes if look.shape(code).intersects(part)]
            inside = [code for code in held if _mostly(look, code, part)]
            if inside:
                yield _in_parts(look, upper, part, inside)


def _whole(look: Look, codes: Sequence[str]) -> bool:
    """Whether cells lie in one piece; no for some that do not fit together."""
    try:
        land = shapely.coverage_union_all([look.shape(code) for code in codes])
    except shapely.GEOSException:
        return False
    return bool(land.geom_type == "Polygon")


def _mostly(look: Look, code: str, part: BaseGeometry) -> bool:
    """Whether the largest piece of a cell lies in a part of its area."""
    main = pieces_of(look.shape(code))[0]
    return bool(shapely.intersects(shapely.point_on_surface(main), part))


def _in_parts(look: Look, upper: Upper, part: BaseGeometry, cells: Sequence[str]) -> Problem:
    """`areas` of the problem are the area itself, then what would have to be reassigned."""
    length = len(upper.code)
    near = look.neighbour(part, but=[upper.code])
    moved = list(cells)
    if length == _SUBDISTRICT:
        moved = sorted({code[:_COMMUNITY] for code in cells})
    parent = None if near is None else near[:length]
    # Communities that lie in parts themselves come first.
    whole = length == _COMMUNITY or all(
        code in cells
        for community in moved
        for code in (cell.code for cell in look.division.below(community))
    )
    repair = f"declare_islands:{upper.code}"
    if parent is not None:
        known = parent in look.division.uppers
        repair = f"reassign_to:{parent}" if known and whole else ""
    return look.problem(Kind.PART, Detail.AREA_IN_PARTS, [upper.code, *moved], part, repair or None)


def buildings(look: Look) -> Iterator[Problem]:
    """Buildings that are listed in no cell, in several, or in another than they stand in."""
    listed: dict[str, list[str]] = defaultdict(list)
    for code, cell in look.cells.items():
        for id in cell.buildings:
            listed[id].append(code)
    homeless = set(_standing(look)) - listed.keys()
    if homeless and look.asked is not None:
        # What a cell further away lists is astray, not homeless.
        for code, cell in look.division.cells.items():
            for id in homeless.intersection(cell.buildings):
                listed[id].append(code)
        homeless -= listed.keys()
    houses = look.ground.houses
    for id in sorted(homeless):
        best = _home(look, houses[id], "")
        if best is not None:
            yield _housing(look, houses[id], Detail.BUILDING_HOMELESS, [best], best)
    for id, codes in listed.items():
        if len(codes) > 1 and id in houses:
            best = _home(look, houses[id], codes[0]) or codes[0]
            yield _housing(look, houses[id], Detail.BUILDING_TWICE, sorted(codes), best)
    for id, code in _doubtful(look, listed):
        best = _home(look, houses[id], code)
        if best is not None and best != code:
            yield _housing(look, houses[id], Detail.BUILDING_ASTRAY, [code, best], best)


def _standing(look: Look) -> list[str]:
    """The buildings on the cells asked for."""
    if look.asked is None:
        return list(look.ground.houses)
    there = [code for code in look.cells if code in look.asked]
    return [
        house.id for code in there for house in look.ground.houses_on(look.shapes[code], within=0.0)
    ]


def _doubtful(look: Look, listed: dict[str, list[str]]) -> Iterator[tuple[str, str]]:
    """Buildings in one list that are not wholly inside their cell, with that cell."""
    held: dict[str, list[str]] = defaultdict(list)
    for id, codes in listed.items():
        if len(codes) == 1 and id in look.ground.houses:
            held[codes[0]].append(id)
    for code, ids in held.items():
        shape = prepared_copy(look.shape(code))
        feet = np.array([look.ground.houses[id].footprint for id in ids], dtype=object)
        for at in np.flatnonzero(~shapely.covers(shape, feet)).tolist():
            yield ids[at], code


def _home(look: Look, house: House, own: str) -> str | None:
    """The cell with most of a building; its own where that has as much; else the nearest."""
    shares = {
        code: float(shapely.intersection(look.shape(code), house.footprint).area)
        for code in sorted({*look.division.near(house.footprint), *([own] if own else [])})
    }
    if not shares or max(shares.values()) == 0.0:
        return own or look.nearest(house.footprint)
    best = max(shares, key=lambda code: shares[code])
    # Both measured to rounding: a house that is half here and half there stays.
    return own if shares.get(own, 0.0) > shares[best] * (1 - 1e-9) else best


def _housing(look: Look, house: House, detail: Detail, areas: Sequence[str], to: str) -> Problem:
    return look.problem(
        *(Kind.NESTING, detail, areas, house.footprint, f"house_in:{to}"),
        moves=False,
        building=house.id,
    )
