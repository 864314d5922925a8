# SPDX-License-Identifier: Apache-2.0
"""The duty officer's desk in Chromium: hear, type, see who is near, ring; and what comes after."""

import re
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from geo.accounts.rules import Role
from geo.clock import SetClock
from tests import town
from tests.browser.conftest import Open
from tests.browser.watching import Watched, wait_until
from tests.people import AT_HOME, see, stand
from tests.serving import Served

Json = dict[str, Any]
READY = "html[data-ready=true]"
LIVE = "#link[data-state=live]"
INCIDENTS = "/api/v1/incidents"
# Count the sounds that are played, without a loudspeaker.
HEARD = """() => {
  window.heard = 0;
  const { start } = OscillatorNode.prototype;
  OscillatorNode.prototype.start = function (...at) {
    window.heard += 1;
    return start.apply(this, at);
  };
}"""


@pytest.fixture
def officer(served: Served, clock: SetClock) -> str:
    """A token of another officer; everybody stands in the middle of his cell."""
    with served.database.transaction() as session:
        stand(session, AT_HOME, at=clock.now())
    return served.sign_in(served.account(Role.DISPATCHER))


def desk(visit: Open, **more: Any) -> Watched:
    watched = visit("/desk", Role.DISPATCHER, **more)
    page = watched.page
    page.wait_for_selector(READY)
    page.wait_for_selector(LIVE)
    expect(page.locator("#place")).to_be_focused()
    return watched


def report(served: Served, by: str, east: float, north: float, **changed: Any) -> Json:
    lon, lat = town.point(east, north)
    body = {
        "id": str(uuid4()),
        "title": "枯树倾斜",
        "category": "突发事件",
        "severity": "normal",
        "place": {"point": {"lon": lon, "lat": lat}},
        **changed,
    }
    status, answer = served.ask("POST", INCIDENTS, by, body)
    assert status == 201, answer
    made: Json = answer
    return made


def shown(served: Served, by: str, id: str) -> Json:
    status, answer = served.ask("GET", f"{INCIDENTS}/{id}", by)
    assert status == 200, answer
    found: Json = answer
    return found


def chosen(page: Page) -> str:
    id = page.locator("#list li[aria-selected=true]").get_attribute("data-id")
    assert id is not None
    return id


def accept(served: Served, incident: Json, name: str) -> None:
    token = served.sign_in(served.account(Role.WORKER, worker=town.WORKERS[name]))
    status, answer = served.ask("POST", f"/api/v1/linkups/{incident['linkup']['id']}/accept", token)
    assert status == 200, answer


def leave(served: Served, clock: SetClock, name: str) -> None:
    """Go off duty."""
    with served.database.transaction() as session:
        see(session, town.WORKERS[name], AT_HOME[name], at=clock.now(), on_duty=False)


