# SPDX-License-Identifier: Apache-2.0
"""The snapshot that a page is born from."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import AwareDatetime

from api.deps import Now, Read, allowed
from api.shapes import Answer, Day
from api.sight import Sight
from api.state import state
from geo.accounts.rules import Actor

router = APIRouter(tags=["live"])


class DistrictAnswer(Answer):
    """The district the state is of."""

    code: str
    name: str
    time_zone: str
    demo: bool


class StateAnswer(Answer):
    """Rows by collection, and the number that the live feed continues from."""

    seq: int
    epoch: UUID
    at: AwareDatetime
    on: date
    district: DistrictAnswer
    plan: UUID
    collections: dict[str, list[dict[str, Any]]]


@router.get("/state")
def show(
    session: Read,
    me: Annotated[Actor, allowed("wall.read")],
    now: Now,
    on: Annotated[Day | None, Query(description="A day to come: its plan, its holders")] = None,
) -> StateAnswer:
    """The live state in the caller's scope; follow it by `/live?after=seq&epoch=epoch`."""
    return StateAnswer.model_validate(state(session, me.district, Sight.of(me), at=now, on=on))
