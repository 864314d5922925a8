# SPDX-License-Identifier: Apache-2.0
"""Check-ins with all that they can be judged by again, and the verdicts they were given."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Date, Select, and_, cast, func, or_, select, tuple_
from sqlalchemy.orm import Session

from geo.accounts.rules import Device
from geo.clock import civil_day
from geo.crs import Fix, Mistake, System
from geo.hierarchy import queries as hierarchy
from geo.ids import CellCode, CheckInId, CheckpointId, DistrictCode, PlanId, WorkerId
from geo.patrol import queries
from geo.patrol.records import CheckIn
from geo.patrol.rejudged import Cause, Given, Stored
from geo.patrol.rules import CheckpointSite, Evidence, Policy, VerdictKind
from geo.patrol.tables import CheckInRow, CheckpointRow, PolicyRow, VerdictRow
from geo.units import Metres
from geo.workforce import queries as workforce


def stored(
    session: Session,
    district: DistrictCode,
    *,
    ids: Iterable[UUID] | None = None,
    device: Device | None = None,
    worker: WorkerId | None = None,
    areas: Sequence[str] | None = None,
    begins_at: datetime | None = None,
    ends_at: datetime | None = None,
    after: tuple[datetime, UUID] | None = None,
    limit: int | None = None,
    newest_first: bool = False,
    lock: bool = False,
) -> list[Stored]:
    """Check-ins by the time of observation, as they can be judged again.

    Of some ids, a device or a worker; of cells in the `areas` or without a cell; `after` goes on
    after an observation and id already seen. `lock` keeps them as they are until the transaction
    ends.
    """
    query = _stored_columns(district)
    if ids is not None:
        query = query.where(CheckInRow.id.in_(set(ids)))
    if device is not None:
        # By its worker's: of one device alone no index keeps them.
        query = query.where(CheckInRow.worker == device.worker, CheckInRow.device == device.id)
    if worker is not None:
        query = query.where(CheckInRow.worker == worker)
    if areas is not None:
        # What found no cell may find one now; whose it is was asked before.
        query = query.where(
            or_(CheckInRow.cell.is_(None), queries.in_areas(CheckInRow.cell, district, areas))
        )
    if begins_at is not None:
        query = query.where(CheckInRow.observed_at >= begins_at)
    if ends_at is not None:
        query = query.where(CheckInRow.observed_at < ends_at)
    if after is not None:
        query = query.where(tuple_(CheckInRow.observed_at, CheckInRow.id) > after)
    order = (CheckInRow.observed_at, CheckInRow.id)
    query = query.order_by(*(column.desc() if newest_first else column for column in order))
    if lock:
        query = query.with_for_update(of=CheckInRow)
    return [_stored(row) for row in session.execute(query.limit(limit))]


def evidence_of(
    session: Session, district: DistrictCode, of: Sequence[Stored]
) -> list[tuple[Evidence, Policy]]:
    """What each check-in was judged on: its own plan and policy, duty and cells as known now."""
    if not of:
        return []
    asked = [(one.check_in.worker, one.check_in.observed_at) for one in of]
    on_duty = workforce.on_duty_at(session, district, asked)
    assigned = workforce.assigned_at(session, district, asked)
    grids = {
        plan: queries.grid_of(session, district, plan) for plan in {one.check_in.plan for one in of}
    }
    policies = policies_of(session, district, {one.check_in.policy for one in of})
    found = []
    for one, duty, cells in zip(of, on_duty, assigned, strict=True):
        check_in = one.check_in
        evidence = Evidence(
            fix=one.fix,
            grid=grids[check_in.plan],
            assigned=tuple(CellCode(cell) for cell in cells),
            checkpoint=one.site,
            on_duty=duty,
            waited=max(check_in.received_at - check_in.observed_at, timedelta(0)),
            checkpoint_retired=one.retired_at is not None
            and one.retired_at <= check_in.observed_at,
            proof=check_in.proof,
        )
        found.append((evidence, policies[check_in.policy]))
    return found


def policies_of(
    session: Session, district: DistrictCode, versions: Iterable[int]
) -> dict[int, Policy]:
    """Check-in policies by version, in force or not."""
    rows = session.execute(
        select(PolicyRow.version, PolicyRow.body).where(
            PolicyRow.district == district, PolicyRow.version.in_(set(versions))
        )
    )
    return {version: Policy.from_fields(body) for version, body in rows}


def days_with_check_ins(
    session: Session, district: DistrictCode, begins_on: date, ends_on: date
) -> set[date]:
    """The civil days of a half-open range on which anybody checked in."""
    zone = hierarchy.district(session, district).time_zone
    day = cast(func.timezone(zone, CheckInRow.observed_at), Date)
    rows = session.scalars(
        select(day)
        .where(
            CheckInRow.district == district,
            CheckInRow.observed_at >= civil_day(begins_on, zone)[0],
            CheckInRow.observed_at < civil_day(ends_on, zone)[0],
        )
        .distinct()
    )
    return set(rows)


def first_answers(
    session: Session, district: DistrictCode, ids: Iterable[UUID]
) -> dict[UUID, CheckIn]:
    """What was first answered to those of some check-ins that were judged again since."""
    rows = session.execute(
        _given_columns(district).where(VerdictRow.check_in.in_(set(ids)), VerdictRow.number == 1)
    ).all()
    stand = {
        row.id: queries.check_in_of(row)
        for row in session.execute(
            queries.check_in_columns(district).where(
                CheckInRow.id.in_([row.check_in for row in rows])
            )
        )
    }
    return {row.check_in: _given(row, stand[row.check_in]).check_in for row in rows}


def history(session: Session, district: DistrictCode, id: CheckInId) -> list[Given]:
    """Every verdict of a check-in, oldest first. Raises: CheckInNotFound."""
    stands = queries.check_in(session, district, id)
    rows = session.execute(
        _given_columns(district).where(VerdictRow.check_in == id).order_by(VerdictRow.number)
    ).all()
    if rows:
        return [_given(row, stands) for row in rows]
    (only,) = stored(session, district, ids=[id])
    return [first_given(only)]


def first_given(one: Stored) -> Given:
    """The verdict of a check-in that was judged once."""
    return Given(
        check_in=one.check_in,
        cause=Cause.FIRST,
        by=one.actor,
        at=one.check_in.received_at,
        text=None,
        read_as=one.fix.read_as,
    )


def verdicts_given(
    session: Session, district: DistrictCode, ids: Iterable[UUID]
) -> dict[UUID, int]:
    """How many verdicts are on record of each check-in that was judged more than once."""
    rows = session.execute(
        select(VerdictRow.check_in, func.max(VerdictRow.number))
        .where(VerdictRow.district == district, VerdictRow.check_in.in_(set(ids)))
        .group_by(VerdictRow.check_in)
    )
    return {row[0]: row[1] for row in rows}


def _stored_columns(district: DistrictCode) -> Select[Any]:
    judged_by = (
        "raw_lon raw_lat mock source device sent_at accuracy_level read_as actor"
        " site_lon site_lat site_radius_m"
    )
    stands = CheckpointRow
    return (
        queries.check_in_columns(district)
        .add_columns(
            *(getattr(CheckInRow, name) for name in judged_by.split()),
            stands.cell.label("stands_in"),
            stands.code.label("stands_code"),
            stands.name.label("stands_name"),
            func.ST_X(stands.point).label("stands_lon"),
            func.ST_Y(stands.point).label("stands_lat"),
            stands.radius_m.label("stands_radius_m"),
            stands.retired_at.label("stands_until"),
        )
        .join(
            stands,
            and_(stands.district == CheckInRow.district, stands.id == CheckInRow.checkpoint),
            isouter=True,
        )
    )


def _stored(row: Any) -> Stored:
    check_in = queries.check_in_of(row)
    fix = Fix(
        lon=math.nan if row.raw_lon is None else row.raw_lon,
        lat=math.nan if row.raw_lat is None else row.raw_lat,
        system=System(row.system),
        accuracy_m=Metres(row.accuracy_m),
        observed_at=row.observed_at,
        mock=row.mock,
        source=row.source,
        accuracy_level=row.accuracy_level,
        read_as=None if row.read_as is None else Mistake(row.read_as),
    )
    return Stored(
        check_in=check_in,
        fix=fix,
        device=row.device,
        sent_at=row.sent_at,
        actor=row.actor,
        site=None if check_in.checkpoint is None else _site(row, check_in),
        retired_at=row.stands_until,
    )


def _site(row: Any, check_in: CheckIn) -> CheckpointSite:
    """The checkpoint where it stood, under the name it had; else where it stands."""
    said: dict[str, Any] = next(
        (dict(reason) for reason in check_in.reasons if "radius_m" in reason and "name" in reason),
        {},
    )
    kept = row.site_lon is not None
    return CheckpointSite(
        id=CheckpointId(row.checkpoint),
        cell=CellCode(row.stands_in),
        code=row.stands_code,
        name=said.get("name", row.stands_name),
        lon=row.site_lon if kept else row.stands_lon,
        lat=row.site_lat if kept else row.stands_lat,
        radius_m=Metres(row.site_radius_m if kept else row.stands_radius_m),
    )


def _given_columns(district: DistrictCode) -> Select[Any]:
    kept = (
        "check_in cause text actor at plan policy read_as cell verdict accepted reasons doubts"
        " share_inside distance_to_border_m distance_to_checkpoint_m located_cell"
    )
    return select(
        *(getattr(VerdictRow, name) for name in kept.split()),
        func.ST_X(VerdictRow.point).label("lon"),
        func.ST_Y(VerdictRow.point).label("lat"),
    ).where(VerdictRow.district == district)


def _given(row: Any, stands: CheckIn) -> Given:
    check_in = replace(
        stands,
        lon=row.lon,
        lat=row.lat,
        cell=row.cell,
        verdict=None if row.verdict is None else VerdictKind(row.verdict),
        accepted=row.accepted,
        reasons=tuple(row.reasons),
        doubts=tuple(row.doubts),
        share_inside=row.share_inside,
        distance_to_border_m=row.distance_to_border_m,
        distance_to_checkpoint_m=row.distance_to_checkpoint_m,
        located_cell=row.located_cell,
        plan=PlanId(row.plan),
        policy=row.policy,
    )
    return Given(
        check_in=check_in,
        cause=Cause(row.cause),
        by=row.actor,
        at=row.at,
        text=row.text,
        read_as=None if row.read_as is None else Mistake(row.read_as),
    )
