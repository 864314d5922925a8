# SPDX-License-Identifier: Apache-2.0
"""Who is asked first."""

from datetime import timedelta

import numpy as np
import pytest
from sqlalchemy import text, update
from sqlalchemy.orm import Session

from geo.accounts.rules import Role
from geo.db import Database
from geo.hierarchy.queries import district
from geo.ids import CellCode
from geo.incidents.nearest import nearest
from geo.incidents.rules import Nearest, NearReason, Shortfall
from geo.tracking.nearby import nearest_on_duty
from geo.tracking.tables import LatestPositionRow
from geo.workforce.actions import assign
from geo.workforce.rules import AssignmentRole
from tests import town
from tests.people import AT_HOME, stand

NAMES = {id: name for name, id in town.WORKERS.items()}


def ask(session: Session, east: float, north: float, *, k: int = 3, **more: object) -> Nearest:
    here = town.point(east, north)
    town_ = district(session, town.DISTRICT)
    return nearest(session, town_, *here, k=k, at=town.MORNING, **more)  # type: ignore[arg-type]


def names(found: Nearest) -> list[str]:
    return [NAMES[near.worker] for near in found.items]


def test_the_holder_comes_first_even_from_afar(database: Database) -> None:
    with database.transaction() as session:
        stand(session, {**AT_HOME, "N1": (295, 5)}, at=town.MORNING)
        found = ask(session, 95, 250)
    assert names(found) == ["N1", "N2", "M1"]
    holder, second, _ = found.items
    assert (holder.responsible, holder.rank_class, holder.reason) == (True, 0, NearReason.HOLDER)
    assert holder.distance_m == pytest.approx(316.2, abs=0.5)
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
        assert ask(session, 50, 250) == Nearest((), Shortfall.NOBODY_ON_DUTY)


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
        found = ask(session, -100, 250)
    assert names(found) == ["N1", "M1", "N2"]
    assert {near.rank_class for near in found.items} == {1}


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
