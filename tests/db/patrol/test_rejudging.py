# SPDX-License-Identifier: Apache-2.0
"""Judging again: nothing changes by itself, late evidence counts, every verdict is kept."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.accounts.actions import pair_device, read_device_as
from geo.accounts.queries import actor_of_device
from geo.accounts.rules import Actor, DeviceNotFound, OutOfScope, Role, RoleNotAllowed
from geo.crs import Mistake, Point, System, system_arrays
from geo.db import Database
from geo.ids import CheckInId, WorkerId
from geo.outbox import history_of, latest_seq
from geo.patrol import queries, rejudging
from geo.patrol.actions import install_policy
from geo.patrol.checkpoints import change_checkpoint
from geo.patrol.records import CheckIn, CheckInNotFound, Claim
from geo.patrol.rejudged import Cause, Rejudged
from geo.patrol.rejudging import rejudge_check_in, rejudge_device, rejudge_worker
from geo.patrol.rules import Policy, VerdictKind
from geo.patrol.verdict_queries import first_answers, history
from geo.units import Metres
from geo.workforce import actions as workforce
from geo.workforce.duty import set_duty
from geo.workforce.rules import AssignmentRole
from tests import town
from tests.db.patrol.test_check_ins import (
    AT_N1,
    BOSS,
    DAY,
    HOUR,
    MINUTE,
    N1,
    NOW,
    S3,
    batch,
    claim,
    take,
)
from tests.fold import folds

LATER = NOW + HOUR


def phone(
    database: Database, worker: WorkerId = N1, profile: dict[str, Any] | None = None
) -> Actor:
    """A worker's paired phone."""
    with database.transaction() as session:
        paired = pair_device(
            session,
            actor=town.actor(Role.ADMIN),
            worker=worker,
            area=None,
            name="手机",
            profile=profile or {},
            at=NOW - DAY,
        )
    return as_known(database, paired.token)


def as_known(database: Database, token: str) -> Actor:
    with database.snapshot() as session:
        actor = actor_of_device(session, token)
    assert actor is not None
    return actor


def said_in(system: System, *spots: tuple[float, float], **said: Any) -> list[Claim]:
    """Claims of a phone that speaks a system and calls it WGS-84; a minute apart."""
    lon, lat = np.array([town.point(*spot) for spot in spots]).T
    spoken = np.column_stack(system_arrays(lon, lat, system))
    return [
        claim(**{"lon": float(x), "lat": float(y), "observed_at": NOW - number * MINUTE, **said})
        for number, (x, y) in enumerate(spoken)
    ]


def read_as(database: Database, device: UUID | None, mistake: Mistake | None) -> None:
    assert device is not None
    with database.transaction() as session:
        read_device_as(session, actor=BOSS, device=device, area=town.N1, read_as=mistake, at=NOW)


def again(database: Database, *, actor: Actor = BOSS, **which: Any) -> Rejudged:
    with database.transaction() as session:
        if "check_in" in which:
            return rejudge_check_in(session, actor=actor, text="补充证据", at=LATER, **which)
        call = rejudge_device if "device" in which else rejudge_worker
        time = {"begins_at": NOW - DAY, "ends_at": NOW + DAY, "text": "补充证据", "at": LATER}
        done: Rejudged = call(session, actor=actor, **{**time, **which})
        return done


def stands(database: Database, id: CheckInId) -> CheckIn:
    with database.snapshot() as session:
        return queries.check_in(session, town.DISTRICT, id)


def live(session: Session) -> list[dict[str, Any]]:
    return queries.live_rows(session, town.DISTRICT, (town.DISTRICT,), NOW)


def varied(count: int) -> list[Claim]:
    """Claims of all kinds: round the border, vague, mock, at checkpoints, in other systems."""
    random = np.random.default_rng(5)
    made = []
    for number in range(count):
        fix: dict[str, Any] = {
            "accuracy_m": Metres(float(random.choice([0, 1, 5, 20, 120]))),
            "mock": bool(random.random() < 0.1),
            "source": [None, "gpsd", "browser", "wechat"][number % 4],
            "system": [System.WGS84, System.GCJ02, System.BD09][number % 3],
            # Some are on duty, some from before it began, some delivered late.
            "observed_at": NOW - timedelta(minutes=int(random.integers(0, 90))),
        }
        sites = (None, AT_N1, town.CHECKPOINTS["N2"])
        one = claim(
            float(random.uniform(-30, 160)),
            float(random.uniform(180, 330)),
            checkpoint=sites[number % 3],
            **fix,
        )
        made.append(replace(one, proof="t" if number % 7 == 0 else None))
    return made


