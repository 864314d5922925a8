# SPDX-License-Identifier: Apache-2.0
"""Errors to RFC 9457 problems: families of the domain to HTTP status, in one table.

A person who opens an address gets a page that says the same.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import orjson
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api.texts import Language, language_of, say
from geo.errors import (
    Busy,
    Conflict,
    GeoError,
    Invalid,
    NotAllowed,
    NotFound,
    NotSignedIn,
    Outdated,
    Throttled,
    Unconditional,
)
from maps.page import policy, render, with_nonce

log = structlog.get_logger()

PROBLEM = "application/problem+json"
STATUS: dict[type[GeoError], int] = {
    Invalid: 422,
    NotSignedIn: 401,
    NotAllowed: 403,
    NotFound: 404,
    Conflict: 409,
    Outdated: 412,
    Unconditional: 428,
    Throttled: 429,
    Busy: 503,
}
DATABASE_RETRY_S = 2
# What the framework itself refuses, by status.
_FRAMEWORK_CODES = {400: "body.malformed", 404: "route.not_found", 405: "method.not_allowed"}


class Problem(BaseModel):
    """An error answer (RFC 9457). `code` is stable; further fields explain it."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    code: str
    detail: str


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The error answers a route can give, for the OpenAPI document."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {"description": "Problem", "content": {PROBLEM: {"schema": schema}}}
        for status in statuses
    }


# Every route behind a sign-in may answer these, whatever it does.
COMMON_PROBLEMS = problems(400, 401, 403, 404, 408, 409, 413, 422, 429, 503)


@dataclass(frozen=True)
class Refusal:
    """How something raised is answered: status, stable code, and the fields that explain it."""

    status: int
    code: str
    fields: Mapping[str, Any] = field(default_factory=dict)


def refusal_of(error: Exception, path: str) -> Refusal:
    """How an error is answered; what nobody foresaw is logged under a number."""
    if isinstance(error, GeoError):
        return Refusal(status_of(error), error.code, error.fields)
    busy = {"retry_after_s": DATABASE_RETRY_S}
    if isinstance(error, PoolTimeout):
        return Refusal(503, "service.busy", busy)
    if isinstance(error, DBAPIError) and database_away(error):
        log.warning("database away", path=path, error=type(error.orig).__name__)
        return Refusal(503, "service.database_unavailable", busy)
    number = uuid4().hex[:12]
    log.error("request failed", request=number, path=path, exc_info=error)
    return Refusal(500, "internal", {"request": number})


def database_away(error: DBAPIError) -> bool:
    """Whether the database could not be asked, rather than would not take what it was given."""
    return isinstance(error, OperationalError | InterfaceError) or error.connection_invalidated


def status_of(error: GeoError) -> int:
    """The HTTP status of an error's family."""
    return next(status for family, status in STATUS.items() if isinstance(error, family))


def problem_fields(
    status: int, code: str, fields: Mapping[str, Any], accept_language: str | None
) -> dict[str, Any]:
    """The JSON object of a problem in the reader's language."""
    said = say(code, fields, language_of(accept_language))
    return {
        **fields,
        "type": f"urn:wangge:problem:{code}",
        "title": said.title,
        "status": status,
        "code": code,
        "detail": said.detail,
    }


def problem(
    request: Request, status: int, code: str, fields: Mapping[str, Any] | None = None
) -> Response:
    """A problem as an answer; `retry_after_s` among the fields becomes Retry-After."""
    fields = fields or {}
    headers = {"content-language": language_of(request.headers.get("accept-language")).value}
    if "retry_after_s" in fields:
        headers["retry-after"] = str(fields["retry_after_s"])
    if status == 401:
        headers["www-authenticate"] = "Bearer"
    media_type, body, more = problem_body(request.method, request.headers, status, code, fields)
    return Response(body, status, headers | more, media_type)


def problem_body(
    method: str, headers: Headers, status: int, code: str, fields: Mapping[str, Any]
) -> tuple[str, bytes, dict[str, str]]:
    """A problem as it is asked for: media type, body and the headers that belong to it."""
    accept_language = headers.get("accept-language")
    more = {"vary": "accept, accept-language"}
    # Browsers name HTML when somebody opens an address; scripts and clients do not.
    if method not in ("GET", "HEAD") or "text/html" not in headers.get("accept", ""):
        body = problem_fields(status, code, fields, accept_language)
        return PROBLEM, orjson.dumps(body, default=str), more
    nonce = secrets.token_urlsafe(18)
    said = {language.value: say(code, fields, language) for language in Language}
    language = language_of(accept_language).value
    page = render("problem.html", status=status, said=said, language=language)
    more["content-security-policy"] = policy(nonce)
    return "text/html; charset=utf-8", with_nonce(page, nonce).encode(), more


def install(app: FastAPI) -> None:
    """Teach an app to answer every error as a problem."""

    async def answered(request: Request, error: Exception) -> Response:
        return answer_to(request, error)

    for kind in (GeoError, RequestValidationError, HTTPException, PoolTimeout, DBAPIError):
        app.add_exception_handler(kind, answered)
    app.add_exception_handler(Exception, answered)


def answer_to(request: Request, error: Exception) -> Response:
    """The problem that an error of handling a request is answered with."""
    if isinstance(error, RequestValidationError):
        if any(found["type"] == "json_invalid" for found in error.errors()):
            return problem(request, 400, "body.malformed")
        return problem(request, 422, "request.invalid", invalid_fields(error.errors()))
    if isinstance(error, HTTPException):
        code = _FRAMEWORK_CODES.get(error.status_code, "request.invalid")
        answer = problem(request, error.status_code, code)
        answer.headers.update(error.headers or {})
        return answer
    found = refusal_of(error, request.url.path)
    return problem(request, found.status, found.code, found.fields)


def invalid_fields(found: Sequence[Any]) -> dict[str, Any]:
    """What is wrong with a body, by pydantic's list: where, which kind, in words; never values."""
    errors = [
        {
            "where": ".".join(_clean(str(part)) for part in one["loc"]),
            "kind": one["type"],
            "message": _clean(one["msg"]),
        }
        for one in found[:50]
    ]
    return {"count": len(found), "errors": errors}


def _clean(text: str) -> str:
    return text.encode("utf-8", "replace").decode()[:200]
