# SPDX-License-Identifier: Apache-2.0
"""Streets, terrain and the names by which places are known."""

from uuid import UUID

from shapely.geometry.base import BaseGeometry
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Text,
)
from sqlalchemy.orm import Mapped, mapped_column

from geo.columns import DISTRICT, Base, ShapelyGeometry, one_of, sound_geometry
from geo.gazetteer.rules import PlaceKind, TerrainKind


class StreetRow(Base):
    """A stretch of street between crossings."""

    __tablename__ = "street"

    district: Mapped[str] = mapped_column(DISTRICT, ForeignKey("district.code"), primary_key=True)
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    line: Mapped[BaseGeometry] = mapped_column(ShapelyGeometry())

    __table_args__ = (
        sound_geometry("line"),
        Index("ix_street_line", "line", postgresql_using="gist"),
    )


class TerrainRow(Base):
    """Water, green and railways: what makes a map readable and what gets in the way of a walk."""

    __tablename__ = "terrain"

    district: Mapped[str] = mapped_column(DISTRICT, ForeignKey("district.code"), primary_key=True)
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    # What of its kind it is: river, stream, reservoir; park, forest; railway, siding.
    sort: Mapped[str] = mapped_column(Text)
    shape: Mapped[BaseGeometry] = mapped_column(ShapelyGeometry())

    __table_args__ = (one_of("kind", TerrainKind), sound_geometry("shape"))


class PlaceRow(Base):
    """Something with a name or an address that a caller may mean."""

    __tablename__ = "place"

    district: Mapped[str] = mapped_column(DISTRICT, ForeignKey("district.code"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    label: Mapped[str] = mapped_column(Text)
    # Set on buildings: street, estate and number in the spelling the parser produces.
    street: Mapped[str | None] = mapped_column(Text)
    estate: Mapped[str | None] = mapped_column(Text)
    number: Mapped[str | None] = mapped_column(Text)
    point: Mapped[BaseGeometry] = mapped_column(ShapelyGeometry("POINT"))

    __table_args__ = (
        one_of("kind", PlaceKind),
        CheckConstraint("label <> ''", name="labelled"),
        sound_geometry("point"),
        Index(None, "district", "street", "number"),
        Index(None, "district", "estate", "number"),
        Index("ix_place_point", "point", postgresql_using="gist"),
    )


class PlaceNameRow(Base):
    """One of the names of a place, in the spelling the parser produces."""

    __tablename__ = "place_name"

    district: Mapped[str] = mapped_column(DISTRICT, primary_key=True)
    place: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text, primary_key=True)

    __table_args__ = (
        ForeignKeyConstraint(
            ["district", "place"], ["place.district", "place.id"], ondelete="CASCADE"
        ),
        Index(None, "district", "name"),
        Index(
            "ix_place_name_trigrams",
            "name",
            postgresql_using="gin",
            postgresql_ops={"name": "gin_trgm_ops"},
        ),
    )
