# SPDX-License-Identifier: Apache-2.0
"""`wangge simulate`: the demo district comes alive through the public API, in real time.

The service's clock is real and nothing sets it, so a day over HTTP has speed 1. Other speeds and
whole days run in process with a clock of their own (`api.play.player.play_in_process`).
"""

import asyncio
import signal
import ssl
from collections.abc import Coroutine
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import structlog

from api.code import CHECKOUT
from api.play.cast import Cast, read_cast
from api.play.door import Door
from api.play.player import Behind, Player, play_live
from geo.clock import SystemClock
from geo.service_user import SetUpError
from geo.settings import Settings
from geo.sim.day import Day
from geo.sim.town import Town, read_town

log = structlog.get_logger()

DEFAULT_SEED = 210503
CONNECTIONS = 16


def simulate(settings: Settings, *, seed: int = DEFAULT_SEED, minutes: float | None = None) -> None:
    """Play a busy hour beginning now, and go on until stopped; or for some minutes.

    Raises: SetUpError when there is no demo to play in.
    """
    cast = read_cast(settings.simulation_file)
    town = read_town(CHECKOUT / "data" / "shapefiles")
    trusted = _trusted(cast.url, settings.keys_directory)
    asyncio.run(_play(cast, town, trusted, seed=seed, minutes=minutes))


async def _play(
    cast: Cast, town: Town, trusted: ssl.SSLContext | bool, *, seed: int, minutes: float | None
) -> None:
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    clock = SystemClock()
    # Many workers, few connections: they are kept alive and shared.
    limits = httpx2.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
    async with httpx2.AsyncClient(
        base_url=cast.url, verify=trusted, trust_env=False, timeout=20, limits=limits
    ) as client:
        door = Door(client)
        if not await _until(stopping, _refuse_real_workers(door, cast)):
            return
        until = None if minutes is None else clock.now() + timedelta(minutes=minutes)
        while not stopping.is_set() and (until is None or clock.now() < until):
            start = _whole_second(clock.now())
            log.info("the day begins", seed=seed, start=start.isoformat(), workers=len(cast.crew))
            player = Player(door, Day(town, cast.crew, seed=seed, start=start), cast)
            await _until(stopping, player.officer.sign_in())
            try:
                await play_live(player, clock, stopping, until=until)
            except Behind:
                log.warning("fell behind the clock; beginning anew")


async def _until(stopping: asyncio.Event, work: Coroutine[Any, Any, object]) -> bool:
    """Whether something was done before being told to stop."""
    doing = asyncio.create_task(work)
    stopped = asyncio.create_task(stopping.wait())
    done, _ = await asyncio.wait({doing, stopped}, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if doing not in done:
        doing.cancel()
        return False
    doing.result()
    return True


async def _refuse_real_workers(door: Door, cast: Cast) -> None:
    """The service itself must say that these workers are simulated. Raises: SetUpError."""
    hand = cast.crew[0]
    said = await door.ask(
        "who am I", "GET", f"/workers/{hand.worker}", token=cast.tokens[hand.worker]
    )
    if not said.good:
        raise SetUpError(
            f"The service at {cast.url} does not know the phones of simulation.json "
            f"(status {said.status}). Remove that file; `wangge up` pairs them anew."
        )
    if said.body["origin"] != "simulated":
        raise SetUpError(
            f"The workers at {cast.url} are real. The simulation plays only in the demo district."
        )


def _trusted(url: str, keys: Path) -> ssl.SSLContext | bool:
    """What to believe about the other side: this installation's own CA, when it speaks https."""
    if urlsplit(url).scheme != "https":
        return True
    return ssl.create_default_context(cafile=str(keys / "ca.pem"))


def _whole_second(at: datetime) -> datetime:
    return at.replace(microsecond=0)
