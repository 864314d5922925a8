# SPDX-License-Identifier: Apache-2.0
"""How well a name fits a stretch of a text in which somebody may have got it wrong. Pure.

A weighted edit distance: a character that sounds the same costs less than any other, the word for
what kind of place it is (街, 小区) less than what it is called. Numbers fit whole or not at all.
"""

import re
from collections.abc import Sequence
from functools import cache

from geo.gazetteer.address import WILD
from geo.gazetteer.sounds import blurred, sound_of

_TOKEN = re.compile(r"\d+|.")
# Words that say what kind of place it is: left out, or taken for one another.
_SORTS = frozenset("街路道巷线弄里条胡同大村屯堡沟区社苑园小花家嘉新名居庭城")

SAME_SOUND, NEAR_SOUND, OTHER = 0.3, 0.45, 1.0
OTHER_SORT, LEFT_OUT, SORT_LEFT_OUT, PUT_IN, SORT_PUT_IN, TURNED = 0.4, 0.9, 0.35, 0.6, 0.3, 0.4
FORGOTTEN = 0.25
OTHER_NUMBER = 2.0
# What stands in the text before or behind the name, a character or a number.
AROUND, NUMBER_AROUND, FRONT = 0.08, 0.6, 0.25


def tokens_of(text: str) -> list[str]:
    """Characters, and numbers as one each."""
    return _TOKEN.findall(text)


def sounds_of(tokens: Sequence[str]) -> list[str]:
    """What of a text is heard: blurred syllables, for finding names that sound like it."""
    return [blurred(sound) for token in tokens if (sound := sound_of(token)) is not None]


def likeness(name: Sequence[str], text: Sequence[str], *, around: float = AROUND) -> float:
    """From 0 to 1: how well a name (tokens) fits its best stretch of a text (tokens).

    `around` is what a character of the text beside that stretch costs.
    """
    core = sum(char not in _SORTS and not char.isdigit() for char in name)
    sort_gone = SORT_LEFT_OUT if core > 1 else LEFT_OUT
    put_in = [_put_in(said) for said in text]
    outside = [0.0]
    for said in text:
        outside.append(outside[-1] + (NUMBER_AROUND if said.isdigit() else around))
    # A character right before a name is rather a part of another name.
    above = [cost + (FRONT if column else 0.0) for column, cost in enumerate(outside)]
    before = above
    for row, char in enumerate(name):
        gone = sort_gone if char in _SORTS else OTHER_NUMBER if char.isdigit() else LEFT_OUT
        cost = above[0] + gone
        line = [cost]
        for column, said in enumerate(text):
            cost += put_in[column]
            other = above[column] + (0.0 if char == said else _difference(char, said))
            if other < cost:
                cost = other
            other = above[column + 1] + gone
            if other < cost:
                cost = other
            if row and column and char == text[column - 1] and name[row - 1] == said:
                other = before[column - 1] + TURNED
                if other < cost:
                    cost = other
            line.append(cost)
        before, above = above, line
    # And the text may go on behind the name.
    least = min(cost - outside[column] for column, cost in enumerate(above)) + outside[-1]
    return max(0.0, 1.0 - least / len(name))


def _apart(one: str, other: str) -> float:
    return 0.0 if one == other else _difference(one, other)


@cache
def _difference(one: str, other: str) -> float:
    if other == WILD:
        return FORGOTTEN
    if one.isdigit() or other.isdigit():
        return OTHER_NUMBER
    first, second = sound_of(one), sound_of(other)
    if first is not None and second is not None:
        if first == second:
            return SAME_SOUND
        if blurred(first) == blurred(second):
            return NEAR_SOUND
    return OTHER_SORT if one in _SORTS and other in _SORTS else OTHER


def _put_in(char: str) -> float:
    if char.isdigit():
        return OTHER_NUMBER
    return FORGOTTEN if char == WILD else SORT_PUT_IN if char in _SORTS else PUT_IN


def abbreviates(text: Sequence[str], name: Sequence[str]) -> float:
    """From 0 to 1: how well a text stands for a longer name that has all of it, in its order."""
    place, cost = 0, 0.0
    for said in text:
        while place < len(name) and _apart(name[place], said) > NEAR_SOUND:
            place += 1
        if place == len(name):
            return 0.0
        cost += _apart(name[place], said)
        place += 1
    return max(0.0, 0.7 + 0.3 * (len(text) - cost) / len(name) - cost / len(name))
