# SPDX-License-Identifier: Apache-2.0
"""A grammar of people's mistakes: the demo's addresses as callers say and type them.

Each variant has one mistake or a few and knows every place that it may rightly mean. It shares no
code and no table with the product's parser, and was written before the parser was tuned.

The variants are in two halves that have no name in common, by a fixed rule (`half_of`). The parser
may be looked at and tuned with the tuning half. The held-out half is for the last measurement
alone: nobody reads its failures and changes the parser, or it measures nothing any more.
"""

import hashlib
import random
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from tests.mistakes import numbers
from tests.mistakes.demo import Answer, House, Landmark, demo, stem
from tests.mistakes.names import IN_CHARACTERS, IN_ENDING, readings, spellings
from tests.mistakes.slips import LOOK_ALIKE, SOUND_ALIKE, TRADITIONAL

SEED = 210503
COUNT = 2000
# A text that means more places than this is no address any more.
MOST_ANSWERS = 3


class Half(StrEnum):
    """What a variant may be used for."""

    TUNING = "tuning"
    HELD_OUT = "held-out"


@dataclass(frozen=True)
class Variant:
    """A text, the place its speaker meant, and all that it may rightly mean (that one first)."""

    text: str
    answers: tuple[Answer, ...]
    kinds: tuple[str, ...]
    half: Half

    def is_answered_by(self, kind: str, lon: float, lat: float) -> bool:
        """Whether what was found is one of the right places: a house must be found as a house."""
        return any(
            answer.is_at(lon, lat) and (kind == "building" or not answer.building)
            for answer in self.answers
        )


def half_of(name: str) -> Half:
    """The half of all variants about a family of names (彩虹 of 彩虹街二巷).

    The held-out half is for the last measurement alone.
    """
    odd = hashlib.sha256(stem(name).encode()).digest()[0] % 2
    return Half.HELD_OUT if odd else Half.TUNING


@lru_cache(maxsize=4)
def variants(seed: int = SEED, count: int = COUNT) -> tuple[Variant, ...]:
    """So many different variants, half of them for tuning; the same for the same seed."""
    rng = random.Random(seed)
    made: dict[str, Variant] = {}
    full: Counter[Half] = Counter()
    while len(made) < count:
        form = rng.choices(tuple(_FORMS), _FORM_WEIGHTS)[0]
        variant = _FORMS[form](rng)
        if variant is None or variant.text in made or full[variant.half] >= count // 2:
            continue
        full[variant.half] += 1
        made[variant.text] = variant
    return tuple(made.values())


def one_half(half: Half) -> tuple[Variant, ...]:
    """The variants of a half. The held-out half is for the last measurement alone."""
    return tuple(variant for variant in variants() if variant.half is half)


# How often each mistake is made, relative to the others, with a limit for each group.
_CHARACTERS = {"sound_alike": 10, "look_alike": 4, "swapped": 2, "half_remembered": 3}
_ENDING = {"no_suffix": 7, "wrong_suffix": 4, "lane_digits": 8, "doubled": 2}
_NUMBER = {"numerals": 9, "house_behind": 2}
_MARK = {"no_mark": 10, "hash_sign": 6, "other_mark": 5}
_EXTRA = {"area_before": 9, "estate_too": 5, "unit_and_room": 9, "nearby": 7, "filler": 4}
_LAYOUT = {"full_width": 5, "spaces": 6, "punctuation": 4, "traditional": 5}
_GROUPS = ((_CHARACTERS, 1), (_ENDING, 1), (_NUMBER, 1), (_MARK, 1), (_EXTRA, 2), (_LAYOUT, 2))
_OF_CROSSINGS = {*_CHARACTERS, *_ENDING, "area_before", "nearby", "filler", "spaces",
                 "punctuation", "traditional"}  # fmt: skip
_OF_LANDMARKS = {"sound_alike", "look_alike", "area_before", "nearby", "filler", "spaces",
                 "traditional"}  # fmt: skip

