# SPDX-License-Identifier: Apache-2.0
"""The wall in Chromium: its first paint, and how soon a committed check-in is a dot on it.

The whole demo district, two service processes, fsync on, no simulation beside it.

    python -m tests.bench.wall [--check-ins 100] [--visits 5]
"""

import argparse
import json
import shutil
import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import httpx2
from playwright.sync_api import Page, sync_playwright

from api.demo import load
from geo.hierarchy.queries import areas, plan_in_force
from geo.ids import DistrictCode, Level
from tests.bench.servers import database, durable_database, serving

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
FLAGS += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]

# The page notes the number of what it has just handed to the canvas; the next frame shows it.
WATCH = """() => {
  window.painted = {};
  new MutationObserver(() => {
    const seq = document.documentElement.dataset.seq;
    requestAnimationFrame(() => setTimeout(() => { window.painted[seq] = Date.now(); }));
  }).observe(document.documentElement, { attributes: true, attributeFilter: ["data-seq"] });
}"""
PAINTS = """() => new Promise((told) => {
  new PerformanceObserver((list) => {
    const first = performance.getEntriesByName("first-contentful-paint")[0];
    told([first.startTime, list.getEntries().at(-1).startTime]);
  }).observe({ type: "largest-contentful-paint", buffered: true });
})"""


def sign_in(page: Page, url: str, account: dict[str, str]) -> None:
    """Sign in by the form; the wall opens."""
    page.goto(f"{url}/login")
    page.fill("input[name=username]", account["username"])
    page.fill("input[name=password]", account["password"])
    page.click("button[type=submit]")
    page.wait_for_url("**/wall")


def told(name: str, values: list[float]) -> None:
    """Print a median, a 95th percentile and the range, in milliseconds."""
    ordered = sorted(values)
    p95 = ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))]
    print(
        f"{name}: p50 {statistics.median(ordered):.0f} ms, p95 {p95:.0f} ms"
        f" ({ordered[0]:.0f} to {ordered[-1]:.0f}, n={len(ordered)})"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--check-ins", type=int, default=100)
    parser.add_argument("--visits", type=int, default=5)
    asked = parser.parse_args()
    with durable_database() as url, tempfile.TemporaryDirectory() as home:
        load(url, Path(home), "http://127.0.0.1")
        accounts = json.loads((Path(home) / "demo.json").read_text())["accounts"]
        phone = json.loads((Path(home) / "simulation.json").read_text())["phones"][0]
        with database(url) as opened, opened.snapshot() as session:
            district = DistrictCode("210503")
            plan = plan_in_force(session, district, datetime.now(UTC).date())
            cells = areas(session, district, plan.id, level=Level.CELL, within=[phone["cell"]])
            middle = cells[0].boundary.representative_point()  # type: ignore[union-attr]
        with serving(url) as address, sync_playwright() as playwright:
            chromium = shutil.which("chromium-headless-shell")
            browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            page = browser.new_page(viewport={"width": 1920, "height": 1080})
            sign_in(page, address, accounts["dispatcher"])
            first, largest = [], []
            for _ in range(asked.visits):
                page.goto(f"{address}/wall")
                page.wait_for_timeout(2500)
                paints = page.evaluate(PAINTS)
                first.append(paints[0])
                largest.append(paints[1])
            told("first contentful paint", first)
            told("largest contentful paint", largest)
            page.evaluate(WATCH)
            headers = {"Authorization": f"Bearer {phone['token']}"}
            from_sent, from_answer = [], []
            with httpx2.Client(base_url=address, headers=headers, trust_env=False) as client:
                for _ in range(asked.check_ins):
                    body = {
                        "id": str(uuid4()),
                        "worker": phone["worker"],
                        "checkpoint": None,
                        "fix": {
                            "lon": middle.x,
                            "lat": middle.y,
                            "accuracy_m": 8.0,
                            "observed_at": datetime.now(UTC).isoformat(),
                        },
                    }
                    before = page.evaluate("document.documentElement.dataset.seq")
                    sent = time.time() * 1000
                    answer = client.post("/api/v1/check-ins", json=body)
                    answered = time.time() * 1000
                    assert answer.status_code == 201, answer.text
                    page.wait_for_function(
                        "(before) => document.documentElement.dataset.seq !== before"
                        " && window.painted[document.documentElement.dataset.seq]",
                        arg=before,
                    )
                    painted = page.evaluate("window.painted[document.documentElement.dataset.seq]")
                    from_sent.append(painted - sent)
                    from_answer.append(painted - answered)
                    page.wait_for_timeout(120)
            told("request sent to dot painted", from_sent)
            told("answered (committed) to dot painted", from_answer)
            browser.close()


if __name__ == "__main__":
    main()
