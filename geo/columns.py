# SPDX-License-Identifier: Apache-2.0
"""What every table is made of: the declarative base and our column types."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from geoalchemy2 import Geometry
from geoalchemy2.shape import from_shape, to_shape
from shapely.geometry.base import BaseGeometry
from sqlalchemy import CheckConstraint, DateTime, MetaData, String
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator, TypeEngine

STORAGE_SRID = 4326


class Origin(StrEnum):
    """Where a fact comes from. Statistics and exports say which they count."""

    REAL = "real"
    DRILL = "drill"
    SIMULATED = "simulated"


class Base(DeclarativeBase):
    """Base of all tables; constraint names are spelled by one convention."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class ShapelyGeometry(TypeDecorator[BaseGeometry]):
    """A PostGIS geometry in EPSG:4326 seen as a shapely geometry (degrees, lon first)."""

    impl = Geometry
    cache_ok = True

    def __init__(self, geometry_type: str = "GEOMETRY") -> None:
        super().__init__(geometry_type=geometry_type, srid=STORAGE_SRID, spatial_index=False)
        self.geometry_type = geometry_type

    def process_bind_param(self, value: BaseGeometry | None, dialect: Dialect) -> Any:
        """Shapely to extended WKB."""
        return None if value is None else from_shape(value, srid=STORAGE_SRID, extended=True)

    def process_result_value(self, value: Any, dialect: Dialect) -> BaseGeometry | None:
        """Extended WKB to shapely."""
        return None if value is None else to_shape(value)

    def coerce_compared_value(self, op: Any, value: Any) -> TypeEngine[Any]:
        """Spatial operators take the underlying type's view of the other side."""
        return self if isinstance(value, BaseGeometry) else self.impl_instance


class UtcInstant(TypeDecorator[datetime]):
    """An aware instant. A naive one is a programming error and is refused before the database."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive values. Raises: ValueError."""
        if value is not None and value.tzinfo is None:
            raise ValueError("a naive datetime reached the database")
        return value


def one_of(column: str, values: type[StrEnum]) -> CheckConstraint:
    """A CHECK that a text column holds one of an enumeration's values."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} in ({listed})", name=column)


def sound_geometry(column: str) -> CheckConstraint:
    """A CHECK that a geometry is valid, not empty, finite and within the world in degrees.

    ST_XMin and its like answer infinity for infinite coordinates, so the range test also keeps
    those out; it stands first because PostGIS functions may crash on them.
    """
    return CheckConstraint(
        f"ST_XMin({column}) >= -180 and ST_XMax({column}) <= 180"
        f" and ST_YMin({column}) >= -90 and ST_YMax({column}) <= 90"
        f" and not ST_IsEmpty({column}) and ST_IsValid({column})",
        name=f"{column}_sound",
    )


def sound_point(column: str) -> CheckConstraint:
    """As `sound_geometry`, of a column of points: two questions instead of six.

    An empty point has no coordinates to be between anything.
    """
    return CheckConstraint(
        f"{column} is null or coalesce(ST_X({column}) between -180 and 180"
        f" and ST_Y({column}) between -90 and 90, false)",
        name=f"{column}_sound",
    )


DISTRICT = String(6)
AREA = String(18)
