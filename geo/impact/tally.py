# SPDX-License-Identifier: Apache-2.0
"""What came of judging past check-ins by a draft: counted, and a spread of it kept."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import numpy as np

from geo.ids import CheckInId
from geo.impact import past
from geo.impact.cases import instant
from geo.impact.rules import (
    CellChanges,
    ChangedVerdict,
    Listed,
    PastCheckIns,
    Stand,
    Transition,
    first,
)
from geo.impact.verdicts import KINDS, Differences, Judged
from geo.patrol.grid import PlanGrid

MOST_VERDICTS = 2000


@dataclass
class Tally:
    """What has been found of the pieces so far."""

    base: PlanGrid
    draft: PlanGrid
    concerned: int = 0
    erased: int = 0
    near: int = 0
    changed: int = 0
    origins: Counter[int] = field(default_factory=Counter)
    transitions: Counter[tuple[int, bool, int, bool]] = field(default_factory=Counter)
    cells: Counter[int] = field(default_factory=Counter)
    lost: Counter[int] = field(default_factory=Counter)
    won: Counter[int] = field(default_factory=Counter)
    verdicts: list[ChangedVerdict] = field(default_factory=list)
    _one_in: int = 1

    def add(self, some: past.Past, differences: Differences) -> None:
        """Count a piece, and keep a spread of its changed verdicts."""
        at, before, after = differences.at, differences.before, differences.after
        self.concerned += len(some.ids)
        self.erased += int(np.count_nonzero(~np.isfinite(some.facts.lon)))
        self.near += differences.near
        self.origins.update(some.origins[at].tolist())
        self.transitions.update(
            zip(
                before.kind.tolist(),
                before.accepted.tolist(),
                after.kind.tolist(),
                after.accepted.tolist(),
                strict=True,
            )
        )
        self.cells.update(before.cell.tolist())
        self.lost.update(before.cell[before.accepted & ~after.accepted].tolist())
        self.won.update(before.cell[~before.accepted & after.accepted].tolist())
        # One in so many, of all that have come so far.
        for place in range(-self.changed % self._one_in, len(at), self._one_in):
            self.verdicts.append(self._verdict(some, int(at[place]), before, after, place))
        self.changed += len(at)
        while len(self.verdicts) > 2 * MOST_VERDICTS:
            self.verdicts = self.verdicts[::2]
            self._one_in *= 2

    def _verdict(
        self, some: past.Past, at: int, before: Judged, after: Judged, place: int
    ) -> ChangedVerdict:
        return ChangedVerdict(
            id=CheckInId(UUID(bytes=bytes(some.ids[at]))),
            observed_at=instant(int(some.moments[at])),
            origin=past.ORIGINS[int(some.origins[at])],
            lon=round(float(some.facts.lon[at]), 7),
            lat=round(float(some.facts.lat[at]), 7),
            before=_stand(self.base, before, place),
            after=_stand(self.draft, after, place),
        )

    def found(self, total: int, *, since: datetime, until: datetime) -> PastCheckIns:
        """All of it; of the verdicts an even spread over the time, in order of time."""
        ordered = sorted(self.verdicts, key=lambda one: (one.observed_at, one.id.int))
        spread = np.linspace(0, len(ordered) - 1, min(len(ordered), MOST_VERDICTS), dtype=int)
        cells = [
            CellChanges(_code(self.base, cell), count, self.lost[cell], self.won[cell])
            for cell, count in sorted(self.cells.items(), key=lambda one: (-one[1], one[0]))
        ]
        return PastCheckIns(
            since=since,
            until=until,
            total=total,
            concerned=self.concerned,
            erased=self.erased,
            near=self.near,
            changed=self.changed,
            origins={past.ORIGINS[number].value: n for number, n in self.origins.items()},
            transitions=tuple(
                Transition(KINDS[one], was, KINDS[other], now, count)
                for (one, was, other, now), count in self.transitions.most_common()
            ),
            cells=first(cells),
            verdicts=Listed(self.changed, tuple(ordered[place] for place in spread)),
        )


def _stand(grid: PlanGrid, judged: Judged, place: int) -> Stand:
    return Stand(
        _code(grid, int(judged.cell[place])),
        KINDS[int(judged.kind[place])],
        bool(judged.accepted[place]),
    )


def _code(grid: PlanGrid, cell: int) -> str | None:
    return None if cell < 0 else grid.codes[cell]
