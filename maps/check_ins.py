# SPDX-License-Identifier: Apache-2.0
"""The page of a day's check-ins: a list beside a map, and what waits for a decision."""

from dataclasses import dataclass
from typing import Any

from maps.ground import ground
from maps.page import page_data, parts, render

_LAYERS = (
    "district",
    "green",
    "water",
    "buildings",
    "streets",
    "railways",
    "cells",
    "communities",
    "subdistricts",
)
# Of the small map of one checkpoint.
_AROUND = ("green", "water", "buildings", "streets", "cells")


@dataclass(frozen=True)
class CheckInsView:
    """What the page of a day shows. `focus` is west, south, east, north in WGS-84 degrees.

    `data` are JSON values for the page's script: the day, words and addresses.
    """

    basemap: str
    focus: tuple[float, float, float, float]
    data: dict[str, Any]


def check_ins_page(view: CheckInsView) -> str:
    """The page, with a placeholder for its nonce. Its check-ins come by address."""
    drawn = ground("day", view.basemap, view.focus, layers=_LAYERS, most_zoom=19)
    small = parts(ground("place", view.basemap, view.focus, layers=_AROUND, most_zoom=19))
    return render(
        "check_ins.html",
        data=page_data(view.data),
        place_body=small["map_body"],
        place_script=small["map_script"],
        **parts(drawn),
    )
