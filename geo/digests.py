# SPDX-License-Identifier: Apache-2.0
"""Whether two requests with one client id say the same thing: a digest of the parsed values."""

import hashlib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from typing import Any

import orjson


def digest(**content: Any) -> bytes:
    """SHA-256 of parsed values. Equal instants are equal in whatever offset they were said.

    A dataclass field with the metadata `{"said": False}` is our knowledge, not the sender's word.
    """
    return hashlib.sha256(
        orjson.dumps(_plain(content), option=orjson.OPT_SORT_KEYS, default=str)
    ).digest()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    if is_dataclass(value) and not isinstance(value, type):
        said = (field.name for field in fields(value) if field.metadata.get("said", True))
        return {name: _plain(getattr(value, name)) for name in said}
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value
