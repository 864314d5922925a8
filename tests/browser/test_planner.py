# SPDX-License-Identifier: Apache-2.0
"""The planner's page in Chromium: a draft is begun, drawn on, undone, and nothing is lost."""

import pytest
from playwright.sync_api import expect
from shapely.geometry import mapping

from tests import drawing, town
from tests.browser.planners import PLANS, Planner


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


def test_a_border_that_goes_round_a_cell_is_dragged(planner: Planner) -> None:
    planner.begin()
    corners = ((30, 30), (70, 30), (70, 70), (30, 70), (30, 30))
    ring = mapping(drawing.line(*corners))
    planner.edit({"op": "split", "cell": town.S1, "line": ring, "buildings": "cut"})
    planner.reload()
    page = planner.page
    before = {code: cell["area_m2"] for code, cell in planner.cells().items()}
    (inner,) = [code for code, area in before.items() if area == pytest.approx(1600, abs=20)]
    planner.take("border")
    planner.click(70, 50)
    expect(page.locator("#card .subject")).to_be_visible()
    page.uncheck("#card [name=whole]")
    planner.drag((70, 70), (85, 85))
    planner.says("实际移动")
    after = {code: cell["area_m2"] for code, cell in planner.cells().items()}
    # Two triangles of 40 m by 15 m more.
    assert after[inner] - before[inner] == pytest.approx(600, abs=20)
    assert sum(after.values()) == pytest.approx(sum(before.values()), abs=0.5)
    expect(page.locator("#card .subject")).to_be_visible()
    # What was refused is still in hand after a reload, all the way round.
    planner.take("lock")
    planner.click(10, 10)
    planner.says("已锁定")
    planner.take("border")
    planner.click(30, 50)
    planner.watched.cut = True
    planner.drag((30, 30), (20, 20))
    planner.says("已在本草案中锁定")
    planner.reload()
    expect(page.locator("#card .warn")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#card .subject")).to_be_hidden()


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
    planner.says("已改划。网格名称没有变")
    assert "210503101002D01" in planner.cells()
    # Two cells of one name are told apart where one goes over into the other.
    page.click("[data-tab=impact]")
    page.click("#tab .go")
    # Its worker's line, and that of its checkpoint.
    expect(page.locator("#tab")).to_contain_text("第1网格（北社区）（换编码） → 第1网格（中社区）")
    expect(page.locator("#tab")).to_contain_text("第1网格（北社区） → 第1网格（中社区）")
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
    planner.draw((70, 225), (85, 270))
    planner.says("恰好穿过一次")
    expect(page.locator(".flash")).to_be_attached()
    expect(page.locator("#card .warn")).to_be_visible()
    planner.reload()
    expect(page.locator("[data-tool=split]").first).to_be_visible()
    expect(page.locator("#card .warn")).to_be_visible()
    expect(page.locator(".marker-icon:not(.marker-icon-middle)")).to_have_count(2)
    # Mended by hand, it is accepted.
    planner.drag((70, 225), (70, 196))
    planner.drag((85, 270), (85, 304))
    page.click("#card .go")
    planner.says("已分成 2 个网格")


def test_a_border_that_was_refused_is_still_in_hand_after_a_reload(planner: Planner) -> None:
    planner.begin()
    page = planner.page
    planner.take("lock")
    planner.click(150, 250)
    planner.says("已锁定")
    planner.take("border")
    planner.click(100, 250)
    planner.watched.cut = True
    planner.drag((100, 250), (120, 255))
    planner.says("网格 第2网格 已在本草案中锁定")
    planner.reload()
    expect(page.locator("#card .warn")).to_be_visible()
    expect(page.locator("#card .subject")).to_contain_text("第1网格 ｜ 第2网格")
    planner.click(150, 50)
    page.keyboard.press("Escape")
    expect(page.locator("#card .subject")).to_be_hidden()
    assert planner.cells()[town.N1]["area_m2"] == pytest.approx(10_000, abs=20)


def test_of_two_planners_the_second_sees_what_changed_and_keeps_his_drawing(
    planner: Planner,
) -> None:
    planner.begin()
    page = planner.page
    strip = mapping(drawing.region((200, 0), (212, 0), (212, 100), (200, 100)))
    edit = {"op": "transfer", "area": strip, "to": town.S2}
    planner.take("transfer")
    planner.click(50, 230)
    for at in ((90, 215), (112, 215), (112, 285)):
        planner.click(*at)
    # The line is cut: he learns of the other one's edit from the refusal alone.
    planner.watched.cut = True
    page.route("**/api/v1/live*", lambda route: route.abort())
    planner.served.cut_streams()
    page.wait_for_selector("html[data-link=lost]")
    planner.edit(edit)
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


def test_islands_are_allowed_where_they_are_asked_for(planner: Planner) -> None:
    planner.begin()
    # What is refused at first is what this is about.
    planner.watched.cut = True
    page = planner.page
    planner.take("reassign")
    planner.click(150, 30)
    page.select_option("#card [name=to]", "210503101002")
    page.click("#card .go")
    expect(page.locator("dialog")).to_contain_text("允许飞地")
    page.click("dialog .go")
    # The subdistrict first, then the community.
    expect(page.locator("dialog .go")).to_contain_text("南社区")
    page.click("dialog .go")
    planner.says("已改划")
    assert town.S2 not in planner.cells()
