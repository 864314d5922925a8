# SPDX-License-Identifier: Apache-2.0
"""Check-ins: taken in one by one or as an offline queue, judged, and read."""

import asyncio
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from fastapi import APIRouter, Query, Request, Response
from pydantic import Field, ValidationError

from api.check_in_stream import MEDIA_TYPE, CheckInStream, CheckInStreams
from api.deps import Now, Read, Write, allowed, authenticate, credentials, gathered
from api.direct import DirectRoute
from api.errors import invalid_fields, problem, problem_fields, problems, status_of
from api.intake import VERB, Ask, Intake
from api.shapes import (
    Answer,
    Body,
    Cursor,
    CursorMalformed,
    FixBody,
    Instant,
    Limit,
    Page,
    ShortText,
    Within,
    id_cursor,
    instant_cursor,
    instant_of,
)
from geo.accounts.rules import Actor, DeviceProfile, Reach, may, reach_of
from geo.crs import System
from geo.errors import GeoError
from geo.ids import CheckInId, CheckpointId, WorkerId
from geo.patrol import queries
from geo.patrol.check_ins import take_check_ins
from geo.patrol.proofs import ProofState
from geo.patrol.records import CheckIn, Claim
from geo.patrol.rules import VerdictKind

router = APIRouter(tags=["check-ins"])

Reader = Annotated[Actor, allowed("checkins.read")]
Writer = Annotated[Actor, allowed("checkins.write")]

MOST_CHECK_INS = 1000
_LINES = {MEDIA_TYPE: {"schema": {"type": "string", "description": "`CheckInBody`, a line each"}}}
_ANSWERS = {
    MEDIA_TYPE: {"schema": {"type": "string", "description": "`BatchItemAnswer`, a line each"}}
}


class Proof(Body):
    """A second proof of having been there, read off the door."""

    kind: Literal["qr"]
    token: ShortText


class CheckInBody(Body):
    """A check-in with an id made on the phone. `sent_at` is the phone's clock at this very sending.

    `proof` is the code read off the door, where the checkpoint asks for one.
    """

    id: UUID
    worker: UUID
    checkpoint: UUID | None = None
    fix: FixBody
    sent_at: Instant | None = None
    proof: Proof | None = None

    def value(self, profile: DeviceProfile) -> Claim:
        """As the domain knows it, said by a device of this profile."""
        return Claim(
            id=CheckInId(self.id),
            worker=WorkerId(self.worker),
            checkpoint=None if self.checkpoint is None else CheckpointId(self.checkpoint),
            fix=self.fix.value(profile),
            sent_at=self.sent_at,
            proof=None if self.proof is None else self.proof.token,
        )


class BatchBody(Body):
    """An offline queue. Each item is looked at by itself: a malformed one spoils no other."""

    items: Annotated[
        list[Any],
        Field(
            max_length=MOST_CHECK_INS,
            json_schema_extra={"items": {"$ref": "#/components/schemas/CheckInBody"}},
        ),
    ]


class CheckInAnswer(Answer):
    """A check-in as it was judged, and why; `lon`, `lat` in WGS-84, null once they have expired."""

    id: UUID
    worker: UUID
    checkpoint: UUID | None
    cell: str | None
    verdict: VerdictKind | None
    accepted: bool
    reasons: list[dict[str, Any]]
    doubts: list[dict[str, Any]]
    share_inside: float | None
    distance_to_border_m: float | None
    distance_to_checkpoint_m: float | None
    located_cell: str | None
    proof: ProofState | None
    lon: float | None
    lat: float | None
    system: System
    accuracy_m: float
    plan: UUID
    policy: int
    observed_at: datetime
    received_at: datetime
    origin: str


class BatchItemAnswer(Answer):
    """What became of one item: `check_in` when it is kept, `problem` when it was refused."""

    index: int
    status: int
    check_in: CheckInAnswer | None = None
    problem: dict[str, Any] | None = None


class BatchAnswer(Answer):
    """What became of each item, in the order they came."""

    items: list[BatchItemAnswer]


def put_first(shared: APIRouter, prefix: str, responses: dict[int | str, dict[str, Any]]) -> None:
    """Put what phones do all day among the app's own routes, before all routers.

    To find it in a router that the app includes costs as much as parsing its body.
    """
    shared.add_api_route(
        f"{prefix}/check-ins",
        take,
        methods=["POST"],
        tags=list(router.tags),
        status_code=201,
        response_model=CheckInAnswer,
        responses=responses | {200: {"model": CheckInAnswer}},
        route_class_override=DirectRoute,
    )


