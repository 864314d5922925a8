# SPDX-License-Identifier: Apache-2.0
import folium
import folium.plugins
import pytest

from maps import assets
from maps.offline import offline


def test_a_map_with_the_plugins_we_carry_asks_no_other_host() -> None:
    drawn = folium.Map([41.3, 123.7], tiles=None)
    folium.plugins.Fullscreen().add_to(drawn)
    folium.plugins.GeoMan().add_to(drawn)
    folium.plugins.MarkerCluster().add_to(drawn)
    folium.plugins.Realtime(folium.JsCode("(ok, failed) => {}"), start=False).add_to(drawn)
    folium.plugins.MeasureControl().add_to(drawn)
    html = drawn.get_root().render()
    assert offline(html) == []
    assert "/static/vendor/leaflet@1.9.4/dist/leaflet.js" in html


def test_a_plugin_we_do_not_carry_is_named() -> None:
    drawn = folium.Map([41.3, 123.7], tiles=None)
    folium.plugins.MiniMap().add_to(drawn)
    assert any("Control.MiniMap.js" in found for found in offline(drawn.get_root().render()))


@pytest.mark.parametrize(
    "html",
    [
        '<script src="https://host/a.js"></script>',
        '<link href="//host/a.css">',
        '<img src="http://host/a.png">',
        "<style>@import 'https://host/a.css';</style>",
        "<style>a{background:url(//host/a.png)}</style>",
        '<div style="background:url(https://host/a.png)"></div>',
        "<script>fetch('https://host/a')</script>",
    ],
)
def test_every_way_out_is_seen(html: str) -> None:
    assert len(offline(html)) == 1


@pytest.mark.parametrize(
    "html",
    [
        '<script src="/static/a.js"></script>',
        '<img src="data:image/png;base64,AAAA">',
        '<a href="https://host/">read more</a>',
        "<script>document.createElementNS('http://www.w3.org/2000/svg', 'g') // note</script>",
    ],
)
def test_our_own_addresses_and_plain_links_are_fine(html: str) -> None:
    assert offline(html) == []


def test_every_mapped_file_is_in_the_manifest() -> None:
    assert assets.address("leaflet", "dist/leaflet.css").startswith("/static/vendor/leaflet@")
    with pytest.raises(KeyError):
        assets.address("leaflet", "dist/missing.css")
