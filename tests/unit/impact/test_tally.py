# SPDX-License-Identifier: Apache-2.0
"""What came of judging past check-ins, piece by piece."""

from datetime import timedelta
from itertools import pairwise
from uuid import uuid4

import numpy as np
import pytest

from geo.ids import PlanId
from geo.impact.cases import instant
from geo.impact.following import draft_grid
from geo.impact.past import Past
from geo.impact.tally import MOST_VERDICTS, Tally
from geo.impact.verdicts import Differences, Facts, Judged
from tests import drawing, town

SECOND = 1_000_000


def piece(begins: int, count: int) -> tuple[Past, Differences]:
    """Check-ins of nobody's cells, one a second, every one of which changes."""
    none = np.zeros(count, dtype=np.int64)
    there = np.zeros(count)
    flags = np.zeros(count, dtype=bool)
    facts = Facts(none, there, there, there, flags, none, flags, flags, there)
    moments = (begins + np.arange(count)) * SECOND
    past = Past(np.array([b"\0" * 16] * count, dtype="V16"), moments, none, facts)
    judged = Judged(none.astype(np.int8), flags, none - 1)
    return past, Differences(np.arange(count), judged, judged, count)


@pytest.mark.parametrize("size", [7, 999, 2500, 30_000])
def test_of_many_changed_verdicts_an_even_spread_is_kept(size: int) -> None:
    grid = draft_grid(drawing.division(), PlanId(uuid4()), town.SRID)
    tally = Tally(grid, grid)
    count = 30_000
    for begins in range(0, count, size):
        tally.add(*piece(begins, min(size, count - begins)))
    found = tally.found(count, since=instant(0), until=instant(count * SECOND))
    assert found.changed == found.verdicts.total == count
    moments = [one.observed_at for one in found.verdicts.items]
    assert len(moments) == MOST_VERDICTS
    apart = {after - before for before, after in pairwise(moments)}
    assert min(apart) > timedelta(0)
    assert max(apart) <= timedelta(seconds=2 * count / MOST_VERDICTS + 2)
