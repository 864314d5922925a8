# SPDX-License-Identifier: Apache-2.0
"""The offices of the district, and incidents handed to them."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response

from api.deps import Now, Read, Write, allowed
from api.routes.incidents import IncidentAnswer, Manager, incident_answer
from api.shapes import Answer, Body, Page, ShortText, Text
from geo.accounts.rules import Actor
from geo.ids import DepartmentId
from geo.incidents import department_queries as queries
from geo.incidents import transferring
from geo.incidents.departments import Department

router = APIRouter(tags=["departments"])


class DepartmentBody(Body):
    """An office to hand incidents to."""

    id: UUID
    name: ShortText
    phone: ShortText | None = None


class DepartmentChangeBody(Body):
    """What to change; absent or null keeps."""

    name: ShortText | None = None
    phone: ShortText | None = None


class DepartmentAnswer(Answer):
    """An office of the district."""

    id: UUID
    name: str
    phone: str | None


class TransferBody(Body):
    """The department, and the words that go along."""

    department: UUID
    text: Text | None = None


Writer = Annotated[Actor, allowed("departments.write")]


@router.get("/departments")
def index(
    session: Read, me: Annotated[Actor, allowed("departments.read")]
) -> Page[DepartmentAnswer]:
    """The departments of the district."""
    found = queries.departments(session, me.district)
    return Page(items=[DepartmentAnswer.model_validate(one) for one in found])


@router.post(
    "/departments",
    status_code=201,
    responses={200: {"model": DepartmentAnswer, "description": "The same again"}},
)
def add(
    body: DepartmentBody,
    session: Write,
    me: Writer,
    now: Now,
    response: Response,
) -> DepartmentAnswer:
    """Give the district another department."""
    added, new = transferring.add_department(
        session,
        actor=me,
        added=Department(
            district=me.district, id=DepartmentId(body.id), name=body.name, phone=body.phone
        ),
        at=now,
    )
    if not new:
        response.status_code = 200
    return DepartmentAnswer.model_validate(added)


@router.patch("/departments/{department}")
def change(
    department: UUID, body: DepartmentChangeBody, session: Write, me: Writer, now: Now
) -> DepartmentAnswer:
    """Rename a department or give it another telephone number; open incidents follow its name."""
    changed = transferring.change_department(
        session,
        actor=me,
        department=DepartmentId(department),
        at=now,
        name=body.name,
        phone=body.phone,
    )
    return DepartmentAnswer.model_validate(changed)


@router.post("/incidents/{incident}/transfer")
def transfer(
    incident: UUID, body: TransferBody, session: Write, me: Manager, now: Now
) -> IncidentAnswer:
    """Hand an incident to a department; its linkup goes on."""
    handed = transferring.transfer_incident(
        session,
        actor=me,
        incident=incident,
        to=DepartmentId(body.department),
        text=body.text,
        at=now,
    )
    return incident_answer(session, me, handed)
