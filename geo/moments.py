# SPDX-License-Identifier: Apache-2.0
"""When a fix was observed: a phone's clock against ours."""

from datetime import datetime, timedelta

# A phone's clock may be this far off ours before it counts as wrong: a request may take a minute.
CLOCK_TOLERANCE = timedelta(seconds=120)


def observed_moment(
    observed_at: datetime, *, sent_at: datetime | None, received_at: datetime
) -> datetime | None:
    """The instant of a fix by our clock; None when it lies ahead and cannot be corrected.

    A phone stamps what it sends at the moment of sending, each attempt anew. How far that lies from
    our receipt, beyond what a request takes, is how far its clock is off, and is taken off what
    it observed: ahead or behind. A queue that was offline sends old observations under a fresh
    stamp, and stays as it is. Without a stamp, or where the stamp is older than what it is
    said to send, nothing is known of the clock: an observation is then taken as it is said.
    """
    off = timedelta(0)
    if sent_at is not None and observed_at <= sent_at + CLOCK_TOLERANCE:
        off = received_at - sent_at
    if abs(off) > CLOCK_TOLERANCE:
        return observed_at + off
    return observed_at if observed_at <= received_at + CLOCK_TOLERANCE else None