def test_from_the_first_key_to_the_ringing_phone(
    visit: Open, served: Served, officer: str, clock: SetClock
) -> None:
    page = desk(visit).page
    page.keyboard.type("彩虹街十号楼", delay=40)
    first = page.locator("#candidates li").first
    expect(first).to_contain_text("彩虹街10号楼")
    expect(first).to_have_attribute("aria-selected", "true")
    expect(page.locator(".spot.chosen")).to_have_text("1")
    page.keyboard.press("Enter")
    nearest = page.locator("#near li").first
    expect(nearest).to_contain_text(town.WORKER_NAMES["N1"])
    expect(nearest).to_contain_text("本网格负责人")
    page.keyboard.type("枯树倾斜<b>")
    clock.advance(timedelta(seconds=60))
    page.keyboard.press("Enter")
    asked = page.locator("#linkup li.asked")
    expect(asked).to_have_count(3)
    expect(asked.first).to_contain_text(town.WORKER_NAMES["N1"])
    expect(asked.first.locator(".left")).to_contain_text("秒")
    expect(page.locator("#detail h2")).to_have_text("枯树倾斜<b>")
    # How long it took is the service's own figure, wherever it stands and whoever reads it.
    stored = shown(served, officer, chosen(page))
    assert (stored["severity"], stored["label"]) == ("emergency", "彩虹街10号楼")
    rang = datetime.fromisoformat(stored["linkup"]["asked"][0]["asked_at"])
    took = f"{(rang - datetime.fromisoformat(stored['heard_at'])).total_seconds():.1f}"
    assert 0 < float(took) < 60
    expect(page.locator("#measured")).to_have_text(f"首键到响铃 {took} 秒 · 呼叫 3 人")
    expect(page.locator("#told .took")).to_have_text(f"首键到响铃 {took} 秒")
    page.click("#language")
    expect(page.locator("#measured")).to_have_text(f"{took} s from first key to ringing · 3 asked")
    expect(page.locator("#told .took")).to_have_text(f"{took} s from first key to ringing")
    page.click("#language")
    page.locator("#place").focus()
    # Ready for the next call.
    expect(page.locator("#place")).to_be_focused()
    expect(page.locator("#place")).to_have_value("")
    accept(served, stored, "N2")
    expect(page.locator("#linkup li.accepted")).to_contain_text(town.WORKER_NAMES["N2"])
    expect(page.locator("#linkup li.released")).to_have_count(2)
    # He leaves a cell of his own, and can be written to.
    expect(page.locator(".gaps li")).to_contain_text("第2网格")
    expect(page.locator(".gaps li")).to_contain_text("可补位")
    page.keyboard.press("F6")
    page.keyboard.press("i")
    page.keyboard.type("消防通道已打开")
    page.keyboard.press("Enter")
    expect(page.locator("#channel .mine")).to_contain_text("消防通道已打开")
    page.locator("#list").focus()
    page.keyboard.press("c")
    page.keyboard.type("已清理")
    page.keyboard.press("Enter")
    expect(page.locator("#about dl")).to_contain_text("已清理")
    assert shown(served, officer, stored["id"])["outcome"] == "已清理"


def test_who_types_on_is_shown_the_last_answer(visit: Open, officer: str) -> None:
    watched = desk(visit)
    page = watched.page
    delayed = []

    def late(route: Any) -> None:
        # The first question is answered after the second.
        if "%E5%BD%A9%E8%99%B9%E8%A1%97" in route.request.url and not delayed:
            delayed.append(route)
        else:
            route.continue_()

    page.route("**/geocode?**", late)
    page.keyboard.type("彩虹街")
    wait_until(page, lambda: bool(delayed))
    page.keyboard.press("Control+a")
    page.keyboard.type("长安路20号")
    expect(page.locator("#candidates li").first).to_contain_text("长安路20号楼")
    assert len(delayed) == 1
    delayed[0].continue_()
    page.wait_for_timeout(300)
    expect(page.locator("#candidates li").first).to_contain_text("长安路20号楼")


def test_who_is_faster_than_the_answer_has_pressed_enter_all_the_same(
    visit: Open, served: Served, officer: str
) -> None:
    page = desk(visit).page
    held: list[Any] = []
    page.route("**/geocode?**%E5%BD%A9**", lambda route: held.append(route))
    page.keyboard.type("彩虹街十号楼")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    # The whole of it has been asked: it ends in 楼.
    wait_until(page, lambda: any("%E6%A5%BC" in route.request.url for route in held))
    page.wait_for_timeout(300)
    expect(page.locator("#form")).to_have_attribute("data-step", "place")
    held[-1].continue_()
    expect(page.locator("#measured")).to_contain_text("呼叫 3 人")
    assert shown(served, officer, chosen(page))["label"] == "彩虹街10号楼"
    # A place that is not sure is not reported unseen.
    page.keyboard.type("月球背面")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(page.locator("#form")).to_have_attribute("data-step", "facts")
    page.wait_for_timeout(300)
    expect(page.locator("#place")).to_have_value("月球背面")
    expect(page.locator("#shortfall")).to_contain_text("待定位")


def test_who_is_near_is_who_would_be_rung_now(
    visit: Open, served: Served, officer: str, clock: SetClock
) -> None:
    page = desk(visit).page
    page.keyboard.type("彩虹街十号楼")
    page.keyboard.press("Enter")
    near = page.locator("#near")
    expect(near.locator("li").first).to_contain_text(town.WORKER_NAMES["N1"])
    leave(served, clock, "N1")
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    expect(near.locator("li").first).to_be_visible()
    expect(near).not_to_contain_text(town.WORKER_NAMES["N1"])
    # It goes on being true for as long as it is shown.
    leave(served, clock, "N2")
    expect(near).not_to_contain_text(town.WORKER_NAMES["N2"], timeout=8000)


