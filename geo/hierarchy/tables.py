# SPDX-License-Identifier: Apache-2.0
"""Districts, plans, areas, buildings."""

from datetime import date, datetime
from uuid import UUID

from shapely.geometry.base import BaseGeometry
from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, DATERANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from geo.columns import (
    AREA,
    DISTRICT,
    Base,
    Origin,
    ShapelyGeometry,
    UtcInstant,
    one_of,
    sound_geometry,
)
from geo.hierarchy.rules import PlanStatus
from geo.ids import Level


class DistrictRow(Base):
    """A district this installation serves."""

    __tablename__ = "district"

    code: Mapped[str] = mapped_column(DISTRICT, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    time_zone: Mapped[str] = mapped_column(Text)
    metric_srid: Mapped[int] = mapped_column(Integer)
    # Made by the demo: only such a district may ever be played into by the simulation.
    demo: Mapped[bool] = mapped_column(Boolean)
    # Changes when the database is restored from a backup: readers of the live feed start afresh.
    epoch: Mapped[UUID]

    __table_args__ = (CheckConstraint("code ~ '^[0-9]{6}$'", name="code"),)


class PlanRow(Base):
    """A division of the district. On any day at most one published plan is in force."""

    __tablename__ = "plan"

    district: Mapped[str] = mapped_column(DISTRICT, ForeignKey("district.code"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    in_force_during: Mapped[Range[date] | None] = mapped_column(DATERANGE)
    created_at: Mapped[datetime] = mapped_column(UtcInstant)
    # When what a new plan changes for people was carried out; None: its day has not come.
    took_effect_at: Mapped[datetime | None] = mapped_column(UtcInstant)
    origin: Mapped[str] = mapped_column(Text)

    __table_args__ = (
        one_of("status", PlanStatus),
        one_of("origin", Origin),
        CheckConstraint(
            "(status in ('draft', 'discarded')) = (in_force_during is null)"
            " and not isempty(in_force_during)",
            name="dated_when_published",
        ),
        ExcludeConstraint(
            ("district", "="),
            ("in_force_during", "&&"),
            where=text("status = 'published'"),
            using="gist",
            name="ex_plan_one_in_force",
        ),
    )


class AreaCodeRow(Base):
    """Every code ever issued. A code is never reused, so it outlives its area."""

    __tablename__ = "area_code"

    district: Mapped[str] = mapped_column(DISTRICT, ForeignKey("district.code"), primary_key=True)
    code: Mapped[str] = mapped_column(AREA, primary_key=True)
    issued_on: Mapped[date] = mapped_column(Date)

    __table_args__ = (
        CheckConstraint("code ~ '^[0-9]{6}([0-9]{3}){0,4}$'", name="code"),
        CheckConstraint("left(code, 6) = district", name="district"),
    )


class AreaRow(Base):
    """An area of one plan. Its code begins with its parent's and its parent is in the same plan."""

    __tablename__ = "area"

    district: Mapped[str] = mapped_column(DISTRICT, primary_key=True)
    plan: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(AREA, primary_key=True)
    level: Mapped[str] = mapped_column(Text)
    parent: Mapped[str | None] = mapped_column(AREA)
    name: Mapped[str] = mapped_column(Text)
    aliases: Mapped[list[str]] = mapped_column(ARRAY(Text))
    households: Mapped[int] = mapped_column(Integer)
    boundary: Mapped[BaseGeometry] = mapped_column(ShapelyGeometry())

    __table_args__ = (
        ForeignKeyConstraint(["district", "plan"], ["plan.district", "plan.id"]),
        ForeignKeyConstraint(["district", "code"], ["area_code.district", "area_code.code"]),
        ForeignKeyConstraint(
            ["district", "plan", "parent"],
            ["area.district", "area.plan", "area.code"],
            name="fk_area_parent",
            deferrable=True,
            initially="DEFERRED",
        ),
        one_of("level", Level),
        CheckConstraint(
            "length(code) = 6 + 3 * array_position("
            "array['district','subdistrict','community','cell','building_group'], level) - 3",
            name="level_of_code",
        ),
        CheckConstraint(
            "case when level = 'district' then parent is null"
            " else parent is not null and parent = left(code, -3) end",
            name="nested",
        ),
        CheckConstraint("households >= 0", name="households"),
        CheckConstraint(
            "ST_GeometryType(boundary) in ('ST_Polygon', 'ST_MultiPolygon')", name="polygonal"
        ),
        sound_geometry("boundary"),
        Index(None, "district", "plan", "level"),
        Index(
            "ix_area_cell_boundary",
            "plan",
            "boundary",
            postgresql_using="gist",
            postgresql_where=text("level = 'cell'"),
        ),
    )


class LineageRow(Base):
    """A published code and one that it took land or people over from, in the plan before."""

    __tablename__ = "area_lineage"

    district: Mapped[str] = mapped_column(DISTRICT, primary_key=True)
    plan: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(AREA, primary_key=True)
    came_from: Mapped[str] = mapped_column(AREA, primary_key=True)

    __table_args__ = (
        ForeignKeyConstraint(
            ["district", "plan", "code"], ["area.district", "area.plan", "area.code"]
        ),
        ForeignKeyConstraint(
            ["district", "came_from"],
            ["area_code.district", "area_code.code"],
            name="fk_area_lineage_came_from",
        ),
        CheckConstraint("code <> came_from and length(code) = length(came_from)", name="line"),
    )


class BuildingRow(Base):
    """A building stands where it stands, whatever the plan."""

    __tablename__ = "building"

    district: Mapped[str] = mapped_column(DISTRICT, ForeignKey("district.code"), primary_key=True)
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    street: Mapped[str] = mapped_column(Text)
    number: Mapped[str] = mapped_column(Text)
    estate: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    units: Mapped[int] = mapped_column(Integer)
    floors: Mapped[int] = mapped_column(Integer)
    households: Mapped[int] = mapped_column(Integer)
    footprint: Mapped[BaseGeometry] = mapped_column(ShapelyGeometry())

    __table_args__ = (
        CheckConstraint("units >= 0 and floors >= 0 and households >= 0", name="counts"),
        sound_geometry("footprint"),
        Index("ix_building_footprint", "footprint", postgresql_using="gist"),
    )


class PlacementRow(Base):
    """Which cell and building group of a plan a building belongs to: exactly one of each."""

    __tablename__ = "placement"

    district: Mapped[str] = mapped_column(DISTRICT, primary_key=True)
    plan: Mapped[UUID] = mapped_column(primary_key=True)
    building: Mapped[str] = mapped_column(Text, primary_key=True)
    cell: Mapped[str] = mapped_column(AREA)
    building_group: Mapped[str] = mapped_column(AREA)

    __table_args__ = (
        ForeignKeyConstraint(["district", "building"], ["building.district", "building.id"]),
        ForeignKeyConstraint(
            ["district", "plan", "cell"], ["area.district", "area.plan", "area.code"]
        ),
        ForeignKeyConstraint(
            ["district", "plan", "building_group"],
            ["area.district", "area.plan", "area.code"],
            name="fk_placement_building_group",
        ),
        CheckConstraint("left(building_group, 15) = cell", name="nested"),
        Index(None, "district", "plan", "cell"),
    )
