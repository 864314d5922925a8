# SPDX-License-Identifier: Apache-2.0
"""The impact of a draft: what would change for whom if it were adopted now."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import numpy as np
from sqlalchemy.orm import Session

from geo.clock import civil_date
from geo.hierarchy import queries as hierarchy
from geo.hierarchy import succession
from geo.hierarchy.rules import PlanStatus
from geo.ids import CheckInId, DistrictCode, PlanId
from geo.impact import past
from geo.impact.cases import Casebook, instant
from geo.impact.following import Following, draft_grid
from geo.impact.people import dwellings, holders_of, moved_incidents, orphaned, people, workers
from geo.impact.rules import (
    CellChanges,
    ChangedVerdict,
    Impact,
    Listed,
    PastCheckIns,
    Stand,
    Transition,
    first,
)
from geo.impact.verdicts import KINDS, Bench, Differences, Judged
from geo.incidents import queries as incidents
from geo.patrol import queries as patrol
from geo.patrol.grid import PlanGrid
from geo.plans import queries as plans
from geo.plans.rules import Division
from geo.workforce import queries as workforce

LOOKED_BACK = timedelta(days=90)
MOST_LISTED = 1000
MOST_VERDICTS = 2000
_MOMENT = timedelta(microseconds=1)


def impact(
    session: Session,
    district: DistrictCode,
    *,
    plan: PlanId,
    base: PlanId,
    division: Division,
    at: datetime,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Impact:
    """What a draft (`plan`, as drawn in `division`) would change against its `base`.

    Assignments, checkpoints and open incidents are those of the instant `at`; check-ins those that
    were observed from `since` (90 days before) until `until` (`at`), each as though the
    base had been in force. Lists are bounded and say how many there are in all.
    """
    since, until = since or at - LOOKED_BACK, until or at
    standing = hierarchy.buildings(session, district, base)
    grid = patrol.grid_of(session, district, base)
    follow = Following(
        division,
        grid,
        draft_grid(division, plan, grid.srid),
        dwellings(standing, division),
        succession.descendants(session, district, base),
    )
    assigned = workforce.assigned_during(session, district, since, max(until, at + _MOMENT))
    now = [
        one for one in assigned if one.begins_at <= at and (one.ends_at is None or at < one.ends_at)
    ]
    names = workforce.names(session, district, {one.worker for one in now})
    doors = patrol.checkpoints(session, district, areas=(district,), retired=True)
    earlier = _earlier(session, district, base, since=since, until=until)
    book = Casebook(follow, assigned, doors, since=since, until=until, earlier=earlier)
    return Impact(
        plan=plan,
        base=base,
        at=at,
        since=since,
        until=until,
        people=people(follow, standing, holders_of(now)),
        workers=workers(follow, now, names),
        checkpoints=first(
            orphaned(follow, [door for door in doors if door.retired_at is None]), MOST_LISTED
        ),
        incidents=first(
            moved_incidents(follow, incidents.open_incidents(session, district)), MOST_LISTED
        ),
        check_ins=past_check_ins(session, district, book, since=since, until=until),
    )


def _earlier(
    session: Session, district: DistrictCode, base: PlanId, *, since: datetime, until: datetime
) -> list[PlanGrid]:
    """The grids of the other plans that were in force in a time."""
    zone = hierarchy.district(session, district).time_zone
    first, last = civil_date(since, zone), civil_date(until, zone)
    return [
        patrol.grid_of(session, district, one.id)
        for one in plans.plans(session, district)
        if one.status is PlanStatus.PUBLISHED
        and one.id != base
        and one.begins_on is not None
        and one.begins_on <= last
        and (one.ends_on is None or one.ends_on > first)
    ]


def past_check_ins(
    session: Session, district: DistrictCode, book: Casebook, *, since: datetime, until: datetime
) -> PastCheckIns:
    """How the check-ins of a half-open time would have been judged by a draft."""
    follow = book.following
    policies = [version.policy for version in patrol.policy_versions(session, district)]
    bench = Bench(follow.base, follow.draft, book.cases, policies)
    tally = _Tally(follow.base, follow.draft)
    for some in past.concerned(session, district, book, since=since, until=until):
        tally.add(some, bench.differences(some.facts))
    total = past.how_many(session, district, since=since, until=until)
    return tally.found(total)


@dataclass
class _Tally:
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

    def add(self, some: past.Past, differences: Differences) -> None:
        """Count a piece, and keep a spread of its changed verdicts."""
        at, before, after = differences.at, differences.before, differences.after
        self.concerned += len(some.ids)
        self.erased += int(np.count_nonzero(~np.isfinite(some.facts.lon)))
        self.near += differences.near
        self.changed += len(at)
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
        for place in np.unique(np.linspace(0, len(at) - 1, min(len(at), MOST_VERDICTS), dtype=int)):
            self.verdicts.append(self._verdict(some, int(at[place]), before, after, int(place)))

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

    def found(self, total: int) -> PastCheckIns:
        """All of it; of the verdicts an even spread over the time, in order of time."""
        ordered = sorted(self.verdicts, key=lambda one: (one.observed_at, one.id.int))
        spread = np.linspace(0, len(ordered) - 1, min(len(ordered), MOST_VERDICTS), dtype=int)
        cells = [
            CellChanges(_code(self.base, cell), count, self.lost[cell], self.won[cell])
            for cell, count in sorted(self.cells.items(), key=lambda one: (-one[1], one[0]))
        ]
        return PastCheckIns(
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
            cells=first(cells, MOST_LISTED),
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
