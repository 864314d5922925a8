# SPDX-License-Identifier: Apache-2.0
"""Hot statements: spelled once, prepared once a connection, and sent straight through libpq.

Making and compiling a statement of expressions costs more than PostgreSQL takes to run it, and a
cursor of the driver costs as much again in turns of its own; what runs thousands of times a second
is therefore written as SQL and goes by the shortest way. The connection is the session's own, in
the session's transaction, and of `geo.db.engine`: a driver that prepares by itself has the server
forget ours as well.
"""

import re
import select
from collections import namedtuple
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Self, TypeVar

import psycopg
from psycopg.adapt import Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, Escaping, ExecStatus, TransactionStatus
from psycopg.pq.abc import PGresult
from sqlalchemy import Connection as EngineConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from geo.spelling import parameter

Connection = psycopg.Connection[Any]
Kept = TypeVar("Kept")

_LINE = "line"
_SOUND = (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK, ExecStatus.COPY_IN)
_BINARY = 1


def rows(session: Session, statement: str, **values: Any) -> Sequence[Any]:
    """Run a statement with `%(name)s` parameters in the session's transaction; all its rows.

    Lists become PostgreSQL arrays: the statement says of what, as in `%(ids)s::uuid[]`. Rows are
    named tuples.

    Raises: what SQLAlchemy raises for the same failure.
    """
    return _line(session).rows(statement, values)


def run(session: Session, statement: str, **values: Any) -> None:
    """As `rows`, of a statement that has none."""
    _line(session).sent(statement, values)


def soon(session: Session, statement: str, **values: Any) -> None:
    """As `run`, in one turn with the next statement that goes by this module.

    For what nobody waits for: a turn costs both ends as much as a short statement. What goes
    another way (SQLAlchemy's own statements) may come before it. Failures are raised by the next.
    """
    _line(session).waiting.append((statement, values))


def ahead(session: Session, *statements: str) -> None:
    """Open a `copy … from stdin`, the last of these, in one turn with the next statement.

    That one is run first, and these, which have no values, after it. The rows come by `copy`; what
    is asked before them ends it without any.
    """
    _line(session).opening = statements


def copy(
    session: Session, *statements: str, lines: str, meanwhile: Callable[[], None] | None = None
) -> None:
    """Run a `copy … from stdin`, the last of these, in the session's transaction after what waits.

    It may have been opened `ahead` by the same statements, which have no values. `lines` are rows
    in PostgreSQL's text format; `meanwhile` is done while the server takes them, and may not use
    the session. Raises: what SQLAlchemy raises for the same failure.
    """
    _line(session).copied(statements, lines, meanwhile)


def kept(session: Session, kind: type[Kept]) -> Kept:
    """The one thing of a kind that the session's connection keeps, from transaction to transaction.

    Nobody else uses it meanwhile: a connection has one user at a time.
    """
    things = _line(session).kept
    if kind not in things:
        things[kind] = kind()
    thing: Kept = things[kind]
    return thing


def lend(session: Session, connection: EngineConnection) -> None:
    """Have a new session's hot statements go by a connection that it is bound to.

    Its transaction is begun by the first of them, and ended by whoever lends: SQLAlchemy has a part
    in it only where it says something itself.
    """
    session.info[_LINE] = (None, _clean(_line_of(connection)))


def settle(session: Session) -> None:
    """Send what waits for a next statement, where there is none."""
    _line(session).settle()


def give_up(session: Session) -> None:
    """End a copy that was opened, so that the session can roll back. Raises nothing."""
    known: tuple[object, _Line] | None = session.info.get(_LINE)
    if known is not None:
        with suppress(psycopg.Error):
            known[1].make_way()


class Cursor(psycopg.Cursor[Any]):
    """The driver's own, for what SQLAlchemy says between the statements of this module."""

    def execute(self, *said: Any, **how: Any) -> Self:
        """As the driver's, after a copy that was opened has been ended."""
        _make_way(self.connection)
        return super().execute(*said, **how)

    def executemany(self, *said: Any, **how: Any) -> None:
        """As the driver's, after a copy that was opened has been ended."""
        _make_way(self.connection)
        super().executemany(*said, **how)


def _make_way(connection: Connection) -> None:
    line: _Line | None = getattr(connection, _LINE, None)
    if line is not None:
        line.make_way()


@dataclass(frozen=True)
class _Prepared:
    """A statement as a connection knows it, and what its rows are."""

    name: bytes
    row: Callable[[Sequence[Any]], Any]


