# SPDX-License-Identifier: Apache-2.0
"""When a fix was observed: a phone's clock against ours."""

from datetime import datetime, timedelta

# A phone's clock may be this far ahead of ours before it counts as wrong.
CLOCK_TOLERANCE = timedelta(seconds=120)


def observed_moment(
    observed_at: datetime, *, sent_at: datetime | None, received_at: datetime
) -> datetime | None:
    """The instant of a fix by our clock; None when it lies ahead and cannot be corrected.

    A phone whose clock runs ahead says so by the time it sent: how far that lies ahead of our
    receipt is taken off what it observed.
    """
    latest = received_at + CLOCK_TOLERANCE
    if observed_at <= latest:
        return observed_at
    if sent_at is None or sent_at <= latest:
        return None
    corrected = observed_at - (sent_at - received_at)
    return corrected if corrected <= latest else None
