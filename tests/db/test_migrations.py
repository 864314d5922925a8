# SPDX-License-Identifier: Apache-2.0
"""The migrations make exactly the tables the code declares."""

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine

from geo.schema import METADATA, ignored


def test_migrations_match_the_tables(live_url: str) -> None:
    engine = create_engine(live_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"include_object": ignored, "compare_type": True}
        )
        assert compare_metadata(context, METADATA) == []
    engine.dispose()
