# SPDX-License-Identifier: Apache-2.0
"""Reading the addresses people say. Pure: text in, parts out; what exists is the search's matter.

Different spellings of one address are read alike: 彩虹街１０号楼3单元402室, 彩虹街十号楼,
彩虹街 10#, 溪湖区东风街道彩虹社区彩虹街10栋.
"""

import re
import unicodedata
from dataclasses import dataclass

from geo.gazetteer.traditional import COMMON_FORMS

# Longer texts are stories, not addresses; what matters stands at the beginning.
LONGEST = 60
STREET_ENDINGS = ("大街", "大道", "胡同", "公路", "街", "路", "巷", "弄", "里", "线", "道", "条")

_PLATE_WORDS = re.compile(r"^第|(?:号楼|号院|号|栋|幢|座|楼|#)$")
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−－~～_", "-"))

_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")}
_DIGITS |= {"〇": 0, "两": 2, "贰": 2, "陆": 6}
_UNITS = {"十": 10, "百": 100, "千": 1000}
_NUMERAL = "零〇一二三四五六七八九十百千两"

# A house number is a number with its word. 号楼 stands before 号 so that it is taken whole.
_NUMBER_WORD = r"(?:号楼|号院|号|#|栋|幢|座|楼(?![上下里内]))"
_COUNTED = rf"(?:\d+(?:-\d+)*|[{_NUMERAL}]+)"
_NUMBERED = re.compile(
    rf"第?(?P<number>{_COUNTED}){_NUMBER_WORD}(?:(?:附|之)(?P<behind>{_COUNTED}))?"
)
# Without its word a number counts behind a street or an estate: 彩虹街10-3.
_BARE_NUMBER = re.compile(
    r"(?<=[街路巷弄里线道条同区园苑村庭城居厦])(?P<number>\d+(?:-\d+)*)(?![\d巷条])"
)
# Rooms and stairwells lie in the house; they never say where it is.
_INDOORS = re.compile(rf"(?<![-\d])(?:\d+|[{_NUMERAL}]+)(?:单元|门洞|室|层|户)")

_RUN = re.compile(rf"[{_NUMERAL}]+")
_SPOKEN_DASH = re.compile(r"(?<=\d)(?:杠|之|-第?)(?=\d)")
_PREFIXES = (
    re.compile(r"^[^\d]{2,7}?(?:省|自治区)"),
    re.compile(r"^[^\d]{2,6}?市(?![场民政委])"),
    re.compile(r"^[^\d]{1,5}?(?<![小社园新校厂景库矿街])[区县](?!政府)"),
    re.compile(r"^[^\d]{1,6}?街道(?:办事处)?(?!路)"),
    re.compile(r"^[^\d]{2,7}?社区(?:居委会|居民委员会)?"),
)
# Beside a place is near it; at its door is the place itself.
_BESIDE = (
    "附近|对面|对过|斜对面|旁边|边上|周边|周围|一带|那边|这边|跟前|左右|隔壁|前面|后面|前边|后边|后身|往[东南西北]|"
    "[东南西北](?:侧|边|面)|旁"
)
_AT = (
    "大门口|门口|门前|门外|正门|后门|大门|院内|院里|楼下|楼上|楼前|楼后|里面|外面|里边|外边|处|内|"
    "那儿|那里|这儿|这里|那块儿|这块儿|那块|这块|那"
)
_NEARNESS = re.compile(rf"(?:的|正)*(?:(?P<beside>{_BESIDE})|(?:{_AT}))$")
_CROSSING_WORD = re.compile(
    r"(?:的|那个|这个)?(?:交叉路口|交叉口|交汇口|十字路口|丁字路口|十字街|拐角|"
    r"交叉|交汇|交会|交界|交口|路口|口)$"
)
_JOINTS = "与和跟及同、,/&+×"
_LOOSE = "-#、,/&+×"
# A number in a folded text: 10-3号楼; with what says that it is none of a house.
_HOUSE = re.compile(
    r"(?<!\d)(?<!\d-)第?(?P<number>\d+(?:-\d+)*)"
    r"(?P<word>号楼|号院|号|#|栋|幢|座|弄|楼(?![上下里内外道层\d]))?"
    r"(?:(?:附|之|-)第?(?P<behind>\d+)(?!\d|单元|门|室|层|户|楼))?"
)
# What people say round an address that is none of it.
_OPENING = re.compile(
    r"^(?:你好|您好|喂|那个|嗯|呃|我家住在|我家在|我家是|我家|我住在|我住|我在|我们在|我们|地址是|地址|位置是|位置|"
    r"住在|位于|就在|就是|这里是|这儿是|这是|在|请到|来|到|快来|好像是|好像在|应该是|大概在|是)+(?=.{3})"
)
_ENDING = re.compile(r"(?:呢|吧|啊|哈|呀|哦|嘛|的)+$")
# Institutions by the word that is on their door for the one that people say.
_INSTITUTIONS = (
    ("居民委员会", "居委会"),
    ("村民委员会", "村委会"),
    ("村部", "村委会"),
    ("大队部", "村委会"),
    ("社区医院", "社区卫生服务中心"),
    ("社区卫生院", "社区卫生服务中心"),
)
_OFFICE = re.compile(r"^(?:街道)?(?:办事处|办公室|办)")
_FORGOTTEN = re.compile(r"什么什么|什么|啥|某某")
WILD = "?"


@dataclass(frozen=True)
class Address:
    """What a text says of a place, in the spelling that names are stored in.

    `text` is the whole, `bare` the same without the districts and communities before it and the
    words of nearness behind it. With a `number`, `head` is what stood before it: a street, an
    estate, or more than that. `said` is what names are looked for in: folded, without the words
    of nearness and crossing; `near` and `crossing` say that there were some.
    """

    text: str
    bare: str
    said: str
    head: str = ""
    number: str | None = None
    near: bool = False
    crossing: bool = False


