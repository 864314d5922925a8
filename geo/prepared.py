# SPDX-License-Identifier: Apache-2.0
"""Hot statements: spelled once, and sent as they are, straight to the driver.

Making and compiling a statement of expressions costs more than PostgreSQL takes to run it; what
runs thousands of times a second is therefore written as SQL, and PostgreSQL prepares it.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson
import psycopg
from psycopg.rows import namedtuple_row
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

_DRIVER = "driver"


def rows(session: Session, statement: str, **values: Any) -> Sequence[Any]:
    """Run a statement with `%(name)s` parameters in the session's transaction; all its rows.

    Lists become PostgreSQL arrays: the statement says of what, as in `%(ids)s::uuid[]`. Rows are
    named tuples.

    Raises: what SQLAlchemy raises for the same failure.
    """
    return _sent(session, statement, values).fetchall()


def run(session: Session, statement: str, **values: Any) -> None:
    """As `rows`, of a statement that has none."""
    _sent(session, statement, values)


def driver(session: Session) -> psycopg.Connection[Any]:
    """The driver's connection of the session's transaction.

    Looked up once a transaction: asking SQLAlchemy costs a fifth of a short statement each time.
    """
    known: tuple[object, psycopg.Connection[Any]] | None = session.info.get(_DRIVER)
    if known is not None and known[0] is session.get_transaction():
        return known[1]
    connection: psycopg.Connection[Any] | None = session.connection().connection.driver_connection
    assert connection is not None
    session.info[_DRIVER] = (session.get_transaction(), connection)
    return connection


def _sent(session: Session, statement: str, values: dict[str, Any]) -> psycopg.Cursor[Any]:
    cursor: psycopg.Cursor[Any] = driver(session).cursor(row_factory=namedtuple_row)
    spelled = {
        name: _array(value) if isinstance(value, list) else value for name, value in values.items()
    }
    try:
        return cursor.execute(statement, spelled, prepare=True)
    except psycopg.Error as error:
        raise DBAPIError.instance(statement, None, error, psycopg.Error) from error


def _array(values: list[Any]) -> str:
    """An array in PostgreSQL's own spelling: the driver takes a multiple of the time for it."""
    kind = next((value.__class__ for value in values if value is not None), str)
    if kind in _AS_JSON:
        return f"{{{orjson.dumps(values).decode()[1:-1]}}}"
    spell = _SPELLED[kind]
    return f"{{{','.join(['NULL' if value is None else spell(value) for value in values])}}}"


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


# Spelled alike in both, NULL included.
_AS_JSON = {UUID, int, bool, date}
# By the exact type: whoever brings another kind of value says here how it is spelled.
_SPELLED: dict[type, Callable[[Any], str]] = {
    str: _quoted,
    float: repr,
    datetime: datetime.isoformat,
    bytes: lambda value: f'"\\\\x{value.hex()}"',
}
