# SPDX-License-Identifier: Apache-2.0
"""Areas above the cells stay in one part, unless they are declared to have islands."""

from collections.abc import Collection

import shapely
from shapely.geometry.base import BaseGeometry

from geo.ids import CODE_LENGTH, Level
from geo.plans.lattice import area_m2
from geo.plans.rules import Division, Ground, WouldPartArea, place_of

_COMMUNITY, _SUBDISTRICT = CODE_LENGTH[Level.COMMUNITY], CODE_LENGTH[Level.SUBDISTRICT]


def keep_whole(before: Division, after: Division, ground: Ground, codes: Collection[str]) -> None:
    """Return unless an edit of the cells `codes` parts an area that was in one part.

    What came in parts, from a file, may be worked on.

    Raises: WouldPartArea.
    """
    areas = {code[:_COMMUNITY] for code in codes}
    subdistricts = {code[:_SUBDISTRICT] for code in codes}
    # Land that stays in its subdistrict cannot part it.
    if len(subdistricts) > 1:
        areas |= subdistricts
    for area in sorted(areas):
        upper = after.uppers.get(area)
        if upper is None or upper.islands or not after.has_cells(area):
            continue
        land = _land(after, area)
        if land.geom_type == "Polygon" or _land(before, area).geom_type == "MultiPolygon":
            continue
        parts = sorted(shapely.get_parts(land), key=lambda part: part.area)
        raise WouldPartArea(
            area=area,
            name=upper.name,
            parts_m2=[round(area_m2(part, ground.srid), 1) for part in parts],
            **place_of(parts[0]),
        )


def _land(division: Division, area: str) -> BaseGeometry:
    """The land of an area; where its cells do not fit together, what can be said of it."""
    shapes = [cell.shape for cell in division.below(area)]
    if not shapes:
        return shapely.Polygon()
    if shapely.coverage_is_valid(shapes):
        whole: BaseGeometry = shapely.coverage_union_all(shapes)
        return whole
    return shapely.union_all(shapely.make_valid(shapes))
