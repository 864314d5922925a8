# SPDX-License-Identifier: Apache-2.0
"""What is done with whole plans at the planner's page: weighed, adopted, drawn, brought in."""

import re
import threading
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from api.jobs import run_one
from api.routes import plan_impact
from geo.clock import SetClock
from tests import town
from tests.browser.planners import Planner


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
    # What the pointer is over is a cell of the plan that is drawn there.
    page.mouse.move(*planner.spot(40, 40))
    expect(page.locator("#cell")).to_contain_text("210503102001D0")
    page.focus("#swipe")
    for _ in range(12):
        page.keyboard.press("ArrowLeft")
    page.mouse.move(*planner.spot(30, 30))
    expect(page.locator("#cell")).to_contain_text(town.S1)
    planner.reload()
    expect(page.locator("#compare")).to_be_visible()
    page.click("#compare button")
    expect(page.locator("#swipe")).to_be_hidden()


# What the town is too small for: a list of the impact with so many lines of so many in all.
LIST = """async ([items, total]) => {
  const { ImpactView } = await import("/static/planner_impact.js");
  const words = (one) => [String(one), ""];
  const list = ImpactView.prototype.list([...Array(items).keys()], total, words);
  const counts = [list.querySelectorAll("b").length];
  list.querySelector(".more")?.click();
  return [...counts, list.querySelectorAll("b").length, list.lastElementChild.textContent];
}"""


def test_a_long_list_of_the_impact_is_unfolded(planner: Planner) -> None:
    planner.begin()
    assert planner.page.evaluate(LIST, [30, 30]) == [30, 30, "29"]
    assert planner.page.evaluate(LIST, [103, 103]) == [30, 103, "102"]
    assert planner.page.evaluate(LIST, [40, 50]) == [30, 40, "还有 10 项未列出"]


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
    # Whose border alone moves is folded away.
    expect(page.locator("#tab .folded li").first).to_be_hidden()
    page.click("#tab >> text=仅边界微调 2 人")
    expect(page.locator("#tab .folded li").first).to_contain_text(town.WORKER_NAMES["M1"])
    page.evaluate("document.getElementById('tab').scrollTop = 999")
    page.click("#open-plan >> text=发布…")
    expect(page.locator("dialog [name=from]")).to_have_value("2026-03-03")
    expect(page.locator("dialog .what")).to_contain_text("户换网格")
    expect(page.locator("dialog .what")).to_contain_text("另有 2 名仅边界微调")
    page.click("dialog .go")
    # No cell is new: of a building that moved the group has another code.
    planner.says("将于2026年3月3日零点生效；1 个楼栋组重新编码。")
    expect(page.locator("#open-plan em")).to_have_text("即将生效")
    expect(page.locator("#tab .tasks li").first).to_contain_text("巡查点 · 凉亭 N2-1")
    # A tab opens at its top, wherever the one before it was.
    assert page.evaluate("document.getElementById('tab').scrollTop") == 0
    page.locator("#tab .tasks input").first.check()
    expect(page.locator("#tab .say")).to_contain_text("已核对 1 项")
    expect(page.locator("#open-plan a.button")).to_have_attribute("href", "/wall?on=2026-03-03")
    with page.expect_popup() as opened:
        page.click("#open-plan a.button")
    wall = opened.value
    # That day's division, and nothing of today.
    expect(wall.locator("#previewed-cells")).to_have_text("9")
    expect(wall.locator("#changed-cells")).to_have_text("4")
    expect(wall.locator("#date")).to_contain_text("3月3日")
    for today in (".figures", ".incidents", ".ticker", "#clock"):
        expect(wall.locator(today)).to_be_hidden()
    wall.close()
    page.click("#open-plan >> text=撤回…")
    expect(page.locator("dialog .say")).to_contain_text("转入历史方案")
    page.click("dialog >> text=撤回方案")
    planner.says("已撤回")
    expect(page.locator("#open-plan em")).to_have_text("现行")


def test_many_check_ins_are_judged_beside_the_work(
    planner: Planner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan_impact, "AT_ONCE", -1)
    planner.begin()
    page = planner.page
    page.click("[data-tab=impact]")
    page.click("#tab .go")
    # All else is told at once.
    expect(page.locator("#tab")).to_contain_text("待重判")
    page.click("#tab .go")
    expect(page.locator("#tab")).to_contain_text("排队中")
    page.click("#tab >> text=取消")
    assert isinstance(planner.served.clock, SetClock)
    planner.served.clock.advance(timedelta(seconds=1))
    page.click("#tab >> text=重判打卡")
    planner.reload()
    page.click("#tab .go")
    expect(page.locator("#tab progress")).to_be_visible()
    assert run_one(planner.served.database, planner.served.clock, threading.Event())
    expect(page.locator("#tab")).to_contain_text("0 条改判")


