# SPDX-License-Identifier: Apache-2.0
"""A worker's page in Chromium: duty, the ring, the way there, and the channel with a real call.

Sound comes from a fake microphone; the call itself is WebRTC between two pages of two people.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from geo.accounts.rules import Role
from geo.calls.queries import calls
from geo.clock import SetClock
from geo.incidents.linkups import accept_linkup, time_out_due
from geo.incidents.rules import Linkup
from geo.tracking.queries import positions
from geo.workforce.actions import set_duty
from tests import town
from tests.browser.conftest import FLAGS, Open, executable
from tests.browser.people import PHONE, READY, People
from tests.browser.voice import keep_lines, packets
from tests.browser.watching import wait_until
from tests.serving import Served

# Calls connect two browsers, which takes a busy machine a while.
pytestmark = pytest.mark.usefixtures("patient")

COUNT_TONES = """() => {
  window.tones = 0;
  const make = AudioContext.prototype.createOscillator;
  AudioContext.prototype.createOscillator = function () {
    window.tones += 1;
    return make.call(this);
  };
}"""
# The channel as the desk mounts it, on a page of an officer.
MOUNT = """async ([incident, linkup, worker]) => {
  const { channel } = await import("/static/channel.js");
  const { follow, json } = await import("/static/live.js");
  const style = document.createElement("link");
  Object.assign(style, { rel: "stylesheet", href: "/static/channel.css" });
  document.head.append(style);
  const root = document.createElement("div");
  root.id = "desk";
  root.style.height = "600px";
  document.body.replaceChildren(root);
  const widget = channel(root, {
    incident, linkup, zone: "Asia/Shanghai", me: { worker: null, name: "值班员" },
    peer: { worker, name: "王芳", phone: "138 0000 0001" },
  });
  follow("/api/v1/live", {
    reload: () => json("/api/v1/state"), happened: (said) => widget.happened(said), link: () => {},
  });
}"""


@contextmanager
def bare_browser(beside: Browser) -> Iterator[Page]:
    """A page in a Chromium that has no microphone."""
    browser = beside.browser_type.launch(executable_path=executable(), args=FLAGS)
    try:
        width, height = PHONE
        yield browser.new_page(viewport={"width": width, "height": height}, locale="zh-CN")
    finally:
        browser.close()


@pytest.fixture
def people(visit: Open, served: Served, clock: SetClock) -> People:
    return People(visit, served, clock)


def seen(people: People) -> dict[UUID, float]:
    """Who was seen, and at which longitude."""
    with people.served.database.snapshot() as session:
        found = positions(session, town.DISTRICT, (town.DISTRICT,), people.clock.now())
    return {one.worker: one.lon for one in found}


def test_a_call_rings_until_it_is_accepted(people: People) -> None:
    """The ring with everything on it; sound only after a tap; the bell stops with the answer."""
    watched = people.phone("N1", "geolocation")
    page = watched.page
    page.evaluate(COUNT_TONES)
    expect(page.locator("#sharing")).to_contain_text("正在共享位置")
    expect(page.locator("#ready")).to_contain_text("点此打开铃声")
    watched.mark()
    held: list[Route] = []
    page.route("**/way", lambda route: held.append(route))
    linkup = people.emergency()
    expect(page.locator("#call h1")).to_have_text("公园枯树倾斜<b>")
    expect(page.locator("#call .left")).to_contain_text("还剩")
    # Straight until the way along the streets is known: over to the lane, and up to the house.
    expect(page.locator("#call .way")).to_contain_text("直线距离 50 米")
    wait_until(page, lambda: bool(held))
    held[0].continue_()
    expect(page.locator("#call .way")).to_contain_text("沿路 60 米")
    expect(page.locator(".leaflet-way-pane path.walk")).to_have_count(1)
    expect(page.locator("#call .said")).to_contain_text("三单元门口")
    # Not tapped yet: it says so, and rings from the first tap on.
    expect(page.locator("html")).to_have_attribute("data-bell", "mute")
    page.click("#ready")
    expect(page.locator("html")).to_have_attribute("data-bell", "heard")
    expect(page.locator("#ready")).to_be_hidden()
    assert page.evaluate("window.tones") > 2
    accept = page.locator("#accept").bounding_box()
    assert accept
    assert accept["y"] + accept["height"] > PHONE[1] * 0.85, "at thumb height"
    assert accept["height"] >= 60
    page.click("#accept")
    expect(page.locator("#task .stand")).to_have_text("您已接受，请前往")
    caller = page.locator("#task .said a[href='tel:13900000000']")
    expect(caller).to_have_text("139 0000 0000")
    expect(page.locator("html")).not_to_have_attribute("data-bell", "heard")
    page.click("#arrive")
    expect(page.locator("#task .stand")).to_have_text("您已到场")
    assert people.states(linkup)["N1"] == "arrived"
    page.click("#language")
    expect(page.locator("#task .stand")).to_have_text("You are there")
    people.close(linkup)
    expect(page.locator("#notice")).to_contain_text("is closed")
    expect(page.locator("#idle")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    live = [url for url in watched.asked if "/live?" in url]
    assert len(live) == 1, "one stream a page"


def test_the_position_is_shared_on_duty_alone(people: People, clock: SetClock) -> None:
    watched = people.phone(town.OFF_DUTY, "geolocation")
    page, worker = watched.page, town.WORKERS[town.OFF_DUTY]
    expect(page.locator("#duty-text")).to_have_text("未上岗")
    expect(page.locator("#sharing")).to_have_text("不采集、不发送任何位置。")
    page.wait_for_timeout(300)
    assert not any("/positions" in url for url in watched.asked)
    # The page's clock goes on and this one does not: his duty is not to begin ahead of it.
    clock.advance(timedelta(seconds=30))
    press_while_it_changes(people, page, worker)
    # What the phone knew before duty began is nobody's business.
    expect(page.locator("#sharing")).to_contain_text("正在等待定位")
    page.wait_for_timeout(300)
    assert not any("/positions" in url for url in watched.asked)
    clock.advance(timedelta(seconds=5))
    lon, lat = town.point(40, 221)
    page.context.set_geolocation({"longitude": lon, "latitude": lat, "accuracy": 9})
    expect(page.locator("#sharing")).to_contain_text("正在共享位置 · 误差 9 米")
    wait_until(page, lambda: seen(people).get(worker) == pytest.approx(lon, abs=1e-6))
    # Somebody else ends his duty: the page notices, and stops.
    elsewhere(people, worker, on=False)
    expect(page.locator("#duty-text")).to_have_text("未上岗")
    watched.mark()
    page.context.set_geolocation({"longitude": 123.7, "latitude": 41.3, "accuracy": 9})
    page.wait_for_timeout(500)
    assert watched.asked_since_mark == []
    assert worker not in seen(people)
    clock.advance(timedelta(seconds=30))
    for text in ("在岗", "未上岗", "在岗"):
        page.wait_for_timeout(450)
        page.click("#duty")
        expect(page.locator("#duty-text")).to_have_text(text)
    # Tapped twice it means what it said at first.
    page.click("#duty")
    expect(page.locator("#duty")).to_be_enabled()
    expect(page.locator("#duty-text")).to_have_text("在岗")


def elsewhere(people: People, worker: UUID, *, on: bool) -> None:
    """His duty is changed on another page."""
    with people.served.database.transaction() as session:
        at = people.clock.now()
        actor = town.actor(Role.WORKER, worker=worker)
        set_duty(session, actor=actor, worker=worker, on=on, duty_at=at, at=at)


def press_while_it_changes(people: People, page: Page, worker: UUID) -> None:
    """A thumb is on the button when it comes to say the opposite: it meant what it said before."""
    page.hover("#duty")
    page.mouse.down()
    elsewhere(people, worker, on=True)
    expect(page.locator("#duty")).to_have_text("下岗")
    with page.expect_request("**/duty") as sent:
        page.mouse.up()
    assert sent.value.post_data_json["on"] is True
    expect(page.locator("#duty")).to_be_enabled()
    expect(page.locator("#duty-text")).to_have_text("在岗")


def test_nothing_is_to_be_pressed_before_it_is_known(people: People) -> None:
    """No button without a word while the page opens; a lost network is said at once."""
    page = people.visit("/login", size=PHONE).page
    held: list[Route] = []
    page.route("**/workers/*/state", lambda route: held.append(route))
    people.sign_in(page, people.served.account(Role.WORKER, worker=town.WORKERS["N1"]))
    expect(page.locator("#loading")).to_have_text("正在打开…")
    expect(page.locator("#name")).to_have_text("王芳")
    expect(page.locator("main button:visible")).to_have_count(0)
    wait_until(page, lambda: bool(held))
    wait_until(page, lambda: bool(held))
    held[0].continue_()
    page.unroute("**/workers/*/state")
    expect(page.locator("#duty")).to_have_text("下岗")
    expect(page.locator("#loading")).to_be_hidden()
    expect(page.locator("#link")).to_have_text("实时")
    page.context.set_offline(True)
    expect(page.locator("#link")).to_have_text("连接中断", timeout=1000)
    page.context.set_offline(False)
    expect(page.locator("#link")).to_have_text("实时", timeout=2000)


def test_taken_timed_out_and_declined_are_said_plainly(people: People, clock: SetClock) -> None:
    page = people.phone("N1").page
    expect(page.locator("#sharing")).to_contain_text("没有位置权限")
    taken = people.emergency()
    expect(page.locator("#call")).to_be_visible()
    other = next(ask.worker for ask in taken.asked if ask.worker != town.WORKERS["N1"])
    with people.served.database.transaction() as session:
        answering = town.actor(Role.WORKER, worker=other)
        accept_linkup(session, actor=answering, linkup=taken.id, at=clock.now())
    expect(page.locator("#notice")).to_contain_text("已由他人接办")
    expect(page.locator("#idle")).to_be_visible()
    page.wait_for_timeout(1000)

    declined = people.emergency()
    expect(page.locator("#call")).to_be_visible()
    expect(page.locator("#notice")).to_be_hidden()
    for height in (740, 640):
        page.set_viewport_size({"width": 360, "height": height})
        sees_all(page, ".left", "#decline", "#accept")
        page.click("#decline")
        expect(page.locator("#accept")).to_be_hidden()
        sees_all(
            page, ".left", ".hint", ".reasons button", "#back", ".own input", ".own [type=submit]"
        )
        expect(page.locator(".own [type=submit]")).to_be_disabled()
        page.click("#back")
    page.click("#decline")
    page.click("text=离得太远")
    expect(page.locator("#notice")).to_contain_text("已转呼他人")
    (mine,) = [a for a in people.linkup(declined.incident).asked if a.worker == town.WORKERS["N1"]]
    assert (mine.state, mine.answer_text) == ("declined", "离得太远")

    # Lost while the network was away: the snapshot says how it stands.
    people.emergency()
    expect(page.locator("#call")).to_be_visible()
    clock.advance(timedelta(seconds=21))
    with people.served.database.transaction() as session:
        while time_out_due(session, at=clock.now()):
            pass
    expect(page.locator("#notice")).to_contain_text("应答超时")
    expect(page.locator("#call")).to_be_hidden()


def sees_all(page: Page, *names: str) -> None:
    """Everything of these lies whole on the screen."""
    for name in names:
        for part in page.locator(f"#call {name}, #call{name}").all():
            expect(part).to_be_in_viewport(ratio=0.99)


def test_they_write_and_speak(people: People, chromium: Browser) -> None:
    """Text through a lost network, a call with sound at both ends, and one without a microphone."""
    watched = people.phone("N1", "geolocation", "microphone")
    watched.cut = True
    page = watched.page
    keep_lines(page)
    linkup = people.emergency()
    page.click("#accept")
    expect(page.locator("#task")).to_be_visible()
    desk = people.visit("/check-ins", Role.DISPATCHER, size=(1000, 700)).page
    desk.wait_for_selector(READY)
    desk.context.grant_permissions(["microphone"], origin=people.served.url)
    keep_lines(desk)
    desk.evaluate(MOUNT, [str(linkup.incident), str(linkup.id), str(town.WORKERS["N1"])])

    desk.click("text=呼叫 王芳")
    expect(desk.locator(".voice")).to_contain_text("正在呼叫王芳")
    expect(page.locator("#channel .voice")).to_contain_text("来电")
    expect(page.locator("html")).to_have_attribute("data-bell", "heard")
    page.click("text=接听")
    for end in (page, desk):
        expect(end.locator(".voice b")).to_contain_text("通话中")
        wait_until(end, lambda end=end: packets(end) > 5)

    # Written meanwhile; what is written without a network comes later, and once.
    desk.fill("#desk input", "压着电线吗？<i>")
    desk.press("#desk input", "Enter")
    expect(page.locator("#channel .messages li")).to_contain_text(["压着电线吗？<i>"])
    page.context.set_offline(True)
    page.click("text=收到，马上到")
    page.fill("#channel input", "没有压着")
    page.press("#channel input", "Enter")
    expect(page.locator("#channel .waits")).to_have_count(2)
    expect(page.locator("#channel .away")).to_contain_text("2 条待发送")
    expect(page.locator("#channel .waits").last).to_be_in_viewport(ratio=0.99)
    page.context.set_offline(False)
    for end in (page, desk):
        written = end.locator(".messages li p")
        expect(written).to_have_count(3)
        # The clock stands still here: of one instant any order is right.
        assert set(written.all_inner_texts()) == {"压着电线吗？<i>", "收到，马上到", "没有压着"}
    expect(page.locator("#channel .waits")).to_have_count(0)
    before = packets(desk)
    wait_until(desk, lambda: packets(desk) > before)

    page.click("text=挂断")
    for end in (page, desk):
        expect(end.locator(".voice .last")).to_contain_text("通话已结束")
    assert endings(people, linkup) == ["hung_up"]

    # Another phone of his, without a microphone: it says why, to both.
    page.close()
    with bare_browser(chromium) as page:
        page.goto(f"{people.served.url}/login")
        people.sign_in(page, people.served.account(Role.WORKER, worker=town.WORKERS["N1"]))
        page.wait_for_selector("#task:visible")
        desk.click("text=呼叫 王芳")
        page.click("text=接听")
        expect(page.locator(".voice .problem")).to_contain_text("文字和电话仍可使用")
        expect(desk.locator(".voice .last")).to_contain_text("无法使用麦克风")
        expect(desk.locator(".voice a[href='tel:13800000001']")).to_be_visible()
    assert sorted(endings(people, linkup)) == ["hung_up", "no_microphone"]


def endings(people: People, linkup: Linkup) -> list[str | None]:
    """How its calls ended."""
    with people.served.database.snapshot() as session:
        return [call.ending for call in calls(session, town.DISTRICT, linkup.id)]
