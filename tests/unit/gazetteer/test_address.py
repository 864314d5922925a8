# SPDX-License-Identifier: Apache-2.0
"""One address in many spellings is one address."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.gazetteer.address import (
    canonical,
    canonical_number,
    chinese_number,
    one_wrong,
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
    ("text", "bare", "areas"),
    [
        ("溪湖区东风街道彩虹社区彩虹公园", "彩虹公园", ("东风街道", "彩虹社区")),
        ("辽宁省本溪市溪湖区东风街道办事处溪湖公园", "溪湖公园", ("东风街道",)),
        ("彩虹公园门口", "彩虹公园", ()),
        ("彩虹公园的正对面", "彩虹公园", ()),
        ("彩虹公园东侧附近", "彩虹公园", ()),
        ("彩虹社区", "彩虹社区", ()),
        ("彩虹小区", "彩虹小区", ()),
        ("农贸市场", "农贸市场", ()),
        ("城市花园", "城市花园", ()),
        ("彩虹街", "彩虹街", ()),
    ],
)
def test_what_stands_before_and_behind_is_taken_off(
    text: str, bare: str, areas: tuple[str, ...]
) -> None:
    address = read_address(text)
    assert (address.bare, address.areas, address.number) == (bare, areas, None)


@pytest.mark.parametrize(
    "text",
    [
        "彩虹街与长安路交叉口",
        "彩虹街和长安路路口",
        "彩虹街长安路口",
        "彩虹街、长安路交口",
        "彩虹街与长安路",
        "溪湖区彩虹街跟长安路的十字路口附近",
    ],
)
def test_crossings(text: str) -> None:
    assert ("彩虹街", "长安路") in read_address(text).crossings


def test_a_street_whose_name_begins_with_a_joint_is_thought_of() -> None:
    assert ("义和街", "和平路") in read_address("义和街和平路口").crossings


def test_one_street_is_no_crossing() -> None:
    assert read_address("彩虹街路口").crossings == ()
    assert read_address("铁路小学").crossings == ()


def test_numbers_fall_back_to_what_they_stand_behind() -> None:
    assert read_address("彩虹街10-3-402").numbers == ("10-3-402", "10-3", "10")
    assert read_address("彩虹街").numbers == ()


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


def test_one_wrong_character() -> None:
    assert one_wrong("采虹街") == ("_虹街", "采_街", "采虹_")
    assert one_wrong("街路") == ()
