# SPDX-License-Identifier: Apache-2.0
"""Past check-ins under a draft: the same as judging every one of them again, one by one."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.accounts.rules import Role
from geo.crs import Point
from geo.db import Database
from geo.hierarchy import queries as hierarchy
from geo.ids import CellCode, PlanId
from geo.impact.cases import Casebook
from geo.impact.following import Following, draft_grid
from geo.impact.past import concerned
from geo.impact.queries import past_check_ins, scene
from geo.impact.rules import ChangedVerdict, PastCheckIns
from geo.impact.verdicts import Bench
from geo.patrol import queries as patrol
from geo.patrol.checkpoints import change_checkpoint
from geo.patrol.expiry import erase_places
from geo.patrol.records import Claim
from geo.patrol.rules import Evidence, Verdict, VerdictKind, check_in_verdicts
from geo.patrol.verdict_queries import evidence_of, stored
from geo.plans.edits import Declare, Edit, Merge, Reassign, Redraw, Rename, Split, Transfer, apply
from geo.plans.rules import Division
from geo.units import Metres
from geo.workforce import actions as workforce
from geo.workforce import queries as people
from geo.workforce.rules import AssignmentRole
from tests import drawing, town
from tests.db.patrol.test_appealing import appeal, decide
from tests.db.patrol.test_check_ins import BOSS, DAY, HOUR, MINUTE, N1, NOW, claim, take
from tests.db.patrol.test_check_ins import batch as take_batch

DRAFT = PlanId(uuid4())
LATER = NOW + HOUR
SINCE = NOW - DAY

STRIP = drawing.region((100, 200), (130, 200), (130, 300), (100, 300))
DRAFTS: dict[str, tuple[Edit, ...]] = {
    "a strip of N2 to N1": (Transfer(STRIP, town.N1),),
    "a strip across communities": (
        Transfer(drawing.region((0, 200), (200, 200), (200, 215), (0, 215)), town.M1),
    ),
    "the middle of N1 to N2": (
        Transfer(drawing.region((30, 210), (100, 210), (100, 290), (30, 290)), town.N2),
    ),
    "N1 in two": (Split(town.N1, drawing.line((40, 190), (60, 310))),),
    "N1 in two, one part merged": (
        Split(town.N1, drawing.line((40, 190), (60, 310))),
        Transfer(drawing.region((100, 240), (140, 240), (140, 260), (100, 260)), "210503101001D01"),
    ),
    "N1 and N2 merged": (Merge((town.N1, town.N2)),),
    "a slanting border": (Redraw((town.N1, town.N2), drawing.line((80, 190), (120, 310))),),
    "N1 to another community": (Reassign((town.N1,), "210503101002"),),
    "everything at once": (
        Merge((town.N1, town.N2)),
        Split(town.M1, drawing.line((-10, 140), (110, 160))),
        Transfer(drawing.region((0, 170), (100, 170), (100, 220), (0, 220)), "210503101002D02"),
        Declare("210503101002", True),
        Reassign((town.M2,), "210503101001"),
    ),
    "another name": (Rename(town.N1, "新名字"),),
}


def drawn(edits: Sequence[Edit]) -> Division:
    division = drawing.division()
    for edit in edits:
        division = apply(division, drawing.standing(), edit).division
    return division


def found(database: Database, division: Division, **asked: Any) -> PastCheckIns:
    with database.snapshot() as session:
        seen = scene(
            session,
            town.DISTRICT,
            plan=DRAFT,
            base=base_plan(session),
            division=division,
            **{"since": SINCE, "until": LATER, **asked},
        )
        return past_check_ins(session, seen)


def base_plan(session: Session) -> PlanId:
    return hierarchy.plan_in_force(session, town.DISTRICT, NOW.date()).id


def varied(count: int, seed: int) -> list[Claim]:
    """Claims of N1's holder all over the west of the town, of every kind."""
    random = np.random.default_rng(seed)
    sites = [None, None, *(town.CHECKPOINTS[name] for name in ("N1", "N2", "M1", "M2"))]
    made = []
    for number in range(count):
        made.append(
            claim(
                float(random.uniform(-30, 220)),
                float(random.uniform(80, 330)),
                checkpoint=sites[number % len(sites)],
                accuracy_m=Metres(float(random.choice([0, 1, 5, 20, 60, 120]))),
                mock=bool(random.random() < 0.05),
                source=[None, "gpsd", "browser"][number % 3],
                accuracy_level=[None, 0.95][number % 2],
                # Some are from before he was on duty.
                observed_at=NOW - timedelta(minutes=int(random.integers(0, 40))),
            )
        )
    return made


