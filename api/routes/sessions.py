# SPDX-License-Identifier: Apache-2.0
"""Signing in and out."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import AwareDatetime, Field, StringConstraints

from api.deps import COOKIE, Now, Write, allowed, check_origin, service
from api.shapes import Answer, Body
from geo.accounts import actions
from geo.accounts.rules import Actor, BadCredentials, Role

router = APIRouter(prefix="/sessions", tags=["sessions"])


class Credentials(Body):
    """User name and password."""

    username: Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00]*$")]
    password: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]


class ActorAnswer(Answer):
    """Who is signed in; a worker's scope is his assigned cells, so his `scope` is null."""

    id: UUID
    name: str
    role: Role
    scope: str | None
    worker: UUID | None = Field(default=None)


class SessionAnswer(Answer):
    """An open session. The token is shown this once."""

    token: str
    expires_at: AwareDatetime
    actor: ActorAnswer


@router.post("", status_code=201)
def create(body: Credentials, request: Request, response: Response, now: Now) -> SessionAnswer:
    """Sign in. Wrong passwords are counted per account and address; right ones never are."""
    # A page's sign-in form carries an Origin; other clients carry none.
    if "origin" in request.headers:
        check_origin(request)
    made = service(request)
    address = request.client.host if request.client else "-"
    with made.database.transaction() as session:
        actions.check_failures(session, username=body.username, address=address, at=now)
    try:
        with made.database.transaction() as session:
            signed_in = actions.sign_in(
                session,
                username=body.username,
                password=body.password,
                at=now,
                life=made.settings.session_life,
            )
    except BadCredentials:
        # In a transaction of its own: the refused one is undone.
        with made.database.transaction() as session:
            actions.note_failure(session, username=body.username, address=address, at=now)
        raise
    response.set_cookie(
        COOKIE,
        signed_in.token,
        max_age=int(made.settings.session_life.total_seconds()),
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return SessionAnswer.model_validate(signed_in)


@router.delete("/current", status_code=204)
def delete(
    request: Request,
    response: Response,
    session: Write,
    _me: Annotated[Actor, allowed("sessions.end")],
) -> None:
    """Sign out: the token is worth nothing from now on."""
    token = request.headers.get("authorization", "").partition(" ")[2]
    actions.sign_out(session, token=token or request.cookies.get(COOKIE, ""))
    response.delete_cookie(COOKIE)
