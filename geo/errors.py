# SPDX-License-Identifier: Apache-2.0
"""Errors as facts with fields.

An error names itself by a stable `code` and carries the `fields` that explain it; the words people
read are chosen at the door, by language (`api/messages.py`). A family says what kind of refusal it
is; `api/errors.py` maps families to HTTP status.
"""

from typing import Any, ClassVar


class GeoError(Exception):
    """Anything the domain refuses. `fields` must be JSON values or have a plain `str`."""

    code: ClassVar[str] = "error"

    def __init__(self, **fields: Any) -> None:
        super().__init__(self.code, fields)
        self.fields = fields

    def __str__(self) -> str:
        said = ", ".join(f"{name}={value}" for name, value in self.fields.items())
        return f"{self.code}({said})"


class Invalid(GeoError):
    """What was handed in cannot be understood or is out of range."""


class NotFound(GeoError):
    """No such thing, or none that this actor may know of."""


class NotAllowed(GeoError):
    """The actor is known, and may not do this."""


class NotSignedIn(GeoError):
    """No valid session came with the request."""

    code = "session.required"


class Conflict(GeoError):
    """It contradicts what is stored; looking again and retrying may help."""


class WrongState(Conflict):
    """The thing is no longer in the state that this act starts from."""

    code = "state.wrong"


class Outdated(GeoError):
    """It was decided on what has changed since; the fields tell what."""


class Unconditional(GeoError):
    """The request must say which state it was decided on."""


class Throttled(GeoError):
    """Too many tries; `retry_after_s` says when the next is welcome."""


class Busy(GeoError):
    """The service cannot take this now; `retry_after_s` says when to try again."""

    code = "service.busy"


class IdReused(Conflict):
    """A client id came again with other content."""

    code = "id.reused"

    def __init__(self, *, id: object) -> None:
        super().__init__(id=str(id))
