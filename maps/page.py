# SPDX-License-Identifier: Apache-2.0
"""A page: our own template, a folium map inside it, one nonce an answer.

A page is rendered once with a placeholder for the nonce and then filled in for each answer.
"""

import json
import re
from pathlib import Path
from typing import Any

import folium
from branca.element import Figure
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from maps import assets

NONCE = "@@nonce@@"
STATIC = Path(__file__).with_name("static")
_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("templates")),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.globals["asset"] = assets.address
_TEMPLATES.globals["nonce"] = NONCE


def policy(nonce: str) -> str:
    """The Content-Security-Policy of a page: nothing from elsewhere, no script but our own."""
    return (
        f"default-src 'self'; script-src 'self' 'nonce-{nonce}'; "
        f"style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; object-src 'none'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
    )


def with_nonce(html: str, nonce: str) -> str:
    """The page with this answer's nonce."""
    return html.replace(NONCE, nonce)


def render(template: str, **values: Any) -> str:
    """A page of ours, with the placeholder for its nonce."""
    return _TEMPLATES.get_template(template).render(**values)


def page_data(values: dict[str, Any]) -> Markup:
    """Values for a page's scripts, safe inside a <script type="application/json">."""
    text = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c"))  # noqa: S704


def parts(drawn: folium.Map) -> dict[str, Markup]:
    """What folium made of a map, for our template: `map_head`, `map_body`, `map_script`."""
    figure = drawn.get_root()
    assert isinstance(figure, Figure)
    figure.render()
    head = re.sub(r"<(script|style)\b", rf'<\1 nonce="{NONCE}"', figure.header.render())
    script = f'<script nonce="{NONCE}">{figure.script.render()}</script>'
    return {
        "map_head": Markup(head),  # noqa: S704
        "map_body": Markup(figure.html.render()),  # noqa: S704
        "map_script": Markup(script),  # noqa: S704
    }
