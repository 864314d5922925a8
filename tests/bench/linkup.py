# SPDX-License-Identifier: Apache-2.0
"""From an alarm to the ring on the worker's stream, with everybody connected.

The whole demo district: the stream of every worker's phone and of 20 walls, two service processes,
fsync on, the answer clock running. Emergencies come in evenly over the time; the first of the
asked accepts as soon as he hears of it.

    python -m tests.bench.linkup [--alarms 100] [--seconds 60] [--walls 20]
"""

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx2
from sqlalchemy import select

from api.demo import DISTRICT, load
from geo.columns import Origin
from geo.db import Database
from geo.hierarchy.queries import areas, plan_in_force
from geo.ids import CellCode, Level, WorkerId
from geo.incidents.tables import AskRow, LinkupRow
from geo.settings import Settings
from geo.tracking.latest import note_sightings
from geo.tracking.rules import Seen
from geo.units import Metres
from tests.bench.servers import begin_duty, database, durable_database, running, serving
from tests.bench.wall import told

API = "/api/v1"


@dataclass
class Heard:
    """What the streams said, by linkup and worker, in seconds of one clock."""

    sent: dict[str, float] = field(default_factory=dict)
    answered: dict[str, float] = field(default_factory=dict)
    incident_of: dict[str, str] = field(default_factory=dict)
    rang: dict[tuple[str, str], float] = field(default_factory=dict)
    walls: dict[str, list[float]] = field(default_factory=dict)
    repeated: int = 0
    open: int = 0


def place_people(opened: Database, phones: list[dict[str, str]]) -> dict[str, tuple[float, float]]:
    """Everybody on duty in the middle of his cell, freshly seen; the middles by cell."""
    now = datetime.now(UTC)
    with opened.snapshot() as session:
        plan = plan_in_force(session, DISTRICT, now.date())
        middles = {}
        for area in areas(session, DISTRICT, plan.id, level=Level.CELL):
            assert area.boundary is not None
            middle = area.boundary.representative_point()
            middles[area.code] = (middle.x, middle.y)
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
    return {str(CellCode(code)): place for code, place in middles.items()}


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
            heard.incident_of[row["id"]] = row["incident"]
            if worker is None:
                heard.walls.setdefault(row["id"], []).append(now)
                continue
            key = (row["id"], worker)
            (own,) = row["asked"]
            if own["state"] == "asked" and key not in heard.rang:
                heard.rang[key] = now
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


async def day(
    address: str,
    phones: list[dict[str, str]],
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
        alarms = []
        for number, place in enumerate(places):
            await asyncio.sleep(
                max(0.0, begun + number * asked.seconds / len(places) - time.monotonic())
            )
            alarms.append(asyncio.create_task(alarm(client, headers, place, heard)))
        statuses.update(await asyncio.gather(*alarms))
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
    asked = parser.parse_args()
    with durable_database() as url, tempfile.TemporaryDirectory() as home:
        load(url, Path(home), "http://127.0.0.1")
        phones = json.loads((Path(home) / "simulation.json").read_text())["phones"]
        accounts = json.loads((Path(home) / "demo.json").read_text())["accounts"]
        with database(url) as opened:
            middles = place_people(opened, phones)
            cells = random.Random(4).sample(sorted(middles), asked.alarms)
            places = [middles[cell] for cell in cells]
            clock = [sys.executable, "-m", "api.clockwork", "answers"]
            environment = Settings(database_url=url).environment()
            with serving(url) as address, running([clock], environment, ()):
                heard, statuses = asyncio.run(
                    day(address, phones, accounts["dispatcher"], places, asked)
                )
            with opened.snapshot() as session:
                linkups = session.scalars(select(LinkupRow.incident)).all()
                asks = session.execute(select(AskRow.linkup, AskRow.worker)).all()
                led = session.scalars(select(LinkupRow.id).where(LinkupRow.lead.is_not(None))).all()
    print(f"{len(phones)} phones, {asked.walls} walls; answers {dict(statuses)}")
    on_phones = {phone["worker"] for phone in phones}
    wanted = {(str(one.linkup), str(one.worker)) for one in asks if str(one.worker) in on_phones}
    print(
        f"linkups {len(linkups)} of {len(set(linkups))} incidents, led {len(led)};"
        f" asks {len(asks)}, rung {len(heard.rang)}, lost {len(wanted - set(heard.rang))},"
        f" never asked {len(set(heard.rang) - wanted)}, events repeated {heard.repeated}"
    )
    first: dict[str, float] = {}
    for (linkup, _), at in heard.rang.items():
        first[linkup] = min(first.get(linkup, at), at)
    for name, since in (("sent", heard.sent), ("answered (committed)", heard.answered)):
        rang = [
            1000 * max(0.0, at - since[heard.incident_of[linkup]])
            for (linkup, _), at in heard.rang.items()
        ]
        told(f"alarm {name} to ring on each worker's stream", rang)
    walls = [
        1000 * (max(times[: asked.walls]) - heard.sent[heard.incident_of[linkup]])
        for linkup, times in heard.walls.items()
    ]
    told("alarm sent to the last of the walls", walls)


if __name__ == "__main__":
    main()
