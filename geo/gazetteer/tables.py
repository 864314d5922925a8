# SPDX-License-Identifier: Apache-2.0
"""Streets, terrain, the names by which places are known, and every version of them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from shapely.geometry.base import BaseGeometry
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from geo.columns import (
    DISTRICT,
    Base,
    Origin,
    ShapelyGeometry,
    UtcInstant,
    one_of,
    sound_geometry,
)
from geo.gazetteer.entries import NameKind, VersionKind
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
        Index(None, "district", "name"),
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
    """Something with a name or an address that a caller may mean, as it stands now."""

    __tablename__ = "place"

    district: Mapped[str] = mapped_column(DISTRICT, ForeignKey("district.code"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    label: Mapped[str] = mapped_column(Text)
    # Street, estate and number in the spelling the parser produces: of a building those it belongs
    # to, of a street or an estate its own.
    street: Mapped[str | None] = mapped_column(Text)
    estate: Mapped[str | None] = mapped_column(Text)
    number: Mapped[str | None] = mapped_column(Text)
    point: Mapped[BaseGeometry] = mapped_column(ShapelyGeometry("POINT"))
    # The version of the gazetteer that it last changed in.
    version: Mapped[int] = mapped_column(Integer)

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
    kind: Mapped[str] = mapped_column(Text)

    __table_args__ = (
        one_of("kind", NameKind),
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


class GazetteerVersionRow(Base):
    """A version of the gazetteer of a district: who made it, when and how."""

    __tablename__ = "gazetteer_version"

    district: Mapped[str] = mapped_column(DISTRICT, ForeignKey("district.code"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    # What processes keep of the gazetteer, they keep under this: numbers begin anew elsewhere.
    id: Mapped[UUID]
    kind: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcInstant)
    by: Mapped[str] = mapped_column(Text)
    origin: Mapped[str] = mapped_column(Text)
    added: Mapped[int] = mapped_column(Integer)
    changed: Mapped[int] = mapped_column(Integer)
    retired: Mapped[int] = mapped_column(Integer)
    # The version that was gone back to.
    restored: Mapped[int | None] = mapped_column(Integer)

    __table_args__ = (
        one_of("kind", VersionKind),
        one_of("origin", Origin),
        CheckConstraint("number > 0", name="number"),
        UniqueConstraint("district", "id"),
    )


class PlaceStateRow(Base):
    """What a version made of a place. The newest of each place is what `place` holds of it."""

    __tablename__ = "place_state"

    district: Mapped[str] = mapped_column(DISTRICT, primary_key=True)
    place: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    # None: it was retired.
    state: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))

    __table_args__ = (
        ForeignKeyConstraint(
            ["district", "version"], ["gazetteer_version.district", "gazetteer_version.number"]
        ),
        Index(None, "district", "version"),
    )
