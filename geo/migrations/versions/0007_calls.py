# SPDX-License-Identifier: Apache-2.0
"""messages about an incident, calls, and what their ends tell each other"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_ORIGINS = "origin in ('real', 'drill', 'simulated')"


def upgrade() -> None:
    op.create_table(
        "message",
        sa.Column("district", sa.String(length=6), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("incident", sa.Uuid(), nullable=False),
        sa.Column("worker", sa.Uuid(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.CheckConstraint(_ORIGINS, name=op.f("ck_message_origin")),
        sa.CheckConstraint("text <> ''", name=op.f("ck_message_said")),
        sa.ForeignKeyConstraint(
            ["district", "incident"],
            ["incident.district", "incident.id"],
            name=op.f("fk_message_district_incident"),
        ),
        sa.ForeignKeyConstraint(
            ["district", "worker"],
            ["worker.district", "worker.id"],
            name=op.f("fk_message_district_worker"),
        ),
        sa.PrimaryKeyConstraint("district", "id", name=op.f("pk_message")),
    )
    op.create_index(
        op.f("ix_message_district_incident_at_id"), "message", ["district", "incident", "at", "id"]
    )
    op.create_table(
        "call",
        sa.Column("district", sa.String(length=6), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("linkup", sa.Uuid(), nullable=False),
        sa.Column("incident", sa.Uuid(), nullable=False),
        sa.Column("worker", sa.Uuid(), nullable=False),
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("officer", sa.Text(), nullable=True),
        sa.Column("officer_name", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("ending", sa.Text(), nullable=True),
        sa.Column("rang_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("desk_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("worker_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.CheckConstraint(_ORIGINS, name=op.f("ck_call_origin")),
        sa.CheckConstraint("caller in ('desk', 'worker')", name=op.f("ck_call_caller")),
        sa.CheckConstraint("state in ('ringing', 'talking', 'ended')", name=op.f("ck_call_state")),
        sa.CheckConstraint(
            "ending in ('hung_up', 'refused', 'missed', 'lost', 'no_microphone', 'released')",
            name=op.f("ck_call_ending"),
        ),
        sa.CheckConstraint(
            "(state = 'ended') = (ended_at is not null)", name=op.f("ck_call_ended")
        ),
        sa.CheckConstraint(
            "(state = 'ended') = (ending is not null)", name=op.f("ck_call_ended_somehow")
        ),
        sa.CheckConstraint(
            "state <> 'talking' or answered_at is not null", name=op.f("ck_call_talking")
        ),
        sa.ForeignKeyConstraint(
            ["district", "linkup"],
            ["linkup.district", "linkup.id"],
            name=op.f("fk_call_district_linkup"),
        ),
        sa.ForeignKeyConstraint(
            ["district", "worker"],
            ["worker.district", "worker.id"],
            name=op.f("fk_call_district_worker"),
        ),
        sa.PrimaryKeyConstraint("district", "id", name=op.f("pk_call")),
    )
    op.create_index(
        "ix_call_one_at_a_time",
        "call",
        ["district", "worker"],
        unique=True,
        postgresql_where=sa.text("state <> 'ended'"),
    )
    op.create_index("ix_call_live", "call", ["state"], postgresql_where=sa.text("state <> 'ended'"))
    op.create_index(
        op.f("ix_call_district_linkup_rang_at"), "call", ["district", "linkup", "rang_at"]
    )
    op.create_table(
        "call_signal",
        sa.Column("district", sa.String(length=6), nullable=False),
        sa.Column("number", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("call", sa.Uuid(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("sender in ('desk', 'worker')", name=op.f("ck_call_signal_sender")),
        sa.ForeignKeyConstraint(
            ["district", "call"],
            ["call.district", "call.id"],
            name=op.f("fk_call_signal_district_call"),
        ),
        sa.PrimaryKeyConstraint("district", "number", name=op.f("pk_call_signal")),
    )
    op.create_index(
        op.f("ix_call_signal_district_call_number"), "call_signal", ["district", "call", "number"]
    )
    op.create_index(op.f("ix_call_signal_at"), "call_signal", ["at"])
