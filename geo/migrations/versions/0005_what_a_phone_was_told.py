# SPDX-License-Identifier: Apache-2.0
"""what a phone was told"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("device", sa.Column("told", sa.LargeBinary(), nullable=True))
    op.add_column("device", sa.Column("told_at", sa.DateTime(timezone=True), nullable=True))
