# SPDX-License-Identifier: Apache-2.0
"""Names as people get them wrong, and whom else a name spelled wrongly may mean.

A spelling is right for every name that comes to it by as few mistakes: 彩屯 is 彩屯街 and 彩屯路.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

from tests.mistakes.demo import demo, stem
from tests.mistakes.slips import LOOK_ALIKE, SOUND_ALIKE

_LANE = re.compile(r"([二三四五六七八九]?十[一二三四五六七八九]?|[一二三四五六七八九])巷$")
_ROAD = re.compile(r"(大道|街|路)([一二三四五六七八九十]+巷)?$")
_ESTATE = re.compile(r"(小区|家园|花园|新村|嘉园|苑|名居|新区)$")
_OTHER_ROADS = {
    "街": ("路", "大街", "大道"),
    "路": ("街", "大路", "大道"),
    "大道": ("路", "街", "大街"),
}
_OTHER_ESTATES = {
    "小区": ("新村", "家园"),
    "家园": ("花园", "小区"),
    "花园": ("家园", "小区"),
    "嘉园": ("家园", "小区"),
    "新村": ("小区", "新区"),
    "新区": ("小区", "新村"),
    "名居": ("家园", "小区"),
    "苑": ("园", "小区"),
}
_ONES = "零一二三四五六七八九"


def _replaced(name: str, table: dict[str, str]) -> Iterator[str]:
    lane = _LANE.search(name)
    for at, char in enumerate(name):
        if lane and lane.start() <= at < len(name) - 1:
            continue  # another number would be another lane
        for other in table.get(char, ""):
            yield name[:at] + other + name[at + 1 :]


def _sound_alike(name: str) -> Iterator[str]:
    return _replaced(name, SOUND_ALIKE)


def _look_alike(name: str) -> Iterator[str]:
    return _replaced(name, LOOK_ALIKE)


def _swapped(name: str) -> Iterator[str]:
    """Two neighbouring characters the wrong way round: 虹彩街."""
    for at in range(len(_body(name)) - 1):
        if name[at] != name[at + 1]:
            yield name[:at] + name[at + 1] + name[at] + name[at + 2 :]


def _half_remembered(name: str) -> Iterator[str]:
    """A character is gone, or 什么 stands for it: 歪山一巷, 歪什么山一巷."""
    body = _body(name)
    for at in range(len(body)):
        rest = name[:at] + name[at + 1 :]
        if len(body) > 2:
            yield rest
        if at:
            yield name[:at] + "什么" + name[at + 1 :]


def _no_suffix(name: str) -> Iterator[str]:
    """彩虹, 彩虹二巷, 阳光: what kind of street or estate it is goes without saying."""
    road, estate = _ROAD.search(name), _ESTATE.search(name)
    if road and road.start() >= 2:
        yield name[: road.start()] + (road.group(2) or "")
    elif estate and estate.start() >= 2:
        yield name[: estate.start()]


def _wrong_suffix(name: str) -> Iterator[str]:
    """彩虹路 for 彩虹街, 二胡同 for 二巷, 阳光家园 for 阳光花园."""
    road, estate = _ROAD.search(name), _ESTATE.search(name)
    if road and road.start() >= 2:
        for other in _OTHER_ROADS[road.group(1)]:
            yield name[: road.start()] + other + (road.group(2) or "")
    elif estate and estate.start() >= 2:
        for other in _OTHER_ESTATES[estate.group(1)]:
            yield name[: estate.start()] + other
    if _LANE.search(name):
        yield name.removesuffix("巷") + "胡同"


def _lane_digits(name: str) -> Iterator[str]:
    """彩虹街2巷."""
    lane = _LANE.search(name)
    if lane:
        tens, ten, ones = lane.group(1).rpartition("十")
        number = 10 * (_ONES.index(tens or "一") if ten else 0) + _ONES.index(ones or "零")
        yield f"{name[: lane.start()]}{number}巷"


def _doubled(name: str) -> Iterator[str]:
    """彩虹街彩虹街, 彩虹彩虹街, 彩虹街街."""
    body = _body(name)
    yield name + name
    yield body + name
    if len(body) < len(name):
        yield name + name[-1]


def _body(name: str) -> str:
    """The name without what kind of thing it is."""
    return _ESTATE.sub("", stem(name)) or name


# Mistakes in the characters of a name, and in how it ends. At most one of each in a variant, the
# characters first.
IN_CHARACTERS: dict[str, Callable[[str], Iterator[str]]] = {
    "sound_alike": _sound_alike,
    "look_alike": _look_alike,
    "swapped": _swapped,
    "half_remembered": _half_remembered,
}
IN_ENDING: dict[str, Callable[[str], Iterator[str]]] = {
    "no_suffix": _no_suffix,
    "wrong_suffix": _wrong_suffix,
    "lane_digits": _lane_digits,
    "doubled": _doubled,
}


def spellings(name: str, kinds: Iterable[str]) -> list[str]:
    """All that some mistakes make of a name, in a fixed order; none where one does not apply."""
    found = [name]
    for kind in kinds:
        wrong = IN_CHARACTERS.get(kind) or IN_ENDING[kind]
        found = [made for one in found for made in wrong(one)]
    return [made for made in dict.fromkeys(found) if made != name]


def readings(spelled: str, mistakes: int) -> tuple[str, ...]:
    """The names a spelling means equally well, after so many mistakes; none if fewer explain it."""
    meant = _index()[spelled]
    if not meant or min(meant.values()) < mistakes:
        return ()
    return tuple(name for name, count in meant.items() if count == mistakes)


@lru_cache(maxsize=1)
def _index() -> dict[str, dict[str, int]]:
    """By spelling: the streets and estates it may mean, and by how few mistakes."""
    houses = demo().houses
    known = {house.street for house in houses} | {house.estate for house in houses if house.estate}
    known |= {name for pair in demo().crossings for name in pair}
    index: dict[str, dict[str, int]] = defaultdict(dict)
    for name in sorted(known):
        index[name][name] = 0
    kinds: list[tuple[str, ...]] = [(kind,) for kind in (*IN_CHARACTERS, *IN_ENDING)]
    kinds += [(char, end) for char in IN_CHARACTERS for end in IN_ENDING]
    for name in sorted(known):
        for combined in kinds:
            for made in spellings(name, combined):
                index[made].setdefault(name, len(combined))
    return index