def more_cells(database: Database) -> None:
    """N1's holder helps in N2 too, and in M1 since ten minutes ago."""
    with database.transaction() as session:
        for cell, at in ((town.N2, NOW - DAY), (town.M1, NOW - 10 * MINUTE)):
            workforce.assign(
                session,
                actor=BOSS,
                worker=N1,
                cell=cell,
                role=AssignmentRole.ASSISTANT,
                begins_at=at,
                ends_at=None,
                at=at,
            )


def one_by_one(
    session: Session, division: Division
) -> Iterator[tuple[UUID, Verdict, Verdict, bool]]:
    """Every check-in judged by the plan it was judged by and by a draft, by the verdict engine."""
    all_of_them = stored(session, town.DISTRICT)
    judged_on = evidence_of(session, town.DISTRICT, all_of_them)
    policies = [policy for _, policy in judged_on]
    grid = patrol.grid_of(session, town.DISTRICT, base_plan(session))
    draft = draft_grid(division, DRAFT, town.SRID)

    def under_the_draft(evidence: Evidence) -> Evidence:
        follow = {
            cell.code
            for cell in division.cells.values()
            if set(cell.came_from) & set(evidence.assigned)
        }
        assigned = tuple(CellCode(code) for code in sorted(follow))
        return replace(evidence, grid=draft, assigned=assigned)

    assert all(evidence.grid is grid for evidence, _ in judged_on)
    before = check_in_verdicts([evidence for evidence, _ in judged_on], policies)
    after = check_in_verdicts([under_the_draft(evidence) for evidence, _ in judged_on], policies)
    for one, was, now in zip(all_of_them, before, after, strict=True):
        upheld = any(reason["code"] == "appeal.upheld" for reason in one.check_in.reasons)
        # What is on record is what is compared with.
        assert (one.check_in.verdict, one.check_in.accepted) == (was.kind, was.accepted or upheld)
        yield one.check_in.id, was, now, upheld


def expected(session: Session, division: Division) -> dict[UUID, tuple[Any, ...]]:
    """The changed verdicts by judging all of them again."""
    return {
        id: (
            (was.cell, was.kind, was.accepted or upheld),
            (now.cell, now.kind, now.accepted or upheld),
        )
        for id, was, now, upheld in one_by_one(session, division)
        if (was.kind, was.accepted or upheld) != (now.kind, now.accepted or upheld)
    }


def as_pair(one: ChangedVerdict) -> tuple[Any, ...]:
    return (
        (one.before.cell, one.before.verdict, one.before.accepted),
        (one.after.cell, one.after.verdict, one.after.accepted),
    )


@pytest.mark.parametrize("several", [False, True], ids=["one cell", "three cells"])
@pytest.mark.parametrize("edits", DRAFTS.values(), ids=DRAFTS)
def test_it_finds_what_judging_everything_again_finds(
    database: Database, deep: bool, edits: tuple[Edit, ...], several: bool
) -> None:
    if several:
        more_cells(database)
    take_batch(database, *varied(960 if deep else 240, seed=7))
    division = drawn(edits)
    past = found(database, division)
    with database.snapshot() as session:
        wanted = expected(session, division)
    assert {one.id: as_pair(one) for one in past.verdicts.items} == wanted
    assert past.changed == past.verdicts.total == len(wanted)
    assert sum(one.check_ins for one in past.transitions) == len(wanted)
    assert past.total == (960 if deep else 240)
    assert len(wanted) <= past.near <= past.concerned <= past.total
    if edits == DRAFTS["another name"]:
        assert past.concerned == 0
    elif not isinstance(edits[0], Reassign):
        assert wanted


