# SPDX-License-Identifier: Apache-2.0
"""The service as a real server on a port of its own, and a reader of its live feed."""

import asyncio
import http.client
import json
import queue
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import uvicorn
from fastapi import FastAPI

from api.check_in_stream import CheckInStreams, StreamLimits
from api.feed import Feed, FeedLimits
from api.lane import Lane
from api.main import build
from api.serve import LARGEST_MESSAGE, Server, lose_patience
from geo.accounts.actions import create_account
from geo.accounts.rules import Role
from geo.clock import Clock
from geo.db import Database
from geo.ids import WorkerId
from geo.reactions import REACTIONS
from geo.settings import Settings
from tests import town
from tests.conftest import PASSWORD

PATIENCE_S = 10.0


@dataclass
class Served:
    """A running service: where it is, and what it is made of."""

    port: int
    app: FastAPI
    database: Database
    clock: Clock
    feed: Feed
    loop: asyncio.AbstractEventLoop
    streams: CheckInStreams
    server: Server

    def cut_streams(self) -> None:
        """End every open stream, as a broken line would."""
        for screen in list(self.feed.open_screens):
            self.loop.call_soon_threadsafe(screen.drop)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(
        self,
        method: str,
        path: str,
        token: str | None = None,
        body: Any = None,
        **more: str,
    ) -> tuple[int, Any]:
        """Status and JSON of one request; `more` are headers, with _ for -."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        headers = {"authorization": f"Bearer {token}"} if token else {}
        headers |= {name.replace("_", "-"): value for name, value in more.items()}
        if body is not None:
            headers["content-type"] = "application/json"
        connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        answer = connection.getresponse()
        said = answer.read()
        connection.close()
        return answer.status, json.loads(said) if said else None

    def account(
        self, role: Role, *, scope: str | None = town.DISTRICT, worker: WorkerId | None = None
    ) -> str:
        """Make an account; its user name."""
        username = f"{role}-{uuid4().hex[:8]}"
        with self.database.transaction() as session:
            create_account(
                session,
                district=town.DISTRICT,
                username=username,
                password=PASSWORD,
                role=role,
                name=username,
                scope=None if worker else scope,
                worker=worker,
                at=self.clock.now(),
            )
        return username

    def sign_in(self, username: str) -> str:
        """A token of an account."""
        said = {"username": username, "password": PASSWORD}
        status, answer = self.ask("POST", "/api/v1/sessions", body=said)
        assert status == 201, answer
        token: str = answer["token"]
        return token


@contextmanager
def serving(
    url: str,
    clock: Clock,
    limits: FeedLimits | None = None,
    stream_limits: StreamLimits | None = None,
    unread: tuple[int, float] | None = None,
) -> Iterator[Served]:
    """Serve a database with real commits until the block ends.

    `unread`: how many bytes of what nobody takes the system holds, and for how long.
    """
    database = Database(url, reactions=REACTIONS)
    app = build(Settings(), database, clock, limits, stream_limits)
    listening = socket.create_server(("127.0.0.1", 0))
    if unread is not None:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, unread[0])
        lose_patience(listening, unread[1])
    port = listening.getsockname()[1]
    configuration = uvicorn.Config(
        app,
        http=Lane.of(app),
        ws="websockets-sansio",
        ws_max_size=LARGEST_MESSAGE,
        log_level="warning",
        timeout_graceful_shutdown=2,
        access_log=False,
    )
    server = Server(configuration, app.state.feed, app.state.check_in_streams)
    loops: queue.Queue[asyncio.AbstractEventLoop] = queue.Queue()

    async def run() -> None:
        loops.put(asyncio.get_running_loop())
        await server.serve(sockets=[listening])

    thread = threading.Thread(target=lambda: asyncio.run(run()), name="service")
    thread.start()
    try:
        loop = loops.get(timeout=PATIENCE_S)
        streams = app.state.check_in_streams
        yield Served(port, app, database, clock, app.state.feed, loop, streams, server)
    finally:
        server.should_exit = True
        thread.join(timeout=20)
        listening.close()
        assert not thread.is_alive(), "the service did not stop"


@dataclass(frozen=True)
class Said:
    """One message of a stream; `comment` when it is none but a sign of life."""

    event: str
    id: int | None
    data: Any
    comment: str | None = None


class Reader:
    """Reads one stream."""

    def __init__(
        self, served: Served, token: str, *, last_event_id: str | None = None, **query: Any
    ) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=PATIENCE_S)
        headers = {"authorization": f"Bearer {token}"}
        if last_event_id is not None:
            headers["last-event-id"] = last_event_id
        self._connection.request("GET", f"/api/v1/live?{urlencode(query)}", headers=headers)
        self.answer = self._connection.getresponse()

    def __enter__(self) -> "Reader":
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()
        self.answer.close()

    def messages(self) -> Iterator[Said]:
        """Everything said, comments included, until the stream ends."""
        fields: dict[str, str] = {}
        while line := self.answer.readline():
            text = line.decode().rstrip("\n")
            if text.startswith(":"):
                yield Said("", None, None, comment=text[1:].strip())
            elif text:
                name, _, value = text.partition(": ")
                fields[name] = value
            elif fields:
                number = int(fields["id"]) if "id" in fields else None
                yield Said(fields.get("event", "message"), number, json.loads(fields["data"]))
                fields = {}

    def facts(self) -> Iterator[Said]:
        """The recorded events alone."""
        return (said for said in self.messages() if said.id is not None)

    def until(self, event: str) -> list[Said]:
        """What was said up to the first message of a kind, that one included."""
        heard: list[Said] = []
        for said in self.messages():
            heard.append(said)
            if said.event == event:
                return heard
        raise AssertionError(f"the stream ended before {event}: {heard}")
