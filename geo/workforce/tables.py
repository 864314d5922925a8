# SPDX-License-Identifier: Apache-2.0
"""Workers, assignments and duty."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from geo.columns import AREA, DISTRICT, Base, Origin, UtcInstant, one_of
from geo.workforce.rules import AssignmentRole


class WorkerRow(Base):
    """A grid worker."""

    __tablename__ = "worker"

    district: Mapped[str] = mapped_column(DISTRICT, ForeignKey("district.code"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    phone: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcInstant)
    left_at: Mapped[datetime | None] = mapped_column(UtcInstant)
    # Of the parsed values: the same id again is the same worker, or an error.
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    actor: Mapped[str] = mapped_column(Text)
    origin: Mapped[str] = mapped_column(Text)

    __table_args__ = (one_of("origin", Origin), CheckConstraint("name <> ''", name="named"))


class AssignmentRow(Base):
    """Who holds which cell during which interval, as what."""

    __tablename__ = "assignment"

    district: Mapped[str] = mapped_column(DISTRICT, primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    worker: Mapped[UUID]
    cell: Mapped[str] = mapped_column(AREA)
    role: Mapped[str] = mapped_column(Text)
    during: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
    # The plan that passed it on from a cell that is no more.
    plan: Mapped[UUID | None]
    origin: Mapped[str] = mapped_column(Text)

    __table_args__ = (
        ForeignKeyConstraint(["district", "plan"], ["plan.district", "plan.id"]),
        ForeignKeyConstraint(["district", "worker"], ["worker.district", "worker.id"]),
        ForeignKeyConstraint(["district", "cell"], ["area_code.district", "area_code.code"]),
        one_of("role", AssignmentRole),
        one_of("origin", Origin),
        CheckConstraint("length(cell) = 15", name="cell"),
        CheckConstraint(
            "not isempty(during) and not lower_inf(during) and lower_inc(during)"
            " and not upper_inc(during)",
            name="during",
        ),
        ExcludeConstraint(
            ("district", "="),
            ("cell", "="),
            ("role", "="),
            ("during", "&&"),
            where=text("role in ('holder', 'stand_in')"),
            using="gist",
            name="ex_assignment_one_at_a_time",
        ),
        ExcludeConstraint(
            ("district", "="),
            ("worker", "="),
            ("cell", "="),
            ("during", "&&"),
            using="gist",
            name="ex_assignment_one_role_a_worker",
        ),
    )


class AssignmentWasRow(Base):
    """An assignment as it stood when a plan that retires its cell was published."""

    __tablename__ = "assignment_was"

    district: Mapped[str] = mapped_column(DISTRICT, primary_key=True)
    plan: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    worker: Mapped[UUID]
    cell: Mapped[str] = mapped_column(AREA)
    role: Mapped[str] = mapped_column(Text)
    during: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
    origin: Mapped[str] = mapped_column(Text)

    __table_args__ = (
        ForeignKeyConstraint(["district", "plan"], ["plan.district", "plan.id"]),
        ForeignKeyConstraint(["district", "worker"], ["worker.district", "worker.id"]),
    )


class DutyRow(Base):
    """A stretch of duty; open at its end while it lasts."""

    __tablename__ = "duty"

    district: Mapped[str] = mapped_column(DISTRICT, primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    worker: Mapped[UUID]
    during: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
    origin: Mapped[str] = mapped_column(Text)

    __table_args__ = (
        ForeignKeyConstraint(["district", "worker"], ["worker.district", "worker.id"]),
        one_of("origin", Origin),
        CheckConstraint(
            "not isempty(during) and not lower_inf(during) and lower_inc(during)"
            " and not upper_inc(during)",
            name="during",
        ),
        ExcludeConstraint(
            ("district", "="),
            ("worker", "="),
            ("during", "&&"),
            using="gist",
            name="ex_duty_one_at_a_time",
        ),
        Index(
            "ix_duty_open",
            "district",
            "worker",
            unique=True,
            postgresql_where=text("upper_inf(during)"),
        ),
    )
