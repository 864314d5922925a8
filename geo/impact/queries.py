# SPDX-License-Identifier: Apache-2.0
"""The impact of a draft: what would change for whom if it were adopted now."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from geo.clock import civil_date
from geo.hierarchy import queries as hierarchy
from geo.hierarchy import succession
from geo.hierarchy.rules import Building, PlanStatus
from geo.ids import DistrictCode, PlanId
from geo.impact import past
from geo.impact.cases import Casebook
from geo.impact.following import Following, draft_grid
from geo.impact.people import dwellings, holders_of, moved_incidents, orphaned, people, workers
from geo.impact.rules import Impact, PastCheckIns, first
from geo.impact.tally import Tally
from geo.impact.verdicts import Bench
from geo.incidents import queries as incidents
from geo.patrol import queries as patrol
from geo.patrol.grid import PlanGrid
from geo.plans import queries as plans
from geo.plans.rules import Division
from geo.workforce import queries as workforce
from geo.workforce.rules import Assignment

LOOKED_BACK = timedelta(days=90)
_MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True)
class Scene:
    """A draft beside its base, and all that both are weighed for at an instant, `book.until`."""

    district: DistrictCode
    plan: PlanId
    base: PlanId
    standing: Sequence[Building]
    assigned: Sequence[Assignment]
    book: Casebook


def scene(
    session: Session,
    district: DistrictCode,
    *,
    plan: PlanId,
    base: PlanId,
    division: Division,
    since: datetime,
    until: datetime,
) -> Scene:
    """Look at a draft (`plan`, as drawn in `division`) beside its `base` at the instant `until`.

    Check-ins are those observed from `since` until then.
    """
    standing = hierarchy.buildings(session, district, base)
    grid = patrol.grid_of(session, district, base)
    follow = Following(
        division,
        grid,
        draft_grid(division, plan, grid.srid),
        dwellings(standing, division),
        succession.descendants(session, district, base),
    )
    assigned = workforce.assigned_during(session, district, since, until + _MOMENT)
    doors = patrol.checkpoints(session, district, areas=(district,), retired=True)
    earlier = _earlier(session, district, base, since=since, until=until)
    book = Casebook(follow, assigned, doors, since=since, until=until, earlier=earlier)
    return Scene(district, plan, base, standing, assigned, book)


def impact(session: Session, seen: Scene, check_ins: PastCheckIns | None) -> Impact:
    """What a draft would change; lists are bounded and say how many there are in all.

    Assignments, checkpoints and open incidents are those of the instant of the scene; `check_ins`
    is what `past_check_ins` found.
    """
    at, follow = seen.book.until, seen.book.following
    now = [
        one
        for one in seen.assigned
        if one.begins_at <= at and (one.ends_at is None or at < one.ends_at)
    ]
    names = workforce.names(session, seen.district, {one.worker for one in now})
    doors = [door for door in seen.book.checkpoints if door.retired_at is None]
    return Impact(
        plan=seen.plan,
        base=seen.base,
        at=at,
        people=people(follow, seen.standing, holders_of(now)),
        workers=workers(follow, now, names),
        checkpoints=first(orphaned(follow, doors)),
        incidents=first(moved_incidents(follow, incidents.open_incidents(session, seen.district))),
        check_ins=check_ins,
    )


def are_many(session: Session, seen: Scene, most: int) -> bool:
    """Whether `past_check_ins` would have to read more check-ins than so many."""
    return past.more_than(session, seen.district, seen.book, most)


def past_check_ins(
    session: Session, seen: Scene, report: Callable[[float], None] | None = None
) -> PastCheckIns:
    """How past check-ins would have been judged by a draft, as though its base had been in force.

    `report` hears how much of the time is done (0 to 1).
    """
    follow = seen.book.following
    policies = [version.policy for version in patrol.policy_versions(session, seen.district)]
    bench = Bench(follow.base, follow.draft, seen.book.cases, policies)
    tally = Tally(follow.base, follow.draft)
    total = past.how_many(session, seen.district, seen.book)
    for some in past.concerned(session, seen.district, seen.book, report=report):
        tally.add(some, bench.differences(some.facts))
    return tally.found(total, since=seen.book.since, until=seen.book.until)


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