def test_cells_draw_themselves_and_one_of_three_answers_is_adopted(planner: Planner) -> None:
    planner.begin()
    page = planner.page
    page.click("#open-plan >> text=自动划分…")
    # What is looked at is meant, unless another area is chosen.
    expect(page.locator("dialog [name=within]")).to_have_value("210503101002")
    page.select_option("dialog [name=within]", "210503101001")
    page.fill("dialog [name=cells]", "2")
    page.click("dialog .go")
    expect(page.locator("#job")).to_contain_text("排队中")
    # It goes on over a reload.
    planner.reload()
    expect(page.locator("#job progress")).to_be_visible()
    assert run_one(planner.served.database, planner.served.clock, threading.Event())
    expect(page.locator("#job")).to_contain_text("有 1 个与现在不同的结果")
    page.click("#job .go")
    # As it is now, and three answers beside it.
    expect(page.locator(".answer")).to_have_count(4)
    expect(page.locator(".answer.present .picture path")).to_have_count(3)
    expect(page.locator(".answer.present dl")).to_contain_text("0%")
    # In so small a community all three draw the same, and say so.
    expect(page.locator(".answer:not(.present) .picture path")).to_have_count(2)
    expect(page.locator(".answer .same")).to_have_count(2)
    expect(page.locator(".answer .same").last).to_contain_text("是同一个结果")
    page.locator(".answer .go").first.click()
    planner.says("已采用")
    codes = [code for code in planner.cells() if code.startswith("210503101001")]
    assert len(codes) == 2
    expect(page.locator("#job")).to_be_hidden()


def test_on_a_phone_a_draft_its_figures_and_its_problems_are_looked_at(planner: Planner) -> None:
    planner.begin()
    page = planner.page
    planner.bring_in("北一.geojson", "外来方案")
    page.set_viewport_size({"width": 360, "height": 780})
    planner.reload()
    expect(page.locator("#open-plan")).to_contain_text("外来方案")
    expect(page.locator(".on-small")).to_contain_text("画边界请用电脑")
    expect(page.locator(".toolbox")).to_be_hidden()
    page.click("[data-tab=problems]")
    page.locator(".problems .plain").first.click()
    expect(page.locator(".flash")).to_be_in_viewport()
    page.locator("#figures").scroll_into_view_if_needed()
    expect(page.locator("#figures")).to_contain_text("平均户数")
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    page.set_viewport_size({"width": 1366, "height": 768})


def test_a_messy_file_is_a_draft_its_problems_are_shown_and_mended(planner: Planner) -> None:
    planner.begin()
    page = planner.page
    planner.bring_in("北一.geojson", "外来方案")
    expect(page.locator("#open-plan")).to_contain_text("外来方案")
    # Terms of the field say what they mean.
    expect(page.locator("#figures .term", has_text="跨越屏障")).to_have_attribute(
        "title", re.compile("铁路、河流或主干路")
    )
    expect(page.locator("[data-tab=problems] b")).to_have_text("2")
    expect(page.locator(".problems")).to_contain_text("缝隙")
    expect(page.locator(".problems")).to_contain_text("重叠")
    page.locator(".problems .plain").first.click()
    expect(page.locator(".flash")).to_be_attached()
    # With problems nothing is published.
    page.click("#open-plan >> text=发布…")
    expect(page.locator("dialog .stop")).to_contain_text("还有 2 处问题")
    page.click("dialog .go")
    page.click("#tab .row .go")
    planner.says("还剩 0 处问题")
    # Nobody asked for so much land.
    expect(page.locator("#note")).not_to_contain_text("要求移动")
    expect(page.locator("#tab")).to_contain_text("没有问题")
    page.click("#open-plan >> text=导出…")
    with page.expect_download() as kept:
        page.click("dialog [data-file=gpkg] button")
    assert kept.value.suggested_filename == "外来方案.gpkg"
    with page.expect_download() as kept:
        page.click("dialog [data-file=changes] button")
    assert kept.value.suggested_filename == "外来方案 变更表.xlsx"
    page.select_option("dialog [name=within]", "210503102001")
    with page.expect_download() as kept:
        page.click("dialog [data-file=sheets] button")
    assert kept.value.suggested_filename == "外来方案 南社区 网格图.pdf"
    # Those of more than one community are drawn beside the work, over a reload too.
    page.select_option("dialog [name=within]", "210503101")
    page.click("dialog [data-file=sheets] button")
    expect(page.locator("#sheets")).to_contain_text("排队中")
    page.click("#sheets >> text=取消")
    expect(page.locator("#sheets")).to_be_hidden()
    page.click("#open-plan >> text=导出…")
    page.select_option("dialog [name=within]", "210503101")
    page.click("dialog [data-file=sheets] button")
    # The words of the one given up are still in the hidden box.
    expect(page.locator("#sheets")).to_be_visible()
    expect(page.locator("#sheets")).to_contain_text("排队中")
    planner.reload()
    expect(page.locator("#sheets progress")).to_be_visible()
    assert run_one(planner.served.database, planner.served.clock, threading.Event())
    with page.expect_download() as kept:
        page.click("#sheets .go")
    assert kept.value.suggested_filename == "外来方案 上街道 网格图.pdf"
    page.click("#sheets >> text=关闭")
    expect(page.locator("#sheets")).to_be_hidden()
