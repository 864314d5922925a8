# SPDX-License-Identifier: Apache-2.0
"""What was recommended in a linkup, as it was made, and made again from what was known then."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter

from api.deps import Read, allowed
from api.shapes import Answer
from geo.accounts.rules import Actor
from geo.ids import LinkupId
from geo.incidents.queries import linkup_in_scope
from geo.incidents.replay import replayed

router = APIRouter(tags=["linkups"])


class RingAnswer(Answer):
    """One ring: what was recommended `at` that moment, and the same again.

    `recommended` is as it was made; its `inquiry` is what it followed from: distances, ages,
    who was engaged, who answered for the cell. `again` is what follows from that inquiry by the
    rule of today, and `same` says whether it is the same. Whom a person named, or the ladder, was
    not ranked: both are null.
    """

    ring: int
    at: str
    recommended: dict[str, Any]
    again: dict[str, Any] | None
    same: bool | None


class RecommendationAnswer(Answer):
    """The recommendations of a linkup, ring by ring."""

    linkup: UUID
    rings: list[RingAnswer]


@router.get("/linkups/{linkup}/recommendation")
def show(
    linkup: UUID, session: Read, me: Annotated[Actor, allowed("nearest.read")]
) -> RecommendationAnswer:
    """Why these workers were asked, replayed."""
    found = linkup_in_scope(session, me, LinkupId(linkup), verb="nearest.read")
    return RecommendationAnswer.model_validate(
        {"linkup": found.id, "rings": replayed(found.recommendation)}
    )
