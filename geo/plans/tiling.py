# SPDX-License-Identifier: Apache-2.0
"""Faults of the land: rings that cross, cells in parts, shared land, holes, land outside."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geo.plans.faults import (
    NEAR,
    NOISE,
    Detail,
    Kind,
    Look,
    Problem,
    border_along,
    is_thin,
    pieces_of,
)
from geo.shapes import prepared_copy

# Borders that lie closer than this are one border with its corners out of place; and where a line
# meets the outer border of the district that border bends to the grid, which is no fault.
_HAIR = 3.0
# Two cells of which each is so much of the other are one cell, told twice.
_SAME = 0.9


def rings(look: Look) -> Iterator[Problem]:
    """Cells whose shape is no valid one."""
    for code, cell in look.cells.items():
        mended = look.shapes[code]
        if mended is cell.shape:
            continue
        if mended.is_empty:
            yield look.problem(
                Kind.INVALID, Detail.RING, [code], cell.shape, f"drop_cell:{code}", moves=False
            )
        else:
            yield look.problem(Kind.INVALID, Detail.RING, [code], mended, "make_valid", moves=False)


def parts(look: Look) -> Iterator[Problem]:
    """All parts of a cell but the largest."""
    for code, shape in look.shapes.items():
        for part in pieces_of(shape)[1:]:
            to = look.neighbour(part, but=[code])
            repair = None if to is None else f"drop_part_to:{to}"
            yield look.problem(Kind.PART, Detail.CELL_IN_PARTS, [code], part, repair)


def overlaps(look: Look) -> Iterator[Problem]:
    """Land that two cells share, piece by piece; and cells told twice."""
    for one, other, land in _shared(look):
        if land.area > _SAME * max(look.shapes[one].area, look.shapes[other].area):
            # A code that was published stays rather than one given in this draft.
            first, second = sorted((one, other), key=lambda code: (not code.isdigit(), code))
            told = (Kind.OVERLAP, Detail.DUPLICATE, [first, second], land, f"drop_cell:{second}")
            yield look.problem(*told, moves=False)
            continue
        wide, hairs = _by_width(pieces_of(land))
        for piece in wide:
            repair = f"give_overlap_to:{_better(look, one, other, piece)}"
            yield look.problem(Kind.OVERLAP, Detail.SHARED, [one, other], piece, repair)
        if hairs:
            yield _hairs(look, [one, other], hairs)


def _shared(look: Look) -> list[tuple[str, str, BaseGeometry]]:
    """Pairs of cells that share land, the lesser code first, and what they share."""
    if not look.crossing:
        return []
    place, other = look.tree.query(look.array[look.crossing], predicate="intersects")
    pairs = np.sort(np.column_stack([np.array(look.crossing)[place], other]), axis=1)
    pairs = np.unique(pairs[pairs[:, 0] != pairs[:, 1]], axis=0)
    land = shapely.intersection(look.array[pairs[:, 0]], look.array[pairs[:, 1]])
    return [
        (look.codes[one], look.codes[other], shared)
        for (one, other), shared in zip(pairs.tolist(), land, strict=True)
        if shared.area > NOISE
    ]


def _better(look: Look, one: str, other: str, piece: BaseGeometry) -> str:
    """The one of two cells that a piece should go to.

    Rather not to a locked one's loss, nor so that the other falls apart or vanishes; then to the
    one whose buildings stand there; then so that the border between them is short.
    """
    standing = [
        house.id
        for house in look.ground.houses_on(piece, within=0.0)
        if house.footprint.centroid.intersects(piece)
    ]

    def score(code: str, loser: str) -> tuple[bool, bool, int, float, str]:
        left = pieces_of(shapely.difference(look.shapes[loser], piece))
        breaks = not 0 < len(left) <= len(pieces_of(look.shapes[loser]))
        houses = len({*standing}.intersection(look.cells[code].buildings))
        border = border_along(piece, shapely.boundary(look.shapes[code]), 0.5)
        return look.cells[loser].locked, breaks, -houses, round(border), code

    return one if score(one, other) < score(other, one) else other


def gaps(look: Look) -> Iterator[Problem]:
    """Land of the district that no cell has, each hole whole."""
    outline = look.ground.outline
    if look.asked is None:
        found = pieces_of(shapely.difference(outline, look.together(look.codes)))
    else:
        found = _holes_near(look)
    edge = shapely.boundary(outline)
    hairs: dict[tuple[str, ...], list[BaseGeometry]] = defaultdict(list)
    for piece in found:
        thin = is_thin(piece, _HAIR)
        if thin and piece.distance(edge) < NEAR:
            continue
        beside = [
            code for code in look.division.near(piece) if look.shape(code).distance(piece) < NEAR
        ]
        if thin:
            hairs[tuple(beside)].append(piece)
            continue
        to = look.neighbour(piece)
        repair = None if to is None else f"give_gap_to:{to}"
        yield look.problem(Kind.GAP, Detail.HOLE, beside, piece, repair)
    for codes, thin_ones in hairs.items():
        yield _hairs(look, codes, thin_ones)


def _holes_near(look: Look) -> list[BaseGeometry]:
    """Holes about the cells asked for: the window grows until each of them ends inside it."""
    there = [look.shapes[code] for code in look.cells.keys() & (look.asked or frozenset())]
    # What has land in these boxes is looked at.
    window = shapely.union_all([shapely.box(*shape.bounds).buffer(1.0) for shape in there])
    near = set(look.codes)
    while True:
        inside = shapely.intersection(look.ground.outline, window)
        found = pieces_of(shapely.difference(inside, look.together(sorted(near))))
        rim = shapely.boundary(window)
        cut = [piece for piece in found if piece.distance(rim) < NOISE]
        if not cut:
            return found
        wider = []
        for piece in cut:
            west, south, east, north = piece.bounds
            wider.append(shapely.box(*piece.bounds).buffer(max(east - west, north - south, 1000.0)))
        window = shapely.union_all([window, *wider])
        near = {code for part in shapely.get_parts(window) for code in look.division.near(part)}


def outside(look: Look) -> Iterator[Problem]:
    """Land of cells that is not the district's."""
    outline = prepared_copy(look.ground.outline)
    edge = shapely.boundary(outline)
    for at in np.flatnonzero(~shapely.contains(outline, look.array)).tolist():
        code = look.codes[at]
        shape = look.shapes[code]
        abroad = pieces_of(shapely.difference(shape, outline))
        if sum(piece.area for piece in abroad) > _SAME * shape.area:
            repair = f"drop_cell:{code}"
            yield look.problem(Kind.NESTING, Detail.OUTSIDE, [code], shape, repair)
            continue
        for piece in abroad:
            if not (is_thin(piece, _HAIR) and piece.distance(edge) < NEAR):
                yield look.problem(Kind.NESTING, Detail.OUTSIDE, [code], piece, f"cut_off:{code}")


