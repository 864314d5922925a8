# SPDX-License-Identifier: Apache-2.0
"""The grammar of people's mistakes: what the measurement of addresses rests on."""

import ast
import hashlib
from collections import Counter
from pathlib import Path

import pytest

from tests import mistakes
from tests.mistakes.demo import demo
from tests.mistakes.grammar import (
    COUNT,
    MOST_ANSWERS,
    SEED,
    Half,
    Variant,
    half_of,
    one_half,
    variants,
)
from tests.mistakes.names import readings

DIGEST = "b30cd4669ed3a866"
KINDS = {
    "sound_alike", "look_alike", "swapped", "half_remembered", "no_suffix", "wrong_suffix",
    "lane_digits", "doubled", "numerals", "house_behind", "no_mark", "hash_sign", "other_mark",
    "area_before", "estate_too", "unit_and_room", "nearby", "filler", "full_width", "spaces",
    "punctuation", "traditional", "estate", "alias", "crossing",
}  # fmt: skip


def test_the_same_seed_makes_the_same_variants() -> None:
    """In every process: a text that was measured stays what it was.

    A change of the grammar is a new measurement, and a new digest here.
    """
    texts = "\n".join(variant.text for variant in variants())
    assert hashlib.sha256(texts.encode()).hexdigest().startswith(DIGEST)
    assert variants(SEED + 1, 40) != variants(SEED, 40)


def test_there_are_two_halves_of_different_texts_about_different_names() -> None:
    assert len({variant.text for variant in variants()}) == COUNT
    halves = [one_half(half) for half in Half]
    assert [len(half) for half in halves] == [COUNT // 2, COUNT // 2]
    assert half_of("彩虹街") is half_of("彩虹街二巷")


@pytest.mark.parametrize("half", Half)
def test_every_kind_of_mistake_is_in_each_half(half: Half) -> None:
    counts = Counter(kind for variant in one_half(half) for kind in variant.kinds)
    assert set(counts) == KINDS
    assert min(counts.values()) >= 15


def test_every_variant_means_places_of_the_demo() -> None:
    known = {house.answer.id for house in demo().houses}
    known |= {landmark.answer.id for landmark in demo().landmarks}
    known |= {answer.id for answers in demo().crossings.values() for answer in answers}
    for variant in variants():
        assert variant.text == variant.text.strip()
        assert variant.kinds
        ids = [answer.id for answer in variant.answers]
        assert 1 <= len(ids) == len(set(ids)) <= MOST_ANSWERS
        assert known.issuperset(ids)


def test_no_text_is_an_address_as_it_is_written_on_a_sign() -> None:
    signs = {house.answer.label for house in demo().houses}
    assert not signs & {variant.text for variant in variants()}


def test_a_spelling_means_every_name_that_explains_it_as_well() -> None:
    assert readings("彩屯", 1) == ("彩屯街", "彩屯路")
    assert readings("彩红街", 1) == ("彩虹街",)
    # 彩屯路 is a street of its own: nobody who meant 彩屯街 can be asked to be understood.
    assert readings("彩屯路", 1) == ()


def test_a_house_is_right_only_as_a_house_and_where_it_stands() -> None:
    def about(*kinds: str) -> Variant:
        return next(v for v in variants() if set(kinds) <= set(v.kinds) and len(v.answers) == 1)

    house = about("sound_alike", "no_mark")
    spot = house.answers[0].shape.representative_point()
    assert house.is_answered_by("building", spot.x, spot.y)
    assert not house.is_answered_by("street", spot.x, spot.y)
    assert not house.is_answered_by("building", spot.x + 0.002, spot.y)
    crossing = about("crossing").answers[0]
    assert crossing.is_at(crossing.shape.x, crossing.shape.y + 0.0003)
    assert not crossing.is_at(crossing.shape.x, crossing.shape.y + 0.0006)


def test_the_grammar_knows_nothing_of_the_product() -> None:
    for file in Path(mistakes.__path__[0]).glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                modules = [node.module or ""]
            else:
                continue
            for module in modules:
                assert module.split(".")[0] not in {"geo", "api", "maps"}, (file.name, module)
