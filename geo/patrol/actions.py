# SPDX-License-Identifier: Apache-2.0
"""Work logs; bringing in a policy and checkpoints. Check-ins are taken in by `check_ins`."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

import shapely
from sqlalchemy import func, insert, select, update
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.orm import Session

from geo.accounts.rules import SYSTEM_ACTOR, Actor, may
from geo.clock import civil_date, rfc3339
from geo.columns import Origin
from geo.digests import digest
from geo.errors import IdReused
from geo.hierarchy import queries as hierarchy
from geo.ids import DistrictCode, WorkerId, WorkLogId
from geo.outbox import record
from geo.patrol import queries
from geo.patrol.check_ins import identity
from geo.patrol.records import (
    NoPolicyInForce,
    PolicyChanged,
    PolicyNotLater,
    WorkLog,
    WorkLogInFuture,
    WorkLogWritten,
)
from geo.patrol.rules import CheckpointSite, Policy
from geo.patrol.tables import CheckpointRow, PolicyRow, WorkLogRow
from geo.workforce import queries as workforce


def write_work_log(
    session: Session,
    *,
    actor: Actor,
    id: WorkLogId,
    worker: WorkerId,
    on: date,
    text: str,
    at: datetime,
) -> tuple[WorkLog, bool]:
    """Write the log of a patrol day; True when it is new.

    Raises: NotAllowed, NotFound, WorkLogInFuture, IdReused.  Records: WorkLogWritten.
    """
    may(actor, "worklogs.write", worker=worker)
    area, origin = workforce.area_of_worker(session, actor.district, worker, at=at)
    today = civil_date(at, hierarchy.district(session, actor.district).time_zone)
    if on > today:
        raise WorkLogInFuture(on=on.isoformat(), today=today.isoformat())
    said = digest(worker=worker, on=on, text=text, actor=identity(actor))
    made = session.execute(
        pg_insert(WorkLogRow)
        .values(
            district=actor.district,
            id=id,
            worker=worker,
            on_date=on,
            text=text,
            received_at=at,
            digest=said,
            actor=actor.signature,
            origin=origin.value,
        )
        .on_conflict_do_nothing()
        .returning(WorkLogRow.id)
    ).one_or_none()
    if made is None:
        stored, before = queries.work_log_with_digest(session, actor.district, id)
        if before != said:
            raise IdReused(id=id)
        return stored, False
    record(
        session,
        WorkLogWritten(
            id=id,
            district=actor.district,
            at=at,
            actor=actor.signature,
            origin=origin,
            area=area,
            workers=(worker,),
            body={"id": str(id), "worker": str(worker), "on": on.isoformat()},
        ),
    )
    return WorkLog(id=id, worker=worker, on=on, text=text, received_at=at, origin=origin), True


def install_policy(
    session: Session,
    *,
    district: DistrictCode,
    since: datetime,
    policy: Policy | None = None,
    by: str = SYSTEM_ACTOR,
) -> Policy:
    """Give a district its first check-in policy (the default one when none is said).

    Records: PolicyChanged.
    """
    return _begin_policy(session, district, policy or Policy(), since, since, by)


def change_policy(
    session: Session,
    *,
    district: DistrictCode,
    policy: Policy,
    since: datetime,
    at: datetime,
    by: str = SYSTEM_ACTOR,
) -> Policy:
    """Let another check-in policy hold from an instant on; its version is the next one.

    Never from an instant that has passed: what was observed since then is judged already, and what
    is still on its way must be judged alike.

    Raises: NoPolicyInForce (the district never had one), PolicyNotLater.  Records: PolicyChanged.
    """
    newest = session.execute(
        select(PolicyRow.version, func.lower(PolicyRow.during).label("begins"))
        .where(PolicyRow.district == district, func.upper_inf(PolicyRow.during))
        .with_for_update()
    ).one_or_none()
    if newest is None:
        raise NoPolicyInForce(district=district, at=rfc3339(since))
    earliest = max(at, newest.begins)
    if since <= earliest:
        raise PolicyNotLater(since=rfc3339(since), after=rfc3339(earliest))
    session.execute(
        update(PolicyRow)
        .where(PolicyRow.district == district, PolicyRow.version == newest.version)
        .values(during=Range(newest.begins, since, bounds="[)"))
        .execution_options(synchronize_session=False)
    )
    return _begin_policy(
        session, district, replace(policy, version=newest.version + 1), since, at, by
    )


def install_checkpoints(
    session: Session,
    *,
    district: DistrictCode,
    checkpoints: Sequence[CheckpointSite],
    at: datetime,
    origin: Origin = Origin.REAL,
) -> None:
    """Bring many checkpoints in, in one statement."""
    rows = [
        {
            "district": district,
            "id": site.id,
            "cell": site.cell,
            "code": site.code,
            "name": site.name,
            "point": shapely.Point(site.lon, site.lat),
            "radius_m": site.radius_m,
            "created_at": at,
            "origin": origin.value,
        }
        for site in checkpoints
    ]
    if rows:
        session.execute(insert(CheckpointRow), rows)


def _begin_policy(
    session: Session,
    district: DistrictCode,
    policy: Policy,
    since: datetime,
    at: datetime,
    by: str,
) -> Policy:
    session.execute(
        insert(PolicyRow).values(
            district=district,
            version=policy.version,
            during=Range(since, None, bounds="[)"),
            body=policy.as_fields(),
        )
    )
    record(
        session,
        PolicyChanged(
            id=UUID(int=policy.version),
            district=district,
            at=at,
            actor=by,
            origin=Origin.REAL,
            area=district,
            body={**policy.as_fields(), "from": rfc3339(since)},
        ),
    )
    return policy
