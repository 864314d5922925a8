# SPDX-License-Identifier: Apache-2.0
"""The pages of check-ins in Chromium: why one was judged so, a day's list, and codes for doors."""

import re
from datetime import timedelta
from uuid import UUID, uuid4

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from geo.accounts.rules import Role
from geo.clock import SetClock
from geo.crs import Fix, System, system_arrays
from geo.ids import CheckInId
from geo.patrol.check_ins import take_check_in, take_check_ins
from geo.patrol.expiry import erase_places
from geo.patrol.proof_codes import issue_proof_code
from geo.patrol.records import Claim
from geo.units import Metres
from tests import town
from tests.browser.conftest import Open
from tests.conftest import PASSWORD
from tests.serving import Served

READY = "html[data-ready=true]"
PHONE = (360, 740)
SCREEN = (1920, 1080)


def check_in(
    served: Served,
    clock: SetClock,
    east: float = 50,
    north: float = 250,
    *,
    name: str = "N1",
    at_checkpoint: bool = False,
    system: System = System.WGS84,
    accuracy: float = 8.0,
    later: timedelta = timedelta(0),
) -> UUID:
    """A check-in of the worker of a cell; `system` is spoken though WGS-84 is claimed.

    It comes in so much `later` than it was observed.
    """
    lon, lat = town.point(east, north)
    lons, lats = system_arrays(np.array([lon]), np.array([lat]), system)
    fix = Fix(
        lon=float(lons[0]),
        lat=float(lats[0]),
        accuracy_m=Metres(accuracy),
        observed_at=clock.now(),
    )
    site = town.CHECKPOINTS[name] if at_checkpoint else None
    claim = Claim(id=CheckInId(uuid4()), worker=town.WORKERS[name], checkpoint=site, fix=fix)
    with served.database.transaction() as session:
        actor = town.actor(Role.WORKER, worker=claim.worker)
        take_check_in(session, actor=actor, claim=claim, at=clock.now() + later)
    return claim.id


def words(page: Page) -> list[str]:
    """What stands on the map, where it can be seen."""
    found = page.locator(".leaflet-words-pane span:not(.unseen)")
    return [said.strip() for said in found.all_inner_texts()]


def own(visit: Open, served: Served, name: str, path: str) -> Page:
    """A page as the worker of a cell opens it on his phone."""
    page = visit(path, size=PHONE).page
    page.fill("[name=username]", served.account(Role.WORKER, worker=town.WORKERS[name]))
    page.fill("[name=password]", PASSWORD)
    page.click("[type=submit]")
    page.wait_for_url(f"**{path}")
    return page


@pytest.mark.parametrize("size", [SCREEN, PHONE])
def test_a_refused_one_is_drawn_with_its_reasons(
    visit: Open, served: Served, clock: SetClock, size: tuple[int, int]
) -> None:
    id = check_in(served, clock, 145, 250, at_checkpoint=True)
    page = visit(f"/check-ins/{id}", Role.SUPERVISOR, size=size).page
    page.wait_for_selector(READY)
    expect(page.locator("#word")).to_have_text("界外")
    expect(page.locator("#accepted")).to_have_text("未予认可")
    expect(page.locator("#who")).to_have_text("王芳")
    reasons = page.locator("#reasons li.against")
    expect(reasons).to_have_count(2)
    expect(reasons.first).to_contain_text("45 米")
    seen = words(page)
    assert {"手机自报位置", "距边界 45 米", "距打卡点 95 米", "凉亭 · 半径 30 米"} <= set(seen)
    assert any(said.startswith("第2网格") for said in seen), "the neighbour he stood in"
    ground = page.locator(".ground").bounding_box()
    assert ground
    for circle in page.locator(".leaflet-scene-pane path[stroke='#e8704f']").all():
        box = circle.bounding_box()
        assert box
        assert box["x"] >= ground["x"]
        assert box["y"] >= ground["y"]
        assert box["x"] + box["width"] <= ground["x"] + ground["width"]
        assert box["y"] + box["height"] <= ground["y"] + ground["height"]
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= size[0]
    page.click("#language")
    expect(page.locator("#word")).to_have_text("Outside")
    expect(reasons.first).to_contain_text("Outside cell")


def test_the_disc_is_to_scale(visit: Open, served: Served, clock: SetClock) -> None:
    id = check_in(served, clock, 97, 250, accuracy=10)
    page = visit(f"/check-ins/{id}", Role.SUPERVISOR).page
    page.wait_for_selector(READY)
    expect(page.locator("#word")).to_have_text("存疑")
    drawn = page.evaluate("""() => {
      const { check_in: said, scene } = JSON.parse(document.getElementById("page").textContent);
      const map = window.map_scene;
      const [west, north] = scene.cell.boundary.coordinates[0].reduce(
        ([w, n], [lon, lat]) => [Math.min(w, lon), Math.max(n, lat)], [180, -90]);
      const circle = Object.values(map._layers).find((one) => one._mRadius);
      const corner = map.latLngToLayerPoint([north, west]);
      const east = map.latLngToLayerPoint([said.lat, said.lon]);
      return [circle._radius, east.x - corner.x];
    }""")
    # The west border of the cell is 97 m away; the disc has 1.62 x 10 m.
    assert drawn[0] / drawn[1] == pytest.approx(16.2 / 97, rel=0.02)


