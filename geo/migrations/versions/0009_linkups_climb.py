# SPDX-License-Identifier: Apache-2.0
"""linkups climb"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_LEAD = "state in ('accepted', 'arrived')"


def upgrade() -> None:
    for name in ("accepted_at", "lead_off_at"):
        op.add_column("linkup", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "linkup",
        sa.Column(
            "uncovered",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
    )
    op.add_column("ask", sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("ask", sa.Column("released_for", sa.Text(), nullable=True))
    op.add_column(
        "ask", sa.Column("helper", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.create_check_constraint(
        op.f("ck_ask_released_for"),
        "ask",
        "released_for in ('taken', 'closed', 'off_duty', 'officer', 'real_incident')",
    )
    # An arrival used to replace the moment of the acceptance; the acceptance of those is not known.
    op.execute("update ask set arrived_at = answered_at where state = 'arrived'")
    op.execute(
        "update linkup set accepted_at = ask.answered_at from ask where ask.district ="
        " linkup.district and ask.linkup = linkup.id and ask.state = 'accepted'"
    )
    op.drop_index("ix_ask_one_lead", table_name="ask", postgresql_where=sa.text(_LEAD))
    op.create_index(
        "ix_ask_one_lead",
        "ask",
        ["district", "linkup"],
        unique=True,
        postgresql_where=sa.text(f"{_LEAD} and not helper"),
    )
    op.create_table(
        "climb",
        sa.Column("district", sa.String(length=6), nullable=False),
        sa.Column("linkup", sa.Uuid(), nullable=False),
        sa.Column("step", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("area", sa.String(length=18), nullable=False),
        sa.Column("called", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("by", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.CheckConstraint(
            "level in ('grid_leader', 'community', 'subdistrict', 'command')",
            name=op.f("ck_climb_level"),
        ),
        sa.CheckConstraint(
            "state in ('asked', 'acknowledged', 'declined', 'timed_out', 'unmanned', 'released')",
            name=op.f("ck_climb_state"),
        ),
        sa.CheckConstraint("(state = 'acknowledged') = (by is not null)", name=op.f("ck_climb_by")),
        sa.ForeignKeyConstraint(
            ["district", "linkup"],
            ["linkup.district", "linkup.id"],
            name=op.f("fk_climb_district_linkup"),
        ),
        sa.PrimaryKeyConstraint("district", "linkup", "step", name=op.f("pk_climb")),
    )
    op.create_index(
        "ix_climb_one_responsible",
        "climb",
        ["district", "linkup"],
        unique=True,
        postgresql_where=sa.text("state = 'acknowledged'"),
    )
    op.create_index(
        "ix_climb_due", "climb", ["answer_by"], postgresql_where=sa.text("state = 'asked'")
    )
    op.create_table(
        "linkup_policy",
        sa.Column("district", sa.String(length=6), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("during", postgresql.TSTZRANGE(), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("district"), "="),
            (sa.column("during"), "&&"),
            using="gist",
            name="ex_linkup_policy_one_holds",
        ),
        sa.ForeignKeyConstraint(
            ["district"], ["district.code"], name=op.f("fk_linkup_policy_district")
        ),
        sa.PrimaryKeyConstraint("district", "version", name=op.f("pk_linkup_policy")),
    )
