# SPDX-License-Identifier: Apache-2.0
"""what passes from hand to hand when one plan follows another"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("assignment", sa.Column("plan", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_assignment_district_plan"),
        "assignment",
        "plan",
        ["district", "plan"],
        ["district", "id"],
    )
    op.add_column("checkpoint_was", sa.Column("cell", sa.String(18), nullable=True))
    op.execute(
        "update checkpoint_was set cell = checkpoint.cell from checkpoint"
        " where checkpoint.district = checkpoint_was.district"
        " and checkpoint.id = checkpoint_was.checkpoint"
    )
    op.alter_column("checkpoint_was", "cell", nullable=False)
    op.create_table(
        "assignment_was",
        sa.Column("district", sa.String(6), nullable=False),
        sa.Column("plan", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("worker", sa.Uuid(), nullable=False),
        sa.Column("cell", sa.String(18), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("during", postgresql.TSTZRANGE(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["district", "plan"],
            ["plan.district", "plan.id"],
            name=op.f("fk_assignment_was_district_plan"),
        ),
        sa.ForeignKeyConstraint(
            ["district", "worker"],
            ["worker.district", "worker.id"],
            name=op.f("fk_assignment_was_district_worker"),
        ),
        sa.PrimaryKeyConstraint("district", "plan", "id", name=op.f("pk_assignment_was")),
    )
    op.create_table(
        "handover_task",
        sa.Column("district", sa.String(6), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("plan", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("area", sa.String(18), nullable=False),
        sa.Column("to", sa.String(18), nullable=True),
        sa.Column("subject", sa.Uuid(), nullable=True),
        sa.Column("body", postgresql.JSONB(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_by", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "kind in ('assignment', 'unheld', 'checkpoint', 'incident', 'account')",
            name=op.f("ck_handover_task_kind"),
        ),
        sa.CheckConstraint(
            "(done_at is null) = (done_by is null)", name=op.f("ck_handover_task_done")
        ),
        sa.ForeignKeyConstraint(
            ["district", "plan"],
            ["plan.district", "plan.id"],
            name=op.f("fk_handover_task_district_plan"),
        ),
        sa.PrimaryKeyConstraint("district", "id", name=op.f("pk_handover_task")),
    )
    op.create_index(
        op.f("ix_handover_task_district_plan"), "handover_task", ["district", "plan"], unique=False
    )
