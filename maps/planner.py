# SPDX-License-Identifier: Apache-2.0
"""The planner's page: plans and tools on the left, the map, what a plan means on the right."""

from dataclasses import dataclass
from typing import Any

from folium.plugins import GeoMan

import maps.offline  # noqa: F401  (GeoMan's files are ours)
from maps.ground import ground
from maps.page import page_data, parts, render

# The areas themselves are drawn by the page's script: those of a draft differ from today's.
_BELOW = ("district", "green", "water", "buildings", "streets", "railways")


@dataclass(frozen=True)
class PlannerView:
    """What the planner's page shows. `focus` is west, south, east, north in WGS-84 degrees.

    `data` are JSON values for the page's script: addresses, the day, what its reader may do.
    """

    district: str
    basemap: str
    focus: tuple[float, float, float, float]
    data: dict[str, Any]


def planner(view: PlannerView) -> str:
    """The page, with a placeholder for its nonce. Its plans come by address."""
    drawn = ground("planner", view.basemap, view.focus, layers=_BELOW, most_zoom=20)
    # The page has buttons of its own, with words on them.
    kinds = ("draw_controls", "edit_controls", "options_controls", "custom_controls")
    off = dict.fromkeys(kinds, False)
    GeoMan(**off).add_to(drawn)  # type: ignore[no-untyped-call]
    return render("planner.html", view=view, data=page_data(view.data), **parts(drawn))