@dataclass(frozen=True)
class HouseNumber:
    """A number that may be a house's, in a folded text. `word` is what it was said with: 号楼."""

    start: int
    end: int
    number: str
    word: str

    @property
    def numbers(self) -> tuple[str, ...]:
        """The number as said, then what it stands behind: 10-3-402, 10-3, 10."""
        parts = self.number.split("-")
        return tuple("-".join(parts[:length]) for length in range(len(parts), 0, -1))


def canonical(text: str) -> str:
    """The spelling in which names are stored and compared: NFKC, common forms, nothing between."""
    folded = unicodedata.normalize("NFKC", text).translate(COMMON_FORMS).translate(_DASHES).lower()
    return "".join(char for char in folded if char.isalnum() or char in _LOOSE)


def folded(text: str) -> str:
    """The canonical spelling with Chinese numerals in digits, in names too: 十七巷 is 17巷."""
    return _SPOKEN_DASH.sub("-", _RUN.sub(_in_digits, canonical(text)))


def read_address(text: str) -> Address:
    """Take an address apart."""
    whole = canonical(text)[:LONGEST].strip(_LOOSE)
    near, outer = _without_nearness(_ENDING.sub("", _OPENING.sub("", whole)))
    bare = _without_prefixes(outer)
    said, crossing = _without_crossing(_ENDING.sub("", outer))
    for spoken, written in _INSTITUTIONS:
        said = said.replace(spoken, written)
    found = _NUMBERED.search(_INDOORS.sub(_blank, whole)) or _BARE_NUMBER.search(whole)
    head = "" if found is None else whole[: found.start()].rstrip(_LOOSE)
    if found is None or not head:
        return Address(
            whole, bare, _FORGOTTEN.sub(WILD, folded(said)), near=near, crossing=crossing
        )
    number = canonical_number(found["number"])
    behind = found.groupdict().get("behind")
    if number is not None and behind is not None:
        number = f"{number}-{canonical_number(behind)}"
    return Address(whole, bare, _FORGOTTEN.sub(WILD, folded(said)), head, number, near, crossing)


def house_numbers(text: str) -> list[HouseNumber]:
    """The numbers of a folded text that may be houses': no rooms, and none of lanes."""
    found = []
    for one in _HOUSE.finditer(text):
        behind = text[one.end() :]
        # Of a lane rather than of a house when a name goes on behind it: 17巷, also misheard.
        if not one["word"] and not one["behind"] and behind[:1].isalpha():
            continue
        parts = [*one["number"].split("-"), *([one["behind"]] if one["behind"] else [])]
        if all(len(part) <= 9 for part in parts):
            number = "-".join(str(int(part)) for part in parts)
            found.append(HouseNumber(one.start(), one.end(), number, one["word"] or ""))
    return found


def joints(text: str) -> list[int]:
    """Where words that join two streets stand in a text: 与, 和, a comma."""
    return [
        place for place, char in enumerate(text) if char in _JOINTS and 1 < place < len(text) - 2
    ]


def without_office(text: str) -> str:
    """A text without what is left of the office of an area whose name was taken off: 街道办."""
    return _OFFICE.sub("", text).strip(_LOOSE)


def canonical_number(text: str) -> str | None:
    """A house number in digits: 一百二十 is 120, 010 is 10, 10-3 stays; None when it is none."""
    said = canonical(text).rstrip("#")
    if re.fullmatch(r"\d{1,9}(?:-\d{1,9})*", said):
        return "-".join(str(int(part)) for part in said.split("-"))
    counted = chinese_number(said)
    return None if counted is None else str(counted)


def plate_number(text: str) -> str | None:
    """The number on a house's plate, with or without its words: 10号楼 and 第十栋 are 10."""
    plain = canonical(text)
    while (shorter := _PLATE_WORDS.sub("", plain)) != plain:
        plain = shorter
    return canonical_number(plain) if plain else None


def chinese_number(text: str) -> int | None:
    """The value of a Chinese numeral below 10,000, said by units (一百二十) or digits (一二〇)."""
    if not text or any(char not in _DIGITS and char not in _UNITS for char in text):
        return None
    if not any(char in _UNITS for char in text):
        return int("".join(str(_DIGITS[char]) for char in text)) if len(text) < 10 else None
    total, digit = 0, None
    for char in text:
        if char in _DIGITS:
            digit = _DIGITS[char]
        else:
            total += (1 if digit is None else digit) * _UNITS[char]
            digit = None
    return total + (digit or 0)


def _in_digits(found: re.Match[str]) -> str:
    run = found[0]
    # 百合 and 千金 are no numbers.
    if not any(char in _DIGITS or char == "十" for char in run) or run == "两":
        return run
    value = chinese_number(run)
    return run if value is None else str(value)


def _without_prefixes(text: str) -> str:
    for prefix in _PREFIXES:
        found = prefix.match(text)
        if found and found.end() < len(text):
            text = text[found.end() :]
    return text


def _without_nearness(text: str) -> tuple[bool, str]:
    near = False
    while (found := _NEARNESS.search(text)) and found.start() >= 2:
        text, near = text[: found.start()], near or found["beside"] is not None
    return near, text


def _without_crossing(text: str) -> tuple[str, bool]:
    found = _CROSSING_WORD.search(text)
    if found is None or found.start() < 4:
        return text, False
    # 南北路口 is 南北路 and 口: what is left over of 南北路路口 does no harm.
    return text[: found.start()] + ("路" if found[0] == "路口" else ""), True


def _blank(found: re.Match[str]) -> str:
    return " " * len(found[0])
