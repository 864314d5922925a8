# SPDX-License-Identifier: Apache-2.0
"""A planner at his page in Chromium: one service and one page for a file of tests."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from playwright.sync_api import Browser, Page, expect
from shapely.geometry import mapping

from api.feed import FeedLimits
from geo.accounts.rules import Role
from geo.clock import SetClock
from geo.cluster import Cluster
from tests import drawing, town
from tests.browser.watching import Watched
from tests.conftest import PASSWORD
from tests.serving import Served, serving

Json = dict[str, Any]
PLANS = "/api/v1/plans"
READY = "html[data-ready=true]"


def messy_file(name: str) -> Json:
    """N1 two metres too narrow and one too far south: a gap beside it, an overlap below."""
    shape = mapping(drawing.region((0, 199), (98, 199), (98, 300), (0, 300)))
    cell = {"type": "Feature", "geometry": shape, "properties": {"code": town.N1, "name": "改"}}
    body = json.dumps({"type": "FeatureCollection", "features": [cell]}).encode()
    return {"name": name, "mimeType": "", "buffer": body}


class Planner:
    """A planner at his page, and another one at the interface."""

    def __init__(self, served: Served, watched: Watched, token: str) -> None:
        self.served, self.watched, self.token = served, watched, token
        self.plan = ""

    @property
    def page(self) -> Page:
        return self.watched.page

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        status, answer = self.served.ask(method, f"{PLANS}{path}", self.token, body)
        assert status in (200, 201), answer
        return answer

    def cells(self) -> dict[str, Json]:
        found = self.ask("GET", f"/{self.plan}?as=geojson")["features"]
        return {one["properties"]["code"]: one["properties"] for one in found}

    def edit(self, edit: Json) -> None:
        """The first edit of the draft, at the interface."""
        path = f"{PLANS}/{self.plan}/edits"
        status, answer = self.served.ask("POST", path, self.token, edit, if_match='"0"')
        assert status == 200, answer

    def begin(self) -> None:
        """A draft of its own, opened."""
        self.plan = self.ask("POST", "", {"id": str(uuid4()), "name": "草案"})["id"]
        self.page.goto(f"{self.served.url}/planner?plan={self.plan}")
        self.page.wait_for_selector(READY)
        lon, lat = town.point(150, 150)
        self.page.evaluate(
            "(at) => { map_planner.setView(at, 17.5, {animate: false}); }", [lat, lon]
        )

    def bring_in(self, file: str, name: str) -> None:
        """A messy file, as a draft of this name."""
        page = self.page
        page.click("#fold")
        page.click("#import")
        page.set_input_files("dialog [name=file]", messy_file(file))
        page.fill("dialog [name=name]", name)
        page.click("dialog .go")
        self.says("有 2 处问题")

    def reload(self) -> None:
        self.page.reload()
        self.page.wait_for_selector(READY)

    def spot(self, east: float, north: float) -> tuple[float, float]:
        """Where a place in metres of the town is on the screen."""
        lon, lat = town.point(east, north)
        x, y = self.page.evaluate(
            "([lon, lat]) => { const p = map_planner.latLngToContainerPoint([lat, lon]);"
            " return [p.x, p.y]; }",
            [lon, lat],
        )
        return x, y

    def click(self, east: float, north: float) -> None:
        x, y = self.spot(east, north)
        self.page.mouse.move(x - 3, y)
        self.page.mouse.move(x, y)
        self.page.mouse.click(x, y)

    def draw(self, *points: tuple[float, float]) -> None:
        """Click point by point; the last one twice."""
        for point in points:
            self.click(*point)
        self.page.mouse.dblclick(*self.spot(*points[-1]))

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        mouse = self.page.mouse
        mouse.move(*self.spot(*start))
        mouse.down()
        mouse.move(*self.spot((start[0] + end[0]) / 2, (start[1] + end[1]) / 2))
        mouse.move(*self.spot(*end), steps=4)
        mouse.up()

    def take(self, tool: str) -> None:
        self.page.click(f"[data-tool={tool}]")

    def says(self, text: str) -> None:
        expect(self.page.locator("#note")).to_contain_text(text)


@contextmanager
def at_work(chromium: Browser, cluster: Cluster, template: str) -> Iterator[Planner]:
    """Somebody signed in at the planner's page, over a town of his own."""
    name = f"live_{uuid4().hex[:12]}"
    cluster.create_database(name, template=template)
    limits = FeedLimits(heartbeat_s=1.0, poll_s=0.2)
    try:
        with serving(cluster.url(name), SetClock(town.MORNING), limits) as served:
            viewport: Any = {"width": 1366, "height": 768}
            context = chromium.new_context(viewport=viewport, locale="zh-CN")
            watched = Watched(context.new_page(), served)
            page = watched.page
            page.goto(f"{served.url}/planner")
            page.fill("[name=username]", served.account(Role.PLANNER))
            page.fill("[name=password]", PASSWORD)
            page.click("[type=submit]")
            page.wait_for_url("**/planner")
            page.wait_for_selector(READY)
            yield Planner(served, watched, served.sign_in(served.account(Role.PLANNER)))
            context.close()
    finally:
        cluster.drop_database(name)
