# SPDX-License-Identifier: Apache-2.0
"""Hand-over tasks."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from geo.columns import AREA, DISTRICT, Base, UtcInstant, one_of
from geo.handover.rules import TaskKind


class TaskRow(Base):
    """One thing that a published plan hands over."""

    __tablename__ = "handover_task"

    district: Mapped[str] = mapped_column(DISTRICT, primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    plan: Mapped[UUID]
    kind: Mapped[str] = mapped_column(Text)
    area: Mapped[str] = mapped_column(AREA)
    to: Mapped[str | None] = mapped_column(AREA)
    subject: Mapped[UUID | None]
    body: Mapped[dict[str, Any]] = mapped_column(JSONB)
    done_at: Mapped[datetime | None] = mapped_column(UtcInstant)
    done_by: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        ForeignKeyConstraint(["district", "plan"], ["plan.district", "plan.id"]),
        one_of("kind", TaskKind),
        CheckConstraint("(done_at is null) = (done_by is null)", name="done"),
        Index(None, "district", "plan"),
    )
