# SPDX-License-Identifier: Apache-2.0
"""Finding devices that are to be read otherwise, and what supervisors decide of them."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import delete, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.orm import Session

from geo.accounts import queries as accounts
from geo.accounts.actions import read_device_as
from geo.accounts.rules import SYSTEM_ACTOR, Actor, Device, may
from geo.clock import civil_date
from geo.crs import Fix
from geo.hierarchy import queries as hierarchy
from geo.hierarchy.rules import NoPlanInForce
from geo.ids import DistrictCode
from geo.outbox import record
from geo.patrol.finding_queries import (
    dismissed_until,
    finding,
    finding_of,
    recent_points,
    slips,
    suspected,
)
from geo.patrol.findings import (
    LEAST_POINTS,
    LOOKED_BACK,
    DeviceFinding,
    DeviceFindingDecided,
    DeviceSuspected,
    FindingDecided,
    FindingState,
    Hypothesis,
    Look,
    displacement,
    distinct_readings,
    explained,
    missed_checkpoint,
    place_of,
    read,
    slip_of,
)
from geo.patrol.rejudged import Stored
from geo.patrol.rules import Evidence, Policy, VerdictKind, check_in_verdicts
from geo.patrol.tables import DeviceFindingRow, DeviceSlipRow
from geo.patrol.verdict_queries import evidence_of
from geo.workforce import queries as workforce

# Examples enough for a supervisor to look at.
_EXAMPLES = 5


def look_at_devices(
    session: Session, *, district: DistrictCode, devices: Iterable[UUID], at: datetime
) -> list[DeviceFinding]:
    """Make a finding of each device whose recent points one other reading explains.

    For devices of which something was just taken in that is `worth_a_look`. A device with an open
    finding waits for its decision; a finding that was dismissed needs newer points.

    Records: DeviceSuspected.
    """
    asked = set(devices)
    asked -= suspected(session, district, asked)
    known = accounts.devices(session, district, asked)
    srid = hierarchy.district(session, district).metric_srid
    found = []
    for device in sorted(known.values(), key=lambda one: one.id):
        made = _look(session, district, srid, device, at)
        if made is not None:
            found.append(made)
    return found


def note_slips(
    session: Session,
    *,
    district: DistrictCode,
    slipped: Sequence[tuple[UUID, Fix]],
    at: datetime,
) -> list[DeviceFinding]:
    """Remember that devices said fixes off the Earth, when another reading puts them at home.

    Only which reading, never where. Enough of them make a finding. Each fix is as it was said,
    `read_as` as its device is read; others are passed over.

    Records: DeviceSuspected.
    """
    home = hierarchy.district(session, district)
    try:
        plan = hierarchy.plan_in_force(session, district, civil_date(at, home.time_zone))
    except NoPlanInForce:
        # Without a plan there is no home that a fix could be near to.
        return []
    extent = hierarchy.extent(session, district, plan.id)
    known = accounts.devices(session, district, {device for device, _ in slipped})
    touched: set[tuple[UUID, Hypothesis]] = set()
    # In one order for everybody, so that two batches never wait for each other crosswise.
    for device, fix in sorted(slipped, key=lambda one: (one[0], one[1].observed_at)):
        hypothesis = slip_of(fix, extent)
        if hypothesis is None or device not in known:
            continue
        session.execute(
            pg_insert(DeviceSlipRow)
            .values(
                district=district,
                device=device,
                observed_at=fix.observed_at,
                at=at,
                hypothesis=hypothesis.value,
                origin=known[device].origin.value,
            )
            .on_conflict_do_nothing()
        )
        touched.add((device, hypothesis))
    found = []
    for device, hypothesis in sorted(touched):
        since = at - LOOKED_BACK
        dismissed = dismissed_until(session, district, device).get(hypothesis, since)
        moments = slips(session, district, device, hypothesis, max(since, dismissed))
        if len(moments) < LEAST_POINTS:
            continue
        made = _find(
            session,
            district,
            known[device],
            at,
            hypothesis=hypothesis,
            points=len(moments),
            since=moments[0],
        )
        if made is not None:
            found.append(made)
    return found


def forget_slips(session: Session, *, at: datetime) -> int:
    """Delete slips that no longer count; answers how many."""
    return len(
        session.execute(
            delete(DeviceSlipRow)
            .where(DeviceSlipRow.at < at - LOOKED_BACK)
            .returning(DeviceSlipRow.device)
        ).all()
    )


def confirm_finding(session: Session, *, actor: Actor, id: UUID, at: datetime) -> DeviceFinding:
    """Read the device by the finding from now on. Past verdicts stay as they are.

    Raises: NotAllowed, FindingNotFound, FindingDecided.
    Records: DevicePaired, DeviceFindingDecided.
    """
    decided, area = _decide(session, actor, id, FindingState.CONFIRMED, None, at)
    read_device_as(
        session,
        actor=actor,
        device=decided.device,
        area=area,
        read_as=decided.hypothesis.read_as,
        at=at,
    )
    return decided


def dismiss_finding(
    session: Session, *, actor: Actor, id: UUID, text: str, at: datetime
) -> DeviceFinding:
    """Leave the device read as it is, with the reason why.

    Raises: NotAllowed, FindingNotFound, FindingDecided.  Records: DeviceFindingDecided.
    """
    return _decide(session, actor, id, FindingState.DISMISSED, text, at)[0]


def _look(
    session: Session, district: DistrictCode, srid: int, device: Device, at: datetime
) -> DeviceFinding | None:
    points = recent_points(session, district, device, at=at)
    if len(points) < LEAST_POINTS:
        return None
    stated = Hypothesis.of(device.profile.read_as)
    readings = distinct_readings([one.fix for one in points], stated)
    inside = _inside(evidence_of(session, district, points), readings)
    looks = [
        Look(one.check_in.id, one.check_in.observed_at, which)
        for one, which in zip(points, inside, strict=True)
    ]
    found = explained(looks, stated)
    if found is None:
        return None
    dismissed = dismissed_until(session, district, device.id).get(found.hypothesis)
    if dismissed is not None:
        found = explained([look for look in looks if look.observed_at > dismissed], stated)
        if found is None:
            return None
    by_id = {one.check_in.id: one for one in points}
    displaced_m, bearing_deg = displacement(
        list(_moved([by_id[look.check_in] for look in found.points], found.hypothesis, stated)),
        srid,
    )
    return _find(
        session,
        district,
        device,
        at,
        hypothesis=found.hypothesis,
        points=len(found.points),
        since=found.points[-1].observed_at,
        check_ins=[str(look.check_in) for look in found.points[:_EXAMPLES]],
        displaced_m=displaced_m,
        bearing_deg=bearing_deg,
    )


def _inside(
    judged_on: Sequence[tuple[Evidence, Policy]], readings: Sequence[Hypothesis]
) -> list[set[Hypothesis]]:
    """The readings that put each point inside its cell and at its checkpoint; judged at once."""
    asked = [
        (number, reading, replace(evidence, fix=fix), policy)
        for number, (evidence, policy) in enumerate(judged_on)
        for reading in readings
        if place_of(fix := read(evidence.fix, reading)) is not None
    ]
    verdicts = check_in_verdicts(
        [evidence for _, _, evidence, _ in asked], [policy for *_, policy in asked]
    )
    inside: list[set[Hypothesis]] = [set() for _ in judged_on]
    for (number, reading, _, _), verdict in zip(asked, verdicts, strict=True):
        if verdict.kind is VerdictKind.INSIDE and not missed_checkpoint(verdict.reasons):
            inside[number].add(reading)
    return inside


def _moved(
    points: Iterable[Stored], hypothesis: Hypothesis, stated: Hypothesis
) -> Iterable[tuple[tuple[float, float], tuple[float, float]]]:
    """Where each point is by the hypothesis, and where it seems to be."""
    for one in points:
        true, seen = place_of(read(one.fix, hypothesis)), place_of(read(one.fix, stated))
        if true is not None and seen is not None:
            yield true, seen


def _find(
    session: Session,
    district: DistrictCode,
    device: Device,
    at: datetime,
    *,
    hypothesis: Hypothesis,
    points: int,
    since: datetime,
    check_ins: Sequence[str] = (),
    displaced_m: float | None = None,
    bearing_deg: float | None = None,
) -> DeviceFinding | None:
    """Put a finding down and tell it; None when the same is open already."""
    row = session.execute(
        pg_insert(DeviceFindingRow)
        .values(
            district=district,
            id=uuid4(),
            device=device.id,
            worker=device.worker,
            hypothesis=hypothesis.value,
            state=FindingState.OPEN.value,
            points=points,
            since=since,
            check_ins=list(check_ins),
            displaced_m=displaced_m,
            bearing_deg=bearing_deg,
            found_at=at,
            origin=device.origin.value,
        )
        .on_conflict_do_nothing()
        .returning(DeviceFindingRow)
    ).scalar_one_or_none()
    if row is None:
        return None
    made = finding_of(row)
    area, _ = workforce.area_of_worker(session, district, device.worker, at=at)
    record(session, DeviceSuspected(actor=SYSTEM_ACTOR, at=at, **_told(district, made, area)))
    return made


def _decide(
    session: Session, actor: Actor, id: UUID, state: FindingState, text: str | None, at: datetime
) -> tuple[DeviceFinding, str]:
    before = finding(session, actor.district, id)
    area, _ = workforce.area_of_worker(session, actor.district, before.worker, at=at)
    may(actor, "devices.correct", area=area, worker=before.worker)
    done = session.execute(
        update(DeviceFindingRow)
        .where(
            DeviceFindingRow.district == actor.district,
            DeviceFindingRow.id == id,
            DeviceFindingRow.state == FindingState.OPEN.value,
        )
        .values(state=state.value, decided_by=actor.signature, decided_at=at, decision=text)
        .returning(DeviceFindingRow.id)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    after = finding(session, actor.district, id)
    if done is None:
        raise FindingDecided(finding=str(id), state=after.state.value)
    told = _told(actor.district, after, area)
    record(session, DeviceFindingDecided(actor=actor.signature, at=at, **told))
    return after, area


def _told(district: DistrictCode, of: DeviceFinding, area: str) -> dict[str, Any]:
    return {
        "id": of.id,
        "district": district,
        "origin": of.origin,
        "area": area,
        "workers": (of.worker,),
        "body": of.told,
    }