def test_without_any_change_nothing_changes(database: Database, deep: bool) -> None:
    said = varied(1500 if deep else 240)
    batch(database, *said)
    with database.snapshot() as session:
        before = {one.id: queries.check_in(session, town.DISTRICT, one.id) for one in said}
        seq = latest_seq(session, town.DISTRICT)
    assert {found.verdict for found in before.values()} == set(VerdictKind)
    done = again(database, worker=N1)
    assert (done.judged, done.changed, done.following) == (len(said), (), None)
    with database.snapshot() as session:
        after = {one.id: queries.check_in(session, town.DISTRICT, one.id) for one in said}
        assert latest_seq(session, town.DISTRICT) == seq
        assert session.scalar(text("select count(*) from check_in_verdict")) == 0
        assert first_answers(session, town.DISTRICT, list(before)) == {}
    assert after == before


def test_another_policy_and_a_moved_checkpoint_are_of_another_moment(database: Database) -> None:
    taken = take(database, claim(75, 250, checkpoint=AT_N1)).check_in
    lon, lat = town.point(50, 250)
    with database.transaction() as session:
        # Where it stood, as the intake keeps it.
        session.execute(
            text("update check_in set site_lon = :lon, site_lat = :lat, site_radius_m = 30"),
            {"lon": lon, "lat": lat},
        )
        change_checkpoint(
            session,
            actor=BOSS,
            id=AT_N1,
            at=LATER,
            name="南门",
            point=Point(*town.point(10, 210)),
            radius_m=Metres(5),
        )
        session.execute(
            text("update check_in_policy set during = tstzrange(lower(during), :at)"),
            {"at": NOW + MINUTE},
        )
        install_policy(
            session,
            district=town.DISTRICT,
            since=NOW + MINUTE,
            policy=Policy(version=2, most_radius_m=Metres(4)),
        )
    done = again(database, check_in=taken.id)
    assert (done.judged, done.changed) == (1, ())
    with database.transaction() as session:
        session.execute(
            text("update check_in set site_lon = null, site_lat = null, site_radius_m = null")
        )
    # Not kept where it stood, there is only where it stands.
    (changed,) = again(database, check_in=taken.id).changed
    assert not changed.after.accepted
    assert changed.after.policy == 1


def test_late_evidence_counts_and_every_verdict_is_kept(database: Database) -> None:
    taken = take(database, claim(250, 50, worker=S3, observed_at=NOW - MINUTE)).check_in
    assert [reason["code"] for reason in taken.reasons] == ["duty.off", "cell.inside"]
    with folds(database, "check_ins", live), database.transaction() as session:
        # The supervisor says that he was on duty: what he observed since is judged again.
        set_duty(session, actor=BOSS, worker=S3, on=True, duty_at=NOW - HOUR, at=LATER)
    counts = stands(database, taken.id)
    assert (counts.accepted, counts.verdict) == (True, VerdictKind.INSIDE)
    with database.transaction() as session:
        set_duty(session, actor=BOSS, worker=S3, on=False, duty_at=NOW - HOUR, at=LATER)
    assert stands(database, taken.id) == taken
    with database.snapshot() as session:
        given = history(session, town.DISTRICT, taken.id)
        assert [each.cause for each in given] == [Cause.FIRST, Cause.REJUDGED, Cause.REJUDGED]
        assert [each.check_in.accepted for each in given] == [False, True, False]
        assert given[0].check_in == taken
        assert (given[0].at, given[1].at, given[1].by) == (NOW, LATER, BOSS.signature)
        assert first_answers(session, town.DISTRICT, [taken.id]) == {taken.id: taken}
        kinds = [event.kind for event in history_of(session, town.DISTRICT, taken.id)]
        assert kinds == ["check_in.judged", "check_in.rejudged", "check_in.rejudged"]


