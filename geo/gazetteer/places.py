# SPDX-License-Identifier: Apache-2.0
"""The places of a gazetteer, listed and looked up."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from geo.gazetteer.address import canonical
from geo.gazetteer.entries import Entry, Place, PlaceNotFound
from geo.gazetteer.rules import PlaceKind
from geo.gazetteer.tables import PlaceNameRow, PlaceRow, PlaceStateRow
from geo.ids import DistrictCode


def place(session: Session, district: DistrictCode, id: UUID) -> Place:
    """One place as it stands. Raises: PlaceNotFound."""
    row = session.execute(_places(district).where(PlaceRow.id == id)).one_or_none()
    if row is None:
        raise PlaceNotFound(place=str(id))
    return _place(row)


def places(
    session: Session,
    district: DistrictCode,
    *,
    text: str | None = None,
    kind: PlaceKind | None = None,
    street: str | None = None,
    estate: str | None = None,
    after: UUID | None = None,
    limit: int = 100,
) -> list[Place]:
    """Places by id: those one of whose names holds `text`, or the houses of a street or estate.

    A text without anything to search for finds nothing.
    """
    query = _places(district)
    if kind is not None:
        query = query.where(PlaceRow.kind == kind.value)
    if street is not None:
        query = query.where(PlaceRow.street == canonical(street))
    if estate is not None:
        query = query.where(PlaceRow.estate == canonical(estate))
    if text is not None:
        key = canonical(text)
        # Of what LIKE takes for more than a character nothing is left in it.
        if not any(char.isalnum() for char in key):
            return []
        query = query.where(
            PlaceRow.id.in_(
                select(PlaceNameRow.place).where(
                    PlaceNameRow.district == district, PlaceNameRow.name.contains(key)
                )
            )
        )
    if after is not None:
        query = query.where(PlaceRow.id > after)
    rows: Sequence[Any] = session.execute(query.order_by(PlaceRow.id).limit(limit)).all()
    return [_place(row) for row in rows]


def _places(district: DistrictCode) -> Select[Any]:
    # The state holds the names as they are written; the row says which state is the newest.
    return (
        select(PlaceRow.id, PlaceRow.version, PlaceStateRow.state)
        .join(
            PlaceStateRow,
            (PlaceStateRow.district == PlaceRow.district)
            & (PlaceStateRow.place == PlaceRow.id)
            & (PlaceStateRow.version == PlaceRow.version),
        )
        .where(PlaceRow.district == district)
    )


def _place(row: Any) -> Place:
    return Place(row.id, Entry.from_fields(row.state), row.version)
