# SPDX-License-Identifier: Apache-2.0
"""The offices of a district, and incidents handed to them, as values."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from geo.errors import Conflict, NotFound
from geo.ids import DepartmentId, DistrictCode, IncidentId
from geo.outbox import Event
from geo.values import value


@dataclass(frozen=True, kw_only=True)
class Department:
    """An office that incidents are handed to."""

    district: DistrictCode
    id: DepartmentId
    name: str
    phone: str | None = None

    @property
    def body(self) -> dict[str, Any]:
        """A department as an event says it."""
        return {"id": str(self.id), "name": self.name, "phone": self.phone}


@dataclass(frozen=True, kw_only=True)
class Transfer:
    """An incident handed to a department, with the words that went along.

    `name` is what the department was called then.
    """

    id: UUID
    incident: IncidentId
    department: DepartmentId
    name: str
    text: str | None
    at: datetime
    actor: str


class DepartmentNotFound(NotFound):
    """The district has no such department."""

    code = "department.not_found"


class DepartmentNamed(Conflict):
    """The district has a department of this name already."""

    code = "department.named"


@value(kw_only=True)
class DepartmentAdded(Event):
    """The district has another department to hand incidents to."""

    kind: ClassVar[str] = "department.added"


@value(kw_only=True)
class DepartmentChanged(Event):
    """A department got another name or telephone number."""

    kind: ClassVar[str] = "department.changed"
