# SPDX-License-Identifier: Apache-2.0
"""Checkpoints: the fixed points of a cell where a patrol checks in."""

from datetime import datetime
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Response
from pydantic import Field

from api.deps import Now, Read, Write, allowed
from api.shapes import (
    Answer,
    Body,
    CellCodeText,
    Cursor,
    Limit,
    Page,
    PointBody,
    ShortText,
    Within,
    id_cursor,
)
from geo.accounts.rules import Actor
from geo.ids import CellCode, CheckpointId
from geo.patrol import queries
from geo.patrol.checkpoints import change_checkpoint, create_checkpoint, retire_checkpoint
from geo.patrol.proof_codes import issue_proof_code
from geo.patrol.records import DEFAULT_RADIUS, Checkpoint
from geo.units import Metres
from maps.qr import qr_code

router = APIRouter(tags=["checkpoints"])

Reader = Annotated[Actor, allowed("checkpoints.read")]
Writer = Annotated[Actor, allowed("checkpoints.write")]
Issuer = Annotated[Actor, allowed("proofs.issue")]

Radius = Annotated[float, Field(gt=0, le=500)]


class CheckpointBody(Body):
    """A checkpoint to be made. Without `id` and `code` the service makes them."""

    id: UUID | None = None
    cell: CellCodeText
    code: ShortText | None = None
    name: ShortText
    point: PointBody
    radius_m: Radius = DEFAULT_RADIUS


class CheckpointChangeBody(Body):
    """What to change; absent or null keeps. `asks_proof`: the code at the door is asked for."""

    name: ShortText | None = None
    point: PointBody | None = None
    radius_m: Radius | None = None
    asks_proof: bool | None = None


class CheckpointAnswer(Answer):
    """A checkpoint; `lon`, `lat` in WGS-84."""

    id: UUID
    cell: str
    code: str
    name: str
    lon: float
    lat: float
    radius_m: float
    asks_proof: bool
    created_at: datetime
    retired_at: datetime | None
    origin: str


class ProofCodeAnswer(Answer):
    """A code for a door: what the QR code says, and the QR code as SVG, black on white."""

    checkpoint: UUID
    number: int
    token: str
    svg: str
    issued_at: datetime


@router.get("/checkpoints")
def index(
    session: Read,
    me: Reader,
    within: Within = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[CheckpointAnswer]:
    """Checkpoints of the caller's scope, without the retired ones."""
    found = queries.checkpoints(
        session,
        me.district,
        areas=me.areas,
        within=within,
        after=id_cursor(cursor),
        limit=limit + 1,
    )
    return Page(
        items=[_answer(checkpoint) for checkpoint in found[:limit]],
        next=str(found[limit - 1].id) if len(found) > limit else None,
    )


@router.post("/checkpoints", status_code=201, responses={200: {"model": CheckpointAnswer}})
def create(
    body: CheckpointBody, session: Write, me: Writer, now: Now, response: Response
) -> CheckpointAnswer:
    """Make a checkpoint; its point must lie in its cell."""
    id = body.id or uuid4()
    made, fresh = create_checkpoint(
        session,
        actor=me,
        id=CheckpointId(id),
        cell=CellCode(body.cell),
        code=body.code or f"{body.cell}-{id.hex[:8]}",
        name=body.name,
        point=body.point.value(),
        radius_m=Metres(body.radius_m),
        at=now,
    )
    response.status_code = 201 if fresh else 200
    return _answer(made)


@router.patch("/checkpoints/{checkpoint}")
def change(
    checkpoint: UUID, body: CheckpointChangeBody, session: Write, me: Writer, now: Now
) -> CheckpointAnswer:
    """Rename, move or resize a checkpoint, or ask for a second proof; given verdicts stay."""
    changed = change_checkpoint(
        session,
        actor=me,
        id=CheckpointId(checkpoint),
        at=now,
        name=body.name,
        point=None if body.point is None else body.point.value(),
        radius_m=None if body.radius_m is None else Metres(body.radius_m),
        asks_proof=body.asks_proof,
    )
    return _answer(changed)


@router.post("/checkpoints/{checkpoint}/proof-codes", status_code=201)
def issue(checkpoint: UUID, session: Write, me: Issuer, now: Now) -> ProofCodeAnswer:
    """Issue a code for the door, to be printed. The print that hung there counts no more."""
    code = issue_proof_code(session, actor=me, checkpoint=CheckpointId(checkpoint), at=now)
    return ProofCodeAnswer(
        checkpoint=checkpoint,
        number=code.number,
        token=code.token,
        svg=qr_code(code.token),
        issued_at=code.issued_at,
    )


@router.delete("/checkpoints/{checkpoint}", status_code=204)
def retire(checkpoint: UUID, session: Write, me: Writer, now: Now) -> None:
    """Retire a checkpoint; what was judged there stays."""
    retire_checkpoint(session, actor=me, id=CheckpointId(checkpoint), at=now)


def _answer(checkpoint: Checkpoint) -> CheckpointAnswer:
    return CheckpointAnswer.model_validate(checkpoint)
