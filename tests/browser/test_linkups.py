# SPDX-License-Identifier: Apache-2.0
"""Linkups on the wall and in the report, in Chromium: the climb, drills, times to connect."""

from datetime import timedelta

from playwright.sync_api import expect

from geo.accounts.rules import Role
from geo.clock import SetClock
from tests import town
from tests.browser.conftest import Open
from tests.linkups import AT, accept, account, duty, emergency, run_out, states
from tests.people import AT_HOME, stand
from tests.serving import Served


def test_the_wall_marks_drills_and_shows_who_is_asked_on_the_way_up(
    visit: Open, served: Served
) -> None:
    database = served.database
    with database.transaction() as session:
        stand(session, AT_HOME, at=AT)
    account(database, Role.SUPERVISOR, town.N1[:12], "社区主任")
    page = visit("/wall", Role.DISPATCHER).page
    page.wait_for_selector("html[data-ready]")
    expect(page.locator("#drill")).to_be_hidden()
    emergency(database, town.S1, drill=True)
    card = page.locator("#incidents li.drill")
    expect(card.locator(".drill-mark")).to_have_text("演练")
    expect(page.locator("#drill")).to_have_text("演练进行中")
    expect(page.locator(".flagged.drill b")).to_contain_text("【演练】")
    # It counts nowhere.
    expect(page.locator("#open-incidents")).to_have_text("0")
    for name in town.WORKERS:
        if name not in ("N1", town.OFF_DUTY):
            duty(database, name, False)
    begun = emergency(database)
    expect(page.locator("#open-incidents")).to_have_text("1")
    run_out(database, begun.id)
    real = page.locator("#incidents li.real")
    expect(real).to_contain_text("正在呼叫社区")
    page.click("#language")
    expect(real).to_contain_text("calling community")
    expect(card.locator(".drill-mark")).to_have_text("Drill")
    page.click("#language")


def test_times_to_connect_by_hour_and_area(visit: Open, served: Served, clock: SetClock) -> None:
    database = served.database
    with database.transaction() as session:
        stand(session, AT_HOME, at=AT)
    for drill, seconds in ((False, 12), (True, 7)):
        begun = emergency(database, drill=drill)
        first = next(iter(states(begun)))
        accept(database, first, begun.id, at=AT + timedelta(seconds=seconds))
    clock.advance(timedelta(minutes=10))
    page = visit("/reports/linkups", Role.SUPERVISOR, size=(360, 740)).page
    row = page.locator("#spreads tr").nth(3)
    expect(row).to_contain_text("到接办")
    expect(row.locator("td").nth(2)).to_have_text("12")
    expect(page.locator("#hours rect.median")).to_have_count(1)
    page.get_by_role("button", name="演练", exact=True).click()
    expect(row.locator("td").nth(2)).to_have_text("7")
    page.get_by_role("button", name="上街道").click()
    expect(page.locator("#where")).to_have_text("上街道")
    expect(page.locator("#areas td button")).to_have_text(["北社区"])
    page.click("#language")
    expect(page.locator("h1")).to_have_text("Time to connect")
    page.get_by_role("button", name="Real", exact=True).click()
    expect(row.locator("td").nth(2)).to_have_text("12")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.click("#language")
