# SPDX-License-Identifier: Apache-2.0
"""The demo's past: made up day by day, judged like the present, and never over what is there."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import text

from api.demo import DISTRICT, load
from api.history import make_history
from geo.clock import civil_day
from geo.cluster import Cluster
from geo.columns import Origin
from geo.db import Database, migrate
from geo.outbox import latest_seq
from geo.patrol import queries as patrol
from geo.patrol.expiry import erase_places
from geo.patrol.rejudged import judged_again, same_verdict
from geo.patrol.rules import check_in_verdicts
from geo.patrol.verdict_queries import evidence_of, stored
from geo.reactions import REACTIONS
from geo.service_user import SetUpError

# Eight in the evening in Shanghai, whatever day it is: the demo is made today.
NOW = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
ZONE = "Asia/Shanghai"


@pytest.fixture(scope="module")
def demo(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """The demo district with the last two days made up."""
    name = f"history_{uuid4().hex[:12]}"
    cluster.create_database(name)
    migrate(cluster.url(name))
    home: Path = tmp_path_factory.mktemp("home")
    assert load(cluster.url(name), home, "http://127.0.0.1")
    database = Database(cluster.url(name), reactions=REACTIONS, statement_timeout_s=120)
    try:
        _make_two_days(database)
        yield database
    finally:
        database.close()
        cluster.drop_database(name)


def _make_two_days(database: Database) -> None:
    with database.snapshot() as session:
        before = latest_seq(session, DISTRICT)
    told: list[tuple[int, int]] = []
    assert make_history(database, at=NOW, days=2, told=lambda *how: told.append(how)) == 2
    assert told == [(1, 2), (2, 2)]
    with database.snapshot() as session:
        # Nobody is told of days that are over.
        assert latest_seq(session, DISTRICT) == before
        assert session.scalar(text("select count(*) from unsettled")) == 0
        assert session.scalar(text("select count(*) from latest_position")) == 0


def test_each_holder_has_a_telephone_that_rings_nobody(demo: Database) -> None:
    with demo.snapshot() as session:
        phones = session.scalars(text("select phone from worker")).all()
    assert len(set(phones)) == 315
    assert all(phone and phone.startswith("024-0") for phone in phones)


def test_every_verdict_is_that_of_the_engine(demo: Database) -> None:
    with demo.snapshot() as session:
        some = stored(session, DISTRICT, limit=3000)
        judged_on = evidence_of(session, DISTRICT, some)
        verdicts = check_in_verdicts([one for one, _ in judged_on], [two for _, two in judged_on])
    assert len(some) == 3000
    for one, verdict in zip(some, verdicts, strict=True):
        place = one.check_in.spot
        assert place is not None
        assert same_verdict(one.check_in, judged_again(one.check_in, verdict, place))
        assert one.check_in.origin is Origin.SIMULATED
    accepted = sum(one.check_in.accepted for one in some) / len(some)
    assert 0.85 < accepted < 0.99


def test_patrol_days_and_incidents_stand_as_if_they_had_been(demo: Database) -> None:
    yesterday = (NOW - timedelta(days=1)).date()
    with demo.snapshot() as session:
        days = patrol.patrol_days(session, DISTRICT, yesterday, areas=(DISTRICT,))
        incidents = session.execute(
            text(
                "select count(*), count(cell), bool_and(status = 'closed'), min(reported_at),"
                " max(closed_at), bool_and(origin = 'simulated') from incident"
            )
        ).one()
        real = session.scalar(
            text(
                "select count(*) from duty join worker on worker.id = duty.worker"
                " where worker.origin = 'real' and not upper_inf(during)"
            )
        )
    assert len(days) == 315
    assert any(day.complete for day in days)
    assert not all(day.complete for day in days)
    assert all(day.checkpoints_due for day in days)
    begins, _ = civil_day(yesterday - timedelta(days=1), ZONE)
    _, ends = civil_day(yesterday, ZONE)
    count, placed, closed, first, last, simulated = incidents
    assert 80 < count < 180
    assert placed == count
    assert closed
    assert simulated
    assert begins <= first < last < ends
    # The demo's own worker is real: no past is made up for him.
    assert real == 0


def test_what_is_there_stays_and_a_missing_day_is_made_up_again(demo: Database) -> None:
    def count() -> int:
        with demo.snapshot() as session:
            return int(session.scalar(text("select count(*) from check_in")) or 0)

    before = count()
    assert make_history(demo, at=NOW, days=2) == 0
    assert count() == before
    gone, after = civil_day((NOW - timedelta(days=2)).date(), ZONE)
    of_day = {"gone": gone, "after": after, "on": (NOW - timedelta(days=2)).date()}
    with demo.transaction() as session:
        session.execute(
            text("delete from check_in where observed_at >= :gone and observed_at < :after"),
            of_day,
        )
        session.execute(text("delete from work_log where on_date = :on"), of_day)
        session.execute(
            text(
                "delete from duty where during && tstzrange(:gone, :after)"
                " and not upper_inf(during)"
            ),
            of_day,
        )
        session.execute(
            text("delete from incident where reported_at >= :gone and reported_at < :after"),
            of_day,
        )
        # One of them has been on duty ever since: he gets no second duty.
        session.execute(
            text(
                "insert into duty (district, id, worker, during, origin)"
                " select district, gen_random_uuid(), id, tstzrange(:gone, :after), origin"
                " from worker"
                " where origin = 'simulated' limit 1"
            ),
            of_day,
        )
    less = count()
    assert less < before
    assert make_history(demo, at=NOW, days=2) == 1
    assert less < count() <= before


def test_simulated_places_are_kept_as_long_as_planners_look_back(demo: Database) -> None:
    days = timedelta(days=1)
    with demo.transaction() as session:
        erased = erase_places(session, at=NOW + 30 * days, kept=30 * days, made_up_kept=90 * days)
        assert erased == 0
        assert erase_places(session, at=NOW + 30 * days, kept=30 * days) > 0
        session.rollback()


def test_only_a_demo_gets_a_past(database: Database) -> None:
    with pytest.raises(SetUpError):
        make_history(database, at=NOW, days=1)
