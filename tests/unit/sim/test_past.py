# SPDX-License-Identifier: Apache-2.0
"""A day that is over: the same for the same seed, lived in working hours, at the checkpoints."""

from collections import Counter
from datetime import date, timedelta
from uuid import NAMESPACE_DNS, uuid5
from zoneinfo import ZoneInfo

import pytest

from geo.crs import metres
from geo.sim.day import Hand
from geo.sim.past import PastDay, past_day
from geo.sim.town import Town, read_town
from tests.unit.sim.test_day import FOLDER

ON = date(2026, 9, 1)
ZONE = "Asia/Shanghai"


@pytest.fixture(scope="module")
def xihu() -> Town:
    return read_town(FOLDER)


@pytest.fixture(scope="module")
def crew(xihu: Town) -> list[Hand]:
    return [Hand(uuid5(NAMESPACE_DNS, code), code) for code in xihu.grounds]


@pytest.fixture(scope="module")
def day(xihu: Town, crew: list[Hand]) -> PastDay:
    return past_day(xihu, crew, seed=7, on=ON, time_zone=ZONE)


def test_it_is_the_same_again_and_another_on_another_day(
    xihu: Town, crew: list[Hand], day: PastDay
) -> None:
    assert past_day(xihu, crew, seed=7, on=ON, time_zone=ZONE) == day
    other = past_day(xihu, crew, seed=7, on=ON + timedelta(days=1), time_zone=ZONE)
    assert not {one.id for one in day.check_ins} & {one.id for one in other.check_ins}
    assert not {one.report.id for one in day.incidents} & {one.report.id for one in other.incidents}


def test_everything_happens_in_the_hours_of_the_civil_day(day: PastDay) -> None:
    shifts = {one.worker: one for one in day.shifts}
    assert 0.78 < len(shifts) / 315 < 0.93
    assert len(shifts) == len(day.shifts)
    for one in day.check_ins:
        assert shifts[one.worker].begins_at <= one.fix.observed_at < shifts[one.worker].ends_at
        assert one.fix.observed_at <= one.at
    moments = [one.at.astimezone(ZoneInfo(ZONE)) for one in day.check_ins]
    assert {one.date() for one in moments} == {ON}
    assert {log.on for log in day.logs} == {ON}
    for incident in day.incidents:
        assert incident.report.at < incident.closed_at
        assert incident.closed_at.astimezone(ZoneInfo(ZONE)).date() == ON
    assert 40 < len(day.incidents) < 90


def test_he_goes_from_checkpoint_to_checkpoint_of_his_cell(
    xihu: Town, crew: list[Hand], day: PastDay
) -> None:
    spots = {spot.id: spot for ground in xihu.grounds.values() for spot in ground.spots}
    cells = {hand.worker: hand.cell for hand in crew}
    own = Counter(
        one.checkpoint in {spot.id for spot in xihu.grounds[cells[one.worker]].spots}
        for one in day.check_ins
        if one.checkpoint
    )
    assert own[False] == 0
    near = 0
    for one in day.check_ins:
        if one.checkpoint:
            east, north = metres(one.fix.lon, one.fix.lat, xihu.srid)
            spot = spots[one.checkpoint]
            near += ((east - spot.x) ** 2 + (north - spot.y) ** 2) ** 0.5 < 40
    assert 0.85 < near / own[True] < 0.98
    assert 6 < len(day.check_ins) / len(day.shifts) < 11
