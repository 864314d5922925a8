# SPDX-License-Identifier: Apache-2.0
"""The departments of a district, and what was handed to them."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from geo.ids import DepartmentId, DistrictCode, IncidentId
from geo.incidents.departments import Department, Transfer
from geo.incidents.tables import DepartmentRow, TransferRow


def departments(session: Session, district: DistrictCode) -> list[Department]:
    """Every department of a district, in the order in which they were added."""
    rows = session.scalars(
        select(DepartmentRow)
        .where(DepartmentRow.district == district)
        .order_by(DepartmentRow.added_at, DepartmentRow.name)
    )
    return [department_of(row) for row in rows]


def transfers_of(session: Session, district: DistrictCode, incident: UUID) -> list[Transfer]:
    """Whom an incident was handed to, in order; the last one is where it lies."""
    rows = session.scalars(
        select(TransferRow)
        .where(TransferRow.district == district, TransferRow.incident == incident)
        .order_by(TransferRow.at, TransferRow.id)
    )
    return [
        Transfer(
            id=row.id,
            incident=IncidentId(row.incident),
            department=DepartmentId(row.department),
            name=row.name,
            text=row.text,
            at=row.at,
            actor=row.actor,
        )
        for row in rows
    ]


def department_of(row: DepartmentRow) -> Department:
    """A department row as a value."""
    return Department(
        district=DistrictCode(row.district),
        id=DepartmentId(row.id),
        name=row.name,
        phone=row.phone,
    )
