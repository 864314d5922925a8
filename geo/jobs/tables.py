# SPDX-License-Identifier: Apache-2.0
"""Jobs and how far they are."""

from datetime import datetime
from typing import Any
from uuid import UUID

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
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from geo.columns import DISTRICT, Base, UtcInstant, one_of
from geo.jobs.rules import JobKind, JobState


class JobRow(Base):
    """One job."""

    __tablename__ = "job"

    district: Mapped[str] = mapped_column(DISTRICT, ForeignKey("district.code"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    progress: Mapped[float] = mapped_column(Double)
    asked: Mapped[dict[str, Any]] = mapped_column(JSONB)
    result: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    problem: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    cancelling: Mapped[bool] = mapped_column(Boolean)
    claim: Mapped[UUID | None]
    tries: Mapped[int] = mapped_column(Integer)
    actor: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcInstant)
    started_at: Mapped[datetime | None] = mapped_column(UtcInstant)
    heard_at: Mapped[datetime | None] = mapped_column(UtcInstant)
    ended_at: Mapped[datetime | None] = mapped_column(UtcInstant)

    __table_args__ = (
        one_of("kind", JobKind),
        one_of("state", JobState),
        CheckConstraint("progress >= 0 and progress <= 1", name="progress"),
        CheckConstraint(
            "(state in ('done', 'failed', 'cancelled')) = (ended_at is not null)", name="ended"
        ),
        CheckConstraint("(state = 'done') = (result is not null)", name="result"),
        Index(
            "ix_job_open",
            "created_at",
            postgresql_where=text("state in ('queued', 'running')"),
        ),
    )


class JobFileRow(Base):
    """The file that a job made."""

    __tablename__ = "job_file"

    district: Mapped[str] = mapped_column(DISTRICT, primary_key=True)
    job: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    media_type: Mapped[str] = mapped_column(Text)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime] = mapped_column(UtcInstant, index=True)

    __table_args__ = (ForeignKeyConstraint(["district", "job"], ["job.district", "job.id"]),)
