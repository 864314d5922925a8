# SPDX-License-Identifier: Apache-2.0
"""What an address may mean: houses by their numbers, crossings, names, and what is nearly these.

First the names that the text holds are found, then its number is what no name has used up.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy.orm import Session

from geo.gazetteer.address import (
    Address,
    HouseNumber,
    folded,
    house_numbers,
    without_office,
)
from geo.gazetteer.crossings import crossings
from geo.gazetteer.lookups import houses, houses_in, houses_of
from geo.gazetteer.names import Named, NameIndex, Said
from geo.gazetteer.numbers import between
from geo.gazetteer.rules import (
    CONTAINED_SCORES,
    ELSEWHERE_FACTOR,
    LEAST_LIKENESS,
    MISSPELT_FACTOR,
    NAME_SCORES,
    SCORES,
    SIMILAR_FACTOR,
    SURE_APART,
    UNSURE_SCORE,
    Candidate,
    Match,
    PlaceKind,
)
from geo.ids import DistrictCode, PlanId

_HOMES = frozenset({PlaceKind.STREET, PlaceKind.ESTATE})
# So many names that are like the text are asked for houses, and so many are shown by themselves.
_ASKED, _SHOWN = 60, 10
# A word that a house's own label has, too: 10号楼 is said of a 10号楼 rather than of a 10号.
_SAME_WORD = 0.01
# What was said of a house beside its best name, and is nearly so.
_SAID_TOO, _NEARLY_SAID = 0.02, 0.8
# So much a house loses whose other name was not said where something unknown was.
_BESIDE_SHARE = 0.08
# A house of a known name where another name fits all that was said better.
_DOUBTED_FACTOR = 0.6
# One that fits nearly as well leaves it unsettled.
_DOUBTFUL = 0.8
# Where nothing scores this, the places that were said are shown too; those that are no street less.
_HINT_BELOW, _HINT_FACTOR = 0.6, 0.55
# The house in front of 10-3, where 10-3 itself is not known by that name.
_BASE_FACTOR = 0.85
# A text of which known names are this share is not taken for other names.
_COVERED = 0.75


@dataclass(frozen=True)
class _House:
    """A house that may be meant, with the street and estate it belongs to."""

    candidate: Candidate
    keys: tuple[str, ...] = ()

    @classmethod
    def of(cls, row: Any, score: float, match: Match) -> "_House":
        keys = tuple(key for key in (row.street, row.estate) if key)
        return cls(Candidate(row.label, row.kind, row.lon, row.lat, round(score, 4), match), keys)

    @property
    def score(self) -> float:
        return self.candidate.score

    @property
    def match(self) -> Match:
        return self.candidate.match

    def scored(self, score: float) -> "_House":
        return replace(self, candidate=replace(self.candidate, score=round(score, 4)))


@dataclass(frozen=True)
class Found:
    """Candidates, and the codes of the areas that were said beside them."""

    candidates: list[Candidate] = field(default_factory=list)
    areas: tuple[str, ...] = ()


def numbered(
    session: Session,
    district: DistrictCode,
    plan: PlanId,
    index: NameIndex,
    address: Address,
) -> Found | None:
    """Houses with the number that a text says; None when it says none."""
    text = address.said
    if index.exactly(text):
        return None
    said = index.said(text)
    number = _number(text, said)
    if number is None:
        return None
    homes = [one for one in said if any(place.kind in _HOMES for place in one.places)]
    areas = _areas(said)
    head = _head(text, number, said)
    found = _exact(session, district, homes, number)
    told = sum(one.end - one.start for one in homes if one.end <= number.start)
    if not found or told < len(head):
        # Something was said that is no known name, or no such house is known.
        fits = _fits(index, text, number, head)
        found = _weighed(found, homes, fits, number)
        found += _alike(session, district, fits, number)
    if not any(one.match is not Match.SIMILAR for one in found):
        found += _interpolated(session, district, homes, number)
    if not found and areas:
        found = _in_areas(session, district, plan, areas, number)
    if not found or max(one.score for one in found) < _HINT_BELOW:
        # The house is not known; what remains is where to look for it.
        found += _hints(said, text, told == len(head))
    return Found([one.candidate for one in found], areas)


def unnumbered(
    session: Session, district: DistrictCode, index: NameIndex, address: Address
) -> Found:
    """Crossings and places by their names, else by names like the text."""
    text = address.said
    said = index.said(text)
    areas = [one for one in said if all(place.kind is PlaceKind.AREA for place in one.places)]
    rest = without_office(_blanked(text, areas)) or text
    meeting = crossings(session, district, index, address, rest)
    if any(one.match is Match.CROSSING for one in meeting):
        return Found(meeting + _named(index, address, said, rest), _areas(areas))
    found = meeting + _named(index, address, said, rest)
    whole = any(one.match is Match.NAME for one in found)
    covered = sum(one.end - one.start for one in said) / len(text)
    if not whole and covered < _COVERED:
        for said_so in dict.fromkeys((rest, text)):
            found += _similar(index, said_so)
    return Found(found, () if whole else _areas(areas))


def _number(text: str, said: Sequence[Said]) -> HouseNumber | None:
    """The house's number: behind the last street or estate rather than before it, not in a name."""
    free = [
        one
        for one in house_numbers(text)
        if all(one.end <= name.start or one.start >= name.end for name in said)
    ]
    if not free:
        return None
    homes = [one.end for one in said if any(place.kind in _HOMES for place in one.places)]
    behind = [one for one in free if homes and one.start >= max(homes)]
    worded = [one for one in free if one.word and one.start > 0]
    later = [one for one in free if one.start > 0]
    return (behind or worded or later or free)[0]


