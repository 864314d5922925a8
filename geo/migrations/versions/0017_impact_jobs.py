# SPDX-License-Identifier: Apache-2.0
"""past check-ins are judged by a draft as a job"""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_constraint(op.f("ck_job_kind"), "job", type_="check")
    op.create_check_constraint(op.f("ck_job_kind"), "job", "kind in ('draw', 'impact')")
