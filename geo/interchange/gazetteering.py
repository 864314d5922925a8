# SPDX-License-Identifier: Apache-2.0
"""A file of places into a district's gazetteer, in the session's transaction."""

from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from geo.crs import geometry_to_metres, metres
from geo.errors import Invalid
from geo.gazetteer.bringing import NewPlace, bring_places
from geo.gazetteer.entries import Version
from geo.hierarchy.queries import area, plan_in_force
from geo.hierarchy.queries import district as district_of_code
from geo.hierarchy.rules import District
from geo.ids import AreaCode, DistrictCode
from geo.interchange.places import BadRow, Brought, PlacesFile, brought_streets
from geo.interchange.rules import Repair
from geo.units import Metres

# A landmark may stand beyond the border; what is further off stands in another district.
BEYOND_BORDER = Metres(2000.0)


@dataclass(frozen=True)
class PlacesStored:
    """What came in, and every repair. No version: the gazetteer held all of it already."""

    version: Version | None
    repairs: list[Repair]


class RowsBad(Invalid):
    """Some rows cannot come in; nothing did. `rows` names each."""

    code = "import.rows_bad"

    def __init__(self, *, file: str, rows: list[BadRow], total: int) -> None:
        super().__init__(file=file, count=len(rows), total=total)
        self.rows = rows


def store_places(
    session: Session,
    prepared: PlacesFile,
    *,
    district: DistrictCode,
    on: date,
    at: datetime,
    by: str,
    skip_bad: bool = False,
) -> PlacesStored:
    """Bring the places of a file in as one version, all of them or none.

    With `skip_bad` the bad rows are left out.

    Raises: RowsBad, DistrictNotFound, NoPlanInForce.  Records: GazetteerChanged.
    """
    home = district_of_code(session, district)
    far = _far(session, home, prepared, on)
    bad = sorted([*prepared.bad, *far], key=lambda row: row.line)
    if bad and not skip_bad:
        raise RowsBad(file=prepared.name, rows=bad, total=prepared.rows)
    lost = {row.line for row in far}
    coming = [one for one in prepared.brought if one.line not in lost]
    outcome = bring_places(
        session,
        home,
        [_new(one, lines) for one, lines in brought_streets(coming)],
        source=prepared.name,
        by=by,
        at=at,
    )
    repairs = list(prepared.repairs)
    for code, count in (
        ("repair.row_left_out", len(bad)),
        ("repair.same_place", outcome.doubled),
        ("repair.home_made", outcome.homes),
    ):
        if count:
            repairs.append(Repair(code, prepared.name, count=count))
    return PlacesStored(outcome.version, repairs)


def _new(one: Brought, lines: list[tuple[str, BaseGeometry]]) -> NewPlace:
    return NewPlace(one.entry, one.id, tuple(lines))


def _far(session: Session, home: District, prepared: PlacesFile, on: date) -> list[BadRow]:
    """Rows whose place is too far outside the district to be meant."""
    if not prepared.brought:
        return []
    plan = plan_in_force(session, home.code, on)
    outline = area(session, home.code, plan.id, AreaCode(home.code)).boundary
    metric = geometry_to_metres(outline, home.metric_srid)
    lon, lat = np.array([(one.entry.lon, one.entry.lat) for one in prepared.brought]).T
    spots = shapely.points(*metres(lon, lat, home.metric_srid))
    shapely.prepare(metric)
    near = shapely.dwithin(metric, spots, BEYOND_BORDER)
    return [
        BadRow(
            prepared.brought[place].line,
            "row.far",
            {
                "lon": prepared.brought[place].entry.lon,
                "lat": prepared.brought[place].entry.lat,
                "km": round(float(shapely.distance(metric, spots[place])) / 1000, 1),
                "district": home.name,
            },
        )
        for place in np.flatnonzero(~near)
    ]
