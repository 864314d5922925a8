# SPDX-License-Identifier: Apache-2.0
"""Hot statements: spelled once, and sent as they are.

Making and compiling a statement of expressions costs more than PostgreSQL takes to run it; what
runs thousands of times a second is therefore written as SQL, and the driver prepares it.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session


def rows(session: Session, statement: str, **values: Any) -> Sequence[Any]:
    """Run a statement with `%(name)s` parameters in the session's transaction; all its rows.

    Lists become PostgreSQL arrays. Rows are named tuples.
    """
    return session.connection().exec_driver_sql(statement, values).all()


def run(session: Session, statement: str, **values: Any) -> None:
    """As `rows`, of a statement that has none."""
    session.connection().exec_driver_sql(statement, values)
