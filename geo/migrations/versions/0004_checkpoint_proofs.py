# SPDX-License-Identifier: Apache-2.0
"""a second proof at the door of a checkpoint"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "checkpoint",
        sa.Column("asks_proof", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.create_table(
        "proof_key",
        sa.Column("district", sa.String(length=6), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("length(key) = 32", name=op.f("ck_proof_key_key")),
        sa.ForeignKeyConstraint(
            ["district"], ["district.code"], name=op.f("fk_proof_key_district")
        ),
        sa.PrimaryKeyConstraint("district", name=op.f("pk_proof_key")),
    )
    op.create_table(
        "proof_code",
        sa.Column("district", sa.String(length=6), nullable=False),
        sa.Column("checkpoint", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issued_by", sa.Text(), nullable=False),
        sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "origin in ('real', 'drill', 'simulated')", name=op.f("ck_proof_code_origin")
        ),
        sa.CheckConstraint("number > 0", name=op.f("ck_proof_code_number")),
        sa.ForeignKeyConstraint(
            ["district", "checkpoint"],
            ["checkpoint.district", "checkpoint.id"],
            name=op.f("fk_proof_code_district_checkpoint"),
        ),
        sa.PrimaryKeyConstraint("district", "checkpoint", "number", name=op.f("pk_proof_code")),
    )
    op.create_index(
        op.f("ix_proof_code_district_checkpoint"),
        "proof_code",
        ["district", "checkpoint"],
        unique=True,
        postgresql_where=sa.text("replaced_at is null"),
    )
    op.add_column("check_in", sa.Column("proof", sa.Text(), nullable=True))
    op.create_check_constraint(
        op.f("ck_check_in_proof"),
        "check_in",
        "proof in ('valid', 'invalid', 'replaced', 'missing', 'not_asked')",
    )
