# SPDX-License-Identifier: Apache-2.0
"""Where check-ins were expires as tracks do; what was found of them stays."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from api.clockwork import chores, do
from geo.accounts import queries as accounts
from geo.clock import SetClock
from geo.crs import System
from geo.db import Database
from geo.hierarchy.queries import district
from geo.patrol import queries
from geo.patrol.expiry import erase_places
from geo.patrol.finding_queries import recent_points
from geo.patrol.records import CheckIn, PlaceErased
from geo.patrol.scenes import scene
from geo.patrol.settled import day_check_ins
from geo.patrol.verdict_queries import history
from geo.settings import Settings
from tests import town
from tests.db.patrol.test_appealing import appeal, decide, refused
from tests.db.patrol.test_check_ins import DAY, N1, NOW, claim, take
from tests.db.patrol.test_rejudging import again, phone, said_in, stands

MONTH = timedelta(days=30)


def erase(database: Database, after: timedelta) -> int:
    """What is erased so long after the check-ins of this morning."""
    with database.transaction() as session:
        return erase_places(session, at=NOW + after, kept=MONTH)


def nowhere(check_in: CheckIn) -> CheckIn:
    return replace(check_in, lon=None, lat=None)


def test_the_place_goes_and_the_verdict_stays(database: Database) -> None:
    said = claim(50, 250)
    found = take(database, said).check_in
    assert erase(database, MONTH) == 0
    assert erase(database, MONTH + DAY) == 1
    assert erase(database, MONTH + DAY) == 0
    kept = stands(database, found.id)
    assert kept == nowhere(found)
    assert kept.place is None
    with database.snapshot() as session:
        raw = session.execute(text("select raw_lon, raw_lat, point from check_in")).one()
        (only,) = history(session, town.DISTRICT, found.id)
        (listed,) = queries.check_ins(session, town.DISTRICT, areas=(town.DISTRICT,), limit=10)
        seen = scene(session, district(session, town.DISTRICT), kept)
        whole_day = day_check_ins(
            session, town.DISTRICT, N1, begins_at=NOW - DAY, ends_at=NOW + DAY
        )
    assert tuple(raw) == (None, None, None)
    assert only.check_in == listed == kept
    # Its cell is still drawn, with those beside it; the disc is not.
    assert seen.cell is not None
    assert (seen.inside, seen.beyond, seen.to_border, seen.reading) == (None,) * 4
    assert whole_day == []
    # The same id again is still known.
    assert take(database, said) == replace(take(database, said), check_in=kept, fresh=False)


def test_what_cannot_be_judged_again_says_so(database: Database) -> None:
    me = phone(database)
    spoken = said_in(System.GCJ02, (50, 250), (60, 250))
    old = [take(database, one, actor=me).check_in for one in spoken]
    erase(database, MONTH + DAY)
    with pytest.raises(PlaceErased):
        again(database, check_in=old[0].id)
    for which in ({"device": me.device}, {"worker": N1}):
        done = again(database, **which)
        assert (done.judged, done.erased, done.changed) == (0, 2, ())
    assert [stands(database, one.id) for one in old] == [nowhere(one) for one in old]
    assert me.device is not None
    with database.snapshot() as session:
        (paired,) = accounts.devices(session, town.DISTRICT, [me.device]).values()
        assert recent_points(session, town.DISTRICT, paired, at=NOW + DAY) == []


def test_under_appeal_it_stays_until_somebody_has_decided(database: Database) -> None:
    one, other = refused(database), refused(database, minute=1)
    appeal(database, one)
    assert erase(database, MONTH + DAY) == 1
    assert stands(database, one.id).spot is not None
    assert stands(database, other.id).spot is None
    decide(database, one)
    assert erase(database, MONTH + DAY) == 1
    with database.snapshot() as session:
        verdicts = history(session, town.DISTRICT, one.id)
    assert [given.check_in.spot for given in verdicts] == [None, None]
    # An appeal may be made and upheld without a place, too: what the worker says is evidence.
    appeal(database, other)
    decide(database, other)
    assert stands(database, other.id).accepted


def test_the_clockwork_does_it_by_the_installations_days(
    database: Database, clock: SetClock
) -> None:
    found = take(database, claim(50, 250)).check_in
    (chore,) = [one for one in chores(Settings(track_days=2)) if "places" in one.name]
    clock.set(NOW + 2 * DAY)
    assert do(database, clock, chore) == 0
    clock.set(NOW + 3 * DAY)
    assert do(database, clock, chore) == 1
    assert stands(database, found.id).spot is None
