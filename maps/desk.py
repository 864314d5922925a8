# SPDX-License-Identifier: Apache-2.0
"""The duty officer's desk: what he hears on the left, the map, what is going on on the right."""

from dataclasses import dataclass
from typing import Any

from maps.ground import ground
from maps.page import page_data, parts, render


@dataclass(frozen=True)
class DeskView:
    """What the desk shows. `focus` is west, south, east, north in WGS-84 degrees.

    `categories` and `severities` are what can be chosen, in order; `data` are JSON values for the
    page's script: addresses, words and what else it goes by.
    """

    district: str
    basemap: str
    focus: tuple[float, float, float, float]
    categories: tuple[str, ...]
    severities: tuple[str, ...]
    data: dict[str, Any]


def desk(view: DeskView) -> str:
    """The page, with a placeholder for its nonce. What it shows comes by address."""
    drawn = ground("desk", view.basemap, view.focus, most_zoom=19)
    return render("desk.html", view=view, data=page_data(view.data), **parts(drawn))
