# SPDX-License-Identifier: Apache-2.0
"""The database: the only place that commits.

`transaction()` runs an action's work, lets reactions follow, numbers the events in commit order and
commits; `snapshot()` reads one consistent moment. Above the domains, so that no domain can commit.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import psycopg
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

from geo import prepared
from geo.outbox import NOTIFY_CHANNEL, Event, row_of, take_notices, take_pending
from geo.standing import mistrust

# What follows when things of one kind have happened; all of a round at once.
Reaction = Callable[[Session, Sequence[Any]], None]
Reactions = Mapping[type[Event], Sequence[Reaction]]

# Two-argument advisory locks: this product's number, then the district's.
_OUTBOX_LOCK = 0x77616E67
# How long a connection is thought to live without being asked, in seconds, and where it is noted
# when it was put down.
_TRUSTED_S = 1.0
_PUT_DOWN = "put down at"
# Reactions that keep causing events are a loop, not a cascade.
_MAX_ROUNDS = 10
# One statement for all of it: what many check-ins share costs by the turn. The locks are held from
# here to the commit only, and make the order of numbers the order of commits: `held` gives its row
# when all are taken, and no event is numbered before it is joined with that row.
_PUBLISH = """
with held as (
  select count(pg_advisory_xact_lock(%(lock)s::int, code)) as districts
  from (select code from unnest(%(districts)s::int[]) as code order by code) as ordered
), written as (
  insert into outbox (district, kind, subject, area, workers, body, place, actor, origin, at)
  select event.district, kind, subject, area, workers, body, place, actor, origin, at
  from held cross join rows from (jsonb_to_recordset(%(events)s::jsonb) as (
    district text, kind text, subject uuid, area text, workers jsonb, body jsonb, place jsonb,
    actor text, origin text, at timestamptz
  )) with ordinality as event (
    district, kind, subject, area, workers, body, place, actor, origin, at, nth
  )
  order by event.nth
  returning district, seq
)
select pg_notify(channel, payload) from (
  select %(outbox)s::text, district || ' ' || max(seq) from written group by district
  union all
  select * from unnest(%(channels)s::text[], %(payloads)s::text[])
) as notice (channel, payload)
"""


class Database:
    """A PostGIS database of this product.

    `reactions` maps an event type to functions that run in the same transaction. A database bound
    to a `connection` works inside that connection's transaction, by savepoints: tests use it.
    """

    def __init__(
        self,
        url: str,
        *,
        reactions: Reactions,
        pool_size: int = 10,
        statement_timeout_s: float = 15.0,
        connection: Connection | None = None,
    ) -> None:
        self.url = url
        self._reactions = reactions
        self._bind: Engine | Connection
        if connection is not None:
            self._bind = connection
        else:
            self._bind = engine(url, pool_size=pool_size, statement_timeout_s=statement_timeout_s)

    def apart(self) -> "Database":
        """The same database by a connection of its own: its user waits for nobody else's.

        Where there is one connection alone, it is that one.
        """
        if isinstance(self._bind, Connection):
            return self
        return Database(self.url, reactions=self._reactions, pool_size=1)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """One unit of writing: on a clean exit reactions, outbox, commit; else nothing stays."""
        session = Session(
            self._bind, join_transaction_mode="create_savepoint", expire_on_commit=False
        )
        with session:
            try:
                yield session
                self._publish(session)
                if isinstance(self._bind, Engine):
                    # In one turn with what waits; there is nothing left of it for the next line.
                    prepared.run(session, "commit")
                else:
                    prepared.settle(session)
            except BaseException:
                prepared.give_up(session)
                mistrust(session)
                raise
            session.commit()

    @contextmanager
    def snapshot(self) -> Iterator[Session]:
        """One consistent, read-only view of the database."""
        with Session(self._bind, join_transaction_mode="create_savepoint") as session:
            if isinstance(self._bind, Engine):
                session.connection(
                    execution_options={
                        "isolation_level": "REPEATABLE READ",
                        "postgresql_readonly": True,
                    }
                )
            yield session

    def close(self) -> None:
        """Give all connections back to the server."""
        if isinstance(self._bind, Engine):
            self._bind.dispose()

    def _publish(self, session: Session) -> None:
        session.flush()
        events = fresh = take_pending(session)
        for _ in range(_MAX_ROUNDS):
            if not fresh:
                break
            alike: dict[type[Event], list[Event]] = {}
            for happened in fresh:
                alike.setdefault(type(happened), []).append(happened)
            for kind, together in alike.items():
                for react in self._reactions.get(kind, ()):
                    react(session, together)
            session.flush()
            fresh = take_pending(session)
            events = [*events, *fresh]
        else:
            raise RuntimeError("reactions keep causing events")
        notices = take_notices(session)
        if events or notices:
            districts = {int(happened.district) for happened in events}
            rows = [row_of(happened) for happened in events]
            prepared.soon(
                session,
                _PUBLISH,
                lock=_OUTBOX_LOCK,
                districts=list(districts),
                events=orjson.dumps(rows, option=orjson.OPT_NON_STR_KEYS).decode(),
                outbox=NOTIFY_CHANNEL,
                channels=[notice.channel for notice in notices],
                payloads=[notice.payload for notice in notices],
            )


def engine(url: str, *, pool_size: int = 10, statement_timeout_s: float = 15.0) -> Engine:
    """A pooled engine. Every statement has a deadline, in seconds."""
    made = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=5,
        # `geo.prepared` prepares what is worth it; the driver would have the server forget all that
        # is prepared, ours too, at the end of every snapshot.
        connect_args={
            "connect_timeout": 5,
            "prepare_threshold": None,
            "cursor_factory": prepared.Cursor,
        },
    )

    # A question before every transaction would cost as much as a short statement of it; a server
    # that went away is noticed by those that lay idle meanwhile.
    @event.listens_for(made, "checkin")
    def put_down(_raw: object, record: ConnectionPoolEntry) -> None:
        record.info[_PUT_DOWN] = time.monotonic()

    @event.listens_for(made, "checkout")
    def see_that_it_lives(raw: Any, record: ConnectionPoolEntry, _proxy: object) -> None:
        now = time.monotonic()
        if now - record.info.get(_PUT_DOWN, now) > _TRUSTED_S:
            try:
                raw.execute("select")
                raw.rollback()
            except psycopg.OperationalError as error:
                raise InvalidatePoolError from error

    @event.listens_for(made, "connect")
    def set_deadlines(raw: object, _record: object) -> None:
        with raw.cursor() as cursor:  # type: ignore[attr-defined]
            cursor.execute(f"set statement_timeout = {int(statement_timeout_s * 1000)}")
            cursor.execute("set idle_in_transaction_session_timeout = 60000")
            cursor.execute("set timezone = 'UTC'")
        raw.commit()  # type: ignore[attr-defined]

    return made


def migrate(url: str) -> None:
    """Bring the database to the newest schema; a no-op when it is there already."""
    command.upgrade(_alembic(url), "head")


def is_migrated(session: Session) -> bool:
    """Whether the schema is the one this code was written for."""
    current = MigrationContext.configure(session.connection()).get_current_revision()
    return current == ScriptDirectory.from_config(_alembic("")).get_current_head()


def _alembic(url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["url"] = url
    return config
