# SPDX-License-Identifier: Apache-2.0
"""By which cells a past check-in is judged, in the plan in force and in a draft.

At a checkpoint by the cell in which that checkpoint lies; else by the worker's own cells: those he
was assigned to at the time, and in the draft those that follow them. Who checked in where is a few
thousand cases, whatever the number of check-ins.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import numpy as np

from geo.impact.following import Following, whereabouts
from geo.patrol.disc import Floats, Indices
from geo.patrol.grid import PlanGrid
from geo.patrol.records import Checkpoint
from geo.workforce.rules import Assignment

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class Case:
    """Which cells judge a check-in: numbers of the base grid, and of the draft's.

    `barred`: the checkpoint is of a cell that is not the worker's, which refuses whatever the fix.
    """

    before: tuple[int, ...]
    after: tuple[int, ...]
    barred_before: bool = False
    barred_after: bool = False


# A checkpoint, and longitude and latitude of a place where it stood.
Stood = tuple[UUID, float, float]

NOBODYS = Case((), ())


def microseconds(at: datetime) -> int:
    """An instant as PostgreSQL counts it: microseconds since 2000-01-01 UTC."""
    return (at - _EPOCH) // _MICROSECOND


def instant(moment: int) -> datetime:
    """The instant of `microseconds`."""
    return _EPOCH + moment * _MICROSECOND


class Casebook:
    """Finds the case of each check-in, and which workers and checkpoints a draft concerns.

    Workers are numbered as in `workers`, checkpoints as in `checkpoints`, both from 0; -1 is none.
    `stood` are the places where checkpoints stood before they were moved.
    """

    def __init__(
        self,
        following: Following,
        assignments: Sequence[Assignment],
        checkpoints: Sequence[Checkpoint],
        *,
        stood: Sequence[Stood] = (),
        since: datetime,
        until: datetime,
    ) -> None:
        self.following = following
        self.cases: list[Case] = [NOBODYS]
        self._numbers: dict[Case, int] = {NOBODYS: 0}
        self._known: dict[tuple[int, float, float, int], int] = {}
        self.checkpoints = tuple(checkpoints)
        self._stood = [*((one.id, one.lon, one.lat) for one in checkpoints), *stood]
        self.workers: tuple[UUID, ...] = ()
        self._begins_at = microseconds(since)
        self._span = microseconds(until) - self._begins_at + 1
        self._part_in_stretches(assignments)

    def _part_in_stretches(self, assignments: Sequence[Assignment]) -> None:
        """A worker's time in stretches in which he has the same cells."""
        held: dict[UUID, list[tuple[int, int, str]]] = defaultdict(list)
        for one in assignments:
            begins = max(0, microseconds(one.begins_at) - self._begins_at)
            ends = self._span
            if one.ends_at is not None:
                ends = min(ends, microseconds(one.ends_at) - self._begins_at)
            if begins < ends:
                held[one.worker].append((begins, ends, one.cell))
        self.workers = tuple(sorted(held))
        begins_of: list[int] = []
        self._assigned: list[tuple[str, ...]] = []
        for number, worker in enumerate(self.workers):
            marks = sorted({0, *(mark for one in held[worker] for mark in one[:2])} - {self._span})
            for mark in marks:
                own = [cell for begins, ends, cell in held[worker] if begins <= mark < ends]
                begins_of.append(number * self._span + mark)
                self._assigned.append(tuple(sorted(set(own))))
        self._stretches = np.array(begins_of, dtype=np.int64)

    def concerned_workers(self) -> list[bool]:
        """Whether each worker had, at any moment, a cell that the draft does not just keep."""
        concerned = [False] * len(self.workers)
        for begins, codes in zip(self._stretches.tolist(), self._assigned, strict=True):
            if not self._all_kept(codes):
                concerned[begins // self._span] = True
        return concerned

    def concerned_checkpoints(self) -> list[bool]:
        """Whether each checkpoint stands, or stood, in a cell that the draft does not just keep."""
        lon, lat = whereabouts((lon, lat) for _, lon, lat in self._stood)
        base, kept = self.following.base, self.following.kept
        touched = {
            id
            for (id, _, _), cell in zip(self._stood, base.locate(lon, lat).tolist(), strict=True)
            if cell < 0 or base.codes[cell] not in kept
        }
        return [one.id in touched for one in self.checkpoints]

    def of(
        self, workers: Indices, checkpoints: Indices, lon: Floats, lat: Floats, moments: Indices
    ) -> Indices:
        """The number of the case of each check-in among `cases`; shape (n,).

        `lon` and `lat` are where its checkpoint stood (0 without one), `moments` as PostgreSQL
        counts them.
        """
        stretches = self._stretch(workers, moments)
        spots, spot_of = _distinct(checkpoints, lon.view(np.int64), lat.view(np.int64))
        keys, key_of = _distinct(spot_of, stretches)
        found = np.empty(len(keys), dtype=np.int64)
        for place, (spot, stretch) in enumerate(keys.tolist()):
            checkpoint, lon_bits, lat_bits = spots[spot]
            at = np.array([lon_bits, lat_bits]).view(np.float64)
            found[place] = self._case(int(checkpoint), float(at[0]), float(at[1]), stretch)
        return found[key_of]

    def _stretch(self, workers: Indices, moments: Indices) -> Indices:
        """The number of the stretch in which each moment of its worker lies; -1: of none."""
        if not len(self._stretches):
            return np.full(len(workers), -1, dtype=np.int64)
        passed = np.clip(moments - self._begins_at, 0, self._span - 1)
        found = np.searchsorted(self._stretches, workers * self._span + passed, side="right") - 1
        return np.where(workers < 0, -1, found)

    def _case(self, checkpoint: int, lon: float, lat: float, stretch: int) -> int:
        key = (checkpoint, lon, lat, stretch)
        if key not in self._known:
            assigned = self._assigned[stretch] if stretch >= 0 else ()
            if checkpoint < 0:
                case = self._of_his_own(assigned)
            else:
                case = self._at_checkpoint(self.checkpoints[checkpoint], lon, lat, assigned)
            if case not in self._numbers:
                self._numbers[case] = len(self.cases)
                self.cases.append(case)
            self._known[key] = self._numbers[case]
        return self._known[key]

    def _of_his_own(self, assigned: Iterable[str]) -> Case:
        before = self._today(assigned)
        return Case(
            _indices(self.following.base, before),
            _indices(self.following.draft, self.following.followers(before)),
        )

    def _at_checkpoint(
        self, checkpoint: Checkpoint, lon: float, lat: float, assigned: Iterable[str]
    ) -> Case:
        own = self._today(assigned)
        if not own:
            return NOBODYS
        theirs = self.following.followers(own)
        before, after = (
            grid.cell_of_site(lon, lat) or checkpoint.cell
            for grid in (self.following.base, self.following.draft)
        )
        return Case(
            _indices(self.following.base, [before]),
            _indices(self.following.draft, [after] if theirs else []),
            barred_before=before not in own,
            barred_after=bool(theirs) and after not in theirs,
        )

    def _today(self, codes: Iterable[str]) -> frozenset[str]:
        return frozenset(now for code in codes for now in self.following.today(code))

    def _all_kept(self, codes: Iterable[str]) -> bool:
        return self._today(codes) <= self.following.kept


def _indices(grid: PlanGrid, codes: Iterable[str]) -> tuple[int, ...]:
    return tuple(index for code in sorted(codes) if (index := grid.index(code)) is not None)


def _distinct(*columns: Indices) -> tuple[Indices, Indices]:
    """The different rows of some columns, shape (m, columns), and which of them each row is."""
    rows = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        values, which = np.unique(column, return_inverse=True)
        _, rows = np.unique(rows * len(values) + which, return_inverse=True)
    _, first = np.unique(rows, return_index=True)
    return np.column_stack([column[first] for column in columns]), rows
