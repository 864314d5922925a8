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
from geo.impact.following import differing
from geo.patrol.disc import Floats, Indices
from geo.patrol.grid import PlanGrid
from geo.patrol.rules import Policy, VerdictKind

Flags = NDArray[np.bool_]
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
        self._lands: dict[tuple[tuple[int, ...], tuple[int, ...]], shapely.Geometry | None] = {}

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
        for case in self._cases[len(self._apart) :]:
            land = (case.before, case.after)
            if land not in self._lands:
                apart = differing(self._base, self._draft, *land)
                if apart is not None:
                    shapely.prepare(apart)
                self._lands[land] = apart
            self._apart.append(self._lands[land])
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
        # One case after the other: its land is then at hand for all of them.
        candidates = candidates[np.argsort(facts.case[candidates], kind="stable")]
        some = facts.some(candidates)
        sure = always[some.case]
        reaching = sure.copy()
        reach = self._radius(some) + _MARGIN_M
        east, north = metres(some.lon, some.lat, self._base.srid)
        # By boxes first: a point is dearer to make than four comparisons.
        west, south, most_east, most_north = shapely.bounds(apart)[some.case].T
        ask = np.flatnonzero(
            ~sure
            & (east >= west - reach)
            & (east <= most_east + reach)
            & (north >= south - reach)
            & (north <= most_north + reach)
        )
        # Not by distance: land that is prepared answers only this at once.
        within: Any = shapely.dwithin
        points = shapely.points(east[ask], north[ask])
        reaching[ask] = within(apart[some.case[ask]], points, reach[ask])
        found: Indices = candidates[reaching]
        return found

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
        found = grid.measure(cells, facts.lon[items], facts.lat[items], self._radius(facts)[items])
        # The largest share, and where no disc reaches any of them, the nearest.
        order = np.lexsort((np.nan_to_num(found.distance_m, nan=-np.inf), found.share, items))
        best = np.full(len(facts), -1, dtype=np.int64)
        best[items[order]] = order
        has = best >= 0
        share = np.where(has, found.share[best] if len(items) else 0.0, 0.0)
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


def _some(judged: Judged, which: Flags) -> Judged:
    return Judged(judged.kind[which], judged.accepted[which], judged.cell[which])


def _all(judged: Sequence[Judged]) -> Judged:
    return Judged(
        np.concatenate([_NOWHERE.astype(np.int8), *(one.kind for one in judged)]),
        np.concatenate([_NOWHERE.astype(np.bool_), *(one.accepted for one in judged)]),
        np.concatenate([_NOWHERE, *(one.cell for one in judged)]),
    )
