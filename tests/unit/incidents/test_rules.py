# SPDX-License-Identifier: Apache-2.0
"""Every reason has its words."""

from api.texts import TEXTS
from geo.incidents.inquiry import LeftOutReason
from geo.incidents.ranking import NearReason, Shortfall
from geo.incidents.rules import PlaceReason


def test_every_reason_has_words() -> None:
    codes = {*NearReason, *PlaceReason, *Shortfall, *LeftOutReason}
    assert {code.value for code in codes} <= TEXTS.keys()
