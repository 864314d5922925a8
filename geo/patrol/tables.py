# SPDX-License-Identifier: Apache-2.0
"""Policies, checkpoints, check-ins and what was found of them, work logs."""

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
    sound_point,
)
from geo.crs import Mistake, System
from geo.patrol.appeals import AppealState
from geo.patrol.findings import FindingState, Hypothesis
from geo.patrol.proofs import ProofState
from geo.patrol.rejudged import Cause

_OPEN = text("state = 'open'")


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


class CheckpointWasRow(Base):
    """How a checkpoint stood until it was changed: what is still on its way is judged by that."""

    __tablename__ = "checkpoint_was"

    district: Mapped[str] = mapped_column(DISTRICT, primary_key=True)
    checkpoint: Mapped[UUID] = mapped_column(primary_key=True)
    until: Mapped[datetime] = mapped_column(UtcInstant, primary_key=True)
    cell: Mapped[str] = mapped_column(AREA)
    name: Mapped[str] = mapped_column(Text)
    point: Mapped[BaseGeometry] = mapped_column(ShapelyGeometry("POINT"))
    radius_m: Mapped[float] = mapped_column(Double)
    asks_proof: Mapped[bool] = mapped_column(Boolean)

    __table_args__ = (
        ForeignKeyConstraint(["district", "checkpoint"], ["checkpoint.district", "checkpoint.id"]),
        sound_geometry("point"),
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
    # Where it was expires: these and `point` go together.
    raw_lon: Mapped[float | None] = mapped_column(Double)
    raw_lat: Mapped[float | None] = mapped_column(Double)
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
    # Of the device as it was known: whatever it is known as later, the same evidence stays.
    accuracy_level: Mapped[float | None] = mapped_column(Double)
    read_as: Mapped[str | None] = mapped_column(Text)
    # Where the checkpoint stood when this was judged; it may be moved later.
    site_lon: Mapped[float | None] = mapped_column(Double)
    site_lat: Mapped[float | None] = mapped_column(Double)
    site_radius_m: Mapped[float | None] = mapped_column(Double)
    point: Mapped[BaseGeometry | None] = mapped_column(ShapelyGeometry("POINT"))
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

    # Worker, plan and policy are looked up once a statement, by a trigger, and stay for good: many
    # check-ins name the same, and row by row it would cost a quarter of keeping them.
    __table_args__ = (
        ForeignKeyConstraint(["district", "checkpoint"], ["checkpoint.district", "checkpoint.id"]),
        one_of("origin", Origin),
        one_of("system", System),
        one_of("proof", ProofState),
        CheckConstraint("verdict in ('inside', 'uncertain', 'outside')", name="verdict"),
        CheckConstraint("(verdict is null) = (cell is null)", name="judged_against_a_cell"),
        CheckConstraint("share_inside between 0 and 1", name="share"),
        CheckConstraint("accuracy_m >= 0", name="accuracy"),
        one_of("read_as", Mistake),
        CheckConstraint("num_nulls(site_lon, site_lat, site_radius_m) in (0, 3)", name="site"),
        CheckConstraint("num_nulls(raw_lon, raw_lat, point) in (0, 3)", name="place"),
        sound_point("point"),
        Index(None, "district", "worker", "observed_at"),
        # What a draft of a plan changes is of a few cells among all.
        Index(None, "district", "cell", "observed_at"),
        Index(None, "district", "observed_at", "id"),
        Index("ix_check_in_places", "observed_at", postgresql_where=text("point is not null")),
    )


class VerdictRow(Base):
    """A verdict of a check-in that was judged more than once; its last one is in force."""

    __tablename__ = "check_in_verdict"

    district: Mapped[str] = mapped_column(DISTRICT, primary_key=True)
    check_in: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    cause: Mapped[str] = mapped_column(Text)
    text: Mapped[str | None] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcInstant)
    plan: Mapped[UUID]
    policy: Mapped[int] = mapped_column(Integer)
    read_as: Mapped[str | None] = mapped_column(Text)
    point: Mapped[BaseGeometry | None] = mapped_column(ShapelyGeometry("POINT"))
    cell: Mapped[str | None] = mapped_column(AREA)
    verdict: Mapped[str | None] = mapped_column(Text)
    accepted: Mapped[bool] = mapped_column(Boolean)
    reasons: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    doubts: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    share_inside: Mapped[float | None] = mapped_column(Double)
    distance_to_border_m: Mapped[float | None] = mapped_column(Double)
    distance_to_checkpoint_m: Mapped[float | None] = mapped_column(Double)
    located_cell: Mapped[str | None] = mapped_column(AREA)
    origin: Mapped[str] = mapped_column(Text)

    __table_args__ = (
        ForeignKeyConstraint(["district", "check_in"], ["check_in.district", "check_in.id"]),
        one_of("origin", Origin),
        one_of("cause", Cause),
        one_of("read_as", Mistake),
        CheckConstraint("(number = 1) = (cause = 'first')", name="first"),
        CheckConstraint("verdict in ('inside', 'uncertain', 'outside')", name="verdict"),
        sound_geometry("point"),
    )