def test_before_the_first_answer_nothing_is_said_to_be_open(visit: Open) -> None:
    page = desk(visit).page
    held: list[Any] = []
    page.route("**/state", lambda route: held.append(route))
    with page.expect_request("**/state"):
        page.reload()
    expect(page.locator("#none")).to_have_text("正在读取事件…")
    expect(page.locator("#count")).to_have_text("")
    wait_until(page, lambda: bool(held))
    held[-1].continue_()
    expect(page.locator("#none")).to_have_text("当前没有未结事件")
    expect(page.locator("#count")).to_have_text("0 件未结")


def test_a_dialog_says_that_it_is_at_work_and_closes_on_the_answer(
    visit: Open, served: Served, officer: str
) -> None:
    report(served, officer, 60, 250)
    page = desk(visit).page
    page.locator("#list li").click()
    page.keyboard.press("c")
    held: list[Any] = []
    page.route("**/close", lambda route: held.append(route))
    page.keyboard.type("已清理")
    page.keyboard.press("Enter")
    go = page.locator("#dialog [type=submit]")
    expect(go).to_have_text("正在提交…")
    expect(go).to_be_disabled()
    wait_until(page, lambda: bool(held))
    held[0].fulfill(json={})
    # On the answer alone: nothing has happened that the feed could tell.
    expect(page.locator("#dialog")).to_be_hidden()


def test_ties_are_chosen_and_a_pin_wins(visit: Open, served: Served, officer: str) -> None:
    page = desk(visit).page
    page.keyboard.type("第1网格")
    expect(page.locator("#candidates em").first).to_have_text("并列")
    page.keyboard.press("Enter")
    expect(page.locator("#place-says")).to_contain_text("同样可能")
    expect(page.locator("#form")).to_have_attribute("data-step", "place")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#candidates li").nth(1)).to_have_attribute("aria-selected", "true")
    expect(page.locator(".spot.chosen")).to_have_text("2")
    # A pin by keyboard alone: to the map, a step aside, and down.
    page.keyboard.press("F9")
    page.keyboard.press("ArrowDown")
    page.wait_for_function("() => map_desk._panAnim?._inProgress === false")
    page.keyboard.press("Enter")
    expect(page.locator("#pinned")).to_contain_text("网格")
    expect(page.locator("#candidates li[aria-selected=true]")).to_have_count(0)
    pin = page.evaluate("() => { const { lat, lng } = map_desk.getCenter(); return [lng, lat]; }")
    page.keyboard.press("F2")
    page.keyboard.press("F8")
    expect(page.locator("#drilling")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator("#send")).to_contain_text("只上报")
    page.keyboard.press("Enter")
    expect(page.locator("#measured")).to_contain_text("已上报")
    stored = shown(served, officer, chosen(page))
    assert (stored["severity"], stored["linkup"]) == ("normal", None)
    assert stored["origin"] == "drill"
    expect(page.locator("#list em.drill")).to_have_text("演练")
    assert [stored["lon"], stored["lat"]] == pytest.approx(pin, abs=1e-6)


def test_a_place_that_nobody_knows_calls_for_the_officer(
    visit: Open, served: Served, officer: str
) -> None:
    watched = desk(visit)
    page = watched.page
    page.evaluate(HEARD)
    page.keyboard.press("F2")
    lost = report(served, officer, 0, 0, place={"address": "火星环形山"})
    expect(page.locator("#notice")).to_contain_text("待定位：枯树倾斜")
    page.wait_for_function("() => window.heard >= 2")
    # From the list with a letter to the form, and there by pin.
    page.keyboard.press("F6")
    page.keyboard.press("p")
    expect(page.locator("#intake-title")).to_contain_text("改定位置")
    expect(page.locator("#place")).to_have_value("火星环形山")
    page.keyboard.type("彩虹公园")
    expect(page.locator("#candidates li").first).to_contain_text("彩虹公园")
    page.keyboard.press("Enter")
    expect(page.locator("#measured")).to_contain_text("已改定位置：彩虹公园")
    expect(page.locator("#notice")).to_be_hidden()
    assert shown(served, officer, lost["id"])["cell"] == town.M2
    # What cannot be found is reported all the same.
    page.keyboard.type("月球背面")
    expect(page.locator("#place-says")).to_contain_text("没有找到")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(page.locator("#measured")).to_contain_text("待定位")


