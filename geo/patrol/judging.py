# SPDX-License-Identifier: Apache-2.0
"""From a claim to a judged check-in and the row that keeps it."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from geo.accounts.rules import Actor, Role
from geo.clock import civil_date, rfc3339
from geo.columns import Origin
from geo.crs import PointOutOfRange
from geo.hierarchy.rules import NoPlanInForce
from geo.ids import DistrictCode, PlanId
from geo.patrol.circumstances import Circumstances
from geo.patrol.grid import PlanGrid
from geo.patrol.proofs import ProofState
from geo.patrol.records import (
    CheckIn,
    CheckInTooLate,
    Checkpoint,
    CheckpointNotFound,
    Claim,
    ClockAhead,
    NoPolicyInForce,
)
from geo.patrol.rules import Evidence, Policy, Verdict, check_in_verdicts


@dataclass(frozen=True)
class Case:
    """A claim that may be judged: where and when it was by our system and our clock."""

    actor: Actor
    claim: Claim
    said: bytes
    lon: float
    lat: float
    observed_at: datetime
    origin: Origin
    policy: Policy
    time_zone: str
    evidence: Evidence


def case_of(
    grids: Callable[[DistrictCode, PlanId], PlanGrid],
    actor: Actor,
    claim: Claim,
    said: bytes,
    moment: datetime | None,
    met: Circumstances,
    proof: ProofState | None,
    at: datetime,
    place: tuple[float, float],
) -> Case:
    """What a claim is to be judged on, from what holds at its `moment`, said by a digest.

    Raises: PointOutOfRange, ClockAhead, CheckpointNotFound, NoPlanInForce, NoPolicyInForce,
    CheckInTooLate.
    """
    fix = claim.fix
    if not all(map(math.isfinite, place)):
        raise PointOutOfRange(lon=fix.lon, lat=fix.lat)
    if moment is None:
        raise ClockAhead(observed_at=rfc3339(fix.observed_at), now=rfc3339(at))
    if claim.checkpoint is not None and met.checkpoint is None:
        raise CheckpointNotFound(checkpoint=str(claim.checkpoint))
    # Where no policy held yet, the default one says what is too late.
    late_after = (met.policy or Policy()).late_after
    if at - moment > late_after and actor.role is Role.WORKER:
        most_h = round(late_after.total_seconds() / 3600)
        raise CheckInTooLate(observed_at=rfc3339(moment), most_h=most_h)
    if met.plan is None:
        on = civil_date(moment, met.time_zone)
        raise NoPlanInForce(district=actor.district, on=on.isoformat())
    if met.policy is None:
        raise NoPolicyInForce(district=actor.district, at=rfc3339(moment))
    assert met.origin is not None
    evidence = Evidence(
        fix=fix,
        grid=grids(actor.district, met.plan),
        assigned=met.assigned,
        checkpoint=met.checkpoint,
        on_duty=met.on_duty,
        waited=max(at - moment, timedelta(0)),
        checkpoint_retired=_was_retired(met.checkpoint, moment),
        clock_ahead=fix.observed_at - moment,
        proof=proof,
    )
    return Case(actor, claim, said, *place, moment, met.origin, met.policy, met.time_zone, evidence)


def _was_retired(checkpoint: Checkpoint | None, moment: datetime) -> bool:
    retired_at = None if checkpoint is None else checkpoint.retired_at
    return retired_at is not None and retired_at <= moment


def judge(cases: Mapping[int, Case], at: datetime) -> dict[int, CheckIn]:
    """The check-ins of cases that were received at an instant, under the same keys."""
    verdicts = check_in_verdicts(
        [case.evidence for case in cases.values()], [case.policy for case in cases.values()]
    )
    received_at = at.astimezone(UTC)
    return {
        place: _check_in(case, verdict, received_at)
        for (place, case), verdict in zip(cases.items(), verdicts, strict=True)
    }


def _check_in(case: Case, verdict: Verdict, received_at: datetime) -> CheckIn:
    return CheckIn(
        id=case.claim.id,
        worker=case.claim.worker,
        checkpoint=case.claim.checkpoint,
        lon=case.lon,
        lat=case.lat,
        system=case.claim.fix.system,
        accuracy_m=float(case.claim.fix.accuracy_m),
        cell=verdict.cell,
        verdict=verdict.kind,
        accepted=verdict.accepted,
        reasons=verdict.reasons,
        doubts=verdict.doubts,
        share_inside=_rounded(verdict.share_inside, 6),
        distance_to_border_m=_rounded(verdict.distance_to_border_m, 2),
        distance_to_checkpoint_m=_rounded(verdict.distance_to_checkpoint_m, 2),
        located_cell=verdict.located_cell,
        proof=case.evidence.proof,
        plan=case.evidence.grid.plan,
        policy=case.policy.version,
        observed_at=case.observed_at.astimezone(UTC),
        received_at=received_at,
        origin=case.origin,
    )


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def row_of(case: Case, check_in: CheckIn) -> dict[str, Any]:
    """The columns of a check-in but for its point, which is made of many at once."""
    fix, site = case.claim.fix, case.evidence.checkpoint
    return {
        "district": case.actor.district,
        "id": check_in.id,
        "worker": check_in.worker,
        "checkpoint": check_in.checkpoint,
        "raw_lon": fix.lon,
        "raw_lat": fix.lat,
        "system": check_in.system.value,
        "accuracy_m": check_in.accuracy_m,
        "mock": fix.mock,
        "source": fix.source,
        "device": case.actor.device,
        "accuracy_level": fix.accuracy_level,
        "read_as": None if fix.read_as is None else fix.read_as.value,
        "site_lon": None if site is None else site.lon,
        "site_lat": None if site is None else site.lat,
        "site_radius_m": None if site is None else site.radius_m,
        "observed_at": check_in.observed_at,
        "sent_at": case.claim.sent_at,
        "received_at": check_in.received_at,
        "cell": check_in.cell,
        "verdict": None if check_in.verdict is None else check_in.verdict.value,
        "accepted": check_in.accepted,
        "reasons": check_in.reasons,
        "doubts": check_in.doubts,
        "share_inside": check_in.share_inside,
        "distance_to_border_m": check_in.distance_to_border_m,
        "distance_to_checkpoint_m": check_in.distance_to_checkpoint_m,
        "located_cell": check_in.located_cell,
        "proof": None if check_in.proof is None else check_in.proof.value,
        "plan": check_in.plan,
        "policy": check_in.policy,
        "digest": case.said,
        "actor": case.actor.signature,
        "origin": check_in.origin.value,
    }
