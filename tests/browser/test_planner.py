# SPDX-License-Identifier: Apache-2.0
"""The planner's page in Chromium: a draft is begun, drawn on, undone, and nothing is lost."""

import threading
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page, expect
from shapely.geometry import mapping

from api.feed import FeedLimits
from api.jobs import run_one
from geo.accounts.rules import Role
from geo.clock import SetClock
from geo.cluster import Cluster
from tests import drawing, town
from tests.browser.conftest import Watched
from tests.conftest import PASSWORD
from tests.serving import Served, serving

Json = dict[str, Any]
PLANS = "/api/v1/plans"
READY = "html[data-ready=true]"


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

    def begin(self) -> None:
        """A draft of its own, opened."""
        self.plan = self.ask("POST", "", {"id": str(uuid4()), "name": "草案"})["id"]
        self.page.goto(f"{self.served.url}/planner?plan={self.plan}")
        self.page.wait_for_selector(READY)
        self.page.evaluate("() => { map_planner.setZoom(17.5, {animate: false}); }")

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


@pytest.fixture(scope="module")
def planner(chromium: Browser, cluster: Cluster, town_template: str) -> Iterator[Planner]:
    """One service and one page for all tests; each begins a draft of its own."""
    name = f"live_{uuid4().hex[:12]}"
    cluster.create_database(name, template=town_template)
    clock = SetClock(town.MORNING)
    limits = FeedLimits(heartbeat_s=1.0, poll_s=0.2)
    try:
        with serving(cluster.url(name), clock, limits) as served:
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


@pytest.fixture(autouse=True)
def watch(planner: Planner) -> Iterator[None]:
    """No complaint, and no request to another host; a refusal is one that a test is about."""
    planner.watched.cut = False
    yield
    planner.watched.check()


def test_a_draft_is_begun_from_the_plan_in_force(planner: Planner) -> None:
    page = planner.page
    expect(page.locator("#plans .in_force")).to_contain_text("首版方案")
    # What holds today is shown beside the list, and cannot be drawn on.
    expect(page.locator("#figures")).to_contain_text("9")
    page.click("#begin")
    page.fill("dialog [name=name]", "春季调整")
    page.click("dialog .go")
    expect(page.locator("#open-plan")).to_contain_text("春季调整")
    expect(page.locator("#open-plan em")).to_have_text("草案")
    assert "plan=" in page.url
    page.click("#fold")
    expect(page.locator("#plans .draft")).to_have_count(1)


