# SPDX-License-Identifier: Apache-2.0
"""From a claim to a judged check-in and the row that keeps it."""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import shapely

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
from geo.values import value


@value
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


def columns_of(judged: Sequence[tuple[Case, CheckIn]]) -> dict[str, list[Any]]:
    """The columns of check-ins, each a value a check-in."""
    cases = [case for case, _ in judged]
    kept = [check_in for _, check_in in judged]
    fixes = [case.claim.fix for case in cases]
    sites = [case.evidence.checkpoint for case in cases]
    return {
        "district": [case.actor.district for case in cases],
        "id": [one.id for one in kept],
        "worker": [one.worker for one in kept],
        "checkpoint": [one.checkpoint for one in kept],
        "raw_lon": [fix.lon for fix in fixes],
        "raw_lat": [fix.lat for fix in fixes],
        "system": [one.system for one in kept],
        "accuracy_m": [one.accuracy_m for one in kept],
        "mock": [fix.mock for fix in fixes],
        "source": [fix.source for fix in fixes],
        "device": [case.actor.device for case in cases],
        "accuracy_level": [fix.accuracy_level for fix in fixes],
        "read_as": [fix.read_as for fix in fixes],
        "site_lon": [None if site is None else site.lon for site in sites],
        "site_lat": [None if site is None else site.lat for site in sites],
        "site_radius_m": [None if site is None else site.radius_m for site in sites],
        "observed_at": [one.observed_at for one in kept],
        "sent_at": [case.claim.sent_at for case in cases],
        "received_at": [one.received_at for one in kept],
        "point": list(shapely.points([case.lon for case in cases], [case.lat for case in cases])),
        "cell": [one.cell for one in kept],
        "verdict": [one.verdict for one in kept],
        "accepted": [one.accepted for one in kept],
        "reasons": [one.reasons for one in kept],
        "doubts": [one.doubts for one in kept],
        "share_inside": [one.share_inside for one in kept],
        "distance_to_border_m": [one.distance_to_border_m for one in kept],
        "distance_to_checkpoint_m": [one.distance_to_checkpoint_m for one in kept],
        "located_cell": [one.located_cell for one in kept],
        "proof": [one.proof for one in kept],
        "plan": [one.plan for one in kept],
        "policy": [one.policy for one in kept],
        "digest": [case.said for case in cases],
        "actor": [case.actor.signature for case in cases],
        "origin": [one.origin for one in kept],
    }


COLUMNS = tuple(columns_of(()))
