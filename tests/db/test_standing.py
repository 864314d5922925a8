# SPDX-License-Identifier: Apache-2.0
"""What a connection remembers is what it would be told if it asked anew, whoever changed it."""

import random
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from geo import prepared, standing
from geo.accounts.actions import pair_device, revoke_device
from geo.accounts.queries import actors_of_devices
from geo.accounts.rules import Role
from geo.db import Database
from geo.patrol.circumstances import Asked, Circumstances, circumstances
from geo.reactions import REACTIONS
from geo.standing import Standing, forget_noted
from tests import town

NOW = town.MORNING
HOUR = timedelta(hours=1)
N1, N2, S3 = town.WORKERS["N1"], town.WORKERS["N2"], town.WORKERS["S3"]
AT_N1 = town.CHECKPOINTS["N1"]
ASKED = [Asked(town.DISTRICT, worker, NOW, at) for worker in (N1, N2, S3) for at in (None, AT_N1)]

# As planners, supervisors and the command line change them, and as nobody does but might.
CHANGES = (
    "update duty set during = tstzrange(lower(during), :at) where worker = :who"
    " and upper_inf(during)",
    "insert into duty (district, id, worker, during, origin)"
    " values ('210503', :id, :who, tstzrange(:at, null), 'real')",
    "delete from duty where worker = :who and not upper_inf(during)",
    "truncate checkpoint_was",
    "update assignment set during = tstzrange(lower(during), :at) where worker = :who"
    " and upper_inf(during)",
    "insert into assignment (district, id, worker, cell, role, during, origin)"
    " values ('210503', :id, :who, :cell, 'stand_in', tstzrange(:at, :until), 'real')",
    "update assignment set worker = :who where worker = :other and not upper_inf(during)",
    "delete from assignment where worker = :who and not upper_inf(during)",
    "update check_in_policy set during = tstzrange(lower(during), :at) where upper_inf(during)",
    "insert into check_in_policy (district, version, during, body)"
    " select '210503', max(version) + 1, tstzrange(:at, null),"
    " (array_agg(body))[1] || jsonb_build_object('inside_from', 0.5 + 0.4 * :share)"
    " from check_in_policy having not bool_or(upper_inf(during))",
    "insert into checkpoint_was (district, checkpoint, until, cell, name, point, radius_m,"
    " asks_proof) select district, id, :at, cell, name, point, radius_m, asks_proof"
    " from checkpoint where id = :door",
    "update checkpoint set radius_m = 10 + 90 * :share where id = :door",
    "update plan set in_force_during = daterange(lower(in_force_during), :day)"
    " where upper_inf(in_force_during)",
    "update plan set in_force_during = daterange(lower(in_force_during), null)",
    "update worker set origin = 'drill' where id = :who",
    "update worker set origin = 'real' where id = :who",
    "update district set time_zone = 'Asia/Tokyo'",
    "update district set time_zone = 'Asia/Shanghai'",
)


@pytest.fixture
def others(live_url: str) -> Iterator[Database]:
    """Somebody else's connections to the same town."""
    database = Database(live_url, reactions=REACTIONS)
    yield database
    database.close()


def met(database: Database, *asked: Asked) -> list[Circumstances]:
    with database.transaction() as session:
        return circumstances(session, asked)


def anew(url: str, *asked: Asked) -> list[Circumstances]:
    """As somebody is told who remembers nothing."""
    stranger = Database(url, reactions=REACTIONS)
    try:
        return [without_bounds(one) for one in met(stranger, *asked)]
    finally:
        stranger.close()


def without_bounds(one: Circumstances) -> Circumstances:
    """How long it holds depends on which moment was asked for."""
    return replace(one, since=NOW, until=NOW)


def change(session: Session, rng: random.Random) -> None:
    who, other = rng.sample([N1, N2, S3], 2)
    at = NOW + rng.randint(-40, 40) * HOUR
    session.execute(
        text(rng.choice(CHANGES)),
        {
            "id": uuid4(),
            "who": who,
            "other": other,
            "cell": town.N2,
            "door": AT_N1,
            "share": rng.random(),
            "at": at,
            "until": at + rng.randint(1, 30) * HOUR,
            "day": at.date(),
        },
    )


def moments(rng: random.Random, many: int) -> list[datetime]:
    return [NOW + timedelta(minutes=rng.randint(-45 * 60, 45 * 60)) for _ in range(many)]


def test_whatever_changes_is_known(live_database: Database, others: Database, deep: bool) -> None:
    rng = random.Random(5)
    differed = 0
    before: list[Circumstances] = []
    for _ in range(2000 if deep else 150):
        with suppress(DBAPIError), others.transaction() as session:
            change(session, rng)
        asked = [replace(rng.choice(ASKED), moment=moment) for moment in moments(rng, 12)]
        # Twice: what the first asked for, the second remembers.
        for _ in range(2):
            now = [without_bounds(one) for one in met(live_database, *asked)]
            assert now == anew(live_database.url, *asked)
        differed += now != before
        before = now
    assert differed > 50


