# SPDX-License-Identifier: Apache-2.0
"""Every page in Chromium: nothing from elsewhere, no complaint, and the wall moves by itself."""

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import text

from geo.accounts.rules import Role
from geo.clock import SetClock
from geo.crs import Fix, Point
from geo.ids import CheckInId, IncidentId
from geo.incidents.actions import close_incident, report_incident
from geo.incidents.linkups import accept_linkup
from geo.incidents.queries import linkups_of
from geo.incidents.rules import Report, SaidPlace, Severity
from geo.patrol.check_ins import take_check_in
from geo.patrol.records import Claim
from geo.tracking.actions import store_positions
from geo.tracking.rules import NOTIFY_CHANNEL as POSITIONS_CHANNEL
from geo.units import Metres
from geo.workforce.actions import set_duty, update_worker
from tests import town
from tests.browser.conftest import Open
from tests.browser.watching import Watched
from tests.serving import Served

READY = "html[data-ready=true]"
LIVE = "#link[data-state=live]"
# Whether a pixel of a sheet, at a place on the map, has a colour; none when it is to be clear.
PIXEL = """([sheet, lon, lat, wanted]) => {
  const canvas = document.querySelector(`canvas.${sheet}`);
  const { x, y } = window.map_wall.latLngToContainerPoint([lat, lon]);
  const pixel = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  pixel.drawImage(canvas, -Math.round(x), -Math.round(y));
  const found = pixel.getImageData(0, 0, 1, 1).data;
  if (wanted === null) return found[3] === 0;
  // What shines through is kept to the nearest of 256 shades.
  return wanted.every((shade, n) => Math.abs(shade - found[n]) < 2);
}"""
# Whether the strongest colour within 6 pixels of a check-in, on the sheet of marks, is this one.
RING = """([lon, lat, wanted]) => {
  const canvas = document.querySelector("canvas.marks");
  const { x, y } = window.map_wall.latLngToContainerPoint([lat, lon]);
  const pixels = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  pixels.drawImage(canvas, 6 - Math.round(x), 6 - Math.round(y));
  const data = pixels.getImageData(0, 0, 13, 13).data;
  let best = 0;
  for (let i = 0; i < data.length; i += 4) if (data[i + 3] > data[best + 3]) best = i;
  const [r, g, b] = data.slice(best, best + 3);
  return wanted === (g > r ? "green" : g > 150 ? "yellow" : "red");
}"""
# Frames come when the test says so, at so many milliseconds of the page's life.
HELD_FRAMES = """() => {
  const asked = [];
  window.requestAnimationFrame = (draw) => asked.push(draw);
  window.frame = (ms) => asked.splice(0).forEach((draw) => draw(ms));
}"""
COLORS = {"inside": "green", "uncertain": "yellow", "outside": "red"}
FRESH = [95, 208, 181]
STALE = [176, 141, 76]
ENGAGED = [116, 170, 255]


def wall(visit: Open, role: Role = Role.DISPATCHER, **more: object) -> Watched:
    watched = visit("/wall", role, **more)  # type: ignore[arg-type]
    watched.page.wait_for_selector(READY)
    watched.page.wait_for_selector(LIVE)
    # Moved by the feed alone: from here on nothing is to be loaded again.
    watched.mark()
    return watched


def see(served: Served, worker: str, place: tuple[float, float], observed_at: str) -> None:
    items = [[str(town.WORKERS[worker]), *place, 8.0, observed_at, town.CELLS[worker]]]
    payload = json.dumps({"district": town.DISTRICT, "items": items})
    with served.database.transaction() as session:
        session.execute(
            text("select pg_notify(:channel, :payload)"),
            {"channel": POSITIONS_CHANNEL, "payload": payload},
        )


def expect_drawn(page: Page, place: tuple[float, float], colour: list[int] | None) -> None:
    """Wait until a worker's dot is drawn at a place in this colour; until nothing is when None."""
    page.wait_for_function(PIXEL, arg=["people", *place, colour], polling=50, timeout=5_000)


def test_signing_in_leads_to_the_page_that_was_asked_for(visit: Open) -> None:
    watched = visit("/wall?from=test")
    page = watched.page
    assert "/login?next=" in page.url
    expect(page.locator("h1")).to_contain_text("网格")


def test_a_wrong_password_says_so_in_the_chosen_language(visit: Open) -> None:
    watched = visit("/login")
    watched.cut = True
    page = watched.page
    page.fill("[name=username]", "nobody")
    page.fill("[name=password]", "not a password")
    page.click("[type=submit]")
    expect(page.locator("#problem")).to_contain_text("用户名或密码错误")
    page.click("#language")
    page.click("[type=submit]")
    expect(page.locator("#problem")).to_contain_text("User name and password do not match")


