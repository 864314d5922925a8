# SPDX-License-Identifier: Apache-2.0
"""where a check-in was expires as tracks do"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in ("raw_lon", "raw_lat", "point"):
        op.alter_column("check_in", column, nullable=True)
    op.alter_column("check_in_verdict", "point", nullable=True)
    op.create_check_constraint(
        op.f("ck_check_in_place"), "check_in", "num_nulls(raw_lon, raw_lat, point) in (0, 3)"
    )
    op.create_index(
        "ix_check_in_places",
        "check_in",
        ["observed_at"],
        postgresql_where=sa.text("point is not null"),
    )
