# SPDX-License-Identifier: Apache-2.0
"""what a whole day says of its check-ins"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "check_in",
        sa.Column("settled_doubts", postgresql.JSONB(none_as_null=True), nullable=True),
    )
    op.add_column("check_in", sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "unsettled",
        sa.Column("district", sa.String(length=6), nullable=False),
        sa.Column("seq", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("worker", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("district", "seq", name=op.f("pk_unsettled")),
    )
    op.create_index(op.f("ix_unsettled_noted_at"), "unsettled", ["noted_at"])
    op.create_index(
        op.f("ix_unsettled_district_worker_day"), "unsettled", ["district", "worker", "day"]
    )
    op.create_table(
        "settled_day",
        sa.Column("district", sa.String(length=6), nullable=False),
        sa.Column("worker", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("prints", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("backwards", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("doubts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["district", "worker"],
            ["worker.district", "worker.id"],
            name=op.f("fk_settled_day_district_worker"),
        ),
        sa.PrimaryKeyConstraint("district", "worker", "day", name=op.f("pk_settled_day")),
    )
    op.create_index(
        op.f("ix_settled_day_prints"), "settled_day", ["prints"], postgresql_using="gin"
    )
    op.create_index(op.f("ix_settled_day_day"), "settled_day", ["day"])
