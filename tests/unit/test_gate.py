# SPDX-License-Identifier: Apache-2.0
"""The gate: a body that does not come holds no place for ever."""

import asyncio
from typing import Any

import orjson
from starlette.types import Message, Receive, Scope, Send

from api.gate import Admission, Gate
from geo.settings import Settings

SCOPE: Scope = {
    "type": "http",
    "method": "POST",
    "path": "/api/v1/check-ins",
    "headers": [(b"host", b"localhost")],
}


async def reader(scope: Scope, receive: Receive, send: Send) -> None:
    """Reads its body whole, then answers how long it was once the client had a pause."""
    size, more = 0, True
    while more:
        message = await receive()
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(size).encode()})


def answered(*, gaps: list[float], parts: int) -> tuple[int, bytes, dict[bytes, bytes]]:
    """What a client is told who sends `parts` bytes one by one, with these pauses before them."""
    gate = Gate(reader, admission=Admission(Settings()), body_grace_s=0.2)
    sent: list[Message] = []
    coming = iter([*enumerate(gaps)])

    async def receive() -> Message:
        number, gap = next(coming)
        await asyncio.sleep(gap)
        return {"type": "http.request", "body": b"x", "more_body": number < parts - 1}

    async def send(message: Message) -> None:
        sent.append(message)

    async def run() -> None:
        await asyncio.wait_for(gate(SCOPE, receive, send), 5)

    asyncio.run(run())
    start: dict[str, Any] = dict(sent[0])
    return start["status"], sent[1]["body"], dict(start["headers"])


def test_a_body_that_stops_coming_is_given_up() -> None:
    status, body, headers = answered(gaps=[0, 60], parts=2)
    assert (status, orjson.loads(body)["code"]) == (408, "body.too_slow")
    assert headers[b"connection"] == b"close"


def test_a_body_that_drips_is_given_up() -> None:
    assert answered(gaps=[0.03] * 100, parts=100)[0] == 408


def test_after_the_body_an_answer_may_take_its_time() -> None:
    assert answered(gaps=[0, 0.05, 0.4], parts=2)[:2] == (200, b"2")
