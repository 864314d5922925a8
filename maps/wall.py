# SPDX-License-Identifier: Apache-2.0
"""The wall of a command centre: the district on a dark map, brought to life by the live feed."""

from dataclasses import asdict, dataclass

import folium

from maps import style
from maps.assets import address
from maps.layers import UrlLayer
from maps.page import page_data, parts, render

# The map fits its focus at any size of screen: whole zoom levels would waste half of it.
_ZOOM_STEP = 0.25
_BUILDINGS_FROM = 14.75


@dataclass(frozen=True)
class WallView:
    """What a wall shows. `focus` is west, south, east, north in WGS-84 degrees; a position older
    than `fresh_s` seconds is shown as stale."""

    district: str
    time_zone: str
    scope: str
    focus: tuple[float, float, float, float]
    basemap: str
    state: str
    live: str
    sign_out: str
    fresh_s: float


def wall(view: WallView) -> str:
    """The page, with a placeholder for its nonce. Its data comes by address."""
    west, south, east, north = view.focus
    drawn = folium.Map(
        location=((south + north) / 2, (west + east) / 2),
        zoom_start=13,
        tiles=None,
        zoom_control=False,
        prefer_canvas=True,
    )
    drawn._name, drawn._id = "map", "wall"
    drawn.options.update(
        max_zoom=18,
        min_zoom=10,
        zoom_snap=_ZOOM_STEP,
        zoom_delta=0.5,
        attribution_control=False,
    )
    # Nothing here needs folium's other libraries.
    drawn.default_js = [("leaflet", address("leaflet", "dist/leaflet.js"))]
    drawn.default_css = [("leaflet_css", address("leaflet", "dist/leaflet.css"))]
    for name, styles, least_zoom in (
        ("district", style.DISTRICT, 0.0),
        ("green", style.GREEN, 0.0),
        ("water", style.WATER, 0.0),
        ("buildings", style.BUILDINGS, _BUILDINGS_FROM),
        ("streets", style.STREETS, 0.0),
        ("railways", style.RAILWAYS, 0.0),
        ("cells", style.CELLS, 0.0),
        ("communities", style.COMMUNITIES, 0.0),
        ("subdistricts", style.SUBDISTRICTS, 0.0),
    ):
        UrlLayer(name, f"{view.basemap}/{name}", styles, least_zoom=least_zoom).add_to(drawn)
    return render("wall.html", view=view, data=page_data(asdict(view)), **parts(drawn))