def test_what_is_told_twice_is_joined_or_merged(visit: Open, served: Served, officer: str) -> None:
    known = report(served, officer, 40, 260)
    page = desk(visit).page
    page.keyboard.type("彩虹街十号楼")
    page.keyboard.press("Enter")
    expect(page.locator("#same")).to_contain_text("枯树倾斜")
    page.keyboard.type("又有人打来")
    page.keyboard.press("F7")
    expect(page.locator("#measured")).to_contain_text("第 2 个来电")
    joined = shown(served, officer, known["id"])
    assert (joined["calls"], joined["further_calls"][0]["text"]) == (2, "又有人打来 · 彩虹街十号楼")
    expect(page.locator("#told")).to_contain_text("又有人打来")
    # Two that were told apart: whoever is called for stays, whichever was chosen.
    called = report(served, officer, 60, 250, severity="emergency", title="树要倒了")
    expect(page.locator("#list li").first).to_contain_text("树要倒了")
    page.keyboard.press("F6")
    expect(page.locator("#list")).to_be_focused()
    page.keyboard.press("m")
    expect(page.locator("#dialog .effect")).to_contain_text("保留：树要倒了")
    page.keyboard.press("Enter")
    expect(page.locator("#dialog")).to_be_hidden()
    expect(page.locator("#told")).to_contain_text("枯树倾斜")
    gone = shown(served, officer, known["id"])
    assert (gone["status"], gone["merged_into"]) == ("closed", called["id"])
    assert shown(served, officer, called["id"])["calls"] == 3


def test_handed_over_and_printed(visit: Open, served: Served, officer: str) -> None:
    admin = served.sign_in(served.account(Role.ADMIN))
    for name in ("住建局环卫处", "供电公司"):
        body = {"id": str(uuid4()), "name": name}
        assert served.ask("POST", "/api/v1/departments", admin, body)[0] == 201
    made = report(
        served,
        officer,
        60,
        250,
        severity="emergency",
        reporter={"name": "李<i>女士", "phone": "139"},
    )
    accept(served, made, "N1")
    page = desk(visit).page
    page.keyboard.press("F6")
    page.keyboard.press("Home")
    page.keyboard.press("t")
    expect(page.locator("#dialog .options label")).to_have_count(2)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.type("请检修")
    page.keyboard.press("Enter")
    expect(page.locator("#about dl")).to_contain_text("供电公司")
    expect(page.locator("#list li").first).to_contain_text("供电公司")
    expect(page.locator("#dialog")).to_be_hidden()
    with page.context.expect_page() as opened:
        page.keyboard.press("h")
    sheet = opened.value
    sheet.wait_for_selector("#story tr")
    story = sheet.locator("#story")
    expect(story.locator("tr").first).to_contain_text("上报")
    expect(story).to_contain_text(f"第 1 圈呼叫：{town.WORKER_NAMES['N1']}")
    expect(story).to_contain_text(f"{town.WORKER_NAMES['N1']} 接受")
    expect(story).to_contain_text("移交 供电公司请检修")
    expect(sheet.locator("#facts")).to_contain_text("李<i>女士 · 139")
    sheet.emulate_media(media="print")
    expect(sheet.locator("#print")).to_be_hidden()
    assert sheet.locator("#facts i").count() == 0


@pytest.mark.parametrize("size", [(1920, 1080), (1366, 768), (360, 740)])
def test_the_desk_fits_its_screen(
    visit: Open, served: Served, officer: str, size: tuple[int, int]
) -> None:
    report(served, officer, 60, 250, severity="emergency")
    page = desk(visit, size=size).page
    page.keyboard.type("彩虹街十号楼")
    page.keyboard.press("Enter")
    expect(page.locator("#near li").first).to_be_visible()
    assert page.evaluate("() => document.documentElement.scrollWidth") == size[0]
    if size[0] > 900:
        for panel in page.locator("main, .right > section:visible").all():
            box = panel.bounding_box()
            assert box is not None
            assert box["x"] >= 0
            assert box["y"] + box["height"] <= size[1] + 1
    # The way out is always in sight.
    expect(page.locator("#send")).to_be_in_viewport()