def test_what_stands_is_not_asked_for_again(
    live_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = []
    rows = prepared.rows

    def counted(session: Session, statement: str, **values: object) -> object:
        sent.append(statement)
        return rows(session, statement, **values)

    monkeypatch.setattr(prepared, "rows", counted)
    first = met(live_database, *ASKED)
    # One of each, and then whatever holds when those do not: here there is nothing.
    assert len(sent) == 2
    assert met(live_database, *ASKED) == first
    later = [replace(one, moment=NOW + HOUR) for one in ASKED]
    assert met(live_database, *later) == first
    assert len(sent) == 4
    met(live_database, replace(ASKED[0], moment=NOW + 50 * HOUR))
    assert len(sent) == 6


def off_duty(session: Session, at: datetime = NOW) -> None:
    session.execute(
        text("update duty set during = tstzrange(lower(during), :at) where worker = :who"),
        {"at": at, "who": N1},
    )


def test_who_commits_late_is_heard_late(live_database: Database, others: Database) -> None:
    (asked,) = [one for one in ASKED if one.worker == N1 and one.checkpoint is None]
    with others.transaction() as slow:
        # Its number is older than all that follow.
        off_duty(slow)
        with others.transaction() as quick:
            quick.execute(text("update worker set origin = 'drill' where id = :who"), {"who": N2})
        for _ in range(2):
            assert met(live_database, asked)[0].on_duty
    assert not met(live_database, asked)[0].on_duty


def test_what_a_transaction_changed_itself_counts_until_it_is_undone(
    live_database: Database, others: Database
) -> None:
    (asked,) = [one for one in ASKED if one.worker == N1 and one.checkpoint is None]
    assert met(live_database, asked)[0].on_duty
    with suppress(RuntimeError), live_database.transaction() as session:
        off_duty(session)
        with others.transaction() as meanwhile:
            meanwhile.execute(
                text("update worker set origin = 'drill' where id = :who"), {"who": N2}
            )
        assert not circumstances(session, [asked])[0].on_duty
        off_duty(session, NOW + HOUR)
        assert circumstances(session, [asked])[0].on_duty
        off_duty(session)
        raise RuntimeError("undone")
    assert met(live_database, asked)[0].on_duty
    with live_database.transaction() as session:
        assert circumstances(session, [asked])[0].on_duty
        off_duty(session, NOW + HOUR)
        with others.transaction() as meanwhile:
            meanwhile.execute(
                text("update worker set origin = 'real' where id = :who"), {"who": N2}
            )
        assert circumstances(session, [asked])[0].on_duty
        off_duty(session)
    assert not met(live_database, asked)[0].on_duty


def test_a_phone_that_was_unpaired_is_refused_at_once(
    live_database: Database, others: Database
) -> None:
    boss = town.actor(Role.ADMIN)
    with others.transaction() as session:
        paired = pair_device(
            session, actor=boss, worker=N1, area=town.N1, name="手机", profile={}, at=NOW
        )
    for _ in range(2):
        with live_database.transaction() as session:
            known = actors_of_devices(session, [paired.token, "of nobody"])
            assert {actor.worker for actor in known.values()} == {N1}
    with others.transaction() as session:
        revoke_device(session, actor=boss, device=paired.id, area=town.N1, at=NOW)
    with live_database.transaction() as session:
        assert actors_of_devices(session, [paired.token]) == {}


def test_who_has_not_asked_for_long_begins_anew(
    live_database: Database, others: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    (asked,) = [one for one in ASKED if one.worker == N1 and one.checkpoint is None]
    assert met(live_database, asked)[0].on_duty
    with others.transaction() as session:
        off_duty(session)
        assert forget_noted(session) == 0
        # The note of it expires before it is read.
        session.execute(text("update standing_change set noted_at = now() - interval '25 hours'"))
        assert forget_noted(session) > 0
    with live_database.transaction() as session:
        known = prepared.kept(session, Standing)
        assert known._asked_at is not None
        known._asked_at -= timedelta(minutes=16)
        assert not circumstances(session, [asked])[0].on_duty


def test_many_changes_at_once_are_all_heard(
    live_database: Database, others: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standing, "_MOST_CHANGES", 3)
    asked = [one for one in ASKED if one.checkpoint is None]
    assert [one.on_duty for one in met(live_database, *asked)] == [True, True, False]
    with others.transaction() as session:
        for _ in range(3):
            session.execute(text("update worker set origin = 'drill' where id = :who"), {"who": S3})
        off_duty(session)
    assert [one.on_duty for one in met(live_database, *asked)] == [False, True, False]
