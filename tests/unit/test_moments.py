# SPDX-License-Identifier: Apache-2.0
"""A phone's clock against ours; digests of what was said."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from geo.digests import digest
from geo.moments import CLOCK_TOLERANCE, observed_moment

NOW = datetime(2026, 3, 2, tzinfo=UTC)
SECONDS = st.integers(-10_000_000, 10_000_000).map(lambda s: timedelta(seconds=s))


@given(ahead=SECONDS, sent=st.none() | SECONDS)
def test_nothing_is_ever_taken_from_the_future(ahead: timedelta, sent: timedelta | None) -> None:
    sent_at = None if sent is None else NOW + sent
    moment = observed_moment(NOW + ahead, sent_at=sent_at, received_at=NOW)
    assert moment is None or moment <= NOW + CLOCK_TOLERANCE
    if ahead <= CLOCK_TOLERANCE and (sent is None or abs(sent) <= CLOCK_TOLERANCE):
        assert moment == NOW + ahead


@given(off=SECONDS, ago=st.integers(0, 1_000_000).map(lambda s: timedelta(seconds=s)))
def test_a_clock_that_is_off_is_off_for_what_it_observed_too(
    off: timedelta, ago: timedelta
) -> None:
    moment = observed_moment(NOW + off - ago, sent_at=NOW + off, received_at=NOW)
    assert moment is not None
    assert abs(moment - (NOW - ago)) <= (
        timedelta(0) if abs(off) > CLOCK_TOLERANCE else CLOCK_TOLERANCE
    )


def test_a_clock_a_day_ahead_is_corrected() -> None:
    day = timedelta(days=1)
    observed = NOW + day - timedelta(minutes=3)
    assert observed_moment(observed, sent_at=NOW + day, received_at=NOW) == NOW - timedelta(
        minutes=3
    )
    assert observed_moment(observed, sent_at=NOW, received_at=NOW) is None


def test_a_clock_an_hour_behind_is_corrected() -> None:
    hour, minute = timedelta(hours=1), timedelta(minutes=1)
    observed = NOW - hour - minute
    assert observed_moment(observed, sent_at=NOW - hour, received_at=NOW) == NOW - minute


def test_a_slow_request_and_an_offline_queue_are_no_wrong_clock() -> None:
    hour, minute = timedelta(hours=1), timedelta(minutes=1)
    for observed, sent in ((NOW - minute, NOW - minute), (NOW - hour, NOW - minute)):
        assert observed_moment(observed, sent_at=sent, received_at=NOW) == observed
    assert observed_moment(NOW - hour, sent_at=None, received_at=NOW) == NOW - hour


def test_a_stamp_older_than_what_it_sends_says_nothing() -> None:
    hour = timedelta(hours=1)
    assert observed_moment(NOW - hour, sent_at=NOW - 3 * hour, received_at=NOW) == NOW - hour


@dataclass(frozen=True)
class Thing:
    at: datetime
    size: float


def test_a_digest_is_of_values_and_not_of_their_spelling() -> None:
    shanghai = timezone(timedelta(hours=8))
    one = digest(thing=Thing(NOW, 1.0), more={"a": 1, "b": [NOW]})
    other = digest(more={"b": (NOW.astimezone(shanghai),), "a": 1}, thing=Thing(NOW, 1.0))
    assert one == other
    assert one != digest(thing=Thing(NOW, 2.0), more={"a": 1, "b": [NOW]})
