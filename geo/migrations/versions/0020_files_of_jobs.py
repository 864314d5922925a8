# SPDX-License-Identifier: Apache-2.0
"""map sheets are drawn as a job, which makes a file"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_constraint(op.f("ck_job_kind"), "job", type_="check")
    op.create_check_constraint(op.f("ck_job_kind"), "job", "kind in ('draw', 'impact', 'sheets')")
    op.create_table(
        "job_file",
        sa.Column("district", sa.String(6), nullable=False),
        sa.Column("job", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["district", "job"], ["job.district", "job.id"], name=op.f("fk_job_file_district_job")
        ),
        sa.PrimaryKeyConstraint("district", "job", name=op.f("pk_job_file")),
    )
    op.create_index(op.f("ix_job_file_expires_at"), "job_file", ["expires_at"])
