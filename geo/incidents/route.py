# SPDX-License-Identifier: Apache-2.0
"""The way of a worker who is called to the incident: along the streets, else straight."""

from dataclasses import dataclass
from uuid import UUID

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from geo.accounts.rules import Actor, may
from geo.crs import geometry_to_degrees, metres, on_grid
from geo.hierarchy import queries as hierarchy
from geo.incidents import queries
from geo.incidents.inquiry import Measure
from geo.incidents.rules import AskState, LinkupNotFound, LinkupStatus
from geo.tracking.nearby import last_seen
from geo.units import Metres
from geo.walking.network import Ways
from geo.walking.queries import ground_state, network

# What nobody sees on a map of a district is not sent.
_AS_FINE_AS_M = 0.5
_GOES = {AskState.ASKED, AskState.ACCEPTED, AskState.ARRIVED}


@dataclass(frozen=True)
class Route:
    """A way to an incident: what it goes by, how far it is, and the line, WGS-84, from the worker.

    Straight where no streets are loaded or none leads there.
    """

    measure: Measure
    distance_m: Metres
    line: BaseGeometry


def route_of(session: Session, actor: Actor, linkup: UUID) -> Route | None:
    """The way from where a worker was last seen, in duty, to what he is called to; None: not seen.

    Raises: NotAllowed, LinkupNotFound (he is no part of it, or it is over).
    """
    may(actor, "linkups.answer", worker=actor.worker)
    found = queries.linkup(session, actor.district, linkup)
    called = any(ask.worker == actor.worker and ask.state in _GOES for ask in found.asked)
    if actor.worker is None or not called or found.status is not LinkupStatus.OPEN:
        raise LinkupNotFound(linkup=str(linkup))
    place = queries.incident(session, actor.district, found.incident)
    assert place.lon is not None
    assert place.lat is not None
    seen = last_seen(session, actor.district, place.lon, place.lat, [actor.worker])
    if not seen:
        return None
    here = seen[actor.worker]
    district = hierarchy.district(session, actor.district)
    srid = district.metric_srid
    state = ground_state(session, district.code)
    net = network(session, district.code, state=state, srid=srid)
    x, y = metres(np.array([here.lon, place.lon]), np.array([here.lat, place.lat]), srid)
    # From the other side of the earth no plane leads here.
    if net is not None and np.isfinite(x).all() and np.isfinite(y).all():
        goal = float(x[1]), float(y[1])
        spots = Ways(net, *goal, net.spur(*goal)).path(float(x[0]), float(y[0]))
        # Who stands on the spot has no way to go.
        if len(spots) > 1:
            line = shapely.LineString(spots)
            there = on_grid(geometry_to_degrees(line.simplify(_AS_FINE_AS_M), srid))
            # The plane is a hair shorter than the ellipsoid in places, and wider in others.
            far = Metres(round(max(line.length, here.distance_m), 1))
            return Route(Measure.WALK, far, there)
    straight = shapely.LineString([(here.lon, here.lat), (place.lon, place.lat)])
    return Route(Measure.STRAIGHT, here.distance_m, straight)
