# SPDX-License-Identifier: Apache-2.0
"""Taking check-ins in: judged by the plan, policy, duty and assignment of their moment, and kept.

One check-in is a batch of one; a batch is a few statements, whatever its size.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast
from uuid import UUID

import shapely
from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.orm import Session

from geo.accounts.rules import Actor, Role, may
from geo.clock import civil_date, rfc3339
from geo.columns import Origin
from geo.crs import PointOutOfRange
from geo.digests import digest
from geo.errors import GeoError, IdReused
from geo.hierarchy import queries as hierarchy
from geo.ids import CellCode, CheckInId, WorkerId
from geo.moments import observed_moment
from geo.outbox import record
from geo.patrol import queries
from geo.patrol.records import (
    CheckIn,
    CheckInJudged,
    CheckInTooLate,
    Checkpoint,
    CheckpointNotFound,
    Claim,
    ClockAhead,
    LateCheckInJudged,
)
from geo.patrol.rules import Evidence, Policy, Readings, check_in_verdict, readings_of
from geo.patrol.tables import CheckInRow
from geo.workforce import queries as workforce
from geo.workforce.rules import WorkerNotFound

# A check-in older than this is no news of where the worker is now.
_NEWS_FOR = timedelta(hours=1)


@dataclass(frozen=True)
class Taken:
    """A check-in that is kept, and whether this call took it in (else it was there already)."""

    check_in: CheckIn
    fresh: bool


@dataclass(frozen=True)
class _Case:
    """A claim that may be judged: where and when it was by our system and our clock."""

    claim: Claim
    said: bytes
    readings: Readings
    observed_at: datetime
    origin: Origin
    checkpoint: Checkpoint | None


def take_check_in(session: Session, *, actor: Actor, claim: Claim, at: datetime) -> Taken:
    """Take a check-in in and judge it by the plan and policy in force when it was observed.

    The same id with the same content by the same actor answers what was found first.

    Raises: NotAllowed, NotFound, IdReused, CheckInTooLate, ClockAhead, PointOutOfRange.
    Records: CheckInJudged, or LateCheckInJudged for an earlier day.
    """
    (taken,) = take_batch(session, actor=actor, claims=[claim], at=at)
    if isinstance(taken, GeoError):
        raise taken
    return taken


def take_batch(
    session: Session, *, actor: Actor, claims: Sequence[Claim], at: datetime
) -> list[Taken | GeoError]:
    """Take many check-ins in, item by item: a bad one answers its error and spoils no other.

    Records: CheckInJudged, or LateCheckInJudged for an earlier day, for each new one.
    """
    answers: list[Taken | GeoError | None] = [None] * len(claims)
    said = [digest(claim=claim, actor=identity(actor)) for claim in claims]
    known = queries.check_ins_by_id(session, actor.district, (claim.id for claim in claims))
    first: dict[CheckInId, int] = {}
    fresh = [
        place
        for place, claim in enumerate(claims)
        if claim.id not in known and first.setdefault(claim.id, place) == place
    ]
    for place, outcome in _admit(session, actor, claims, said, fresh, at).items():
        answers[place] = outcome
    # Whoever is still without an answer was there before, came twice in this batch, or lost a race
    # for his id; in the last case the winner has committed and a new statement sees him.
    rest = [place for place, answer in enumerate(answers) if answer is None]
    if rest:
        known = queries.check_ins_by_id(
            session, actor.district, (claims[place].id for place in rest)
        )
    for place in rest:
        claim = claims[place]
        stored = known.get(claim.id)
        if stored is None:
            # The twin of an item that was refused is refused alike.
            twin = answers[first[claim.id]]
            answers[place] = twin if said[first[claim.id]] == said[place] else IdReused(id=claim.id)
        else:
            same = stored[1] == said[place]
            answers[place] = Taken(stored[0], False) if same else IdReused(id=claim.id)
    return [answer for answer in answers if answer is not None]


def identity(actor: Actor) -> str:
    """By what a repeated request is known to come from the same person."""
    # A worker is the same by whichever of his phones and accounts: an offline queue may be sent
    # again after he has signed in anew.
    return f"worker:{actor.worker}" if actor.worker else actor.signature


def _admit(
    session: Session,
    actor: Actor,
    claims: Sequence[Claim],
    said: Sequence[bytes],
    places: Sequence[int],
    at: datetime,
) -> dict[int, Taken | GeoError]:
    """Judge and store the claims at these places; one whose id another wins gets no answer."""
    if not places:
        return {}
    answers: dict[int, Taken | GeoError] = {}
    district = actor.district
    origins = workforce.origins(session, district, {claims[place].worker for place in places})
    sites = queries.checkpoints_by_id(
        session,
        district,
        {site for place in places if (site := claims[place].checkpoint) is not None},
    )
    refused: dict[WorkerId, GeoError | None] = {}
    cases: dict[int, _Case] = {}
    readings = readings_of([claims[place].fix for place in places])
    for place, read in zip(places, readings, strict=True):
        claim = claims[place]
        if claim.worker not in refused:
            refused[claim.worker] = _refusal(session, actor, claim.worker, origins, at)
        error = refused[claim.worker]
        if error is not None:
            answers[place] = error
            continue
        try:
            cases[place] = _case(claim, said[place], read, origins[claim.worker], sites, at)
        except GeoError as unfit:
            answers[place] = unfit
    judged: dict[int, tuple[_Case, CheckIn]] = {}
    for place, outcome in _judge(session, actor, cases, at).items():
        if isinstance(outcome, GeoError):
            answers[place] = outcome
        else:
            judged[place] = (cases[place], outcome)
    won = _store(session, actor, judged.values())
    newest: dict[WorkerId, datetime] = {}
    for place, (_, check_in) in judged.items():
        if check_in.id in won:
            answers[place] = Taken(check_in, True)
            seen = newest.get(check_in.worker, check_in.observed_at)
            newest[check_in.worker] = max(seen, check_in.observed_at)
    zone = hierarchy.district(session, district).time_zone
    for case, check_in in judged.values():
        if check_in.id in won:
            news = check_in.observed_at == newest[check_in.worker] and not case.claim.fix.mock
            _record(session, actor, check_in, zone, news=news)
    return answers


def _refusal(
    session: Session, actor: Actor, worker: WorkerId, origins: dict[UUID, Origin], at: datetime
) -> GeoError | None:
    """Why the actor may not check this worker in; None when he may."""
    try:
        if actor.role is Role.WORKER:
            may(actor, "checkins.write", worker=worker)
        if worker not in origins:
            raise WorkerNotFound(worker=str(worker))
        if actor.role is not Role.WORKER:
            area, _ = workforce.area_of_worker(session, actor.district, worker, at=at)
            may(actor, "checkins.write", area=area, worker=worker)
    except GeoError as error:
        return error
    return None


def _case(
    claim: Claim,
    said: bytes,
    readings: Readings | None,
    origin: Origin,
    sites: dict[UUID, Checkpoint],
    at: datetime,
) -> _Case:
    if readings is None:
        raise PointOutOfRange(lon=claim.fix.lon, lat=claim.fix.lat)
    observed_at = observed_moment(claim.fix.observed_at, sent_at=claim.sent_at, received_at=at)
    if observed_at is None:
        raise ClockAhead(observed_at=rfc3339(claim.fix.observed_at), now=rfc3339(at))
    if claim.checkpoint is not None and claim.checkpoint not in sites:
        raise CheckpointNotFound(checkpoint=str(claim.checkpoint))
    site = None if claim.checkpoint is None else sites[claim.checkpoint]
    return _Case(claim, said, readings, observed_at, origin, site)


def _judge(
    session: Session, actor: Actor, cases: dict[int, _Case], at: datetime
) -> dict[int, CheckIn | GeoError]:
    """Judge each case by the plan of its civil day and the policy of its instant.

    Both are read here, in the transaction that writes; grids are kept by plan and never change.
    """
    if not cases:
        return {}
    district = hierarchy.district(session, actor.district)
    asked = [(case.claim.worker, case.observed_at) for case in cases.values()]
    on_duty = workforce.on_duty_at(session, district.code, asked)
    assigned = workforce.assigned_at(session, district.code, asked)
    by_day: dict[date, list[int]] = defaultdict(list)
    for place, case in cases.items():
        by_day[civil_date(case.observed_at, district.time_zone)].append(place)
    circumstances = dict(zip(cases, zip(on_duty, assigned, strict=True), strict=True))
    found: dict[int, CheckIn | GeoError] = {}
    for day, places in by_day.items():
        try:
            plan = hierarchy.plan_in_force(session, district.code, day)
        except GeoError as error:
            found.update(dict.fromkeys(places, error))
            continue
        grid = queries.grid_of(session, district, plan)
        policies = queries.policies_at(
            session, district.code, [cases[place].observed_at for place in places]
        )
        for place, policy in zip(places, policies, strict=True):
            case = cases[place]
            duty, cells = circumstances[place]
            if isinstance(policy, GeoError):
                found[place] = policy
            elif at - case.observed_at > policy.late_after and actor.role is Role.WORKER:
                found[place] = CheckInTooLate(
                    observed_at=rfc3339(case.observed_at),
                    most_h=round(policy.late_after.total_seconds() / 3600),
                )
            else:
                site = case.checkpoint
                evidence = Evidence(
                    fix=case.claim.fix,
                    grid=grid,
                    assigned=tuple(CellCode(cell) for cell in cells),
                    checkpoint=site,
                    on_duty=duty,
                    waited=max(at - case.observed_at, timedelta(0)),
                    checkpoint_retired=site is not None
                    and site.retired_at is not None
                    and site.retired_at <= case.observed_at,
                    clock_ahead=case.claim.fix.observed_at - case.observed_at,
                    readings=case.readings,
                    proof_given=case.claim.proof is not None,
                )
                found[place] = _check_in(case, evidence, policy, at)
    return found


def _check_in(case: _Case, evidence: Evidence, policy: Policy, at: datetime) -> CheckIn:
    verdict = check_in_verdict(evidence, policy)
    lon, lat = case.readings.said
    return CheckIn(
        id=case.claim.id,
        worker=case.claim.worker,
        checkpoint=case.claim.checkpoint,
        lon=lon,
        lat=lat,
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
        plan=evidence.grid.plan,
        policy=policy.version,
        observed_at=case.observed_at.astimezone(UTC),
        received_at=at.astimezone(UTC),
        origin=case.origin,
    )


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


# The table itself: rows come as plain values, and the statement is built once.
_INSERT = (
    pg_insert(cast(Table, CheckInRow.__table__)).on_conflict_do_nothing().returning(CheckInRow.id)
)


def _store(session: Session, actor: Actor, judged: Any) -> set[UUID]:
    """Insert what was judged; the ids that were not there yet."""
    rows = [
        {
            "district": actor.district,
            "id": check_in.id,
            "worker": check_in.worker,
            "checkpoint": check_in.checkpoint,
            "raw_lon": case.claim.fix.lon,
            "raw_lat": case.claim.fix.lat,
            "system": check_in.system.value,
            "accuracy_m": check_in.accuracy_m,
            "mock": case.claim.fix.mock,
            "source": case.claim.fix.source,
            "device": actor.device,
            "observed_at": check_in.observed_at,
            "sent_at": case.claim.sent_at,
            "received_at": check_in.received_at,
            "point": shapely.Point(check_in.lon, check_in.lat),
            "cell": check_in.cell,
            "verdict": None if check_in.verdict is None else check_in.verdict.value,
            "accepted": check_in.accepted,
            "reasons": list(check_in.reasons),
            "doubts": list(check_in.doubts),
            "share_inside": check_in.share_inside,
            "distance_to_border_m": check_in.distance_to_border_m,
            "distance_to_checkpoint_m": check_in.distance_to_checkpoint_m,
            "located_cell": check_in.located_cell,
            "plan": check_in.plan,
            "policy": check_in.policy,
            "digest": case.said,
            "actor": actor.signature,
            "origin": check_in.origin.value,
        }
        for case, check_in in judged
    ]
    return set(session.scalars(_INSERT, rows)) if rows else set()


def _record(session: Session, actor: Actor, check_in: CheckIn, zone: str, *, news: bool) -> None:
    told: dict[str, Any] = {
        "id": check_in.id,
        "district": actor.district,
        "at": check_in.received_at,
        "actor": actor.signature,
        "origin": check_in.origin,
        "area": check_in.cell or actor.district,
        "workers": (check_in.worker,),
        "body": check_in.live_body,
        "place": check_in.place,
    }
    if civil_date(check_in.observed_at, zone) != civil_date(check_in.received_at, zone):
        record(session, LateCheckInJudged(**told))
        return
    recent = check_in.received_at - check_in.observed_at <= _NEWS_FOR
    record(
        session,
        CheckInJudged(
            **told,
            worker=check_in.worker,
            accuracy_m=check_in.accuracy_m,
            seen_at=check_in.observed_at if news and recent else None,
        ),
    )
