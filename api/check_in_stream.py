# SPDX-License-Identifier: Apache-2.0
"""A stream of check-ins: a body without end, a line each; an answer each, once it is committed.

Every line is its own check-in at the intake, with the credentials of the stream: whoever is let in
no more is told so at his next line. Only so many lines are on their way at once: where the answers
are not taken, nothing more is read.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import orjson
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from api.deps import Credentials
from api.errors import Refusal, invalid_fields, problem_fields, refusal_of
from api.intake import Ask, Intake, IntakeBusy
from geo.accounts.rules import DeviceProfile, SessionInvalid
from geo.errors import Busy
from geo.patrol.check_ins import Taken
from geo.patrol.records import Claim

MEDIA_TYPE = "application/x-ndjson"
BUSY_RETRY_S = 5

_TURN_S = 0.05


class StreamsBusy(Busy):
    """As many streams of check-ins are open as this process keeps."""

    code = "stream.too_many"


@dataclass(frozen=True)
class StreamLimits:
    """What streams of check-ins may take of one process.

    All lines on their way are half of what the intake lets wait: single check-ins keep the rest.
    """

    streams: int = 32
    lines_on_their_way: int = 16
    line_bytes: int = 16 * 1024
    """Thirty times a check-in: a longer line is none."""
    line_s: float = 15.0
    """A line that has begun must be whole within this time of waiting for it."""
    idle_s: float = 90.0
    """Without a byte for so long nobody is there; an empty line is a sign of life."""
    send_s: float = 20.0
    """Answers that nobody takes for so long end the stream."""
    farewell_s: float = 2.0
    """What still comes after the last answer is read away for so long, that it may arrive."""


class CheckInStreams:
    """The open streams of one process."""

    def __init__(self, limits: StreamLimits) -> None:
        self.limits = limits
        self._open: set[asyncio.Event] = set()
        self._stopping = False

    @property
    def open(self) -> int:
        """How many there are."""
        return len(self._open)

    def join(self) -> asyncio.Event:
        """A place for one more; what is answered is set when it must end. Raises: StreamsBusy."""
        if self._stopping or len(self._open) >= self.limits.streams:
            raise StreamsBusy(retry_after_s=BUSY_RETRY_S)
        must_end = asyncio.Event()
        self._open.add(must_end)
        return must_end

    def leave(self, place: asyncio.Event) -> None:
        """Give a place back."""
        self._open.discard(place)

    def stop(self) -> None:
        """Have all streams end once they have answered what they took."""
        self._stopping = True
        for must_end in self._open:
            must_end.set()


class _Ended(Exception):
    """No line comes any more; `why`, where it was not the end of the body."""

    def __init__(self, why: Refusal | None) -> None:
        super().__init__()
        self.why = why


@dataclass(frozen=True)
class _Line:
    """A line on its way."""

    index: int
    outcome: asyncio.Future[Taken | Refusal]


@dataclass(frozen=True)
class _End:
    """After the last line."""

    index: int
    why: Refusal | None


class CheckInStream(Response):
    """Takes check-ins in for as long as they come, and answers them in the order of their lines."""

    media_type = MEDIA_TYPE

    def __init__(
        self,
        streams: CheckInStreams,
        place: asyncio.Event,
        *,
        intake: Intake,
        shown: Credentials,
        claim: Callable[[bytes], Callable[[DeviceProfile], Claim]],
        request: Request,
    ) -> None:
        super().__init__(headers={"x-accel-buffering": "no"})
        # A stream has no length.
        self.raw_headers = [pair for pair in self.raw_headers if pair[0] != b"content-length"]
        self._streams = streams
        self._limits = streams.limits
        self._must_end = place
        self._intake = intake
        self._shown = shown
        self._claim = claim
        self._language = request.headers.get("accept-language")
        self._path = request.url.path
        self._answers: asyncio.Queue[_Line | _End] = asyncio.Queue(self._limits.lines_on_their_way)
        self._listening = asyncio.Event()
        self._whole = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read and answer until the body ends, or the stream must."""

        async def heard() -> Message:
            self._listening.set()
            return await receive()

        reading = asyncio.create_task(self._read(heard))
        writing = asyncio.create_task(self._write(send))
        try:
            # What cannot be read on is told by the writer; only a fault ends the reader alone.
            done, _ = await asyncio.wait({reading, writing}, return_when=asyncio.FIRST_COMPLETED)
            if reading in done and reading.exception() is None:
                await asyncio.wait({writing})
        finally:
            self._streams.leave(self._must_end)
            for task in (reading, writing):
                task.cancel()
            ended = await asyncio.gather(reading, writing, return_exceptions=True)
            self._forget()
        for problem in ended:
            if isinstance(problem, Exception) and not isinstance(problem, OSError | TimeoutError):
                raise problem
        if not isinstance(ended[1], BaseException):
            await self._farewell(receive, send)

    def _forget(self) -> None:
        """Wait for no answers any more; what the intake has begun is kept all the same."""
        while not self._answers.empty():
            entry = self._answers.get_nowait()
            if isinstance(entry, _Line):
                entry.outcome.cancel()

    async def _read(self, receive: Receive) -> None:
        index = 0
        try:
            async for line in self._lines(receive):
                await self._answers.put(_Line(index, self._begun(line)))
                index += 1
        except _Ended as ended:
            await self._answers.put(_End(index, ended.why))

    async def _lines(self, receive: Receive) -> AsyncIterator[bytes]:
        """The lines that say something. Raises: _Ended."""
        rest = bytearray()
        waited = 0.0
        more = True
        while True:
            while (end := rest.find(b"\n")) >= 0:
                line = bytes(rest[:end]).strip()
                del rest[: end + 1]
                waited = 0.0
                if end > self._limits.line_bytes:
                    raise _Ended(self._too_long())
                if line:
                    yield line
            if len(rest) > self._limits.line_bytes:
                raise _Ended(self._too_long())
            if not more:
                cut_short = Refusal(422, "stream.line_cut_short") if rest.strip() else None
                raise _Ended(cut_short)
            patience = self._limits.line_s - waited if rest else self._limits.idle_s
            loop = asyncio.get_running_loop()
            began = loop.time()
            message = await self._next(receive, patience)
            waited += loop.time() - began if rest else 0.0
            rest += message.get("body", b"")
            more = message.get("more_body", False)
            self._whole = not more

    def _too_long(self) -> Refusal:
        return Refusal(413, "stream.line_too_long", {"limit_bytes": self._limits.line_bytes})

    async def _next(self, receive: Receive, patience_s: float) -> Any:
        """What comes next of the body. Raises: _Ended."""
        coming = asyncio.ensure_future(receive())
        ending = asyncio.create_task(self._must_end.wait())
        try:
            await asyncio.wait(
                {coming, ending}, timeout=patience_s, return_when=asyncio.FIRST_COMPLETED
            )
            if self._must_end.is_set():
                fields = {"retry_after_s": BUSY_RETRY_S}
                raise _Ended(Refusal(503, "service.stopping", fields))
            if not coming.done():
                raise _Ended(Refusal(408, "stream.stalled"))
            message = coming.result()
        finally:
            coming.cancel()
            ending.cancel()
        if message["type"] == "http.disconnect":
            raise _Ended(None)
        return message

    def _begun(self, line: bytes) -> asyncio.Future[Taken | Refusal]:
        """A line that is being taken in, or is refused already."""
        try:
            claim = self._claim(line)
        except ValidationError as error:
            refused: asyncio.Future[Taken | Refusal] = asyncio.get_running_loop().create_future()
            refused.set_result(_malformed(error))
            return refused
        return asyncio.create_task(self._taken(Ask(self._shown, claim)))

    async def _taken(self, ask: Ask) -> Taken | Refusal:
        while True:
            (outcome,) = await asyncio.gather(self._intake.take(ask), return_exceptions=True)
            if isinstance(outcome, IntakeBusy):
                # A stream waits where a single one is sent away: meanwhile it reads no further.
                await asyncio.sleep(_TURN_S)
            elif isinstance(outcome, Exception):
                # What goes wrong with a line is its own, as with a single one.
                return refusal_of(outcome, self._path)
            elif isinstance(outcome, BaseException):
                raise outcome
            else:
                return outcome

    async def _write(self, send: Send) -> None:
        """Send answers in order. Raises: TimeoutError when nobody takes them."""
        # Listening comes first: some send nothing before they are told to go on.
        await self._listening.wait()
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        while True:
            entry = await self._answers.get()
            if isinstance(entry, _End):
                if entry.why is not None:
                    await self._say(send, self._refused(entry.index, entry.why))
                return
            outcome = await entry.outcome
            if isinstance(outcome, Taken):
                await self._say(send, _kept(entry.index, outcome))
                continue
            await self._say(send, self._refused(entry.index, outcome))
            if outcome.code == SessionInvalid.code:
                return

    async def _say(self, send: Send, answer: bytes) -> None:
        async with asyncio.timeout(self._limits.send_s):
            await send({"type": "http.response.body", "body": answer, "more_body": True})

    def _refused(self, index: int, why: Refusal) -> bytes:
        problem = problem_fields(why.status, why.code, why.fields, self._language)
        said = {"index": index, "status": why.status, "check_in": None, "problem": problem}
        return orjson.dumps(said, default=str) + b"\n"

    async def _farewell(self, receive: Receive, send: Send) -> None:
        """End the answer. What is on its way is read first, or the last lines would be lost."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._limits.farewell_s):
                while not self._whole:
                    message = await receive()
                    self._whole = not message.get("more_body", False)
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def _kept(index: int, taken: Taken) -> bytes:
    status = 201 if taken.fresh else 200
    said = {"index": index, "status": status, "check_in": taken.check_in, "problem": None}
    return orjson.dumps(said, option=orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE)


def _malformed(error: ValidationError) -> Refusal:
    errors = error.errors()
    if any(found["type"] == "json_invalid" for found in errors):
        return Refusal(400, "body.malformed")
    return Refusal(422, "request.invalid", invalid_fields(errors))
