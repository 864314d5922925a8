# SPDX-License-Identifier: Apache-2.0
"""Alembic's environment: reviewed migrations, one direction."""

from alembic import context
from geoalchemy2 import alembic_helpers
from sqlalchemy import create_engine

from geo.schema import METADATA, ignored

url: str = context.config.attributes["url"]

with create_engine(url).connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=METADATA,
        include_object=ignored,
        process_revision_directives=alembic_helpers.writer,
        render_item=alembic_helpers.render_item,
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