def test_the_interface_is_described_offline(visit: Open) -> None:
    page = visit("/docs", Role.ADMIN).page
    expect(page.locator(".opblock").first).to_be_visible(timeout=20_000)
    page.locator(".opblock", has_text="/api/v1/locate").click(timeout=60_000)
    expect(page.locator(".opblock.is-open")).to_contain_text("lon")


@pytest.mark.parametrize("role", [Role.ADMIN, Role.VIEWER, Role.PLANNER])
def test_the_wall_shows_the_town(visit: Open, role: Role) -> None:
    page = wall(visit, role).page
    expect(page.locator("#cells")).to_have_text("9")
    expect(page.locator("#on-duty")).to_have_text("8")
    expect(page.locator("#alarm")).to_be_hidden()
    # Where people are is not for everybody, nor is how fresh that is.
    states = page.locator(".parts.states")
    expect(states).to_be_visible() if role is Role.ADMIN else expect(states).to_be_hidden()


def test_going_on_duty_shows_without_loading_anything(
    visit: Open, served: Served, clock: SetClock
) -> None:
    watched = wall(visit)
    page = watched.page
    worker = town.WORKERS[town.OFF_DUTY]
    with served.database.transaction() as session:
        actor = town.actor(Role.WORKER, worker=worker)
        set_duty(session, actor=actor, worker=worker, on=True, duty_at=clock.now(), at=clock.now())
    expect(page.locator("#on-duty")).to_have_text("9")
    expect(page.locator("#ticker li").first).to_contain_text(
        f"{town.WORKER_NAMES[town.OFF_DUTY]} 上岗"
    )
    assert watched.asked_since_mark == []


def test_a_worker_walks_and_grows_stale(visit: Open, served: Served, clock: SetClock) -> None:
    watched = wall(visit)
    page = watched.page
    here, there = town.point(50, 250), town.point(80, 220)
    see(served, "N1", here, clock.now().isoformat())
    expect_drawn(page, here, FRESH)
    see(served, "N1", there, (clock.now() + timedelta(seconds=1)).isoformat())
    expect_drawn(page, there, FRESH)
    expect_drawn(page, here, None)
    old = (clock.now() - timedelta(minutes=20)).isoformat()
    see(served, "N2", town.point(150, 250), old)
    expect_drawn(page, town.point(150, 250), STALE)
    assert watched.asked_since_mark == []


def test_what_changes_between_two_drawings_is_drawn(
    visit: Open, served: Served, clock: SetClock
) -> None:
    page = wall(visit).page
    leaving = {"N1": town.point(50, 250), "N2": town.point(150, 250)}
    for name, place in leaving.items():
        see(served, name, place, clock.now().isoformat())
        expect_drawn(page, place, FRESH)
    # Long after the last walk the second change comes 20 ms after the first was drawn.
    page.evaluate(HELD_FRAMES)
    for n, name in enumerate(leaving):
        worker, now = town.WORKERS[name], clock.now()
        actor = town.actor(Role.WORKER, worker=worker)
        with served.database.transaction() as session:
            set_duty(session, actor=actor, worker=worker, on=False, duty_at=now, at=now)
        expect(page.locator("#on-duty")).to_have_text(str(7 - n))
        page.evaluate("(ms) => window.frame(ms)", 60_000 + 20 * n)
    page.evaluate("(ms) => window.frame(ms)", 60_100)
    for place in leaving.values():
        expect_drawn(page, place, None)


def test_the_wall_says_when_what_it_shows_is_old(visit: Open, served: Served) -> None:
    watched = wall(visit)
    watched.cut = True
    page = watched.page
    page.context.set_offline(True)
    served.cut_streams()
    expect(page.locator("#alarm")).to_be_visible(timeout=20_000)
    expect(page.locator("#alarm")).to_contain_text("连接中断，画面停在")
    page.context.set_offline(False)
    expect(page.locator("#alarm")).to_be_hidden(timeout=20_000)


def test_text_of_people_is_never_markup(visit: Open, served: Served, clock: SetClock) -> None:
    watched = wall(visit)
    with served.database.transaction() as session:
        update_worker(
            session,
            actor=town.actor(Role.ADMIN),
            worker=town.WORKERS["N1"],
            name="<img src=x onerror=alert(1)>",
            at=clock.now(),
        )
        actor = town.actor(Role.WORKER, worker=town.WORKERS["N1"])
        set_duty(
            session,
            actor=actor,
            worker=town.WORKERS["N1"],
            on=False,
            duty_at=clock.now(),
            at=clock.now(),
        )
    expect(watched.page.locator("#ticker li").first).to_contain_text("<img src=x")
    assert watched.page.locator("#ticker img").count() == 0


