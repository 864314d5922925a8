# SPDX-License-Identifier: Apache-2.0
"""second looks: verdicts given again, appeals, findings about devices"""

import geoalchemy2
import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "device_slip",
        sa.Column("district", sa.String(length=6), nullable=False),
        sa.Column("device", sa.Uuid(), nullable=False),
        sa.Column("observed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("hypothesis", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "hypothesis in ('gcj02', 'bd09', 'swapped', 'sign', 'none')",
            name=op.f("ck_device_slip_hypothesis"),
        ),
        sa.CheckConstraint(
            "origin in ('real', 'drill', 'simulated')", name=op.f("ck_device_slip_origin")
        ),
        sa.ForeignKeyConstraint(
            ["district", "device"],
            ["device.district", "device.id"],
            name=op.f("fk_device_slip_district_device"),
        ),
        sa.PrimaryKeyConstraint("district", "device", "observed_at", name=op.f("pk_device_slip")),
    )
    op.create_index(op.f("ix_device_slip_at"), "device_slip", ["at"], unique=False)
    op.create_table(
        "device_finding",
        sa.Column("district", sa.String(length=6), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("device", sa.Uuid(), nullable=False),
        sa.Column("worker", sa.Uuid(), nullable=False),
        sa.Column("hypothesis", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("check_ins", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("displaced_m", sa.Double(), nullable=True),
        sa.Column("bearing_deg", sa.Double(), nullable=True),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "hypothesis in ('gcj02', 'bd09', 'swapped', 'sign', 'none')",
            name=op.f("ck_device_finding_hypothesis"),
        ),
        sa.CheckConstraint(
            "num_nulls(decided_by, decided_at) = case when state = 'open' then 2 else 0 end",
            name=op.f("ck_device_finding_decided"),
        ),
        sa.CheckConstraint(
            "origin in ('real', 'drill', 'simulated')", name=op.f("ck_device_finding_origin")
        ),
        sa.CheckConstraint(
            "state in ('open', 'confirmed', 'dismissed')", name=op.f("ck_device_finding_state")
        ),
        sa.CheckConstraint("points > 0", name=op.f("ck_device_finding_points")),
        sa.ForeignKeyConstraint(
            ["district", "device"],
            ["device.district", "device.id"],
            name=op.f("fk_device_finding_district_device"),
        ),
        sa.ForeignKeyConstraint(
            ["district", "worker"],
            ["worker.district", "worker.id"],
            name=op.f("fk_device_finding_district_worker"),
        ),
        sa.PrimaryKeyConstraint("district", "id", name=op.f("pk_device_finding")),
    )
    op.create_index(
        op.f("ix_device_finding_district_found_at_id"),
        "device_finding",
        ["district", "found_at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_device_finding_one_open",
        "device_finding",
        ["district", "device", "hypothesis"],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "appeal",
        sa.Column("district", sa.String(length=6), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("check_in", sa.Uuid(), nullable=False),
        sa.Column("worker", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "num_nulls(decided_by, decided_at, decision) = case when state = 'open' then 3 else 0 end",
            name=op.f("ck_appeal_decided"),
        ),
        sa.CheckConstraint(
            "origin in ('real', 'drill', 'simulated')", name=op.f("ck_appeal_origin")
        ),
        sa.CheckConstraint("state in ('open', 'upheld', 'rejected')", name=op.f("ck_appeal_state")),
        sa.CheckConstraint("text <> ''", name=op.f("ck_appeal_written")),
        sa.ForeignKeyConstraint(
            ["district", "check_in"],
            ["check_in.district", "check_in.id"],
            name=op.f("fk_appeal_district_check_in"),
        ),
        sa.ForeignKeyConstraint(
            ["district", "worker"],
            ["worker.district", "worker.id"],
            name=op.f("fk_appeal_district_worker"),
        ),
        sa.PrimaryKeyConstraint("district", "id", name=op.f("pk_appeal")),
    )
    op.create_index(
        op.f("ix_appeal_district_check_in"), "appeal", ["district", "check_in"], unique=False
    )
    op.create_index(
        op.f("ix_appeal_district_made_at_id"), "appeal", ["district", "made_at", "id"], unique=False
    )
    op.create_index(
        "ix_appeal_one_open",
        "appeal",
        ["district", "check_in"],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_geospatial_table(
        "check_in_verdict",
        sa.Column("district", sa.String(length=6), nullable=False),
        sa.Column("check_in", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("plan", sa.Uuid(), nullable=False),
        sa.Column("policy", sa.Integer(), nullable=False),
        sa.Column("read_as", sa.Text(), nullable=True),
        sa.Column(
            "point",
            geoalchemy2.Geometry(geometry_type="POINT", srid=4326, spatial_index=False),
            nullable=False,
        ),
        sa.Column("cell", sa.String(length=18), nullable=True),
        sa.Column("verdict", sa.Text(), nullable=True),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        sa.Column("reasons", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("doubts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("share_inside", sa.Double(), nullable=True),
        sa.Column("distance_to_border_m", sa.Double(), nullable=True),
        sa.Column("distance_to_checkpoint_m", sa.Double(), nullable=True),
        sa.Column("located_cell", sa.String(length=18), nullable=True),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "(number = 1) = (cause = 'first')", name=op.f("ck_check_in_verdict_first")
        ),
        sa.CheckConstraint(
            "cause in ('first', 'rejudged', 'appeal')", name=op.f("ck_check_in_verdict_cause")
        ),
        sa.CheckConstraint(
            "origin in ('real', 'drill', 'simulated')", name=op.f("ck_check_in_verdict_origin")
        ),
        sa.CheckConstraint(
            "read_as in ('gcj02', 'bd09', 'swapped', 'sign')",
            name=op.f("ck_check_in_verdict_read_as"),
        ),
        sa.CheckConstraint(
            "verdict in ('inside', 'uncertain', 'outside')",
            name=op.f("ck_check_in_verdict_verdict"),
        ),
        sa.CheckConstraint(
            "ST_XMin(point) >= -180 and ST_XMax(point) <= 180 and ST_YMin(point) >= -90 and ST_YMax(point) <= 90 and not ST_IsEmpty(point) and ST_IsValid(point)",
            name=op.f("ck_check_in_verdict_point_sound"),
        ),
        sa.ForeignKeyConstraint(
            ["district", "check_in"],
            ["check_in.district", "check_in.id"],
            name=op.f("fk_check_in_verdict_district_check_in"),
        ),
        sa.PrimaryKeyConstraint("district", "check_in", "number", name=op.f("pk_check_in_verdict")),
    )
    op.add_column("check_in", sa.Column("accuracy_level", sa.Double(), nullable=True))
    op.add_column("check_in", sa.Column("read_as", sa.Text(), nullable=True))
    op.add_column("check_in", sa.Column("site_lon", sa.Double(), nullable=True))
    op.add_column("check_in", sa.Column("site_lat", sa.Double(), nullable=True))
    op.add_column("check_in", sa.Column("site_radius_m", sa.Double(), nullable=True))
    op.create_index(
        op.f("ix_check_in_district_device_observed_at"),
        "check_in",
        ["district", "device", "observed_at"],
        unique=False,
        postgresql_where=sa.text("device is not null"),
    )
    op.create_check_constraint(
        op.f("ck_check_in_read_as"), "check_in", "read_as in ('gcj02', 'bd09', 'swapped', 'sign')"
    )
    op.create_check_constraint(
        op.f("ck_check_in_site"),
        "check_in",
        "num_nulls(site_lon, site_lat, site_radius_m) in (0, 3)",
    )