def _by_width(pieces: Sequence[BaseGeometry]) -> tuple[list[BaseGeometry], list[BaseGeometry]]:
    """Pieces that are land, and pieces that are a corner out of place by a finger's breadth."""
    thin = [is_thin(piece, _HAIR) for piece in pieces]
    return (
        [piece for piece, slight in zip(pieces, thin, strict=True) if not slight],
        [piece for piece, slight in zip(pieces, thin, strict=True) if slight],
    )


def _hairs(look: Look, codes: Sequence[str], pieces: Sequence[BaseGeometry]) -> Problem:
    where: BaseGeometry = shapely.union_all(list(pieces)) if len(pieces) > 1 else pieces[0]
    return look.problem(Kind.INVALID, Detail.UNMATCHED, codes, where, "match_corners")


def unmatched(look: Look, known: Collection[str]) -> Iterator[Problem]:
    """Borders with corners on one side alone, between cells of no fault that is `known`."""
    if not look.crossing:
        return
    edges: list[BaseGeometry] = list(shapely.coverage_invalid_edges(look.array))
    seen = set()
    for at in look.crossing:
        codes = tuple(sorted({look.codes[at], *look.near(edges[at])}))
        if codes not in seen and not any(code in known for code in codes):
            seen.add(codes)
            yield look.problem(
                Kind.INVALID, Detail.UNMATCHED, codes, edges[at], "match_corners", moves=False
            )
