# SPDX-License-Identifier: Apache-2.0
"""Bringing in incidents that are over: many at once, and no news."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import shapely
from sqlalchemy.orm import Session

from geo.accounts.rules import Actor
from geo.bulk import copy_rows
from geo.digests import digest
from geo.incidents.placing import said_fields
from geo.incidents.rules import IncidentStatus, Report
from geo.incidents.tables import IncidentRow


@dataclass(frozen=True)
class PastIncident:
    """An incident from its report to its end, and the WGS-84 place and cell it turned out to be."""

    report: Report
    label: str | None
    lon: float
    lat: float
    cell: str | None
    reported_at: datetime
    closed_at: datetime
    outcome: str


def install_incidents(session: Session, *, actor: Actor, incidents: Sequence[PastIncident]) -> None:
    """Keep incidents that are closed; their ids must be new. Nobody was asked about them."""
    copy_rows(
        session,
        IncidentRow,
        [
            {
                "district": actor.district,
                "id": one.report.id,
                "title": one.report.title,
                "category": one.report.category,
                "severity": one.report.severity.value,
                "status": IncidentStatus.CLOSED.value,
                "said_place": said_fields(one.report.place),
                "reporter": one.report.reporter,
                "label": one.label,
                "point": shapely.Point(one.lon, one.lat),
                "cell": one.cell,
                "candidates": [],
                "reported_at": one.reported_at,
                "closed_at": one.closed_at,
                "outcome": one.outcome,
                "digest": digest(report=one.report),
                "actor": actor.signature,
                "origin": actor.origin.value,
            }
            for one in incidents
        ],
    )
