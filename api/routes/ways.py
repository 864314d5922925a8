# SPDX-License-Identifier: Apache-2.0
"""The way of a worker who is called to the incident."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter

from api.deps import Read, allowed
from api.shapes import Answer
from geo.accounts.rules import Actor
from geo.incidents.inquiry import Measure
from geo.incidents.route import route_of

router = APIRouter(tags=["linkups"])


class LineAnswer(Answer):
    """A GeoJSON line, longitude first."""

    type: Literal["LineString"] = "LineString"
    coordinates: list[tuple[float, float]]


class WayAnswer(Answer):
    """How far it is and along which line; both null while the worker has not been seen on duty.

    `measure` says whether the line goes along the streets, or straight: where no streets are
    loaded, or none leads there.
    """

    measure: Measure
    distance_m: float | None
    line: LineAnswer | None


@router.get("/linkups/{linkup}/way")
def show(linkup: UUID, session: Read, me: Annotated[Actor, allowed("linkups.answer")]) -> WayAnswer:
    """The way from where the caller was last seen to the incident, while he is called to it."""
    found = route_of(session, me, linkup)
    if found is None:
        return WayAnswer(measure=Measure.STRAIGHT, distance_m=None, line=None)
    line = LineAnswer(coordinates=[(lon, lat) for lon, lat in found.line.coords])
    return WayAnswer(measure=found.measure, distance_m=found.distance_m, line=line)
