# SPDX-License-Identifier: Apache-2.0
"""From what was said of a place to a place; never a refusal."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from geo.clock import civil_date, rfc3339
from geo.crs import Point, PointOutOfRange, as_meant, to_wgs84
from geo.gazetteer.queries import cells_at, geocode, label_at
from geo.gazetteer.rules import SETTLED_SCORE, Candidate, settled
from geo.hierarchy import queries as hierarchy
from geo.hierarchy.rules import AreaNotFound, District
from geo.ids import AreaCode, PlanId
from geo.incidents.rules import Placed, PlaceReason, SaidPlace

_CANDIDATES_KEPT = 10


def place(session: Session, district: District, said: SaidPlace, *, at: datetime) -> Placed:
    """Where an incident is, by the plan in force at `at`.

    A pin wins over the reporter's fix, this over an address that means one place, this over a
    cell. A cell said beside an address decides between candidates. A pin outside the district is
    no place.

    Raises: NoPlanInForce, PointOutOfRange.
    """
    on = civil_date(at, district.time_zone)
    plan = hierarchy.plan_in_force(session, district.code, on).id
    pinned = said.point or (None if said.fix is None else as_meant(said.fix))
    if pinned is not None:
        return _pinned(session, district, plan, pinned, said.address)
    candidates: list[Candidate] = []
    if said.address is not None:
        candidates = geocode(session, district.code, said.address, limit=_CANDIDATES_KEPT, on=on)
        if said.cell is not None:
            candidates = [one for one in candidates if one.cell == said.cell] or candidates
        best = settled(candidates)
        if best is not None and best.cell is not None:
            return Placed(label=best.label, lon=best.lon, lat=best.lat, cell=best.cell)
    if said.cell is not None:
        try:
            area = hierarchy.area(session, district.code, plan, AreaCode(said.cell))
        except AreaNotFound:
            area = None
        if area is not None and area.boundary is not None:
            middle = area.boundary.representative_point()
            label = said.address or area.name
            return Placed(label=label, lon=middle.x, lat=middle.y, cell=area.code)
    return Placed(
        candidates=tuple(asdict(one) | {"match": one.match.value} for one in candidates),
        reason=_reason(said, candidates),
    )


def said_fields(said: SaidPlace) -> dict[str, Any]:
    """What was said, in JSON values, for keeping."""
    fields: dict[str, Any] = {}
    if said.address is not None:
        fields["address"] = said.address
    if said.point is not None:
        fields["point"] = _point_fields(said.point)
    if said.fix is not None:
        fields["fix"] = _point_fields(said.fix) | {
            "accuracy_m": said.fix.accuracy_m,
            "observed_at": rfc3339(said.fix.observed_at),
            "mock": said.fix.mock,
        }
    if said.cell is not None:
        fields["cell"] = said.cell
    return fields


def _pinned(
    session: Session, district: District, plan: PlanId, pinned: Point, address: str | None
) -> Placed:
    try:
        lon, lat = (round(degree, 7) for degree in to_wgs84(pinned))
    except PointOutOfRange:
        # At the edge of the range a system's displacement leads off the Earth.
        if abs(pinned.lat) > 90:
            raise
        return Placed(reason=PlaceReason.OUTSIDE)
    (cell,) = cells_at(session, district.code, plan, [(lon, lat)])
    if cell is None:
        return Placed(reason=PlaceReason.OUTSIDE)
    label = address or label_at(session, district.code, lon, lat)
    return Placed(label=label, lon=lon, lat=lat, cell=cell)


def _reason(said: SaidPlace, candidates: list[Candidate]) -> PlaceReason:
    if said.address is None and said.cell is None:
        return PlaceReason.NOT_SAID
    if not candidates:
        return PlaceReason.NOT_FOUND
    if candidates[0].score < SETTLED_SCORE:
        return PlaceReason.TOO_VAGUE
    # One place, known, but in no cell of the plan in force.
    return PlaceReason.OUTSIDE if settled(candidates) else PlaceReason.NOT_UNIQUE


def _point_fields(point: Point) -> dict[str, Any]:
    return {"lon": point.lon, "lat": point.lat, "system": point.system.value}
