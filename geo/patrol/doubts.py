# SPDX-License-Identifier: Apache-2.0
"""Doubts that need more than one fix: what a worker's day says about its check-ins.

A pure function of the fixes of one day, tracks and check-ins together, in order of observation:
when and in what order they arrived does not matter. A doubt is a mark for people to look at; it
never changes whether a check-in is accepted.

A phone that repeats one place is common, and so is one that always claims the same accuracy:
either alone is no doubt. Speeds are doubted only beyond what a car could do, by that part of a
distance which the error discs of both fixes cannot explain.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.crs import wgs84_to_gcj02
from geo.patrol.prints import Path, Replay, plane
from geo.patrol.rules import Policy

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Truths = NDArray[np.bool_]

# Where somebody was before and after a jump: the middle of this long. A receiver that loses its
# signal repeats its last place for about half as long.
_AROUND_S = 60.0
_STALE_S = 30.0
# Reflected signals come back so soon, and lead no farther.
_REFLECTED_S = 30.0
_REFLECTED_FIXES = 3
_REFLECTED_M = 500.0
_WALKING_MPS = 1.5
# Slower than this is standing or walking: from there to there a vehicle must speed up and brake.
_SLOW_MPS = 3.0
_JITTER_FIXES = 30
_JITTER_EVERY_S = 20.0
_JITTER_SPREAD_M = 10.0
# Of independent readings the mean square of successive differences is twice the variance (von
# Neumann 1941); a receiver's error remembers itself for a minute, which makes it far smaller.
_JITTER_RATIO = 1.4
_SMOOTH_EVERY_S = 5.0
_SMOOTH_STEP_M = 3.0
_SMOOTH_WITHIN_M = 0.1
_SMOOTH_TRIPLES = 24
_STANDING_SPREAD = 0.25
_STANDING_SITES_M = 60.0


@dataclass(frozen=True)
class Visit:
    """What a check-in claims beside its fix: the checkpoint and where that is, in WGS-84."""

    checkpoint: str | None = None
    lon: float = float("nan")
    lat: float = float("nan")


@dataclass(frozen=True)
class Track:
    """Fixes of one worker in order of observation; arrays of one length.

    `at` are seconds since any fixed instant, places are WGS-84 degrees, `radius_m` is the 95 %
    radius, `accuracy_m` what the phone claimed. `stream` tells devices and sources apart; `visit`
    is the index of the check-in among the day's visits, -1 for a fix of the track.
    """

    at: Floats
    lon: Floats
    lat: Floats
    radius_m: Floats
    accuracy_m: Floats
    mock: Truths
    stream: Integers
    visit: Integers

    def __len__(self) -> int:
        """How many fixes."""
        return len(self.at)

    def only(self, kept: Truths) -> "Track":
        """Some of the fixes."""
        return Track(**{name: column[kept] for name, column in vars(self).items()})

    def in_order(self) -> "Track":
        """By instant; what was observed at one instant by place, whatever came first."""
        order = np.lexsort((self.visit, self.stream, self.accuracy_m, self.lat, self.lon, self.at))
        return Track(**{name: column[order] for name, column in vars(self).items()})

    @property
    def path(self) -> Path:
        """The path of the fixes that no phone declared mock."""
        kept = ~self.mock
        return Path.of(self.at[kept], self.lon[kept], self.lat[kept])


@dataclass(frozen=True)
class Span:
    """A doubt about a stretch of the track: `weight` orders those of one code."""

    begins: float
    ends: float
    weight: float
    doubt: dict[str, Any]


@dataclass(frozen=True)
class DayDoubts:
    """What is doubted: of the track as a whole, and of each visit."""

    track: tuple[dict[str, Any], ...]
    visits: tuple[tuple[dict[str, Any], ...], ...]


@dataclass(frozen=True)
class Earlier:
    """A stretch that repeats a track observed earlier: of which day, and whether his own."""

    replay: Replay
    on: str
    own: bool


def day_doubts(
    track: Track,
    visits: Sequence[Visit],
    policy: Policy,
    repeated: Sequence[Earlier] = (),
    begins: float = -np.inf,
) -> DayDoubts:
    """The doubts about a day's fixes; `repeated` are the replays that were looked up and proved.

    Of what was observed before the day `begins`, only leaps out of it into the day are doubted.
    """
    before_too = track.in_order()
    leaps = _jumps(before_too.only(~before_too.mock), policy)
    track = before_too.only(before_too.at >= begins)
    sound = track.only(~track.mock)
    spans = [
        *_mocks(track),
        *(leap for leap in leaps if leap.ends >= begins),
        *_apart(sound, policy),
        *_lifeless(sound, policy),
        *_jitter(sound, policy),
        *_standing(sound, visits, policy),
        *_smooth(sound),
        *(_repeated(one) for one in repeated),
    ]
    when = np.full(len(visits), np.nan)
    claimed = track.visit >= 0
    when[track.visit[claimed]] = track.at[claimed]
    reach = policy.doubt_reach.total_seconds()
    return DayDoubts(
        track=_worst(spans),
        visits=tuple(
            _worst([span for span in spans if span.begins - reach <= at <= span.ends + reach])
            for at in when.tolist()
        ),
    )


def _worst(spans: Sequence[Span]) -> tuple[dict[str, Any], ...]:
    """One doubt of each code, the weightiest; by code."""
    worst: dict[str, Span] = {}
    for span in sorted(spans, key=lambda one: (-one.weight, one.begins)):
        worst.setdefault(span.doubt["code"], span)
    return tuple(worst[code].doubt for code in sorted(worst))


def _mocks(track: Track) -> list[Span]:
    declared = track.at[track.mock]
    doubt = {"code": "mock.nearby", "fixes": len(declared)}
    return [Span(at, at, 1.0, doubt) for at in declared.tolist()]


def _jumps(track: Track, policy: Policy) -> list[Span]:
    """Leaps that no vehicle makes, and after which he stays where he leapt to."""
    if len(track) < 2:
        return []
    x, y = plane(track.lon, track.lat)
    far = _between(track, x, y, np.arange(len(track) - 1), np.arange(1, len(track)))
    beyond = far - track.radius_m[:-1] - track.radius_m[1:]
    passed = np.maximum(track.at[1:] - _since(track)[:-1], 1.0)
    fast = beyond / passed > policy.fastest_mps
    # From rest to rest half the way is spent speeding up: 4 d / t^2 is the least acceleration.
    hard = 4.0 * beyond / passed**2 > policy.hardest_mps2
    spans = []
    for i in np.flatnonzero((beyond > policy.apart_from_m) & (fast | hard)).tolist():
        before = _around(track, track.at[i] - _AROUND_S, track.at[i])
        after = _around(track, track.at[i + 1], track.at[i + 1] + _AROUND_S)
        pace = max(_pace(track, x, y, before), _pace(track, x, y, after))
        if pace > _SLOW_MPS and not fast[i]:
            continue
        if beyond[i] < _REFLECTED_M and _came_back(track, x, y, i, max(pace, _WALKING_MPS)):
            continue
        doubt = {
            "code": "track.jump",
            "distance_m": round(float(far[i])),
            "seconds": round(float(passed[i])),
        }
        begins, ends = float(track.at[i]), float(track.at[i + 1])
        spans.append(Span(begins, ends, float(beyond[i]), doubt))
    return spans


def _came_back(track: Track, x: Floats, y: Floats, i: int, pace: float) -> bool:
    """Whether a leap from fix i to the next was but a reflection: others fit without it.

    Some fixes that leap away and back, or the end of such: from a fix before the leap to one after
    it he could have gone on as he did; or nothing says that he did not.
    """
    before = _around(track, track.at[i] - _REFLECTED_S, track.at[i])
    after = _around(track, track.at[i + 1], track.at[i + 1] + _REFLECTED_S)
    # At the edge of a silence nobody saw where he had been, or whether he stayed.
    seen = (track.at[i] - track.at[before.start], track.at[after.stop - 1] - track.at[i + 1])
    if min(seen) < _REFLECTED_S / 2:
        return True
    first, last = min(before.start, i - _REFLECTED_FIXES), max(after.stop, i + 2 + _REFLECTED_FIXES)
    left, came = np.arange(max(first, 0), i + 1), np.arange(i + 1, min(last, len(track)))
    a, b = np.repeat(left, len(came)), np.tile(came, len(left))
    passed = track.at[b] - track.at[a]
    beyond = _between(track, x, y, a, b) - track.radius_m[a] - track.radius_m[b]
    fits = (beyond <= 1.3 * pace * passed) & (passed <= _AROUND_S + _STALE_S)
    return bool(fits[(a != i) | (b != i + 1)].any())


def _apart(track: Track, policy: Policy) -> list[Span]:
    """A check-in that lies far from where the track was just before and just after."""
    spans = []
    others = np.flatnonzero(track.visit < 0)
    if not len(others):
        return []
    x, y = plane(track.lon, track.lat)
    here = np.flatnonzero(track.visit >= 0)
    place = np.searchsorted(others, here)
    for i, k in zip(here.tolist(), place.tolist(), strict=True):
        if k == 0 or k == len(others):
            continue
        a, b = int(others[k - 1]), int(others[k])
        if track.at[i] - track.at[a] > _AROUND_S or track.at[b] - track.at[i] > _AROUND_S:
            continue
        way = _between(track, x, y, np.array([a, i]), np.array([i, b]))
        beyond = way - track.radius_m[i] - track.radius_m[[a, b]]
        passed = np.array([track.at[i] - track.at[a], track.at[b] - track.at[i]])
        # There and back, both impossible: a vehicle's acceleration from rest, as for jumps.
        least = np.maximum(
            2 * policy.apart_from_m, policy.hardest_mps2 * np.maximum(passed, 1.0) ** 2 / 4
        )
        if (beyond > np.minimum(least, policy.fastest_mps * np.maximum(passed, 1.0))).all() and (
            beyond > 2 * policy.apart_from_m
        ).all():
            doubt = {"code": "check_in.apart", "distance_m": round(float(way.min()))}
            at = float(track.at[i])
            spans.append(Span(at, at, float(beyond.min()), doubt))
    return spans


def _between(track: Track, x: Floats, y: Floats, a: Integers, b: Integers) -> Floats:
    """Metres between pairs of fixes; of two streams, as though both spoke one system.

    One application may say GCJ-02 and another WGS-84 and call it the same: that is a matter for
    whoever corrects the device, not a leap.
    """
    dx, dy = x[b] - x[a], y[b] - y[a]
    far = np.hypot(dx, dy)
    mixed = track.stream[a] != track.stream[b]
    if mixed.any():
        lon, lat = np.median(track.lon, keepdims=True), np.median(track.lat, keepdims=True)
        there = wgs84_to_gcj02(lon, lat)
        sx, sy = (q - p for q, p in zip(plane(*there), plane(lon, lat), strict=True))
        read = [np.hypot(dx + sign * sx, dy + sign * sy) for sign in (-1.0, 1.0)]
        far = np.where(mixed, np.minimum(far, np.minimum(*read)), far)
    return np.asarray(far, dtype=np.float64)


def _since(track: Track) -> Floats:
    """Since when each fix may really have been where it says: a stale one says an older place."""
    same = np.zeros(len(track), dtype=bool)
    same[1:] = (track.lon[1:] == track.lon[:-1]) & (track.lat[1:] == track.lat[:-1])
    first = np.maximum.accumulate(np.where(same, 0, np.arange(len(track))))
    return np.maximum(track.at[first], track.at - _STALE_S)


def _around(track: Track, begins: float, ends: float) -> slice:
    return slice(
        int(np.searchsorted(track.at, begins)), int(np.searchsorted(track.at, ends, side="right"))
    )


def _pace(track: Track, x: Floats, y: Floats, piece: slice) -> float:
    """Metres a second from the first to the last of some fixes."""
    a, b = piece.start, piece.stop - 1
    if b <= a:
        return 0.0
    return float(np.hypot(x[b] - x[a], y[b] - y[a]) / max(track.at[b] - track.at[a], 1.0))


def _lifeless(track: Track, policy: Policy) -> list[Span]:
    """One place to the last digit and one accuracy, fix after fix: no receiver is that calm."""
    if len(track) < 2:
        return []
    changed = (
        (np.diff(track.lon) != 0) | (np.diff(track.lat) != 0) | (np.diff(track.accuracy_m) != 0)
    )
    first = np.concatenate([[0], np.flatnonzero(changed) + 1])
    last = np.append(first[1:], len(track)) - 1
    lasts = track.at[last] - track.at[first]
    visits = np.concatenate([[0], np.cumsum(track.visit >= 0)])
    many = (last + 1 - first >= policy.still_fixes) | (
        visits[last + 1] - visits[first] >= policy.still_visits
    )
    long = lasts >= policy.still_for.total_seconds()
    return [
        Span(
            float(track.at[first[run]]),
            float(track.at[last[run]]),
            float(lasts[run]),
            {
                "code": "track.lifeless",
                "minutes": round(float(lasts[run]) / 60),
                "fixes": int(last[run] + 1 - first[run]),
            },
        )
        for run in np.flatnonzero(many & long).tolist()
    ]


def _jitter(track: Track, policy: Policy) -> list[Span]:
    """Scatter around one point without memory, as a random number makes it."""
    lasts = policy.still_for.total_seconds()
    if len(track) < _JITTER_FIXES:
        return []
    x, y = plane(track.lon, track.lat)
    begins = np.arange(track.at[0], track.at[-1] - lasts / 2 + 1, lasts / 4)
    first = np.searchsorted(track.at, begins)
    last = np.searchsorted(track.at, begins + lasts / 2)
    white: list[tuple[float, float]] = []
    for a, b in zip(first.tolist(), last.tolist(), strict=True):
        if b - a < _JITTER_FIXES or (track.at[b - 1] - track.at[a]) / (b - a) > _JITTER_EVERY_S:
            continue
        ratios = [_successive(axis[a:b]) for axis in (x, y)]
        if all(spread <= _JITTER_SPREAD_M for _, spread in ratios) and (
            min(ratio for ratio, _ in ratios) >= _JITTER_RATIO - 0.3
            and sum(ratio for ratio, _ in ratios) / 2 >= _JITTER_RATIO
        ):
            piece = float(track.at[a]), float(track.at[b - 1])
            if white and piece[0] <= white[-1][1]:
                white[-1] = white[-1][0], piece[1]
            else:
                white.append(piece)
    return [
        Span(a, b, b - a, {"code": "track.jitter", "minutes": round((b - a) / 60)})
        for a, b in white
        # Windows overlap by half: three in a row.
        if b - a >= 0.9 * lasts
    ]


def _successive(values: Floats) -> tuple[float, float]:
    """Von Neumann's ratio of a series and its spread, in its own unit; outliers cut off."""
    middle = np.median(values)
    spread = float(np.median(np.abs(values - middle))) * 1.4826
    cut = np.clip(values - middle, -3 * spread, 3 * spread)
    variance = float(np.var(cut))
    if variance == 0:
        return 0.0, float(np.ptp(values))
    return float(np.mean(np.diff(cut) ** 2)) / variance, spread


