# SPDX-License-Identifier: Apache-2.0
"""Is this track one that was walked before? Prints to look it up by, and the proof.

Nobody walks the same way twice: over ten minutes his pace, his pauses and the drift of his receiver
differ by many metres. A print is a hash of the shape of five minutes (five displacements of a
minute each, on a lattice), so that neither the hour nor the place nor a metre of noise matters, and
a track that is played backwards has the prints of the reversed one. Equal prints only point to a
track; what counts is `replays`, which lays the two beside each other.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_METRES_A_DEGREE = 111_320.0
# Closer fixes than this say nothing more about a walk.
_THIN_S = 5.0
_STEP_S = 60.0
_STEPS = 5
_LATTICE_M = 15.0
# A window that shows a walk, and one without a hole to be bridged.
_LEAST_WAY_M = 150.0
_LONGEST_GAP_S = 65.0
# Chosen by what it is, so that two tracks choose the same ones: one print in this many is kept.
_KEPT_OF = 4
LEAST_SHARED = 3
# A shift in time within one track below this is the walk itself.
_LEAST_SHIFT_S = 600.0


@dataclass(frozen=True)
class Path:
    """Where somebody was: instants in seconds (ascending), metres east and north of a lattice."""

    at: Floats
    x: Floats
    y: Floats

    @classmethod
    def of(cls, at: Floats, lon: Floats, lat: Floats) -> "Path":
        """A thinned path of WGS-84 degrees in order of time."""
        if not len(at):
            return cls(at, lon, lat)
        fresh = np.ones(len(at), dtype=bool)
        bins = np.floor(at / _THIN_S)
        fresh[1:] = bins[1:] != bins[:-1]
        x, y = plane(lon[fresh], lat[fresh])
        return cls(at[fresh], x, y)

    @property
    def backwards(self) -> "Path":
        """The same path walked from its end."""
        return Path(-self.at[::-1], self.x[::-1], self.y[::-1])

    @cached_property
    def _holes(self) -> Integers:
        """How many holes lie before each fix."""
        holes = np.zeros(len(self.at), dtype=np.int64)
        np.cumsum(np.diff(self.at) > _LONGEST_GAP_S, out=holes[1:])
        return holes

    def along(self, at: Floats) -> tuple[Floats, Floats, NDArray[np.bool_]]:
        """Metres east and north at instants, and which of these lie in no hole of the path."""
        after = np.searchsorted(self.at, at, side="left")
        inside = (at >= self.at[0]) & (at <= self.at[-1])
        after = np.clip(after, 1, len(self.at) - 1)
        known = inside & (self._holes[after] == self._holes[after - 1])
        return np.interp(at, self.at, self.x), np.interp(at, self.at, self.y), known

    @cached_property
    def windows(self) -> tuple[Integers, Floats]:
        """The print of each window that shows a walk, and when it begins."""
        nothing = np.empty(0, dtype=np.int64), np.empty(0)
        if len(self.at) < 2:
            return nothing
        ends = self.at + _STEPS * _STEP_S
        last = np.searchsorted(self.at, ends, side="left")
        whole = last < len(self.at)
        whole[whole] = self._holes[last[whole]] == self._holes[np.flatnonzero(whole)]
        begins = self.at[whole]
        if not len(begins):
            return nothing
        moments = begins[:, None] + np.arange(_STEPS + 1) * _STEP_S
        dx = np.diff(np.interp(moments, self.at, self.x), axis=1)
        dy = np.diff(np.interp(moments, self.at, self.y), axis=1)
        way = np.hypot(dx, dy).sum(axis=1)
        cells = np.stack([np.rint(dx / _LATTICE_M), np.rint(dy / _LATTICE_M)], axis=2)
        # A straight way at one pace is everybody's: it points to no one.
        plain = (np.ptp(cells, axis=1) <= 1).all(axis=1)
        telling = (way >= _LEAST_WAY_M) & ~plain
        prints = _hashes(cells[telling].reshape(-1, 2 * _STEPS).astype(np.int64))
        kept = prints % _KEPT_OF == 0
        return prints[kept], begins[telling][kept]

    @property
    def prints(self) -> list[int]:
        """The prints to look this path up by, ascending."""
        return [int(one) for one in np.unique(self.windows[0])]


@dataclass(frozen=True)
class Replay:
    """A stretch of a path that repeats another one: instants, and how much later it comes."""

    begins: float
    ends: float
    shift_s: float
    backwards: bool = False


def plane(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Metres east and north of degrees, near enough for differences within a district."""
    # Rounded, so that all tracks of a place are measured alike.
    parallel = np.cos(np.radians(np.round(np.median(lat), 1))) if len(lat) else 1.0
    return lon * _METRES_A_DEGREE * parallel, lat * _METRES_A_DEGREE


