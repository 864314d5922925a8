# SPDX-License-Identifier: Apache-2.0
"""``python -m api.jobs``: long work, one job at a time, beside the service and never in its way.

A second thread says every two seconds how far the job is and hears whether it is to be given up.
A runner that is killed leaves its job to be taken up again.
"""

import os
import signal
import threading
from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from api.draw_job import draw
from api.impact_job import judge
from api.logs import configure
from api.sheets_job import draw_sheets
from geo.clock import Clock, SystemClock
from geo.db import Database
from geo.errors import GeoError
from geo.jobs import actions
from geo.jobs.rules import GivenUp, Job, JobKind, JobState
from geo.reactions import REACTIONS
from geo.settings import Settings

log = structlog.get_logger()

_BEAT_S = 2.0
_IDLE_S = 0.5
# Gives way to everything that people wait for.
_NICE = 10


class Watch:
    """How far one job is, told to the database by a thread of its own."""

    def __init__(
        self, database: Database, clock: Clock, job: Job, stopping: threading.Event
    ) -> None:
        self._database, self._clock, self._job = database, clock, job
        self._stopping = stopping
        self._progress, self._going = 0.0, True
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="job heart", daemon=True)

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def report(self, progress: float) -> None:
        """The job is this far, 0 to 1."""
        self._progress = progress

    def cancelled(self) -> bool:
        """Whether the work is to end: somebody gave it up, or this process is to stop."""
        return self._stopping.is_set() or not self._going

    def _beat(self) -> None:
        # The first words come soon: a short job shows that it moves.
        pause = 0.3
        while not self._over.wait(pause):
            pause = min(_BEAT_S, pause * 1.5)
            try:
                with self._database.transaction() as session:
                    self._going = actions.hear(
                        session, self._job, progress=self._progress, at=self._clock.now()
                    )
            except (DBAPIError, PoolTimeout) as error:
                log.warning("job not heard", job=str(self._job.id), error=type(error).__name__)


Work = Callable[[Database, Clock, Job, Callable[[float], None], Callable[[], bool]], None]
# What does the work of each kind, and ends the job with what came of it.
WORK: Mapping[JobKind, Work] = {
    JobKind.DRAW: draw,
    JobKind.IMPACT: judge,
    JobKind.SHEETS: draw_sheets,
}


def run_one(database: Database, clock: Clock, stopping: threading.Event) -> bool:
    """Take up a job and bring it to its end; False when none waits."""
    with database.transaction() as session:
        job = actions.claim(session, at=clock.now())
    if job is None:
        return False
    if job.state is not JobState.RUNNING:
        return True
    log.info("job begun", job=str(job.id), kind=job.kind.value)
    problem: dict[str, Any] | None = None
    with Watch(database, clock, job, stopping) as watch:
        try:
            WORK[job.kind](database, clock, job, watch.report, watch.cancelled)
        except GivenUp:
            with database.transaction() as session:
                if stopping.is_set():
                    actions.put_back(session, job)
                else:
                    actions.give_up(session, job, at=clock.now())
        except GeoError as error:
            problem = {"code": error.code, "fields": error.fields}
        except (DBAPIError, PoolTimeout):
            # The database is away: the job is taken up again when it is back.
            raise
        except Exception as error:
            number = uuid4().hex[:12]
            log.error("job failed", job=str(job.id), request=number, exc_info=error)
            problem = {"code": "internal", "fields": {"request": number}}
    if problem is not None:
        with database.transaction() as session:
            actions.fail(session, job, problem=problem, at=clock.now())
    log.info("job ended", job=str(job.id))
    return True


def main() -> None:
    """Run until SIGTERM."""
    configure()
    settings = Settings()
    if settings.database_url is None:
        raise SystemExit("DATABASE_URL is not set: start the jobs by `wangge up`")
    os.nice(_NICE)
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    # Long work reads much at once: its statements may take longer than a request's.
    database = Database(
        settings.database_url, reactions=REACTIONS, pool_size=3, statement_timeout_s=120.0
    )
    try:
        while not stopping.is_set():
            try:
                if not run_one(database, SystemClock(), stopping):
                    stopping.wait(_IDLE_S)
            except (DBAPIError, PoolTimeout) as error:
                log.warning("jobs wait for the database", error=str(error).splitlines()[0])
                stopping.wait(_IDLE_S)
    finally:
        database.close()


if __name__ == "__main__":
    main()
