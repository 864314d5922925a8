# SPDX-License-Identifier: Apache-2.0
"""Setting how a district asks: a version a change, from an instant to come on."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, insert, select, update
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from geo.accounts.rules import SYSTEM_ACTOR
from geo.clock import rfc3339
from geo.columns import Origin
from geo.ids import DistrictCode
from geo.incidents.events import LinkupPolicyChanged
from geo.incidents.policies import LinkupPolicy
from geo.incidents.tables import LinkupPolicyRow
from geo.outbox import record
from geo.patrol.records import PolicyNotLater


def change_linkup_policy(
    session: Session,
    *,
    district: DistrictCode,
    policy: LinkupPolicy,
    since: datetime,
    at: datetime,
    by: str = SYSTEM_ACTOR,
) -> LinkupPolicy:
    """Let another linkup policy hold from an instant on; its version is the next one.

    Whoever is asked before keeps the clock that he was told.

    Raises: PolicyNotLater.  Records: LinkupPolicyChanged.
    """
    newest = session.execute(
        select(LinkupPolicyRow.version, func.lower(LinkupPolicyRow.during).label("begins"))
        .where(LinkupPolicyRow.district == district, func.upper_inf(LinkupPolicyRow.during))
        .with_for_update()
    ).one_or_none()
    earliest = at if newest is None else max(at, newest.begins)
    if since <= earliest:
        raise PolicyNotLater(since=rfc3339(since), after=rfc3339(earliest))
    if newest is not None:
        session.execute(
            update(LinkupPolicyRow)
            .where(LinkupPolicyRow.district == district, LinkupPolicyRow.version == newest.version)
            .values(during=Range(newest.begins, since, bounds="[)"))
            .execution_options(synchronize_session=False)
        )
    made = replace(policy, version=1 if newest is None else newest.version + 1)
    body = made.as_fields()
    session.execute(
        insert(LinkupPolicyRow).values(
            district=district,
            version=made.version,
            during=Range(since, None, bounds="[)"),
            body=body,
        )
    )
    record(
        session,
        LinkupPolicyChanged(
            id=UUID(int=made.version),
            district=district,
            at=at,
            actor=by,
            origin=Origin.REAL,
            area=district,
            body={**body, "from": rfc3339(since)},
        ),
    )
    return made