def replays(
    path: Path, other: Path, *, lasts_s: float, within_m: float, same: bool = False
) -> list[Replay]:
    """Stretches of `path` that repeat `other`, forwards or backwards; `same`: an earlier part.

    Over `lasts_s` three quarters of the fixes lie within `within_m` of the other path, moved in
    time and as a whole in place, and the way is a walk.
    """
    found = _repeats(path, other, lasts_s, within_m, same)
    if not same:
        turned = _repeats(path, other.backwards, lasts_s, within_m, same)
        found += [Replay(r.begins, r.ends, r.shift_s, backwards=True) for r in turned]
    return found


def _repeats(path: Path, other: Path, lasts_s: float, within_m: float, same: bool) -> list[Replay]:
    found: list[Replay] = []
    for shift in _shifts(path, other, same):
        x, y, known = other.along(path.at - shift)
        if not known.any():
            continue
        dx, dy = path.x - x, path.y - y
        off = np.hypot(dx - np.median(dx[known]), dy - np.median(dy[known]))
        near = known & (off <= within_m)
        found += [
            Replay(float(path.at[a]), float(path.at[b]), shift)
            for a, b in _stretches(path, near, lasts_s)
        ]
    return found


def _shifts(path: Path, other: Path, same: bool) -> list[float]:
    """By how much `path` may be later than `other`: what most equal prints say, finely tuned."""
    mine, mine_at = path.windows
    theirs, theirs_at = other.windows
    order = np.argsort(theirs, kind="stable")
    theirs, theirs_at = theirs[order], theirs_at[order]
    first, last = np.searchsorted(theirs, mine), np.searchsorted(theirs, mine, side="right")
    # A print that is common within the other path tells nothing about the shift.
    rare = (last > first) & (last - first <= 20)
    pieces = [
        at - theirs_at[a:b] for at, a, b in zip(mine_at[rare], first[rare], last[rare], strict=True)
    ]
    if not pieces:
        return []
    shifts = np.concatenate(pieces)
    if same:
        shifts = shifts[shifts >= _LEAST_SHIFT_S]
    bins, counts = np.unique(np.rint(shifts / (2 * _THIN_S)), return_counts=True)
    best = np.argsort(-counts, kind="stable")[:3]
    coarse = [bins[i] * 2 * _THIN_S for i in best if counts[i] >= LEAST_SHARED]
    return [_tuned(path, other, mine_at, shifts, shift) for shift in coarse]


def _tuned(path: Path, other: Path, mine_at: Floats, shifts: Floats, coarse: float) -> float:
    near = shifts[np.abs(shifts - coarse) <= 2 * _THIN_S]
    middle = float(np.median(near))
    best, least = middle, np.inf
    for step in np.arange(-_THIN_S, _THIN_S + 0.1, 0.5):
        x, y, known = other.along(path.at - middle - step)
        if not known.any():
            continue
        dx, dy = path.x[known] - x[known], path.y[known] - y[known]
        off = float(np.median(np.hypot(dx - np.median(dx), dy - np.median(dy))))
        # The middle first: an exact replay is found exactly.
        if off < least - 1e-6 or (off <= least + 1e-6 and abs(step) < abs(best - middle)):
            best, least = middle + float(step), off
    return best


def _stretches(path: Path, near: NDArray[np.bool_], lasts_s: float) -> list[tuple[int, int]]:
    """Index ranges over which three quarters are near and somebody walks, windows joined."""
    last = np.searchsorted(path.at, path.at + lasts_s, side="left")
    first = np.flatnonzero(last < len(path.at))
    last = last[first]
    share = np.concatenate([[0], np.cumsum(near)])
    way = np.zeros(len(path.at))
    # By the minute: the noise of each fix would add up to a walk.
    minute = np.searchsorted(path.at, path.at - _STEP_S, side="left")
    pace = np.hypot(path.x - path.x[minute], path.y - path.y[minute])
    pace /= np.maximum(path.at - path.at[minute], _THIN_S)
    way[1:] = np.cumsum(pace[1:] * np.minimum(np.diff(path.at), _STEP_S))
    good = (share[last + 1] - share[first] >= 0.75 * (last + 1 - first)) & (
        way[last] - way[first] >= _LEAST_WAY_M
    )
    joined: list[tuple[int, int]] = []
    for a, b in zip(first[good].tolist(), last[good].tolist(), strict=True):
        if joined and a <= joined[-1][1]:
            joined[-1] = joined[-1][0], b
        else:
            joined.append((a, b))
    return joined


def _hashes(rows: Integers) -> Integers:
    """A number of 62 bits for each row: FNV-1a by 64-bit words, then mixed (public domain)."""
    state = np.full(len(rows), 0xCBF29CE484222325, dtype=np.uint64)
    for column in rows.T:
        state = (state ^ column.astype(np.uint64)) * np.uint64(0x100000001B3)
        state ^= state >> np.uint64(29)
    return (state >> np.uint64(2)).astype(np.int64)
