# SPDX-License-Identifier: Apache-2.0
"""Many rows at once, by COPY: about ten times as fast as one INSERT a row, or one object a row."""

from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import cache
from typing import Any, TypeVar

import numpy as np
import orjson
import psycopg
import shapely
from numpy.typing import NDArray
from psycopg import sql
from sqlalchemy import Table, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from geo import prepared
from geo.columns import STORAGE_SRID, Base, ShapelyGeometry

Piece = TypeVar("Piece")

# PostgreSQL's binary COPY: signature, flags and length of an extension; and the mark at its end.
_COPY_HEADER, _COPY_END = 19, 2


def copy_rows(session: Session, table: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    """Append rows of column name to value; all with the same columns. In the session's transaction.

    Columns that are left out get what the database gives them (identities); constraints hold as
    they do for any row.

    Raises: what SQLAlchemy raises for the same failure of an INSERT.
    """
    if not rows:
        return
    session.flush()
    described = table.__table__
    assert isinstance(described, Table)
    names = tuple(rows[0])
    statement, spellings = _shape(described, names)
    columns = [
        spelled([row[name] for row in rows]) for name, spelled in zip(names, spellings, strict=True)
    ]
    try:
        with prepared.driver(session).cursor() as cursor, cursor.copy(statement) as copy:
            for row in zip(*columns, strict=True):
                copy.write_row(row)
    except psycopg.Error as error:
        spelled = f"copy {described.name}"
        raise DBAPIError.instance(spelled, None, error, psycopg.Error) from error


def take_stock(session: Session, *tables: type[Base]) -> None:
    """Tell PostgreSQL how full tables are by now, in the session's transaction.

    For tables that are filled and referred to in one transaction: a foreign key whose check was
    planned while they were empty reads all of a district for every row.
    """
    names = ", ".join(table.__tablename__ for table in tables)
    session.execute(text(f"analyze {names}"))


@cache
def _shape(
    table: Table, names: tuple[str, ...]
) -> tuple[bytes, list[Callable[[list[Any]], Sequence[Any]]]]:
    """The statement that takes these columns, and how each is spelled."""
    into = sql.SQL(", ").join(map(sql.Identifier, names))
    statement = sql.SQL("copy {} ({}) from stdin").format(sql.Identifier(table.name), into)
    return statement.as_bytes(), [_spelling(table.c[name].type) for name in names]


def _spelling(kind: Any) -> Callable[[list[Any]], Sequence[Any]]:
    """How the values of a column are spelled; a whole column at once."""
    if isinstance(kind, ShapelyGeometry):
        return _geometries
    return _json if isinstance(kind, JSONB) else list


def _geometries(values: list[Any]) -> Sequence[Any]:
    placed = shapely.set_srid(np.array(values, dtype=object), STORAGE_SRID)
    spelled: list[Any] = shapely.to_wkb(placed, hex=True, include_srid=True).tolist()
    return spelled


def _json(values: list[Any]) -> Sequence[Any]:
    return [
        None if value is None else orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()
        for value in values
    ]


def fixed_rows(
    session: Session, statement: str, kind: np.dtype[Any], *, at_once: int, **values: Any
) -> Iterator[NDArray[Any]]:
    """Rows of a SELECT as arrays of at most `at_once` records, read while they come.

    `kind` names the columns in their order, each by the numpy type of PostgreSQL's binary form
    (`>f8`, `>i4`, `u1`, `V16`); none of them may be NULL. `values` are its `%(name)s` parameters.

    Raises: what SQLAlchemy raises for the same failure.
    """
    framed = np.dtype(
        [("fields", ">i2")]
        + [
            field
            for name in kind.names or ()
            for field in ((f"length of {name}", ">i4"), (name, kind[name]))
        ]
    )
    connection = session.connection().connection.driver_connection
    assert connection is not None
    spelled = f"copy ({statement}) to stdout (format binary)"
    try:
        with connection.cursor() as cursor, cursor.copy(spelled, values) as copy:
            # Its header is no row; nor is the mark at the end, which is shorter than one.
            waiting, skipped = bytearray(), _COPY_HEADER
            for part in copy:
                waiting += part
                if len(waiting) >= skipped + at_once * framed.itemsize:
                    yield _records(waiting[skipped:], framed)
                    waiting, skipped = bytearray(), 0
            yield _records(waiting[skipped:-_COPY_END], framed)
    except psycopg.Error as error:
        raise DBAPIError.instance(statement, None, error, psycopg.Error) from error


def read_ahead(pieces: Generator[Piece]) -> Iterator[Piece]:
    """The same pieces; a thread reads the next one while this one is worked on.

    Until the end of it nobody else may use what they are read by.
    """
    with closing(pieces), ThreadPoolExecutor(1, "read ahead") as reader:
        coming = reader.submit(next, pieces, None)
        while (piece := coming.result()) is not None:
            coming = reader.submit(next, pieces, None)
            yield piece


def _records(data: bytearray, kind: np.dtype[Any]) -> NDArray[Any]:
    return np.frombuffer(data, dtype=kind)
