# SPDX-License-Identifier: Apache-2.0
"""From alarm to connected worker, whole, in four real pages: desk, two phones, wall.

The holder of the cell is asked and does not answer; whoever is asked in the second ring accepts and
speaks with the officer. The wall shows each step, and the record tells it all again.
"""

from datetime import timedelta
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from geo.accounts.rules import Role
from geo.clock import SetClock
from geo.incidents.policies import LinkupPolicy
from geo.incidents.rules import Linkup
from tests import town
from tests.browser.conftest import Open
from tests.browser.people import READY, People
from tests.browser.voice import keep_lines, packets
from tests.browser.watching import wait_until
from tests.linkups import run_out
from tests.serving import Served

LIVE = "#link[data-state=live]"
HOLDER, SECOND = town.WORKER_NAMES["N1"], town.WORKER_NAMES["N2"]
WITHIN_S = 15

pytestmark = pytest.mark.usefixtures("patient")


@pytest.fixture
def people(visit: Open, served: Served, clock: SetClock) -> People:
    """Everybody in the middle of his cell; one after the other is asked."""
    return People(visit, served, clock, LinkupPolicy(ring_size=1, answer_within_s=WITHIN_S))


def officers(people: People, path: str) -> Page:
    """A page of the command centre, live."""
    page = people.visit(path, Role.DISPATCHER, size=(1366, 768)).page
    page.wait_for_selector(READY)
    page.wait_for_selector(LIVE)
    return page


def test_an_alarm_becomes_a_voice(people: People, clock: SetClock) -> None:
    wall = officers(people, "/wall")
    first = people.phone("N1", "geolocation", "microphone", spot=(50, 250)).page
    second = people.phone("N2", "geolocation", "microphone", spot=(150, 250)).page
    desk = officers(people, "/desk")
    for end in (desk, second):
        keep_lines(end)
    linkup = the_holder_is_asked(people, desk, wall, first)
    expect(second.locator("#idle")).to_be_visible()

    # He does not answer: his time runs out, and the ring widens.
    clock.set(run_out(people.served.database, linkup.id))
    expect(first.locator("#notice")).to_contain_text("应答超时")
    expect(second.locator("#call h1")).to_have_text("枯树倾斜")
    expect(wall.locator("#incidents .timed_out")).to_have_text("1 人未应答")
    expect(wall.locator("#incidents .asked")).to_have_text(f"{SECOND} 正在呼叫")
    expect(desk.locator("#linkup li.asked")).to_contain_text(SECOND)

    clock.advance(timedelta(seconds=4))
    second.click("#accept")
    expect(wall.locator("#incidents .accepted")).to_have_text(f"{SECOND} 已接受")
    expect(desk.locator("#linkup li.accepted")).to_contain_text(SECOND)
    expect(wall.locator("#ticker li.call span")).to_have_text(
        [f"枯树倾斜 · {SECOND} 前往", "枯树倾斜 · 扩大到第 2 圈", "枯树倾斜 · 呼叫 1 人"]
    )

    clock.advance(timedelta(seconds=2))
    they_speak(desk, second, clock)
    clock.advance(timedelta(seconds=60))
    desk.locator("#list").focus()
    desk.keyboard.press("c")
    desk.keyboard.type("已清理")
    desk.keyboard.press("Enter")
    expect(wall.locator("#no-incidents")).to_be_visible()
    # The wall may hear of it before the desk has its answer.
    expect(desk.locator("#dialog")).to_be_hidden()
    it_is_told_again(people, desk, linkup)


def the_holder_is_asked(people: People, desk: Page, wall: Page, holder: Page) -> Linkup:
    """The officer types what he hears, and rings: the holder of the cell, and him alone."""
    desk.keyboard.type("彩虹街十号楼")
    expect(desk.locator("#candidates li").first).to_contain_text("彩虹街10号楼")
    desk.keyboard.press("Enter")
    expect(desk.locator("#near li").first).to_contain_text(HOLDER)
    desk.keyboard.type("枯树倾斜")
    desk.keyboard.press("Enter")
    asked = desk.locator("#linkup li.asked")
    expect(asked).to_have_count(1)
    expect(asked).to_contain_text(HOLDER)
    expect(holder.locator("#call h1")).to_have_text("枯树倾斜")
    expect(wall.locator("#incidents .asked")).to_have_text(f"{HOLDER} 正在呼叫")
    id = desk.locator("#list li").get_attribute("data-id")
    assert id is not None
    return people.linkup(UUID(id))


def they_speak(desk: Page, worker: Page, clock: SetClock) -> None:
    """Sound comes in at both ends, until the worker hangs up after nine seconds."""
    desk.locator("#list").focus()
    desk.keyboard.press("k")
    worker.click("text=接听")
    for end in (desk, worker):
        expect(end.locator(".voice b")).to_contain_text("通话中")
        wait_until(end, lambda end=end: packets(end) > 5)
    clock.advance(timedelta(seconds=9))
    worker.click("text=挂断")
    expect(desk.locator(".voice .last")).to_contain_text("通话已结束")


def it_is_told_again(people: People, desk: Page, linkup: Linkup) -> None:
    """The record says each step with its time, and prints; each ring can be ranked again."""
    with desk.context.expect_page() as opened:
        desk.keyboard.press("h")
    sheet = opened.value
    rows = sheet.locator("#story tr")
    expect(rows).to_have_count(8)
    told = [tuple(row.locator("td").nth(n).inner_text() for n in (0, 2)) for row in rows.all()]
    assert told == [
        ("3月2日 08:01:00", "上报：紧急，彩虹街10号楼"),
        ("3月2日 08:01:00", f"第 1 圈呼叫：{HOLDER}"),
        ("3月2日 08:01:15", f"{HOLDER} 未在时限内应答"),
        ("3月2日 08:01:15", f"第 2 圈呼叫：{SECOND}"),
        ("3月2日 08:01:19", f"{SECOND} 接受，前往处置"),
        ("3月2日 08:01:21", f"与 {SECOND} 接通电话"),
        ("3月2日 08:01:30", f"与 {SECOND} 通话结束，9 秒"),
        ("3月2日 08:02:30", "结案\n已清理"),
    ]
    sheet.evaluate("() => { window.print = () => { window.printed = true; }; }")
    sheet.click("#print")
    assert sheet.evaluate("window.printed")
    officer = people.served.sign_in(people.served.account(Role.DISPATCHER))
    again = f"/api/v1/linkups/{linkup.id}/recommendation"
    status, answer = people.served.ask("GET", again, officer)
    assert (status, [ring["same"] for ring in answer["rings"]]) == (200, [True, True])
