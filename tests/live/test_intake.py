# SPDX-License-Identifier: Apache-2.0
"""Group commit: who comes together is committed together, and everybody gets his own answer."""

import asyncio
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import orjson
import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from api.deps import Credentials
from api.intake import MOST_WAITING, Ask, Intake, IntakeBusy
from geo.accounts.actions import pair_device, revoke_device
from geo.accounts.rules import DeviceProfile, NotSelf, Paired, Role, SessionInvalid
from geo.clock import SetClock
from geo.crs import Fix
from geo.db import Database
from geo.errors import GeoError
from geo.ids import CheckInId, WorkerId
from geo.patrol.check_ins import Taken
from geo.patrol.records import Claim
from geo.reactions import REACTIONS
from geo.tracking.queries import positions
from geo.tracking.rules import NOTIFY_CHANNEL
from geo.units import Metres
from tests import town

N1, N2 = town.WORKERS["N1"], town.WORKERS["N2"]


def paired(database: Database, worker: WorkerId) -> Paired:
    with database.transaction() as session:
        return pair_device(
            session,
            actor=town.actor(Role.WORKER, worker=worker),
            worker=worker,
            area=None,
            name="手机",
            profile=DeviceProfile().as_fields(),
            at=town.MORNING,
        )


def ask(
    token: str,
    worker: WorkerId = N1,
    id: CheckInId | None = None,
    *,
    place: tuple[float, float] = (50, 250),
    at: datetime = town.MORNING,
) -> Ask:
    lon, lat = town.point(*place)
    fix = Fix(lon=lon, lat=lat, accuracy_m=Metres(5), observed_at=at)
    claim = Claim(id or CheckInId(uuid4()), worker, None, fix)
    return Ask(Credentials(token, False), lambda _: claim)


def together(intake: Intake, asks: Sequence[Ask]) -> list[Taken | BaseException]:
    """Ask all at once; what each was answered."""

    async def run() -> list[Taken | BaseException]:
        answers = await asyncio.gather(*map(intake.take, asks), return_exceptions=True)
        await intake.close()
        return answers

    return asyncio.run(run())


class Counting(Database):
    """Counts its transactions; `before_commit` is called in each."""

    transactions = 0
    before_commit: Any = None

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """One more."""
        self.transactions += 1
        with super().transaction() as session:
            yield session
            if self.before_commit is not None:
                self.before_commit(session)


@pytest.fixture
def counting(live_url: str) -> Iterator[Counting]:
    database = Counting(live_url, reactions={})
    yield database
    database.close()


def kept(database: Database) -> int:
    with database.snapshot() as session:
        return session.scalar(text("select count(*) from check_in")) or 0


def test_who_comes_together_is_committed_together(counting: Counting) -> None:
    token = paired(counting, N1).token
    before = counting.transactions
    answers = together(Intake(counting, SetClock(town.MORNING)), [ask(token) for _ in range(100)])
    assert all(isinstance(answer, Taken) and answer.fresh for answer in answers)
    assert kept(counting) == 100
    assert counting.transactions - before == 1


def test_a_bad_one_spoils_no_other(counting: Counting) -> None:
    one, other = paired(counting, N1), paired(counting, N2)
    with counting.transaction() as session:
        actor = town.actor(Role.ADMIN)
        revoke_device(session, actor=actor, device=other.id, area=None, at=town.MORNING)
    same = CheckInId(uuid4())
    answers = together(
        Intake(counting, SetClock(town.MORNING)),
        [
            ask(one.token, id=same),
            ask("nobody's token"),
            ask(other.token, N2),
            ask(one.token, N2),
            ask(one.token, id=same),
            ask(one.token),
        ],
    )
    first, nobody, revoked, not_self, again, last = answers
    assert isinstance(nobody, SessionInvalid)
    assert isinstance(revoked, SessionInvalid)
    assert isinstance(not_self, NotSelf)
    assert isinstance(first, Taken)
    assert isinstance(last, Taken)
    assert (first.fresh, again, last.fresh) == (True, replace(first, fresh=False), True)
    assert kept(counting) == 2


def test_where_the_commit_fails_nobody_is_told_it_did_not(counting: Counting) -> None:
    token = paired(counting, N1).token
    failing = threading.Event()
    failing.set()

    def fail(session: Session) -> None:
        if failing.is_set():
            session.execute(text("select 1 / 0"))

    counting.before_commit = fail
    intake = Intake(counting, SetClock(town.MORNING))

    async def run() -> tuple[list[Any], Taken]:
        failed = await asyncio.gather(
            *(intake.take(ask(token)) for _ in range(5)), return_exceptions=True
        )
        failing.clear()
        # The next group is none the worse for it.
        taken = await intake.take(ask(token))
        await intake.close()
        return failed, taken

    failed, taken = asyncio.run(run())
    assert all(isinstance(answer, Exception) for answer in failed)
    assert not any(isinstance(answer, GeoError) for answer in failed)
    assert taken.fresh
    assert kept(counting) == 1


