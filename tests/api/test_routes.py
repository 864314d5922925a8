# SPDX-License-Identifier: Apache-2.0
"""Every route declares a verb of the permission table, and every error has its words."""

import pkgutil
from importlib import import_module

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

import api
import geo
from api.deps import Allowed
from api.texts import TEXTS, Language
from geo.accounts.rules import PERMISSIONS
from geo.errors import GeoError

# What anybody may ask: is it up, and to be let in.
PUBLIC = {
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/metrics"),
    ("POST", "/api/v1/sessions"),
    ("GET", "/login"),
}


def verbs(dependant: Dependant) -> set[str]:
    found = {dependant.call.verb} if isinstance(dependant.call, Allowed) else set()
    return found.union(*(verbs(inner) for inner in dependant.dependencies))


def test_every_route_has_an_entry_in_the_permission_table(client: TestClient) -> None:
    used: set[str] = set()
    for route in client.app.routes:  # type: ignore[attr-defined]
        if not isinstance(route, APIRoute):
            continue
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