def test_a_border_is_dragged_and_both_cells_follow(planner: Planner) -> None:
    planner.begin()
    page = planner.page
    planner.take("border")
    planner.click(100, 250)
    expect(page.locator("#card .subject")).to_contain_text("第1网格 ｜ 第2网格")
    planner.drag((100, 250), (115, 255))
    planner.says("实际移动")
    cells = planner.cells()
    assert cells[town.N1]["area_m2"] > 10_200
    assert cells[town.N1]["area_m2"] + cells[town.N2]["area_m2"] == pytest.approx(20_000, abs=40)
    # Held still, to go on; let go, then undone and done again by keyboard.
    expect(page.locator("#card .subject")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("Control+z")
    planner.says("已撤销")
    assert planner.cells()[town.N1]["area_m2"] == pytest.approx(10_000, abs=20)
    page.keyboard.press("Control+y")
    planner.says("已重做")
    assert planner.cells()[town.N1] == cells[town.N1]
    page.click("[data-tab=history]")
    expect(page.locator(".steps li")).to_have_count(3)
    expect(page.locator(".steps li.edit")).to_contain_text("移动边界：第1网格、第2网格")
    expect(page.locator(".steps li.edit")).to_contain_text("planner-")


def test_an_area_is_taken_in(planner: Planner) -> None:
    planner.begin()
    planner.take("transfer")
    planner.click(50, 230)
    planner.draw((90, 215), (112, 215), (112, 285), (90, 285))
    planner.says("实际移动")
    assert planner.cells()[town.N1]["area_m2"] == pytest.approx(10_840, abs=120)


def test_a_cell_is_split_merged_and_locked(planner: Planner) -> None:
    planner.begin()
    page = planner.page
    planner.take("split")
    planner.click(30, 30)
    # The line ends on the borders: it is drawn on to cross them.
    planner.draw((50, 0), (50, 100))
    planner.says("已分成 2 个网格")
    halves = {"210503102001D01", "210503102001D02"}
    assert halves < set(planner.cells())
    planner.take("merge")
    planner.click(25, 50)
    planner.click(75, 50)
    planner.click(150, 50)
    page.fill("#card [name=name]", "南一网格")
    page.click("#card .go")
    planner.says("已合并")
    cells = planner.cells()
    assert cells["210503102001D03"]["name"] == "南一网格"
    assert len(cells) == 8
    planner.take("lock")
    planner.click(50, 50)
    expect(page.locator("#card .chips li")).to_contain_text("南一网格")
    assert planner.cells()["210503102001D03"]["locked"]


def test_cells_get_another_community_and_a_new_one(planner: Planner) -> None:
    planner.begin()
    page = planner.page
    planner.take("reassign")
    planner.click(50, 250)
    page.select_option("#card [name=to]", "210503101002")
    page.click("#card .go")
    planner.says("已改划")
    assert "210503101002D01" in planner.cells()
    planner.take("found")
    planner.click(150, 250)
    planner.click(250, 250)
    page.fill("#card [name=name]", "新城社区")
    page.click("#card .go")
    planner.says("已新建")
    page.click("[data-tab=communities]")
    expect(page.locator(".communities")).to_contain_text("新城社区")
    planner.take("rename")
    planner.click(50, 50)
    page.fill("#card [name=name]", "河畔网格")
    page.keyboard.press("Enter")
    planner.says("已改名")
    assert planner.cells()[town.S1]["name"] == "河畔网格"


def test_a_refusal_flashes_on_the_map_and_the_drawing_outlives_a_reload(planner: Planner) -> None:
    planner.begin()
    page = planner.page
    planner.take("split")
    planner.click(30, 250)
    planner.watched.cut = True
    planner.draw((40, 230), (60, 260))
    planner.says("恰好穿过一次")
    expect(page.locator(".flash")).to_be_attached()
    expect(page.locator("#card .warn")).to_be_visible()
    planner.reload()
    expect(page.locator("[data-tool=split]").first).to_be_visible()
    expect(page.locator("#card .warn")).to_be_visible()
    expect(page.locator(".marker-icon:not(.marker-icon-middle)")).to_have_count(2)
    # Mended by hand, it is accepted.
    planner.drag((40, 230), (40, 196))
    planner.drag((60, 260), (60, 304))
    page.click("#card .go")
    planner.says("已分成 2 个网格")


def test_of_two_planners_the_second_sees_what_changed_and_keeps_his_drawing(
    planner: Planner,
) -> None:
    planner.begin()
    page = planner.page
    strip = mapping(drawing.region((200, 0), (212, 0), (212, 100), (200, 100)))
    edit = {"op": "transfer", "area": strip, "to": town.S2}
    headers = {"if-match": '"0"'}
    planner.take("transfer")
    planner.click(50, 230)
    for at in ((90, 215), (112, 215), (112, 285)):
        planner.click(*at)
    # The line is cut: he learns of the other one's edit from the refusal alone.
    planner.watched.cut = True
    page.route("**/api/v1/live*", lambda route: route.abort())
    planner.served.cut_streams()
    page.wait_for_selector("html[data-link=lost]")
    other = page.request.post(
        f"{planner.served.url}{PLANS}/{planner.plan}/edits",
        data=edit,
        headers={**headers, "authorization": f"Bearer {planner.token}"},
    )
    assert other.status == 200
    page.keyboard.press("Enter")
    planner.says("有人同时在改这份草案")
    planner.says("划入第2网格")
    expect(page.locator("#card .warn")).to_be_visible()
    page.keyboard.press("Enter")
    planner.says("实际移动")
    cells = planner.cells()
    assert cells[town.S2]["area_m2"] > 11_000
    assert cells[town.N1]["area_m2"] > 10_200
    page.unroute("**/api/v1/live*")


def test_what_another_planner_draws_appears_by_itself(planner: Planner) -> None:
    planner.begin()
    page = planner.page
    page.wait_for_selector("html[data-link=live]")
    answer = page.request.post(
        f"{planner.served.url}{PLANS}/{planner.plan}/edits",
        data={"op": "merge", "cells": [town.S1, town.S2]},
        headers={"if-match": '"0"', "authorization": f"Bearer {planner.token}"},
    )
    assert answer.status == 200
    expect(page.locator("#state")).to_contain_text("第 1 版")
    planner.says("合并")


def test_two_plans_lie_on_one_map_and_the_bar_parts_them(planner: Planner) -> None:
    planner.begin()
    page = planner.page
    planner.take("split")
    planner.click(30, 30)
    planner.draw((50, 0), (50, 100))
    planner.says("已分成")
    page.click("#open-plan >> text=对比")
    expect(page.locator("#compare dl").first).to_contain_text("10")
    expect(page.locator("#compare dl").nth(1)).to_contain_text("9")
    box = page.locator("#swipe i").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 10, box["y"] + 10)
    page.mouse.down()
    page.mouse.move(600, 500, steps=3)
    page.mouse.up()
    expect(page.locator("#swipe")).to_have_attribute("aria-valuenow", "44")
    planner.reload()
    expect(page.locator("#compare")).to_be_visible()
    page.click("#compare button")
    expect(page.locator("#swipe")).to_be_hidden()