def _standing(track: Track, visits: Sequence[Visit], policy: Policy) -> list[Span]:
    """Check-ins at checkpoints far from each other, by somebody who has not moved."""
    named = [
        i for i in np.flatnonzero(track.visit >= 0).tolist() if visits[track.visit[i]].checkpoint
    ]
    if len(named) < policy.standing_checkpoints:
        return []
    x, y = plane(track.lon, track.lat)
    sites = [visits[track.visit[i]] for i in named]
    sx, sy = plane(np.array([site.lon for site in sites]), np.array([site.lat for site in sites]))
    spans = []
    for k in range(len(named) - policy.standing_checkpoints + 1):
        group = slice(k, k + policy.standing_checkpoints)
        if len({site.checkpoint for site in sites[group]}) < policy.standing_checkpoints:
            continue
        apart = float(np.hypot(np.ptp(sx[group]), np.ptp(sy[group])))
        piece = slice(named[k], named[group.stop - 1] + 1)
        off = np.hypot(x[piece] - np.median(x[piece]), y[piece] - np.median(y[piece]))
        moved = float(np.quantile(off, 0.95))
        if apart >= _STANDING_SITES_M and moved <= _STANDING_SPREAD * apart:
            doubt = {
                "code": "patrol.standing",
                "checkpoints": policy.standing_checkpoints,
                "apart_m": round(apart),
                "moved_m": round(moved),
            }
            begins, ends = float(track.at[named[k]]), float(track.at[named[group.stop - 1]])
            spans.append(Span(begins, ends, apart - moved, doubt))
    return spans