def test_the_arrow_leads_to_where_the_other_system_puts_him(
    visit: Open, served: Served, clock: SetClock
) -> None:
    id = check_in(served, clock, system=System.GCJ02)
    page = visit(f"/check-ins/{id}", Role.DISPATCHER).page
    page.wait_for_selector(READY)
    said = next(text for text in words(page) if text.startswith("按 GCJ-02"))
    shift = re.search(r"偏 (\d+) 米，方位 (\d+)°", said)
    assert shift
    # From where it seems to be back home: about 540 m, against the 65 degrees of Benxi.
    assert 500 < int(shift[1]) < 580
    assert 235 < int(shift[2]) < 255
    expect(page.locator("#reasons li[data-code='system.suspected']")).to_be_visible()


def test_a_worker_opens_his_own_and_nobody_elses(
    visit: Open, served: Served, clock: SetClock
) -> None:
    mine, other = check_in(served, clock), check_in(served, clock, 150, 250, name="N2")
    page = own(visit, served, "N1", f"/check-ins/{mine}")
    page.wait_for_selector(READY)
    expect(page.locator("#word")).to_have_text("界内")
    answer = page.request.get(f"{served.url}/check-ins/{other}")
    assert answer.status == 404
    page.goto(f"{served.url}/check-ins")
    page.wait_for_selector(READY)
    expect(page.locator("#list li")).to_have_count(1)


def test_a_day_as_a_list_beside_a_map(visit: Open, served: Served, clock: SetClock) -> None:
    check_in(served, clock)
    check_in(served, clock, 99, 250)
    refused = check_in(served, clock, 20, 20, name="N3")
    page = visit("/check-ins", Role.SUPERVISOR).page
    page.wait_for_selector(READY)
    rows = page.locator("#list li")
    expect(rows).to_have_count(3)
    expect(page.locator(".leaflet-dots-pane path")).to_have_count(3)
    page.click("[data-filter=refused]")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("张敏")
    expect(rows).to_contain_text("界外")
    page.click("[data-filter=doubted]")
    expect(page.locator("#none")).to_be_visible()
    page.click("[data-filter=refused]")
    rows.locator("a").click()
    page.wait_for_url(f"**/check-ins/{refused}")
    page.wait_for_selector(READY)
    page.click("#back")
    page.wait_for_url("**/check-ins")
    page.wait_for_selector(READY)
    page.click("#before")
    page.wait_for_url("**/check-ins?on=2026-03-01")
    page.wait_for_selector(READY)
    expect(page.locator("#none")).to_be_visible()
    expect(page.locator("#after")).to_be_visible()


def test_a_day_with_more_than_is_listed_says_so(
    visit: Open, served: Served, clock: SetClock
) -> None:
    refused = check_in(served, clock, 20, 20, name="N3")
    clock.advance(timedelta(seconds=1))
    lon, lat = town.point(50, 250)
    fix = Fix(lon=lon, lat=lat, accuracy_m=Metres(8), observed_at=clock.now())
    worker = town.WORKERS["N1"]
    actor = town.actor(Role.WORKER, worker=worker)
    with served.database.transaction() as session:
        said = [(actor, Claim(CheckInId(uuid4()), worker, None, fix)) for _ in range(3000)]
        take_check_ins(session, said, at=clock.now())
    page = visit("/check-ins", Role.SUPERVISOR).page
    page.wait_for_selector(READY)
    expect(page.locator("#cut")).to_contain_text("只列出最近的 3000 条")
    expect(page.locator("[data-filter=refused] b")).to_have_text("0")
    page.goto(f"{served.url}/check-ins/{refused}")
    page.wait_for_selector(READY)


def test_how_old_the_fix_was_is_said_with_every_verdict(
    visit: Open, served: Served, clock: SetClock
) -> None:
    page = visit("/check-ins", Role.SUPERVISOR).page
    page.wait_for_selector(READY)
    for east, later in ((50, timedelta(0)), (97, timedelta(minutes=4)), (145, timedelta(hours=3))):
        id = check_in(served, clock, east, 250, at_checkpoint=True, later=later)
        page.goto(f"{served.url}/check-ins/{id}")
        page.wait_for_selector(READY)
        said = page.locator("#reasons .age")
        expect(said).to_have_count(1)
        old = {0: "刚刚的定位", 240: "已有 4 分", 10800: "已有 3 小时"}[later.seconds]
        expect(said).to_contain_text(old)
    page.click("#language")
    expect(said).to_have_text("The fix was 3 h old when it arrived.")


