# SPDX-License-Identifier: Apache-2.0
"""House numbers, units and rooms as people say and type them."""

import random

_ONES = "零一二三四五六七八九"
_SPOKEN = str.maketrans("0123456789", "零幺二三四五六七八九")
_WRITTEN = str.maketrans("0123456789", "零一二三四五六七八九")
_JOINS = ("之", "杠", "—", "–", "－", "号-", "号之")


def in_numerals(number: int) -> str:
    """1 to 999: 十, 十二, 二十一, 一百零三, 一百二十."""
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    said = f"{_ONES[hundreds]}百" if hundreds else ""
    if tens:
        said += ("" if tens == 1 and not hundreds else _ONES[tens]) + "十"
    elif hundreds and ones:
        said += "零"
    return said + (_ONES[ones] if ones else "")


def numeral(number: str, rng: random.Random) -> str:
    """A number in Chinese numerals: counted, or figure by figure as on the telephone."""
    if not number.isdigit():
        front, _, behind = number.partition("-")
        join = rng.choice(("之", "杠"))
        return f"{numeral(front, rng)}{join}{in_numerals(int(behind))}"
    if len(number) < 3 or rng.random() < 0.6:
        said = in_numerals(int(number))
        return "两" + said[1:] if said.startswith("二百") and rng.random() < 0.5 else said
    return number.translate(rng.choice((_SPOKEN, _WRITTEN)))


def behind(number: str, rng: random.Random) -> str | None:
    """10-3 said otherwise: 10之3, 10杠3, 10号-3. None for a number without a house behind."""
    front, dash, rest = number.partition("-")
    return front + rng.choice(_JOINS) + rest if dash else None


def marked(said: str, mark: str, kind: str, rng: random.Random) -> str | None:
    """The number with another mark than its sign has, or with none."""
    if kind == "no_mark":
        return said + ("号" if mark == "号楼" and rng.random() < 0.4 else "")
    if kind == "hash_sign":
        return f"#{said}" if rng.random() < 0.2 else said + rng.choice(("#", "#", "#楼"))
    others = {"号楼": ("楼", "栋", "幢", "号栋", "座"), "号": ("号院", "号门", "号房")}
    return said + rng.choice(others[mark])


def room(units: int, floors: int, rng: random.Random) -> tuple[str, str]:
    """Unit and room behind the number, and the same with dashes: 3单元402室, -3-402."""
    unit, floor = rng.randint(1, units), rng.randint(1, floors)
    door = f"{floor}{rng.randint(1, 4):02d}"
    if rng.random() < 0.25:
        spoken = door.translate(rng.choice((_SPOKEN, _WRITTEN)))
        return f"{_ONES[unit]}单元{spoken}{rng.choice(('', '室'))}", f"-{unit}-{door}"
    words = (
        f"{unit}单元{door}室", f"{unit}单元{door}", f"{unit}单元", f"{unit}单元{floor}楼",
        f"{unit}门{door}", f"{door}室",
    )  # fmt: skip
    return rng.choice(words), f"-{unit}-{door}"
