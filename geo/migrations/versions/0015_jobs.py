# SPDX-License-Identifier: Apache-2.0
"""long work, and the cells it draws"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "job",
        sa.Column("district", sa.String(6), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("progress", sa.Double(), nullable=False),
        sa.Column("asked", postgresql.JSONB(), nullable=False),
        sa.Column("result", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column("problem", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column("cancelling", sa.Boolean(), nullable=False),
        sa.Column("claim", sa.Uuid(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind in ('draw')", name=op.f("ck_job_kind")),
        sa.CheckConstraint(
            "state in ('queued', 'running', 'done', 'failed', 'cancelled')",
            name=op.f("ck_job_state"),
        ),
        sa.CheckConstraint("progress >= 0 and progress <= 1", name=op.f("ck_job_progress")),
        sa.CheckConstraint(
            "(state in ('done', 'failed', 'cancelled')) = (ended_at is not null)",
            name=op.f("ck_job_ended"),
        ),
        sa.CheckConstraint("(state = 'done') = (result is not null)", name=op.f("ck_job_result")),
        sa.ForeignKeyConstraint(["district"], ["district.code"], name=op.f("fk_job_district")),
        sa.PrimaryKeyConstraint("district", "id", name=op.f("pk_job")),
    )
    op.create_index(
        "ix_job_open",
        "job",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text("state in ('queued', 'running')"),
    )
    op.create_table(
        "drawing",
        sa.Column("district", sa.String(6), nullable=False),
        sa.Column("job", sa.Uuid(), nullable=False),
        sa.Column("number", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("plan", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Integer(), nullable=False),
        sa.Column("summary", postgresql.JSONB(), nullable=False),
        sa.Column("delta", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["district", "job"], ["job.district", "job.id"], name=op.f("fk_drawing_district_job")
        ),
        sa.ForeignKeyConstraint(
            ["district", "plan"],
            ["draft.district", "draft.plan"],
            name=op.f("fk_drawing_district_plan"),
        ),
        sa.PrimaryKeyConstraint("district", "job", "number", name=op.f("pk_drawing")),
    )
