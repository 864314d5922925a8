# SPDX-License-Identifier: Apache-2.0
"""The one table where domains meet: what follows, in the same transaction, when something happens.

An upward wish ("going off duty clears the position") is an event and a line here, never an import.
"""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from geo.calls.calling import follow_linkups
from geo.db import Reactions
from geo.handover import actions as handover
from geo.hierarchy.rules import PlanPublished, PlanTookEffect, PlanWithdrawn
from geo.incidents.events import LinkupClimbed
from geo.incidents.leading import follow_duty
from geo.incidents.rules import LinkupChanged, LinkupExhausted
from geo.patrol.records import CheckInJudged, LateCheckInJudged
from geo.patrol.rejudging import follow_corrected_duty
from geo.tracking import latest
from geo.tracking.rules import Seen
from geo.workforce.rules import DutyChanged, DutyCorrected


def _check_ins_say_where_they_are(
    session: Session, judged: Sequence[CheckInJudged | LateCheckInJudged]
) -> None:
    latest.note_sightings(
        session,
        [
            Seen(
                district=happened.district,
                worker=happened.worker,
                lon=happened.place["lon"],
                lat=happened.place["lat"],
                accuracy_m=happened.accuracy_m,
                observed_at=happened.seen_at,
                received_at=happened.at,
                origin=happened.origin,
                cells=happened.cells,
            )
            for happened in judged
            if happened.seen_at is not None and happened.place is not None
        ],
    )


REACTIONS: Reactions = {
    CheckInJudged: (_check_ins_say_where_they_are,),
    LateCheckInJudged: (_check_ins_say_where_they_are,),
    DutyChanged: (latest.follow_duty, follow_duty),
    DutyCorrected: (follow_corrected_duty,),
    LinkupChanged: (follow_linkups,),
    LinkupClimbed: (follow_linkups,),
    LinkupExhausted: (follow_linkups,),
    PlanPublished: (handover.follow_publication,),
    PlanTookEffect: (handover.follow_effect,),
    PlanWithdrawn: (handover.follow_withdrawal,),
}
