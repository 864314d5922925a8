# SPDX-License-Identifier: Apache-2.0
"""A worker's page on his phone: duty, the call that rings, the way there, and the channel."""

from dataclasses import dataclass
from typing import Any

from maps.ground import ground
from maps.page import page_data, parts, render

# What helps to find the way on foot; the borders of other areas do not.
_LAYERS = ("district", "green", "water", "buildings", "streets", "railways", "cells")


@dataclass(frozen=True)
class WorkerView:
    """What a worker's page shows. `focus` is west, south, east, north in WGS-84 degrees.

    `data` are JSON values for the page's script: who he is, and addresses.
    """

    basemap: str
    focus: tuple[float, float, float, float]
    data: dict[str, Any]


def worker_page(view: WorkerView) -> str:
    """The page, with a placeholder for its nonce."""
    drawn = ground("worker", view.basemap, view.focus, layers=_LAYERS, zoom_step=0.0, most_zoom=19)
    return render("worker.html", name=view.data["name"], data=page_data(view.data), **parts(drawn))