_NEARBY = ("附近", "对面", "门口", "旁边", "楼下", "边上", "后面", "跟前", "对过", "后身", "这边",
           "门前", "那儿")  # fmt: skip
_BEFORE = ("我在", "就在", "我家在", "地址是", "那个", "在", "你好，我在", "麻烦到", "我们这是")
_AFTER = ("这儿", "这块", "呢", "，快来", "有人", "，麻烦快点")
_MARKS = ("，", ",", "、", "/", "·", "-", ".", "；")


def _mistakes(rng: random.Random, allowed: Iterable[str] | None = None) -> set[str]:
    """One to three kinds of mistake, more common ones more often."""
    weights = {kind: weight for group, _ in _GROUPS for kind, weight in group.items()}
    if allowed is not None:
        weights = {kind: weights[kind] for kind in sorted(allowed)}
    wanted = rng.choices((1, 2, 3), (45, 38, 17))[0]
    chosen: set[str] = set()
    while len(chosen) < wanted:
        kind = rng.choices(tuple(weights), tuple(weights.values()))[0]
        if all(len(chosen & set(group)) < most for group, most in _GROUPS if kind in group):
            chosen.add(kind)
    return chosen


def _address(rng: random.Random) -> Variant | None:
    house = rng.choice(demo().houses)
    return _of_house(rng, house, house.street, _mistakes(rng), ())


def _estate(rng: random.Random) -> Variant | None:
    house = rng.choice(demo().houses)
    if not house.estate:
        return None
    return _of_house(rng, house, house.estate, _mistakes(rng) - {"estate_too"}, ("estate",))


def _of_house(
    rng: random.Random, house: House, name: str, kinds: set[str], form: tuple[str, ...]
) -> Variant | None:
    """A house by a street or an estate and its number."""
    if "-" in house.number and "numerals" not in kinds and rng.random() < 0.4:
        kinds.add("house_behind")
    named = _misnamed(rng, name, kinds)
    numbered = _misnumbered(rng, house, kinds)
    if named is None or numbered is None or not (kinds or form):
        return None
    spelled, meant = named
    said, also = numbered
    answers = _houses(meant, (house.number, *also))
    before, parts = "", [spelled, said]
    if "estate_too" in kinds:
        if not house.estate:
            return None
        answers = [one for one in answers if one.estate == house.estate]
        parts.insert(rng.choice((0, 1)), house.estate)
    if "area_before" in kinds:
        before = _area(rng, house.subdistrict, house.community)
        answers = [one for one in answers if _is_in(one, before)]
    text = _laid_out(rng, [before, *parts], kinds)
    return _variant(text, house.answer, (one.answer for one in answers), {*kinds, *form}, name)


def _misnamed(rng: random.Random, name: str, kinds: set[str]) -> tuple[str, tuple[str, ...]] | None:
    """A name with its mistakes, and the names it means then."""
    wrong = [k for k in IN_CHARACTERS if k in kinds] + [k for k in IN_ENDING if k in kinds]
    made = spellings(name, wrong) if wrong else [name]
    if not made:
        return None
    spelled = rng.choice(made)
    meant = readings(spelled, len(wrong))
    return (spelled, meant) if name in meant else None


def _misnumbered(
    rng: random.Random, house: House, kinds: set[str]
) -> tuple[str, tuple[str, ...]] | None:
    """A number as it is said, and other numbers that the same words mean."""
    said: str | None = house.number
    if "numerals" in kinds:
        if "no_mark" in kinds and len(house.number) < 2:
            return None  # 彩虹街二 is nothing that anybody says
        said = numbers.numeral(house.number, rng)
    elif "house_behind" in kinds:
        said = numbers.behind(house.number, rng)
    if said is None or ("numerals" in kinds and "hash_sign" in kinds):
        return None
    mark = next((kind for kind in _MARK if kind in kinds), None)
    marked = numbers.marked(said, house.mark, mark, rng) if mark else said + house.mark
    if "unit_and_room" not in kinds:
        return marked, ()
    if not house.units or not marked:
        return None
    inside, dashes = numbers.room(house.units, house.floors, rng)
    if mark == "no_mark" and said.isdigit():
        # 10-3-402 is a room of 10, and of the house 10-3 where there is one.
        return said + dashes, (said + dashes[: dashes.rindex("-")],)
    if marked[-1].isdigit() or marked[0] == "#":
        return None
    return marked + inside, ()


