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


NOBODYS = Case((), ())


def microseconds(at: datetime) -> int:
    """An instant as PostgreSQL counts it: microseconds since 2000-01-01 UTC."""
    return (at - _EPOCH) // _MICROSECOND


def instant(moment: int) -> datetime:
    """The instant of `microseconds`."""
    return _EPOCH + moment * _MICROSECOND


class Casebook:
    """Finds the case of each check-in of a half-open time, and whom a draft concerns.

    Workers are numbered as in `workers`, checkpoints as in `checkpoints`, both from 0; -1 is none.
    `earlier` are the grids of other plans by which check-ins of the time were judged.
    """

    def __init__(
        self,
        following: Following,
        assignments: Sequence[Assignment],
        checkpoints: Sequence[Checkpoint],
        *,
        since: datetime,
        until: datetime,
        earlier: Sequence[PlanGrid] = (),
    ) -> None:
        self.following, self.since, self.until = following, since, until
        self._earlier = earlier
        self.cases: list[Case] = [NOBODYS]
        self._numbers: dict[Case, int] = {NOBODYS: 0}
        self._known: dict[tuple[int, int], int] = {}
        self.checkpoints = tuple(checkpoints)
        # Places where a check-in says that its checkpoint (by number) stood, and it stands no more.
        self._elsewhere: dict[tuple[int, float, float], int] = {}
        self._held: dict[int, tuple[str, str]] = {}
        self._locate_checkpoints()
        self.workers: tuple[UUID, ...] = ()
        self._begins_at = microseconds(since)
        self._span = microseconds(until) - self._begins_at + 1
        self._part_in_stretches(assignments)

    def _locate_checkpoints(self) -> None:
        """Find the cells of all checkpoints where they stand, at once."""
        lon, lat = whereabouts((one.lon, one.lat) for one in self.checkpoints)
        base, draft = self.following.base, self.following.draft
        in_base, in_draft = base.locate(lon, lat).tolist(), draft.locate(lon, lat).tolist()
        for place, (old, new) in enumerate(zip(in_base, in_draft, strict=True)):
            of = self.checkpoints[place].cell
            cells = (of if old < 0 else base.codes[old], of if new < 0 else draft.codes[new])
            self._held[place + 1] = cells

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

    def concerned_cells(self) -> list[str]:
        """Codes, of the base and of earlier plans, of cells that the draft does not just keep."""
        follow = self.following
        found = {code for code in {*follow.heirs, *follow.lineage} if self._is_concerned(code)}
        # A checkpoint that a plan has given to another cell meanwhile was judged by the one before.
        doors = [
            (one.lon, one.lat)
            for place, one in enumerate(self.checkpoints, start=1)
            if self._is_concerned(self._held[place][0])
        ]
        for grid in self._earlier:
            cells = grid.locate(*whereabouts(doors))
            found |= {grid.codes[cell] for cell in cells.tolist() if cell >= 0}
        return sorted(found)

    def concerned_workers(self) -> list[UUID]:
        """Who had several cells at a moment, and one among them that the draft does not just keep.

        Another of his cells may judge his check-ins then than the one that did.
        """
        found = set()
        for begins, codes in zip(self._stretches.tolist(), self._assigned, strict=True):
            if len(codes) > 1 and any(map(self._is_concerned, codes)):
                found.add(self.workers[begins // self._span])
        return sorted(found)

    def of(
        self, workers: Indices, checkpoints: Indices, lon: Floats, lat: Floats, moments: Indices
    ) -> Indices:
        """The number of the case of each check-in among `cases`; shape (n,).

        `lon` and `lat` are where its checkpoint stood (0 without one), `moments` as PostgreSQL
        counts them.
        """
        stretches = self._stretch(workers, moments)
        spots = self._spots(checkpoints, lon, lat)
        many = len(self._stretches) + 1
        keys, key_of = np.unique(spots * many + stretches + 1, return_inverse=True)
        found = np.array([self._case(*divmod(key, many)) for key in keys.tolist()], dtype=np.int64)
        return found[key_of]

    def _spots(self, checkpoints: Indices, lon: Floats, lat: Floats) -> Indices:
        """The number, among all places where checkpoints stood, of that of each check-in; 0: none.

        Nearly all checkpoints stand where they stood.
        """
        spots = checkpoints + 1
        now_lon, now_lat = (
            np.array([0.0, *(getattr(one, axis) for one in self.checkpoints)])[spots]
            for axis in ("lon", "lat")
        )
        for place in np.flatnonzero((now_lon != lon) | (now_lat != lat)).tolist():
            key = (int(checkpoints[place]), float(lon[place]), float(lat[place]))
            spots[place] = self._elsewhere.setdefault(
                key, len(self.checkpoints) + len(self._elsewhere) + 1
            )
        return spots

    def _stretch(self, workers: Indices, moments: Indices) -> Indices:
        """The number of the stretch in which each moment of its worker lies; -1: of none."""
        if not len(self._stretches):
            return np.full(len(workers), -1, dtype=np.int64)
        passed = np.clip(moments - self._begins_at, 0, self._span - 1)
        found = np.searchsorted(self._stretches, workers * self._span + passed, side="right") - 1
        return np.where(workers < 0, -1, found)

    def _case(self, spot: int, stretch: int) -> int:
        """The number of a case by those of its spot and of its stretch, both from 1; 0 is none."""
        if (spot, stretch) not in self._known:
            assigned = self._assigned[stretch - 1] if stretch else ()
            case = self._at_checkpoint(spot, assigned) if spot else self._of_his_own(assigned)
            if case not in self._numbers:
                self._numbers[case] = len(self.cases)
                self.cases.append(case)
            self._known[spot, stretch] = self._numbers[case]
        return self._known[spot, stretch]

    def _of_his_own(self, assigned: Iterable[str]) -> Case:
        before = self._today(assigned)
        return Case(
            _indices(self.following.base, before),
            _indices(self.following.draft, self.following.followers(before)),
        )

    def _at_checkpoint(self, spot: int, assigned: Iterable[str]) -> Case:
        own = self._today(assigned)
        if not own:
            return NOBODYS
        theirs = self.following.followers(own)
        before, after = self._cells_of(spot)
        return Case(
            _indices(self.following.base, [before]),
            _indices(self.following.draft, [after] if theirs else []),
            barred_before=before not in own,
            barred_after=bool(theirs) and after not in theirs,
        )

    def _cells_of(self, spot: int) -> tuple[str, str]:
        """The cell that holds a place of a checkpoint, in both plans; else the one it is of."""
        if spot not in self._held:
            number, *at = list(self._elsewhere)[spot - 1 - len(self.checkpoints)]
            base, draft = (
                grid.cell_at(*at) or self.checkpoints[number].cell
                for grid in (self.following.base, self.following.draft)
            )
            self._held[spot] = (base, draft)
        return self._held[spot]

    def _today(self, codes: Iterable[str]) -> frozenset[str]:
        return frozenset(now for code in codes for now in self.following.today(code))

    def _is_concerned(self, code: str) -> bool:
        return not self.following.kept.issuperset(self.following.today(code))


def _indices(grid: PlanGrid, codes: Iterable[str]) -> tuple[int, ...]:
    return tuple(index for code in sorted(codes) if (index := grid.index(code)) is not None)
