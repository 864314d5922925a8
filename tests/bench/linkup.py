# SPDX-License-Identifier: Apache-2.0
"""From an alarm to the ring on the worker's stream, with everybody connected.

The whole demo district: the stream of every worker's phone and of 20 walls, two service processes,
fsync on, the answer clock running. Emergencies come in evenly over the time; the first of the
asked accepts as soon as he hears of it. Everybody stands in the middle of his cell; with `--day`
the simulated day runs beside it as `wangge up` plays it: everybody walks, sends his position and
checks in, and incidents of the day ring and are answered, which are not counted.

    python -m tests.bench.linkup [--alarms 100] [--seconds 60] [--walls 20] [--day]
"""

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx2
from sqlalchemy import func, select

from api.demo import DISTRICT, load
from geo.columns import Origin
from geo.db import Database
from geo.hierarchy.queries import areas, plan_in_force
from geo.ids import Level, WorkerId
from geo.incidents.tables import AskRow, IncidentRow, LinkupRow
from geo.patrol.tables import CheckInRow
from geo.settings import Settings
from geo.tracking.latest import note_sightings
from geo.tracking.queries import positions
from geo.tracking.rules import Seen
from geo.units import Metres
from tests.bench.servers import begin_duty, database, durable_database, running, serving
from tests.bench.wall import told

API = "/api/v1"


@dataclass
class Heard:
    """What the streams said of our alarms, by linkup and worker, in seconds of one clock."""

    sent: dict[str, float] = field(default_factory=dict)
    answered: dict[str, float] = field(default_factory=dict)
    incident_of: dict[str, str] = field(default_factory=dict)
    rang: dict[tuple[str, str], float] = field(default_factory=dict)
    first_ring: set[tuple[str, str]] = field(default_factory=set)
    walls: dict[str, list[float]] = field(default_factory=dict)
    repeated: int = 0
    open: int = 0
    until: datetime = field(default_factory=lambda: datetime.now(UTC))
    """Who was asked later may have rung after the streams were left."""


Phones = list[dict[str, str]]
Places = dict[str, tuple[float, float]]


def middles_of(opened: Database) -> Places:
    """A place in each cell, by its code."""
    middles = {}
    with opened.snapshot() as session:
        plan = plan_in_force(session, DISTRICT, datetime.now(UTC).date())
        for area in areas(session, DISTRICT, plan.id, level=Level.CELL):
            assert area.boundary is not None
            middle = area.boundary.representative_point()
            middles[str(area.code)] = (middle.x, middle.y)
    return middles


def place_people(opened: Database, phones: Phones, middles: Places) -> None:
    """Everybody on duty in the middle of his cell, freshly seen."""
    now = datetime.now(UTC)
    begin_duty(opened, [WorkerId(UUID(phone["worker"])) for phone in phones])
    with opened.transaction() as session:
        note_sightings(
            session,
            [
                Seen(
                    district=DISTRICT,
                    worker=WorkerId(UUID(phone["worker"])),
                    lon=middles[phone["cell"]][0],
                    lat=middles[phone["cell"]][1],
                    accuracy_m=Metres(8.0),
                    observed_at=now,
                    received_at=now,
                    origin=Origin.SIMULATED,
                )
                for phone in phones
            ],
        )


@contextmanager
def simulated_day(
    opened: Database, url: str, home: Path, address: str, count: int
) -> Iterator[None]:
    """The day as `wangge up` plays it, from when nine of ten phones are on their rounds."""
    # The address was not known when the demo was brought in.
    load(url, home, address)
    environment = Settings(home=home, database_url=url).environment()
    play = [sys.executable, "-m", "api", "simulate", "--home", str(home)]
    with running([play, [sys.executable, "-m", "api.clockwork"]], environment, ()):
        deadline = time.monotonic() + 120
        while True:
            with opened.snapshot() as session:
                there = len(positions(session, DISTRICT, (DISTRICT,), datetime.now(UTC)))
            if there >= 0.9 * count:
                break
            assert time.monotonic() < deadline, f"{there} of {count} phones came on duty"
            time.sleep(0.5)
        print(f"the day runs: {there} on duty with a position")
        yield


async def listen(
    client: httpx2.AsyncClient, token: str, worker: str | None, heard: Heard, accept: bool
) -> None:
    """One screen: a worker's phone, which accepts at once when told to, or a wall."""
    headers = {"Authorization": f"Bearer {token}"}
    seen: set[int] = set()
    async with client.stream("GET", f"{API}/live", headers=headers, timeout=None) as stream:
        heard.open += 1
        async for line in stream.aiter_lines():
            if not line.startswith("data:") or '"linkups"' not in line:
                continue
            now = time.monotonic()
            said = json.loads(line[5:])
            if said["seq"] in seen:
                heard.repeated += 1
            seen.add(said["seq"])
            row = said["body"]
            if row["incident"] not in heard.sent:
                continue
            heard.incident_of[row["id"]] = row["incident"]
            if worker is None:
                heard.walls.setdefault(row["id"], []).append(now)
                continue
            key = (row["id"], worker)
            (own,) = row["asked"]
            if own["state"] == "asked" and key not in heard.rang:
                heard.rang[key] = now
                if own["ring"] == 1:
                    heard.first_ring.add(key)
                if accept and own["rank"] == 1:
                    url = f"{API}/linkups/{row['id']}/accept"
                    asyncio.get_running_loop().create_task(_accept(client, url, headers))


async def _accept(client: httpx2.AsyncClient, url: str, headers: dict[str, str]) -> None:
    await client.post(url, headers=headers, timeout=30)


