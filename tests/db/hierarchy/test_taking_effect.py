# SPDX-License-Identifier: Apache-2.0
"""A plan that is brought in for a day to come: that day is told when it comes."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import text

from geo.db import Database
from geo.hierarchy.actions import install_district
from geo.hierarchy.succession import take_effect
from geo.ids import AreaCode
from tests import town

NEXT_DOOR = "210504"


def bring_in(database: Database, in_force_from: date) -> None:
    areas = [
        replace(
            area,
            code=AreaCode(area.code.replace(town.DISTRICT, NEXT_DOOR)),
            parent=area.parent and AreaCode(area.parent.replace(town.DISTRICT, NEXT_DOOR)),
        )
        for area in town.areas()
    ]
    with database.transaction() as session:
        install_district(
            session,
            areas=areas,
            buildings=(),
            in_force_from=in_force_from,
            at=town.MORNING,
            plan_name="外来方案",
        )


def told(database: Database, at: datetime) -> int:
    with database.transaction() as session:
        take_effect(session, at=at)
    with database.snapshot() as session:
        count = session.scalar(
            text("select count(*) from outbox where district = :d and kind = 'plan.took_effect'"),
            {"d": NEXT_DOOR},
        )
    return count or 0


# In the district it is eight in the morning.
@pytest.mark.parametrize("days", [1, 30])
def test_its_day_is_told_when_it_comes(database: Database, days: int) -> None:
    bring_in(database, town.MORNING.date() + timedelta(days=days))
    midnight = town.MORNING.replace(hour=16, minute=0) + timedelta(days=days - 1)
    assert told(database, midnight - timedelta(seconds=1)) == 0
    assert told(database, midnight) == told(database, midnight + timedelta(hours=1)) == 1


def test_what_holds_already_is_no_news(database: Database) -> None:
    bring_in(database, town.MORNING.date())
    assert told(database, town.MORNING + timedelta(days=3)) == 0
