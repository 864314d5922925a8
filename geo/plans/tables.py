# SPDX-License-Identifier: Apache-2.0
"""Drafts and the chain of steps each was drawn by."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    SmallInteger,
    Text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from geo.columns import DISTRICT, Base, UtcInstant, one_of
from geo.plans.drafts import StepKind


class DraftRow(Base):
    """Where the drawing of a plan stands."""

    __tablename__ = "draft"

    district: Mapped[str] = mapped_column(DISTRICT, primary_key=True)
    plan: Mapped[UUID] = mapped_column(primary_key=True)
    base: Mapped[UUID]
    # Counts every step; what an editor says he has seen.
    revision: Mapped[int] = mapped_column(Integer)
    # The step whose outcome holds; 0 is the base itself.
    state: Mapped[int] = mapped_column(Integer)
    # The steps that were undone and can be redone, the next one last.
    undone: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    actor: Mapped[str] = mapped_column(Text)
    # Who began it, and what he said: the same again is answered by the same draft.
    begun_by: Mapped[str] = mapped_column(Text)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    changed_at: Mapped[datetime] = mapped_column(UtcInstant)

    __table_args__ = (
        ForeignKeyConstraint(["district", "plan"], ["plan.district", "plan.id"]),
        ForeignKeyConstraint(
            ["district", "base"], ["plan.district", "plan.id"], name="fk_draft_base"
        ),
        CheckConstraint("revision >= 0 and state >= 0 and state <= revision", name="counted"),
    )


class DraftStepRow(Base):
    """One step. A change carries its outcome; undo and redo name the step whose outcome holds."""

    __tablename__ = "draft_step"

    district: Mapped[str] = mapped_column(DISTRICT, primary_key=True)
    plan: Mapped[UUID] = mapped_column(primary_key=True)
    revision: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    # Tells one attempt at a revision from another: what was rolled back is not remembered.
    id: Mapped[UUID]
    kind: Mapped[str] = mapped_column(Text)
    state: Mapped[int] = mapped_column(Integer)
    built_on: Mapped[int | None] = mapped_column(Integer)
    # As it was asked for, and what came of it in numbers.
    asked: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    outcome: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    # Against the step it was built on; a snapshot is against the base.
    delta: Mapped[bytes | None] = mapped_column(LargeBinary)
    snapshot: Mapped[bool] = mapped_column(Boolean)
    actor: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcInstant)

    __table_args__ = (
        ForeignKeyConstraint(["district", "plan"], ["draft.district", "draft.plan"]),
        one_of("kind", StepKind),
        CheckConstraint(
            "(kind in ('undo', 'redo')) = (delta is null)"
            " and (delta is null) = (built_on is null)"
            " and (delta is null or state = revision)",
            name="outcome",
        ),
    )


class DrawingRow(Base):
    """One answer of a job that drew cells: another division of a draft as it stood then."""

    __tablename__ = "drawing"

    district: Mapped[str] = mapped_column(DISTRICT, primary_key=True)
    job: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    plan: Mapped[UUID]
    # The step of the draft that it was drawn from.
    state: Mapped[int] = mapped_column(Integer)
    summary: Mapped[dict[str, Any]] = mapped_column(JSONB)
    delta: Mapped[bytes] = mapped_column(LargeBinary)

    __table_args__ = (
        ForeignKeyConstraint(["district", "job"], ["job.district", "job.id"]),
        ForeignKeyConstraint(["district", "plan"], ["draft.district", "draft.plan"]),
    )
