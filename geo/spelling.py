# SPDX-License-Identifier: Apache-2.0
"""Values as PostgreSQL itself spells them, in the texts of parameters and arrays.

By the exact type: whoever brings another kind of value says here how it is spelled.
"""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson


def array(values: list[Any]) -> str:
    """An array in PostgreSQL's own spelling: the driver takes a multiple of the time for it."""
    kind = next((value.__class__ for value in values if value is not None), str)
    if kind in _AS_JSON:
        text = orjson.dumps(values).decode()
        # A float that is no number or infinite is null to JSON as well.
        if kind is not float or "null" not in text:
            return f"{{{text[1:-1]}}}"
    spell = _SPELLED[kind]
    return f"{{{','.join(['NULL' if value is None else spell(value) for value in values])}}}"


def parameter(value: Any) -> bytes | None:
    """A parameter of a statement in PostgreSQL's text format; None is NULL. Lists are arrays."""
    if value is None:
        return None
    spell = array if isinstance(value, list) else _SPELLED_ALONE[value.__class__]
    return spell(value).encode()


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


# Spelled alike in both, NULL included (but for floats, whose null may be another thing).
_AS_JSON = {UUID, int, bool, float, date, datetime}
_SPELLED: dict[type, Callable[[Any], str]] = {
    str: _quoted,
    float: repr,
    bytes: lambda value: f'"\\\\x{value.hex()}"',
}
_SPELLED_ALONE: dict[type, Callable[[Any], str]] = {
    str: str,
    int: str,
    bool: str,
    float: repr,
    UUID: str,
    date: date.isoformat,
    datetime: datetime.isoformat,
}
