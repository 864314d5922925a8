# SPDX-License-Identifier: Apache-2.0
"""What waits for a supervisor, in Chromium: phones, appeals, badly placed checkpoints."""

import pytest
from playwright.sync_api import expect

from geo.accounts.rules import Role
from geo.clock import SetClock
from geo.crs import System
from geo.settling.actions import settle
from geo.unsettled import WorkerDay
from tests import town
from tests.browser.conftest import Open
from tests.browser.test_check_ins import READY, check_in
from tests.db.patrol.test_rejudging import phone, said_in
from tests.db.patrol.test_suspecting import SPOTS, said_by
from tests.db.settling.test_settling import parcels, send
from tests.serving import Served


def test_a_confirmed_finding_offers_to_judge_the_past_again(visit: Open, served: Served) -> None:
    said_by(served.database, phone(served.database), said_in(System.GCJ02, *SPOTS))
    page = visit("/check-ins", Role.SUPERVISOR).page
    page.wait_for_selector(READY)
    page.click("#waiting-findings summary")
    expect(page.locator("#waiting-findings")).to_contain_text("向东北偏东偏了 54")
    page.locator("#waiting-findings .choices button").last.click()
    page.click("[data-choice=confirm]")
    page.click("[data-choice=rejudge]")
    expect(page.locator("#waiting [role=status]")).to_contain_text("结果改变")
    expect(page.locator("#waiting-findings")).to_have_count(0)


def test_doubts_about_a_whole_day_are_shown_as_marks(visit: Open, served: Served) -> None:
    worker = town.WORKERS["S1"]
    for parcel in parcels():
        if parcel.worker == worker:
            send(served.database, parcel, parcel.due)
    with served.database.transaction() as session:
        settle(session, WorkerDay(town.DISTRICT, worker, town.MORNING.date()), at=town.MORNING)
    for role, whose in ((Role.SUPERVISOR, None), (Role.WORKER, worker)):
        page = visit("/check-ins", role, worker=whose).page
        page.wait_for_selector(READY)
        page.click("#waiting-days summary")
        marks = page.locator("#waiting-days li li")
        expect(marks).to_have_count(1)
        expect(marks).to_contain_text("位置和精度一成不变")
        expect(page.locator("#waiting-days")).to_contain_text("仅作标注，不作处罚")
        page.click("#language")
        expect(marks).to_contain_text("Place and accuracy unchanging")


def test_appeals_decided_and_the_checkpoint_reported(
    visit: Open, served: Served, clock: SetClock
) -> None:
    me = served.sign_in(served.account(Role.WORKER, worker=town.WORKERS["N1"]))
    for _ in range(3):
        id = check_in(served, clock, 95, 250, at_checkpoint=True, accuracy=1)
        path = f"/api/v1/check-ins/{id}/appeals"
        assert served.ask("POST", path, me, {"text": "门在另一侧"})[0] == 201
    page = visit("/check-ins", Role.SUPERVISOR).page
    for left in (2, 1, 0):
        page.wait_for_selector(READY)
        page.click("#waiting-appeals summary")
        page.locator("#waiting-appeals li a").first.click()
        page.click("#decide_button")
        page.fill("#dialog textarea", "属实")
        page.click("[data-choice=uphold]")
        expect(page.locator("#accepted")).to_have_text("予以认可")
        page.goto(f"{served.url}/check-ins")
        page.wait_for_selector(READY)
        expect(page.locator("#waiting-appeals li")).to_have_count(left)
    page.click("#waiting-misplaced summary")
    expect(page.locator("#waiting-misplaced li")).to_contain_text("3 次申诉中 3 次成立")
    page.click("text=看地图")
    expect(page.locator("#place path.leaflet-interactive")).to_have_count(0)
    # Three who were there, the way, where it stands and where it should.
    expect(page.locator("#place .leaflet-spots-pane path")).to_have_count(6)
    page.click("text=移到建议位置")
    page.click("[data-choice=move_there]")
    expect(page.locator("#waiting-misplaced")).to_have_count(0)
    boss = served.sign_in(served.account(Role.SUPERVISOR))
    moved = [
        one
        for one in served.ask("GET", "/api/v1/checkpoints", boss)[1]["items"]
        if one["id"] == str(town.CHECKPOINTS["N1"])
    ]
    assert moved[0]["lon"] == pytest.approx(town.point(95, 250)[0], abs=2e-5)
