# SPDX-License-Identifier: Apache-2.0
"""Latest positions and tracks."""

from datetime import datetime
from uuid import UUID

from shapely.geometry.base import BaseGeometry
from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Computed,
    Double,
    ForeignKeyConstraint,
    Index,
    Text,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from geo.columns import (
    DISTRICT,
    Base,
    Origin,
    ShapelyGeometry,
    UtcInstant,
    one_of,
    sound_geometry,
    sound_point,
)
from geo.crs import System
from geo.tracking.rules import ABOUT_DEGREES


class LatestPositionRow(Base):
    """Where a worker was seen last, in duty time. Never overwritten by an older fix."""

    __tablename__ = "latest_position"

    district: Mapped[str] = mapped_column(DISTRICT, primary_key=True)
    worker: Mapped[UUID] = mapped_column(primary_key=True)
    point: Mapped[BaseGeometry] = mapped_column(ShapelyGeometry("POINT"))
    # Thereabouts, to about 100 m: what is indexed must not change with every step, or each would
    # cost an entry in every index.
    about: Mapped[BaseGeometry] = mapped_column(
        ShapelyGeometry("POINT"), Computed(f"ST_SnapToGrid(point, {ABOUT_DEGREES})", persisted=True)
    )
    accuracy_m: Mapped[float] = mapped_column(Double)
    observed_at: Mapped[datetime] = mapped_column(UtcInstant)
    received_at: Mapped[datetime] = mapped_column(UtcInstant)
    # Copied from duty when it begins and ends, so that the nearest-worker index holds only these.
    on_duty: Mapped[bool] = mapped_column(Boolean)
    origin: Mapped[str] = mapped_column(Text)

    __table_args__ = (
        ForeignKeyConstraint(["district", "worker"], ["worker.district", "worker.id"]),
        one_of("origin", Origin),
        sound_point("point"),
        Index(
            "ix_latest_position_on_duty",
            "about",
            postgresql_using="gist",
            postgresql_where=text("on_duty"),
        ),
        # Room for the next step on the same page.
        {"postgresql_with": {"fillfactor": 70}},
    )


class TrackFixRow(Base):
    """One fix of a track: the raw fix with its system beside the point. Partitioned by day."""

    __tablename__ = "track_fix"

    district: Mapped[str] = mapped_column(DISTRICT, primary_key=True)
    worker: Mapped[UUID] = mapped_column(primary_key=True)
    observed_at: Mapped[datetime] = mapped_column(UtcInstant, primary_key=True)
    received_at: Mapped[datetime] = mapped_column(UtcInstant)
    point: Mapped[BaseGeometry] = mapped_column(ShapelyGeometry("POINT"))
    raw_lon: Mapped[float] = mapped_column(Double)
    raw_lat: Mapped[float] = mapped_column(Double)
    system: Mapped[str] = mapped_column(Text)
    accuracy_m: Mapped[float] = mapped_column(Double)
    mock: Mapped[bool] = mapped_column(Boolean)
    source: Mapped[str | None] = mapped_column(Text)
    origin: Mapped[str] = mapped_column(Text)

    __table_args__ = (
        one_of("origin", Origin),
        one_of("system", System),
        CheckConstraint("accuracy_m >= 0", name="accuracy"),
        sound_geometry("point"),
        {"postgresql_partition_by": "RANGE (observed_at)"},
    )
