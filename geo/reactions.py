# SPDX-License-Identifier: Apache-2.0
"""The one table where domains meet: what follows, in the same transaction, when something happens.

An upward wish ("going off duty clears the position") is an event and a line here, never an import.
"""

from sqlalchemy.orm import Session

from geo.db import Reactions
from geo.outbox import Event
from geo.patrol.records import CheckInJudged
from geo.tracking import actions as tracking
from geo.workforce.rules import DutyChanged


def _a_check_in_says_where_he_is(session: Session, happened: Event) -> None:
    assert isinstance(happened, CheckInJudged)
    if happened.seen_at is not None and happened.place is not None:
        tracking.note_sighting(
            session,
            district=happened.district,
            worker=happened.worker,
            lon=happened.place["lon"],
            lat=happened.place["lat"],
            accuracy_m=happened.accuracy_m,
            observed_at=happened.seen_at,
            received_at=happened.at,
        )


REACTIONS: Reactions = {
    CheckInJudged: (_a_check_in_says_where_he_is,),
    DutyChanged: (tracking.follow_duty,),
}
