# SPDX-License-Identifier: Apache-2.0
"""the same request for a draft is answered by the same draft"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("draft", sa.Column("begun_by", sa.Text(), nullable=True))
    op.add_column("draft", sa.Column("digest", sa.LargeBinary(), nullable=True))
    # What was said for those that are there is not known: nobody says it again.
    op.execute("update draft set begun_by = actor, digest = ''")
    op.alter_column("draft", "begun_by", nullable=False)
    op.alter_column("draft", "digest", nullable=False)