def test_what_cannot_be_stored_fails_alone(counting: Counting) -> None:
    token = paired(counting, N1).token
    poison = CheckInId(uuid4())

    def fail(session: Session) -> None:
        session.execute(
            text("select 1 / (count(*) - 1) from check_in where id = :id"), {"id": poison}
        )

    counting.before_commit = fail
    asks = [ask(token) for _ in range(20)]
    asks[7] = ask(token, id=poison)
    answers = together(Intake(counting, SetClock(town.MORNING)), asks)
    assert isinstance(answers[7], DBAPIError)
    others = answers[:7] + answers[8:]
    assert all(isinstance(answer, Taken) and answer.fresh for answer in others)
    assert kept(counting) == 19


def test_too_many_waiting_are_told_when_to_come_again(counting: Counting) -> None:
    token = paired(counting, N1).token
    answers = together(
        Intake(counting, SetClock(town.MORNING)), [ask(token) for _ in range(MOST_WAITING + 50)]
    )
    busy = [answer for answer in answers if isinstance(answer, IntakeBusy)]
    assert all(answer.fields == {"retry_after_s": 2} for answer in busy)
    assert len(busy) == 50
    assert kept(counting) == MOST_WAITING


def test_who_hangs_up_is_kept_all_the_same(counting: Counting) -> None:
    token = paired(counting, N1).token
    id = CheckInId(uuid4())
    intake = Intake(counting, SetClock(town.MORNING))

    async def run() -> Taken:
        leaving = asyncio.create_task(intake.take(ask(token, id=id)))
        staying = asyncio.create_task(intake.take(ask(token)))
        await asyncio.sleep(0)
        leaving.cancel()
        taken = await staying
        await intake.close()
        return taken

    assert asyncio.run(run()).fresh
    assert kept(counting) == 2


def walk(
    database: Database, places: Sequence[tuple[float, float]], people: Sequence[WorkerId]
) -> list[dict[str, list[Any]]]:
    """They check in together at each of these places; what was told of positions each time."""
    phones = {who: paired(database, who).token for who in people}
    intake = Intake(database, SetClock(town.MORNING))
    told = []
    with psycopg.connect(database.url.replace("+psycopg", ""), autocommit=True) as listening:
        listening.execute(f"listen {NOTIFY_CHANNEL}")
        for n, place in enumerate(places):
            at = town.MORNING + timedelta(seconds=n)
            answers = intake._take(
                [ask(token, who, place=place, at=at) for who, token in phones.items()]
            )
            assert all(isinstance(answer, Taken) for answer in answers), answers
            said: dict[str, list[Any]] = {}
            while len(said) < len(phones):
                for notice in listening.notifies(timeout=5, stop_after=1):
                    news = orjson.loads(notice.payload)
                    assert news["district"] == town.DISTRICT
                    said |= {worker: rest for worker, *rest in news["items"]}
            told.append(said)
    return told


def test_where_they_are_is_told_each_time(live_database: Database) -> None:
    places = [(10.0 * n, 250.0) for n in range(1, 5)]
    told = walk(live_database, places, [N1, N2])
    for n, (place, said) in enumerate(zip(places, told, strict=True)):
        lon, lat = town.point(*place)
        at = (town.MORNING + timedelta(seconds=n)).isoformat()
        for worker, cell in ((N1, town.N1), (N2, town.N2)):
            assert said[str(worker)] == [round(lon, 7), round(lat, 7), 5.0, at, cell]
    with live_database.snapshot() as session:
        seen = positions(session, town.DISTRICT, (town.DISTRICT,), town.MORNING)
    lon, lat = town.point(*places[-1])
    assert {one.worker: (one.lon, one.lat) for one in seen} == {N1: (lon, lat), N2: (lon, lat)}


class Erasing(Database):
    """Erases all positions in the middle of some of its transactions, by their numbers."""

    transactions = 0
    erases_in: Sequence[int] = ()

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """One more."""
        with super().transaction() as session:
            yield session
            self.transactions += 1
            if self.transactions in self.erases_in:
                other = Database(self.url, reactions={})
                with other.transaction() as elsewhere:
                    elsewhere.execute(text("delete from latest_position"))
                other.close()


@pytest.fixture
def erasing(live_url: str) -> Iterator[Erasing]:
    database = Erasing(live_url, reactions=REACTIONS)
    yield database
    database.close()


@pytest.mark.parametrize("people", [[N1], [N1, N2]])
def test_a_position_that_is_erased_meanwhile_is_there_again(
    erasing: Erasing, people: Sequence[WorkerId]
) -> None:
    # After the phones are paired two groups pass until positions are known to be there.
    erasing.erases_in = [len(people) + 3]
    told = walk(erasing, [(10, 250), (20, 250), (30, 250), (40, 250)], people)
    assert [said.keys() for said in told] == [set(map(str, people))] * 4
    # Of four groups one was taken twice.
    assert erasing.transactions == len(people) + 5
