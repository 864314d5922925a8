# SPDX-License-Identifier: Apache-2.0
"""Every name of a gazetteer, for finding those that a text says or nearly says. Pure.

Kept in the process for as long as its version is in force; houses stay in the database.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from geo.gazetteer.address import folded
from geo.gazetteer.likeness import AROUND, abbreviates, likeness, sounds_of, tokens_of
from geo.gazetteer.rules import PlaceKind

SHORTEST, LONGEST = 2, 30
# So many names are looked at closely.
_CLOSELY = 60
# What of a text that is a name as a whole stands beside it, a character.
_BESIDE_NAME = 0.3


@dataclass(frozen=True)
class Named:
    """A place under one of its names. `code` is that of an area of the plan."""

    name: str
    id: UUID
    kind: PlaceKind
    label: str
    lon: float
    lat: float
    street: str | None = None
    estate: str | None = None
    number: str | None = None
    misspelt: bool = False
    code: str | None = None


@dataclass(frozen=True)
class Said:
    """A known name and where in the text it stands."""

    start: int
    end: int
    name: str
    places: Sequence[Named] = field(repr=False)


@dataclass(frozen=True)
class Like:
    """A name that a text may mean, and how well it fits, from 0 to 1."""

    likeness: float
    name: str
    places: Sequence[Named] = field(repr=False)


class NameIndex:
    """The names of one version of a gazetteer."""

    def __init__(self, named: Iterable[Named]) -> None:
        by_name: dict[str, list[Named]] = defaultdict(list)
        for one in named:
            by_name[folded(one.name)].append(one)
        self._places = dict(by_name)
        self._names = list(by_name)
        self._tokens = [tokens_of(name) for name in self._names]
        holders: dict[str, list[int]] = defaultdict(list)
        for number, tokens in enumerate(self._tokens):
            for unit in _units(tokens):
                holders[unit].append(number)
        self._holders = {unit: np.array(found) for unit, found in holders.items()}
        count = max(len(self._names), 1)
        self._weights = {
            unit: float(np.log(1 + count / len(found))) for unit, found in holders.items()
        }
        # What a name would have in common with itself.
        self._whole: NDArray[np.float64] = np.array(
            [sum(self._weights[unit] for unit in _units(tokens)) for tokens in self._tokens]
        )

    def said(self, text: str) -> list[Said]:
        """The names that a folded text holds, the longest ones, from its beginning to its end."""
        found = [
            Said(start, end, text[start:end], self._places[text[start:end]])
            for start in range(len(text))
            for end in range(start + SHORTEST, min(len(text), start + LONGEST) + 1)
            if text[start:end] in self._places and _whole_numbers(text, start, end)
        ]
        kept: list[Said] = []
        for one in sorted(found, key=lambda said: (said.start - said.end, -said.end)):
            if all(one.end <= other.start or one.start >= other.end for other in kept):
                kept.append(one)
        return sorted(kept, key=lambda said: said.start)

    def exactly(self, text: str) -> Sequence[Named]:
        """The places that a folded text is a name of."""
        return self._places.get(text, ())

    def like(
        self,
        text: str,
        *,
        least: float,
        limit: int,
        kinds: Collection[PlaceKind] | None = None,
        whole: bool = False,
    ) -> list[Like]:
        """Names that fit a stretch of a folded text, the best first; or the `whole` of it."""
        tokens = tokens_of(text)
        if not tokens or not self._names:
            return []
        shared = np.zeros(len(self._names))
        for unit in _units(tokens):
            holders = self._holders.get(unit)
            if holders is not None:
                shared[holders] += self._weights[unit]
        share = shared / self._whole
        few = min(_CLOSELY, len(share))
        nearest = np.argpartition(-share, few - 1)[:few]
        found = []
        for number in nearest.tolist():
            if share[number] <= 0:
                continue
            name = self._names[number]
            places = [one for one in self._places[name] if kinds is None or one.kind in kinds]
            if not places:
                continue
            around = _BESIDE_NAME if whole else AROUND
            fits = likeness(self._tokens[number], tokens, around=around)
            if whole and len(tokens) > SHORTEST:
                fits = max(fits, abbreviates(tokens, self._tokens[number]))
            if fits >= least:
                found.append(Like(fits, name, places))
        found.sort(key=lambda like: (-like.likeness, like.name))
        return found[:limit]


def _units(tokens: Sequence[str]) -> set[str]:
    return {*tokens, *(f"~{sound}" for sound in sounds_of(tokens))}


def _whole_numbers(text: str, start: int, end: int) -> bool:
    """Whether a stretch cuts no number in two."""
    cut_before = start > 0 and text[start].isdigit() and text[start - 1].isdigit()
    cut_behind = end < len(text) and text[end - 1].isdigit() and text[end].isdigit()
    return not cut_before and not cut_behind