def test_by_keyboard_through_everything(visit: Open, served: Served, officer: str) -> None:
    report(served, officer, 60, 250, severity="emergency")
    page = desk(visit).page
    page.keyboard.press("F1")
    expect(page.locator("#help")).to_contain_text("上报并呼叫")
    page.keyboard.press("Escape")
    expect(page.locator("#help")).to_be_hidden()
    page.keyboard.press("F6")
    page.keyboard.press("ArrowDown")
    for here in ("#detail", ".leaflet-container", "#place", "#list"):
        page.keyboard.press("F6")
        expect(page.locator(here)).to_be_focused()
    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator("#help")).to_be_hidden()
    # The whole page in one round of the Tab key, and round again: nothing holds the focus.
    seen = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        seen.add(page.evaluate("() => document.activeElement.id || document.activeElement.name"))
    assert {"place", "what", "severity", "caller", "send", "list", "drill", "language"} <= seen
    page.click("#language")
    expect(page.locator("#intake-title")).to_have_text("Take a call")
    expect(page.locator("#place")).to_have_attribute("placeholder", re.compile("street"))


def refuse_or_take(served: Served, incident: Json, verb: str, ring: int) -> None:
    """Whoever of a ring is asked declines; or the first of them accepts."""
    linkup = incident["linkup"]
    names = {str(id): name for name, id in town.WORKERS.items()}
    asked = [one for one in linkup["asked"] if (one["state"], one["ring"]) == ("asked", ring)]
    for one in asked if verb == "decline" else asked[:1]:
        worker = town.WORKERS[names[one["worker"]]]
        token = served.sign_in(served.account(Role.WORKER, worker=worker))
        status, answer = served.ask("POST", f"/api/v1/linkups/{linkup['id']}/{verb}", token)
        assert status == 200, answer


@pytest.mark.parametrize("size", [(1366, 768), (1440, 900)])
def test_who_comes_is_called_and_written_to_without_scrolling(
    visit: Open, served: Served, officer: str, size: tuple[int, int]
) -> None:
    made = report(served, officer, 60, 250, severity="emergency")
    for ring in (1, 2):
        refuse_or_take(served, shown(served, officer, made["id"]), "decline", ring)
        widen = f"/api/v1/linkups/{made['linkup']['id']}/widen"
        assert served.ask("POST", widen, officer, {"ring": ring})[0] == 200
    refuse_or_take(served, shown(served, officer, made["id"]), "accept", 3)
    for n in range(9):
        report(served, officer, 60, 250, title=f"井盖缺失{n}")
    report(served, officer, 0, 0, place={"address": "火星环形山"}, title="很长的标题" * 9)
    page = desk(visit, size=size).page
    page.locator(f"#list li[data-id='{made['id']}']").click()
    expect(page.locator("#notice")).to_contain_text("按 P 定位")
    expect(page.locator("#notice span").last).to_be_in_viewport(ratio=1)
    expect(page.locator("#channel [data-act='call.ring']")).to_be_enabled()
    for sight in ("#channel [data-act='call.ring']", "#channel form", "#linkup li.accepted"):
        expect(page.locator(sight)).to_be_in_viewport(ratio=1)
    # Rings that are over are a line each, and can be opened.
    folded = page.locator("#linkup details")
    expect(folded).to_have_count(2)
    expect(folded.last.locator("summary")).to_have_text("第 1 圈 · 已谢绝 3")
    folded.last.locator("summary").click()
    expect(folded.last.locator("li").first).to_be_visible()
    # The list shows whole rows.
    height, row = page.evaluate(
        "() => [document.querySelector('#list').clientHeight,"
        " document.querySelector('#list li').offsetHeight + 2]"
    )
    assert abs(height / row - round(height / row)) < 0.1
