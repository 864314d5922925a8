# SPDX-License-Identifier: Apache-2.0
"""Whether two requests with one client id say the same thing: a digest of the parsed values."""

import hashlib
from collections.abc import Callable
from dataclasses import fields
from datetime import datetime
from functools import cache
from operator import attrgetter
from typing import Any, NamedTuple

import orjson

from geo.clock import rfc3339

_OPTIONS = (
    orjson.OPT_SORT_KEYS
    | orjson.OPT_NON_STR_KEYS
    | orjson.OPT_PASSTHROUGH_DATACLASS
    | orjson.OPT_PASSTHROUGH_DATETIME
)


def digest(**content: Any) -> bytes:
    """SHA-256 of parsed values. Equal instants are equal in whatever offset they were said.

    A dataclass field with the metadata `{"said": False}` is our knowledge, not the sender's word.
    """
    return hashlib.sha256(orjson.dumps(content, default=_plain, option=_OPTIONS)).digest()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return rfc3339(value)
    said = _said(value.__class__)
    return str(value) if said is None else dict(zip(said.names, said.values(value), strict=True))


class _Said(NamedTuple):
    names: tuple[str, ...]
    values: Callable[[Any], tuple[Any, ...]]


@cache
def _said(kind: type) -> _Said | None:
    if not hasattr(kind, "__dataclass_fields__"):
        return None
    names = tuple(field.name for field in fields(kind) if field.metadata.get("said", True))
    # One name alone would be answered bare.
    got = attrgetter(*names) if len(names) > 1 else lambda value: (getattr(value, names[0]),)
    return _Said(names, got)
