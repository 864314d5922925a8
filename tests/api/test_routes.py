# SPDX-License-Identifier: Apache-2.0
"""Every route declares a verb of the permission table, and every error has its words."""

import pkgutil
import re
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

import api
import geo
from api.deps import Allowed
from api.texts import TEXTS, Language, judged_templates
from geo.accounts.rules import PERMISSIONS
from geo.errors import GeoError

# What anybody may ask: is it up, and to be let in.
PUBLIC = {
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/metrics"),
    ("POST", "/sessions"),
    ("GET", "/login"),
    ("GET", "/favicon.ico"),
    ("GET", "/"),
    # Phones bring their pairing token in their protocol's own way; the actor it names is held to
    # `positions.write` and `checkins.write` by the actions.
    ("GET", "/devices/osmand"),
    ("POST", "/devices/osmand"),
    ("POST", "/devices/owntracks"),
}


def verbs(dependant: Dependant) -> set[str]:
    # A route whose writes are gathered names its verb itself.
    named = isinstance(dependant.call, Allowed) or hasattr(dependant.call, "verb")
    found = {dependant.call.verb} if named else set()
    return found.union(*(verbs(inner) for inner in dependant.dependencies))


def api_routes(routes: Iterable[Any]) -> Iterator[APIRoute]:
    """Every route of an app: those of its routers, too, which FastAPI keeps whole."""
    for route in routes:
        if isinstance(route, APIRoute):
            yield route
        elif hasattr(route, "original_router"):
            yield from api_routes(route.original_router.routes)


def test_every_route_has_an_entry_in_the_permission_table(client: TestClient) -> None:
    used: set[str] = set()
    found = list(api_routes(client.app.routes))  # type: ignore[attr-defined]
    assert len(found) >= len(client.app.openapi()["paths"])  # type: ignore[attr-defined]
    for route in found:
        declared = verbs(route.dependant)
        used |= declared
        for method in route.methods:
            assert declared or (method, route.path) in PUBLIC, f"{method} {route.path}: no verb"
    assert used <= PERMISSIONS.keys()


def subclasses(family: type[GeoError]) -> set[type[GeoError]]:
    direct = set(family.__subclasses__())
    return direct.union(*(subclasses(found) for found in direct))


def test_every_error_has_words_in_both_languages() -> None:
    for package in (geo, api):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.startswith(("geo.migrations", "api.__main__")):
                import_module(module.name)
    codes = {found.code for found in subclasses(GeoError) if found.code != "error"}
    assert codes <= TEXTS.keys()
    for code, texts in TEXTS.items():
        assert set(texts) == set(Language), code


def test_pages_know_the_words_of_everything_a_verdict_says() -> None:
    folder = Path(geo.__file__).parent / "patrol"
    said = {
        code
        for module in folder.glob("*.py")
        for code in re.findall(r'"code": "(\w+\.\w+)"', module.read_text("utf-8"))
    }
    assert "checkpoint.reached" in said
    # How a patrol day stands is told elsewhere.
    assert {code for code in said if not code.startswith("day.")} <= judged_templates().keys()
