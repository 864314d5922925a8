# SPDX-License-Identifier: Apache-2.0
"""How the ground looks on a dark screen: deep blue land, and light kept for what happens on it."""

from maps.layers import Style

LAND = "#0f1a26"
_LINE = "#8fb4d0"


def _street(color: str, near: float, far: float) -> Style:
    return {"color": color, "opacity": 1, "width": [(11, far), (14, near), (17, near * 4.5)]}


def _area(color: str, opacity: float = 1.0) -> Style:
    return {"fill": True, "fillColor": color, "fillOpacity": opacity, "stroke": False}


def _border(opacity: float, width: float, dashes: str = "") -> Style:
    style: Style = {
        "color": _LINE,
        "opacity": opacity,
        "fill": False,
        "width": [(10, width * 0.6), (14, width), (17, width * 1.8)],
    }
    if dashes:
        style["dashArray"] = dashes
    return style


DISTRICT: dict[str, Style] = {
    "": {
        "fill": True,
        "fillColor": LAND,
        "fillOpacity": 1,
        "color": _LINE,
        "opacity": 0.55,
        "width": [(10, 1.2), (14, 2.4)],
    }
}
GREEN: dict[str, Style] = {"": _area("#10231f")}
WATER: dict[str, Style] = {"": _area("#17344d")}
# Cells are lit a little once somebody has checked in there today: see ground.js.
CELLS: dict[str, Style] = {
    "": {
        "color": _LINE,
        "opacity": 0.24,
        "fill": True,
        "fillColor": "#4fb8a4",
        "fillOpacity": 0.0,
        "width": [(10, 0.4), (14, 0.8), (17, 1.4)],
    }
}
BUILDINGS: dict[str, Style] = {
    "": _area("#1d2c3c"),
    "shop": _area("#22303f"),
    "office": _area("#22303f"),
    "school": _area("#27323c"),
    "factory": _area("#1a2733"),
}
STREETS: dict[str, Style] = {
    "": _street("#1d2b3a", 0.8, 0.3),
    "secondary": _street("#26384a", 1.4, 0.5),
    "rural": _street("#26384a", 1.2, 0.6),
    "main": _street("#3a5168", 2.6, 1.1),
}
RAILWAYS: dict[str, Style] = {
    "": {
        "color": "#45566a",
        "opacity": 0.9,
        "dashArray": "7 5",
        "width": [(11, 0.8), (14, 1.4), (17, 3)],
    }
}
COMMUNITIES: dict[str, Style] = {"": _border(0.26, 1.0)}
SUBDISTRICTS: dict[str, Style] = {"": _border(0.4, 1.7)}
