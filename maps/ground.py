# SPDX-License-Identifier: Apache-2.0
"""The ground every map of ours stands on: a folium map over layers that come by address."""

from collections.abc import Iterable

import folium

from maps import style
from maps.assets import address
from maps.layers import Style, UrlLayer

_BUILDINGS_FROM = 14.75
# Name, style and least zoom of what can lie below, in drawing order.
_LAYERS: dict[str, tuple[dict[str, Style], float]] = {
    "district": (style.DISTRICT, 0.0),
    "green": (style.GREEN, 0.0),
    "water": (style.WATER, 0.0),
    "buildings": (style.BUILDINGS, _BUILDINGS_FROM),
    "streets": (style.STREETS, 0.0),
    "railways": (style.RAILWAYS, 0.0),
    "cells": (style.CELLS, 0.0),
    "communities": (style.COMMUNITIES, 0.0),
    "subdistricts": (style.SUBDISTRICTS, 0.0),
}
ALL = tuple(_LAYERS)


def ground(
    name: str,
    basemap: str,
    focus: tuple[float, float, float, float],
    *,
    layers: Iterable[str] = ALL,
    zoom_step: float = 0.25,
    most_zoom: int = 18,
    on: str | None = None,
) -> folium.Map:
    """A map that its page's script finds as `map_<name>`; `focus` is west, south, east, north.

    `on` is a civil date: the ground as the plan of that day divides it. Today's without.
    """
    west, south, east, north = focus
    drawn = folium.Map(
        location=((south + north) / 2, (west + east) / 2),
        zoom_start=13,
        tiles=None,
        zoom_control=False,
        prefer_canvas=True,
    )
    drawn._name, drawn._id = "map", name
    drawn.options.update(
        max_zoom=most_zoom,
        min_zoom=10,
        zoom_snap=zoom_step,
        zoom_delta=0.5,
        attribution_control=False,
    )
    # Nothing here needs folium's other libraries.
    drawn.default_js = [("leaflet", address("leaflet", "dist/leaflet.js"))]
    drawn.default_css = [("leaflet_css", address("leaflet", "dist/leaflet.css"))]
    day = f"?on={on}" if on else ""
    for layer in layers:
        styles, least_zoom = _LAYERS[layer]
        UrlLayer(layer, f"{basemap}/{layer}{day}", styles, least_zoom=least_zoom).add_to(drawn)
    return drawn
