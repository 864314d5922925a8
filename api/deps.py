# SPDX-License-Identifier: Apache-2.0
"""What routes ask for: a session to write or read in, the actor, the moment."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any, TypeVar
from urllib.parse import urlsplit

from fastapi import Depends, Request
from sqlalchemy.orm import Session

from geo.accounts.queries import actor_of_session, actors_of_devices
from geo.accounts.rules import (
    PERMISSIONS,
    Actor,
    OutOfScope,
    Reach,
    Role,
    SessionInvalid,
    may,
    meets_scope,
    reach_of,
)
from geo.clock import Clock
from geo.db import Database
from geo.errors import NotAllowed, NotSignedIn
from geo.settings import Settings
from geo.standing import Standing
from geo.workforce.queries import cells_of

COOKIE = "wangge_session"
_SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}


class OriginMismatch(NotAllowed):
    """An unsafe request by cookie came from another site."""

    code = "origin.mismatch"


@dataclass(frozen=True)
class Service:
    """What one process of the service is made of."""

    settings: Settings
    database: Database
    clock: Clock


def service(request: Request) -> Service:
    """The service that answers this request."""
    made: Service = request.app.state.service
    return made


def write_session(request: Request) -> Iterator[Session]:
    """A transaction that commits before the answer is sent."""
    with service(request).database.transaction() as session:
        yield session


def read_session(request: Request) -> Iterator[Session]:
    """A consistent, read-only view."""
    with service(request).database.snapshot() as session:
        yield session


def present(request: Request) -> datetime:
    """The moment the request is handled."""
    return service(request).clock.now()


@dataclass(frozen=True)
class Credentials:
    """What a request shows of who sent it: a token, and whether it came by cookie."""

    token: str
    by_cookie: bool


def credentials(request: Request) -> Credentials:
    """What the request shows. Raises: NotSignedIn, OriginMismatch."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return Credentials(token, False)
    token = request.cookies.get(COOKIE, "")
    if not token:
        raise NotSignedIn()
    check_origin(request)
    return Credentials(token, True)


def authenticate(request: Request) -> Actor:
    """Who sent this request. Raises: NotSignedIn, SessionInvalid, OriginMismatch."""
    shown = credentials(request)
    made = service(request)
    at = made.clock.now()
    with made.database.snapshot() as session:
        actor = actors(session, [shown], at).get(shown)
        if actor is None:
            raise SessionInvalid()
        if actor.role is Role.WORKER and actor.worker is not None:
            cells = cells_of(session, actor.district, actor.worker, at=at)
            actor = replace(actor, cells=frozenset(cells))
    return actor


def actors(
    session: Session, shown: Iterable[Credentials], at: datetime, known: Standing | None = None
) -> dict[Credentials, Actor]:
    """Who they are, by what they show; those it does not let in are absent.

    A worker's cells are not filled in. `known` is what the transaction goes by, where it has asked
    for it already.
    """
    tokens = {one.token for one in shown if not one.by_cookie}
    devices = actors_of_devices(session, tokens, known) if tokens else {}
    found: dict[Credentials, Actor] = {}
    for one in shown:
        actor = None if one.by_cookie else devices.get(one.token)
        actor = actor or actor_of_session(session, one.token, at=at)
        if actor is not None:
            found[one] = actor
    return found


def check_origin(request: Request) -> None:
    """Refuse an unsafe request whose Origin is not our own. Raises: OriginMismatch."""
    if request.method in _SAFE_METHODS:
        return
    origin = urlsplit(request.headers.get("origin", ""))
    if origin.netloc != request.headers.get("host") or origin.scheme != request.url.scheme:
        raise OriginMismatch()


class Allowed:
    """A dependency: the actor, provided that his role has an entry for a verb.

    How far the permission reaches is checked where the thing is known, by `accounts.rules.may`; of
    a list the area that it is asked `within` is known here. What is of the whole district is seen
    by those whose scope that is.
    """

    def __init__(self, verb: str, *, whole: bool = False) -> None:
        if verb not in PERMISSIONS:
            raise LookupError(f"no entry for {verb} in the permission table")
        self.verb, self.whole = verb, whole

    def __call__(self, request: Request) -> Actor:
        """Raises: NotSignedIn, RoleNotAllowed, OutOfScope (a list `within` an area of others, the
        whole district)."""
        actor = authenticate(request)
        reach = reach_of(actor, self.verb)
        within = request.query_params.get("within", "")
        # What is no code is refused where the query is read.
        if within.isdigit() and reach is not Reach.DISTRICT and not meets_scope(actor, within):
            raise OutOfScope()
        if self.whole:
            may(actor, self.verb)
        return actor


Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


def gathered(verb: str) -> Callable[[Endpoint], Endpoint]:
    """Mark a route whose writes are gathered: whoever writes asks, in his transaction, who may.

    It hands on `credentials(request)`.
    """
    if verb not in PERMISSIONS:
        raise LookupError(f"no entry for {verb} in the permission table")

    def mark(endpoint: Endpoint) -> Endpoint:
        endpoint.verb = verb  # type: ignore[attr-defined]
        return endpoint

    return mark


def allowed(verb: str, *, whole: bool = False) -> Any:
    """Annotate an Actor parameter with this: `me: Annotated[Actor, allowed("areas.read")]`.

    `whole`: of what is asked for there is one for the whole district.
    """
    return Depends(Allowed(verb, whole=whole))


Write = Annotated[Session, Depends(write_session, scope="function")]
Read = Annotated[Session, Depends(read_session, scope="function")]
Now = Annotated[datetime, Depends(present)]
