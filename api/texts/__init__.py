# SPDX-License-Identifier: Apache-2.0
"""The words people read, by code and language. What is stored is the code and its fields.

A text is a template over the fields of the error or reason: `{cell}`. Every code that can reach a
person stands here in Chinese and English; a test compares this table with the code.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from api.texts import (
    calls,
    gazetteer,
    incidents,
    interchange,
    live,
    patrol,
    phones,
    plans,
    second_looks,
    service,
    workforce,
)
from geo.incidents.climbing import GRID_LEADER
from geo.incidents.coverage import StandInReason
from geo.incidents.inquiry import LeftOutReason
from geo.incidents.ranking import NearReason, Shortfall
from geo.incidents.rules import PlaceReason
from geo.incidents.steering import NAMED


class Language(StrEnum):
    """What the interface speaks."""

    ZH = "zh"
    EN = "en"


class Said(NamedTuple):
    """A short title and a sentence that says what, where and how to mend it."""

    title: str
    detail: str


TEXTS: dict[str, dict[str, tuple[str, str]]] = {
    **service.TEXTS,
    **calls.TEXTS,
    **gazetteer.TEXTS,
    **incidents.TEXTS,
    **interchange.TEXTS,
    **live.TEXTS,
    **patrol.TEXTS,
    **phones.TEXTS,
    **plans.TEXTS,
    **second_looks.TEXTS,
    **workforce.TEXTS,
}


# What verdicts on check-ins, and doubts about them, speak of.
_JUDGED = (
    *("accuracy", "appeal", "assignment", "cell", "check_in", "checkpoint", "clock", "delivery"),
    *("duty", "mock", "patrol", "proof", "system", "track"),
)


def judged_templates() -> dict[str, dict[str, tuple[str, str]]]:
    """The templates of verdicts in both languages, for a page that fills them in itself."""
    return {code: said for code, said in TEXTS.items() if code.partition(".")[0] in _JUDGED}


def desk_templates() -> dict[str, dict[str, tuple[str, str]]]:
    """The templates of places and of the people near them, for the desk's own sentences."""
    codes = (*PlaceReason, *NearReason, *Shortfall, *LeftOutReason, *StandInReason)
    return {str(code): TEXTS[code] for code in (*codes, NAMED, GRID_LEADER)}


class _Fields(dict[str, Any]):
    """Fields as people read them: one that is not known is a dash, never a word of Python."""

    def __init__(self, fields: Mapping[str, Any], language: Language) -> None:
        super().__init__(fields)
        self._between = "、" if language is Language.ZH else ", "

    def __getitem__(self, key: str) -> Any:
        value = super().__getitem__(key)
        if isinstance(value, list | tuple):
            return self._between.join(str(one) for one in value)
        return "–" if value is None else value

    def __missing__(self, key: str) -> str:
        return "?"


def say(code: str, fields: Mapping[str, Any], language: Language) -> Said:
    """The words for a code with its fields."""
    title, detail = TEXTS[code][language]
    return Said(title, detail.format_map(_Fields(fields, language)))


def language_of(accept: str | None) -> Language:
    """The language an Accept-Language header prefers; Chinese unless English ranks above it."""
    ranked: list[tuple[float, Language]] = []
    for part in (accept or "").split(",")[:20]:
        tag, _, weight = part.strip().partition(";q=")
        primary = tag.split("-")[0].lower()
        if primary in ("zh", "en"):
            try:
                quality = float(weight) if weight else 1.0
            except ValueError:
                quality = 0.0
            ranked.append((-quality, Language(primary)))
    return min(ranked, key=lambda pair: pair[0])[1] if ranked else Language.ZH
