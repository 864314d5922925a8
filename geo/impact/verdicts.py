# SPDX-License-Identifier: Apache-2.0
"""Past check-ins judged by the plan in force and by a draft, in columns.

The rules are those of `geo.patrol.rules`, and a test holds both to the same verdicts. Here they run
over arrays, and only where something can differ: for check-ins of changed cells whose error disc
reaches changed land.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.crs import metres
from geo.impact.cases import Case
from geo.impact.clearance import HALF_M, REACH_M, Clearance, Rims
from geo.impact.following import differing
from geo.patrol.disc import Flags, Floats, Indices
from geo.patrol.grid import PlanGrid
from geo.patrol.rules import Policy, VerdictKind
from geo.shapes import prepared_copy

Kinds = NDArray[np.int8]

# Verdicts as numbers; the first is that of nobody's cell.
KINDS: tuple[VerdictKind | None, ...] = (
    None,
    VerdictKind.OUTSIDE,
    VerdictKind.UNCERTAIN,
    VerdictKind.INSIDE,
)
_NONE, _OUTSIDE, _UNCERTAIN, _INSIDE = range(4)
_AT_ONCE = 100_000
# A border is straight in degrees and bends in metres, by decimetres: looked at rather too often.
_MARGIN_M = 1.0
# A share that is this close to a limit is worked out exactly; much more than it can be wrong.
_DOUBT = 1e-9
_NOWHERE = np.empty(0, dtype=np.int64)


@dataclass(frozen=True)
class Facts:
    """What check-ins are judged on; each an array of shape (n,).

    `case` is a number among the cases. `accuracy_m` is what the phone claims, `sure` whether that
    is a 95 % radius already. `policy` is the version. `refused`: for a reason that no plan decides,
    as no duty. `upheld`: an appeal made it count, whatever it is judged. `to_door_m` is how far it
    lies from the checkpoint whose valid code was read, infinite without one.
    """

    case: Indices
    lon: Floats
    lat: Floats
    accuracy_m: Floats
    sure: Flags
    policy: Indices
    refused: Flags
    upheld: Flags
    to_door_m: Floats

    def __len__(self) -> int:
        return len(self.case)

    def some(self, places: Indices | Flags | slice) -> Self:
        """The facts of some of the check-ins."""
        return type(self)(*(getattr(self, field.name)[places] for field in fields(self)))


@dataclass(frozen=True)
class Judged:
    """Verdicts of check-ins by one plan: numbers of `KINDS`, of cells of its grid (-1: none)."""

    kind: Kinds
    accepted: Flags
    cell: Indices


@dataclass(frozen=True)
class Differences:
    """Those of some check-ins that a draft judges otherwise: `at` are their places among all.

    `near` is how many had to be judged by both.
    """

    at: Indices
    before: Judged
    after: Judged
    near: int


class Bench:
    """Judges check-ins by the plan in force and by a draft. `policies` are by version.

    Cases may be added to the list it is given while it works.
    """

    def __init__(
        self,
        base: PlanGrid,
        draft: PlanGrid,
        cases: Sequence[Case],
        policies: Iterable[Policy],
    ) -> None:
        self._base, self._draft, self._cases = base, draft, cases
        self._policies = {policy.version: policy for policy in policies}
        # By case: where a disc must reach for the share to differ.
        self._apart: list[shapely.Geometry | None] = []
        self._always: list[bool] = []
        # By the cells of a case: the first case of these cells.
        self._alike: dict[tuple[tuple[int, ...], tuple[int, ...]], int] = {}
        self._land: list[int] = []
        self._from_land = Clearance(self._to_land)
        self._sides = {"before": _Side(base), "after": _Side(draft)}

    def differences(self, facts: Facts) -> Differences:
        """Which check-ins the draft judges otherwise, and how. Places that are NaN are left out."""
        self._look_at_new_cases()
        found = [
            self._differences(facts.some(slice(begins, begins + _AT_ONCE)), begins)
            for begins in range(0, len(facts), _AT_ONCE)
        ]
        return Differences(
            at=np.concatenate([_NOWHERE, *(one.at for one in found)]),
            before=_all([one.before for one in found]),
            after=_all([one.after for one in found]),
            near=sum(one.near for one in found),
        )

    def _look_at_new_cases(self) -> None:
        for number in range(len(self._apart), len(self._cases)):
            case = self._cases[number]
            like = self._alike.setdefault((case.before, case.after), number)
            if like == number:
                apart = differing(self._base, self._draft, case.before, case.after)
                self._apart.append(None if apart is None else prepared_copy(apart))
            else:
                self._apart.append(self._apart[like])
            self._land.append(like)
            # Another reason to refuse it makes a difference wherever it lies.
            barred = case.barred_before != case.barred_after
            self._always.append(barred or bool(case.before) != bool(case.after))

    def _differences(self, facts: Facts, begins: int) -> Differences:
        near = self._near(facts)
        asked = facts.some(near)
        before = self._judged(asked, self._base, "before")
        after = self._judged(asked, self._draft, "after")
        differs = (before.kind != after.kind) | (before.accepted != after.accepted)
        return Differences(
            begins + near[differs], _some(before, differs), _some(after, differs), len(near)
        )

    def _near(self, facts: Facts) -> Indices:
        """Places of the check-ins whose verdict the draft may change."""
        apart = np.array(self._apart, dtype=object)
        always = np.array(self._always, dtype=bool)
        stands = np.isfinite(facts.lon) & np.isfinite(facts.lat)
        candidates = np.flatnonzero(stands & (always | ~shapely.is_missing(apart))[facts.case])
        some = facts.some(candidates)
        sure = always[some.case]
        reaching = sure.copy()
        reach = self._radius(some) + _MARGIN_M
        east, north = metres(some.lon, some.lat, self._base.srid)
        # By boxes first: four comparisons leave out most of them.
        west, south, most_east, most_north = shapely.bounds(apart)[some.case].T
        boxed = np.flatnonzero(
            ~sure
            & (east >= west - reach)
            & (east <= most_east + reach)
            & (north >= south - reach)
            & (north <= most_north + reach)
        )
        # Then by squares; only the discs whose rim is about there are asked for themselves.
        land = np.array(self._land, dtype=np.int64)[some.case[boxed]]
        away = self._from_land.of(land, east[boxed], north[boxed]) - reach[boxed]
        reaching[boxed[away <= -HALF_M]] = True
        ask = boxed[np.abs(away) < HALF_M]
        # One case after the other: its land is then at hand for all of them.
        ask = ask[np.argsort(some.case[ask], kind="stable")]
        # Not by distance: land that is prepared answers only this at once.
        within: Any = shapely.dwithin
        points = shapely.points(east[ask], north[ask])
        reaching[ask] = within(apart[some.case[ask]], points, reach[ask])
        found: Indices = candidates[reaching]
        return found

    def _to_land(self, cases: Indices, east: Floats, north: Floats) -> Floats:
        """Metres from places to the land of cases."""
        lands = np.array(self._apart, dtype=object)[cases]
        away: Floats = shapely.distance(lands, shapely.points(east, north))
        return away

    def _radius(self, facts: Facts) -> Floats:
        factor = np.where(facts.sure, 1.0, self._rule(facts, "accuracy_factor"))
        radius: Floats = np.maximum(facts.accuracy_m * factor, self._rule(facts, "least_radius_m"))
        return radius

    def _rule(self, facts: Facts, name: str) -> Floats:
        """A number of the policy of each check-in."""
        versions, which = np.unique(facts.policy, return_inverse=True)
        numbers = [getattr(self._policies[int(version)], name) for version in versions]
        return np.array(numbers, dtype=np.float64)[which]

    def _judged(self, facts: Facts, grid: PlanGrid, side: str) -> Judged:
        candidates = [getattr(case, side) for case in self._cases]
        barred = np.array([getattr(case, f"barred_{side}") for case in self._cases])
        counts = np.array([len(cells) for cells in candidates], dtype=np.int64)
        begins = np.cumsum(counts) - counts
        flat = np.array([cell for cells in candidates for cell in cells], dtype=np.int64)
        many = counts[facts.case]
        items = np.repeat(np.arange(len(facts)), many)
        within = np.arange(len(items)) - np.repeat(np.cumsum(many) - many, many)
        cells = flat[np.repeat(begins[facts.case], many) + within]
        shares, distances = self._shares(facts.some(items), items, grid, side, cells)
        # The largest share, and where no disc reaches any of them, the nearest.
        order = np.lexsort((np.nan_to_num(distances, nan=-np.inf), shares, items))
        best = np.full(len(facts), -1, dtype=np.int64)
        best[items[order]] = order
        has = best >= 0
        share = np.where(has, shares[best] if len(items) else 0.0, 0.0)
        kind = np.where(share <= self._rule(facts, "outside_up_to"), _OUTSIDE, _UNCERTAIN)
        kind = np.where(share >= self._rule(facts, "inside_from"), _INSIDE, kind)
        proven = facts.to_door_m <= self._rule(facts, "proof_reach_m")
        kind = np.where(proven & (kind == _OUTSIDE), _UNCERTAIN, kind)
        kind = np.where(has, kind, _NONE)
        accepted = (kind > _OUTSIDE) & ~barred[facts.case] & ~facts.refused
        return Judged(
            kind.astype(np.int8),
            accepted | facts.upheld,
            np.where(has, cells[best] if len(items) else -1, -1),
        )

    def _shares(
        self, facts: Facts, whose: Indices, grid: PlanGrid, side: str, cells: Indices
    ) -> tuple[Floats, Floats]:
        """The share of each disc in its cell, and how far its middle lies from the border.

        Positive inside. Both arrays of shape (n,). `whose` says, in order, of which check-in each
        disc is: several cells may be weighed for one. Shares are as good as exact for choosing the
        cell and the verdict; distances are 0 where that does not take them.
        """
        radius = self._radius(facts)
        shares, distances = np.zeros(len(facts)), np.zeros(len(facts))
        sure = np.zeros(len(facts), dtype=np.bool_)
        east, north = metres(facts.lon, facts.lat, grid.srid)
        # Where the border is not drawn alike in degrees and metres, a smaller disc may mistake it.
        fits = (radius >= _MARGIN_M) & (radius <= REACH_M)
        quick = np.flatnonzero(fits & np.isfinite(east) & np.isfinite(north))
        shares[quick], sure[quick] = self._sides[side].shares(
            cells[quick], east[quick], north[quick], radius[quick]
        )
        for limit in ("inside_from", "outside_up_to"):
            sure &= np.abs(shares - self._rule(facts, limit)) > _DOUBT
        sure[_rivals(shares, whose)] = False
        # All discs of one check-in are measured alike.
        doubtful = np.bincount(whose, ~sure) > 0
        rest = np.flatnonzero(doubtful[whose])
        found = grid.measure(cells[rest], facts.lon[rest], facts.lat[rest], radius[rest])
        shares[rest], distances[rest] = found.share, found.distance_m
        return shares, distances


def _rivals(shares: Floats, whose: Indices) -> Indices:
    """The discs with the largest share of their check-in where another of it comes close."""
    order = np.lexsort((shares, whose))
    another = np.diff(whose[order]) != 0
    largest = np.append(another, True)[1:]
    close = ~another & largest & (np.diff(shares[order]) <= _DOUBT)
    rivals: Indices = order[1:][close]
    return rivals


class _Side:
    """The cells of one plan, for shares that need not be exact."""

    def __init__(self, grid: PlanGrid) -> None:
        self._shapes, self._rims = prepared_copy(grid.shapes), Rims(grid)
        self._valid = shapely.is_valid(grid.shapes)

    def shares(
        self, cells: Indices, east: Floats, north: Floats, radius: Floats
    ) -> tuple[Floats, Flags]:
        """The share of each disc in its cell, and whether it is to be relied on."""
        inside = shapely.contains_xy(self._shapes[cells], east, north)
        shares, sure = self._rims.shares(cells, east, north, radius, inside)
        return shares, sure & self._valid[cells]


def _some(judged: Judged, which: Flags) -> Judged:
    return Judged(judged.kind[which], judged.accepted[which], judged.cell[which])


def _all(judged: Sequence[Judged]) -> Judged:
    return Judged(
        np.concatenate([_NOWHERE.astype(np.int8), *(one.kind for one in judged)]),
        np.concatenate([_NOWHERE.astype(np.bool_), *(one.accepted for one in judged)]),
        np.concatenate([_NOWHERE, *(one.cell for one in judged)]),
    )
