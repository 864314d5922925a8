# SPDX-License-Identifier: Apache-2.0
"""Bringing in days of patrol that are over: many check-ins and work logs at once, and no news.

Each check-in is judged as it would have been then. Nothing is told to anybody, nobody's latest
position moves, and no day is settled again: of days that are over, no screen shows anything live.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from sqlalchemy.orm import Session

from geo.accounts.rules import Actor
from geo.bulk import copy_columns, copy_rows
from geo.crs import as_meant, to_wgs84_many
from geo.digests import digest
from geo.ids import DistrictCode, PlanId, WorkerId, WorkLogId
from geo.moments import observed_moment
from geo.patrol import queries
from geo.patrol.circumstances import Asked, circumstances
from geo.patrol.grid import PlanGrid
from geo.patrol.judging import case_of, columns_of, judge
from geo.patrol.records import Claim
from geo.patrol.tables import CheckInRow, WorkLogRow


@dataclass(frozen=True)
class PastLog:
    """A work log of a civil day, as it was received."""

    id: WorkLogId
    worker: WorkerId
    on: date
    text: str
    received_at: datetime


def install_check_ins(
    session: Session, *, actor: Actor, received: Sequence[tuple[Claim, datetime]]
) -> None:
    """Judge and keep check-ins by the instant at which each was received; their ids must be new.

    Raises: CheckpointNotFound, ClockAhead, NoPlanInForce, NoPolicyInForce, PointOutOfRange.
    """
    if not received:
        return
    moments = [
        observed_moment(claim.fix.observed_at, sent_at=claim.sent_at, received_at=at)
        for claim, at in received
    ]
    met = circumstances(
        session,
        [
            Asked(actor.district, claim.worker, moment or at, claim.checkpoint)
            for (claim, at), moment in zip(received, moments, strict=True)
        ],
    )
    lon, lat = to_wgs84_many([as_meant(claim.fix) for claim, _ in received])
    spots = list(zip(lon.tolist(), lat.tolist(), strict=True))

    def grid(district: DistrictCode, plan: PlanId) -> PlanGrid:
        return queries.grid_of(session, district, plan)

    cases = {
        place: case_of(
            grid,
            actor,
            claim,
            digest(claim=claim, actor=actor.signature),
            moments[place],
            met[place],
            None,
            at,
            spots[place],
        )
        for place, (claim, at) in enumerate(received)
    }
    judged = judge(cases, max(at for _, at in received))
    kept = [
        (case, replace(judged[place], received_at=received[place][1].astimezone(UTC)))
        for place, case in cases.items()
    ]
    copy_columns(session, CheckInRow, columns_of(kept))


def install_work_logs(session: Session, *, actor: Actor, logs: Sequence[PastLog]) -> None:
    """Keep work logs; their ids must be new."""
    copy_rows(
        session,
        WorkLogRow,
        [
            {
                "district": actor.district,
                "id": log.id,
                "worker": log.worker,
                "on_date": log.on,
                "text": log.text,
                "received_at": log.received_at,
                "digest": digest(
                    worker=log.worker, on=log.on, text=log.text, actor=actor.signature
                ),
                "actor": actor.signature,
                "origin": actor.origin.value,
            }
            for log in logs
        ],
    )
