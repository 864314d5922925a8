# SPDX-License-Identifier: Apache-2.0
"""the duty officer's desk: when he heard, further calls, merging, departments"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def _text(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _id(name: str) -> sa.Column:
    return sa.Column(name, sa.Uuid(), nullable=False)


def _instant(name: str) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)


def _district() -> sa.Column:
    return sa.Column("district", sa.String(length=6), nullable=False)


def _origin(table: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(
        "origin in ('real', 'drill', 'simulated')", name=op.f(f"ck_{table}_origin")
    )


def _to(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["district", column],
        [f"{other}.district", f"{other}.id"],
        name=op.f(f"fk_{table}_district_{column}"),
    )


def upgrade() -> None:
    op.add_column("incident", sa.Column("heard_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("incident", sa.Column("department", sa.Text(), nullable=True))
    op.add_column("incident", sa.Column("merged_into", sa.Uuid(), nullable=True))
    op.add_column("incident", sa.Column("calls", sa.Integer(), server_default="1", nullable=False))
    for name, rule in (
        ("heard", "heard_at <= reported_at"),
        ("merged", "merged_into is null or status = 'closed'"),
        ("merged_elsewhere", "merged_into <> id"),
    ):
        op.create_check_constraint(op.f(f"ck_incident_{name}"), "incident", rule)
    op.create_foreign_key(
        op.f("fk_incident_district_merged_into"),
        "incident",
        "incident",
        ["district", "merged_into"],
        ["district", "id"],
    )
    op.create_index(
        op.f("ix_incident_district_merged_into"),
        "incident",
        ["district", "merged_into"],
        unique=False,
        postgresql_where=sa.text("merged_into is not null"),
    )
    op.create_table(
        "further_call",
        _district(),
        _id("id"),
        _id("incident"),
        _text("text", nullable=True),
        sa.Column("reporter", postgresql.JSONB(none_as_null=True), nullable=True),
        _instant("at"),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        _text("actor"),
        _text("origin"),
        _origin("further_call"),
        _to("further_call", "incident", "incident"),
        sa.PrimaryKeyConstraint("district", "id", name=op.f("pk_further_call")),
    )
    op.create_index(
        op.f("ix_further_call_district_incident"), "further_call", ["district", "incident"]
    )
    op.create_table(
        "department",
        _district(),
        _id("id"),
        _text("name"),
        _text("phone", nullable=True),
        _instant("added_at"),
        _text("actor"),
        _text("origin"),
        sa.CheckConstraint("name <> ''", name=op.f("ck_department_named")),
        _origin("department"),
        sa.ForeignKeyConstraint(
            ["district"], ["district.code"], name=op.f("fk_department_district")
        ),
        sa.PrimaryKeyConstraint("district", "id", name=op.f("pk_department")),
        sa.UniqueConstraint("district", "name", name=op.f("uq_department_district_name")),
    )
    op.create_table(
        "transfer",
        _district(),
        _id("id"),
        _id("incident"),
        _id("department"),
        _text("text", nullable=True),
        _instant("at"),
        _text("actor"),
        _text("origin"),
        _origin("transfer"),
        _to("transfer", "incident", "incident"),
        _to("transfer", "department", "department"),
        sa.PrimaryKeyConstraint("district", "id", name=op.f("pk_transfer")),
    )
    op.create_index(
        op.f("ix_transfer_district_incident_at"), "transfer", ["district", "incident", "at"]
    )