def _head(text: str, number: HouseNumber, said: Sequence[Said]) -> str:
    """What stands before the number, or behind it where nothing does; without areas."""
    areas = [one for one in said if all(place.kind is PlaceKind.AREA for place in one.places)]
    before = text[: number.start]
    head = without_office(_blanked(before, [one for one in areas if one.end <= number.start]))
    return head or before.strip("-#") or text[number.end :]


def _blanked(text: str, said: Sequence[Said]) -> str:
    kept = list(text)
    for one in said:
        kept[one.start : one.end] = [" "] * (one.end - one.start)
    return "".join(kept).replace(" ", "")


def _fits(index: NameIndex, text: str, number: HouseNumber, head: str) -> dict[str, float]:
    """How well streets and estates, by their keys, fit what was said before the number."""
    fits: dict[str, float] = {}
    heads = dict.fromkeys((head, text[: number.start].strip("-#")))
    for said in heads:
        for like in index.like(said, least=LEAST_LIKENESS, limit=_ASKED, kinds=_HOMES):
            for place in like.places:
                key = place.street if place.kind is PlaceKind.STREET else place.estate
                if key:
                    fits[key] = max(fits.get(key, 0.0), like.likeness)
    return fits


def _exact(
    session: Session, district: DistrictCode, homes: Sequence[Said], number: HouseNumber
) -> list[_House]:
    """Houses of the very number, or of the one in front of it, on what was said."""
    keys = _keys(homes)
    if not keys:
        return []
    before = [one for one in homes if one.end <= number.start]
    next_to = _keys(before[-1:] or homes[:1])
    kinds = {place.kind for one in homes for place in one.places if place.kind in _HOMES}
    rows = houses(session, district, keys.keys(), number.numbers)
    longest = max((len(row.number) for row in rows), default=0)
    found = []
    for row in rows:
        if len(row.number) < longest:
            continue
        exact = row.number == number.number
        match = Match.NUMBER if exact else Match.NUMBER_BASE
        mine = [key for key in (row.street, row.estate) if key in keys]
        score = SCORES[match] * max(keys[key] for key in mine)
        if not any(key in next_to for key in mine):
            score *= ELSEWHERE_FACTOR
        elif kinds == _HOMES and len(mine) < 2 and row.street and row.estate:
            # A street and an estate were said, and it is only on one of them.
            score *= ELSEWHERE_FACTOR
        found.append(_House.of(row, score, match))
    best = max((one.score for one in found), default=0.0)
    return [one for one in found if one.score > best * ELSEWHERE_FACTOR - 0.05]


def _weighed(
    found: Sequence[_House],
    homes: Sequence[Said],
    fits: Mapping[str, float],
    number: HouseNumber,
) -> list[_House]:
    """Houses of known names, weighed against names that fit all that was said still better."""
    if not found or not fits:
        return list(found)
    known = _keys(homes)
    own = max((fits.get(key, 0.0) for key in known), default=0.0)
    others = max((fit for key, fit in fits.items() if key not in known), default=0.0)
    weighed = []
    for house in found:
        # Of houses alike in what was surely said, the one whose other name was nearly said.
        beside = max((fits.get(key, 0.0) for key in house.keys if key not in known), default=0.0)
        score = house.score * (1 - _BESIDE_SHARE * (1 - beside))
        if others > own:
            score *= _DOUBTED_FACTOR
        elif own < 1.0 and others > _DOUBTFUL:
            score = min(score, UNSURE_SCORE)
        weighed.append(house.scored(score))
    return weighed


def _alike(
    session: Session, district: DistrictCode, fits: Mapping[str, float], number: HouseNumber
) -> list[_House]:
    """Houses of the number on streets and in estates whose names are like what was said."""
    found = []
    for row in houses(session, district, fits.keys(), number.numbers):
        both = sorted((fits.get(key, 0.0) for key in (row.street, row.estate) if key), reverse=True)
        score = SIMILAR_FACTOR * both[0]
        if row.number != number.number:
            score *= _BASE_FACTOR
        if len(both) == 2 and both[1] > _NEARLY_SAID:
            score += _SAID_TOO * both[1]
        if number.word and f"{row.number}{number.word}" in row.label:
            score += _SAME_WORD
        found.append(_House.of(row, min(score, SIMILAR_FACTOR), Match.SIMILAR))
    return found


