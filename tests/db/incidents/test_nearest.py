# SPDX-License-Identifier: Apache-2.0
"""Who is asked first."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import text, update
from sqlalchemy.orm import Session

from geo.accounts.rules import Role
from geo.db import Database
from geo.gazetteer.actions import install_places
from geo.gazetteer.rules import Terrain, TerrainKind
from geo.hierarchy.queries import district
from geo.ids import CellCode, WorkerId
from geo.incidents.inquiry import LeftOutReason, Measure
from geo.incidents.nearest import Nearest, nearest
from geo.incidents.ranking import NearReason, Shortfall
from geo.tracking.nearby import nearest_on_duty
from geo.tracking.tables import LatestPositionRow
from geo.workforce.actions import assign, install_workers
from geo.workforce.rules import AssignmentRole, NewWorker
from tests import town
from tests.people import AT_HOME, see, stand

NAMES = {id: name for name, id in town.WORKERS.items()}


def ask(session: Session, east: float, north: float, *, k: int = 3, **more: object) -> Nearest:
    here = town.point(east, north)
    town_ = district(session, town.DISTRICT)
    return nearest(session, town_, *here, k=k, at=town.MORNING, **more)  # type: ignore[arg-type]


def names(found: Nearest) -> list[str]:
    return [NAMES[near.worker] for near in found.items]


def left_out(found: Nearest) -> dict[str, LeftOutReason]:
    return {NAMES[one.worker]: one.reason for one in found.left_out}


def test_the_holder_comes_first_even_from_afar(database: Database) -> None:
    with database.transaction() as session:
        stand(session, {**AT_HOME, "N1": (295, 5)}, at=town.MORNING)
        found = ask(session, 95, 250)
    assert names(found) == ["N1", "N2", "M1"]
    holder, second, _ = found.items
    assert (holder.responsible, holder.rank_class, holder.reason) == (True, 0, NearReason.HOLDER)
    assert holder.straight_m == pytest.approx(316.2, abs=0.5)
    assert (holder.measure, holder.distance_m) == (Measure.WALK, pytest.approx(200 + 245, abs=0.5))
    assert holder.age_s == 10
    assert second.distance_m == pytest.approx(55, abs=0.2)
    assert (second.responsible, second.rank_class, second.reason) == (False, 1, NearReason.FREE)
    assert found.shortfall is None


def test_a_stale_holder_ranks_behind_the_fresh(database: Database) -> None:
    with database.transaction() as session:
        stand(session, AT_HOME, at=town.MORNING)
        stand(session, {"N1": (95, 250)}, at=town.MORNING, age_s=301)
        found = ask(session, 95, 250, k=9)
    assert names(found)[-1] == "N1"
    assert found.items[-1].responsible
    assert found.items[-1].rank_class == 3
    assert len(found.items) == 8
    assert found.shortfall is Shortfall.FEWER_THAN_ASKED


def test_just_fresh_enough(database: Database) -> None:
    with database.transaction() as session:
        stand(session, AT_HOME, at=town.MORNING, age_s=300)
        assert ask(session, 95, 250).items[0].rank_class == 0


def test_a_fresh_stand_in_leads_in_place_of_a_stale_holder(database: Database) -> None:
    with database.transaction() as session:
        assign(
            session,
            actor=town.actor(Role.ADMIN),
            worker=town.WORKERS["S1"],
            cell=CellCode(town.N1),
            role=AssignmentRole.STAND_IN,
            begins_at=town.MORNING - timedelta(hours=1),
            ends_at=None,
            at=town.MORNING,
        )
        stand(session, AT_HOME, at=town.MORNING)
        stand(session, {"N1": (95, 250)}, at=town.MORNING, age_s=1000)
        found = ask(session, 95, 250)
    assert names(found)[0] == "S1"
    assert found.items[0].reason is NearReason.STAND_IN


def test_who_is_off_duty_is_not_asked(database: Database) -> None:
    with database.transaction() as session:
        stand(session, AT_HOME, at=town.MORNING)
        found = ask(session, 250, 50, k=9)
    assert town.OFF_DUTY not in names(found)
    assert not any(near.responsible for near in found.items)


def test_a_holder_never_seen_is_still_known(database: Database) -> None:
    with database.transaction() as session:
        stand(session, {"S1": AT_HOME["S1"]}, at=town.MORNING)
        found = ask(session, 50, 250)
    assert names(found) == ["S1", "N1"]
    assert (found.items[1].distance_m, found.items[1].age_s) == (None, None)
    assert found.shortfall is Shortfall.FEWER_THAN_ASKED


def test_nobody_on_duty(database: Database) -> None:
    with database.transaction() as session:
        session.execute(text("delete from duty"))
        session.execute(text("update latest_position set on_duty = false"))
        found = ask(session, 50, 250)
    assert (found.items, found.shortfall) == ((), Shortfall.NOBODY_ON_DUTY)
    assert left_out(found) == {"N1": LeftOutReason.OFF_DUTY}


def test_all_stale(database: Database) -> None:
    with database.transaction() as session:
        stand(session, AT_HOME, at=town.MORNING, age_s=3600)
        found = ask(session, 50, 250)
    assert found.shortfall is Shortfall.POSITIONS_STALE
    assert {near.rank_class for near in found.items} == {3}


def test_left_out_are_left_out(database: Database) -> None:
    with database.transaction() as session:
        stand(session, AT_HOME, at=town.MORNING)
        found = ask(session, 95, 250, without=[town.WORKERS["N1"], town.WORKERS["N2"]])
    assert names(found)[0] == "M1"


def test_outside_every_cell_only_distance_counts(database: Database) -> None:
    with database.transaction() as session:
        stand(session, AT_HOME, at=town.MORNING)
        found = ask(session, -100, 160)
    assert names(found)[0] == "M1"
    assert {near.rank_class for near in found.items} == {1}
    assert (found.inquiry.cell, found.left_out) == (None, ())


def test_everybody_on_foot_with_how_far_he_may_be_elsewhere(database: Database) -> None:
    with database.transaction() as session:
        stand(session, AT_HOME, at=town.MORNING)
        found = ask(session, 50, 266)
    assert found.inquiry.measure is Measure.WALK
    # N2 a column away, M1 a row away: nobody can say who is there first.
    assert [near.distance_m for near in found.items] == pytest.approx([16, 116, 116], abs=0.3)
    assert [near.tied for near in found.items] == [False, False, True]
    assert found.items[1].straight_m == pytest.approx(101.3, abs=0.5)
    # 8 m of a phone are 13 m in 95 of 100 cases; in ten seconds he walks 14 m.
    assert {near.error_m for near in found.items} == {27.0}


def test_without_streets_it_is_the_straight_line(database: Database) -> None:
    with database.transaction() as session:
        session.execute(text("delete from street"))
        stand(session, AT_HOME, at=town.MORNING)
        found = ask(session, 50, 266)
    assert (found.inquiry.measure, found.inquiry.streets) == (Measure.STRAIGHT, None)
    assert {near.measure for near in found.items} == {Measure.STRAIGHT}
    assert [near.distance_m for near in found.items] == pytest.approx([16, 101.3, 116], abs=0.3)


RIVER = Terrain(TerrainKind.WATER, "小河", "river", town.box(-400, 196, 400, 204))


def dig_a_river(session: Session, *, bridges: Sequence[str]) -> None:
    """A river between the top row and the others; only these streets cross it."""
    streets = [
        street
        for street in town.streets()
        if street.id in bridges or not street.line.intersects(RIVER.shape)
    ]
    install_places(
        session, district=town.DISTRICT, streets=streets, terrain=[RIVER], at=town.MORNING
    )


def test_a_river_is_walked_around(database: Database) -> None:
    with database.transaction() as session:
        dig_a_river(session, bridges=["L250"])
        stand(session, AT_HOME, at=town.MORNING)
        found = ask(session, 50, 230, k=8)
    assert names(found)[:4] == ["N1", "N2", "N3", "M3"]
    m1 = next(near for near in found.items if near.worker == town.WORKERS["M1"])
    # To 彩虹街, along it to the bridge, over it to 长安路 and all the way back.
    assert m1.distance_m == pytest.approx(20 + 200 + 100 + 200, abs=0.5)
    assert (m1.straight_m, m1.barrier) == (pytest.approx(80, abs=0.3), "water")


def test_nobody_is_sent_where_no_bridge_leads(database: Database) -> None:
    with database.transaction() as session:
        dig_a_river(session, bridges=[])
        stand(session, AT_HOME, at=town.MORNING)
        found = ask(session, 50, 230, k=8)
        assert names(found) == ["N1", "N2", "N3"]
        assert found.shortfall is Shortfall.FEWER_THAN_ASKED
        assert left_out(found) == dict.fromkeys(
            ("M1", "M2", "M3", "S1", "S2"), LeftOutReason.NO_WAY
        )
        session.execute(
            update(LatestPositionRow)
            .where(LatestPositionRow.worker.in_([town.WORKERS[name] for name in ("N2", "N3")]))
            .values(on_duty=False)
        )
        alone = ask(session, 50, 230, without=[town.WORKERS["N1"]])
    assert (alone.items, alone.shortfall) == ((), Shortfall.NONE_WITHIN_REACH)


def test_a_changed_street_is_walked_at_once(database: Database) -> None:
    with database.transaction() as session:
        stand(session, AT_HOME, at=town.MORNING)
        before = ask(session, 50, 230)
        dig_a_river(session, bridges=["L250"])
        after = ask(session, 50, 230)
    assert names(before) == ["N1", "M1", "N2"]
    assert names(after) == ["N1", "N2", "N3"]
    assert before.inquiry.streets != after.inquiry.streets


def test_who_is_too_far_to_walk_is_left_out(database: Database) -> None:
    with database.transaction() as session:
        stand(session, {"M1": (50, 150), "M2": (5300, 150)}, at=town.MORNING)
        found = ask(session, 250, 50)
    assert names(found) == ["M1"]
    assert left_out(found) == {"S3": LeftOutReason.OFF_DUTY, "M2": LeftOutReason.OUT_OF_REACH}


def test_the_holder_is_first_however_far(database: Database) -> None:
    with database.transaction() as session:
        stand(session, {"N1": (5300, 150), "M1": (50, 150)}, at=town.MORNING)
        found = ask(session, 50, 250)
    assert names(found) == ["N1", "M1"]


def test_reasons_of_those_left_out(database: Database) -> None:
    with database.transaction() as session:
        stand(session, AT_HOME, at=town.MORNING)
        stand(session, {"M1": (60, 250), "M2": (70, 250)}, at=town.MORNING, age_s=400)
        found = ask(
            session,
            50,
            250,
            k=2,
            without=[town.WORKERS["N1"], town.WORKERS["N2"]],
            declined=[town.WORKERS["N1"]],
        )
    assert names(found) == ["N3", "S1"]
    assert left_out(found) == {
        "N1": LeftOutReason.DECLINED,
        "M1": LeftOutReason.STALE,
        "M2": LeftOutReason.STALE,
        "N2": LeftOutReason.ASKED,
    }


def test_the_nearest_on_foot_as_if_everybody_had_been_walked_to(database: Database) -> None:
    """A search that widens finds whom a search of everybody finds."""
    rng = np.random.default_rng(7)
    with database.transaction() as session:
        dig_a_river(session, bridges=["L250"])
        many_workers(session, rng, 120)
        for _ in range(4):
            east, north = rng.uniform(-100, 400, 2)
            some, everybody = (ask(session, east, north, k=k) for k in (3, 300))
            assert some.inquiry.exact
            assert [near.distance_m for near in some.items] == [
                near.distance_m for near in everybody.items[:3]
            ]
            assert len(some.inquiry.considered) < len(everybody.inquiry.considered)


def many_workers(session: Session, rng: np.random.Generator, count: int) -> None:
    """More workers, on duty and seen about the town, all but a few south of the river."""
    made = [
        NewWorker(id=WorkerId(UUID(int=number)), name="某人", on_duty=True)
        for number in range(1000, 1000 + count)
    ]
    install_workers(
        session,
        district=town.DISTRICT,
        workers=made,
        assigned_since=town.ASSIGNED_SINCE,
        on_duty_since=town.DUTY_SINCE,
        at=town.MORNING,
    )
    for number, worker in enumerate(made):
        north = rng.uniform(210, 300) if number % 20 == 0 else rng.uniform(0, 190)
        see(session, worker.id, (rng.uniform(0, 300), north), at=town.MORNING)


def test_metres_decide_where_degrees_would_mislead(database: Database) -> None:
    """A degree of longitude is a quarter shorter here: 90 m of it outdo 100 m north."""
    with database.transaction() as session:
        session.execute(update(LatestPositionRow).values(on_duty=False))
        stand(session, {"M1": (150, 150), "M2": (240, 50)}, at=town.MORNING)
        here = town.point(150, 50)
        found = nearest_on_duty(session, town.DISTRICT, *here, k=1)
    assert NAMES[found[0].worker] == "M2"


def test_many_positions_in_the_order_of_a_plain_sort(database: Database) -> None:
    rng = np.random.default_rng(1)
    with database.transaction() as session:
        for _ in range(20):
            spots = {name: tuple(rng.uniform(-500, 800, 2)) for name in town.WORKERS}
            stand(session, spots, at=town.MORNING)
            east, north = rng.uniform(-500, 800, 2)
            here = town.point(east, north)
            for k in (1, 3, 8):
                found = nearest_on_duty(session, town.DISTRICT, *here, k=k)
                expected = sorted(
                    np.hypot(spot[0] - east, spot[1] - north)
                    for name, spot in spots.items()
                    if name != town.OFF_DUTY
                )[:k]
                assert [seen.distance_m for seen in found] == pytest.approx(expected, abs=0.6)
