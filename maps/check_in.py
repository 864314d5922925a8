# SPDX-License-Identifier: Apache-2.0
"""The page of one check-in: on a map, why it was judged as it was."""

from dataclasses import dataclass
from typing import Any

from maps.ground import ground
from maps.page import page_data, parts, render

# The cell and its neighbours come with the page, by the plan the check-in was judged by.
_LAYERS = ("green", "water", "buildings", "streets", "railways")
# An error disc of a few metres is still to be looked at.
_MOST_ZOOM = 21


@dataclass(frozen=True)
class CheckInView:
    """What the page of a check-in shows. `focus` is west, south, east, north in WGS-84 degrees.

    `data` are JSON values for the page's script: the check-in, its scene, words and addresses.
    """

    basemap: str
    focus: tuple[float, float, float, float]
    data: dict[str, Any]


def check_in_page(view: CheckInView) -> str:
    """The page, with a placeholder for its nonce."""
    drawn = ground(
        "scene",
        view.basemap,
        view.focus,
        layers=_LAYERS,
        zoom_step=0.0,
        most_zoom=_MOST_ZOOM,
    )
    return render("check_in.html", data=page_data(view.data), **parts(drawn))
