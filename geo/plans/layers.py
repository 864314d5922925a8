# SPDX-License-Identifier: Apache-2.0
"""Large mappings of which each edit changes a few entries, without copying them all.

A `Layered` mapping is a base that many versions share and the few entries that are otherwise in
this one. So another version costs what changed, and two of them are compared by that alone.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Generic, TypeVar

Value = TypeVar("Value")

# What differs is laid over the base until it is more than this, or than a sixteenth of it.
_FEW = 256


class Layered(Mapping[str, Value], Generic[Value]):
    """A mapping that does not change; `exchanged` answers with another."""

    __slots__ = ("_base", "_count", "_over")

    def __init__(self, base: Mapping[str, Value]) -> None:
        """All entries of another mapping."""
        self._base: dict[str, Value] = dict(base)
        self._over: dict[str, Value | None] = {}
        self._count = len(self._base)

    def exchanged(self, changed: Mapping[str, Value], removed: Iterable[str]) -> "Layered[Value]":
        """Another mapping with some entries exchanged, added or gone. No value may be None."""
        over = dict(self._over)
        for key in removed:
            over[key] = None
        over.update(changed)
        after: Layered[Value] = Layered.__new__(Layered)
        after._base, after._over = self._base, over
        if len(over) > max(_FEW, len(self._base) // 16):
            after._base = {key: after[key] for key in after}
            after._over = {}
        after._count = self._count + sum(
            (now is not None) - (key in self)
            for key in {*changed, *removed}
            for now in (over[key],)
        )
        return after

    def __getitem__(self, key: str) -> Value:
        if key in self._over:
            value = self._over[key]
            if value is None:
                raise KeyError(key)
            return value
        return self._base[key]

    def __contains__(self, key: object) -> bool:
        if key in self._over:
            return self._over[key] is not None
        return key in self._base

    def __iter__(self) -> Iterator[str]:
        over = self._over
        if not over:
            yield from self._base
            return
        yield from (key for key in self._base if key not in over or over[key] is not None)
        yield from (key for key, now in over.items() if now is not None and key not in self._base)

    def __len__(self) -> int:
        return self._count

    def __reduce__(self) -> tuple[Any, ...]:
        return Layered, (dict(self),)

    def touched(self, other: "Layered[Value]") -> set[str] | None:
        """Keys that can differ in another mapping; None where the two share no base."""
        return {*self._over, *other._over} if self._base is other._base else None


def layered(mapping: Mapping[str, Value]) -> Layered[Value]:
    """The mapping as one that can be exchanged in part."""
    return mapping if isinstance(mapping, Layered) else Layered(mapping)


def differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> set[str]:
    """Keys of entries that are not the same object in both, or are in one of them alone."""
    keys = None
    if isinstance(before, Layered) and isinstance(after, Layered):
        keys = before.touched(after)
    if keys is None:
        keys = {*before, *after}
    return {key for key in keys if before.get(key) is not after.get(key)}