@gathered(VERB)
async def take(body: CheckInBody, request: Request) -> tuple[int, bytes]:
    """Take a check-in in and judge it. A refused one is kept too, with its reasons."""
    intake: Intake = request.app.state.intake
    taken = await intake.take(Ask(credentials(request), body.value))
    # Written as it is: a second model of the answer would cost as much as parsing the body.
    return 201 if taken.fresh else 200, orjson.dumps(taken.check_in, option=orjson.OPT_UTC_Z)


@router.post("/check-ins/batch")
def take_queue(
    body: BatchBody, session: Write, me: Writer, now: Now, request: Request
) -> BatchAnswer:
    """Take an offline queue in, item by item."""
    language = request.headers.get("accept-language")
    answers: dict[int, BatchItemAnswer] = {}

    def refuse(index: int, status: int, code: str, fields: dict[str, Any]) -> None:
        problem = problem_fields(status, code, fields, language)
        answers[index] = BatchItemAnswer(index=index, status=status, problem=problem)

    claims: dict[int, Claim] = {}
    for index, item in enumerate(body.items):
        try:
            claims[index] = CheckInBody.model_validate(item).value(me.profile)
        except ValidationError as error:
            refuse(index, 422, "request.invalid", invalid_fields(error.errors()))
    taken = take_check_ins(session, [(me, claim) for claim in claims.values()], at=now)
    for index, outcome in zip(claims, taken, strict=True):
        if isinstance(outcome, GeoError):
            refuse(index, status_of(outcome), outcome.code, outcome.fields)
        else:
            status = 201 if outcome.fresh else 200
            check_in = _answer(outcome.check_in)
            answers[index] = BatchItemAnswer(index=index, status=status, check_in=check_in)
    return BatchAnswer(items=[answers[index] for index in sorted(answers)])


@router.post(
    "/check-ins/stream",
    response_class=Response,
    responses={
        200: {"description": "Answers, in the order of their lines", "content": _ANSWERS},
        **problems(415),
    },
    openapi_extra={"requestBody": {"required": True, "content": _LINES}},
)
@gathered(VERB)
async def take_stream(request: Request) -> Response:
    """Take check-ins in for as long as they come, a line each; answer each when it is committed.

    The lines of an answer are those of a batch. One more without `check_in` says why a stream was
    ended; its `index` is that of the first line that was not taken in.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != MEDIA_TYPE:
        return problem(request, 415, "stream.media_type", {"media_type": MEDIA_TYPE})
    shown = credentials(request)
    streams: CheckInStreams = request.app.state.check_in_streams
    place = streams.join()
    try:
        actor = await asyncio.to_thread(authenticate, request)
        reach_of(actor, VERB)
    except BaseException:
        streams.leave(place)
        raise
    return CheckInStream(
        streams,
        place,
        intake=request.app.state.intake,
        shown=shown,
        claim=lambda line: CheckInBody.model_validate_json(line).value,
        request=request,
    )


@router.get("/check-ins")
def index(
    session: Read,
    me: Reader,
    worker: UUID | None = None,
    within: Within = None,
    verdict: VerdictKind | None = None,
    begins_at: Annotated[Instant | None, Query(alias="from")] = None,
    ends_at: Annotated[Instant | None, Query(alias="until")] = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[CheckInAnswer]:
    """Check-ins of the caller's scope, the newest observation first; a worker sees his own."""
    found = queries.check_ins(
        session,
        me.district,
        areas=me.areas,
        own=me.worker if reach_of(me, "checkins.read") is Reach.OWN else None,
        worker=None if worker is None else WorkerId(worker),
        within=within,
        verdict=verdict,
        begins_at=begins_at,
        ends_at=ends_at,
        before=_seen(cursor),
        limit=limit + 1,
    )
    last = found[limit - 1] if len(found) > limit else None
    return Page(
        items=[_answer(check_in) for check_in in found[:limit]],
        next=None if last is None else f"{instant_cursor(last.observed_at)}.{last.id}",
    )


@router.get("/check-ins/{check_in}")
def show(check_in: UUID, session: Read, me: Reader) -> CheckInAnswer:
    """One check-in and why it was judged so."""
    found = queries.check_in(session, me.district, CheckInId(check_in))
    may(me, "checkins.read", area=found.cell, worker=found.worker)
    return _answer(found)


def _answer(check_in: CheckIn) -> CheckInAnswer:
    return CheckInAnswer.model_validate(check_in)


def _seen(cursor: str | None) -> tuple[datetime, UUID] | None:
    if cursor is None:
        return None
    instant, _, id = cursor.partition(".")
    seen = id_cursor(id)
    if seen is None:
        raise CursorMalformed()
    return instant_of(instant), seen
