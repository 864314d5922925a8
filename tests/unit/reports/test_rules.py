# SPDX-License-Identifier: Apache-2.0
"""Medians and tails, and how linkups are grouped."""

from datetime import UTC, datetime, timedelta

import pytest

from geo.incidents.climbs import ClimbLevel
from geo.reports.rules import Spread, Timeline, by_area, by_hour, measures, spread

# 23:30 in Shanghai.
LATE = datetime(2026, 3, 2, 15, 30, tzinfo=UTC)


def timeline(
    cell: str = "210503101001001",
    *,
    at: datetime = LATE,
    accepted_s: float | None = 12,
    timeouts: int = 0,
    climbed_to: ClimbLevel | None = None,
) -> Timeline:
    return Timeline(
        cell=cell,
        heard_at=at - timedelta(seconds=6),
        reported_at=at,
        asked_at=at + timedelta(seconds=1),
        accepted_at=None if accepted_s is None else at + timedelta(seconds=accepted_s),
        connected_at=None,
        timeouts=timeouts,
        climbed_to=climbed_to,
    )


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        ([], Spread(count=0, p50=None, p90=None, p95=None, most=None)),
        ([7], Spread(count=1, p50=7, p90=7, p95=7, most=7)),
        (range(1, 101), Spread(count=100, p50=50, p90=90, p95=95, most=100)),
        ([9, 1, 5], Spread(count=3, p50=5, p90=9, p95=9, most=9)),
    ],
)
def test_each_figure_is_one_that_was_measured(seconds: list[float], expected: Spread) -> None:
    assert spread(seconds) == expected


def test_measures_count_what_happened() -> None:
    those = [
        timeline(timeouts=3, climbed_to=ClimbLevel.COMMAND, accepted_s=None),
        timeline(accepted_s=30, climbed_to=ClimbLevel.COMMUNITY),
        timeline(accepted_s=10),
    ]
    found = measures("", those)
    assert (found.linkups, found.accepted, found.connected) == (3, 2, 0)
    assert (found.timeouts, found.climbed, found.to_command) == (3, 2, 1)
    assert (found.to_accept.p50, found.to_accept.most) == (10, 30)
    assert (found.to_ask.count, found.to_connect.count) == (3, 0)
    assert (found.key_to_ask.p50, found.key_to_ask.most) == (7, 7)


def test_hours_are_the_districts() -> None:
    those = [timeline(), timeline(at=LATE + timedelta(hours=1))]
    assert [one.key for one in by_hour(those, "Asia/Shanghai")] == ["00", "23"]


def test_areas_are_one_level_below() -> None:
    those = [timeline(), timeline("210503101002001"), timeline("210503102001001")]
    assert [(one.key, one.linkups) for one in by_area(those, "210503")] == [
        ("210503101", 2),
        ("210503102", 1),
    ]
    assert [one.key for one in by_area(those[:1], "210503101001001")] == ["210503101001001"]
