# SPDX-License-Identifier: Apache-2.0
"""what is handed over keeps the name its department had"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("transfer", sa.Column("name", sa.Text(), nullable=True))
    # Until now a department kept its name.
    op.execute(
        """
        update transfer set name = department.name from department
        where department.district = transfer.district and department.id = transfer.department
        """
    )
    op.alter_column("transfer", "name", nullable=False)
