# SPDX-License-Identifier: Apache-2.0
"""The wall of a command centre: the district on a dark map, brought to life by the live feed."""

from dataclasses import asdict, dataclass

from maps.ground import ground
from maps.page import page_data, parts, render


@dataclass(frozen=True)
class WallView:
    """What a wall shows. `focus` is west, south, east, north in WGS-84 degrees; a position older
    than `fresh_s` seconds is shown as stale. `people`: whether positions of people are shown;
    `check_ins`, `reports`, `planner` and `duty`: where those pages are, for those whose they are.
    `preview`: the civil date whose plan is shown instead of today's, and then nothing moves."""

    district: str
    time_zone: str
    scope: str
    focus: tuple[float, float, float, float]
    basemap: str
    state: str
    live: str
    sign_out: str
    fresh_s: float
    people: bool
    check_ins: str | None
    reports: str | None
    planner: str | None
    duty: str | None
    preview: str | None = None


def wall(view: WallView) -> str:
    """The page, with a placeholder for its nonce. Its data comes by address."""
    # The map fits its focus at any size of screen: whole zoom levels would waste half of it.
    drawn = ground("wall", view.basemap, view.focus, on=view.preview)
    return render("wall.html", view=view, data=page_data(asdict(view)), **parts(drawn))