def _smooth(track: Track) -> list[Span]:
    """A way drawn with a ruler at one pace: each fix in the very middle of its neighbours."""
    path = Path.of(track.at, track.lon, track.lat)
    if len(path.at) < _SMOOTH_TRIPLES:
        return []
    at, x, y = path.at, path.x, path.y
    share = (at[1:-1] - at[:-2]) / (at[2:] - at[:-2])
    off = np.hypot(
        x[1:-1] - x[:-2] - share * (x[2:] - x[:-2]), y[1:-1] - y[:-2] - share * (y[2:] - y[:-2])
    )
    step = np.hypot(np.diff(x), np.diff(y))
    gap = np.diff(at)
    moving = (
        (np.minimum(step[1:], step[:-1]) >= _SMOOTH_STEP_M)
        & (np.maximum(gap[1:], gap[:-1]) <= _AROUND_S)
        & (np.minimum(gap[1:], gap[:-1]) >= 0.6 * _SMOOTH_EVERY_S)
    )
    which = np.flatnonzero(moving)
    if len(which) < _SMOOTH_TRIPLES:
        return []
    ruled = np.concatenate([[0], np.cumsum(off[which] <= _SMOOTH_WITHIN_M)])
    many = ruled[_SMOOTH_TRIPLES:] - ruled[:-_SMOOTH_TRIPLES]
    spans: list[tuple[float, float]] = []
    for k in np.flatnonzero(many >= _SMOOTH_TRIPLES // 2).tolist():
        begins, ends = float(at[which[k]]), float(at[which[k + _SMOOTH_TRIPLES - 1] + 2])
        if spans and begins <= spans[-1][1]:
            spans[-1] = spans[-1][0], ends
        else:
            spans.append((begins, ends))
    return [
        Span(a, b, b - a, {"code": "track.smooth", "minutes": max(1, round((b - a) / 60))})
        for a, b in spans
    ]


def _repeated(earlier: Earlier) -> Span:
    replay = earlier.replay
    lasts = replay.ends - replay.begins
    doubt = {
        "code": "track.replayed",
        "on": earlier.on,
        "own": earlier.own,
        "minutes": round(lasts / 60),
    }
    return Span(replay.begins, replay.ends, lasts, doubt)
