# SPDX-License-Identifier: Apache-2.0
"""A planner's afternoon, whole: from a messy file to the midnight at which the wall changes.

And the way back. The clock is moved; everything else is as it runs: the page, the jobs, the wall.
"""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.sync_api import Page, expect

from api.clockwork import chores, do
from api.jobs import run_one
from geo.accounts.rules import Role
from geo.clock import SetClock
from geo.settings import Settings
from tests import town
from tests.browser.planners import READY, Planner
from tests.browser.watching import Watched
from tests.conftest import PASSWORD

MIDNIGHT = datetime(2026, 3, 2, 16, 0, tzinfo=UTC)
NORTH, SOUTH = "210503101001", "210503102001"


def test_a_planners_afternoon(planner: Planner) -> None:
    bring_in_a_messy_plan(planner)
    split_merge_and_move_a_border(planner)
    draw_a_community(planner)
    codes = weigh_and_publish(planner)
    old = set(town.CELLS.values())
    # His session ends in the evening; the page he left open is refused.
    planner.watched.cut = True
    turn_of_the_day(planner, MIDNIGHT, before=old, after=codes)
    sign_in(planner.page, planner.served.account(Role.PLANNER))
    planner.page.goto(f"{planner.served.url}/planner?plan={planner.plan}")
    planner.page.wait_for_selector(READY)
    planner.page.click("#open-plan >> text=撤回…")
    planner.page.click("dialog .go")
    planner.says("已撤回")
    turn_of_the_day(planner, MIDNIGHT + timedelta(days=1), before=codes, after=old)


def turn_of_the_day(
    planner: Planner, midnight: datetime, *, before: set[str], after: set[str]
) -> None:
    """The wall of a command centre, in a window of its own, from a minute before to a second
    after."""
    clock, browser = planner.served.clock, planner.page.context.browser
    assert isinstance(clock, SetClock)
    assert browser is not None
    clock.set(midnight - timedelta(minutes=1))
    viewport: Any = {"width": 1920, "height": 1080}
    context = browser.new_context(viewport=viewport, locale="zh-CN")
    wall = Watched(context.new_page(), planner.served)
    wall.page.goto(f"{planner.served.url}/wall")
    sign_in(wall.page, planner.served.account(Role.VIEWER))
    wall.page.wait_for_url("**/wall")
    wall.page.wait_for_selector(READY)
    assert cells_on(wall.page) == before
    clock.set(midnight + timedelta(seconds=1))
    (chore,) = (one for one in chores(Settings()) if one.name == "plans take effect")
    do(planner.served.database, clock, chore)
    # Nobody touches it: the wall draws itself anew.
    expect_cells(wall.page, after)
    wall.check()
    context.close()


def sign_in(page: Page, username: str) -> None:
    """By the form, which a page whose session is over shows."""
    if "/login" not in page.url:
        page.reload()
    page.fill("[name=username]", username)
    page.fill("[name=password]", PASSWORD)
    page.click("[type=submit]")
    page.wait_for_url(lambda url: "/login" not in url)


def cells_on(page: Page) -> set[str]:
    """The codes of the cells that a page's map shows."""
    return set(
        page.evaluate(
            "() => map_wall.ground.find((layer) => layer.wangge.name === 'cells')"
            ".getLayers().map((cell) => cell.feature.properties.code)"
        )
    )


def expect_cells(page: Page, codes: set[str]) -> None:
    page.wait_for_function(
        "(codes) => {"
        " const layer = window.map_wall?.ground?.find((one) => one.wangge.name === 'cells');"
        " const shown = layer?.getLayers().map((cell) => cell.feature.properties.code) ?? [];"
        " return shown.length === codes.length && shown.every((code) => codes.includes(code)); }",
        arg=sorted(codes),
        timeout=20_000,
    )


def bring_in_a_messy_plan(planner: Planner) -> None:
    planner.begin()
    page = planner.page
    planner.bring_in("草图.geojson", "明日方案")
    page.click("[data-tab=problems]")
    page.click("#tab .row .go")
    planner.says("还剩 0 处问题")
    made = planner.ask("GET", "")["items"]
    planner.plan = next(one["id"] for one in made if one["name"] == "明日方案")
    lon, lat = town.point(150, 150)
    page.evaluate("(at) => map_planner.setView(at, 17.5, {animate: false})", [lat, lon])


def split_merge_and_move_a_border(planner: Planner) -> None:
    page = planner.page
    planner.take("split")
    planner.click(30, 30)
    planner.draw((50, 0), (50, 100))
    planner.says("已分成 2 个网格")
    planner.take("merge")
    planner.click(150, 50)
    planner.click(250, 50)
    page.click("#card .go")
    planner.says("已合并")
    planner.take("border")
    planner.click(100, 150)
    planner.drag((100, 150), (112, 152))
    planner.says("实际移动")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")


def draw_a_community(planner: Planner) -> None:
    page = planner.page
    page.click("#open-plan >> text=自动划分…")
    page.select_option("dialog [name=within]", NORTH)
    page.fill("dialog [name=cells]", "2")
    page.click("dialog .go")
    expect(page.locator("#job")).to_contain_text("排队中")
    assert run_one(planner.served.database, planner.served.clock, threading.Event())
    page.click("#job .go")
    expect(page.locator(".answer:not(.present)")).to_have_count(3)
    page.locator(".answer .go").first.click()
    planner.says("已采用")


def weigh_and_publish(planner: Planner) -> set[str]:
    page = planner.page
    page.click("[data-tab=impact]")
    page.click("#tab .go")
    expect(page.locator("#tab")).to_contain_text(town.WORKER_NAMES["N1"])
    page.click("#open-plan >> text=发布…")
    expect(page.locator("dialog [name=from]")).to_have_value("2026-03-03")
    page.click("dialog .go")
    planner.says("将于2026年3月3日零点生效")
    cells = planner.cells()
    # Codes are final: digits alone, and none that stood for other land.
    assert all(code.isdigit() for code in cells)
    assert len([code for code in cells if code.startswith(NORTH)]) == 2
    assert len([code for code in cells if code.startswith(SOUTH)]) == 3
    assert not {town.S1, town.S2, town.S3} & set(cells)
    return set(cells)
