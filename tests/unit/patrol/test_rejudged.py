# SPDX-License-Identifier: Apache-2.0
"""Two verdicts of one check-in: when they are the same, and what outlives the second."""

from dataclasses import replace
from uuid import UUID

import pytest

from geo.columns import Origin
from geo.crs import System
from geo.ids import CheckInId, PlanId
from geo.patrol.records import CheckIn
from geo.patrol.rejudged import UPHELD, judged_again, same_verdict
from geo.patrol.rules import Verdict, VerdictKind
from geo.units import Metres
from tests import town

REASON = {"code": "cell.outside", "cell": town.N1, "distance_m": 12.3, "share_inside": 0.05}
STANDS = CheckIn(
    id=CheckInId(UUID(int=1)),
    worker=town.WORKERS["N1"],
    checkpoint=None,
    lon=123.7,
    lat=41.3,
    system=System.WGS84,
    accuracy_m=5.0,
    cell=town.N1,
    verdict=VerdictKind.OUTSIDE,
    accepted=False,
    reasons=(REASON,),
    doubts=({"code": "delivery.late", "waited_s": 700},),
    share_inside=0.05,
    distance_to_border_m=-12.31,
    distance_to_checkpoint_m=None,
    located_cell=town.N2,
    proof=None,
    plan=PlanId(UUID(int=2)),
    policy=1,
    observed_at=town.MORNING,
    received_at=town.MORNING,
    origin=Origin.REAL,
)
FOUND = Verdict(
    cell=town.N1,
    kind=VerdictKind.OUTSIDE,
    accepted=False,
    share_inside=0.05,
    distance_to_border_m=Metres(-12.31),
    distance_to_checkpoint_m=None,
    located_cell=town.N2,
    reasons=(REASON,),
    doubts=(),
)


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (STANDS, True),
        (replace(STANDS, distance_to_border_m=-12.4, share_inside=0.0505), True),
        (replace(STANDS, reasons=({**REASON, "distance_m": 12.4},)), True),
        (replace(STANDS, distance_to_border_m=-14.0), False),
        (replace(STANDS, share_inside=0.06), False),
        (replace(STANDS, accepted=True), False),
        (replace(STANDS, verdict=VerdictKind.UNCERTAIN), False),
        (replace(STANDS, located_cell=None), False),
        (replace(STANDS, reasons=(REASON, {"code": "duty.off"})), False),
        (replace(STANDS, reasons=({**REASON, "cell": town.N3},)), False),
        (replace(STANDS, share_inside=None), False),
    ],
)
def test_the_last_digit_is_no_other_verdict(other: CheckIn, same: bool) -> None:
    assert same_verdict(STANDS, other) is same


def test_what_the_delivery_said_stays() -> None:
    assert judged_again(STANDS, FOUND, (STANDS.lon, STANDS.lat)) == STANDS


def test_an_upheld_appeal_stays_upheld() -> None:
    upheld = {"code": UPHELD, "by": "account:x", "text": "隧道"}
    stands = replace(STANDS, accepted=True, reasons=(upheld, REASON))
    again = judged_again(
        stands, replace(FOUND, reasons=(REASON, {"code": "duty.off"})), (123.7, 41.3)
    )
    assert again.accepted
    assert again.reasons == (upheld, REASON, {"code": "duty.off"})
    assert again.verdict is VerdictKind.OUTSIDE