async def alarm(
    client: httpx2.AsyncClient, headers: dict[str, str], place: tuple[float, float], heard: Heard
) -> int:
    """One emergency; answers the status."""
    id = str(uuid4())
    body: dict[str, Any] = {
        "id": id,
        "title": "路面塌陷",
        "category": "突发事件",
        "severity": "emergency",
        "place": {"point": {"lon": place[0], "lat": place[1]}},
    }
    heard.sent[id] = time.monotonic()
    answer = await client.post(f"{API}/incidents", json=body, headers=headers, timeout=30)
    heard.answered[id] = time.monotonic()
    return answer.status_code


async def alarms(
    address: str,
    phones: Phones,
    officer: dict[str, str],
    places: list[tuple[float, float]],
    asked: argparse.Namespace,
) -> tuple[Heard, Counter[int]]:
    """Everybody listens, then the alarms come."""
    heard, statuses = Heard(), Counter[int]()
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=64)
    async with httpx2.AsyncClient(base_url=address, limits=limits, trust_env=False) as client:
        credentials = {name: officer[name] for name in ("username", "password")}
        signed_in = await client.post(f"{API}/sessions", json=credentials)
        token = signed_in.json()["token"]
        streams = [
            asyncio.create_task(listen(client, phone["token"], phone["worker"], heard, True))
            for phone in phones
        ]
        streams += [
            asyncio.create_task(listen(client, token, None, heard, False))
            for _ in range(asked.walls)
        ]
        while heard.open < len(streams):
            await asyncio.sleep(0.1)
            for stream in streams:
                if stream.done():
                    stream.result()
        await asyncio.sleep(2)
        headers = {"Authorization": f"Bearer {token}"}
        begun = time.monotonic()
        sending = []
        for number, place in enumerate(places):
            await asyncio.sleep(
                max(0.0, begun + number * asked.seconds / len(places) - time.monotonic())
            )
            sending.append(asyncio.create_task(alarm(client, headers, place, heard)))
        statuses.update(await asyncio.gather(*sending))
        heard.until = datetime.now(UTC)
        await asyncio.sleep(5)
        for stream in streams:
            stream.cancel()
        await asyncio.gather(*streams, return_exceptions=True)
    return heard, statuses


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--alarms", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--walls", type=int, default=20)
    parser.add_argument("--day", action="store_true")
    asked = parser.parse_args()
    with durable_database() as url, tempfile.TemporaryDirectory() as directory:
        home = Path(directory)
        load(url, home, "http://127.0.0.1")
        phones = json.loads((home / "simulation.json").read_text())["phones"]
        officer = json.loads((home / "demo.json").read_text())["accounts"]["dispatcher"]
        answers = [sys.executable, "-m", "api.clockwork", "answers"]
        environment = Settings(database_url=url).environment()
        with ExitStack() as stack:
            opened = stack.enter_context(database(url))
            middles = middles_of(opened)
            if not asked.day:
                place_people(opened, phones, middles)
            address = stack.enter_context(serving(url))
            stack.enter_context(running([answers], environment, ()))
            if asked.day:
                beside = simulated_day(opened, url, home, address, len(phones))
                stack.enter_context(beside)
            cells = random.Random(4).sample(sorted(middles), asked.alarms)
            places = [middles[cell] for cell in cells]
            heard, statuses = asyncio.run(alarms(address, phones, officer, places, asked))
            print(f"{len(phones)} phones, {asked.walls} walls; answers {dict(statuses)}")
            compare(opened, heard, {phone["worker"] for phone in phones})
        tell(heard, asked.walls)


def compare(opened: Database, heard: Heard, phones: set[str]) -> None:
    """What the streams said beside what is stored."""
    ours = LinkupRow.incident.in_([UUID(id) for id in heard.sent])
    with opened.snapshot() as session:
        linkups = session.execute(select(LinkupRow.incident, LinkupRow.lead).where(ours)).all()
        asks = session.execute(
            select(AskRow.linkup, AskRow.worker, AskRow.asked_at)
            .join(LinkupRow, LinkupRow.id == AskRow.linkup)
            .where(ours)
        ).all()
        simulated = {
            row.__tablename__: session.scalar(
                select(func.count()).select_from(row).where(row.origin == Origin.SIMULATED.value)
            )
            for row in (CheckInRow, IncidentRow)
        }
    told_of = {(str(one.linkup), str(one.worker)) for one in asks}
    due = {(str(one.linkup), str(one.worker)) for one in asks if one.asked_at <= heard.until}
    lost = {key for key in due - set(heard.rang) if key[1] in phones}
    led = [one for one in linkups if one.lead is not None]
    print(
        f"linkups {len(linkups)} of {len({one.incident for one in linkups})} incidents,"
        f" led {len(led)}; asks {len(asks)}, rung {len(heard.rang)}, lost {len(lost)},"
        f" never asked {len(set(heard.rang) - told_of)}, events repeated {heard.repeated};"
        f" simulated beside them {simulated}"
    )


def tell(heard: Heard, walls: int) -> None:
    """Print how long it took: on the phones of the first ring, and on the walls."""
    for name, since in (("sent", heard.sent), ("answered (committed)", heard.answered)):
        rang = [
            1000 * max(0.0, heard.rang[key] - since[heard.incident_of[key[0]]])
            for key in heard.first_ring
        ]
        told(f"alarm {name} to ring on each worker's stream", rang)
    last = [
        1000 * (max(times[:walls]) - heard.sent[heard.incident_of[linkup]])
        for linkup, times in heard.walls.items()
    ]
    told("alarm sent to the last of the walls", last)


if __name__ == "__main__":
    main()
