# SPDX-License-Identifier: Apache-2.0
"""Policies, checkpoints, check-ins, work logs."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from shapely.geometry.base import BaseGeometry
from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Date,
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
from geo.crs import System
from geo.patrol.proofs import ProofState


class PolicyRow(Base):
    """A version of the district's check-in policy; at any instant exactly one holds."""

    __tablename__ = "check_in_policy"

    district: Mapped[str] = mapped_column(DISTRICT, ForeignKey("district.code"), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    during: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
    body: Mapped[dict[str, Any]] = mapped_column(JSONB)

    __table_args__ = (
        ExcludeConstraint(
            ("district", "="), ("during", "&&"), using="gist", name="ex_check_in_policy_one_holds"
        ),
    )


class CheckpointRow(Base):
    """A fixed point of a cell where a patrol checks in."""

    __tablename__ = "checkpoint"

    district: Mapped[str] = mapped_column(DISTRICT, primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    cell: Mapped[str] = mapped_column(AREA)
    code: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    point: Mapped[BaseGeometry] = mapped_column(ShapelyGeometry("POINT"))
    radius_m: Mapped[float] = mapped_column(Double)
    asks_proof: Mapped[bool] = mapped_column(Boolean, server_default=false())
    created_at: Mapped[datetime] = mapped_column(UtcInstant)
    retired_at: Mapped[datetime | None] = mapped_column(UtcInstant)
    origin: Mapped[str] = mapped_column(Text)

    __table_args__ = (
        ForeignKeyConstraint(["district", "cell"], ["area_code.district", "area_code.code"]),
        UniqueConstraint("district", "code"),
        one_of("origin", Origin),
        CheckConstraint("length(cell) = 15", name="cell"),
        CheckConstraint("radius_m > 0 and radius_m <= 500", name="radius"),
        sound_geometry("point"),
        Index(None, "district", "cell", postgresql_where=text("retired_at is null")),
    )


class ProofKeyRow(Base):
    """What a district's codes for doors are signed with. It leaves the database nowhere."""

    __tablename__ = "proof_key"

    district: Mapped[str] = mapped_column(DISTRICT, ForeignKey("district.code"), primary_key=True)
    key: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[datetime] = mapped_column(UtcInstant)

    __table_args__ = (CheckConstraint("length(key) = 32", name="key"),)


class ProofCodeRow(Base):
    """A code printed for the door of a checkpoint; one at most is in use."""

    __tablename__ = "proof_code"

    district: Mapped[str] = mapped_column(DISTRICT, primary_key=True)
    checkpoint: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    issued_at: Mapped[datetime] = mapped_column(UtcInstant)
    issued_by: Mapped[str] = mapped_column(Text)
    replaced_at: Mapped[datetime | None] = mapped_column(UtcInstant)
    origin: Mapped[str] = mapped_column(Text)

    __table_args__ = (
        ForeignKeyConstraint(["district", "checkpoint"], ["checkpoint.district", "checkpoint.id"]),
        one_of("origin", Origin),
        CheckConstraint("number > 0", name="number"),
        Index(
            None,
            "district",
            "checkpoint",
            unique=True,
            postgresql_where=text("replaced_at is null"),
        ),
    )


class CheckInRow(Base):
    """A check-in as it was said (raw) and as it was judged."""

    __tablename__ = "check_in"

    district: Mapped[str] = mapped_column(DISTRICT, primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    worker: Mapped[UUID]
    checkpoint: Mapped[UUID | None]
    raw_lon: Mapped[float] = mapped_column(Double)
    raw_lat: Mapped[float] = mapped_column(Double)
    system: Mapped[str] = mapped_column(Text)
    accuracy_m: Mapped[float] = mapped_column(Double)
    mock: Mapped[bool] = mapped_column(Boolean)
    source: Mapped[str | None] = mapped_column(Text)
    device: Mapped[UUID | None]
    # What the second proof was worth; the token itself is not kept.
    proof: Mapped[str | None] = mapped_column(Text)
    observed_at: Mapped[datetime] = mapped_column(UtcInstant)
    sent_at: Mapped[datetime | None] = mapped_column(UtcInstant)
    received_at: Mapped[datetime] = mapped_column(UtcInstant)
    point: Mapped[BaseGeometry] = mapped_column(ShapelyGeometry("POINT"))
    cell: Mapped[str | None] = mapped_column(AREA)
    verdict: Mapped[str | None] = mapped_column(Text)
    accepted: Mapped[bool] = mapped_column(Boolean)
    reasons: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    doubts: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    share_inside: Mapped[float | None] = mapped_column(Double)
    distance_to_border_m: Mapped[float | None] = mapped_column(Double)
    distance_to_checkpoint_m: Mapped[float | None] = mapped_column(Double)
    located_cell: Mapped[str | None] = mapped_column(AREA)
    plan: Mapped[UUID]
    policy: Mapped[int] = mapped_column(Integer)
    # What the whole day says, by the settling pass; `doubts` stays as the first answer said it.
    settled_doubts: Mapped[list[dict[str, Any]] | None] = mapped_column(JSONB(none_as_null=True))
    settled_at: Mapped[datetime | None] = mapped_column(UtcInstant)
    # Of the parsed values and the actor: the same id again is the same check-in, or an error.
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    actor: Mapped[str] = mapped_column(Text)
    origin: Mapped[str] = mapped_column(Text)

    __table_args__ = (
        ForeignKeyConstraint(["district", "worker"], ["worker.district", "worker.id"]),
        ForeignKeyConstraint(["district", "checkpoint"], ["checkpoint.district", "checkpoint.id"]),
        ForeignKeyConstraint(["district", "plan"], ["plan.district", "plan.id"]),
        ForeignKeyConstraint(
            ["district", "policy"], ["check_in_policy.district", "check_in_policy.version"]
        ),
        one_of("origin", Origin),
        one_of("system", System),
        one_of("proof", ProofState),
        CheckConstraint("verdict in ('inside', 'uncertain', 'outside')", name="verdict"),
        CheckConstraint("(verdict is null) = (cell is null)", name="judged_against_a_cell"),
        CheckConstraint("share_inside between 0 and 1", name="share"),
        CheckConstraint("accuracy_m >= 0", name="accuracy"),
        sound_geometry("point"),
        Index(None, "district", "worker", "observed_at"),
        Index(None, "district", "observed_at", "id"),
    )


class WorkLogRow(Base):
    """A worker's log of a patrol day."""

    __tablename__ = "work_log"

    district: Mapped[str] = mapped_column(DISTRICT, primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    worker: Mapped[UUID]
    on_date: Mapped[date] = mapped_column(Date)
    text: Mapped[str] = mapped_column(Text)
    received_at: Mapped[datetime] = mapped_column(UtcInstant)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    actor: Mapped[str] = mapped_column(Text)
    origin: Mapped[str] = mapped_column(Text)

    __table_args__ = (
        ForeignKeyConstraint(["district", "worker"], ["worker.district", "worker.id"]),
        one_of("origin", Origin),
        CheckConstraint("text <> ''", name="written"),
        Index(None, "district", "worker", "on_date"),
    )
