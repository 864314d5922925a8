# SPDX-License-Identifier: Apache-2.0
"""The pages people have open on their phones to be called: a worker's, and his supervisor's."""

from dataclasses import dataclass
from typing import Any

from maps.ground import ground
from maps.page import page_data, parts, render

# What helps to find the way on foot; the borders of other areas do not.
_LAYERS = ("district", "green", "water", "buildings", "streets", "railways", "cells")


@dataclass(frozen=True)
class PhoneView:
    """What such a page shows. `focus` is west, south, east, north in WGS-84 degrees.

    `data` are JSON values for the page's script: who he is, and addresses.
    """

    basemap: str
    focus: tuple[float, float, float, float]
    data: dict[str, Any]


def worker_page(view: PhoneView) -> str:
    """A worker's page, with a placeholder for its nonce: duty, the ring, the way, the channel."""
    return _page("worker", view)


def duty_page(view: PhoneView) -> str:
    """A supervisor's page, with a placeholder for its nonce: what climbs to him, the channel."""
    return _page("duty", view)


def _page(name: str, view: PhoneView) -> str:
    drawn = ground(name, view.basemap, view.focus, layers=_LAYERS, zoom_step=0.0, most_zoom=19)
    said = {"name": view.data["name"], "data": page_data(view.data)}
    return render(f"{name}.html", **said, **parts(drawn))
