# SPDX-License-Identifier: Apache-2.0
"""checkpoints as they were"""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "checkpoint_was",
        sa.Column("district", sa.String(6), nullable=False),
        sa.Column("checkpoint", sa.Uuid(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("point", Geometry("POINT", srid=4326, spatial_index=False), nullable=False),
        sa.Column("radius_m", sa.Double(), nullable=False),
        sa.Column("asks_proof", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["district", "checkpoint"],
            ["checkpoint.district", "checkpoint.id"],
            name="fk_checkpoint_was_district_checkpoint",
        ),
        sa.PrimaryKeyConstraint("district", "checkpoint", "until", name="pk_checkpoint_was"),
        sa.CheckConstraint(
            "ST_XMin(point) >= -180 and ST_XMax(point) <= 180"
            " and ST_YMin(point) >= -90 and ST_YMax(point) <= 90"
            " and not ST_IsEmpty(point) and ST_IsValid(point)",
            name=op.f("ck_checkpoint_was_point_sound"),
        ),
    )
