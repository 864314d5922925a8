# SPDX-License-Identifier: Apache-2.0
"""Which streets and terrain a district has now."""

from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from geo.columns import DISTRICT, Base


class GroundRow(Base):
    """The state of a district's streets and terrain, by name: triggers on both renew it.

    So whoever changes a street, and however, every process notices and walks on the new network.
    """

    __tablename__ = "ground"

    district: Mapped[str] = mapped_column(DISTRICT, ForeignKey("district.code"), primary_key=True)
    state: Mapped[UUID]
