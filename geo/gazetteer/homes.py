# SPDX-License-Identifier: Apache-2.0
"""The streets and estates that houses belong to: known by their houses where nothing else tells."""

from collections import defaultdict
from collections.abc import Iterable
from uuid import UUID

import numpy as np
from sqlalchemy import Text, any_, cast, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from geo.gazetteer.entries import Entry, names_of, place_id
from geo.gazetteer.rules import PlaceKind
from geo.gazetteer.tables import PlaceRow
from geo.ids import DistrictCode


def homes_of(
    session: Session, district: DistrictCode, houses: Iterable[Entry]
) -> dict[UUID, Entry]:
    """The streets and estates of these houses that are not in the gazetteer yet, as new places."""
    spots: dict[tuple[PlaceKind, str], list[tuple[float, float]]] = defaultdict(list)
    for house in houses:
        if house.kind is PlaceKind.BUILDING:
            for kind, key in ((PlaceKind.STREET, house.street), (PlaceKind.ESTATE, house.estate)):
                if key:
                    spots[kind, key].append((house.lon, house.lat))
    keys = sorted({key for _, key in spots})
    for found, street, estate in session.execute(
        select(PlaceRow.kind, PlaceRow.street, PlaceRow.estate).where(
            PlaceRow.district == district,
            PlaceRow.kind.in_([PlaceKind.STREET.value, PlaceKind.ESTATE.value]),
            (PlaceRow.street == any_(cast(keys, ARRAY(Text))))
            | (PlaceRow.estate == any_(cast(keys, ARRAY(Text)))),
        )
    ):
        spots.pop((PlaceKind(found), street or estate or ""), None)
    made = {}
    for (kind, key), where in spots.items():
        lon, lat = (round(float(value), 7) for value in np.median(np.array(where), axis=0))
        made[place_id(district, kind, f"{key}/houses")] = Entry(
            kind,
            key,
            lon,
            lat,
            street=key if kind is PlaceKind.STREET else None,
            estate=key if kind is PlaceKind.ESTATE else None,
            names=names_of(key),
        )
    return made