def _interpolated(
    session: Session, district: DistrictCode, homes: Sequence[Said], number: HouseNumber
) -> list[_House]:
    streets = {
        place.street: place.label
        for one in homes[-1:]
        for place in one.places
        if place.kind is PlaceKind.STREET and place.street
    }
    if not streets:
        return []
    rows = houses_of(session, district, streets.keys())
    found = []
    for key, label in streets.items():
        at = between(
            [(row.number, row.lon, row.lat) for row in rows if row.street == key], number.number
        )
        if at is not None:
            score = SCORES[Match.INTERPOLATED] if at.apart <= SURE_APART else UNSURE_SCORE
            named = f"{label}{number.number}号"
            match = Match.INTERPOLATED
            place = Candidate(named, PlaceKind.BUILDING, at.lon, at.lat, score, match)
            found.append(_House(place))
    return found


def _in_areas(
    session: Session,
    district: DistrictCode,
    plan: PlanId,
    areas: Sequence[str],
    number: HouseNumber,
) -> list[_House]:
    """Houses of that number in an area said before it: 彩虹社区10号楼."""
    rows = houses_in(session, district, plan, areas, number.number)
    match = Match.AREA_NUMBER
    score = SCORES[Match.NUMBER_BASE] if len(rows) == 1 else SCORES[match]
    return [_House.of(row, score, match) for row in rows]


def _hints(said: Sequence[Said], text: str, plain: bool) -> list[_House]:
    """The places that were said beside a number that is not known."""
    found = []
    for one in said:
        for place in one.places:
            match = Match.STREET if place.kind is PlaceKind.STREET else Match.CONTAINED
            score = min(_covering(one, text, place), SCORES[Match.STREET])
            if place.kind is PlaceKind.AREA or not plain:
                score *= _HINT_FACTOR
            found.append(_House(_place(place, round(score, 3), match)))
    return found


def _named(index: NameIndex, address: Address, said: Sequence[Said], rest: str) -> list[Candidate]:
    """Places whose name the text is, or contains."""
    text = address.said
    found = []
    for whole in dict.fromkeys((text, rest, folded(address.bare))):
        for place in index.exactly(whole):
            score = NAME_SCORES[place.kind] * (MISSPELT_FACTOR if place.misspelt else 1.0)
            found.append(_place(place, round(score, 3), Match.NAME))
    for one in said:
        for place in one.places:
            is_street = place.kind is PlaceKind.STREET
            match = Match.STREET if is_street else Match.CONTAINED
            score = _covering(one, text, place)
            if len(rest) > 1 and rest != text and place.kind is PlaceKind.AREA:
                # It says where to look for the rest.
                score *= _HINT_FACTOR
            elif address.crossing:
                score *= _HINT_FACTOR
            found.append(_place(place, round(score, 3), match))
    return found


def _similar(index: NameIndex, text: str) -> list[Candidate]:
    """Places with a name like the text."""
    found = []
    for like in index.like(text, least=LEAST_LIKENESS, limit=_SHOWN, whole=True):
        for place in like.places:
            score = SIMILAR_FACTOR * like.likeness * NAME_SCORES[place.kind] ** 0.25
            found.append(_place(place, round(score, 4), Match.SIMILAR))
    return found


def _covering(one: Said, text: str, place: Named) -> float:
    """The score of a name in a longer text, by the share of it that the name covers."""
    least, most = CONTAINED_SCORES
    covered = (one.end - one.start) / max(len(text), 1)
    score = min(NAME_SCORES[place.kind], least + (most - least) * covered)
    return score * (MISSPELT_FACTOR if place.misspelt else 1.0)


def _keys(said: Iterable[Said]) -> dict[str, float]:
    """The keys of streets and estates that were said, with what each counts."""
    keys: dict[str, float] = {}
    for one in said:
        for place in one.places:
            key = place.street if place.kind is PlaceKind.STREET else place.estate
            if key and place.kind in _HOMES:
                counts = MISSPELT_FACTOR if place.misspelt else 1.0
                keys[key] = max(keys.get(key, 0.0), counts)
    return keys


def _areas(said: Iterable[Said]) -> tuple[str, ...]:
    codes = [
        place.code
        for one in said
        for place in one.places
        if place.code and all(named.kind is PlaceKind.AREA for named in one.places)
    ]
    # The narrowest that were said: a community says more than its subdistrict.
    longest = max(map(len, codes), default=0)
    return tuple(code for code in codes if len(code) == longest)


def _place(place: Named, score: float, match: Match) -> Candidate:
    return Candidate(place.label, place.kind, place.lon, place.lat, score, match)