@dataclass
class _Line:
    """A connection and the statements it has prepared."""

    connection: Connection
    prepared: dict[str, _Prepared] = field(default_factory=dict)
    waiting: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    # What opens a copy with the next statement, and what has opened one that waits for its rows.
    opening: Sequence[str] = ()
    opened: Sequence[str] = ()
    kept: dict[type, Any] = field(default_factory=dict)

    def rows(self, statement: str, values: dict[str, Any]) -> Sequence[Any]:
        """Send a statement; its rows."""
        result = self.sent(statement, values)
        transformer = Transformer(self.connection)
        transformer.set_pgresult(result)
        return transformer.load_rows(0, result.ntuples, self.prepared[statement].row)

    def settle(self) -> None:
        """Send what waits."""
        if self.waiting:
            self.sent(*self.waiting.pop())
        else:
            self.make_way()

    def sent(self, statement: str, values: dict[str, Any]) -> PGresult:
        """Send what waits and a statement; what came of the statement. Raises: DBAPIError."""
        try:
            self.make_way()
            if self.opening:
                return self._opened(statement, values)
            together = [*self.waiting, (statement, values)]
            self.waiting.clear()
            if self._is_idle():
                together.insert(0, (self._begin(), {}))
            ready = [(self._known(text).name, _parameters(text, said)) for text, said in together]
            return self._at_once(*ready[0]) if len(ready) == 1 else self._in_one_turn(ready)
        except psycopg.Error as error:
            raise DBAPIError.instance(statement, None, error, psycopg.Error) from error

    def copied(
        self,
        statements: Sequence[str],
        lines: str,
        meanwhile: Callable[[], None] | None = None,
    ) -> None:
        """Send what waits, and rows. Raises: DBAPIError."""
        self.opening = ()
        try:
            if self.waiting or self.opened != statements:
                self._last_of(self._said_plainly(statements))
            self.opened = ()
            self._lines_given(lines, meanwhile)
        except psycopg.Error as error:
            raise DBAPIError.instance(statements[-1], None, error, psycopg.Error) from error

    def make_way(self) -> None:
        """End a copy that waits for rows."""
        if self.opened:
            self.opened = ()
            self._lines_given("", None)

    def _opened(self, statement: str, values: dict[str, Any]) -> PGresult:
        """Send a statement, and what opens a copy, in one turn; what came of the statement."""
        statements, self.opening = self.opening, ()
        known, parameters = self._known(statement), _parameters(statement, values)
        escaping = Escaping(self.connection.pgconn)
        spelled = [
            "null" if value is None else bytes(escaping.escape_literal(value)).decode()
            for value in parameters
        ]
        said = f"({', '.join(spelled)})" if spelled else ""
        results = self._said_plainly((f"execute {known.name.decode()}{said}", *statements))
        self._last_of(results)
        self.opened = statements
        return results[-1 - len(statements)]

    def _said_plainly(self, statements: Sequence[str]) -> list[PGresult]:
        """Send what waits and statements without values in one turn, up to where a copy is open."""
        self.settle() if any(values for _, values in self.waiting) else self.make_way()
        words = [*(text for text, _ in self.waiting), *statements]
        self.waiting.clear()
        if self._is_idle():
            words.insert(0, self._begin())
        self.connection.pgconn.send_query("; ".join(words).encode())
        self._flush()
        results: list[PGresult] = []
        while (result := self._next()) is not None:
            results.append(result)
            if result.status == ExecStatus.COPY_IN:
                break
        return results

    def _lines_given(self, lines: str, meanwhile: Callable[[], None] | None) -> None:
        """Give an open copy its rows and end it."""
        pgconn = self.connection.pgconn
        if lines and pgconn.put_copy_data(lines.encode()) != 1:
            pgconn.finish()
            raise psycopg.OperationalError("no memory for the rows of a copy")
        pgconn.put_copy_end()
        self._flush()
        results: list[PGresult] = []
        try:
            if meanwhile is not None:
                meanwhile()
        finally:
            while (result := self._next()) is not None:
                results.append(result)
        self._last_of(results)

    def _last_of(self, results: Sequence[PGresult]) -> PGresult:
        """The last of results, all of which are sound."""
        return [self._sound(result) for result in results][-1]

    def _is_idle(self) -> bool:
        return bool(self.connection.pgconn.transaction_status == TransactionStatus.IDLE)

    def _at_once(self, name: bytes, parameters: list[bytes | None]) -> PGresult:
        # Its stub forgets that a parameter may be NULL.
        result = self.connection.pgconn.exec_prepared(name, parameters, None, _BINARY)  # type: ignore[arg-type]
        return self._sound(result)

    def _in_one_turn(self, ready: Sequence[tuple[bytes, list[bytes | None]]]) -> PGresult:
        """Send several, then read what came of them: the last one's, or the first failure."""
        pgconn = self.connection.pgconn
        try:
            pgconn.enter_pipeline_mode()
            for name, parameters in ready:
                pgconn.send_query_prepared(name, parameters, None, _BINARY)
            pgconn.pipeline_sync()
            self._flush()
            results = []
            while (result := self._next()) is None or result.status != ExecStatus.PIPELINE_SYNC:
                if result is not None:
                    results.append(result)
            pgconn.exit_pipeline_mode()
        except BaseException:
            # Nobody could tell what is still to come from what is asked next.
            pgconn.finish()
            raise
        # Whatever follows a failure is not done.
        return self._last_of(results)

    def _next(self) -> PGresult | None:
        pgconn = self.connection.pgconn
        # To ask before it is there would hold the interpreter until it is.
        while pgconn.is_busy():
            self._wait(select.POLLIN)
        result = pgconn.get_result()
        if result is None and pgconn.status == ConnStatus.BAD:
            raise psycopg.OperationalError(pgconn.get_error_message())
        return result

    def _flush(self) -> None:
        while self.connection.pgconn.flush():
            self._wait(select.POLLIN | select.POLLOUT)

    def _wait(self, ready: int) -> None:
        poll = select.poll()
        poll.register(self.connection.pgconn.socket, ready)
        poll.poll()
        self.connection.pgconn.consume_input()

    def _begin(self) -> str:
        """As the driver begins a transaction by itself before a statement of a cursor."""
        level, reads = self.connection.isolation_level, self.connection.read_only
        words = ["begin"]
        if level is not None:
            words.append(f"isolation level {level.name.replace('_', ' ')}")
        if reads is not None:
            words.append("read only" if reads else "read write")
        return " ".join(words)

    def _known(self, statement: str) -> _Prepared:
        return self.prepared.get(statement) or self._prepare(statement)

    def _prepare(self, statement: str) -> _Prepared:
        pgconn = self.connection.pgconn
        name = b"hot%d" % len(self.prepared)
        self._sound(pgconn.prepare(name, _numbered(statement).text))
        shape = self._sound(pgconn.describe_prepared(name))
        names = [(shape.fname(place) or b"").decode() for place in range(shape.nfields)]
        kind = namedtuple("Row", names, rename=True)  # type: ignore[misc]
        self.prepared[statement] = known = _Prepared(name, kind._make)
        return known

    def _sound(self, result: PGresult) -> PGresult:
        if result.status in _SOUND:
            return result
        if self.connection.pgconn.status == ConnStatus.BAD:
            raise psycopg.OperationalError(result.get_error_message())
        raise error_from_result(result)