def test_a_plan_is_weighed_published_and_taken_back(planner: Planner) -> None:
    planner.begin()
    page = planner.page
    planner.take("transfer")
    planner.click(50, 230)
    planner.draw((90, 190), (160, 190), (160, 310), (90, 310))
    planner.says("实际移动")
    page.click("[data-tab=impact]")
    page.click("#tab .go")
    expect(page.locator("#tab")).to_contain_text("居民")
    expect(page.locator("#tab")).to_contain_text(town.WORKER_NAMES["N1"])
    page.click("#open-plan >> text=发布…")
    expect(page.locator("dialog [name=from]")).to_have_value("2026-03-03")
    expect(page.locator("dialog .what")).to_contain_text("户换网格")
    page.click("dialog .go")
    planner.says("将于2026年3月3日零点生效")
    expect(page.locator("#open-plan em")).to_have_text("即将生效")
    expect(page.locator("#tab .tasks li").first).to_contain_text("巡查点")
    page.locator("#tab .tasks input").first.check()
    expect(page.locator("#tab .say")).to_contain_text("已核对 1 项")
    expect(page.locator("#open-plan a.button")).to_have_attribute("href", "/wall?on=2026-03-03")
    page.click("#open-plan >> text=撤回…")
    page.click("dialog .go")
    planner.says("已撤回")
    expect(page.locator("#open-plan em")).to_have_text("现行方案")


def test_cells_draw_themselves_and_one_of_three_answers_is_adopted(planner: Planner) -> None:
    planner.begin()
    page = planner.page
    page.click("#open-plan >> text=自动划分…")
    page.select_option("dialog [name=within]", "210503101001")
    page.fill("dialog [name=cells]", "2")
    page.click("dialog .go")
    expect(page.locator("#job")).to_contain_text("排队中")
    # It goes on over a reload.
    planner.reload()
    expect(page.locator("#job progress")).to_be_visible()
    assert run_one(planner.served.database, planner.served.clock, threading.Event())
    page.click("#job .go")
    expect(page.locator(".answer")).to_have_count(3)
    expect(page.locator(".answer .picture path")).to_have_count(6)
    page.locator(".answer .go").first.click()
    planner.says("已采用")
    codes = [code for code in planner.cells() if code.startswith("210503101001")]
    assert len(codes) == 2
    expect(page.locator("#job")).to_be_hidden()
