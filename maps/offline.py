# SPDX-License-Identifier: Apache-2.0
"""folium without a foreign address: its scripts and styles come from our own server.

folium's classes name content networks. Importing this module rewrites them, for every class, before
any map is built; every module that draws imports it. Afterwards ``offline`` proves a page clean.
"""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import folium
import folium.plugins  # noqa: F401  (its classes must exist before they are rewritten)
from folium.elements import JSCSSMixin

from maps.assets import address

# What folium calls a file -> the package and file that we serve instead. Where the version differs
# from folium's own it is newer: none of these packages publishes the old one to npm.
SCRIPTS = {
    "leaflet": ("leaflet", "dist/leaflet.js"),
    "jquery": ("jquery", "dist/jquery.min.js"),
    "bootstrap": ("bootstrap", "dist/js/bootstrap.bundle.min.js"),
    "awesome_markers": ("leaflet.awesome-markers", "dist/leaflet.awesome-markers.js"),
    "markerclusterjs": ("leaflet.markercluster", "dist/leaflet.markercluster.js"),
    "Leaflet_Realtime_js": ("leaflet-realtime", "dist/leaflet-realtime.min.js"),
    "Control.Fullscreen.js": ("leaflet.fullscreen", "Control.FullScreen.js"),
    "leaflet_geoman_js": ("@geoman-io/leaflet-geoman-free", "dist/leaflet-geoman.min.js"),
    "vectorGrid": ("leaflet.vectorgrid", "dist/Leaflet.VectorGrid.bundled.min.js"),
    "Leaflet.Search.js": ("leaflet-search", "dist/leaflet-search.min.js"),
    "leaflet_measure_js": ("leaflet-measure", "dist/leaflet-measure.cn.js"),
}
STYLES = {
    "leaflet_css": ("leaflet", "dist/leaflet.css"),
    "bootstrap_css": ("bootstrap", "dist/css/bootstrap.min.css"),
    "awesome_markers_font_css": ("@fortawesome/fontawesome-free", "css/all.min.css"),
    "awesome_markers_css": ("leaflet.awesome-markers", "dist/leaflet.awesome-markers.css"),
    "markerclustercss": ("leaflet.markercluster", "dist/MarkerCluster.css"),
    "markerclusterdefaultcss": ("leaflet.markercluster", "dist/MarkerCluster.Default.css"),
    "Control.FullScreen.css": ("leaflet.fullscreen", "Control.FullScreen.css"),
    "leaflet_geoman_css": ("@geoman-io/leaflet-geoman-free", "dist/leaflet-geoman.css"),
    "Leaflet.Search.css": ("leaflet-search", "dist/leaflet-search.min.css"),
    "leaflet_measure_css": ("leaflet-measure", "dist/leaflet-measure.css"),
}
# Styles of folium's that nothing of ours draws with: glyphicons, and turned marker icons.
DROPPED = {"glyphicons_css", "awesome_rotate_css"}
# A plugin that reuses the name of another's file.
FOREIGN = {"BoatMarker"}


def serve_assets_ourselves() -> None:
    """Rewrite the file lists of every folium class. A plugin whose files we do not carry keeps its
    own addresses, and ``offline`` then names them."""
    for kind in _descendants(JSCSSMixin):
        if kind.__name__ in FOREIGN:
            continue
        if "default_js" in vars(kind):
            kind.default_js = _ours(kind.default_js, SCRIPTS)
        if "default_css" in vars(kind):
            kind.default_css = _ours(kind.default_css, STYLES)


def _ours(files: list[tuple[str, str]], known: dict[str, tuple[str, str]]) -> list[tuple[str, str]]:
    return [
        (name, address(*known[name]) if name in known else url)
        for name, url in files
        if name not in DROPPED
    ]


def _descendants(kind: Any) -> Iterator[Any]:
    for child in kind.__subclasses__():
        yield child
        yield from _descendants(child)


_REFERENCES = {"src", "href", "action", "poster", "data", "srcset", "formaction", "xlink:href"}
# In styles and scripts: an address with a host, absolute or protocol-relative, inside url(),
# an @import or a quoted string. A namespace such as http://www.w3.org/2000/svg is a name.
_IN_TEXT = re.compile(r"""(?:url\(\s*["']?|["'`])((?:(?:https?|wss?):)?//[^\s"'`)<>\\]+)""", re.I)
_NAMES = ("http://www.w3.org/",)


class _Addresses(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._verbatim = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._verbatim = tag in {"script", "style"}
        for name, value in attrs:
            if value is None:
                continue
            if name in _REFERENCES and re.match(r"\s*(?:[a-z][a-z0-9+.-]*:)?//", value, re.I):
                # A link for a reader to follow is no request of the page's.
                if tag not in {"a", "area"}:
                    self.found.append(value.strip())
            elif name == "style" or (name == "content" and tag == "meta"):
                self.found += _IN_TEXT.findall(value)

    def handle_endtag(self, tag: str) -> None:
        self._verbatim = False

    def handle_data(self, data: str) -> None:
        if self._verbatim:
            self.found += _IN_TEXT.findall(data)


def offline(html: str) -> list[str]:
    """The addresses of other hosts that this page would ask; empty when none leaves the machine."""
    reader = _Addresses()
    reader.feed(html)
    reader.close()
    return [found for found in reader.found if not found.startswith(_NAMES)]


serve_assets_ourselves()
