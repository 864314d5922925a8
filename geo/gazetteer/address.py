# SPDX-License-Identifier: Apache-2.0
"""Reading the addresses people say. Pure: text in, parts out; what exists is the search's matter.

Different spellings of one address are read alike: 彩虹街１０号楼3单元402室, 彩虹街十号楼,
彩虹街 10#, 溪湖区东风街道彩虹社区彩虹街10栋.
"""

import re
import unicodedata
from dataclasses import dataclass

# Longer texts are stories, not addresses; what matters stands at the beginning.
LONGEST = 60
STREET_ENDINGS = ("大街", "大道", "胡同", "公路", "街", "路", "巷", "弄", "里", "线", "道", "条")

# Traditional characters of addresses with their common forms, pair by pair.
_TRADITIONAL = str.maketrans(
    "號樓棟單區縣鎮鄉村莊園廣場東鐵華興復銀車橋學校醫院門廠業號裡線條衚衕對邊長馬龍雲陽"
    "環報勞動開發財稅務會議館圖書體劇電話燈貿農機場幼兒溝嶺灣島連關遠進達麗景賓館飯飛魚鳥鳳"
    "紅綠黃藍實驗黨國際衛療養兩萬億貳陸層後處風鋼廳幫貨濱彙匯義禮創聯從眾豐寶勝領導",
    "号楼栋单区县镇乡村庄园广场东铁华兴复银车桥学校医院门厂业号里线条胡同对边长马龙云阳"
    "环报劳动开发财税务会议馆图书体剧电话灯贸农机场幼儿沟岭湾岛连关远进达丽景宾馆饭飞鱼鸟凤"
    "红绿黄蓝实验党国际卫疗养两万亿贰陆层后处风钢厅帮货滨汇汇义礼创联从众丰宝胜领导",
)
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

_PREFIXES = (
    re.compile(r"^[^\d]{2,7}?(?:省|自治区)"),
    re.compile(r"^[^\d]{2,6}?市(?![场民政委])"),
    re.compile(r"^[^\d]{1,5}?(?<![小社园新校厂景库矿街])[区县](?!政府)"),
    re.compile(r"^(?P<area>[^\d]{1,6}?街道)(?:办事处)?(?!路)"),
    re.compile(r"^(?P<area>[^\d]{2,7}?社区)(?:居委会|居民委员会)?"),
)
_NEAR = re.compile(
    r"(?:的|正)*(?:附近|对面|对过|旁边|边上|周边|一带|门口|门前|门外|大门口|正门|后门|院内|院里|楼下|楼上|里面|外面|那边|这边"
    r"|[东南西北]侧|[东南西北]边|旁|处|内)$"
)
_CROSSING_WORD = re.compile(
    r"(?:的)?(?:交叉路口|交叉口|交汇处|交会处|交界处|交汇口|十字路口|丁字路口|交口|路口|口)$"
)
_JOINTS = "与和跟及同、,/&+×"
_LOOSE = "-#、,/&+×"


@dataclass(frozen=True)
class Address:
    """What a text says of a place, in the spelling that names are stored in.

    `text` is the whole, `bare` the same without the districts and communities before it and the
    words of nearness behind it. `areas` are the subdistricts and communities it named. With a
    `number`, `head` is what stood before it: a street, an estate, or more than that.
    `crossings` are the pairs of streets that the text can be split into.
    """

    text: str
    bare: str
    areas: tuple[str, ...] = ()
    head: str = ""
    number: str | None = None
    crossings: tuple[tuple[str, str], ...] = ()
    near: bool = False

    @property
    def numbers(self) -> tuple[str, ...]:
        """The number as said, then what it stands behind: 10-3-402, 10-3, 10."""
        parts = [] if self.number is None else self.number.split("-")
        return tuple("-".join(parts[:length]) for length in range(len(parts), 0, -1))


def canonical(text: str) -> str:
    """The spelling in which names are stored and compared: NFKC, common forms, nothing between."""
    folded = unicodedata.normalize("NFKC", text).translate(_TRADITIONAL).translate(_DASHES).lower()
    return "".join(char for char in folded if char.isalnum() or char in _LOOSE)


def read_address(text: str) -> Address:
    """Take an address apart."""
    whole = canonical(text)[:LONGEST].strip(_LOOSE)
    bare, areas = _without_prefixes(whole)
    bare, near = _without_nearness(bare)
    found = _NUMBERED.search(_INDOORS.sub(_blank, whole)) or _BARE_NUMBER.search(whole)
    head = "" if found is None else whole[: found.start()].rstrip(_LOOSE)
    if found is None or not head:
        return Address(whole, bare, areas, crossings=_crossings(bare), near=near)
    number = canonical_number(found["number"])
    behind = found.groupdict().get("behind")
    if number is not None and behind is not None:
        number = f"{number}-{canonical_number(behind)}"
    return Address(whole, bare, areas, head, number, near=near)


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


def parts_of(text: str, *, shortest: int = 3, longest: int = 20) -> tuple[str, ...]:
    """Every part of a text that may be a known name."""
    return tuple(
        {
            text[start:end]
            for start in range(len(text))
            for end in range(start + shortest, min(len(text), start + longest) + 1)
        }
    )


def one_wrong(name: str) -> tuple[str, ...]:
    """LIKE patterns for names that differ from this one in a single character."""
    if len(name) < 3:
        return ()
    safe = [char if char.isalnum() else "_" for char in name]
    return tuple("".join([*safe[:at], "_", *safe[at + 1 :]]) for at in range(len(safe)))


def _without_prefixes(text: str) -> tuple[str, tuple[str, ...]]:
    areas: list[str] = []
    for prefix in _PREFIXES:
        found = prefix.match(text)
        if found and found.end() < len(text):
            text = text[found.end() :]
            if "area" in prefix.groupindex:
                areas.append(found["area"])
    return text, tuple(areas)


def _without_nearness(text: str) -> tuple[str, bool]:
    near = False
    while (found := _NEAR.search(text)) and found.start() >= 2:
        text, near = text[: found.start()], True
    return text, near


def _crossings(text: str) -> tuple[tuple[str, str], ...]:
    said = _CROSSING_WORD.search(text)
    bodies = [text]
    if said and said.start() >= 4:
        # 长安路口 is 长安路 and 口, 长安路路口 is 长安路 and 路口: both cuts are tried.
        bodies = [text[: said.start()], text[:-1]]
    pairs: list[tuple[str, str]] = []
    for body in bodies:
        for cut in range(2, len(body) - 1):
            first, second = body[:cut], body[cut:]
            joint = second[0] in _JOINTS
            if not first.endswith(STREET_ENDINGS) or not (joint or said):
                continue
            for name in (second, second[1:]) if joint else (second,):
                if len(name) >= 2 and name.endswith(STREET_ENDINGS):
                    pairs.append((first, name))
    return tuple(dict.fromkeys(pairs))


def _blank(found: re.Match[str]) -> str:
    return " " * len(found[0])
