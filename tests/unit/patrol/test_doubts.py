# SPDX-License-Identifier: Apache-2.0
"""Doubts: made-up tracks are found, honest ones are left alone, and nothing depends on order."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from geo.crs import wgs84_to_gcj02
from geo.patrol.doubts import Track, Visit, day_doubts
from geo.patrol.prints import Path, replays
from geo.patrol.rules import Policy
from tests import tracks
from tests.bench.doubts import POLICY, Shelf, marked
from tests.tracks import DAY_S, Made, many

# Odd seeds are for tuning; the figures of docs/benchmarks.md are of seed 2, never looked at before.
SEED = 4


def shelf_of(cases: list[Made]) -> Shelf:
    shelf = Shelf()
    for case in cases:
        for earlier in case.earlier:
            shelf.put(earlier)
    return shelf


def line(*, every: float = 10.0, count: int = 200, **said: object) -> Track:
    """Standing at one place with a receiver's error, unless said otherwise."""
    rng = np.random.default_rng(9)
    at = 30_000 + np.arange(count) * every
    x, y, accuracy = tracks.receiver(rng, at)
    lon, lat = tracks.degrees(x, y)
    made = Track(
        at=at,
        lon=lon,
        lat=lat,
        radius_m=1.62 * accuracy,
        accuracy_m=accuracy,
        mock=np.zeros(count, dtype=bool),
        stream=np.zeros(count, dtype=np.int64),
        visit=np.full(count, -1, dtype=np.int64),
    )
    return replace(made, **said)  # type: ignore[arg-type]


def shifted(track: Track, where: slice, east_m: float) -> Track:
    lon = track.lon.copy()
    lon[where] += east_m / (111_320 * np.cos(np.radians(41.3)))
    return replace(track, lon=lon)


def visiting(track: Track, *indices: int) -> Track:
    visit = track.visit.copy()
    visit[list(indices)] = np.arange(len(indices))
    return replace(track, visit=visit)


def found(track: Track, *visits: Visit, policy: Policy = POLICY) -> set[str]:
    return {doubt["code"] for doubt in day_doubts(track, visits, policy).track}


@pytest.mark.parametrize("kind", tracks.PROMISED, ids=lambda kind: kind.__name__)
def test_spoofs_are_marked(kind: tracks.Kind, deep: bool) -> None:
    cases = many(kind, 200 if deep else 8, seed=SEED)
    shelf = shelf_of(cases)
    hits = sum(map(bool, marked(cases, shelf)))
    assert hits >= 0.95 * len(cases)


@pytest.mark.parametrize("kind", tracks.HONEST, ids=lambda kind: kind.__name__)
def test_honest_tracks_are_not(kind: tracks.Kind, deep: bool) -> None:
    cases = many(kind, 200 if deep else 8, seed=SEED)
    shelf = shelf_of(cases)
    assert sum(map(bool, marked(cases, shelf))) <= 0.01 * len(cases)


def test_the_drift_of_our_own_receivers_is_not_marked(deep: bool) -> None:
    cases = many(tracks.twin_drift, 200 if deep else 8, seed=SEED)
    assert sum(map(bool, marked(cases, Shelf()))) <= 0.01 * len(cases)


@pytest.mark.skipif(
    not tracks.RECEIVERS.exists(), reason=f"{tracks.RECEIVERS.name} is not here; its twin ran"
)
def test_the_drift_of_real_receivers_is_not_marked(deep: bool) -> None:
    assert not tracks.NOT_HONEST_TO_THE_EYE.keys() & tracks.receivers().keys()
    cases = many(tracks.real_drift, 200 if deep else 14, seed=SEED)
    assert sum(map(bool, marked(cases, Shelf()))) <= 0.01 * len(cases)


def test_frozen_alone_or_one_accuracy_alone_is_no_mark() -> None:
    honest = line()
    still = np.zeros(len(honest))
    frozen = replace(honest, lon=still + 123.7, lat=still + 41.3)
    steady = replace(honest, accuracy_m=still + 5.0, radius_m=still + 8.1)
    assert found(honest) == found(frozen) == found(steady) == set()
    both = replace(frozen, accuracy_m=still + 5.0, radius_m=still + 8.1)
    assert found(both) == {"track.lifeless"}


def test_a_leap_counts_only_beyond_both_errors() -> None:
    here = line()
    there = shifted(here, slice(100, None), 400)
    assert found(there) == {"track.jump"}
    vague = replace(there, radius_m=np.full(len(there), 200.0))
    assert found(vague) == set()
    # A car does it in half a minute; and a reflected signal comes back.
    slow = replace(there, at=there.at + np.where(np.arange(len(there)) >= 100, 30.0, 0.0))
    assert found(slow) == set()
    assert found(shifted(here, slice(100, 102), 120)) == set()


