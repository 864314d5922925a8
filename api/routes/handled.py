# SPDX-License-Identifier: Apache-2.0
"""What was done about an incident beside its linkup: who else called, who it was handed to."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from api.shapes import Answer
from geo.accounts.rules import Actor, Role
from geo.incidents.call_queries import further_calls, merged_into
from geo.incidents.department_queries import transfers_of
from geo.incidents.rules import Incident


class FurtherCallAnswer(Answer):
    """Somebody else called about the incident."""

    id: UUID
    text: str | None
    reporter: dict[str, str] | None
    at: datetime
    actor: str


class TransferAnswer(Answer):
    """The incident was handed to a department."""

    id: UUID
    department: UUID
    name: str
    text: str | None
    at: datetime
    actor: str


class MergedAnswer(Answer):
    """An incident that was closed as merged into this one."""

    id: UUID
    title: str
    reported_at: datetime
    closed_at: datetime


def handled(session: Session, me: Actor, incident: Incident) -> dict[str, Any]:
    """What was done, for those who see people; empty for the others."""
    if me.role in (Role.VIEWER, Role.WORKER):
        return {"further_calls": [], "transfers": [], "merged": []}
    of = (session, me.district, incident.id)
    return {
        "further_calls": [FurtherCallAnswer.model_validate(one) for one in further_calls(*of)],
        "transfers": [TransferAnswer.model_validate(one) for one in transfers_of(*of)],
        "merged": [MergedAnswer.model_validate(one) for one in merged_into(*of)],
    }