def test_a_check_in_without_a_cell_finds_one(database: Database) -> None:
    taken = take(database, claim(150, 250)).check_in
    with database.transaction() as session:
        workforce.assign(
            session,
            actor=town.actor(Role.ADMIN),
            worker=N1,
            cell=town.N2,
            role=AssignmentRole.ASSISTANT,
            begins_at=NOW - MINUTE,
            ends_at=None,
            at=NOW,
        )
    (changed,) = again(database, worker=N1).changed
    assert (changed.id, changed.before) == (taken.id, taken)
    assert (changed.after.cell, changed.after.accepted) == (town.N2, True)


def test_an_earlier_day_is_no_part_of_todays_picture(database: Database) -> None:
    taken = take(database, claim(250, 50, worker=S3, observed_at=NOW - DAY)).check_in
    with database.snapshot() as session:
        rows = live(session)
    with database.transaction() as session:
        set_duty(session, actor=BOSS, worker=S3, on=True, duty_at=NOW - DAY - HOUR, at=LATER)
    with database.snapshot() as session:
        kinds = [event.kind for event in history_of(session, town.DISTRICT, taken.id)]
        assert kinds == ["check_in.judged_late", "check_in.rejudged_late"]
        assert live(session) == rows


def test_a_device_is_read_as_it_is_known_now(database: Database) -> None:
    me = phone(database)
    said = said_in(System.GCJ02, (50, 250), (60, 260), (45, 240))
    taken = [take(database, one, actor=me).check_in for one in said]
    assert {one.verdict for one in taken} == {VerdictKind.OUTSIDE}
    assert again(database, device=me.device).changed == ()
    read_as(database, me.device, Mistake.GCJ02)
    # A worker's are read as they were; a device's as it is to be read now.
    assert again(database, worker=N1).changed == ()
    done = again(database, device=me.device)
    assert (done.judged, len(done.changed)) == (3, 3)
    for one, spot in zip(said, [(50, 250), (60, 260), (45, 240)], strict=True):
        found = stands(database, one.id)
        assert (found.verdict, found.accepted) == (VerdictKind.INSIDE, True)
        assert (found.lon, found.lat) == pytest.approx(town.point(*spot), abs=2e-7)
    assert again(database, device=me.device).changed == ()
    assert again(database, worker=N1).changed == ()
    with database.snapshot() as session:
        given = history(session, town.DISTRICT, said[0].id)
        assert [each.read_as for each in given] == [None, Mistake.GCJ02]
        first = first_answers(session, town.DISTRICT, [one.id for one in said])
    assert [first[one.id] for one in taken] == taken
    # By a reading that leads off the Earth nothing is judged; it stays as it was read.
    read_as(database, me.device, Mistake.SWAPPED)
    assert again(database, device=me.device).changed == ()
    read_as(database, me.device, None)
    assert [each.after for each in again(database, check_in=said[0].id).changed] == taken[:1]


def test_a_call_has_an_end(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rejudging, "MOST_AT_ONCE", 4)
    taken = [take(database, claim(observed_at=NOW - n * MINUTE)).check_in for n in range(10)]
    taken.reverse()
    last = None
    judged = []
    while True:
        after = None if last is None else (last.observed_at, last.id)
        done = again(database, worker=N1, after=after)
        judged.append(done.judged)
        last = done.following
        if last is None:
            break
        assert last == taken[sum(judged) - 1]
    assert judged == [4, 4, 2]


def test_within_scope(database: Database) -> None:
    taken = take(database, claim()).check_in
    me = phone(database)
    stranger = town.actor(Role.SUPERVISOR, scope="210503102")
    for which in ({"check_in": taken.id}, {"worker": N1}, {"device": me.device}):
        with pytest.raises(OutOfScope):
            again(database, actor=stranger, **which)
        with pytest.raises(RoleNotAllowed):
            again(database, actor=town.actor(Role.WORKER, worker=N1), **which)
    near = town.actor(Role.SUPERVISOR, scope="210503101")
    assert again(database, actor=near, worker=N1).judged == 1
    with pytest.raises(CheckInNotFound):
        again(database, check_in=CheckInId(uuid4()))
    with pytest.raises(DeviceNotFound):
        again(database, device=uuid4())
