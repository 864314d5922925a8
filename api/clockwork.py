# SPDX-License-Identifier: Apache-2.0
"""``python -m api.clockwork``: what happens because time passes.

Timers are rows. Each chore claims what is due in a transaction of its own, so that a killed
clockwork loses nothing and two of them share the work. ``python -m api.clockwork answers`` keeps
the answer clocks alone: a second process beside the whole, so that neither a long chore nor the
seconds in which a killed one comes back keep somebody waiting for help.
"""

import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from api.logs import configure
from geo.accounts.actions import forget_expired
from geo.calls.calling import end_stale
from geo.calls.signalling import forget_signals
from geo.clock import Clock, SystemClock
from geo.db import Database
from geo.hierarchy.succession import take_effect
from geo.impact.queries import LOOKED_BACK
from geo.incidents.linkups import time_out_due
from geo.jobs.actions import forget_files
from geo.patrol.expiry import erase_places
from geo.patrol.suspecting import forget_slips
from geo.reactions import REACTIONS
from geo.settings import Settings
from geo.settling.actions import forget_settled, settle_due
from geo.standing import forget_noted
from geo.tracking.actions import ensure_partitions, erase_expired

log = structlog.get_logger()

# While the database is away; it is asked again after this.
_PAUSE_S = 1.0


@dataclass(frozen=True)
class Chore:
    """Work that time brings. `work` answers how much it did; it is called again until none is left.

    The first round is due at the start: what fell due while nothing ran is late enough.
    """

    name: str
    every_s: float
    work: Callable[[Session, datetime], int]


ANSWERS = Chore("linkup asks time out", 0.25, lambda session, at: time_out_due(session, at=at))


def chores(settings: Settings) -> tuple[Chore, ...]:
    """Everything the clockwork does."""
    kept = settings.track_kept

    def expire_tracks(session: Session, at: datetime) -> int:
        return erase_expired(session, at=at, kept=kept)

    def expire_places(session: Session, at: datetime) -> int:
        return erase_places(session, at=at, kept=kept, made_up_kept=LOOKED_BACK)

    def expire_days(session: Session, at: datetime) -> int:
        return forget_settled(session, at=at, kept=kept)

    return (
        ANSWERS,
        Chore("calls end unheard", 1, lambda session, at: end_stale(session, at=at)),
        Chore("plans take effect", 1, lambda session, at: take_effect(session, at=at)),
        Chore("call signals expire", 60, lambda session, at: forget_signals(session, at=at)),
        Chore("track partitions", 3600, lambda session, at: ensure_partitions(session, at=at)),
        Chore("tracks expire", 600, expire_tracks),
        Chore("places of check-ins expire", 600, expire_places),
        Chore("days settle", 15, lambda session, at: settle_due(session, at=at)),
        Chore("settled days expire", 3600, expire_days),
        Chore("device slips expire", 600, lambda session, at: forget_slips(session, at=at)),
        Chore("files of jobs expire", 600, lambda session, at: forget_files(session, at=at)),
        Chore("notes of changes expire", 600, lambda session, at: forget_noted(session)),
        Chore("sign-ins expire", 600, lambda session, at: forget_expired(session, at=at)),
    )


def run(database: Database, clock: Clock, stopping: threading.Event, work: Sequence[Chore]) -> None:
    """Do every chore when it is due, until told to stop."""
    due = dict.fromkeys((chore.name for chore in work), 0.0)
    while not stopping.is_set():
        for chore in work:
            if time.monotonic() < due[chore.name]:
                continue
            pause = chore.every_s
            try:
                do(database, clock, chore)
            except (DBAPIError, PoolTimeout) as error:
                # A chore that fails must not keep the others waiting.
                log.warning("chore failed", chore=chore.name, error=str(error).splitlines()[0])
                pause = max(_PAUSE_S, chore.every_s)
            due[chore.name] = time.monotonic() + pause
        stopping.wait(max(0.01, min(due.values()) - time.monotonic()))


def do(database: Database, clock: Clock, chore: Chore) -> int:
    """One round of a chore: until nothing is due any more. Answers how much was done."""
    done = 0
    while True:
        with database.transaction() as session:
            more = chore.work(session, clock.now())
        done += more
        if not more:
            break
    if done and chore.every_s >= 60:
        log.info("chore done", chore=chore.name, count=done)
    return done


def main() -> None:
    """Run until SIGTERM."""
    configure()
    settings = Settings()
    if settings.database_url is None:
        raise SystemExit("DATABASE_URL is not set: start the clockwork by `wangge up`")
    work = (ANSWERS,) if sys.argv[1:] == ["answers"] else chores(settings)
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    database = Database(settings.database_url, reactions=REACTIONS, pool_size=2)
    try:
        run(database, SystemClock(), stopping, work)
    finally:
        database.close()


if __name__ == "__main__":
    main()
