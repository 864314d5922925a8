# SPDX-License-Identifier: Apache-2.0
"""Layers whose data the page fetches by address: nothing of it stands in the page.

`static/ground.js` fetches them in the order in which they were added and keeps line widths right at
every zoom. A width is a list of (zoom, pixels) between which it grows evenly; pixels are those of a
1920 pixel wide screen, wider screens draw in proportion.
"""

from collections.abc import Mapping
from typing import Any, TypedDict

from branca.element import MacroElement
from folium.template import Template

Width = list[tuple[float, float]]


class Style(TypedDict, total=False):
    """How features of one kind are drawn: Leaflet's path options, and a width by zoom."""

    color: str
    opacity: float
    fill: bool
    fillColor: str
    fillOpacity: float
    dashArray: str
    width: Width
    stroke: bool


class UrlLayer(MacroElement):
    """GeoJSON by address, styled by the property `kind` of each feature.

    Drawn from zoom `least_zoom` on, and only fetched when that is reached for the first time.
    """

    _template = Template(
        """
        {% macro script(this, kwargs) %}
        var {{ this.get_name() }} = L.geoJSON(null, {interactive: false});
        {{ this.get_name() }}.wangge = {{ this.options|tojson }};
        ({{ this._parent.get_name() }}.ground ??= []).push({{ this.get_name() }});
        {% endmacro %}
        """
    )

    def __init__(
        self,
        name: str,
        url: str,
        styles: Mapping[str, Style],
        *,
        least_zoom: float = 0,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "layer"
        # A name of its own, so that the page is the same bytes each time it is made.
        self._id = name
        self.options: dict[str, Any] = {
            "name": name,
            "url": url,
            "styles": dict(styles),
            "leastZoom": least_zoom,
        }
