# SPDX-License-Identifier: Apache-2.0
"""The door of the service as a client sees it: patient with overload and restarts, in no rush."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx2
import orjson
import structlog

log = structlog.get_logger()

BASE = "/api/v1"
AT_ONCE = 12
_LONGEST_PAUSE_S = 15.0
# What the service says when it cannot now, and could later.
_LATER = {502, 503, 504, 429}


@dataclass(frozen=True)
class Said:
    """An answer: its status and its JSON."""

    status: int
    body: Any

    @property
    def good(self) -> bool:
        """Whether it was done."""
        return self.status < 400


class Door:
    """Sends requests, a few at a time, and repeats what was not answered: ids make that harmless.

    What is refused is counted by kind and told once per kind.
    """

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self._client = client
        self._room = asyncio.Semaphore(AT_ONCE)
        self.refused: Counter[tuple[str, int, str]] = Counter()
        self.sent: Counter[str] = Counter()
        self.interrupted = 0

    async def ask(
        self,
        what: str,
        method: str,
        path: str,
        *,
        token: str | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Said:
        """One exchange; goes on trying while the service is away or too busy.

        `what` names the kind of request in counts and logs.
        """
        headers = {"accept-language": "en"}
        if token is not None:
            headers["authorization"] = f"Bearer {token}"
        content = None
        if body is not None:
            headers["content-type"] = "application/json"
            content = orjson.dumps(body)
        pause = 0.5
        while True:
            try:
                async with self._room:
                    answer = await self._client.request(
                        method, BASE + path, content=content, headers=headers
                    )
            except httpx2.TransportError as error:
                self._note_interruption(what, type(error).__name__)
            else:
                if answer.status_code not in _LATER:
                    return self._heard(what, answer)
                self._note_interruption(what, f"status {answer.status_code}")
                pause = max(pause, _seconds(answer.headers.get("retry-after")))
            await asyncio.sleep(pause)
            pause = min(_LONGEST_PAUSE_S, pause * 1.6)

    def _heard(self, what: str, answer: httpx2.Response) -> Said:
        self.sent[what] += 1
        said = Said(answer.status_code, orjson.loads(answer.content) if answer.content else None)
        if not said.good:
            code = said.body.get("code", "") if isinstance(said.body, dict) else ""
            kind = (what, said.status, code)
            self.refused[kind] += 1
            if self.refused[kind] == 1:
                log.info("refused", what=what, status=said.status, code=code)
        return said

    def _note_interruption(self, what: str, how: str) -> None:
        self.interrupted += 1
        if self.interrupted == 1:
            log.info("no answer, trying again", what=what, how=how)


def _seconds(retry_after: str | None) -> float:
    return min(60.0, float(retry_after)) if retry_after and retry_after.isdigit() else 0.0
