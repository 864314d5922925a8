# SPDX-License-Identifier: Apache-2.0
"""Settled days."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Date, ForeignKeyConstraint, Index, LargeBinary
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from geo.columns import DISTRICT, Base, UtcInstant


class SettledDayRow(Base):
    """A worker's civil day: the prints of its track, and what is doubted of the track as a whole.

    Expires with the track it was made of.
    """

    __tablename__ = "settled_day"

    district: Mapped[str] = mapped_column(DISTRICT, primary_key=True)
    worker: Mapped[UUID] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    # Those of the path, and those of the path walked from its end.
    prints: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    backwards: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    # Of the path: when it changes, the days that may repeat it are settled again.
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    doubts: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    settled_at: Mapped[datetime] = mapped_column(UtcInstant)

    __table_args__ = (
        ForeignKeyConstraint(["district", "worker"], ["worker.district", "worker.id"]),
        Index(None, "prints", postgresql_using="gin"),
        Index(None, "day"),
    )
