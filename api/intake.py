# SPDX-License-Identifier: Apache-2.0
"""Group commit: check-ins that arrive together are judged, kept and committed together.

While one transaction runs, whoever comes waits for the next; so a quiet service answers at once and
a busy one shares statements and commits. Everybody is answered after the commit of his own.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from psycopg.errors import SerializationFailure
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from api.deps import Credentials, actors
from geo.accounts.rules import DeviceProfile, SessionInvalid, reach_of
from geo.clock import Clock
from geo.db import Database
from geo.errors import Busy, GeoError
from geo.patrol.check_ins import Said, Taken, ready, take_check_ins
from geo.patrol.records import Claim
from geo.values import value

# More in one transaction gain nothing and keep everybody waiting.
MOST_TOGETHER = 256
# Beyond this a wait would be longer than a phone's patience.
MOST_WAITING = 1024
BUSY_RETRY_S = 2
VERB = "checkins.write"
# How many of those just answered are waited for to come again, and of the time a group took, how
# much at most. The last of them come too late for the others to wait for.
_COME_AGAIN = 0.9
_GATHERED = 0.8


class IntakeBusy(Busy):
    """More check-ins are waiting than will be answered in time."""

    code = "service.busy"


@value
class Ask:
    """A check-in at the door: who says it, and what, once it is known how his phone speaks."""

    shown: Credentials
    claim: Callable[[DeviceProfile], Claim]


class Intake:
    """Takes the check-ins of one process in, in groups."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._waiting: list[tuple[Ask, asyncio.Future[Taken | Exception]]] = []
        self._working: asyncio.Task[None] | None = None
        # How many are waited for, and what says that they are there.
        self._gathering: tuple[int, asyncio.Future[None]] | None = None
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="intake")

    async def take(self, ask: Ask) -> Taken:
        """Take one check-in in; returns when it is committed.

        Raises: IntakeBusy, SessionInvalid, and what `take_check_in` raises.
        """
        if len(self._waiting) >= MOST_WAITING:
            raise IntakeBusy(retry_after_s=BUSY_RETRY_S)
        loop = asyncio.get_running_loop()
        answered: asyncio.Future[Taken | Exception] = loop.create_future()
        self._waiting.append((ask, answered))
        if self._gathering is not None:
            most, gathered = self._gathering
            if len(self._waiting) >= most and not gathered.done():
                gathered.set_result(None)
        if self._working is None:
            self._working = loop.create_task(self._work())
        answer = await answered
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def close(self) -> None:
        """Wait for what is being taken in."""
        if self._working is not None:
            await self._working
        self._writer.shutdown()

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._waiting:
                group = self._waiting[:MOST_TOGETHER]
                del self._waiting[:MOST_TOGETHER]
                taking = loop.run_in_executor(self._writer, self._take, [ask for ask, _ in group])
                began = loop.time()
                await asyncio.wait([taking])
                _answer([answered for _, answered in group], taking)
                if len(group) > 1:
                    # Those just answered are about to come again: one transaction for all of them
                    # costs less than one for the first and one for the rest.
                    most = round(_COME_AGAIN * len(group))
                    await self._gather(most, _GATHERED * (loop.time() - began))
        finally:
            self._working = None

    async def _gather(self, most: int, seconds: float) -> None:
        """Wait until so many are waiting, but no longer than this."""
        if len(self._waiting) >= most:
            return
        loop = asyncio.get_running_loop()
        gathered: asyncio.Future[None] = loop.create_future()
        self._gathering = (most, gathered)
        try:
            await asyncio.wait([gathered], timeout=seconds)
        finally:
            self._gathering = None

    def _take(self, asks: Sequence[Ask]) -> list[Taken | Exception]:
        """Take a group in; where something cannot be stored, its halves, until it stands alone."""
        try:
            try:
                return self._together(asks)
            except OperationalError as error:
                if not isinstance(error.orig, SerializationFailure):
                    raise
                # What it went by has changed meanwhile, and is asked anew.
                return self._together(asks)
        except (DBAPIError, ArithmeticError, ValueError) as error:
            away = isinstance(error, OperationalError | InterfaceError)
            if away or len(asks) == 1:
                return [error] * len(asks)
        middle = len(asks) // 2
        return self._take(asks[:middle]) + self._take(asks[middle:])

    def _together(self, asks: Sequence[Ask]) -> list[Taken | Exception]:
        at = self._clock.now()
        answers: dict[int, Taken | GeoError] = {}
        said: dict[int, Said] = {}
        with self._database.transaction() as session:
            known = ready(session)
            people = actors(session, {ask.shown for ask in asks}, at, known)
            for place, ask in enumerate(asks):
                actor = people.get(ask.shown)
                try:
                    if actor is None:
                        raise SessionInvalid()
                    reach_of(actor, VERB)
                except GeoError as error:
                    answers[place] = error
                else:
                    said[place] = (actor, ask.claim(actor.profile))
            taken = take_check_ins(session, list(said.values()), at=at, known=known)
        answers.update(zip(said, taken, strict=True))
        return [answers[place] for place in range(len(asks))]


def _answer(
    waiting: Sequence[asyncio.Future[Taken | Exception]],
    taken: asyncio.Future[list[Taken | Exception]],
) -> None:
    """Everybody his answer; where the whole group failed, everybody the failure."""
    failure = taken.exception()
    answers = [None] * len(waiting) if failure else taken.result()
    for answered, answer in zip(waiting, answers, strict=True):
        if answered.done():
            continue  # He has hung up.
        if answer is None:
            assert failure is not None
            answered.set_exception(failure)
        else:
            answered.set_result(answer)
