# SPDX-License-Identifier: Apache-2.0
"""A worker pairs his phone on his own page, and the phone is heard."""

import base64
import json
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import expect

from geo.accounts.rules import Role
from geo.clock import SetClock
from tests import town
from tests.browser.conftest import Open
from tests.serving import Served


def test_a_worker_pairs_his_phone_and_unpairs_it(
    visit: Open, served: Served, clock: SetClock
) -> None:
    worker = town.WORKERS["N1"]
    page = visit("/me", Role.WORKER, worker=worker, size=(390, 844)).page
    page.fill("#pair [name=name]", "<b>红米</b>")
    page.click("#pair [type=submit]")
    code = page.locator("#code svg")
    expect(code).to_be_visible()
    width = code.bounding_box()
    assert width is not None
    assert width["width"] > 200
    expect(page.locator("#scan")).to_contain_text("OwnTracks")
    expect(page.locator("#phones li")).to_contain_text("<b>红米</b>")

    # What the code says is what the phone then does.
    link = page.locator("#open").get_attribute("href")
    assert link is not None
    said = json.loads(base64.b64decode(parse_qs(urlsplit(link).query)["inline"][0]))
    assert said["url"] == f"{served.url}/devices/owntracks"
    lon, lat = town.point(50, 250)
    fix = {"_type": "location", "lat": lat, "lon": lon, "acc": 8, "tst": clock.now().timestamp()}
    pair = base64.b64encode(f"{said['username']}:{said['password']}".encode()).decode()
    heard = page.request.post(said["url"], data=fix, headers={"Authorization": f"Basic {pair}"})
    assert heard.status == 200
    assert [command["action"] for command in heard.json()] == ["setWaypoints"]

    # The code is gone for good.
    page.click("#done")
    expect(code).to_have_count(0)
    page.click("#language")
    expect(page.locator("#phones li button")).to_have_text("Unpair")
    page.click("#phones li button")
    expect(page.locator("#phones li")).to_have_count(0)
    again = page.request.post(said["url"], data=fix, headers={"Authorization": f"Basic {pair}"})
    assert again.status == 400

    page.select_option("#pair [name=app]", "osmand")
    page.fill("#pair [name=name]", "phone")
    page.click("#pair [type=submit]")
    expect(page.locator("#scan")).to_contain_text("Traccar Client")
    expect(page.locator("#open")).to_be_hidden()
