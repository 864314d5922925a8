# SPDX-License-Identifier: Apache-2.0
"""Asking the outside geocoders: all at once, within a short time, never more than a few at a time.

One that fails costs its own candidates and nothing else. What they say is taken as what strangers
say: bounded in size, read into typed values, thrown away where it is not in the district.
"""

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import httpx2
import structlog

from api.geocoders.services import Found, Question, Refused, Service
from api.version import version
from geo.crs import to_wgs84_many
from geo.errors import Busy, NotFound

log = structlog.get_logger()

DEADLINE_S = 2.0
ANSWER_LIMIT = 256 * 1024
# Questions of this process under way at the same time; each holds a place at the gate.
AT_ONCE = 8
RETRY_S = 2
# Waiting longer than this for one's turn leaves no time for the answer.
LONGEST_WAIT_S = 1.0


class Reason(StrEnum):
    """Why a geocoder gave nothing. Each has words in `api/texts`."""

    TIMEOUT = "geocode.outside_timeout"
    TOO_SOON = "geocode.outside_too_soon"
    UNREACHABLE = "geocode.outside_unreachable"
    REFUSED = "geocode.outside_refused"
    TOO_LARGE = "geocode.outside_too_large"
    UNREADABLE = "geocode.outside_unreadable"


class OutsideOff(NotFound):
    """No outside geocoder is switched on here."""

    code = "geocode.outside_off"


class OutsideFailed(Busy):
    """None of the outside geocoders answered; the local answer is not concerned."""

    code = "geocode.outside_failed"


class _Failed(Exception):
    """One geocoder's failure on its way to the list of failures."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Place:
    """A place that a geocoder found in the district. WGS-84 degrees."""

    geocoder: str
    credit: str
    label: str
    kind: str
    lon: float
    lat: float


@dataclass(frozen=True)
class Failure:
    """A geocoder that gave nothing, and why."""

    geocoder: str
    code: Reason


@dataclass(frozen=True)
class Heard:
    """What came back. Places in the order of the settings, then in that of each geocoder."""

    places: list[Place]
    failed: list[Failure]


class Outside:
    """The geocoders one process may ask. They see the text of the question, and nothing else."""

    def __init__(
        self, services: Sequence[Service], *, processes: int = 1, deadline_s: float = DEADLINE_S
    ) -> None:
        self._services = services
        self._processes = processes
        self._deadline_s = deadline_s
        self._next_at: dict[str, float] = {}
        self._client: httpx2.AsyncClient | None = None
        self._now = 0

    async def ask(self, question: Question) -> Heard:
        """Put a question to all of them.

        Raises: OutsideOff, OutsideFailed (none answered), Busy (too many questions at a time).
        """
        if not self._services:
            raise OutsideOff()
        if self._now >= AT_ONCE:
            raise Busy(retry_after_s=RETRY_S)
        self._now += 1
        try:
            heard = await asyncio.gather(*(self._one(one, question) for one in self._services))
        finally:
            self._now -= 1
        places = [place for said in heard if isinstance(said, list) for place in said]
        failed = [said for said in heard if isinstance(said, Failure)]
        if len(failed) == len(self._services):
            listed = [{"geocoder": one.geocoder, "code": one.code.value} for one in failed]
            raise OutsideFailed(failed=listed, retry_after_s=RETRY_S)
        return Heard(places, failed)

    async def close(self) -> None:
        """Let go of the connections."""
        if self._client is not None:
            await self._client.aclose()

    async def _one(self, service: Service, question: Question) -> list[Place] | Failure:
        try:
            async with asyncio.timeout(self._deadline_s):
                await self._turn(service)
                body = await self._body(service, question)
            found = service.read(body)
        except TimeoutError:
            reason = Reason.TIMEOUT
        except _Failed as failed:
            reason = failed.reason
        except httpx2.TimeoutException:
            reason = Reason.TIMEOUT
        except httpx2.HTTPError:
            reason = Reason.UNREACHABLE
        except Refused:
            reason = Reason.REFUSED
        except ValueError:
            reason = Reason.UNREADABLE
        else:
            return _inside(service, question, found)
        # Neither the text nor the address: one says where people are, the other holds the key.
        log.warning("outside geocoder failed", geocoder=service.name.value, reason=reason.value)
        return Failure(service.name.value, reason)

    async def _turn(self, service: Service) -> None:
        """Keep to the pace that the geocoder's terms of use allow to the whole installation."""
        if not service.least_interval_s:
            return
        now = asyncio.get_running_loop().time()
        mine = max(now, self._next_at.get(service.name, now))
        if mine - now > LONGEST_WAIT_S:
            raise _Failed(Reason.TOO_SOON)
        self._next_at[service.name] = mine + service.least_interval_s * self._processes
        await asyncio.sleep(mine - now)

    async def _body(self, service: Service, question: Question) -> bytes:
        if self._client is None:
            self._client = httpx2.AsyncClient(
                # No proxy of the environment, no redirects, nothing that unpacks to more.
                trust_env=False,
                follow_redirects=False,
                timeout=self._deadline_s,
                headers={"user-agent": f"wangge/{version()}", "accept-encoding": "identity"},
            )
        address = service.origin + service.path
        params = service.query(question, service.key)
        async with self._client.stream("GET", address, params=params) as answer:
            if answer.status_code != 200:
                raise _Failed(Reason.REFUSED)
            body = b""
            async for chunk in answer.aiter_raw():
                body += chunk
                if len(body) > ANSWER_LIMIT:
                    raise _Failed(Reason.TOO_LARGE)
        return body


def _inside(service: Service, question: Question, found: list[Found]) -> list[Place]:
    """The first places that lie in the box of the question, in WGS-84."""
    west, south, east, north = question.bounds
    lons, lats = to_wgs84_many([one.point for one in found])
    return [
        Place(
            service.name.value,
            service.credit,
            one.label,
            one.kind,
            round(float(lon), 7),
            round(float(lat), 7),
        )
        for one, lon, lat in zip(found, lons, lats, strict=True)
        if not math.isnan(lon) and west <= lon <= east and south <= lat <= north and one.label
    ][: question.limit]
