# SPDX-License-Identifier: Apache-2.0
"""Who is asked first, from what was known; and the same again from what was kept."""

from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.ids import WorkerId
from geo.incidents.inquiry import Considered, Inquiry, Keeper, LeftOutReason, Measure, Way
from geo.incidents.ranking import NearReason, Ranked, Shortfall, rank, ranked
from geo.incidents.replay import replayed
from geo.units import Metres
from tests import town

AT = town.MORNING


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


def one(number: int, straight: float, walk: float | None = None, **more: Any) -> Considered:
    """A worker seen a moment ago, so far away; on foot as far unless said."""
    said: dict[str, Any] = {
        "way": Way.FOUND,
        "walk_m": Metres(straight if walk is None else walk),
        "accuracy_m": Metres(5.0),
        "observed_at": AT - timedelta(seconds=1),
    }
    return Considered(
        worker=WorkerId(UUID(int=number)), straight_m=Metres(straight), **{**said, **more}
    )


def asked(*considered: Considered, k: int = 3, **more: Any) -> Inquiry:
    more = {"measure": Measure.WALK, "anybody_on_duty": True, **more}
    return Inquiry(at=AT, k=k, considered=considered, **more)


def order(found: Ranked) -> list[int]:
    return [near.worker.int for near in found.items]


def why(found: Ranked) -> dict[int, LeftOutReason]:
    return {one.worker.int: one.reason for one in found.left_out}


def test_metres_on_foot_decide() -> None:
    far, near = one(1, 80, 900), one(2, 300, 310)
    assert order(ranked(asked(far, near))) == [2, 1]
    assert order(ranked(asked(far, near, measure=Measure.STRAIGHT))) == [1, 2]


def test_who_answers_for_the_cell_is_first_though_no_street_leads_to_him() -> None:
    holder = one(1, 9000, keeper=Keeper.HOLDER, way=Way.NONE, walk_m=None)
    (first, _) = ranked(asked(one(2, 10), holder)).items
    assert (first.worker.int, first.responsible) == (1, True)
    assert (first.distance_m, first.measure) == (9000, Measure.STRAIGHT)


def test_an_engaged_holder_is_first_and_said_to_be_engaged() -> None:
    holder = one(1, 50, keeper=Keeper.HOLDER, engaged=True)
    first = ranked(asked(one(2, 10), holder)).items[0]
    assert (first.worker.int, first.engaged, first.reason) == (1, True, NearReason.HOLDER)


@pytest.mark.parametrize(
    ("known", "reason"),
    [
        ({"on_duty": False}, LeftOutReason.OFF_DUTY),
        ({"asked": LeftOutReason.DECLINED}, LeftOutReason.DECLINED),
        ({"asked": LeftOutReason.ASKED}, LeftOutReason.ASKED),
        ({"way": Way.NONE, "walk_m": None}, LeftOutReason.NO_WAY),
        ({"way": Way.TOO_FAR, "walk_m": None}, LeftOutReason.OUT_OF_REACH),
        ({"observed_at": AT - timedelta(hours=1)}, LeftOutReason.STALE),
        ({"observed_at": None, "straight_m": None}, LeftOutReason.STALE),
        ({"engaged": True}, LeftOutReason.ENGAGED),
        ({"walk_m": 400.0}, LeftOutReason.FARTHER),
    ],
)
def test_a_grid_leader_who_is_left_out_is_told_with_his_reason(
    known: dict[str, Any], reason: LeftOutReason
) -> None:
    leader = replace(one(1, 20, keeper=Keeper.GRID_LEADER), **known)
    found = ranked(asked(leader, one(2, 100), one(3, 200), one(4, 300)))
    assert order(found) == [2, 3, 4]
    assert why(found) == {1: reason}


def test_of_the_others_only_who_is_nearer_than_somebody_chosen() -> None:
    busy = [one(number, number * 10, engaged=True) for number in range(1, 20)]
    found = ranked(asked(*busy, one(90, 55), one(91, 60), k=2))
    assert order(found) == [90, 91]
    assert why(found) == dict.fromkeys(range(1, 6), LeftOutReason.ENGAGED)


@pytest.mark.parametrize(
    ("considered", "expected"),
    [
        ([one(1, 1), one(2, 2), one(3, 3)], None),
        ([one(1, 1), one(2, 2)], Shortfall.FEWER_THAN_ASKED),
        ([one(1, 1, observed_at=AT - timedelta(hours=1))], Shortfall.POSITIONS_STALE),
        ([one(1, 1, way=Way.NONE, walk_m=None)], Shortfall.NONE_WITHIN_REACH),
        ([one(1, 6000)], Shortfall.NONE_WITHIN_REACH),
        ([one(1, 1, asked=LeftOutReason.ASKED)], Shortfall.FEWER_THAN_ASKED),
        ([], Shortfall.POSITIONS_STALE),
    ],
)
def test_shortfalls(considered: list[Considered], expected: Shortfall | None) -> None:
    assert ranked(asked(*considered)).shortfall is expected


def test_nobody_on_duty() -> None:
    found = ranked(asked(anybody_on_duty=False))
    assert (found.items, found.shortfall) == ((), Shortfall.NOBODY_ON_DUTY)


def test_nearer_by_less_than_the_error_is_a_tie() -> None:
    sharp, vague = one(1, 100), one(2, 130, accuracy_m=Metres(30.0))
    tied = [near.tied for near in ranked(asked(sharp, vague, one(3, 300))).items]
    assert tied == [False, True, False]


KNOWN = st.builds(
    one,
    st.integers(1, 10**9),
    st.floats(0, 7000).map(lambda m: round(m, 1)),
    walk=st.floats(0, 9000).map(lambda m: round(m, 1)),
    on_duty=st.booleans(),
    engaged=st.booleans(),
    asked=st.sampled_from([None, None, *(LeftOutReason.ASKED, LeftOutReason.DECLINED)]),
    way=st.sampled_from(Way),
    barrier=st.sampled_from([None, "water"]),
    observed_at=st.integers(0, 900_000_000).map(lambda us: AT - timedelta(microseconds=us)),
)


@settings(deadline=None)
@given(st.lists(KNOWN, max_size=12, unique_by=lambda known: known.worker), st.randoms())
def test_replayed_from_what_was_kept_it_is_the_same(
    considered: list[Considered], random: Random
) -> None:
    for known, keeper in zip(range(len(considered)), Keeper, strict=False):
        considered[known] = replace(considered[known], keeper=keeper)
    inquiry = asked(*considered)
    made = ranked(inquiry)
    ring = {"ring": 1, "at": "t", **made.as_fields, "inquiry": inquiry.as_fields}
    kept = orjson.loads(orjson.dumps({"rings": [ring]}))
    (again,) = replayed(kept)
    assert again.same
    assert Inquiry.from_fields(kept["rings"][0]["inquiry"]) == inquiry
    # In whatever order they were looked at.
    random.shuffle(considered)
    assert ranked(asked(*considered)) == made


def test_another_recommendation_is_not_the_same() -> None:
    inquiry = asked(one(1, 10), one(2, 20))
    kept = {"ring": 1, "at": "t", **ranked(inquiry).as_fields, "inquiry": inquiry.as_fields}
    kept["candidates"] = kept["candidates"][::-1]
    assert not replayed({"rings": [kept]})[0].same


def test_what_is_kept_names_nobody_and_no_place() -> None:
    inquiry = asked(one(1, 10), one(2, 6000))
    text = orjson.dumps({**ranked(inquiry).as_fields, "inquiry": inquiry.as_fields}).decode()
    assert not [word for word in ("name", "lon", "lat", "point") if f'"{word}"' in text]
