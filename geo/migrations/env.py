# SPDX-License-Identifier: Apache-2.0
"""Alembic's environment: reviewed migrations, one direction."""

from typing import Any, Literal

from alembic import context
from geoalchemy2 import alembic_helpers
from sqlalchemy import NullPool, create_engine

from geo.columns import ShapelyGeometry, UtcInstant
from geo.schema import METADATA, ignored

url: str = context.config.attributes["url"]


def render(kind: str, obj: Any, autogen_context: Any) -> str | Literal[False]:
    """Spell our column types by what they are in the database: a migration outlives our classes."""
    if isinstance(obj, UtcInstant):
        return "sa.DateTime(timezone=True)"
    if isinstance(obj, ShapelyGeometry):
        shape = f'geometry_type="{obj.geometry_type}", srid=4326, spatial_index=False'
        return f"geoalchemy2.Geometry({shape})"
    rendered: str | Literal[False] = alembic_helpers.render_item(kind, obj, autogen_context)
    return rendered


with create_engine(url, poolclass=NullPool).connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=METADATA,
        include_object=ignored,
        process_revision_directives=alembic_helpers.writer,
        render_item=render,
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