class AppealRow(Base):
    """A worker's appeal against a verdict; at most one of a check-in is open."""

    __tablename__ = "appeal"

    district: Mapped[str] = mapped_column(DISTRICT, primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    check_in: Mapped[UUID]
    worker: Mapped[UUID]
    state: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(UtcInstant)
    decided_by: Mapped[str | None] = mapped_column(Text)
    decided_at: Mapped[datetime | None] = mapped_column(UtcInstant)
    decision: Mapped[str | None] = mapped_column(Text)
    origin: Mapped[str] = mapped_column(Text)

    __table_args__ = (
        ForeignKeyConstraint(["district", "check_in"], ["check_in.district", "check_in.id"]),
        ForeignKeyConstraint(["district", "worker"], ["worker.district", "worker.id"]),
        one_of("state", AppealState),
        one_of("origin", Origin),
        CheckConstraint("text <> ''", name="written"),
        CheckConstraint(
            "num_nulls(decided_by, decided_at, decision)"
            " = case when state = 'open' then 3 else 0 end",
            name="decided",
        ),
        Index(
            "ix_appeal_one_open",
            "district",
            "check_in",
            unique=True,
            postgresql_where=_OPEN,
        ),
        Index(None, "district", "made_at", "id"),
        Index(None, "district", "check_in"),
    )


class DeviceFindingRow(Base):
    """That a device's points are explained by another reading of them than the one in use."""

    __tablename__ = "device_finding"

    district: Mapped[str] = mapped_column(DISTRICT, primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    device: Mapped[UUID]
    worker: Mapped[UUID]
    hypothesis: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    points: Mapped[int] = mapped_column(Integer)
    since: Mapped[datetime] = mapped_column(UtcInstant)
    check_ins: Mapped[list[str]] = mapped_column(JSONB)
    displaced_m: Mapped[float | None] = mapped_column(Double)
    bearing_deg: Mapped[float | None] = mapped_column(Double)
    found_at: Mapped[datetime] = mapped_column(UtcInstant)
    decided_by: Mapped[str | None] = mapped_column(Text)
    decided_at: Mapped[datetime | None] = mapped_column(UtcInstant)
    decision: Mapped[str | None] = mapped_column(Text)
    origin: Mapped[str] = mapped_column(Text)

    __table_args__ = (
        ForeignKeyConstraint(["district", "device"], ["device.district", "device.id"]),
        ForeignKeyConstraint(["district", "worker"], ["worker.district", "worker.id"]),
        one_of("hypothesis", Hypothesis),
        one_of("state", FindingState),
        one_of("origin", Origin),
        CheckConstraint("points > 0", name="points"),
        CheckConstraint(
            "num_nulls(decided_by, decided_at) = case when state = 'open' then 2 else 0 end",
            name="decided",
        ),
        Index(
            "ix_device_finding_one_open",
            "district",
            "device",
            "hypothesis",
            unique=True,
            postgresql_where=_OPEN,
        ),
        Index(None, "district", "found_at", "id"),
    )


class DeviceSlipRow(Base):
    """That a device said a point off the Earth which another reading puts at home: not where."""

    __tablename__ = "device_slip"

    district: Mapped[str] = mapped_column(DISTRICT, primary_key=True)
    device: Mapped[UUID] = mapped_column(primary_key=True)
    # A phone that sends the same again has slipped once.
    observed_at: Mapped[datetime] = mapped_column(UtcInstant, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcInstant)
    hypothesis: Mapped[str] = mapped_column(Text)
    origin: Mapped[str] = mapped_column(Text)

    __table_args__ = (
        ForeignKeyConstraint(["district", "device"], ["device.district", "device.id"]),
        one_of("hypothesis", Hypothesis),
        one_of("origin", Origin),
        Index(None, "at"),
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
