# SPDX-License-Identifier: Apache-2.0
"""Appeals as values: who decides, and what many of them say of a checkpoint."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.ids import CheckpointId
from geo.patrol.appeals import Misplaced, Overturned, geometric_median, misplaced
from tests import town


def overturned(decided: int, upheld: int, *honest: tuple[float, float]) -> Overturned:
    lon, lat = town.point(50, 250)
    return Overturned(
        checkpoint=CheckpointId(town.CHECKPOINTS["N1"]),
        cell=town.N1,
        name="凉亭",
        lon=lon,
        lat=lat,
        decided=decided,
        upheld=upheld,
        honest=tuple(town.point(*spot) for spot in honest),
    )


@pytest.mark.parametrize(
    ("decided", "upheld", "told"), [(3, 3, True), (6, 3, True), (7, 3, False), (2, 2, False)]
)
def test_often_overturned_is_said_of_a_checkpoint(decided: int, upheld: int, told: bool) -> None:
    assert (misplaced(overturned(decided, upheld, (90, 290)), town.SRID) is not None) is told


def test_the_suggested_place_is_where_most_stood() -> None:
    # Four by the real door, one far astray: the mean would follow him, the median does not.
    found = misplaced(
        overturned(4, 4, (90, 250), (92, 250), (91, 251), (91, 249), (5, 205)), town.SRID
    )
    assert isinstance(found, Misplaced)
    lon, lat = town.point(91, 250)
    assert found.suggested_lon == pytest.approx(lon, abs=2e-5)
    assert found.suggested_lat == pytest.approx(lat, abs=2e-5)
    assert found.distance_m == pytest.approx(41, abs=1.5)
    assert found.fixes == 5


# The place is told to a metre; where the sum is flat the iteration ends a little beside it.
SLACK_M = 0.1

spots = st.lists(st.tuples(st.integers(-200, 200), st.integers(-200, 200)), min_size=1, max_size=12)


@given(spots)
@settings(max_examples=60, deadline=None)
def test_no_place_nearby_has_a_smaller_sum_of_distances(places: list[tuple[int, int]]) -> None:
    points = np.array(places, dtype=np.float64)

    def total(spot: np.ndarray) -> float:
        return float(np.hypot(*(points - spot).T).sum())

    found = geometric_median(points)
    least = total(found)
    for angle in np.linspace(0, 2 * np.pi, 12, endpoint=False):
        for step in (0.5, 5.0, 50.0):
            assert least <= total(found + step * np.array([np.cos(angle), np.sin(angle)])) + SLACK_M
    assert least <= total(points.mean(axis=0)) + SLACK_M
