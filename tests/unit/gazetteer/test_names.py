# SPDX-License-Identifier: Apache-2.0
"""Names that a text says, and names that it nearly says."""

from uuid import uuid4

import pytest

from geo.gazetteer.likeness import likeness, tokens_of
from geo.gazetteer.names import Named, NameIndex
from geo.gazetteer.rules import PlaceKind
from geo.gazetteer.sounds import blurred, sound_of

NAMES = ("彩虹街", "彩虹街一巷", "彩虹街十七巷", "长安路", "建设大道", "丽景花园", "丽景家园")


def index(*names: str) -> NameIndex:
    return NameIndex(
        Named(name, uuid4(), PlaceKind.STREET, name, 0.0, 0.0, name) for name in names or NAMES
    )


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("溪湖区彩虹街17巷5号", ["彩虹街17巷"]),
        ("彩虹街10号", ["彩虹街"]),
        # Neither 1巷 nor 7巷 was said.
        ("彩虹街71巷", ["彩虹街"]),
        ("长安路与彩虹街", ["长安路", "彩虹街"]),
        ("火星", []),
    ],
)
def test_the_longest_names_are_the_ones_that_were_said(text: str, names: list[str]) -> None:
    assert [one.name for one in index().said(text)] == names


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("采红街", "彩虹街"),
        ("彩红接", "彩虹街"),
        ("虹彩街", "彩虹街"),
        ("彩虹", "彩虹街"),
        ("彩虹路", "彩虹街"),
        ("彩虹17巷", "彩虹街17巷"),
        ("在长安陆那个", "长安路"),
        ("丽景花圆", "丽景花园"),
        ("利景加园", "丽景家园"),
        ("建设道", "建设大道"),
    ],
)
def test_a_slip_still_finds_the_name(text: str, name: str) -> None:
    best, *_ = index().like(text, least=0.4, limit=3)
    assert best.name == name
    assert best.likeness < 1


def test_nothing_is_like_nothing() -> None:
    assert index().like("火星上的环形山", least=0.45, limit=3) == []
    assert NameIndex(()).like("彩虹街", least=0.4, limit=3) == []
    assert index().like("", least=0.4, limit=3) == []


def test_a_number_is_the_number_or_another() -> None:
    name, one, other = (tokens_of(text) for text in ("彩虹街17巷", "彩红街17巷", "彩虹街16巷"))
    assert likeness(name, name) == 1
    assert likeness(name, one) > 0.9 > likeness(name, other)


@pytest.mark.parametrize(
    ("pair", "same"),
    [("彩采", True), ("虹红", True), ("街接", True), ("溪西", True), ("彩虹", False)],
)
def test_sounds(pair: str, same: bool) -> None:
    assert (sound_of(pair[0]) == sound_of(pair[1])) is same


def test_what_is_often_misheard_is_blurred() -> None:
    assert [sound_of(char) for char in "啊彩虹座龘A"] == ["a", "cai", "hong", "zuo", None, None]
    for one, other in (("zhong", "zong"), ("shan", "san"), ("niu", "liu"), ("jing", "jin")):
        assert blurred(one) == blurred(other)
    assert blurred("hong") != blurred("huang")
