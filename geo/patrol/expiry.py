# SPDX-License-Identifier: Apache-2.0
"""Where check-ins were observed expires as tracks do; verdicts, reasons and distances stay."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import null, or_, select, tuple_, update
from sqlalchemy.orm import Session

from geo.columns import Origin
from geo.patrol.appeals import AppealState
from geo.patrol.tables import AppealRow, CheckInRow, VerdictRow

_AT_ONCE = 2000


def erase_places(
    session: Session, *, at: datetime, kept: timedelta, made_up_kept: timedelta | None = None
) -> int:
    """Erase where check-ins older than they may be kept were; answers how many, call again.

    Those under appeal keep theirs until somebody has decided. What is simulated is nobody's place:
    it may be kept longer, for `made_up_kept`.
    """
    appealed = (
        select(1)
        .where(
            AppealRow.district == CheckInRow.district,
            AppealRow.check_in == CheckInRow.id,
            AppealRow.state == AppealState.OPEN.value,
        )
        .exists()
    )
    old = (
        select(CheckInRow.district, CheckInRow.id)
        .where(
            CheckInRow.observed_at < at - kept,
            or_(
                CheckInRow.origin != Origin.SIMULATED.value,
                CheckInRow.observed_at < at - max(kept, made_up_kept or kept),
            ),
            CheckInRow.point.is_not(None),
            ~appealed,
        )
        .order_by(CheckInRow.observed_at)
        .limit(_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    held = [tuple(row) for row in session.execute(old)]
    if not held:
        return 0
    # Asked again once they are held: an appeal holds its check-in while it is being made.
    erased = session.execute(
        update(CheckInRow)
        .where(tuple_(CheckInRow.district, CheckInRow.id).in_(held), ~appealed)
        .values(raw_lon=null(), raw_lat=null(), point=null())
        .returning(CheckInRow.district, CheckInRow.id)
        .execution_options(synchronize_session=False)
    ).all()
    gone: list[Any] = [tuple(row) for row in erased]
    session.execute(
        update(VerdictRow)
        .where(tuple_(VerdictRow.district, VerdictRow.check_in).in_(gone))
        .values(point=null())
        .execution_options(synchronize_session=False)
    )
    return len(gone)
