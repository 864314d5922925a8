# SPDX-License-Identifier: Apache-2.0
"""What the search for an address asks of the database. SQL spelled once: it runs on every key."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from geo import prepared
from geo.gazetteer.entries import place_id
from geo.gazetteer.names import Named, NameIndex
from geo.gazetteer.rules import PlaceKind
from geo.gazetteer.tables import StreetRow
from geo.hierarchy import queries as hierarchy
from geo.ids import DistrictCode, Level

_VERSION = """
select id from gazetteer_version where district = %(district)s order by number desc limit 1
"""
_NAMES = """
select place_name.name, place.id, place.kind, place.label, place.street, place.estate, place.number,
  place_name.kind = 'misspelling' as misspelt, ST_X(place.point) as lon, ST_Y(place.point) as lat
from place_name join place on place.district = place_name.district and place.id = place_name.place
where place_name.district = %(district)s
"""
_HOUSES = """
select id, label, kind, street, estate, number, ST_X(point) as lon, ST_Y(point) as lat from place
where district = %(district)s and street = any(%(keys)s::text[])
  and number = any(%(numbers)s::text[])
union
select id, label, kind, street, estate, number, ST_X(point) as lon, ST_Y(point) as lat from place
where district = %(district)s and estate = any(%(keys)s::text[])
  and number = any(%(numbers)s::text[])
limit 500
"""
_OF_STREETS = """
select street, number, ST_X(point) as lon, ST_Y(point) as lat from place
where district = %(district)s and street = any(%(keys)s::text[]) and kind = 'building'
"""
_IN_AREAS = """
select id, label, kind, street, estate, number, ST_X(point) as lon, ST_Y(point) as lat from place
where district = %(district)s and number = %(number)s and kind = 'building'
  and exists (
    select from area
    where area.district = place.district and area.plan = %(plan)s
      and area.code = any(%(codes)s::text[]) and ST_Covers(area.boundary, place.point)
  )
limit 20
"""
_ALONE = """
select count(cell.code) from unnest(%(lons)s::float8[], %(lats)s::float8[])
  with ordinality as spot(lon, lat, place)
left join area cell on cell.district = %(district)s and cell.plan = %(plan)s
  and cell.level = 'cell'
  and ST_Intersects(cell.boundary, ST_MakeEnvelope(
    lon - %(wide)s, lat - %(high)s, lon + %(wide)s, lat + %(high)s, 4326))
group by spot.place order by spot.place
"""

# The names of the versions in force, one a district: they serve until the next version.
_INDEXES: dict[DistrictCode, tuple[UUID, NameIndex]] = {}


def index_of(session: Session, district: DistrictCode) -> NameIndex:
    """Every name of the gazetteer in force."""
    newest = prepared.rows(session, _VERSION, district=district)
    if not newest:
        return NameIndex(())
    version = newest[0].id
    kept = _INDEXES.get(district)
    if kept is not None and kept[0] == version:
        return kept[1]
    codes = {
        place_id(district, PlaceKind.AREA, code): code
        for level in (Level.SUBDISTRICT, Level.COMMUNITY, Level.CELL)
        for code in hierarchy.issued_codes(session, district, level)
    }
    index = NameIndex(
        Named(
            row.name,
            row.id,
            PlaceKind(row.kind),
            row.label,
            row.lon,
            row.lat,
            row.street,
            row.estate,
            row.number,
            row.misspelt,
            codes.get(row.id),
        )
        for row in prepared.rows(session, _NAMES, district=district)
    )
    _INDEXES[district] = (version, index)
    return index


def houses(
    session: Session, district: DistrictCode, keys: Collection[str], numbers: Sequence[str]
) -> Sequence[Any]:
    """The houses of streets and estates with one of these numbers."""
    if not keys:
        return []
    return prepared.rows(
        session, _HOUSES, district=district, keys=list(keys), numbers=list(numbers)
    )


def houses_of(session: Session, district: DistrictCode, streets: Collection[str]) -> Sequence[Any]:
    """All houses of streets, with their numbers."""
    return prepared.rows(session, _OF_STREETS, district=district, keys=list(streets))


def houses_in(
    session: Session, district: DistrictCode, plan: UUID, codes: Sequence[str], number: str
) -> Sequence[Any]:
    """The houses of a number in areas of a plan."""
    return prepared.rows(
        session, _IN_AREAS, district=district, plan=plan, codes=list(codes), number=number
    )


def lines_of(
    session: Session, district: DistrictCode, streets: Collection[str]
) -> dict[str, list[Any]]:
    """The stretches of streets, by their keys."""
    lines: dict[str, list[Any]] = {}
    for name, line in session.execute(
        select(StreetRow.name, StreetRow.line).where(
            StreetRow.district == district, StreetRow.name.in_(streets)
        )
    ):
        lines.setdefault(name, []).append(line)
    return lines


def cells_around(
    session: Session,
    district: DistrictCode,
    plan: UUID,
    points: Sequence[tuple[float, float]],
    reach_deg: tuple[float, float],
) -> list[int]:
    """How many cells of a plan lie within a reach (degrees east, degrees north) of each point."""
    rows = prepared.rows(
        session,
        _ALONE,
        district=district,
        plan=plan,
        lons=[lon for lon, _ in points],
        lats=[lat for _, lat in points],
        wide=reach_deg[0],
        high=reach_deg[1],
    )
    return [row.count for row in rows]
