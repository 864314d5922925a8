# SPDX-License-Identifier: Apache-2.0
"""The one table where domains meet: what follows, in the same transaction, when something happens.

An upward wish ("going off duty clears the position") is an event and a line here, never an import.
"""

from geo.db import Reactions
from geo.tracking import actions as tracking
from geo.workforce.rules import DutyChanged

REACTIONS: Reactions = {
    DutyChanged: (tracking.follow_duty,),
}