def test_a_leap_is_of_the_check_ins_near_it() -> None:
    track = visiting(shifted(line(), slice(100, None), 400), 10, 90, 110)
    of = day_doubts(track, [Visit()] * 3, POLICY)
    assert [[doubt["code"] for doubt in doubts] for doubts in of.visits] == [
        [],
        ["track.jump"],
        ["track.jump"],
    ]
    far = replace(POLICY, doubt_reach=timedelta(hours=1))
    assert all(day_doubts(track, [Visit()] * 3, far).visits)


def test_a_check_in_far_from_its_track_is_marked_alone() -> None:
    track = visiting(shifted(line(), slice(100, 101), 300), 100)
    assert found(track, Visit()) == {"check_in.apart"}


def test_two_applications_of_two_systems_are_no_leap() -> None:
    """One says GCJ-02 and the other WGS-84: 540 m, but nobody moved."""
    track = line()
    odd = np.arange(len(track)) >= 100
    lon, lat = wgs84_to_gcj02(track.lon, track.lat)
    mixed = replace(
        track,
        lon=np.where(odd, lon, track.lon),
        lat=np.where(odd, lat, track.lat),
        stream=odd.astype(np.int64),
    )
    assert found(mixed) == set()
    assert found(replace(mixed, stream=np.zeros(len(track), dtype=np.int64))) != set()


def test_checkpoints_far_apart_without_moving() -> None:
    lon, lat = tracks.degrees(np.array([0.0, 90.0, 180.0]), np.zeros(3))
    sites = [Visit(str(n), x, y) for n, (x, y) in enumerate(zip(lon, lat, strict=True))]
    track = visiting(line(), 20, 80, 140)
    assert found(track, *sites) == {"patrol.standing"}
    assert found(track, *[replace(site, checkpoint="0") for site in sites]) == set()
    near = [replace(sites[0], checkpoint=site.checkpoint) for site in sites]
    assert found(track, *near) == set()


def test_order_and_repetition_of_arrival_do_not_matter() -> None:
    (case,) = many(tracks.home_and_back, 1, seed=SEED)
    rng = np.random.default_rng(1)
    expected = day_doubts(case.track, case.visits, POLICY)
    assert expected.track
    for _ in range(3):
        mixed = case.track.only(rng.permutation(len(case.track)))
        assert day_doubts(mixed, case.visits, POLICY) == expected


def test_a_day_without_fixes_is_not_doubted() -> None:
    nothing = line().only(np.zeros(200, dtype=bool))
    assert day_doubts(nothing, [], POLICY).track == ()
    assert nothing.path.prints == []
    for count in (1, 2, 3):
        assert found(line(count=count)) == set()


def test_doubts_follow_the_policy() -> None:
    track = shifted(line(), slice(100, None), 400)
    assert found(track, policy=replace(POLICY, fastest_mps=500.0, hardest_mps2=500.0)) == set()
    assert Policy.from_fields(POLICY.as_fields()) == POLICY


def walked(seed: int) -> Path:
    words, _ = tracks.walked(np.random.default_rng(seed), 3)
    return tracks.track(words).path


def test_prints_know_neither_hour_nor_place_nor_a_little_noise() -> None:
    path = walked(1)
    rng = np.random.default_rng(2)
    elsewhere = Path(path.at + 12_345.0, path.x + 700.0, path.y - 300.0)
    assert elsewhere.prints == path.prints
    noisy = Path(path.at, *(axis + rng.normal(0, 1, len(axis)) for axis in (path.x, path.y)))
    assert len({*noisy.prints} & {*path.prints}) > 0.2 * len(path.prints)
    assert len({*walked(3).prints} & {*path.prints}) < 0.05 * len(path.prints)


def test_a_replay_is_proved_with_its_shift() -> None:
    path = walked(1)
    lasts, within = POLICY.replay_for.total_seconds(), POLICY.replay_within_m
    later = Path(path.at + DAY_S + 100.0, path.x, path.y)
    (one,) = replays(later, path, lasts_s=lasts, within_m=within)
    assert one.shift_s == pytest.approx(DAY_S + 100.0, abs=0.5)
    assert one.ends - one.begins == pytest.approx(path.at[-1] - path.at[0], abs=60)
    back = replace(path.backwards, at=path.backwards.at + 3 * DAY_S)
    assert [r.backwards for r in replays(back, path, lasts_s=lasts, within_m=within)] == [True]
    assert replays(walked(3), path, lasts_s=lasts, within_m=within) == []
    assert replays(path, path, lasts_s=lasts, within_m=within, same=True) == []


def test_the_morning_played_again_in_the_afternoon() -> None:
    path = walked(1)
    twice = Path(
        np.concatenate([path.at, path.at + 4 * 3600.0]), *(np.tile(a, 2) for a in (path.x, path.y))
    )
    (one, *_) = replays(
        twice, twice, lasts_s=POLICY.replay_for.total_seconds(), within_m=2.5, same=True
    )
    assert one.begins >= path.at[0] + 4 * 3600.0 - 1
