# SPDX-License-Identifier: Apache-2.0
"""Routes that thousands of phones use: their body is read straight into its model.

FastAPI parses JSON into Python values, solves dependencies and then fills the model; for a route
that asks for a body and the request alone, all of that together costs more than the rest of the
answer. The model, its errors and the OpenAPI document are the same either way.
"""

from collections.abc import Callable, Coroutine
from functools import lru_cache
from typing import Any

from fastapi import HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect

from api.gate import BodyTooLarge, BodyTooSlow


class DirectRoute(APIRoute):
    """A route whose endpoint is `async def endpoint(body: Model, request: Request) -> Response`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """What answers a request. Raises: RequestValidationError."""
        (field,) = self.dependant.body_params
        model = field.field_info.annotation
        assert isinstance(model, type)
        assert issubclass(model, BaseModel)
        endpoint = self.endpoint

        async def handle(request: Request) -> Response:
            try:
                said = await request.body()
            except (ClientDisconnect, BodyTooLarge, BodyTooSlow) as error:
                # Nobody is there to be answered, or the gate answers what is truer.
                raise HTTPException(400) from error
            if not _is_json(request.headers.get("content-type", "")):
                # As FastAPI says it of a body of any other kind: bytes are no object.
                model_error = {"type": "model_attributes_type", "loc": ("body",), "input": None}
                model_error["msg"] = "The body must be application/json"
                raise RequestValidationError([model_error])
            try:
                body = model.model_validate_json(said)
            except ValidationError as error:
                found = error.errors(include_url=False, include_input=False, include_context=False)
                raise RequestValidationError(
                    [{**one, "loc": ("body", *one["loc"])} for one in found]
                ) from None
            answer: Response = await endpoint(body=body, request=request)
            return answer

        return handle


@lru_cache(maxsize=64)
def _is_json(content_type: str) -> bool:
    kind = content_type.partition(";")[0].strip().lower()
    return kind == "application/json" or (
        kind.startswith("application/") and kind.endswith("+json")
    )
