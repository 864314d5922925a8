# SPDX-License-Identifier: Apache-2.0
"""What a draft would change for people, duty, checkpoints and incidents, in a real database."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy.orm import Session

from geo.accounts.rules import Role
from geo.crs import Point
from geo.db import Database
from geo.handover import queries as handover
from geo.handover.rules import TaskKind
from geo.hierarchy import queries as hierarchy
from geo.ids import IncidentId, PlanId
from geo.impact.queries import LOOKED_BACK, impact, past_check_ins, scene
from geo.impact.rules import Fate, Impact, Loss
from geo.incidents.actions import close_incident, report_incident
from geo.incidents.rules import IncidentStatus, Report, SaidPlace, Severity
from geo.patrol.checkpoints import retire_checkpoint
from geo.patrol.rules import VerdictKind
from geo.plans import queries as plans
from geo.plans.actions import begin_draft, edit_draft
from geo.plans.edits import Edit, Merge, Reassign, Rename, Split, Transfer
from geo.plans.publishing import publish_plan
from geo.plans.rules import Division
from geo.workforce import actions as workforce
from geo.workforce import queries as people
from geo.workforce.rules import AssignmentRole
from tests import drawing, town
from tests.db.impact.test_past_verdicts import DRAFT, base_plan, drawn
from tests.db.patrol.test_check_ins import BOSS, DAY, HOUR, NOW, claim, take

STRIP = drawing.region((100, 200), (160, 200), (160, 300), (100, 300))
PLANNER = town.actor(Role.PLANNER)
DESK = town.actor(Role.DISPATCHER)


def of(database: Database, *edits: Edit) -> Impact:
    with database.snapshot() as session:
        return weighed(session, DRAFT, base_plan(session), drawn(edits), NOW)


def weighed(
    session: Session, plan: PlanId, base: PlanId, division: Division, at: datetime
) -> Impact:
    seen = scene(
        session,
        town.DISTRICT,
        plan=plan,
        base=base,
        division=division,
        since=at - LOOKED_BACK,
        until=at,
    )
    return impact(session, seen, past_check_ins(session, seen))


def report(database: Database, **place: Any) -> IncidentId:
    said = Report(
        id=IncidentId(uuid4()),
        title="张三家漏水",
        category="突发事件",
        severity=Severity.NORMAL,
        place=SaidPlace(**place),
    )
    with database.transaction() as session:
        report_incident(session, actor=DESK, report=said, at=NOW)
    return said.id


def test_a_name_changes_nothing_for_anybody(database: Database) -> None:
    found = of(database, Rename(town.N1, "新名字"))
    assert found.people.buildings == found.people.renamed_buildings == 0
    assert found.workers.workers == found.checkpoints.total == found.incidents.total == 0
    assert found.workers.proposals.items == ()


def test_a_transfer_moves_people_to_another_holder(database: Database) -> None:
    report(database, point=Point(*town.point(150, 250)))
    stays = report(database, point=Point(*town.point(180, 250)))
    found = of(database, Transfer(STRIP, town.N1))
    assert (found.people.buildings, found.people.households) == (1, 10)
    assert found.people.of_another_holder == 10
    assert [one.id for one in found.people.moved.items] == [f"{town.N2}0001"]
    touched = {one.cell: one for one in found.workers.assignments.items}
    assert set(touched) == {town.N1, town.N2}
    assert {one.fate for one in touched.values()} == {Fate.RESHAPED}
    assert [touched[cell].name for cell in (town.N1, town.N2)] == ["王芳", "李伟"]
    assert [touched[cell].households_after for cell in (town.N1, town.N2)] == [20, 0]
    assert found.workers.border_only == 0
    # The middle of N2 is of N1 now, and with it the checkpoint and the first incident.
    (checkpoint,) = found.checkpoints.items
    assert (checkpoint.code, checkpoint.loss) == ("N2-1", Loss.ELSEWHERE)
    assert (checkpoint.before, checkpoint.after) == (town.N2, town.N1)
    (incident,) = found.incidents.items
    assert incident.id != stays
    assert (incident.before, incident.after) == (town.N2, town.N1)


def test_whose_border_alone_moves_comes_after_those_whose_people_change(database: Database) -> None:
    strip = drawing.region((90, 200), (100, 200), (100, 300), (90, 300))
    found = of(database, Transfer(strip, town.N2), Merge((town.S1, town.S2)))
    assert (found.workers.workers, found.workers.border_only) == (4, 2)
    assert [(one.cell, one.border_only) for one in found.workers.assignments.items] == [
        (town.S1, False),
        (town.S2, False),
        (town.N1, True),
        (town.N2, True),
    ]


def test_a_split_cell_is_proposed_to_its_holder(database: Database) -> None:
    with database.transaction() as session:
        workforce.assign(
            session,
            actor=BOSS,
            worker=town.WORKERS["N3"],
            cell=town.N1,
            role=AssignmentRole.GRID_LEADER,
            begins_at=NOW - DAY,
            ends_at=None,
            at=NOW - DAY,
        )
    found = of(database, Split(town.N1, drawing.line((-10, 240), (110, 240))))
    leader, holder = sorted(found.workers.assignments.items, key=lambda one: one.role.value)
    assert (leader.role, holder.role) == (AssignmentRole.GRID_LEADER, AssignmentRole.HOLDER)
    assert holder.fate is Fate.SPLIT
    assert holder.heirs == tuple(one.cell for one in found.workers.proposals.items)
    assert [one.holder for one in found.workers.proposals.items] == [town.WORKERS["N1"]] * 2
    assert (holder.households_before, holder.households_after) == (10, 10)
    assert found.workers.workers == 2
    (checkpoint,) = found.checkpoints.items
    assert (checkpoint.loss, checkpoint.after in holder.heirs) == (Loss.CELL_GONE, True)


def test_of_two_that_merge_the_holder_of_most_is_proposed(database: Database) -> None:
    report(database, cell=town.N2)
    closed = report(database, cell=town.N1)
    with database.transaction() as session:
        close_incident(session, actor=DESK, incident=closed, outcome="好了", at=NOW)
        retire_checkpoint(session, actor=BOSS, id=town.CHECKPOINTS["N1"], at=NOW)
    found = of(database, Merge((town.N1, town.N2)))
    (proposal,) = found.workers.proposals.items
    assert proposal.households == 20
    assert {one.worker for one in proposal.candidates} == {
        town.WORKERS["N1"],
        town.WORKERS["N2"],
    }
    assert proposal.holder == proposal.candidates[0].worker
    assert {one.fate for one in found.workers.assignments.items} == {Fate.MERGED}
    # What is closed or retired is nobody's task.
    (incident,) = found.incidents.items
    assert (incident.before, incident.after) == (town.N2, proposal.cell)
    assert incident.status is not IncidentStatus.CLOSED
    assert [one.code for one in found.checkpoints.items] == ["N2-1"]


def test_another_code_moves_nobody(database: Database) -> None:
    found = of(database, Reassign((town.N1,), "210503101002"))
    assert (found.people.buildings, found.people.of_another_holder) == (0, 0)
    assert (found.people.renamed_buildings, found.people.renamed_households) == (1, 10)
    (touched,) = found.workers.assignments.items
    assert touched.fate is Fate.RECODED


@pytest.mark.parametrize(
    "edits",
    [
        (Transfer(STRIP, town.N1),),
        (Split(town.N1, drawing.line((-10, 240), (110, 240))),),
        (Merge((town.N1, town.N2)), Reassign((town.M1,), "210503101001")),
        (Merge((town.M1, town.M2)), Transfer(STRIP, town.N1)),
    ],
)
def test_what_it_foretells_is_what_publishing_does(
    database: Database, edits: tuple[Edit, ...]
) -> None:
    report(database, point=Point(*town.point(150, 250)))
    # Of these the cell alone was said.
    for cell in (town.N1, town.M1, town.S1):
        report(database, cell=cell)
    plan = PlanId(uuid4())
    found = draw(database, plan, "in force", *edits)
    begins_on = (NOW + DAY).date()
    with database.transaction() as session:
        _, codes = publish_plan(session, actor=PLANNER, plan=plan, begins_on=begins_on, at=NOW)
    with database.snapshot() as session:
        holds = people.holders(session, town.DISTRICT, at=NOW + DAY)
        due = handover.tasks(session, town.DISTRICT, plan)
    named = {one.cell: one.holder for one in found.workers.proposals.items}
    assert named
    for cell, holder in named.items():
        assert holds.get(codes.get(cell, cell)) == holder
    for kind, listed in (
        (TaskKind.CHECKPOINT, found.checkpoints),
        (TaskKind.INCIDENT, found.incidents),
    ):
        foretold = {
            (one.id, one.before, codes.get(one.after or "", one.after)) for one in listed.items
        }
        assert foretold == {(one.subject, one.area, one.to) for one in due if one.kind is kind}


def draw(
    database: Database, plan: PlanId, based_on: PlanId | str, *edits: Edit, at: Any = NOW
) -> Impact:
    """Draw a draft and keep it; what it would change."""
    with database.transaction() as session:
        base = base_plan(session) if isinstance(based_on, str) else based_on
        begin_draft(session, actor=PLANNER, id=plan, name="新", based_on=base, at=at)
        for revision, edit in enumerate(edits):
            edit_draft(
                session,
                actor=PLANNER,
                plan=plan,
                revision=revision,
                edit=edit,
                asked={},
                at=at,
            )
        division = plans.division(session, town.DISTRICT, plans.entry(session, town.DISTRICT, plan))
        return weighed(session, plan, base, division, at)


@pytest.mark.parametrize(
    "edits",
    [
        (Split(town.N1, drawing.line((80, 190), (80, 310))),),
        (Merge((town.N1, town.N2)),),
        (Reassign((town.N1,), "210503101002"),),
    ],
    ids=["split", "merge", "reassign"],
)
def test_check_ins_of_an_earlier_plan_are_judged_by_the_cells_that_follow(
    database: Database, edits: tuple[Edit, ...]
) -> None:
    """Published since: codes of then stand for what follows them in the plan in force now."""
    take(database, claim(50, 190))
    beyond = take(database, claim(50, 315)).check_in
    plan, draft = PlanId(uuid4()), PlanId(uuid4())
    draw(database, plan, "in force", *edits)
    with database.transaction() as session:
        begins_on = (NOW + DAY).date()
        publish_plan(session, actor=PLANNER, plan=plan, begins_on=begins_on, at=NOW + HOUR)
    later = NOW + timedelta(days=3)
    with database.snapshot() as session:
        new = hierarchy.locate(
            session, hierarchy.district(session, town.DISTRICT), plan, *town.point(50, 266)
        ).cell
    assert new not in {None, town.N1}
    # It takes the strip south of N1, where the first check-in lies.
    strip = drawing.region((0, 170), (80, 170), (80, 205), (0, 205))
    past = draw(database, draft, plan, Transfer(strip, new or ""), at=later).check_ins
    assert past is not None
    assert (past.total, past.concerned) == (2, 2)
    (changed,) = past.verdicts.items
    assert changed.id != beyond.id
    assert changed.before.cell != town.N1
    assert changed.after.cell == new
    assert (changed.before.accepted, changed.after.accepted) == (False, True)


def test_a_checkpoint_that_has_gone_over_meanwhile_is_judged_where_it_lies_now(
    database: Database,
) -> None:
    """Judged by N2, which no draft touches now; the land at the door is of N1 since then."""
    at = town.CHECKPOINTS["N2"]
    said = take(database, claim(150, 250, worker=town.WORKERS["N2"], checkpoint=at)).check_in
    assert said.cell == town.N2
    plan, draft = PlanId(uuid4()), PlanId(uuid4())
    draw(database, plan, "in force", Transfer(STRIP, town.N1))
    with database.transaction() as session:
        begins_on = (NOW + DAY).date()
        publish_plan(session, actor=PLANNER, plan=plan, begins_on=begins_on, at=NOW + HOUR)
    later = NOW + timedelta(days=3)
    through_the_door = Split(town.N1, drawing.line((150, 190), (150, 310)), whole=False)
    past = draw(database, draft, plan, through_the_door, at=later).check_ins
    assert past is not None
    assert past.concerned == 1
    (changed,) = past.verdicts.items
    assert (changed.before.cell, changed.before.verdict) == (town.N1, VerdictKind.INSIDE)
    assert changed.after.verdict is VerdictKind.UNCERTAIN
