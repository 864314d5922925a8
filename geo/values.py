# SPDX-License-Identifier: Apache-2.0
"""Values that are made by the thousand a second."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar, dataclass_transform, overload

T = TypeVar("T")


@overload
def value(cls: type[T], /) -> type[T]: ...


@overload
def value(*, kw_only: bool = False) -> Callable[[type[T]], type[T]]: ...


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def value(cls: type[T] | None = None, /, *, kw_only: bool = False) -> object:
    """A frozen dataclass, held to it by the type checker alone.

    What Python itself does to freeze a dataclass costs a third of the time it takes to make one.
    """
    made = dataclass(kw_only=kw_only, unsafe_hash=True)
    return made if cls is None else made(cls)
