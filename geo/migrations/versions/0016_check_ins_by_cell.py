# SPDX-License-Identifier: Apache-2.0
"""check-ins of a cell are found by an index"""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        op.f("ix_check_in_district_cell_observed_at"),
        "check_in",
        ["district", "cell", "observed_at"],
        unique=False,
    )