def test_an_appeal_and_a_proof_count_under_a_draft_too(database: Database) -> None:
    # At the far end of the strip: outside N1 now, inside under the draft.
    refused = take(database, claim(125, 250)).check_in
    upheld = take(database, claim(124, 250)).check_in
    assert (refused.verdict, refused.accepted) == (VerdictKind.OUTSIDE, False)
    appeal(database, upheld)
    decide(database, upheld)
    proven = take(database, claim(123, 250, checkpoint=town.CHECKPOINTS["N1"])).check_in
    with database.transaction() as session:
        session.execute(
            text(
                "update check_in set proof = 'valid', verdict = 'uncertain', accepted = true,"
                ' reasons = \'[{"code": "cell.proven"}]\' where id = :id'
            ),
            {"id": proven.id},
        )
    past = found(database, drawn(DRAFTS["a strip of N2 to N1"]))
    stands = {one.id: (one.before, one.after) for one in past.verdicts.items}
    assert [stands[one.id][0].accepted for one in (refused, upheld, proven)] == [False, True, True]
    assert stands[refused.id][1].accepted
    assert stands[proven.id][0].verdict is VerdictKind.UNCERTAIN
    (n1,) = past.cells.items
    assert (n1.cell, n1.check_ins, n1.won, n1.lost) == (town.N1, 3, 1, 0)


def test_a_checkpoint_that_was_moved_counts_where_it_stood(database: Database) -> None:
    """It stood in the middle of N1 then, and stands in the part that goes over now."""
    at = take(database, claim(50, 250, checkpoint=town.CHECKPOINTS["N1"])).check_in
    with database.transaction() as session:
        change_checkpoint(
            session,
            actor=town.actor(Role.SUPERVISOR),
            id=town.CHECKPOINTS["N1"],
            at=LATER,
            point=Point(*town.point(90, 250)),
        )
    east = drawing.region((80, 200), (100, 200), (100, 300), (80, 300))
    past = found(database, drawn((Transfer(east, town.N2),)))
    assert (past.concerned, past.changed) == (1, 0)
    lonely = drawing.region((40, 210), (100, 210), (100, 290), (40, 290))
    past = found(database, drawn((Transfer(lonely, town.N2, whole=False),)))
    (only,) = past.verdicts.items
    assert (only.id, only.after.cell, only.after.accepted) == (at.id, town.N2, False)


def test_what_has_expired_is_counted_and_not_judged(database: Database) -> None:
    take_batch(database, *varied(60, seed=3))
    with database.transaction() as session:
        erase_places(session, at=NOW + 30 * DAY + 20 * MINUTE, kept=30 * DAY)
    past = found(database, drawn(DRAFTS["N1 and N2 merged"]))
    with database.snapshot() as session:
        gone = session.scalar(text("select count(*) from check_in where point is null"))
        wanted = expected_of_placed(session, drawn(DRAFTS["N1 and N2 merged"]))
    assert gone is not None
    assert 0 < past.erased <= gone
    assert {one.id: as_pair(one) for one in past.verdicts.items} == wanted


def expected_of_placed(session: Session, division: Division) -> dict[UUID, tuple[Any, ...]]:
    session.execute(text("delete from check_in where point is null"))
    return expected(session, division)


def test_time_is_half_open_and_pieces_do_not_matter(database: Database) -> None:
    take_batch(database, *varied(120, seed=5))
    division = drawn(DRAFTS["everything at once"])
    whole = found(database, division)
    middle = NOW - 20 * MINUTE
    halves = [
        found(database, division, **asked) for asked in ({"until": middle}, {"since": middle})
    ]
    assert sum(half.total for half in halves) == whole.total == 120
    assert sum(half.changed for half in halves) == whole.changed > 0
    with database.snapshot() as session:
        grid = patrol.grid_of(session, town.DISTRICT, base_plan(session))
        book = Casebook(
            Following(division, grid, draft_grid(division, DRAFT, town.SRID)),
            people.assigned_during(session, town.DISTRICT, SINCE, LATER),
            patrol.checkpoints(session, town.DISTRICT, areas=(town.DISTRICT,), retired=True),
            since=SINCE,
            until=LATER,
        )
        policies = [one.policy for one in patrol.policy_versions(session, town.DISTRICT)]
        bench = Bench(grid, book.following.draft, book.cases, policies)
        pieces = [
            len(bench.differences(some.facts).at)
            for some in concerned(session, town.DISTRICT, book, at_once=7)
        ]
    assert len(pieces) == -(-whole.concerned // 7)
    assert sum(pieces) == whole.changed


def test_nobody_checked_in(database: Database) -> None:
    past = found(database, drawn(DRAFTS["everything at once"]))
    assert (past.total, past.concerned, past.changed, past.verdicts.items) == (0, 0, 0, ())
