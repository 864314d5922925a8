# SPDX-License-Identifier: Apache-2.0
"""Codes for good: what a draft called D01 and the like gets its number when it is published.

The rule of the contract: inside a parent the new areas are numbered as one reads a page, each the
highest number ever issued below that parent and one more. No code is given twice.
"""

from collections.abc import Iterable

from geo.hierarchy.numbering import reading_order
from geo.ids import CODE_LENGTH, Level
from geo.plans.lattice import to_degrees
from geo.plans.rules import Division, EditRefused, boundary

_HIGHEST = 999


class CodesUsedUp(EditRefused):
    """A parent has had 999 areas: no number is left below it."""

    code = "plan.codes_used_up"


def final_codes(division: Division, issued: Iterable[str]) -> dict[str, str]:
    """The published code of every provisional one of a division, building groups included.

    `issued` are all codes that the district ever gave. Raises: CodesUsedUp.
    """
    highest: dict[str, int] = {}
    for code in issued:
        parent, number = code[:-3], int(code[-3:])
        highest[parent] = max(highest.get(parent, 0), number)
    mapping: dict[str, str] = {}
    uppers = [code for code in division.uppers if len(code) < CODE_LENGTH[Level.CELL]]
    for length in (CODE_LENGTH[Level.SUBDISTRICT], CODE_LENGTH[Level.COMMUNITY]):
        new = [code for code in uppers if len(code) == length and not code.isdigit()]
        _number(division, new, highest, mapping)
    cells = [code for code in division.cells if not code.isdigit()]
    _number(division, cells, highest, mapping)
    for cell in division.cells.values():
        parent = mapping.get(cell.code, cell.code)
        for group in cell.groups:
            if not group.code.isdigit():
                mapping[group.code] = _next(parent, highest)
    return mapping


def _number(
    division: Division, codes: list[str], highest: dict[str, int], mapping: dict[str, str]
) -> None:
    by_parent: dict[str, list[str]] = {}
    for code in sorted(codes):
        by_parent.setdefault(code[:-3], []).append(code)
    for parent, below in by_parent.items():
        # Above this level everything new has its code already.
        said = mapping.get(parent, parent)
        shapes = [to_degrees(boundary(division, code)) for code in below]
        for place in reading_order(shapes):
            mapping[below[place]] = _next(said, highest)


def _next(parent: str, highest: dict[str, int]) -> str:
    number = highest.get(parent, 0) + 1
    if number > _HIGHEST:
        raise CodesUsedUp(area=parent)
    highest[parent] = number
    return f"{parent}{number:03d}"
