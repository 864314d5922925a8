# SPDX-License-Identifier: Apache-2.0
"""Judging check-ins again by the plan and policy of their moment, with what is known now.

The first verdict and every later one stay on record.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import shapely
from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from geo.accounts import queries as accounts
from geo.accounts.rules import Actor, DeviceNotFound, may
from geo.clock import civil_date
from geo.crs import Fix, as_meant, to_wgs84
from geo.hierarchy import queries as hierarchy
from geo.ids import CheckInId, DistrictCode, WorkerId
from geo.outbox import record
from geo.patrol import queries
from geo.patrol.findings import place_of
from geo.patrol.records import PlaceErased
from geo.patrol.rejudged import (
    Cause,
    Changed,
    CheckInRejudged,
    Given,
    LateCheckInRejudged,
    Rejudged,
    Stored,
    judged_again,
    same_verdict,
)
from geo.patrol.rules import check_in_verdicts
from geo.patrol.tables import CheckInRow, VerdictRow
from geo.patrol.verdict_queries import evidence_of, first_given, stored, verdicts_given
from geo.workforce import queries as workforce
from geo.workforce.rules import DutyCorrected

# Of one call: a month of a worker, judged in about a second.
MOST_AT_ONCE = 2000


def rejudge_check_in(
    session: Session, *, actor: Actor, check_in: CheckInId, text: str, at: datetime
) -> Rejudged:
    """Judge one check-in again, read as its device is to be read now.

    Raises: NotAllowed, CheckInNotFound, PlaceErased.
    Records: CheckInRejudged, LateCheckInRejudged.
    """
    found = queries.check_in(session, actor.district, check_in)
    area = found.cell or _area(session, actor.district, found.worker, at)
    may(actor, "checkins.rejudge", area=area, worker=found.worker)
    some = stored(session, actor.district, ids=[check_in], lock=True)
    if some[0].erased:
        raise PlaceErased(check_in=str(check_in))
    fixes = _as_read_now(session, actor.district, some)
    return _judge(session, actor.district, some, by=actor.signature, text=text, at=at, fixes=fixes)


def rejudge_device(
    session: Session,
    *,
    actor: Actor,
    device: UUID,
    begins_at: datetime,
    ends_at: datetime,
    text: str,
    at: datetime,
    after: tuple[datetime, UUID] | None = None,
) -> Rejudged:
    """Judge a device's check-ins of a half-open time again, read as it is to be read now.

    At most `MOST_AT_ONCE`; `after` goes on after an observation and id.

    Raises: NotAllowed, DeviceNotFound.  Records: CheckInRejudged, LateCheckInRejudged.
    """
    known = accounts.devices(session, actor.district, [device])
    if device not in known:
        raise DeviceNotFound(device=str(device))
    worker = known[device].worker
    area = _area(session, actor.district, worker, at)
    may(actor, "checkins.rejudge", area=area, worker=worker)
    some = stored(
        session,
        actor.district,
        device=known[device],
        areas=actor.areas,
        begins_at=begins_at,
        ends_at=ends_at,
        after=after,
        limit=MOST_AT_ONCE + 1,
        lock=True,
    )
    fixes = _as_read_now(session, actor.district, some)
    return _judge(session, actor.district, some, by=actor.signature, text=text, at=at, fixes=fixes)


def rejudge_worker(
    session: Session,
    *,
    actor: Actor,
    worker: WorkerId,
    begins_at: datetime,
    ends_at: datetime,
    text: str,
    at: datetime,
    after: tuple[datetime, UUID] | None = None,
) -> Rejudged:
    """Judge a worker's check-ins of a half-open time again, each read as it was read before.

    His duty and his cells are those on record now. At most `MOST_AT_ONCE`, as `rejudge_device`.

    Raises: NotAllowed, WorkerNotFound.  Records: CheckInRejudged, LateCheckInRejudged.
    """
    may(actor, "checkins.rejudge", area=_area(session, actor.district, worker, at), worker=worker)
    some = stored(
        session,
        actor.district,
        worker=worker,
        areas=actor.areas,
        begins_at=begins_at,
        ends_at=ends_at,
        after=after,
        limit=MOST_AT_ONCE + 1,
        lock=True,
    )
    return _judge(session, actor.district, some, by=actor.signature, text=text, at=at)


def follow_corrected_duty(session: Session, corrected: Sequence[DutyCorrected]) -> None:
    """Judge again what workers observed since the moments for which their duty was corrected.

    Records: CheckInRejudged, LateCheckInRejudged.
    """
    for happened in corrected:
        after = None
        while True:
            some = stored(
                session,
                happened.district,
                worker=WorkerId(happened.id),
                begins_at=datetime.fromisoformat(happened.body["at"]),
                after=after,
                limit=MOST_AT_ONCE,
                lock=True,
            )
            _judge(session, happened.district, some, by=happened.actor, text=None, at=happened.at)
            if len(some) < MOST_AT_ONCE:
                break
            after = (some[-1].check_in.observed_at, some[-1].check_in.id)


def give(
    session: Session, district: DistrictCode, before: Stored, given: Given, *, on_record: int
) -> None:
    """Put another verdict in force; `on_record` verdicts stay, the first one comes to them.

    The check-in's row must be locked.  Records: CheckInRejudged, LateCheckInRejudged.
    """
    rows = [_row(district, given, max(on_record, 1) + 1)]
    if on_record == 0:
        rows.append(_row(district, first_given(before), 1))
    session.execute(insert(VerdictRow), rows)
    after = given.check_in
    session.execute(
        update(CheckInRow)
        .where(CheckInRow.district == district, CheckInRow.id == after.id)
        .values(**_found(given))
        .execution_options(synchronize_session=False)
    )
    zone = hierarchy.district(session, district).time_zone
    today = civil_date(after.observed_at, zone) == civil_date(given.at, zone)
    kind = CheckInRejudged if today else LateCheckInRejudged
    record(
        session,
        kind(
            id=after.id,
            district=district,
            at=given.at,
            actor=given.by,
            origin=after.origin,
            area=after.cell or district,
            workers=(after.worker,),
            body=after.live_body,
            place=after.place,
        ),
    )


def _judge(
    session: Session,
    district: DistrictCode,
    some: Sequence[Stored],
    *,
    by: str,
    text: str | None,
    at: datetime,
    fixes: Sequence[Fix] | None = None,
) -> Rejudged:
    """Judge check-ins again, their fixes read as stored unless `fixes` are said."""
    looked_at = some[:MOST_AT_ONCE]
    now = [
        (one, one if fixes is None else replace(one, fix=fixes[place]))
        for place, one in enumerate(looked_at)
        if not one.erased
    ]
    changed: list[tuple[Stored, Changed, Given]] = []
    judged_on = evidence_of(session, district, [read for _, read in now])
    verdicts = check_in_verdicts(
        [evidence for evidence, _ in judged_on], [policy for _, policy in judged_on]
    )
    for (was, read), verdict in zip(now, verdicts, strict=True):
        found = judged_again(was.check_in, verdict, to_wgs84(as_meant(read.fix)))
        if read.fix.read_as != was.fix.read_as or not same_verdict(was.check_in, found):
            given = Given(found, Cause.REJUDGED, by, at, text, read.fix.read_as)
            changed.append((was, Changed(found.id, was.check_in, found), given))
    on_record = verdicts_given(session, district, [each.id for _, each, _ in changed])
    for was, each, given in changed:
        give(session, district, was, given, on_record=on_record.get(each.id, 0))
    return Rejudged(
        judged=len(now),
        erased=len(looked_at) - len(now),
        changed=tuple(each for _, each, _ in changed),
        following=looked_at[-1].check_in if len(some) > len(looked_at) else None,
    )


def _as_read_now(session: Session, district: DistrictCode, some: Sequence[Stored]) -> list[Fix]:
    """Each fix read as its device is to be read now, where that lies on the Earth."""
    devices = accounts.devices(session, district, {one.device for one in some if one.device})
    fixes = []
    for one in some:
        known = None if one.device is None else devices.get(one.device)
        reading = one.fix.read_as if known is None else known.profile.read_as
        fix = replace(one.fix, read_as=reading)
        fixes.append(one.fix if place_of(fix) is None else fix)
    return fixes


def _area(session: Session, district: DistrictCode, worker: WorkerId, at: datetime) -> str:
    return workforce.area_of_worker(session, district, worker, at=at)[0]


def _row(district: DistrictCode, given: Given, number: int) -> dict[str, Any]:
    return {
        "district": district,
        "check_in": given.check_in.id,
        "number": number,
        "cause": given.cause.value,
        "text": given.text,
        "actor": given.by,
        "at": given.at,
        "plan": given.check_in.plan,
        "policy": given.check_in.policy,
        "origin": given.check_in.origin.value,
        "doubts": list(given.check_in.doubts),
        **_found(given),
    }


def _found(given: Given) -> dict[str, Any]:
    """The columns that a verdict fills, of a check-in as of its history. Doubts are none of it."""
    found = given.check_in
    return {
        "read_as": None if given.read_as is None else given.read_as.value,
        "point": None if found.spot is None else shapely.Point(found.spot),
        "cell": found.cell,
        "verdict": None if found.verdict is None else found.verdict.value,
        "accepted": found.accepted,
        "reasons": list(found.reasons),
        "share_inside": found.share_inside,
        "distance_to_border_m": found.distance_to_border_m,
        "distance_to_checkpoint_m": found.distance_to_checkpoint_m,
        "located_cell": found.located_cell,
    }
