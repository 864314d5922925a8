# SPDX-License-Identifier: Apache-2.0
"""A simulated day: the same for the same seed, on the streets, with errors like a phone's."""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from math import hypot
from pathlib import Path
from uuid import NAMESPACE_DNS, UUID, uuid5

import numpy as np
import pytest
import shapely

from geo.crs import degrees, metres
from geo.sim.acts import (
    Act,
    CheckIn,
    GoOffDuty,
    GoOnDuty,
    Position,
    ReportIncident,
    WorkerAct,
    WriteLog,
)
from geo.sim.chance import chance
from geo.sim.day import BUSY, WORKDAY, Day, Hand, Rhythm
from geo.sim.drift import Drift
from geo.sim.phone import Phone
from geo.sim.telephone import of_holder
from geo.sim.town import Town, read_town
from geo.sim.walk import HURRYING_MPS, RIDING_MPS, WALKING_MPS, Walker

FOLDER = Path(__file__).parents[3] / "data" / "shapefiles"
START = datetime(2026, 3, 2, 0, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
COMMUNITY = "210503009010"


@pytest.fixture(scope="module")
def xihu() -> Town:
    return read_town(FOLDER)


def crew(town: Town, within: str = "") -> list[Hand]:
    return [
        Hand(uuid5(NAMESPACE_DNS, code), code) for code in town.grounds if code.startswith(within)
    ]


def lived(
    town: Town,
    *,
    seed: int = 7,
    start: datetime = START,
    lasts: timedelta = HOUR,
    within: str = COMMUNITY,
    rhythm: Rhythm = BUSY,
) -> list[Act]:
    day = Day(town, crew(town, within), seed=seed, start=start, rhythm=rhythm)
    return list(takewhile(lambda act: act.at < start + lasts, day.acts()))


@pytest.fixture(scope="module")
def hour(xihu: Town) -> list[Act]:
    """A busy hour of one community; nobody changes it."""
    return lived(xihu)


@pytest.fixture(scope="module")
def hour_everywhere(xihu: Town) -> list[Act]:
    """A busy hour of the whole district; nobody changes it."""
    return lived(xihu, within="")


def ids(some: Sequence[Act]) -> list[UUID]:
    return [act.id for act in some if isinstance(act, CheckIn | WriteLog | ReportIncident)]


def test_the_same_seed_gives_the_same_acts(xihu: Town, hour: list[Act]) -> None:
    assert hour == lived(xihu)
    assert hour != lived(xihu, seed=8)


def test_acts_come_in_order_of_time(hour: list[Act]) -> None:
    moments = [act.at for act in hour]
    assert moments == sorted(moments)


@pytest.fixture(scope="module")
def hour_later(xihu: Town) -> list[Act]:
    """The same hour of another start."""
    return lived(xihu, start=START + HOUR)


def test_no_id_comes_twice_nor_in_a_second_start(hour: list[Act], hour_later: list[Act]) -> None:
    first, second = ids(hour), ids(hour_later)
    assert len(first) > 50
    assert len(set(first)) == len(first)
    assert not set(first) & set(second)


def test_a_second_start_repeats_the_acts_under_other_ids(
    hour: list[Act], hour_later: list[Act]
) -> None:
    titles = [
        [act.title for act in acts if isinstance(act, ReportIncident)]
        for acts in (hour, hour_later)
    ]
    assert titles[0] == titles[1] != []


def test_a_busy_hour_is_as_dense_as_said(hour_everywhere: list[Act]) -> None:
    count = Counter(type(act) for act in hour_everywhere)
    assert 1.5 * 315 < count[CheckIn] < 5 * 315
    assert 60 <= count[ReportIncident] <= 80
    assert count[WriteLog] > 60
    fresh: Counter[int] = Counter()
    for act in hour_everywhere:
        if isinstance(act, Position):
            fresh.update({int((act.at - START).total_seconds()) // 60})
    assert min(fresh[minute] for minute in range(1, 60)) > 315


def test_most_workers_on_duty_were_heard_of_within_a_minute(xihu: Town) -> None:
    on_duty: set[UUID] = set()
    heard: dict[UUID, datetime] = {}
    shares = []
    checked = START + timedelta(minutes=2)
    for act in lived(xihu, within="210503009"):
        if act.at >= checked:
            fresh = [w for w in on_duty if checked - heard[w] < timedelta(seconds=60)]
            shares.append(len(fresh) / len(on_duty))
            checked += timedelta(minutes=1)
        match act:
            case GoOnDuty():
                on_duty.add(act.worker)
                heard.setdefault(act.worker, act.at)
            case GoOffDuty():
                on_duty.remove(act.worker)
            case Position():
                assert act.worker in on_duty
                heard[act.worker] = act.at
    assert min(shares) > 0.95


def test_nobody_acts_off_duty(xihu: Town) -> None:
    on_duty: set[UUID] = set()
    for act in lived(xihu, lasts=timedelta(hours=4)):
        if isinstance(act, GoOnDuty):
            assert act.worker not in on_duty
            on_duty.add(act.worker)
        elif isinstance(act, GoOffDuty):
            on_duty.remove(act.worker)
        elif isinstance(act, WorkerAct):
            assert act.worker in on_duty


def test_a_workday_has_a_noon_and_an_evening(xihu: Town) -> None:
    day = lived(xihu, lasts=timedelta(hours=12), rhythm=WORKDAY)
    halves = Counter((act.at - START) // (HOUR / 2) for act in day if isinstance(act, Position))
    assert halves[4] > 0
    assert halves[14] > 0
    assert (halves[9], halves[10], halves[19], halves[20]) == (0, 0, 0, 0)
    sent_together = [len(act.fixes) for act in day if isinstance(act, Position)]
    assert np.median(sent_together) > 8


def steps(walker: Walker, seconds: int) -> list[tuple[float, float]]:
    return [(s.x, s.y) for s in (walker.stand(float(t)) for t in range(seconds))]


@pytest.mark.parametrize("community", [COMMUNITY, "210503001001", "210503013001"])
def test_a_walk_stays_on_streets_and_in_its_cell(xihu: Town, community: str) -> None:
    streets = xihu.network.xy
    tree = shapely.STRtree(list(shapely.points(streets)))
    for hand in crew(xihu, community):
        ground = xihu.grounds[hand.cell]
        walked = steps(Walker(xihu.network, ground, chance(1, hand.cell), (720, 900)), 3600)
        points = shapely.points(walked)
        _, away = tree.query_nearest(points, return_distance=True, all_matches=False)
        assert np.mean(away < 30) > 0.97
        outside = shapely.distance(points, ground.shape)
        assert np.mean(outside <= 12) > 0.8
        assert outside.max() < 600


def test_a_walk_is_at_walking_pace_and_rests(xihu: Town) -> None:
    ground = xihu.grounds[f"{COMMUNITY}001"]
    walked = np.array(
        steps(Walker(xihu.network, ground, chance(2, "pace"), BUSY.check_in_every_s), 3600)
    )
    pace = np.hypot(*np.diff(walked, axis=0).T)
    assert pace.max() <= WALKING_MPS[1] + 0.01
    moving = pace[pace > 0.05]
    assert WALKING_MPS[0] < np.median(moving) < WALKING_MPS[1]
    assert 0.15 < np.mean(pace < 0.05) < 0.7


def test_every_checkpoint_is_visited_before_any_is_visited_again(xihu: Town) -> None:
    ground = xihu.grounds[f"{COMMUNITY}001"]
    walker = Walker(xihu.network, ground, chance(3, "round"), (300, 400))
    walker.stand(4 * 3600.0)
    visited = [visit.spot.id for visit in walker.visits]
    size = len(ground.spots)
    assert len(visited) > 2 * size
    assert set(visited[:size]) == set(visited[size : 2 * size]) == {s.id for s in ground.spots}


def test_a_called_worker_comes_and_goes_back(xihu: Town) -> None:
    worker = crew(xihu, COMMUNITY)[0]
    day = Day(xihu, [worker], seed=4, start=START)
    acts = day.acts()
    while next(acts).at < START + timedelta(minutes=5):
        pass
    house = next(h for h in xihu.houses if h.cell.startswith(COMMUNITY) and h.cell != worker.cell)
    lon, lat = degrees(house.x, house.y, xihu.srid)
    called = START + timedelta(minutes=6)
    there = day.call(worker.worker, called, lon, lat)
    assert there is not None
    assert called < there < called + timedelta(minutes=15)
    node = xihu.network.place(xihu.network.nearest(house.x, house.y))
    after = there + timedelta(minutes=3)
    seen = []
    for act in acts:
        if act.at > after:
            break
        if isinstance(act, Position) and act.at > there:
            x, y = metres(act.fixes[0].lon, act.fixes[0].lat, xihu.srid)
            seen.append(hypot(x - node[0], y - node[1]))
    assert np.median(seen) < 40
    day.release(worker.worker, after)
    back = list(takewhile(lambda act: act.at < after + HOUR / 2, acts))
    assert any(isinstance(act, CheckIn) for act in back)


def test_nobody_is_faster_than_an_electric_bicycle(xihu: Town) -> None:
    ground = xihu.grounds[f"{COMMUNITY}002"]
    walker = Walker(xihu.network, ground, chance(5, "ride"), (720, 900))
    before = walker.stand(60.0)
    walker.call(60.0, before.x + 900, before.y + 300)
    ridden = np.array([(s.x, s.y) for s in (walker.stand(float(t)) for t in range(61, 600))])
    pace = np.hypot(*np.diff(ridden, axis=0).T)
    assert HURRYING_MPS < pace.max() <= RIDING_MPS + 0.01


def test_the_error_of_a_phone_is_as_large_as_it_claims() -> None:
    inside, errors, claims = [], [], []
    for phone in range(200):
        drift = Drift.of(chance(6, phone))
        for i in range(150):
            east, north, accuracy = drift.error(20.0 * i)
            inside.append(hypot(east, north) < 1.62 * accuracy)
            errors.append(hypot(east, north))
            claims.append(accuracy)
    assert 0.92 < np.mean(inside) < 0.98
    assert 3 < np.median(errors) < 8
    assert 3 < np.median(claims) < 10
    assert 0.005 < np.mean(np.array(errors) > 28) < 0.06
    assert len(set(claims)) > 100


def test_the_error_changes_slowly() -> None:
    drift = Drift.of(chance(7, "slow"))
    at = [drift.error(float(t))[:2] for t in range(600)]
    jumps = np.hypot(*np.diff(np.array(at), axis=0).T)
    assert np.median(jumps) < 2


def test_some_phones_speak_gcj02_and_call_it_wgs84(xihu: Town) -> None:
    phones = {hand.cell: Phone.of(7, hand.worker, xihu.srid, START) for hand in crew(xihu)}
    wrong = {cell for cell, phone in phones.items() if phone.gcj02}
    assert 1 <= len(wrong) <= 20
    cell = min(wrong)
    walker = Walker(xihu.network, xihu.grounds[cell], chance(8, cell), (720, 900))
    stand = walker.stand(30.0)
    fix = phones[cell].fix(30.0, stand)
    x, y = metres(fix.lon, fix.lat, xihu.srid)
    assert fix.system == "wgs84"
    assert 480 < hypot(x - stand.x, y - stand.y) < 600


def test_check_ins_are_mostly_at_their_checkpoint(xihu: Town) -> None:
    away: dict[bool, list[float]] = defaultdict(list)
    spots = {spot.id: spot for ground in xihu.grounds.values() for spot in ground.spots}
    for act in lived(xihu, within="210503009"):
        if isinstance(act, CheckIn) and act.checkpoint:
            spot = spots[act.checkpoint]
            x, y = metres(act.fix.lon, act.fix.lat, xihu.srid)
            away[act.fix.mock].append(hypot(x - spot.x, y - spot.y))
    assert np.mean(np.array(away[False]) < 20) > 0.8
    assert np.mean(np.array(away[False]) > 40) > 0.02


def test_addresses_are_said_in_many_ways(hour_everywhere: list[Act]) -> None:
    said = [a.address for a in hour_everywhere if isinstance(a, ReportIncident) and a.address]
    assert len(said) > 30
    assert any("#" in text for text in said)
    assert any("单元" in text for text in said)
    assert any(text.startswith("溪湖区") for text in said)
    assert len(set(said)) > 0.9 * len(said)


def test_answers_to_a_call_are_mostly_yes_and_always_the_same(xihu: Town) -> None:
    hands = crew(xihu)
    day = Day(xihu, hands, seed=9, start=START)
    calls = [(uuid5(NAMESPACE_DNS, str(n)), hand.worker) for n in range(20) for hand in hands]
    answers = [day.answer(*call) for call in calls]
    assert answers == [day.answer(*call) for call in calls]
    accepted = [a for a in answers if a and a.accepts]
    assert 0.65 < len(accepted) / len(answers) < 0.95
    assert any(a is None for a in answers)
    assert all(a.reason for a in answers if a and not a.accepts)
    assert all(3 <= a.after_s <= 15 for a in accepted)


def test_nobody_can_be_rung_up(xihu: Town, hour_everywhere: list[Act]) -> None:
    holders = [of_holder(cell) for cell in xihu.grounds]
    callers = [act.caller for act in hour_everywhere if isinstance(act, ReportIncident)]
    rung = {caller["phone"] for caller in callers if caller}
    assert len(set(holders)) == len(holders) == 315
    assert len(rung) == len(callers)
    assert rung.isdisjoint(holders)
    # No local number of an area begins with 0.
    assert all(re.fullmatch(r"024-0\d{7}", phone) for phone in {*holders, *rung})
