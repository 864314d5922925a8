# SPDX-License-Identifier: Apache-2.0
"""the first schema"""

import geoalchemy2
import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    for extension in ("postgis", "pg_trgm", "btree_gist"):
        op.execute(f"create extension if not exists {extension}")
    op.create_table(
        "account",
        sa.Column("district", sa.String(length=6), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("scope", sa.String(length=18), nullable=True),
        sa.Column("worker", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "origin in ('real', 'drill', 'simulated')", name=op.f("ck_account_origin")
        ),
        sa.CheckConstraint(
            "case when role = 'worker' then worker is not null and scope is null else worker is null and starts_with(scope, district) end",
            name=op.f("ck_account_scope_or_worker"),
        ),
        sa.CheckConstraint(
            "role in ('admin', 'dispatcher', 'planner', 'supervisor', 'worker', 'viewer')",
            name=op.f("ck_account_role"),
        ),
        sa.PrimaryKeyConstraint("district", "id", name=op.f("pk_account")),
        sa.UniqueConstraint("username", name=op.f("uq_account_username")),
    )
    op.create_table(
        "device",
        sa.Column("district", sa.String(length=6), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("worker", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("profile", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "origin in ('real', 'drill', 'simulated')", name=op.f("ck_device_origin")
        ),
        sa.PrimaryKeyConstraint("district", "id", name=op.f("pk_device")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_device_token_hash")),
    )
    op.create_index(
        op.f("ix_device_district_worker"), "device", ["district", "worker"], unique=False
    )
    op.create_table(
        "district",
        sa.Column("code", sa.String(length=6), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("metric_srid", sa.Integer(), nullable=False),
        sa.Column("demo", sa.Boolean(), nullable=False),
        sa.Column("epoch", sa.Uuid(), nullable=False),
        sa.CheckConstraint("code ~ '^[0-9]{6}$'", name=op.f("ck_district_code")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_district")),
    )
    op.create_table(
        "outbox",
        sa.Column("district", sa.String(length=6), nullable=False),
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Uuid(), nullable=False),
        sa.Column("area", sa.Text(), nullable=True),
        sa.Column("workers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "place", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True
        ),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "origin in ('real', 'drill', 'simulated')", name=op.f("ck_outbox_origin")
        ),
        sa.PrimaryKeyConstraint("district", "seq", name=op.f("pk_outbox")),
    )
    op.create_index(
        op.f("ix_outbox_district_subject_seq"),
        "outbox",
        ["district", "subject", "seq"],
        unique=False,
    )
    op.create_index(
        "ix_outbox_places",
        "outbox",
        ["at"],
        unique=False,
        postgresql_where=sa.text("place is not null"),
    )
    op.create_table(
        "sign_in_failure",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_failure")),
    )
    op.create_index(
        op.f("ix_sign_in_failure_username_address_at"),
        "sign_in_failure",
        ["username", "address", "at"],
        unique=False,
    )
    op.create_geospatial_table(
        "track_fix",
        sa.Column("district", sa.String(length=6), nullable=False),
        sa.Column("worker", sa.Uuid(), nullable=False),
        sa.Column("observed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "point",
            geoalchemy2.Geometry(geometry_type="POINT", srid=4326, spatial_index=False),
            nullable=False,
        ),
        sa.Column("raw_lon", sa.Double(), nullable=False),
        sa.Column("raw_lat", sa.Double(), nullable=False),
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("accuracy_m", sa.Double(), nullable=False),
        sa.Column("mock", sa.Boolean(), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "origin in ('real', 'drill', 'simulated')", name=op.f("ck_track_fix_origin")
        ),
        sa.CheckConstraint(
            "system in ('wgs84', 'cgcs2000', 'gcj02', 'bd09')", name=op.f("ck_track_fix_system")
        ),
        sa.CheckConstraint(
            "ST_XMin(point) >= -180 and ST_XMax(point) <= 180 and ST_YMin(point) >= -90 and ST_YMax(point) <= 90 and not ST_IsEmpty(point) and ST_IsValid(point)",
            name=op.f("ck_track_fix_point_sound"),
        ),
        sa.CheckConstraint("accuracy_m >= 0", name=op.f("ck_track_fix_accuracy")),
        sa.PrimaryKeyConstraint("district", "worker", "observed_at", name=op.f("pk_track_fix")),
        postgresql_partition_by="RANGE (observed_at)",
    )
    op.create_table(
        "area_code",
        sa.Column("district", sa.String(length=6), nullable=False),
        sa.Column("code", sa.String(length=18), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.CheckConstraint("code ~ '^[0-9]{6}([0-9]{3}){0,4}$'", name=op.f("ck_area_code_code")),
        sa.CheckConstraint("left(code, 6) = district", name=op.f("ck_area_code_district")),
        sa.ForeignKeyConstraint(
            ["district"], ["district.code"], name=op.f("fk_area_code_district")
        ),
        sa.PrimaryKeyConstraint("district", "code", name=op.f("pk_area_code")),
    )
    op.create_geospatial_table(
        "building",
        sa.Column("district", sa.String(length=6), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("street", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("estate", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("floors", sa.Integer(), nullable=False),
        sa.Column("households", sa.Integer(), nullable=False),
        sa.Column(
            "footprint",
            geoalchemy2.Geometry(geometry_type="GEOMETRY", srid=4326, spatial_index=False),
            nullable=False,
        ),
        sa.CheckConstraint(
            "ST_XMin(footprint) >= -180 and ST_XMax(footprint) <= 180 and ST_YMin(footprint) >= -90 and ST_YMax(footprint) <= 90 and not ST_IsEmpty(footprint) and ST_IsValid(footprint)",
            name=op.f("ck_building_footprint_sound"),
        ),
        sa.CheckConstraint(
            "units >= 0 and floors >= 0 and households >= 0", name=op.f("ck_building_counts")
        ),
        sa.ForeignKeyConstraint(["district"], ["district.code"], name=op.f("fk_building_district")),
        sa.PrimaryKeyConstraint("district", "id", name=op.f("pk_building")),
    )
    op.create_geospatial_index(
        "ix_building_footprint",
        "building",
        ["footprint"],
        unique=False,
        postgresql_using="gist",
        postgresql_ops={},
    )
    op.create_table(
        "check_in_policy",
        sa.Column("district", sa.String(length=6), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("during", postgresql.TSTZRANGE(), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("district"), "="),
            (sa.column("during"), "&&"),
            using="gist",
            name="ex_check_in_policy_one_holds",
        ),
        sa.ForeignKeyConstraint(
            ["district"], ["district.code"], name=op.f("fk_check_in_policy_district")
        ),
        sa.PrimaryKeyConstraint("district", "version", name=op.f("pk_check_in_policy")),
    )
    op.create_geospatial_table(
        "incident",
        sa.Column("district", sa.String(length=6), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("said_place", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "reporter", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True
        ),
        sa.Column("label", sa.Text(), nullable=True),
        sa.Column(
            "point",
            geoalchemy2.Geometry(geometry_type="POINT", srid=4326, spatial_index=False),
            nullable=True,
        ),
        sa.Column("cell", sa.String(length=18), nullable=True),
        sa.Column("candidates", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("place_reason", sa.Text(), nullable=True),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "(status = 'closed') = (closed_at is not null)", name=op.f("ck_incident_closed")
        ),
        sa.CheckConstraint(
            "origin in ('real', 'drill', 'simulated')", name=op.f("ck_incident_origin")
        ),
        sa.CheckConstraint(
            "severity in ('normal', 'urgent', 'emergency')", name=op.f("ck_incident_severity")
        ),
        sa.CheckConstraint(
            "status <> 'unlocated' or point is null", name=op.f("ck_incident_unlocated")
        ),
        sa.CheckConstraint(
            "status in ('unlocated', 'open', 'linked', 'closed')", name=op.f("ck_incident_status")
        ),
        sa.CheckConstraint("title <> ''", name=op.f("ck_incident_titled")),
        sa.CheckConstraint(
            "ST_XMin(point) >= -180 and ST_XMax(point) <= 180 and ST_YMin(point) >= -90 and ST_YMax(point) <= 90 and not ST_IsEmpty(point) and ST_IsValid(point)",
            name=op.f("ck_incident_point_sound"),
        ),
        sa.ForeignKeyConstraint(["district"], ["district.code"], name=op.f("fk_incident_district")),
        sa.PrimaryKeyConstraint("district", "id", name=op.f("pk_incident")),
    )
    op.create_index(
        op.f("ix_incident_district_reported_at_id"),
        "incident",
        ["district", "reported_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_incident_district_status_reported_at"),
        "incident",
        ["district", "status", "reported_at"],
        unique=False,
    )
    op.create_geospatial_table(
        "place",
        sa.Column("district", sa.String(length=6), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("street", sa.Text(), nullable=True),
        sa.Column("estate", sa.Text(), nullable=True),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column(
            "point",
            geoalchemy2.Geometry(geometry_type="POINT", srid=4326, spatial_index=False),
            nullable=False,
        ),
        sa.CheckConstraint(
            "kind in ('building', 'street', 'estate', 'landmark', 'area')",
            name=op.f("ck_place_kind"),
        ),
        sa.CheckConstraint("label <> ''", name=op.f("ck_place_labelled")),
        sa.CheckConstraint(
            "ST_XMin(point) >= -180 and ST_XMax(point) <= 180 and ST_YMin(point) >= -90 and ST_YMax(point) <= 90 and not ST_IsEmpty(point) and ST_IsValid(point)",
            name=op.f("ck_place_point_sound"),
        ),
        sa.ForeignKeyConstraint(["district"], ["district.code"], name=op.f("fk_place_district")),
        sa.PrimaryKeyConstraint("district", "id", name=op.f("pk_place")),
    )
    op.create_index(
        op.f("ix_place_district_street_number"),
        "place",
        ["district", "street", "number"],
        unique=False,
    )
    op.create_index(
        op.f("ix_place_district_estate_number"),
        "place",
        ["district", "estate", "number"],
        unique=False,
    )
    op.create_index("ix_place_point", "place", ["point"], unique=False, postgresql_using="gist")
    op.create_table(
        "plan",
        sa.Column("district", sa.String(length=6), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("in_force_during", postgresql.DATERANGE(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("district"), "="),
            (sa.column("in_force_during"), "&&"),
            where=sa.text("status = 'published'"),
            using="gist",
            name="ex_plan_one_in_force",
        ),
        sa.CheckConstraint(
            "(status = 'draft') = (in_force_during is null) and not isempty(in_force_during)",
            name=op.f("ck_plan_dated_when_published"),
        ),
        sa.CheckConstraint("origin in ('real', 'drill', 'simulated')", name=op.f("ck_plan_origin")),
        sa.CheckConstraint(
            "status in ('draft', 'published', 'withdrawn')", name=op.f("ck_plan_status")
        ),
        sa.ForeignKeyConstraint(["district"], ["district.code"], name=op.f("fk_plan_district")),
        sa.PrimaryKeyConstraint("district", "id", name=op.f("pk_plan")),
    )
    op.create_table(
        "session",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("district", sa.String(length=6), nullable=False),
        sa.Column("account", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["district", "account"],
            ["account.district", "account.id"],
            name=op.f("fk_session_district_account"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_session")),
    )
    op.create_index(
        op.f("ix_session_district_account"), "session", ["district", "account"], unique=False
    )
    op.create_geospatial_table(
        "street",
        sa.Column("district", sa.String(length=6), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column(
            "line",
            geoalchemy2.Geometry(geometry_type="GEOMETRY", srid=4326, spatial_index=False),
            nullable=False,
        ),
        sa.CheckConstraint(
            "ST_XMin(line) >= -180 and ST_XMax(line) <= 180 and ST_YMin(line) >= -90 and ST_YMax(line) <= 90 and not ST_IsEmpty(line) and ST_IsValid(line)",
            name=op.f("ck_street_line_sound"),
        ),
        sa.ForeignKeyConstraint(["district"], ["district.code"], name=op.f("fk_street_district")),
        sa.PrimaryKeyConstraint("district", "id", name=op.f("pk_street")),
    )
    op.create_geospatial_index(
        "ix_street_line",
        "street",
        ["line"],
        unique=False,
        postgresql_using="gist",
        postgresql_ops={},
    )
    op.create_geospatial_table(
        "terrain",
        sa.Column("district", sa.String(length=6), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sort", sa.Text(), nullable=False),
        sa.Column(
            "shape",
            geoalchemy2.Geometry(geometry_type="GEOMETRY", srid=4326, spatial_index=False),
            nullable=False,
        ),
        sa.CheckConstraint("kind in ('water', 'green', 'railway')", name=op.f("ck_terrain_kind")),
        sa.CheckConstraint(
            "ST_XMin(shape) >= -180 and ST_XMax(shape) <= 180 and ST_YMin(shape) >= -90 and ST_YMax(shape) <= 90 and not ST_IsEmpty(shape) and ST_IsValid(shape)",
            name=op.f("ck_terrain_shape_sound"),
        ),
        sa.ForeignKeyConstraint(["district"], ["district.code"], name=op.f("fk_terrain_district")),
        sa.PrimaryKeyConstraint("district", "id", name=op.f("pk_terrain")),
    )
    op.create_table(
        "worker",
        sa.Column("district", sa.String(length=6), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.CheckConstraint("name <> ''", name=op.f("ck_worker_named")),
        sa.CheckConstraint(
            "origin in ('real', 'drill', 'simulated')", name=op.f("ck_worker_origin")
        ),
        sa.ForeignKeyConstraint(["district"], ["district.code"], name=op.f("fk_worker_district")),
        sa.PrimaryKeyConstraint("district", "id", name=op.f("pk_worker")),
    )
    op.create_geospatial_table(
        "area",
        sa.Column("district", sa.String(length=6), nullable=False),
        sa.Column("plan", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=18), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("parent", sa.String(length=18), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("aliases", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("households", sa.Integer(), nullable=False),
        sa.Column(
            "boundary",
            geoalchemy2.Geometry(geometry_type="GEOMETRY", srid=4326, spatial_index=False),
            nullable=False,
        ),
        sa.CheckConstraint(
            "ST_GeometryType(boundary) in ('ST_Polygon', 'ST_MultiPolygon')",
            name=op.f("ck_area_polygonal"),
        ),
        sa.CheckConstraint(
            "case when level = 'district' then parent is null else parent is not null and parent = left(code, -3) end",
            name=op.f("ck_area_nested"),
        ),
        sa.CheckConstraint(
            "length(code) = 6 + 3 * array_position(array['district','subdistrict','community','cell','building_group'], level) - 3",
            name=op.f("ck_area_level_of_code"),
        ),
        sa.CheckConstraint(
            "level in ('district', 'subdistrict', 'community', 'cell', 'building_group')",
            name=op.f("ck_area_level"),
        ),
        sa.CheckConstraint(
            "ST_XMin(boundary) >= -180 and ST_XMax(boundary) <= 180 and ST_YMin(boundary) >= -90 and ST_YMax(boundary) <= 90 and not ST_IsEmpty(boundary) and ST_IsValid(boundary)",
            name=op.f("ck_area_boundary_sound"),
        ),
        sa.CheckConstraint("households >= 0", name=op.f("ck_area_households")),
        sa.ForeignKeyConstraint(
            ["district", "code"],
            ["area_code.district", "area_code.code"],
            name=op.f("fk_area_district_code"),
        ),
        sa.ForeignKeyConstraint(
            ["district", "plan", "parent"],
            ["area.district", "area.plan", "area.code"],
            name="fk_area_parent",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["district", "plan"], ["plan.district", "plan.id"], name=op.f("fk_area_district_plan")
        ),
        sa.PrimaryKeyConstraint("district", "plan", "code", name=op.f("pk_area")),
    )
    op.create_index(
        "ix_area_cell_boundary",
        "area",
        ["plan", "boundary"],
        unique=False,
        postgresql_using="gist",
        postgresql_where=sa.text("level = 'cell'"),
    )
    op.create_index(
        op.f("ix_area_district_plan_level"), "area", ["district", "plan", "level"], unique=False
    )
    op.create_table(
        "assignment",
        sa.Column("district", sa.String(length=6), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("worker", sa.Uuid(), nullable=False),
        sa.Column("cell", sa.String(length=18), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("during", postgresql.TSTZRANGE(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("district"), "="),
            (sa.column("cell"), "="),
            (sa.column("role"), "="),
            (sa.column("during"), "&&"),
            where=sa.text("role in ('holder', 'stand_in')"),
            using="gist",
            name="ex_assignment_one_at_a_time",
        ),
        postgresql.ExcludeConstraint(
            (sa.column("district"), "="),
            (sa.column("worker"), "="),
            (sa.column("cell"), "="),
            (sa.column("during"), "&&"),
            using="gist",
            name="ex_assignment_one_role_a_worker",
        ),
        sa.CheckConstraint(
            "origin in ('real', 'drill', 'simulated')", name=op.f("ck_assignment_origin")
        ),
        sa.CheckConstraint(
            "role in ('holder', 'assistant', 'stand_in', 'grid_leader')",
            name=op.f("ck_assignment_role"),
        ),
        sa.CheckConstraint("length(cell) = 15", name=op.f("ck_assignment_cell")),
        sa.CheckConstraint(
            "not isempty(during) and not lower_inf(during) and lower_inc(during) and not upper_inc(during)",
            name=op.f("ck_assignment_during"),
        ),
        sa.ForeignKeyConstraint(
            ["district", "cell"],
            ["area_code.district", "area_code.code"],
            name=op.f("fk_assignment_district_cell"),
        ),
        sa.ForeignKeyConstraint(
            ["district", "worker"],
            ["worker.district", "worker.id"],
            name=op.f("fk_assignment_district_worker"),
        ),
        sa.PrimaryKeyConstraint("district", "id", name=op.f("pk_assignment")),
    )
    op.create_geospatial_table(
        "checkpoint",
        sa.Column("district", sa.String(length=6), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("cell", sa.String(length=18), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "point",
            geoalchemy2.Geometry(geometry_type="POINT", srid=4326, spatial_index=False),
            nullable=False,
        ),
        sa.Column("radius_m", sa.Double(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "origin in ('real', 'drill', 'simulated')", name=op.f("ck_checkpoint_origin")
        ),
        sa.CheckConstraint(
            "ST_XMin(point) >= -180 and ST_XMax(point) <= 180 and ST_YMin(point) >= -90 and ST_YMax(point) <= 90 and not ST_IsEmpty(point) and ST_IsValid(point)",
            name=op.f("ck_checkpoint_point_sound"),
        ),
        sa.CheckConstraint("length(cell) = 15", name=op.f("ck_checkpoint_cell")),
        sa.CheckConstraint("radius_m > 0 and radius_m <= 500", name=op.f("ck_checkpoint_radius")),
        sa.ForeignKeyConstraint(
            ["district", "cell"],
            ["area_code.district", "area_code.code"],
            name=op.f("fk_checkpoint_district_cell"),
        ),
        sa.PrimaryKeyConstraint("district", "id", name=op.f("pk_checkpoint")),
        sa.UniqueConstraint("district", "code", name=op.f("uq_checkpoint_district_code")),
    )
    op.create_index(
        op.f("ix_checkpoint_district_cell"),
        "checkpoint",
        ["district", "cell"],
        unique=False,
        postgresql_where=sa.text("retired_at is null"),
    )
    op.create_table(
        "duty",
        sa.Column("district", sa.String(length=6), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("worker", sa.Uuid(), nullable=False),
        sa.Column("during", postgresql.TSTZRANGE(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("district"), "="),
            (sa.column("worker"), "="),
            (sa.column("during"), "&&"),
            using="gist",
            name="ex_duty_one_at_a_time",
        ),
        sa.CheckConstraint("origin in ('real', 'drill', 'simulated')", name=op.f("ck_duty_origin")),
        sa.CheckConstraint(
            "not isempty(during) and not lower_inf(during) and lower_inc(during) and not upper_inc(during)",
            name=op.f("ck_duty_during"),
        ),
        sa.ForeignKeyConstraint(
            ["district", "worker"],
            ["worker.district", "worker.id"],
            name=op.f("fk_duty_district_worker"),
        ),
        sa.PrimaryKeyConstraint("district", "id", name=op.f("pk_duty")),
    )
    op.create_index(
        "ix_duty_open",
        "duty",
        ["district", "worker"],
        unique=True,
        postgresql_where=sa.text("upper_inf(during)"),
    )
    op.create_geospatial_table(
        "latest_position",
        sa.Column("district", sa.String(length=6), nullable=False),
        sa.Column("worker", sa.Uuid(), nullable=False),
        sa.Column(
            "point",
            geoalchemy2.Geometry(geometry_type="POINT", srid=4326, spatial_index=False),
            nullable=False,
        ),
        sa.Column("accuracy_m", sa.Double(), nullable=False),
        sa.Column("observed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("on_duty", sa.Boolean(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "origin in ('real', 'drill', 'simulated')", name=op.f("ck_latest_position_origin")
        ),
        sa.CheckConstraint(
            "ST_XMin(point) >= -180 and ST_XMax(point) <= 180 and ST_YMin(point) >= -90 and ST_YMax(point) <= 90 and not ST_IsEmpty(point) and ST_IsValid(point)",
            name=op.f("ck_latest_position_point_sound"),
        ),
        sa.ForeignKeyConstraint(
            ["district", "worker"],
            ["worker.district", "worker.id"],
            name=op.f("fk_latest_position_district_worker"),
        ),
        sa.PrimaryKeyConstraint("district", "worker", name=op.f("pk_latest_position")),
    )
    op.create_geospatial_index(
        "ix_latest_position_on_duty",
        "latest_position",
        ["point"],
        unique=False,
        postgresql_using="gist",
        postgresql_where=sa.text("on_duty"),
        postgresql_ops={},
    )
    op.create_table(
        "linkup",
        sa.Column("district", sa.String(length=6), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("incident", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("ring", sa.Integer(), nullable=False),
        sa.Column("lead", sa.Uuid(), nullable=True),
        sa.Column("recommendation", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "origin in ('real', 'drill', 'simulated')", name=op.f("ck_linkup_origin")
        ),
        sa.CheckConstraint("status in ('open', 'closed')", name=op.f("ck_linkup_status")),
        sa.ForeignKeyConstraint(
            ["district", "incident"],
            ["incident.district", "incident.id"],
            name=op.f("fk_linkup_district_incident"),
        ),
        sa.PrimaryKeyConstraint("district", "id", name=op.f("pk_linkup")),
    )
    op.create_index(
        op.f("ix_linkup_district_incident"), "linkup", ["district", "incident"], unique=False
    )
    op.create_index(
        "ix_linkup_one_open",
        "linkup",
        ["district", "incident"],
        unique=True,
        postgresql_where=sa.text("status = 'open'"),
    )
    op.create_table(
        "place_name",
        sa.Column("district", sa.String(length=6), nullable=False),
        sa.Column("place", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["district", "place"],
            ["place.district", "place.id"],
            name=op.f("fk_place_name_district_place"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("district", "place", "name", name=op.f("pk_place_name")),
    )
    op.create_index(
        op.f("ix_place_name_district_name"), "place_name", ["district", "name"], unique=False
    )
    op.create_index(
        "ix_place_name_trigrams",
        "place_name",
        ["name"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"name": "gin_trgm_ops"},
    )
    op.create_table(
        "work_log",
        sa.Column("district", sa.String(length=6), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("worker", sa.Uuid(), nullable=False),
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "origin in ('real', 'drill', 'simulated')", name=op.f("ck_work_log_origin")
        ),
        sa.CheckConstraint("text <> ''", name=op.f("ck_work_log_written")),
        sa.ForeignKeyConstraint(
            ["district", "worker"],
            ["worker.district", "worker.id"],
            name=op.f("fk_work_log_district_worker"),
        ),
        sa.PrimaryKeyConstraint("district", "id", name=op.f("pk_work_log")),
    )
    op.create_index(
        op.f("ix_work_log_district_worker_on_date"),
        "work_log",
        ["district", "worker", "on_date"],
        unique=False,
    )
    op.create_table(
        "ask",
        sa.Column("district", sa.String(length=6), nullable=False),
        sa.Column("linkup", sa.Uuid(), nullable=False),
        sa.Column("worker", sa.Uuid(), nullable=False),
        sa.Column("ring", sa.Integer(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("distance_m", sa.Double(), nullable=True),
        sa.Column("age_s", sa.Double(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer_text", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state in ('asked', 'accepted', 'declined', 'timed_out', 'late', 'released', 'arrived')",
            name=op.f("ck_ask_state"),
        ),
        sa.ForeignKeyConstraint(
            ["district", "linkup"],
            ["linkup.district", "linkup.id"],
            name=op.f("fk_ask_district_linkup"),
        ),
        sa.ForeignKeyConstraint(
            ["district", "worker"],
            ["worker.district", "worker.id"],
            name=op.f("fk_ask_district_worker"),
        ),
        sa.PrimaryKeyConstraint("district", "linkup", "worker", name=op.f("pk_ask")),
    )
    op.create_index(
        op.f("ix_ask_district_worker_state"), "ask", ["district", "worker", "state"], unique=False
    )
    op.create_index(
        "ix_ask_due",
        "ask",
        ["answer_by"],
        unique=False,
        postgresql_where=sa.text("state = 'asked'"),
    )
    op.create_index(
        "ix_ask_one_lead",
        "ask",
        ["district", "linkup"],
        unique=True,
        postgresql_where=sa.text("state in ('accepted', 'arrived')"),
    )
    op.create_geospatial_table(
        "check_in",
        sa.Column("district", sa.String(length=6), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("worker", sa.Uuid(), nullable=False),
        sa.Column("checkpoint", sa.Uuid(), nullable=True),
        sa.Column("raw_lon", sa.Double(), nullable=False),
        sa.Column("raw_lat", sa.Double(), nullable=False),
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("accuracy_m", sa.Double(), nullable=False),
        sa.Column("mock", sa.Boolean(), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("device", sa.Uuid(), nullable=True),
        sa.Column("observed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
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
        sa.Column("plan", sa.Uuid(), nullable=False),
        sa.Column("policy", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "origin in ('real', 'drill', 'simulated')", name=op.f("ck_check_in_origin")
        ),
        sa.CheckConstraint(
            "system in ('wgs84', 'cgcs2000', 'gcj02', 'bd09')", name=op.f("ck_check_in_system")
        ),
        sa.CheckConstraint(
            "verdict in ('inside', 'uncertain', 'outside')", name=op.f("ck_check_in_verdict")
        ),
        sa.CheckConstraint(
            "(verdict is null) = (cell is null)", name=op.f("ck_check_in_judged_against_a_cell")
        ),
        sa.CheckConstraint(
            "ST_XMin(point) >= -180 and ST_XMax(point) <= 180 and ST_YMin(point) >= -90 and ST_YMax(point) <= 90 and not ST_IsEmpty(point) and ST_IsValid(point)",
            name=op.f("ck_check_in_point_sound"),
        ),
        sa.CheckConstraint("accuracy_m >= 0", name=op.f("ck_check_in_accuracy")),
        sa.CheckConstraint("share_inside between 0 and 1", name=op.f("ck_check_in_share")),
        sa.ForeignKeyConstraint(
            ["district", "checkpoint"],
            ["checkpoint.district", "checkpoint.id"],
            name=op.f("fk_check_in_district_checkpoint"),
        ),
        sa.ForeignKeyConstraint(
            ["district", "plan"],
            ["plan.district", "plan.id"],
            name=op.f("fk_check_in_district_plan"),
        ),
        sa.ForeignKeyConstraint(
            ["district", "policy"],
            ["check_in_policy.district", "check_in_policy.version"],
            name=op.f("fk_check_in_district_policy"),
        ),
        sa.ForeignKeyConstraint(
            ["district", "worker"],
            ["worker.district", "worker.id"],
            name=op.f("fk_check_in_district_worker"),
        ),
        sa.PrimaryKeyConstraint("district", "id", name=op.f("pk_check_in")),
    )
    op.create_index(
        op.f("ix_check_in_district_observed_at_id"),
        "check_in",
        ["district", "observed_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_check_in_district_worker_observed_at"),
        "check_in",
        ["district", "worker", "observed_at"],
        unique=False,
    )
    op.create_table(
        "placement",
        sa.Column("district", sa.String(length=6), nullable=False),
        sa.Column("plan", sa.Uuid(), nullable=False),
        sa.Column("building", sa.Text(), nullable=False),
        sa.Column("cell", sa.String(length=18), nullable=False),
        sa.Column("building_group", sa.String(length=18), nullable=False),
        sa.CheckConstraint("left(building_group, 15) = cell", name=op.f("ck_placement_nested")),
        sa.ForeignKeyConstraint(
            ["district", "building"],
            ["building.district", "building.id"],
            name=op.f("fk_placement_district_building"),
        ),
        sa.ForeignKeyConstraint(
            ["district", "plan", "building_group"],
            ["area.district", "area.plan", "area.code"],
            name="fk_placement_building_group",
        ),
        sa.ForeignKeyConstraint(
            ["district", "plan", "cell"],
            ["area.district", "area.plan", "area.code"],
            name=op.f("fk_placement_district_plan_cell"),
        ),
        sa.PrimaryKeyConstraint("district", "plan", "building", name=op.f("pk_placement")),
    )
    op.create_index(
        op.f("ix_placement_district_plan_cell"),
        "placement",
        ["district", "plan", "cell"],
        unique=False,
    )
    # Days without a partition of their own; the clockwork makes partitions ahead of time.
    op.execute("create table track_fix_default partition of track_fix default")
