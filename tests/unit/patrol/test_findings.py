# SPDX-License-Identifier: Apache-2.0
"""What the points of a device say together."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import numpy as np
import pytest

from api.texts import TEXTS
from geo.crs import Fix, Mistake, System, system_arrays
from geo.ids import CheckInId
from geo.patrol.findings import (
    Hypothesis,
    Look,
    displacement,
    distinct_readings,
    explained,
    place_of,
    slip_of,
)
from geo.units import Metres
from tests import town

NONE, GCJ, BD, SWAPPED, SIGN = (
    Hypothesis.NONE,
    Hypothesis.GCJ02,
    Hypothesis.BD09,
    Hypothesis.SWAPPED,
    Hypothesis.SIGN,
)
LON, LAT = town.point(50, 250)
EXTENT = (123.6, 41.2, 123.9, 41.4)


def fix(lon: float = LON, lat: float = LAT, read_as: Mistake | None = None) -> Fix:
    return Fix(lon=lon, lat=lat, accuracy_m=Metres(5), observed_at=town.MORNING, read_as=read_as)


def looks(*inside: set[Hypothesis]) -> list[Look]:
    """Newest first, a minute apart."""
    return [
        Look(CheckInId(uuid4()), town.MORNING - timedelta(minutes=age), which)
        for age, which in enumerate(inside)
    ]


@pytest.mark.parametrize(
    ("inside", "hypothesis", "points"),
    [
        ([{GCJ}] * 3, GCJ, 3),
        ([{GCJ}] * 2, None, 0),
        ([{BD}] * 4, BD, 4),
        # Two that explain the same points do not separate.
        ([{GCJ, BD}] * 5, None, 0),
        ([{GCJ, BD}, {GCJ}, {GCJ}, {GCJ}], GCJ, 3),
        # A newer point that lies inside as stated speaks against it; an older one does not.
        ([{NONE}, {GCJ}, {GCJ}, {GCJ}], None, 0),
        ([{GCJ}, {GCJ}, {GCJ}, {NONE}, {GCJ}], GCJ, 3),
        # What both readings put inside says nothing.
        ([{NONE, GCJ}, {GCJ}, {GCJ}, {GCJ}], GCJ, 3),
        ([{GCJ}, {NONE, GCJ}, {GCJ}], None, 0),
        # Another hypothesis alone explains one of them.
        ([{GCJ}, {GCJ}, {BD}, {GCJ}], None, 0),
        # Elsewhere once is nothing; elsewhere mostly, and three fit by chance.
        ([{GCJ}, set(), {GCJ}, {GCJ}], GCJ, 3),
        ([{GCJ}, set(), set(), {GCJ}, {GCJ}], None, 0),
        ([set()] * 6, None, 0),
        ([], None, 0),
    ],
)
def test_the_joint_evidence(
    inside: list[set[Hypothesis]], hypothesis: Hypothesis | None, points: int
) -> None:
    found = explained(looks(*inside), NONE)
    assert (found and found.hypothesis) == hypothesis
    assert len(found.points if found else ()) == points


def test_a_device_that_is_corrected_may_speak_rightly_again() -> None:
    found = explained(looks(*[{NONE}] * 3), GCJ)
    assert found is not None
    assert found.hypothesis is NONE
    assert explained(looks(*[{GCJ}] * 3), GCJ) is None


def test_readings_that_do_not_differ_count_once() -> None:
    # Both are positive: a lost sign changes nothing, and swapped lies off the Earth.
    assert distinct_readings([fix()], NONE) == [NONE, GCJ, BD, SWAPPED]
    assert distinct_readings([fix()], GCJ) == [GCJ, NONE, BD, SWAPPED]
    assert distinct_readings([fix(-LON, LAT)], NONE) == [NONE, BD, SWAPPED, SIGN]
    spoken = replace(fix(), system=System.GCJ02)
    assert GCJ not in distinct_readings([spoken], NONE)


def test_the_signature_of_xihu() -> None:
    spots = [town.point(east, 250.0) for east in range(0, 300, 50)]
    lon, lat = np.array(spots).T
    seen = list(
        zip(*(axis.tolist() for axis in system_arrays(lon, lat, System.GCJ02)), strict=True)
    )
    metres, bearing = displacement(list(zip(spots, seen, strict=True)), town.SRID)
    assert metres == pytest.approx(540, abs=25)
    assert bearing == pytest.approx(65, abs=4)
    # A swapped point is on the other side of the Earth: no vector.
    assert displacement([((LON, LAT), (LAT, 66.0))], town.SRID) == (None, None)


@pytest.mark.parametrize(
    ("said", "hypothesis"),
    [
        (fix(LAT, LON), SWAPPED),
        # 30 km off is on his way; the next province is not.
        (fix(41.6, 123.8), SWAPPED),
        (fix(43.9, 125.3), None),
        (fix(LAT, LON, Mistake.GCJ02), SWAPPED),
        # Read as swapped, a phone that speaks rightly is off the Earth.
        (fix(LON, LAT, Mistake.SWAPPED), NONE),
        (fix(500.0, 500.0), None),
        (fix(float("nan"), 123.7), None),
    ],
)
def test_slips(said: Fix, hypothesis: Hypothesis | None) -> None:
    assert place_of(said) is None
    assert slip_of(said, EXTENT) == hypothesis


def test_every_hypothesis_has_words() -> None:
    assert {f"device_finding.{hypothesis.value}" for hypothesis in Hypothesis} <= TEXTS.keys()
