# SPDX-License-Identifier: Apache-2.0
"""Chance that can be repeated: one seed and a name give one stream, whatever else is drawn."""

import hashlib
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

Thing = TypeVar("Thing")


def chance(seed: int, *names: object) -> np.random.Generator:
    """The stream of random numbers that belongs to these names."""
    key = "|".join(str(part) for part in (seed, *names)).encode()
    return np.random.default_rng(int.from_bytes(hashlib.sha256(key).digest()[:16], "big"))


def one_of(rng: np.random.Generator, things: Sequence[Thing]) -> Thing:
    """One of several things, each as likely."""
    return things[int(rng.integers(len(things)))]


def happens(rng: np.random.Generator, share: float) -> bool:
    """True in this share of cases."""
    return bool(rng.random() < share)


def between(rng: np.random.Generator, low: float, high: float) -> float:
    """A number between two, each as likely."""
    return low + (high - low) * float(rng.random())
