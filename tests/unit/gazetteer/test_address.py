# SPDX-License-Identifier: Apache-2.0
"""One address in many spellings is one address."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.gazetteer.address import (
    canonical,
    canonical_number,
    chinese_number,
    folded,
    house_numbers,
    plate_number,
    read_address,
)


@pytest.mark.parametrize(
    ("text", "street", "number"),
    [
        ("彩虹街10号楼", "彩虹街", "10"),
        ("彩虹街１０号楼3单元402室", "彩虹街", "10"),
        ("彩虹街十号楼", "彩虹街", "10"),
        ("彩虹街 10 栋", "彩虹街", "10"),
        ("彩虹街10幢二单元", "彩虹街", "10"),
        ("彩虹街10座", "彩虹街", "10"),
        ("彩虹街第10号", "彩虹街", "10"),
        ("彩虹街10号院", "彩虹街", "10"),
        ("彩虹街010号", "彩虹街", "10"),
        ("长安路 12#", "长安路", "12"),
        ("长安路12＃", "长安路", "12"),
        ("长安路12", "长安路", "12"),
        ("建设大道一百二十号", "建设大道", "120"),
        ("建设大道一百二号", "建设大道", "102"),
        ("建设大道一二〇号", "建设大道", "120"),
        ("建设大道两百零五号", "建设大道", "205"),
        ("彩虹街10-3号", "彩虹街", "10-3"),
        ("彩虹街10－3", "彩虹街", "10-3"),
        ("彩虹街10—3号", "彩虹街", "10-3"),
        ("彩虹街10号之3", "彩虹街", "10-3"),
        ("彩虹街10号附三", "彩虹街", "10-3"),
        ("彩虹街10-3-402室", "彩虹街", "10-3-402"),
        ("彩虹街10号附近", "彩虹街", "10"),
        ("彩虹街10号楼对面", "彩虹街", "10"),
        ("彩虹街10号楼着火了", "彩虹街", "10"),
        ("東山街一巷三號樓", "东山街一巷", "3"),
        ("东山街一巷十二号", "东山街一巷", "12"),
        ("五一路十号", "五一路", "10"),
        ("彩虹小区3号楼2单元", "彩虹小区", "3"),
        ("丽景花园3-2-501", "丽景花园", "3-2-501"),
        ("溪湖区东风街道彩虹社区彩虹街10号楼", "彩虹街", "10"),
        ("辽宁省本溪市溪湖区彩虹街10号", "彩虹街", "10"),
    ],
)
def test_forms(text: str, street: str, number: str) -> None:
    address = read_address(text)
    assert address.head.endswith(street)
    assert address.number == number


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("溪湖区东风街道彩虹社区彩虹公园", "彩虹公园"),
        ("辽宁省本溪市溪湖区东风街道办事处溪湖公园", "溪湖公园"),
        ("彩虹公园门口", "彩虹公园"),
        ("彩虹公园的正对面", "彩虹公园"),
        ("彩虹公园东侧附近", "彩虹公园"),
        ("彩虹社区", "彩虹社区"),
        ("彩虹小区", "彩虹小区"),
        ("农贸市场", "农贸市场"),
        ("城市花园", "城市花园"),
        ("彩虹街", "彩虹街"),
    ],
)
def test_what_stands_before_and_behind_is_taken_off(text: str, bare: str) -> None:
    address = read_address(text)
    assert (address.bare, address.number) == (bare, None)


@pytest.mark.parametrize(
    ("text", "said", "crossing"),
    [
        ("彩虹街与长安路交叉口", "彩虹街与长安路", True),
        ("彩虹街和长安路路口", "彩虹街和长安路路", True),
        ("彩虹街长安路口", "彩虹街长安路", True),
        ("彩虹街跟长安路的十字路口附近", "彩虹街跟长安路", True),
        ("彩虹街与长安路", "彩虹街与长安路", False),
        ("铁路小学", "铁路小学", False),
    ],
)
def test_words_of_crossing_are_taken_off(text: str, said: str, crossing: bool) -> None:
    address = read_address(text)
    assert (address.said, address.crossing) == (said, crossing)


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("彩虹公园附近", True),
        ("彩虹街10号斜对面", True),
        ("彩虹公园西侧", True),
        ("彩虹公园门口", False),
        ("彩虹公园里面", False),
        ("彩虹公园", False),
    ],
)
def test_beside_a_place_is_near_it_and_at_its_door_is_the_place(text: str, near: bool) -> None:
    assert read_address(text).near is near


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("劳动街十七巷五号", "劳动街17巷5号"),
        ("建设大道一百二十號", "建设大道120号"),
        ("彩虹街一〇三号", "彩虹街103号"),
        ("五一路两百零五号", "51路205号"),
        ("彩虹街十杠三号", "彩虹街10-3号"),
        ("彩虹街10之3", "彩虹街10-3"),
        ("百合社区", "百合社区"),
        ("千金路", "千金路"),
    ],
)
def test_numerals_become_digits_in_names_too(text: str, plain: str) -> None:
    assert folded(text) == plain


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("彩虹街10号楼3单元402室", [("10", "号楼")]),
        ("劳动街17巷5号", [("5", "号")]),
        ("丽景花园3-2-501", [("3-2-501", "")]),
        ("彩虹街10号附3号", [("10-3", "号")]),
        ("彩虹街第10栋2门", [("10", "栋")]),
        ("彩虹街3单元", []),
        ("彩虹街", []),
    ],
)
def test_numbers_of_houses(text: str, numbers: list[tuple[str, str]]) -> None:
    assert [(one.number, one.word) for one in house_numbers(text)] == numbers


def test_numbers_fall_back_to_what_they_stand_behind() -> None:
    (number,) = house_numbers("彩虹街10-3-402")
    assert number.numbers == ("10-3-402", "10-3", "10")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("10号楼", "10"),
        ("第十栋", "10"),
        ("10-3", "10-3"),
        ("十", "10"),
        ("甲", None),
        ("号", None),
    ],
)
def test_the_number_on_a_plate(text: str, number: str | None) -> None:
    assert plate_number(text) == number


@given(st.integers(0, 9999))
def test_chinese_numerals(value: int) -> None:
    digits = "零一二三四五六七八九"
    said, rest, open_zero = "", value, False
    for unit, word in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, rest = divmod(rest, unit)
        if digit:
            said += ("零" if open_zero else "") + digits[digit] + word
            open_zero = False
        elif said and rest:
            open_zero = True
    assert chinese_number(said or "零") == value
    assert chinese_number("".join(digits[int(digit)] for digit in str(value))) == value
    if 10 <= value < 20:
        assert chinese_number(said.removeprefix("一")) == value


@pytest.mark.parametrize("text", ["", "甲", "10a", "十a", "-", "1-", "9" * 12])
def test_what_is_no_number(text: str) -> None:
    assert canonical_number(text) is None


@given(st.text(max_size=80))
def test_any_text_can_be_read(text: str) -> None:
    address = read_address(text)
    assert len(address.text) <= 60
    assert canonical(address.text) == address.text
    assert (address.number is None) or address.head
    assert folded(folded(text)) == folded(text)
    for number in house_numbers(address.said):
        assert address.said[number.start : number.end]
