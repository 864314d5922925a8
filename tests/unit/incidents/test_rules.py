# SPDX-License-Identifier: Apache-2.0
"""Ranks, shortfalls, and that every reason has its words."""

from uuid import uuid4

import pytest

from api.texts import TEXTS
from geo.ids import WorkerId
from geo.incidents.rules import (
    Near,
    NearReason,
    PlaceReason,
    Shortfall,
    rank,
    shortfall,
)


@pytest.mark.parametrize(
    ("fresh", "engaged", "keeper", "expected"),
    [
        (True, False, NearReason.HOLDER, (0, NearReason.HOLDER)),
        (True, True, NearReason.STAND_IN, (0, NearReason.STAND_IN)),
        (True, False, None, (1, NearReason.FREE)),
        (True, True, None, (2, NearReason.ENGAGED)),
        (False, False, NearReason.HOLDER, (3, NearReason.STALE)),
        (False, True, None, (4, NearReason.STALE_ENGAGED)),
    ],
)
def test_fresh_before_stale_and_free_before_engaged(
    fresh: bool, engaged: bool, keeper: NearReason | None, expected: tuple[int, NearReason]
) -> None:
    assert rank(fresh=fresh, engaged=engaged, keeper=keeper) == expected


def near(rank_class: int) -> Near:
    return Near(
        worker=WorkerId(uuid4()),
        name="王芳",
        distance_m=None,
        age_s=None,
        responsible=False,
        rank_class=rank_class,
        reason=NearReason.FREE,
    )


@pytest.mark.parametrize(
    ("classes", "on_duty", "expected"),
    [
        ([0, 1, 3], 9, None),
        ([0, 1], 9, Shortfall.FEWER_THAN_ASKED),
        ([3, 4, 4], 9, Shortfall.POSITIONS_STALE),
        ([3], 9, Shortfall.POSITIONS_STALE),
        ([], 9, Shortfall.FEWER_THAN_ASKED),
        ([], 0, Shortfall.NOBODY_ON_DUTY),
    ],
)
def test_shortfalls(classes: list[int], on_duty: int, expected: Shortfall | None) -> None:
    assert shortfall([near(number) for number in classes], asked=3, on_duty=on_duty) == expected


def test_every_reason_has_words() -> None:
    codes = {*NearReason, *PlaceReason, *Shortfall}
    assert {code.value for code in codes} <= TEXTS.keys()


def test_a_recommendation_keeps_no_name() -> None:
    assert "name" not in near(1).as_fields
