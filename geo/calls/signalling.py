# SPDX-License-Identifier: Apache-2.0
"""What the two ends of a call tell each other, from one process of the service to another.

A signal is a row that lives for minutes; a notification carries its number alone, whatever its
size. Whoever comes late or was away reads on from the last number he has.
"""

from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import delete, func, insert, select
from sqlalchemy.exc import DataError
from sqlalchemy.orm import Session

from geo.calls.rules import (
    MOST_SIGNALS,
    NOTIFY_CHANNEL,
    SIGNAL_BYTES,
    SIGNAL_LEVELS,
    SIGNALS_KEPT,
    Call,
    Side,
    SignalNotKept,
    SignalTooDeep,
    SignalTooLarge,
    TooManySignals,
)
from geo.calls.tables import CallSignalRow
from geo.outbox import Notice, tell


def send_signal(
    session: Session, call: Call, sender: Side, body: dict[str, Any], *, at: datetime
) -> int:
    """Tell the other end something; its number.

    Raises: SignalTooDeep, SignalTooLarge, SignalNotKept, TooManySignals.
    """
    # First: what nests without bound cannot even be measured.
    if _deeper(body, SIGNAL_LEVELS):
        raise SignalTooDeep(limit_levels=SIGNAL_LEVELS)
    if len(orjson.dumps(body)) > SIGNAL_BYTES:
        raise SignalTooLarge(limit_bytes=SIGNAL_BYTES)
    of = (CallSignalRow.district == call.district, CallSignalRow.call == call.id)
    said = session.scalar(select(func.count()).select_from(CallSignalRow).where(*of)) or 0
    if said >= MOST_SIGNALS:
        raise TooManySignals(retry_after_s=int(SIGNALS_KEPT.total_seconds()))
    try:
        number = session.scalars(
            insert(CallSignalRow)
            .values(district=call.district, call=call.id, sender=sender.value, body=body, at=at)
            .returning(CallSignalRow.number)
        ).one()
    except DataError as error:
        raise SignalNotKept(call=str(call.id)) from error
    _wake(session, call, sender.value, number)
    return number


def tell_end(session: Session, call: Call) -> None:
    """Wake both ends of a call that is over: each finds that it has no place in it any more."""
    _wake(session, call, "nobody", 0)


def forget_signals(session: Session, *, at: datetime, limit: int = 5000) -> int:
    """Erase what was said minutes ago; how many, at most `limit`."""
    old = (
        select(CallSignalRow.district, CallSignalRow.number)
        .where(CallSignalRow.at < at - SIGNALS_KEPT)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte()
    )
    gone = session.execute(
        delete(CallSignalRow)
        .where(CallSignalRow.district == old.c.district, CallSignalRow.number == old.c.number)
        .returning(CallSignalRow.number)
        .execution_options(synchronize_session=False)
    )
    return len(gone.all())


def _wake(session: Session, call: Call, sender: str, number: int) -> None:
    """Wake whoever waits for a call, the sender alone excepted."""
    said = f"{call.district} {call.id} {sender} {number}"
    tell(session, [Notice(NOTIFY_CHANNEL, said)])


def _deeper(value: Any, levels: int) -> bool:
    """Whether a JSON value nests deeper than so many levels."""
    here = [value]
    for _ in range(levels + 1):
        here = [one for one in here if isinstance(one, dict | list)]
        if not here:
            return False
        here = [inner for one in here for inner in (one.values() if isinstance(one, dict) else one)]
    return True
