# SPDX-License-Identifier: Apache-2.0
"""drafts, lines of descent, and when a plan took effect"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("plan", sa.Column("took_effect_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("update plan set took_effect_at = created_at where status = 'published'")
    op.drop_constraint(op.f("ck_plan_status"), "plan", type_="check")
    op.create_check_constraint(
        op.f("ck_plan_status"),
        "plan",
        "status in ('draft', 'published', 'withdrawn', 'discarded')",
    )
    op.drop_constraint(op.f("ck_plan_dated_when_published"), "plan", type_="check")
    op.create_check_constraint(
        op.f("ck_plan_dated_when_published"),
        "plan",
        "(status in ('draft', 'discarded')) = (in_force_during is null)"
        " and not isempty(in_force_during)",
    )
    op.create_table(
        "area_lineage",
        sa.Column("district", sa.String(6), nullable=False),
        sa.Column("plan", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(18), nullable=False),
        sa.Column("came_from", sa.String(18), nullable=False),
        sa.CheckConstraint(
            "code <> came_from and length(code) = length(came_from)",
            name=op.f("ck_area_lineage_line"),
        ),
        sa.ForeignKeyConstraint(
            ["district", "plan", "code"],
            ["area.district", "area.plan", "area.code"],
            name=op.f("fk_area_lineage_district_plan_code"),
        ),
        sa.ForeignKeyConstraint(
            ["district", "came_from"],
            ["area_code.district", "area_code.code"],
            name="fk_area_lineage_came_from",
        ),
        sa.PrimaryKeyConstraint(
            "district", "plan", "code", "came_from", name=op.f("pk_area_lineage")
        ),
    )
    op.create_table(
        "draft",
        sa.Column("district", sa.String(6), nullable=False),
        sa.Column("plan", sa.Uuid(), nullable=False),
        sa.Column("base", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("state", sa.Integer(), nullable=False),
        sa.Column("undone", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "revision >= 0 and state >= 0 and state <= revision", name=op.f("ck_draft_counted")
        ),
        sa.ForeignKeyConstraint(
            ["district", "plan"], ["plan.district", "plan.id"], name=op.f("fk_draft_district_plan")
        ),
        sa.ForeignKeyConstraint(
            ["district", "base"], ["plan.district", "plan.id"], name="fk_draft_base"
        ),
        sa.PrimaryKeyConstraint("district", "plan", name=op.f("pk_draft")),
    )
    op.create_table(
        "draft_step",
        sa.Column("district", sa.String(6), nullable=False),
        sa.Column("plan", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Integer(), nullable=False),
        sa.Column("built_on", sa.Integer(), nullable=True),
        sa.Column("asked", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column("outcome", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column("delta", sa.LargeBinary(), nullable=True),
        sa.Column("snapshot", sa.Boolean(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind in ('edit', 'branch', 'import', 'draw', 'undo', 'redo')",
            name=op.f("ck_draft_step_kind"),
        ),
        sa.CheckConstraint(
            "(kind in ('undo', 'redo')) = (delta is null)"
            " and (delta is null) = (built_on is null)"
            " and (delta is null or state = revision)",
            name=op.f("ck_draft_step_outcome"),
        ),
        sa.ForeignKeyConstraint(
            ["district", "plan"],
            ["draft.district", "draft.plan"],
            name=op.f("fk_draft_step_district_plan"),
        ),
        sa.PrimaryKeyConstraint("district", "plan", "revision", name=op.f("pk_draft_step")),
    )