def _houses(names: Iterable[str], numbers_: Iterable[str]) -> list[House]:
    """The houses on these streets or in these estates with one of the numbers."""
    known = _by_address()
    return [house for name in names for number in numbers_ for house in known[name, number]]


@lru_cache(maxsize=1)
def _by_address() -> dict[tuple[str, str], list[House]]:
    found: dict[tuple[str, str], list[House]] = defaultdict(list)
    for house in demo().houses:
        found[house.street, house.number].append(house)
        if house.estate:
            found[house.estate, house.number].append(house)
    return found


def _area(rng: random.Random, subdistrict: str, community: str) -> str:
    """Where the place is at large, as one puts it first."""
    short = subdistrict.removesuffix("街道")
    return rng.choice(
        (
            f"辽宁省本溪市溪湖区{subdistrict}{community}", f"辽宁省本溪市溪湖区{subdistrict}",
            "本溪市溪湖区", "溪湖区", "本溪溪湖", f"溪湖区{subdistrict}", subdistrict,
            f"{subdistrict}{community}", community, f"{short}办事处", f"{short}街道办",
            f"本溪市{subdistrict}{community}居委会",
        )
    )  # fmt: skip


def _is_in(house: House | Landmark, area: str) -> bool:
    """Whether a place is where a text says; what the text leaves open it may be in."""
    named = [name for name in demo().areas if name != "溪湖区" and name in area]
    return all(name in (house.subdistrict, house.community) for name in named)


@lru_cache(maxsize=1)
def _landmark_names() -> dict[str, tuple[Landmark, ...]]:
    """What the landmarks are called, beside the names on their signs."""
    found: dict[str, list[Landmark]] = defaultdict(list)
    for landmark in demo().landmarks:
        for name in dict.fromkeys((*landmark.aliases, *_shortened(landmark.name))):
            found[name].append(landmark)
    on_signs = {landmark.name for landmark in demo().landmarks} | demo().areas
    return {
        name: tuple(meant)
        for name, meant in found.items()
        if name not in on_signs and not readings(name, 0)
    }


def _shortened(name: str) -> list[str]:
    """The local's words for a landmark: 二小 for 第二小学, 菜市场 for 农贸市场."""
    words = (
        ("第二小学", "二小"), ("第二中学", "二中"), ("实验学校", "实验"), ("农贸市场", "市场"),
        ("综合市场", "市场"), ("社区卫生服务中心", "社区医院"),
        ("社区卫生服务中心", "卫生服务中心"),
        ("社区居委会", "居委会"), ("社区居委会", "居民委员会"), ("便民服务中心", "便民中心"),
        ("文化广场", "广场"), ("村委会", "村部"), ("卫生室", "村卫生所"), ("耐火材料厂", "耐火厂"),
        ("水泥制品厂", "水泥厂"), ("机械厂", "机械"), ("早市", "早集"), ("游园", "小游园"),
    )  # fmt: skip
    return [name.replace(full, short) for full, short in words if name.endswith(full)]


