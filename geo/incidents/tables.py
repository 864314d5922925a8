# SPDX-License-Identifier: Apache-2.0
"""Incidents, linkups and their asks."""

from datetime import datetime
from typing import Any
from uuid import UUID

from shapely.geometry.base import BaseGeometry
from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TSTZRANGE, ExcludeConstraint, Range
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
from geo.incidents.climbs import ClimbLevel, ClimbState
from geo.incidents.rules import AskState, IncidentStatus, LinkupStatus, Released, Severity


class IncidentRow(Base):
    """A reported incident, wherever it is or may be."""

    __tablename__ = "incident"

    district: Mapped[str] = mapped_column(DISTRICT, ForeignKey("district.code"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(Text)
    category: Mapped[str] = mapped_column(Text)
    severity: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    # As it was said, whatever became of it.
    said_place: Mapped[dict[str, Any]] = mapped_column(JSONB)
    reporter: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    label: Mapped[str | None] = mapped_column(Text)
    point: Mapped[BaseGeometry | None] = mapped_column(ShapelyGeometry("POINT"))
    cell: Mapped[str | None] = mapped_column(AREA)
    candidates: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    # Why it has no place: a code.
    place_reason: Mapped[str | None] = mapped_column(Text)
    reported_at: Mapped[datetime] = mapped_column(UtcInstant)
    closed_at: Mapped[datetime | None] = mapped_column(UtcInstant)
    outcome: Mapped[str | None] = mapped_column(Text)
    # When the duty officer began to take it down: reported_at and the first ask count from here.
    heard_at: Mapped[datetime | None] = mapped_column(UtcInstant)
    # The name of the office it lies with.
    department: Mapped[str | None] = mapped_column(Text)
    merged_into: Mapped[UUID | None]
    calls: Mapped[int] = mapped_column(Integer, server_default="1")
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    actor: Mapped[str] = mapped_column(Text)
    origin: Mapped[str] = mapped_column(Text)

    __table_args__ = (
        one_of("severity", Severity),
        one_of("status", IncidentStatus),
        one_of("origin", Origin),
        CheckConstraint("title <> ''", name="titled"),
        CheckConstraint("status <> 'unlocated' or point is null", name="unlocated"),
        CheckConstraint("(status = 'closed') = (closed_at is not null)", name="closed"),
        CheckConstraint("heard_at <= reported_at", name="heard"),
        CheckConstraint("merged_into is null or status = 'closed'", name="merged"),
        CheckConstraint("merged_into <> id", name="merged_elsewhere"),
        ForeignKeyConstraint(["district", "merged_into"], ["incident.district", "incident.id"]),
        sound_geometry("point"),
        Index(None, "district", "status", "reported_at"),
        Index(None, "district", "reported_at", "id"),
        Index(None, "district", "merged_into", postgresql_where=text("merged_into is not null")),
    )


class LinkupRow(Base):
    """A search for the worker who takes an incident; at most one is open per incident."""

    __tablename__ = "linkup"

    district: Mapped[str] = mapped_column(DISTRICT, primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    incident: Mapped[UUID]
    status: Mapped[str] = mapped_column(Text)
    ring: Mapped[int] = mapped_column(Integer)
    lead: Mapped[UUID | None]
    # The recommendation as it was made, so that it can be replayed.
    recommendation: Mapped[dict[str, Any]] = mapped_column(JSONB)
    began_at: Mapped[datetime] = mapped_column(UtcInstant)
    # When somebody first took the lead.
    accepted_at: Mapped[datetime | None] = mapped_column(UtcInstant)
    lead_off_at: Mapped[datetime | None] = mapped_column(UtcInstant)
    # Codes of the cells that those engaged here left without a fresh worker.
    uncovered: Mapped[list[str]] = mapped_column(JSONB, server_default=text("'[]'"))
    ended_at: Mapped[datetime | None] = mapped_column(UtcInstant)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    actor: Mapped[str] = mapped_column(Text)
    origin: Mapped[str] = mapped_column(Text)

    __table_args__ = (
        ForeignKeyConstraint(["district", "incident"], ["incident.district", "incident.id"]),
        one_of("status", LinkupStatus),
        one_of("origin", Origin),
        Index(
            "ix_linkup_one_open",
            "district",
            "incident",
            unique=True,
            postgresql_where=text("status = 'open'"),
        ),
        Index(None, "district", "incident"),
    )


class AskRow(Base):
    """One worker asked in a linkup, with an answer clock of his own."""

    __tablename__ = "ask"

    district: Mapped[str] = mapped_column(DISTRICT, primary_key=True)
    linkup: Mapped[UUID] = mapped_column(primary_key=True)
    worker: Mapped[UUID] = mapped_column(primary_key=True)
    ring: Mapped[int] = mapped_column(Integer)
    rank: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    distance_m: Mapped[float | None] = mapped_column(Double)
    age_s: Mapped[float | None] = mapped_column(Double)
    asked_at: Mapped[datetime] = mapped_column(UtcInstant)
    answer_by: Mapped[datetime] = mapped_column(UtcInstant)
    answered_at: Mapped[datetime | None] = mapped_column(UtcInstant)
    arrived_at: Mapped[datetime | None] = mapped_column(UtcInstant)
    answer_text: Mapped[str | None] = mapped_column(Text)
    released_for: Mapped[str | None] = mapped_column(Text)
    helper: Mapped[bool] = mapped_column(Boolean, server_default=false())

    __table_args__ = (
        ForeignKeyConstraint(["district", "linkup"], ["linkup.district", "linkup.id"]),
        ForeignKeyConstraint(["district", "worker"], ["worker.district", "worker.id"]),
        one_of("state", AskState),
        one_of("released_for", Released),
        Index(
            "ix_ask_one_lead",
            "district",
            "linkup",
            unique=True,
            postgresql_where=text("state in ('accepted', 'arrived') and not helper"),
        ),
        Index("ix_ask_due", "answer_by", postgresql_where=text("state = 'asked'")),
        Index(None, "district", "worker", "state"),
    )


class FurtherCallRow(Base):
    """Somebody else called about an incident that is known already."""

    __tablename__ = "further_call"

    district: Mapped[str] = mapped_column(DISTRICT, primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    incident: Mapped[UUID]
    text: Mapped[str | None] = mapped_column(Text)
    reporter: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    at: Mapped[datetime] = mapped_column(UtcInstant)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    actor: Mapped[str] = mapped_column(Text)
    origin: Mapped[str] = mapped_column(Text)

    __table_args__ = (
        ForeignKeyConstraint(["district", "incident"], ["incident.district", "incident.id"]),
        one_of("origin", Origin),
        Index(None, "district", "incident"),
    )


class DepartmentRow(Base):
    """An office of the district that incidents are handed to."""

    __tablename__ = "department"

    district: Mapped[str] = mapped_column(DISTRICT, ForeignKey("district.code"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    phone: Mapped[str | None] = mapped_column(Text)
    added_at: Mapped[datetime] = mapped_column(UtcInstant)
    actor: Mapped[str] = mapped_column(Text)
    origin: Mapped[str] = mapped_column(Text)

    __table_args__ = (
        one_of("origin", Origin),
        CheckConstraint("name <> ''", name="named"),
        UniqueConstraint("district", "name"),
    )


class TransferRow(Base):
    """An incident was handed to a department; the last one is where it lies."""

    __tablename__ = "transfer"

    district: Mapped[str] = mapped_column(DISTRICT, primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    incident: Mapped[UUID]
    department: Mapped[UUID]
    # What the department was called then.
    name: Mapped[str] = mapped_column(Text)
    text: Mapped[str | None] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcInstant)
    actor: Mapped[str] = mapped_column(Text)
    origin: Mapped[str] = mapped_column(Text)

    __table_args__ = (
        ForeignKeyConstraint(["district", "incident"], ["incident.district", "incident.id"]),
        ForeignKeyConstraint(["district", "department"], ["department.district", "department.id"]),
        one_of("origin", Origin),
        Index(None, "district", "incident", "at"),
    )


class ClimbRow(Base):
    """One step of a linkup's climb, with an answer clock; that of command never runs out."""

    __tablename__ = "climb"

    district: Mapped[str] = mapped_column(DISTRICT, primary_key=True)
    linkup: Mapped[UUID] = mapped_column(primary_key=True)
    step: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    level: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    area: Mapped[str] = mapped_column(AREA)
    # Who was asked, by name as it was then.
    called: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    asked_at: Mapped[datetime] = mapped_column(UtcInstant)
    answer_by: Mapped[datetime | None] = mapped_column(UtcInstant)
    answered_at: Mapped[datetime | None] = mapped_column(UtcInstant)
    by: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))

    __table_args__ = (
        ForeignKeyConstraint(["district", "linkup"], ["linkup.district", "linkup.id"]),
        one_of("level", ClimbLevel),
        one_of("state", ClimbState),
        CheckConstraint("(state = 'acknowledged') = (by is not null)", name="by"),
        Index(
            "ix_climb_one_responsible",
            "district",
            "linkup",
            unique=True,
            postgresql_where=text("state = 'acknowledged'"),
        ),
        Index("ix_climb_due", "answer_by", postgresql_where=text("state = 'asked'")),
    )


class LinkupPolicyRow(Base):
    """A version of the district's linkup policy; at any instant at most one holds."""

    __tablename__ = "linkup_policy"

    district: Mapped[str] = mapped_column(DISTRICT, ForeignKey("district.code"), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    during: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
    body: Mapped[dict[str, Any]] = mapped_column(JSONB)

    __table_args__ = (
        ExcludeConstraint(
            ("district", "="), ("during", "&&"), using="gist", name="ex_linkup_policy_one_holds"
        ),
    )