def _line(session: Session) -> _Line:
    """Of the session's transaction: asking SQLAlchemy costs a fifth of a short statement."""
    transaction = session.get_transaction()
    known: tuple[object, _Line] | None = session.info.get(_LINE)
    if known is not None and known[0] in (None, transaction):
        return known[1]
    line = _clean(_line_of(session.connection()))
    session.info[_LINE] = (session.get_transaction(), line)
    return line


def _line_of(connection: EngineConnection) -> _Line:
    """The line of a connection, kept on it and no longer than it."""
    raw: Any = connection.connection.driver_connection
    line: _Line | None = getattr(raw, _LINE, None)
    if line is None:
        line = _Line(raw)
        setattr(raw, _LINE, line)
    return line


def _clean(line: _Line) -> _Line:
    """Without what an earlier transaction left: it was of a transaction that failed."""
    line.waiting.clear()
    line.opening = ()
    return line


@dataclass(frozen=True)
class _Numbered:
    """A statement with `$1` for `%(name)s`, and the names in that order."""

    text: bytes
    names: tuple[str, ...]


@cache
def _numbered(statement: str) -> _Numbered:
    names = tuple(dict.fromkeys(re.findall(r"%\((\w+)\)s", statement)))
    for number, name in enumerate(names, 1):
        statement = statement.replace(f"%({name})s", f"${number}")
    return _Numbered(statement.encode(), names)


def _parameters(statement: str, values: dict[str, Any]) -> list[bytes | None]:
    return [parameter(values[name]) for name in _numbered(statement).names]