def test_where_it_was_has_expired(visit: Open, served: Served, clock: SetClock) -> None:
    id = check_in(served, clock, 145, 250, at_checkpoint=True)
    with served.database.transaction() as session:
        erase_places(session, at=clock.now() + timedelta(days=31), kept=timedelta(days=30))
    page = visit(f"/check-ins/{id}", Role.SUPERVISOR).page
    page.wait_for_selector(READY)
    expect(page.locator("#word")).to_have_text("界外")
    expect(page.locator("#erased")).to_contain_text("已按保存期限删除")
    expect(page.locator("#rejudge_button")).to_have_count(0)
    assert "手机自报位置" not in words(page)
    assert "凉亭 · 半径 30 米" in words(page)
    page.goto(f"{served.url}/check-ins")
    page.wait_for_selector(READY)
    expect(page.locator("#list li")).to_have_count(1)
    expect(page.locator(".leaflet-dots-pane path")).to_have_count(0)
    expect(page.locator("#erased")).to_be_visible()


def test_the_list_is_cut_to_scope_and_linked_from_the_wall(
    visit: Open, served: Served, clock: SetClock
) -> None:
    check_in(served, clock)
    page = visit("/wall", Role.SUPERVISOR, scope="210503102").page
    page.click("text=打卡记录")
    page.wait_for_url("**/check-ins")
    page.wait_for_selector(READY)
    expect(page.locator("#list li")).to_have_count(0)


def test_codes_for_doors_are_printed(visit: Open, served: Served, clock: SetClock) -> None:
    with served.database.transaction() as session:
        for name in ("N1", "N2"):
            issue_proof_code(
                session,
                actor=town.actor(Role.ADMIN),
                checkpoint=town.CHECKPOINTS[name],
                at=clock.now(),
            )
    page = visit("/checkpoints/print?within=210503101", Role.SUPERVISOR).page
    expect(page.locator("article svg")).to_have_count(2)
    page.emulate_media(media="print")
    expect(page.locator("header")).to_be_hidden()
    page.evaluate("window.print = () => { window.printed = true; }")
    page.emulate_media(media="screen")
    page.click("#print")
    assert page.evaluate("window.printed")


def test_codes_are_issued_and_renewed_on_the_page(visit: Open, served: Served) -> None:
    page = visit("/checkpoints/print?within=210503101001", Role.SUPERVISOR).page
    bare = page.locator("#bare li")
    before = bare.count()
    assert before > 0
    expect(page.locator("article")).to_have_count(0)
    page.click("#bare summary")
    bare.first.locator("button").click()
    page.click("[data-choice=issue]")
    expect(page.locator("article svg")).to_have_count(1)
    expect(bare).to_have_count(before - 1)
    # The page came anew; before all of it is there its buttons do nothing.
    page.wait_for_load_state()
    page.click("article .issue")
    expect(page.locator("#dialog")).to_contain_text("第 1 版立即失效")
    page.click("[data-choice=renew]")
    expect(page.locator("article .code")).to_contain_text("第 2 版")
    page.emulate_media(media="print")
    expect(page.locator("article .issue")).to_be_hidden()
    expect(page.locator("#bare")).to_be_hidden()


@pytest.mark.parametrize("size", [SCREEN, PHONE])
def test_one_that_strays_far_does_not_make_the_others_one_dot(
    visit: Open, served: Served, clock: SetClock, size: tuple[int, int]
) -> None:
    for east in (20, 80):
        check_in(served, clock, east, 250)
    check_in(served, clock, 20_000, 250)
    page = visit("/check-ins", Role.SUPERVISOR, size=size).page
    page.wait_for_selector(READY)

    def apart() -> float:
        boxes = [dot.bounding_box() for dot in page.locator(".leaflet-dots-pane path").all()]
        lefts = sorted(box["x"] for box in boxes if box)
        return lefts[1] - lefts[0]

    assert apart() > 30
    expect(page.locator("#away")).to_contain_text("1 个打卡位置离得太远")
    page.click("#everything")
    assert apart() < 10


def test_on_a_phone_no_label_covers_another(visit: Open, served: Served, clock: SetClock) -> None:
    for east, north, accuracy in ((97, 250, 10), (145, 250, 8), (99, 299, 30)):
        id = check_in(served, clock, east, north, at_checkpoint=True, accuracy=accuracy)
        page = visit(f"/check-ins/{id}", Role.SUPERVISOR, size=PHONE).page
        page.wait_for_selector(READY)
        for language in ("zh", "en"):
            if language == "en":
                page.click("#language")
            found = page.locator(".leaflet-words-pane span:not(.unseen)").all()
            boxes = [box for label in found if (box := label.bounding_box())]
            for number, one in enumerate(boxes):
                for other in boxes[:number]:
                    assert (
                        one["x"] + one["width"] <= other["x"]
                        or other["x"] + other["width"] <= one["x"]
                        or one["y"] + one["height"] <= other["y"]
                        or other["y"] + other["height"] <= one["y"]
                    ), (language, found[number].inner_text())
