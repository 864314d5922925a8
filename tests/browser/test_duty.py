# SPDX-License-Identifier: Apache-2.0
"""What climbs to a supervisor, on his page: it rings, he takes charge, asks and writes."""

import pytest
from playwright.sync_api import Page, expect

from geo.accounts.rules import Role
from geo.clock import SetClock
from geo.incidents.climbs import ClimbLevel
from geo.incidents.policies import LinkupPolicy
from geo.incidents.rules import Linkup
from tests import linkups, town
from tests.browser.conftest import Open
from tests.browser.people import PHONE, READY, People
from tests.serving import Served

COMMUNITY, SUBDISTRICT = town.N1[:12], town.N1[:9]
HOLDER = town.WORKER_NAMES["N1"]
RINGS, QUIET = "html[data-bell]", "html:not([data-bell])"

pytestmark = pytest.mark.usefixtures("patient")


@pytest.fixture
def people(visit: Open, served: Served, clock: SetClock) -> People:
    """Everybody in the middle of his cell; one ring of one, and then it climbs."""
    return People(visit, served, clock, LinkupPolicy(ring_size=1, most_rings=1))


def supervisor(people: People, scope: str) -> Page:
    """A supervisor's page on his phone, live."""
    page = people.visit("/duty", Role.SUPERVISOR, scope=scope, size=PHONE).page
    page.wait_for_selector(READY)
    return page


def runs_out(people: People, linkup: Linkup) -> None:
    """Nobody answers."""
    people.clock.set(linkups.run_out(people.served.database, linkup.id))


def test_what_climbs_rings_until_he_takes_charge(people: People) -> None:
    """Nobody answers, it climbs, he takes charge, asks by name and writes; all screens show it."""
    page = supervisor(people, COMMUNITY)
    expect(page.locator("#idle")).to_contain_text("没有等您接手的连线")
    worker = people.phone("N1", "geolocation", spot=(50, 250)).page
    wall = people.visit("/wall", Role.DISPATCHER).page
    desk = people.visit("/desk", Role.DISPATCHER).page
    for screen in (wall, desk):
        screen.wait_for_selector(READY)
    linkup = people.emergency()
    expect(worker.locator("#call .way")).to_contain_text("沿路")
    expect(page.locator("#idle")).to_be_visible()
    runs_out(people, linkup)
    expect(page.locator("#case h1")).to_have_text("公园枯树倾斜<b>")
    expect(page.locator("#case .place")).to_have_text("彩虹街10号楼")
    expect(page.locator("#case .stand")).to_contain_text("已上报到您（社区）")
    expect(page.locator("#case .head .left")).to_contain_text("还剩")
    expect(page.locator("#linkup li.timed_out")).to_contain_text(HOLDER)
    expect(page.locator(RINGS)).to_be_visible()
    # He hears of it and does nothing else yet: neither writes, asks nor rings the caller up.
    expect(page.locator("#near-section")).to_be_hidden()
    expect(page.locator("#talk")).to_be_hidden()
    expect(page.locator("#case a[href^='tel:']")).to_have_count(0)
    box = page.locator("#take").bounding_box()
    assert box
    assert box["y"] + box["height"] <= PHONE[1]
    assert box["y"] > PHONE[1] * 0.75, "at thumb height"

    page.click("#take")
    expect(page.locator(QUIET)).to_be_visible()
    expect(page.locator("#case .stand")).to_have_text("由您负责")
    expect(page.locator("#case .said a[href='tel:13900000000']")).to_be_visible()
    charge = people.linkup(linkup.incident).climb[-1]
    assert charge.by is not None
    expect(wall.locator("#incidents")).to_contain_text(f"{charge.by.name} 已确认负责")
    desk.click("#list li")
    told = f"由 {charge.by.name} 负责"
    expect(desk.locator("#linkup .climb .acknowledged")).to_contain_text(told)

    page.locator("#near li", has_text=HOLDER).get_by_role("button", name="呼叫").click()
    expect(page.locator("#linkup li.asked")).to_contain_text("指定呼叫")
    expect(desk.locator("#linkup li.asked")).to_contain_text("指定呼叫")
    worker.click("#accept")
    expect(page.locator("#linkup li.accepted")).to_contain_text(HOLDER)
    expect(page.locator("#near-section")).to_be_hidden()
    expect(page.locator(".voice")).to_contain_text(f"呼叫 {HOLDER}")
    page.fill("#channel form input", "注意电线")
    page.click("#channel [type=submit]")
    for screen in (worker, desk):
        expect(screen.locator("#channel .messages")).to_contain_text("注意电线")
    people.close(linkup)
    expect(page.locator("#notice")).to_contain_text("「公园枯树倾斜<b>」已办结")
    expect(page.locator("#idle")).to_be_visible()


def test_what_waits_already_rings_and_goes_to_the_first_who_takes_it(people: People) -> None:
    """Opened late, the page rings at once; who was asked lower down may still take it."""
    lower = people.served.account(Role.SUPERVISOR, scope=COMMUNITY)
    linkup = people.emergency()
    runs_out(people, linkup)
    first = people.visit("/login", size=PHONE).page
    people.sign_in(first, lower)
    first.wait_for_url("**/duty")
    expect(first.locator(RINGS)).to_be_visible()
    second = supervisor(people, SUBDISTRICT)
    expect(second.locator("#idle")).to_be_visible()
    runs_out(people, linkup)
    assert people.linkup(linkup.incident).climb[-1].level is ClimbLevel.SUBDISTRICT
    expect(second.locator(RINGS)).to_be_visible()
    expect(first.locator(QUIET)).to_be_visible()
    expect(first.locator("#case .stand")).to_have_text("已继续上报，您仍可接手")
    first.click("#language")
    stand = first.locator("#case .stand")
    expect(stand).to_have_text("It has climbed on; you still may take charge")
    first.click("#take")
    expect(stand).to_have_text("You are in charge")
    expect(second.locator("#notice")).to_contain_text(f"{lower} 已接手")
    expect(second.locator(QUIET)).to_be_visible()


def test_a_drill_is_marked(people: People) -> None:
    page = supervisor(people, COMMUNITY)
    linkup = linkups.emergency(people.served.database, at=people.clock.now(), drill=True)
    runs_out(people, linkup)
    expect(page.locator("#case .drill")).to_have_text("演练")
