# SPDX-License-Identifier: Apache-2.0
"""Routes that thousands of phones use: from the gate straight to the endpoint.

FastAPI finds a route, parses JSON into Python values, solves dependencies, fills the model and
makes an answer through five layers; for a route that asks for a body and the request alone, all of
that costs several times its own work. The model, its errors, what is counted and the OpenAPI
document are the same either way.
"""

import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

from fastapi import HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from api.errors import answer_to
from api.gate import BodyTooLarge, BodyTooSlow
from api.metrics import count_answer

_JSON_HEADER = (b"content-type", b"application/json")


class DirectRoute(APIRoute):
    """A route whose endpoint is `async def endpoint(body: Model, request: Request)`.

    It answers a status and the bytes of a JSON text.
    """

    endpoint: Callable[[BaseModel, Request], Awaitable[tuple[int, bytes]]]

    def model(self) -> type[BaseModel]:
        """What the body is read into."""
        (field,) = self.dependant.body_params
        model = field.field_info.annotation
        assert isinstance(model, type)
        assert issubclass(model, BaseModel)
        return model


Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True)
class Found:
    """A direct route as a request finds it."""

    route: DirectRoute
    method: str
    path: str
    model: type[BaseModel]

    async def answer(
        self, request: Request, said: bytes | None = None
    ) -> tuple[int, Headers, bytes]:
        """Status, headers and bytes for a request, errors too; `said` where its body is here."""
        began = time.perf_counter()
        headers = [_JSON_HEADER]
        try:
            body = _read(self.model, request, await _said(request) if said is None else said)
            status, answer = await self.route.endpoint(body, request)
        except Exception as error:  # noqa: BLE001 - each kind has its answer, and an unforeseen one is logged.
            refusal = answer_to(request, error)
            status, answer = refusal.status_code, bytes(refusal.body)
            headers = [one for one in refusal.raw_headers if one[0] != b"content-length"]
        count_answer(self.method, self.path, status, time.perf_counter() - began)
        headers.append((b"content-length", b"%d" % len(answer)))
        return status, headers, answer


# By method and path, as they stand in a request.
DirectRoutes = dict[tuple[bytes, bytes], Found]


def direct_routes(routes: Iterable[BaseRoute]) -> DirectRoutes:
    """The direct ones among routes."""
    return {
        (method.encode(), route.path.encode()): Found(route, method, route.path, route.model())
        for route in routes
        if isinstance(route, DirectRoute)
        for method in route.methods or ()
    }


class Direct:
    """Answers direct routes itself, errors too, and passes everything else on."""

    def __init__(self, app: ASGIApp, routes: DirectRoutes) -> None:
        self._app = app
        self._routes = {(found.method, found.path): found for found in routes.values()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on."""
        found = None
        if scope["type"] == "http":
            found = self._routes.get((scope["method"], scope["path"]))
        if found is None:
            await self._app(scope, receive, send)
            return
        status, headers, answer = await found.answer(Request(scope, receive))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": answer})


def _read(model: type[BaseModel], request: Request, said: bytes) -> BaseModel:
    """What a body says. Raises: RequestValidationError."""
    if not _is_json(request.headers.get("content-type", "")):
        # As FastAPI says it of a body of any other kind: bytes are no object.
        model_error = {"type": "model_attributes_type", "loc": ("body",), "input": None}
        model_error["msg"] = "The body must be application/json"
        raise RequestValidationError([model_error])
    try:
        return model.model_validate_json(said)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=False)
        raise RequestValidationError(
            [{**one, "loc": ("body", *one["loc"])} for one in found]
        ) from None


async def _said(request: Request) -> bytes:
    """All bytes of a body; nearly always they come at once. Raises: HTTPException."""
    said: bytes = b""
    while True:
        try:
            message = await request.receive()
        except (BodyTooLarge, BodyTooSlow) as error:
            # The gate answers what is truer.
            raise HTTPException(400) from error
        if message["type"] == "http.disconnect":
            # Nobody is there to be answered.
            raise HTTPException(400)
        said += message.get("body", b"")
        if not message.get("more_body", False):
            return said


@lru_cache(maxsize=64)
def _is_json(content_type: str) -> bool:
    kind = content_type.partition(";")[0].strip().lower()
    return kind == "application/json" or (
        kind.startswith("application/") and kind.endswith("+json")
    )