def test_check_ins_show_by_verdict(visit: Open, served: Served, clock: SetClock) -> None:
    watched = wall(visit)
    page = watched.page
    for n, (name, place, verdict, covered) in enumerate(
        [
            ("N1", (50, 250), "inside", 1),
            ("N2", (99, 250), "uncertain", 2),
            ("N3", (20, 20), "outside", 2),
        ]
    ):
        worker = town.WORKERS[name]
        lon, lat = town.point(*place)
        fix = Fix(lon=lon, lat=lat, accuracy_m=Metres(8.0), observed_at=clock.now())
        claim = Claim(id=CheckInId(uuid4()), worker=worker, checkpoint=None, fix=fix)
        with served.database.transaction() as session:
            actor = town.actor(Role.WORKER, worker=worker)
            take_check_in(session, actor=actor, claim=claim, at=clock.now())
        expect(page.locator("#check-ins")).to_have_text(str(n + 1))
        expect(page.locator(f"#{verdict}")).to_contain_text("1")
        expect(page.locator("#covered")).to_have_text(str(covered))
        expect(page.locator("#ticker li").first).to_have_class(verdict)
        page.wait_for_function(RING, arg=[*town.point(*place), COLORS[verdict]], timeout=5_000)
    assert watched.asked_since_mark == []


def test_an_incident_calls_and_connects(visit: Open, served: Served, clock: SetClock) -> None:
    watched = wall(visit)
    page = watched.page
    now = clock.now()
    for name, place in (("M2", (150, 150)), ("N2", (150, 260))):
        worker = town.WORKERS[name]
        lon, lat = town.point(*place)
        fix = Fix(lon=lon, lat=lat, accuracy_m=Metres(6.0), observed_at=now)
        with served.database.transaction() as session:
            store_positions(
                session,
                actor=town.actor(Role.WORKER, worker=worker),
                items=[(worker, fix)],
                at=now,
            )
    lon, lat = town.point(160, 150)
    report = Report(
        id=IncidentId(uuid4()),
        title="公园枯树倾斜<b>",
        category="突发事件",
        severity=Severity.EMERGENCY,
        place=SaidPlace(point=Point(lon, lat)),
    )
    with served.database.transaction() as session:
        report_incident(session, actor=town.actor(Role.DISPATCHER), report=report, at=now)
    expect(page.locator("#open-incidents")).to_have_text("1")
    expect(page.locator("#calling")).to_have_text("1")
    expect(page.locator(".flagged.emergency b")).to_contain_text("公园枯树倾斜<b>")
    expect(page.locator("#incidents .asked").first).to_contain_text("正在呼叫")
    with served.database.snapshot() as session:
        linkup = linkups_of(session, town.DISTRICT, [report.id])[report.id]
    worker = linkup.asked[0].worker
    with served.database.transaction() as session:
        answering = town.actor(Role.WORKER, worker=worker)
        accept_linkup(session, actor=answering, linkup=linkup.id, at=now)
    expect(page.locator("#connected")).to_have_text("1")
    expect(page.locator("#engaged")).to_contain_text("1")
    expect(page.locator("#incidents .accepted")).to_contain_text("已接受")
    expect_drawn(page, town.point(150, 150), ENGAGED)
    with served.database.transaction() as session:
        dispatcher = town.actor(Role.DISPATCHER)
        close_incident(session, actor=dispatcher, incident=report.id, outcome="已清理", at=now)
    expect(page.locator("#no-incidents")).to_be_visible()
    expect(page.locator(".flagged")).to_have_count(0)
    assert watched.asked_since_mark == []


@pytest.mark.parametrize("size", [(3840, 2160), (1366, 768), (800, 600)])
def test_the_wall_fits_its_screen(visit: Open, size: tuple[int, int]) -> None:
    page = wall(visit, size=size).page
    assert page.evaluate("() => document.documentElement.scrollWidth") == size[0]
    for panel in page.locator("aside:visible").all():
        box = panel.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= size[0]
        assert box["y"] + box["height"] <= size[1] + 1


def test_english_is_one_click_away(visit: Open) -> None:
    page = wall(visit).page
    page.click("#language")
    expect(page.locator(".figures dt").first).to_have_text("Workers on duty")
    page.reload()
    expect(page.locator(".figures dt").first).to_have_text("Workers on duty")
