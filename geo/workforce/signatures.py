# SPDX-License-Identifier: Apache-2.0
"""Whose hand an act was: the names behind the signatures in the outbox."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from geo.accounts.queries import accounts, devices
from geo.ids import DistrictCode
from geo.workforce.tables import WorkerRow


def names_behind(
    session: Session, district: DistrictCode, signatures: Iterable[str]
) -> dict[str, str]:
    """The name behind each signature: an account's, or that of the worker whose phone it was.

    The system has none.
    """
    known = {signature.partition(":")[::2]: signature for signature in signatures}
    phones = [UUID(id) for (kind, id) in known if kind == "device"]
    owners = {id: device.worker for id, device in devices(session, district, phones).items()}
    found = session.execute(
        select(WorkerRow.id, WorkerRow.name).where(
            WorkerRow.district == district, WorkerRow.id.in_(set(owners.values()))
        )
    )
    workers = {row.id: row.name for row in found}
    named = {("device", str(id)): workers[worker] for id, worker in owners.items()}
    named |= {("account", str(actor.id)): actor.name for actor, _, _ in accounts(session, district)}
    return {signature: named[who] for who, signature in known.items() if who in named}