def _alias(rng: random.Random) -> Variant | None:
    """A landmark by another name than the one on its sign."""
    alias, meant = rng.choice(tuple(_landmark_names().items()))
    landmark = rng.choice(meant)
    kinds = set() if rng.random() < 0.35 else _mistakes(rng, _OF_LANDMARKS)
    spelled = alias
    for kind, table in (("sound_alike", SOUND_ALIKE), ("look_alike", LOOK_ALIKE)):
        if kind in kinds:
            at = rng.randrange(2)
            if spelled != alias or spelled[at] not in table:
                return None
            spelled = spelled[:at] + rng.choice(table[spelled[at]]) + spelled[at + 1 :]
            if any(spelled[:2] == other[:2] for other in _landmark_names()):
                return None  # the stem of other landmarks
    before = _area(rng, landmark.subdistrict, landmark.community) if "area_before" in kinds else ""
    answers = [one.answer for one in meant if _is_in(one, before)]
    text = _laid_out(rng, [before, spelled], kinds)
    return _variant(text, landmark.answer, answers, {*kinds, "alias"}, landmark.name[:2])


def _crossing(rng: random.Random) -> Variant | None:
    """Where two streets meet, in either order."""
    pair = rng.choice(tuple(demo().crossings))
    if rng.random() < 0.8 and any(name.endswith("巷") for name in pair):
        return None  # people rather name streets than lanes
    one, other = rng.sample(pair, 2)
    kinds = set() if rng.random() < 0.35 else _mistakes(rng, _OF_CROSSINGS)
    first, second = _misnamed(rng, one, kinds), _misnamed(rng, other, kinds - {*IN_CHARACTERS})
    if first is None or second is None:
        return None
    met = demo().crossings
    answers = [
        answer
        for name in first[1]
        for beside in second[1]
        for answer in met.get((min(name, beside), max(name, beside)), ())
    ]
    join = rng.choice(("和", "与", "跟", "、", " ", "", "/", "同"))
    tail = rng.choice(("路口", "交叉口", "十字路口", "交口", "交汇处", "的路口", "口", "那个路口"))
    parts = ["溪湖区" if "area_before" in kinds else "", first[0] + join + second[0], tail]
    text = _laid_out(rng, parts, kinds - {"punctuation"})
    intended = met[pair][0]
    return _variant(text, intended, answers, {*kinds - {"punctuation"}, "crossing"}, one)


def _laid_out(rng: random.Random, parts: list[str], kinds: set[str]) -> str:
    """The parts as one text, with what stands around them, between them and in which letters."""
    parts = [part for part in parts if part]
    gap = ""
    if "spaces" in kinds:
        gap = rng.choice((" ", " ", "　", "  "))
    elif "punctuation" in kinds:
        if len(parts) > 1 and rng.random() < 0.25:
            parts[-1] = rng.choice(("（{}）", "({})")).format(parts[-1])
        else:
            gap = rng.choice(_MARKS)
    text = gap.join(parts)
    if "nearby" in kinds:
        text += rng.choice(_NEARBY)
    if "filler" in kinds:
        text = rng.choice(_BEFORE) + text if rng.random() < 0.7 else text + rng.choice(_AFTER)
    if "traditional" in kinds:
        text = "".join(TRADITIONAL.get(char, char) for char in text)
    if "full_width" in kinds:
        wide = {ord(char): ord(char) + 0xFEE0 for char in "0123456789-#"}
        text = text.translate(wide)
    return text


def _variant(
    text: str, intended: Answer, answers: Iterable[Answer], kinds: set[str], name: str
) -> Variant | None:
    """A variant, unless a mistake left no trace or the text means too many places."""
    found = {answer.id: answer for answer in answers}
    if intended.id not in found:
        return None
    right = tuple({intended.id: intended, **found}.values())
    traceless = (
        ("full_width" in kinds and not any(char in text for char in "０１２３４５６７８９"))
        or ("traditional" in kinds and not any(char in text for char in TRADITIONAL.values()))
        or ("spaces" in kinds and not any(char.isspace() for char in text))
    )
    if traceless or len(right) > MOST_ANSWERS:
        return None
    return Variant(text, right, tuple(sorted(kinds)), half_of(name))


_FORMS = {"address": _address, "estate": _estate, "alias": _alias, "crossing": _crossing}
_FORM_WEIGHTS = (66, 22, 4, 14)
