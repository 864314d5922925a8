# SPDX-License-Identifier: Apache-2.0
"""The database: the only place that commits.

`transaction()` runs an action's work, lets reactions follow, numbers the events in commit order and
commits; `snapshot()` reads one consistent moment. Above the domains, so that no domain can commit.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
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
        """The same database for one user, by a connection that he keeps from one transaction to
        the next: he waits for nobody else's.

        Where there is one connection alone, it is that one.
        """
        return self if isinstance(self._bind, Connection) else _Apart(self.url, self._reactions)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """One unit of writing: on a clean exit reactions, outbox, commit; else nothing stays."""
        with self._session() as session:
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
            # SQLAlchemy does not know of what went straight to the database.
            if session.in_transaction():
                session.commit()

    def _session(self) -> AbstractContextManager[Session]:
        return Session(self._bind, join_transaction_mode="create_savepoint", expire_on_commit=False)

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


class _Apart(Database):
    """As `Database.apart`. To take a connection from a pool, and to have SQLAlchemy begin and end
    each transaction on it, takes as long as all statements of a few check-ins.
    """

    def __init__(self, url: str, reactions: Reactions) -> None:
        super().__init__(url, reactions=reactions, pool_size=1)
        self._turn = threading.Lock()
        self._kept: Connection | None = None

    @contextmanager
    def _session(self) -> Iterator[Session]:
        with self._turn:
            kept = self._in_hand()
            try:
                with Session(kept, expire_on_commit=False) as session:
                    prepared.lend(session, kept)
                    yield session
            except BaseException:
                self._undo(kept)
                raise
            kept.info[_PUT_DOWN] = time.monotonic()

    def _in_hand(self) -> Connection:
        if self._kept is not None and _is_doubtful(self._kept.info):
            # The pool asks whether it lives.
            self._let_go()
        if self._kept is None:
            assert isinstance(self._bind, Engine)
            self._kept = self._bind.connect()
        return self._kept

    def _undo(self, kept: Connection) -> None:
        """Roll back what SQLAlchemy knows nothing of; a connection that cannot is thrown away."""
        if not kept.invalidated:
            raw: Any = kept.connection.driver_connection
            try:
                raw.rollback()
            except psycopg.Error:
                kept.invalidate()
        self._let_go()

    def _let_go(self) -> None:
        if self._kept is not None:
            self._kept.close()
            self._kept = None

    def close(self) -> None:
        with self._turn:
            self._let_go()
        super().close()


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
        record.info.setdefault(_PUT_DOWN, time.monotonic())

    @event.listens_for(made, "checkout")
    def see_that_it_lives(raw: Any, record: ConnectionPoolEntry, _proxy: object) -> None:
        doubtful = _is_doubtful(record.info)
        record.info.pop(_PUT_DOWN, None)
        if doubtful:
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


def _is_doubtful(connection: Mapping[Any, Any]) -> bool:
    """Whether what is noted of a connection says that it has lain idle for long."""
    now = time.monotonic()
    idle_s: float = now - connection.get(_PUT_DOWN, now)
    return idle_s > _TRUSTED_S


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
