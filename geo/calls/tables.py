# SPDX-License-Identifier: Apache-2.0
"""Messages, calls, and what the ends of a call tell each other."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Identity,
    Index,
    LargeBinary,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from geo.calls.rules import CallEnd, CallState, Side
from geo.columns import DISTRICT, Base, Origin, UtcInstant, one_of


class MessageRow(Base):
    """Something written about an incident."""

    __tablename__ = "message"

    district: Mapped[str] = mapped_column(DISTRICT, primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    incident: Mapped[UUID]
    # Who wrote it; none: the desk.
    worker: Mapped[UUID | None]
    name: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcInstant)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    actor: Mapped[str] = mapped_column(Text)
    origin: Mapped[str] = mapped_column(Text)

    __table_args__ = (
        ForeignKeyConstraint(["district", "incident"], ["incident.district", "incident.id"]),
        ForeignKeyConstraint(["district", "worker"], ["worker.district", "worker.id"]),
        one_of("origin", Origin),
        CheckConstraint("text <> ''", name="said"),
        Index(None, "district", "incident", "at", "id"),
    )


class CallRow(Base):
    """A call between the desk and a worker; a worker has one at a time."""

    __tablename__ = "call"

    district: Mapped[str] = mapped_column(DISTRICT, primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    linkup: Mapped[UUID]
    incident: Mapped[UUID]
    worker: Mapped[UUID]
    caller: Mapped[str] = mapped_column(Text)
    officer: Mapped[str | None] = mapped_column(Text)
    officer_name: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    # How it ended: a code.
    ending: Mapped[str | None] = mapped_column(Text)
    rang_at: Mapped[datetime] = mapped_column(UtcInstant)
    answered_at: Mapped[datetime | None] = mapped_column(UtcInstant)
    ended_at: Mapped[datetime | None] = mapped_column(UtcInstant)
    # When each end was last heard of.
    desk_seen_at: Mapped[datetime] = mapped_column(UtcInstant)
    worker_seen_at: Mapped[datetime] = mapped_column(UtcInstant)
    actor: Mapped[str] = mapped_column(Text)
    origin: Mapped[str] = mapped_column(Text)

    __table_args__ = (
        ForeignKeyConstraint(["district", "linkup"], ["linkup.district", "linkup.id"]),
        ForeignKeyConstraint(["district", "worker"], ["worker.district", "worker.id"]),
        one_of("caller", Side),
        one_of("state", CallState),
        one_of("ending", CallEnd),
        one_of("origin", Origin),
        CheckConstraint("(state = 'ended') = (ended_at is not null)", name="ended"),
        CheckConstraint("(state = 'ended') = (ending is not null)", name="ended_somehow"),
        CheckConstraint("state <> 'talking' or answered_at is not null", name="talking"),
        Index(
            "ix_call_one_at_a_time",
            "district",
            "worker",
            unique=True,
            postgresql_where=text("state <> 'ended'"),
        ),
        Index("ix_call_live", "state", postgresql_where=text("state <> 'ended'")),
        Index(None, "district", "linkup", "rang_at"),
    )


class CallSignalRow(Base):
    """What one end of a call tells the other. Erased after minutes; never sound."""

    __tablename__ = "call_signal"

    district: Mapped[str] = mapped_column(DISTRICT, primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    call: Mapped[UUID]
    sender: Mapped[str] = mapped_column(Text)
    body: Mapped[dict[str, Any]] = mapped_column(JSONB)
    at: Mapped[datetime] = mapped_column(UtcInstant)

    __table_args__ = (
        ForeignKeyConstraint(["district", "call"], ["call.district", "call.id"]),
        one_of("sender", Side),
        Index(None, "district", "call", "number"),
        Index(None, "at"),
    )
